/* The queue of commands over a connection that may break at any time (the store's promise: a callback comes late
 * rather than wrong, and exactly once). Bounded in number and bytes (law 6). */
#include <adapters/redis/commands_internal.h>
#include <adapters/redis/refusal.h>
#include <adapters/redis/wire.h>
#include <assert.h>
#include <releve/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define SKIP_NEXT_REPLY "*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$4\r\nSKIP\r\n"
#define NANOSECONDS_IN_US 1000
#define WATCHES_A_TIMEOUT 4 /* how often a time-out's length is looked at */

/* --- the queue ----------------------------------------------------------------------------------- */

static void count_in(struct releve_commands *commands, const struct releve_command *command)
{
    commands->load.count++;
    commands->load.bytes += command->wire_bytes;
    if (commands->total != NULL) {
        commands->total->count++;
        commands->total->bytes += command->wire_bytes;
    }
}

void releve_commands_count_out(struct releve_commands *commands, struct releve_load load)
{
    assert(load.count <= commands->load.count && load.bytes <= commands->load.bytes);
    commands->load.count -= load.count;
    commands->load.bytes -= load.bytes;
    if (commands->total != NULL) {
        commands->total->count -= load.count;
        commands->total->bytes -= load.bytes;
    }
}

void releve_command_free(struct releve_command *command)
{
    releve_command_forget_wait(command);
    releve_command_end_probe(command);
    if (command->wire != NULL)
        redisFreeCommand(command->wire);
    if (command->prelude != NULL)
        redisFreeCommand(command->prelude);
    free(command);
}

static void on_doom(uv_timer_t *timer)
{
    struct releve_commands *commands = timer->data;
    static const redisReply nil = {.type = REDIS_REPLY_NIL}; /* replicas are away, and that is to be told */
    struct releve_command *doomed = commands->doomed, *command, *next;
    commands->doomed = NULL; /* what fails from here on has its turn in the next one */
    DL_FOREACH_SAFE(doomed, command, next) {
        command->reply(command->data, command->error.code == RELEVE_OK ? &nil : NULL, &command->error);
        releve_command_free(command);
    }
}

/* The command is in no list; its callback hears of it in the next turn of the loop. */
void releve_command_doom(struct releve_command *command)
{
    struct releve_commands *commands = command->commands;
    if (commands->hooks != NULL)
        commands->hooks->answered(commands->data, command);
    DL_APPEND(commands->doomed, command);
    if (!uv_is_closing((uv_handle_t *)&commands->doom_timer))
        (void)uv_timer_start(&commands->doom_timer, on_doom, 0, 0);
}

/* All that has no reply waits, and nothing is under way. */
static void let_all_wait(struct releve_commands *commands)
{
    struct releve_command **lists[] = {&commands->unacknowledged, &commands->untaught, &commands->sent};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        DL_CONCAT(commands->waiting, *lists[i]);
        *lists[i] = NULL;
    }
    releve_commands_sort(&commands->waiting);
}

static void doom_all(struct releve_commands *commands, enum releve_code code, const char *text)
{
    struct releve_command *command, *next;
    let_all_wait(commands);
    DL_FOREACH_SAFE(commands->waiting, command, next) {
        DL_DELETE(commands->waiting, command);
        (void)releve_fail(&command->error, code, "cannot %s: %s", command->what, text);
        releve_command_doom(command);
    }
    releve_commands_count_out(commands, commands->load);
}

static int compare_numbers(const struct releve_command *a, const struct releve_command *b)
{
    return a->number < b->number ? -1 : a->number > b->number;
}

void releve_commands_sort(struct releve_command **list)
{
    DL_SORT(*list, compare_numbers);
}

static void on_reply(redisAsyncContext *context, void *answer, void *data);

