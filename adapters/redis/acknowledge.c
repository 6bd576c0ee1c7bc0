/* Replicas that acknowledge what was written (docs/design.md, Failover): the WAIT behind commands, and what is kept
 * back or told while too few replicas answer. One WAIT at most is under way on a connection, so that others have their
 * turn between two of them. It is about all that this connection has written before it, and about nothing that is sent
 * behind it: that waits for the next one. */
#include <adapters/redis/commands_internal.h>
#include <adapters/redis/replicas.h>
#include <assert.h>
#include <releve/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

void releve_command_forget_wait(struct releve_command *command)
{
    command->covered = false;
    if (command->held != NULL)
        freeReplyObject(command->held);
    command->held = NULL;
}

/* Reported when it has lasted so long. */
#define REPLICAS_MISSED_MS (5 * RELEVE_SECOND_MS)

static void on_replicas_timer(uv_timer_t *timer)
{
    struct releve_commands *commands = timer->data;
    struct releve_command *first = commands->unacknowledged;
    if (first == NULL || commands->connection.state != RELEVE_CONNECTION_UP)
        return; /* whatever wants them next is sent */
    DL_DELETE(commands->unacknowledged, first);
    releve_command_transmit(commands, first);
}

/* It says nothing of the replicas any more: what was kept back is tried next. */
void releve_commands_end_probe(struct releve_commands *commands)
{
    commands->probe = NULL;
    if (commands->unacknowledged != NULL && !uv_is_closing((uv_handle_t *)&commands->replicas_timer))
        (void)uv_timer_start(&commands->replicas_timer, on_replicas_timer, RELEVE_UNACKNOWLEDGED_MS, 0);
}

/* A connection that waits does nothing else. So while replicas are away one command at a time looks for them, and what
 * else wants them is kept back, or told so at once. */
bool releve_command_is_put_off(struct releve_commands *commands, struct releve_command *command)
{
    bool pauses = uv_is_active((uv_handle_t *)&commands->replicas_timer) != 0;
    if (!commands->replicas_away || commands->probe == command || (commands->probe == NULL && !pauses)) {
        commands->probe = commands->replicas_away ? command : NULL;
        return false;
    }
    if (command->replicas == RELEVE_REPLICAS_TELL) {
        releve_commands_count_out(commands, (struct releve_load){1, command->wire_bytes});
        releve_command_doom(command); /* without an error */
    } else {
        DL_APPEND(commands->unacknowledged, command);
    }
    return true;
}

static void explain(const struct releve_commands *commands, char why[RELEVE_ERROR_BYTES])
{
    const struct releve_redis_url *url = commands->connection.url;
    /* Under sentinels it may be no master any more: then the replicas are another one's, and this passes. */
    const char *remedy = url->where == RELEVE_REDIS_SENTINEL
                             ? "start what is missing, or see which master its sentinels name"
                             : "start what is missing, or lower replicas= in RELEVE_REDIS";
    char who[40] = "no replica";
    if (url->replicas > 1)
        (void)snprintf(who, sizeof who, "not all %u replicas", url->replicas);
    (void)snprintf(why, RELEVE_ERROR_BYTES, "%s of %s acknowledge%s what is written: %s", who, url->address,
                   url->replicas > 1 ? "" : "s", remedy);
}

static void say_replicas(struct releve_commands *commands, bool back)
{
    char why[RELEVE_ERROR_BYTES] = "";
    commands->replicas_missed = !back;
    if (!back)
        explain(commands, why);
    if (commands->on_link != NULL)
        commands->on_link(commands->data, back, why);
}

/* They are back: so is what was kept back. */
static void on_acknowledged(struct releve_commands *commands)
{
    if (!commands->replicas_away)
        return;
    releve_commands_sort(&commands->unacknowledged); /* those that were tried went behind the others */
    struct releve_command *kept = commands->unacknowledged, *command, *next;
    commands->replicas_away = false;
    commands->probe = NULL;
    commands->unacknowledged = NULL;
    (void)uv_timer_stop(&commands->replicas_timer);
    DL_FOREACH_SAFE(kept, command, next) {
        DL_DELETE(kept, command);
        releve_command_transmit(commands, command);
    }
    if (commands->replicas_missed)
        say_replicas(commands, true);
}

bool releve_commands_miss_replicas(const struct releve_commands *commands, char why[RELEVE_ERROR_BYTES])
{
    if (!commands->replicas_missed || !commands->impatient)
        return false;
    explain(commands, why);
    return true;
}

/* What was kept back is refused. It may have been run, and may be asked for again. */
static void give_up(struct releve_commands *commands)
{
    struct releve_command *kept = commands->unacknowledged, *command, *next;
    char why[RELEVE_ERROR_BYTES];
    explain(commands, why);
    commands->unacknowledged = NULL;
    DL_FOREACH_SAFE(kept, command, next) {
        DL_DELETE(kept, command);
        releve_commands_count_out(commands, (struct releve_load){1, command->wire_bytes});
        (void)releve_fail(&command->error, RELEVE_E_REDIS, "cannot %s: %s", command->what, why);
        releve_command_doom(command);
    }
}

