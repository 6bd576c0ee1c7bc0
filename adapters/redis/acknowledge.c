/* Replicas that acknowledge what was written (docs/design.md, Failover): the WAIT behind commands, and what is kept
 * back or told while too few replicas answer. What a WAIT is about and what its answer means is decided in waits.h;
 * here are the commands, their replies, and the timer. */
#include <adapters/redis/commands_internal.h>
#include <assert.h>
#include <releve/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

void releve_command_forget_wait(struct releve_command *command)
{
    command->written = 0;
    if (command->held != NULL)
        freeReplyObject(command->held);
    command->held = NULL;
}

static void on_replicas_timer(uv_timer_t *timer)
{
    struct releve_commands *commands = timer->data;
    struct releve_command *first = commands->unacknowledged;
    releve_waits_resume(&commands->waits);
    if (first == NULL || commands->connection.state != RELEVE_CONNECTION_UP)
        return; /* whatever wants them next is sent */
    DL_DELETE(commands->unacknowledged, first);
    releve_command_transmit(commands, first);
}

/* Where `waits` pauses. */
static void pause_for_replicas(struct releve_commands *commands)
{
    (void)uv_timer_start(&commands->replicas_timer, on_replicas_timer, RELEVE_UNACKNOWLEDGED_MS, 0);
}

void releve_command_end_probe(struct releve_command *command)
{
    struct releve_commands *commands = command->commands;
    if (commands == NULL || commands->waits.probe != command)
        return;
    bool pauses = commands->unacknowledged != NULL && !uv_is_closing((uv_handle_t *)&commands->replicas_timer);
    releve_waits_end_probe(&commands->waits, command, pauses);
    if (pauses)
        pause_for_replicas(commands);
}

bool releve_command_is_put_off(struct releve_commands *commands, struct releve_command *command)
{
    enum releve_waits_turn turn = releve_waits_turn(&commands->waits, command->replicas, command);
    if (turn == RELEVE_WAITS_TELL) {
        releve_commands_count_out(commands, (struct releve_load){1, command->wire_bytes});
        releve_command_doom(command); /* without an error */
    } else if (turn == RELEVE_WAITS_KEEP) {
        DL_APPEND(commands->unacknowledged, command);
    }
    return turn != RELEVE_WAITS_WRITE;
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
    if (!back)
        explain(commands, why);
    if (commands->on_link != NULL)
        commands->on_link(commands->data, back, why);
}

/* They are back: so is what was kept back. */
static void on_enough(struct releve_commands *commands)
{
    releve_commands_sort(&commands->unacknowledged); /* those that were tried went behind the others */
    struct releve_command *kept = commands->unacknowledged, *command, *next;
    commands->unacknowledged = NULL;
    (void)uv_timer_stop(&commands->replicas_timer);
    DL_FOREACH_SAFE(kept, command, next) {
        DL_DELETE(kept, command);
        releve_command_transmit(commands, command);
    }
    if (releve_waits_find(&commands->waits))
        say_replicas(commands, true);
}

bool releve_commands_miss_replicas(const struct releve_commands *commands, char why[RELEVE_ERROR_BYTES])
{
    if (!commands->waits.missed || !commands->impatient)
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

static void on_too_few(struct releve_commands *commands)
{
    pause_for_replicas(commands);
    if (releve_waits_miss(&commands->waits, (releve_time)uv_now(commands->connection.loop)))
        say_replicas(commands, false);
}

/* The first of those that the WAIT was about. Replies come in order: what was sent before it has been answered, and
 * what is not held for it is in `sent` no more. */
static struct releve_command *first_covered(const struct releve_commands *commands)
{
    struct releve_command *first = commands->sent;
    if (first == NULL || !releve_waits_cover(&commands->waits, first->written))
        return NULL;
    assert(first->held != NULL);
    return first;
}

static void put_off(struct releve_commands *commands, struct releve_command *command)
{
    releve_waits_end_probe(&commands->waits, command, true);
    DL_DELETE(commands->sent, command);
    releve_command_forget_wait(command);
    (void)releve_command_is_put_off(commands, command); /* `waits` pauses: it is */
}

static void hand_over(struct releve_commands *commands, struct releve_command *command, const redisReply *refusal)
{
    redisReply *held = command->held;
    command->held = NULL;
    command->written = 0;
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
    bool any = command != NULL, was_away = commands->waits.away;
    commands->heard_ms = (releve_time)uv_now(commands->connection.loop);
    enum releve_waits_verdict verdict = releve_waits_judge(
        &commands->waits, any, reply->type == REDIS_REPLY_INTEGER ? reply->integer : RELEVE_WAITS_REFUSED,
        commands->connection.url->replicas, commands->heard_ms);
    if (any && verdict == RELEVE_WAITS_TOO_FEW)
        on_too_few(commands);
    else if (was_away && !commands->waits.away)
        on_enough(commands);
    /* Whoever hears of one may cut the connection; then the others are sent again. What is sent meanwhile is in the
     * next WAIT, as this one still counts as under way. */
    while (context->data != NULL && (command = first_covered(commands)) != NULL) {
        if (verdict == RELEVE_WAITS_TOO_FEW)
            put_off(commands, command);
        else
            hand_over(commands, command, verdict == RELEVE_WAITS_NONE ? reply : NULL);
    }
    if (context->data == NULL)
        return;
    if (verdict == RELEVE_WAITS_TOO_FEW && commands->impatient &&
        releve_waits_is_over(&commands->waits, commands->heard_ms))
        give_up(commands);
    releve_commands_teach_again(commands);
    releve_waits_end(&commands->waits);
    releve_commands_wait(commands);
}

void releve_commands_wait(struct releve_commands *commands)
{
    if (releve_waits_ask(&commands->waits)) /* fails only while the context is being cut; then all are sent again */
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
        command->written = 0;
        return false;
    }
    /* Redis does nothing that stands behind a WAIT before that is answered; and then the next one is sent. */
    assert(releve_waits_cover(&command->commands->waits, command->written));
    command->held = copy_of(reply);
    return true;
}