void releve_command_transmit(struct releve_commands *commands, struct releve_command *command)
{
    assert(commands->connection.state == RELEVE_CONNECTION_UP);
    if (commands->untaught != NULL) { /* what was given before it goes first */
        DL_APPEND(commands->waiting, command);
        return;
    }
    releve_command_forget_wait(command);
    if (command->replicas != RELEVE_REPLICAS_ANY) {
        if (releve_command_is_put_off(commands, command))
            return;
        command->written = releve_waits_write(&commands->waits);
    }
    command->sent_ms = (releve_time)uv_now(commands->connection.loop);
    command->sent_ns = uv_hrtime();
    DL_APPEND(commands->sent, command);
    if (command->run_id_at > 0) /* another process may answer than at the last try */
        memcpy(command->wire + command->run_id_at, commands->connection.run_id, RELEVE_RUN_ID_BYTES - 1);
    /* Where only the script was missing, the prelude has been run. ASKING counts for one command only, so that there is
     * no prelude behind it. */
    bool has_prelude = command->prelude != NULL && !command->script_refused && !command->route.asking;
    releve_command_teach(command);
    if (command->route.asking)
        (void)redisAsyncCommand(commands->connection.dial.context, NULL, NULL, "ASKING");
    struct releve_text whole = {.length = 0};
    if (has_prelude) {
        releve_text_puts(&whole, SKIP_NEXT_REPLY);
        releve_text_add(&whole, command->prelude, command->prelude_bytes);
        releve_text_add(&whole, command->wire, command->wire_bytes);
    }
    /* Fails only while the context is being cut; then the command is sent again like the others. */
    (void)redisAsyncFormattedCommand(commands->connection.dial.context, on_reply, command,
                                     has_prelude ? whole.bytes : command->wire,
                                     has_prelude ? whole.length : command->wire_bytes);
    releve_text_free(&whole);
    if (command->replicas != RELEVE_REPLICAS_ANY)
        releve_commands_wait(commands);
}

size_t releve_commands_unanswered(const struct releve_commands *commands)
{
    size_t kept_back = 0;
    const struct releve_command *command;
    DL_COUNT(commands->unacknowledged, command, kept_back);
    return commands->load.count - kept_back;
}

/* --- replies -------------------------------------------------------------------------------------- */

/* The next connection may find a master, or says why there is none. In a cluster that is nodes.h's affair. */
static bool passes_elsewhere(const struct releve_commands *commands, const redisReply *reply)
{
    if (commands->connection.url->where == RELEVE_REDIS_SENTINEL)
        return releve_refusal_is_of_a_failover(reply);
    return commands->hooks == NULL && releve_refusal_is_of_a_wait(reply);
}

void releve_command_answer(struct releve_commands *commands, struct releve_command *command, const redisReply *reply)
{
    if (passes_elsewhere(commands, reply)) { /* it is sent again from its old place */
        releve_connection_drop(&commands->connection, "it is no master any more");
        return;
    }
    DL_DELETE(commands->sent, command);
    if (releve_command_is_untaught(command, reply)) {
        DL_APPEND(commands->untaught, command);
        return;
    }
    releve_latencies_add(commands->measured, (uv_hrtime() - command->sent_ns) / NANOSECONDS_IN_US);
    releve_commands_count_out(commands, (struct releve_load){1, command->wire_bytes});
    bool refused = reply->type == REDIS_REPLY_ERROR;
    if (refused)
        releve_command_end_probe(command); /* it may be gone */
    if (refused && commands->hooks != NULL && commands->hooks->refused(commands->data, command, reply))
        return;
    if (commands->hooks != NULL)
        commands->hooks->answered(commands->data, command);
    if (refused)
        (void)releve_refusal_explain(command->what, commands->connection.url->address,
                                     commands->connection.url->where == RELEVE_REDIS_CLUSTER, reply, &command->error);
    if (refused && releve_refusal_is_of_a_key(reply) && command->script != &releve_script_diagnose) {
        releve_command_diagnose(command);
        return;
    }
    /* It may be the prelude that was refused, or that its reply be skipped: then no reply is known by its place. */
    if (refused && command->prelude != NULL && releve_refusal_is_of_a_command(reply))
        releve_connection_drop(&commands->connection, command->error.text);
    command->reply(command->data, refused ? NULL : reply, &command->error);
    releve_command_free(command);
}