static bool is_long_enough(const struct releve_commands *commands)
{
    releve_time now_ms = (releve_time)uv_now(commands->connection.loop);
    return commands->impatient && now_ms - commands->replicas_away_ms >= RELEVE_UNACKNOWLEDGED_MAX_MS;
}

static void on_too_few(struct releve_commands *commands)
{
    releve_time now_ms = (releve_time)uv_now(commands->connection.loop);
    if (!commands->replicas_away)
        commands->replicas_away_ms = now_ms;
    commands->replicas_away = true;
    (void)uv_timer_start(&commands->replicas_timer, on_replicas_timer, RELEVE_UNACKNOWLEDGED_MS, 0);
    if (!commands->replicas_missed && now_ms - commands->replicas_away_ms >= REPLICAS_MISSED_MS)
        say_replicas(commands, false);
}

/* The first of those that the WAIT was about. Replies come in order: what was sent before it has been answered, and
 * what is not held for it is in `sent` no more. */
static struct releve_command *first_covered(const struct releve_commands *commands)
{
    struct releve_command *first = commands->sent;
    if (first == NULL || !first->covered)
        return NULL;
    assert(first->held != NULL);
    return first;
}

static void put_off(struct releve_commands *commands, struct releve_command *command)
{
    if (commands->probe == command)
        commands->probe = NULL;
    DL_DELETE(commands->sent, command);
    releve_command_forget_wait(command);
    (void)releve_command_is_put_off(commands, command); /* the timer runs: it is */
}

static void hand_over(struct releve_commands *commands, struct releve_command *command, const redisReply *refusal)
{
    redisReply *held = command->held;
    command->held = NULL;
    command->covered = false;
    releve_command_answer(commands, command, refusal != NULL ? refusal : held);
    freeReplyObject(held);
}

static void on_waited(redisAsyncContext *context, void *answer, void *data)
{
    const redisReply *reply = answer;
    if (reply == NULL || context->data == NULL)
        return; /* cut: all that it was about is sent again */
    struct releve_commands *commands = data;
    struct releve_command *command = first_covered(commands);
    bool counts = reply->type == REDIS_REPLY_INTEGER;
    bool too_few = counts && reply->integer < (long long)commands->connection.url->replicas;
    commands->heard_ms = (releve_time)uv_now(commands->connection.loop);
    if (command != NULL && too_few)
        on_too_few(commands);
    else if (command != NULL && counts)
        on_acknowledged(commands);
    /* Whoever hears of one may cut the connection; then the others are sent again. What is sent meanwhile is in the
     * next WAIT, as this one still counts as under way. */
    while (context->data != NULL && (command = first_covered(commands)) != NULL) {
        if (too_few)
            put_off(commands, command);
        else
            hand_over(commands, command, counts ? NULL : reply);
    }
    if (context->data == NULL)
        return;
    if (too_few && is_long_enough(commands))
        give_up(commands);
    releve_commands_teach_again(commands);
    commands->waits = false;
    releve_commands_wait(commands);
}

void releve_commands_wait(struct releve_commands *commands)
{
    struct releve_command *command;
    if (commands->waits)
        return;
    DL_FOREACH(commands->sent, command)
    {
        command->covered = command->replicas != RELEVE_REPLICAS_ANY;
        commands->waits = commands->waits || command->covered;
    }
    if (commands->waits) /* fails only while the context is being cut; then all are sent again */
        (void)redisAsyncCommand(commands->connection.dial.context, on_waited, commands, "WAIT %u %d",
                                commands->connection.url->replicas, RELEVE_REPLICAS_WAIT_MS);
}

/* hiredis frees a reply when its callback returns. freeReplyObject frees the copy. */
static redisReply *copy_of(const redisReply *reply)
{
    redisReply *copy = releve_alloc(1, sizeof *copy);
    *copy = *reply;
    copy->str = NULL;
    copy->element = NULL;
    if (reply->str != NULL) {
        copy->str = releve_alloc(reply->len + 1, 1);
        memcpy(copy->str, reply->str, reply->len);
    }
    if (reply->elements > 0)
        copy->element = releve_alloc(reply->elements, sizeof(redisReply *));
    for (size_t i = 0; i < reply->elements; i++)
        copy->element[i] = copy_of(reply->element[i]);
    return copy;
}

bool releve_command_hold(struct releve_command *command, const redisReply *reply)
{
    if (command->replicas == RELEVE_REPLICAS_ANY)
        return false;
    if (reply->type == REDIS_REPLY_ERROR) {
        command->covered = false;
        return false;
    }
    /* Redis does nothing that stands behind a WAIT before that is answered; and then the next one is sent. */
    assert(command->covered);
    command->held = copy_of(reply);
    return true;
}