static void on_reply(redisAsyncContext *context, void *answer, void *data)
{
    const redisReply *reply = answer;
    /* hiredis calls back for every command also while it frees a context that was cut. Then there is no reply, and the
     * command may be gone: it waits for the next connection, or has failed. */
    if (reply == NULL || context->data == NULL)
        return;
    struct releve_command *command = data;
    struct releve_commands *commands = command->commands;
    commands->heard_ms = (releve_time)uv_now(commands->connection.loop);
    if (releve_command_hold(command, reply))
        return; /* it stays among what was sent */
    releve_command_answer(commands, command, reply);
    releve_commands_teach_again(commands);
}

/* Why a command cannot even wait for its turn; RELEVE_OK where it can. */
static enum releve_code refuse(struct releve_commands *commands, struct releve_command *command,
                               const struct releve_words *words)
{
    const char *what = command->what;
    if (commands->connection.state == RELEVE_CONNECTION_CLOSING)
        return releve_fail(&command->error, RELEVE_E_INTERRUPTED, "cannot %s: closing", what);
    if (commands->connection.state == RELEVE_CONNECTION_FAILED) {
        command->error = commands->failure;
        return command->error.code;
    }
    command->wire = releve_wire_format(words, &command->wire_bytes);
    if (command->wire == NULL)
        return releve_fail(&command->error, RELEVE_E_SYSTEM, "cannot %s: the command is too large", what);
    struct releve_load all = commands->total != NULL ? *commands->total : commands->load;
    if (all.count < RELEVE_COMMANDS_MAX && all.bytes + command->wire_bytes <= RELEVE_COMMANDS_BYTES_MAX)
        return RELEVE_OK;
    return releve_fail(&command->error, RELEVE_E_REDIS,
                       "cannot %s: Redis at %s does not keep up, %zu commands (%zu bytes) wait already", what,
                       commands->connection.url->address, all.count, all.bytes);
}

static size_t run_id_at(const struct releve_command *command, const struct releve_words *words)
{
    const char *at = command->wire, *word = at;
    size_t bytes;
    if (words->run_id == 0 || at == NULL)
        return 0;
    at = strchr(at, '\n') + 1;
    for (size_t i = 0; i < words->run_id; i++)
        word = releve_wire_next_word(&at, &bytes);
    assert(bytes == RELEVE_RUN_ID_BYTES - 1);
    return (size_t)(word - command->wire);
}

/* It is sent, or waits until there is a connection. */
static void admit(struct releve_commands *commands, struct releve_command *command)
{
    count_in(commands, command);
    if (commands->connection.state == RELEVE_CONNECTION_UP)
        releve_command_transmit(commands, command);
    else
        DL_APPEND(commands->waiting, command);
}

static void send_behind(struct releve_commands *commands, struct releve_words *prelude, enum releve_replicas replicas,
                        const char *what, const struct releve_script *script, struct releve_words *words,
                        releve_commands_reply reply, void *data)
{
    struct releve_command *command = releve_alloc(1, sizeof *command);
    command->commands = commands;
    command->number = ++*commands->numbers;
    command->what = what;
    command->script = script;
    command->replicas = commands->connection.url->replicas > 0 ? replicas : RELEVE_REPLICAS_ANY;
    command->reply = reply;
    command->data = data;
    if (prelude != NULL)
        command->prelude = releve_must(releve_wire_format(prelude, &command->prelude_bytes));
    enum releve_code code = refuse(commands, command, words);
    command->run_id_at = run_id_at(command, words);
    releve_words_free(words);
    if (code != RELEVE_OK) {
        releve_command_doom(command);
        return;
    }
    admit(commands, command);
}

void releve_commands_send(struct releve_commands *commands, const char *what, const struct releve_script *script,
                          struct releve_words *words, releve_commands_reply reply, void *data)
{
    send_behind(commands, NULL, RELEVE_REPLICAS_ANY, what, script, words, reply, data);
}

void releve_commands_send_replicated(struct releve_commands *commands, enum releve_replicas replicas, const char *what,
                                     const struct releve_script *script, struct releve_words *words,
                                     releve_commands_reply reply, void *data)
{
    send_behind(commands, NULL, replicas, what, script, words, reply, data);
}

void releve_commands_send_behind(struct releve_commands *commands, struct releve_words *prelude, const char *what,
                                 const struct releve_script *script, struct releve_words *words,
                                 releve_commands_reply reply, void *data)
{
    send_behind(commands, prelude, RELEVE_REPLICAS_ANY, what, script, words, reply, data);
    releve_words_free(prelude);
}

/* --- from one connection to another -------------------------------------------------------------- */

struct releve_command *releve_commands_take(struct releve_commands *commands)
{
    assert(commands->connection.state != RELEVE_CONNECTION_UP);
    assert(commands->sent == NULL && commands->unacknowledged == NULL && commands->untaught == NULL);
    releve_commands_sort(&commands->waiting);
    struct releve_command *list = commands->waiting;
    commands->waiting = NULL;
    releve_commands_count_out(commands, commands->load);
    return list;
}

struct releve_command *releve_command_next(struct releve_command **list)
{
    struct releve_command *first = *list;
    if (first != NULL)
        DL_DELETE(*list, first);
    return first;
}

void releve_commands_put(struct releve_commands *commands, struct releve_command *command)
{
    command->commands = commands;
    releve_command_forget_script(command); /* it is another Redis */
    admit(commands, command);
}

void releve_commands_fail(struct releve_commands *commands, struct releve_command *command, const char *why)
{
    command->commands = commands;
    (void)releve_fail(&command->error, RELEVE_E_REDIS, "cannot %s: %s", command->what, why);
    releve_command_doom(command);
}

struct releve_route *releve_command_route(struct releve_command *command)
{
    return &command->route;
}

const char *releve_command_wire(const struct releve_command *command)
{
    return command->wire;
}

bool releve_command_was_sent(const struct releve_command *command)
{
    return command->sent_ns > 0;
}

/* --- the connection ------------------------------------------------------------------------------ */

/* A long queue is worked through slowly: any reply is a sign of life. */
releve_time releve_commands_silent_ms(const struct releve_commands *commands)
{
    if (commands->sent == NULL)
        return 0;
    releve_time alive_ms = commands->sent->sent_ms > commands->heard_ms ? commands->sent->sent_ms : commands->heard_ms;
    return (releve_time)uv_now(commands->connection.loop) - alive_ms;
}

/* Looks for a peer that is dead: hiredis's async interface has no time-outs. */
static void on_watch(uv_timer_t *timer)
{
    struct releve_commands *commands = timer->data;
    const struct releve_connection *connection = &commands->connection;
    releve_time silent_ms = releve_commands_silent_ms(commands);
    if (commands->hooks != NULL && silent_ms >= connection->timeout_ms / 2)
        commands->hooks->silent(commands->data);
    if (silent_ms < connection->timeout_ms)
        return;
    char why[64];
    (void)snprintf(why, sizeof why, "no reply within %lld ms", (long long)connection->timeout_ms);
    releve_connection_drop(&commands->connection, why);
}

static void report_ready(struct releve_commands *commands, const struct releve_error *error)
{
    if (!commands->been_ready) {
        commands->been_ready = true;
        commands->ready(commands->data, error);
    }
}

static void on_up(void *data)
{
    struct releve_commands *commands = data;
    releve_commands_sort(&commands->waiting); /* some were given before what waits already, to another node */
    struct releve_command *waiting = commands->waiting, *command, *next;
    releve_waits_begin(&commands->waits, (releve_time)uv_now(commands->connection.loop));
    *commands->epoch += commands->been_ready; /* it may be another process that answers */
    commands->waiting = NULL;
    commands->taught_count = 0;
    DL_FOREACH_SAFE(waiting, command, next) {
        DL_DELETE(waiting, command);
        releve_command_forget_script(command); /* it may be another Redis, without the prelude */
        releve_command_transmit(commands, command);
    }
    uint64_t watch_ms = (uint64_t)(commands->connection.timeout_ms / WATCHES_A_TIMEOUT);
    (void)uv_timer_start(&commands->watch_timer, on_watch, watch_ms, watch_ms);
    static const struct releve_error none = {.code = RELEVE_OK};
    if (!commands->been_ready)
        report_ready(commands, &none);
    else if (commands->on_link != NULL)
        commands->on_link(commands->data, true, "");
}

static void on_down(void *data, const char *why)
{
    struct releve_commands *commands = data;
    (void)uv_timer_stop(&commands->watch_timer);
    (void)uv_timer_stop(&commands->replicas_timer);
    commands->down_ms = (releve_time)uv_now(commands->connection.loop);
    releve_waits_cut(&commands->waits);
    struct releve_command *command;
    DL_FOREACH(commands->sent, command)
    {
        releve_command_forget_wait(command);
    }
    let_all_wait(commands);
    if (commands->on_link != NULL)
        commands->on_link(commands->data, false, why);
}

static void on_failed(void *data, const struct releve_error *error)
{
    struct releve_commands *commands = data;
    commands->failure = *error;
    if (commands->hooks == NULL)
        doom_all(commands, error->code, error->text);
    report_ready(commands, error);
}

/* The last handle is gone: whoever waits hears so, and whoever asks again in a callback too. */
static void on_all_closed(void *data)
{
    struct releve_commands *commands = data;
    struct releve_error interrupted;
    (void)releve_fail(&interrupted, RELEVE_E_INTERRUPTED, "the connection to Redis was closed");
    report_ready(commands, &interrupted);
    doom_all(commands, RELEVE_E_INTERRUPTED, "the connection to Redis was closed");
    while (commands->doomed != NULL)
        on_doom(&commands->doom_timer);
    commands->closed(commands->data);
}

static void on_connection_closed(void *data)
{
    struct releve_commands *commands = data;
    releve_closing_one(&commands->closing);
}

static void on_timer_closed(uv_handle_t *handle)
{
    on_connection_closed(handle->data);
}

void releve_commands_open(struct releve_commands *commands, uv_loop_t *loop, const struct releve_redis_url *url,
                          const char *prefix, void (*ready)(void *data, const struct releve_error *error),
                          void (*on_link)(void *data, bool up, const char *why), void *data)
{
    static const struct releve_connection_events events = {on_up, on_down, on_failed, on_connection_closed};
    memset(commands, 0, sizeof *commands);
    commands->prefix = prefix;
    commands->ready = ready;
    commands->on_link = on_link;
    commands->data = data;
    commands->measured = &commands->latencies;
    commands->epoch = &commands->own_epoch;
    commands->numbers = &commands->own_numbers;
    releve_connection_open(&commands->connection, loop, url, false, &events, commands);
    (void)uv_timer_init(loop, &commands->watch_timer);
    (void)uv_timer_init(loop, &commands->doom_timer);
    commands->watch_timer.data = commands;
    (void)uv_timer_init(loop, &commands->replicas_timer);
    commands->doom_timer.data = commands;
    commands->replicas_timer.data = commands;
    commands->closing = (struct releve_closing){4, on_all_closed, commands}; /* the connection and three timers */
}

void releve_commands_close(struct releve_commands *commands, void (*closed)(void *data))
{
    commands->closed = closed;
    releve_connection_close(&commands->connection);
    uv_close((uv_handle_t *)&commands->watch_timer, on_timer_closed);
    uv_close((uv_handle_t *)&commands->doom_timer, on_timer_closed);
    uv_close((uv_handle_t *)&commands->replicas_timer, on_timer_closed);
}
