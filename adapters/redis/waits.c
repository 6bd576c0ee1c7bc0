/* See waits.h. */
#include <adapters/redis/waits.h>
#include <assert.h>
#include <stddef.h>

#define MISSED_MS (5 * RELEVE_SECOND_MS) /* said when it has lasted so long */

/* --- what a WAIT is about -------------------------------------------------------------------------------- */

uint64_t releve_waits_write(struct releve_waits *waits)
{
    return ++waits->written;
}

static bool is_under_way(const struct releve_waits *waits)
{
    return waits->asked > waits->judged;
}

bool releve_waits_ask(struct releve_waits *waits)
{
    if (is_under_way(waits) || waits->written == waits->asked)
        return false;
    waits->asked = waits->written;
    return true;
}

bool releve_waits_cover(const struct releve_waits *waits, uint64_t number)
{
    return number > waits->judged && number <= waits->asked;
}

void releve_waits_end(struct releve_waits *waits)
{
    assert(is_under_way(waits));
    waits->judged = waits->asked;
}

/* --- replicas that are away ------------------------------------------------------------------------------ */

static void note_too_few(struct releve_waits *waits, releve_time now)
{
    if (!waits->away)
        waits->away_ms = now;
    waits->away = true;
    waits->pauses = true;
}

static void note_enough(struct releve_waits *waits)
{
    waits->away = false;
    waits->pauses = false;
    waits->probe = NULL;
}

enum releve_waits_verdict releve_waits_judge(struct releve_waits *waits, bool any, long long acknowledged,
                                             unsigned wanted, releve_time now)
{
    assert(is_under_way(waits));
    if (acknowledged < 0)
        return RELEVE_WAITS_NONE;
    bool enough = acknowledged >= (long long)wanted;
    if (any && enough)
        note_enough(waits);
    else if (any)
        note_too_few(waits, now);
    return enough ? RELEVE_WAITS_ENOUGH : RELEVE_WAITS_TOO_FEW;
}

enum releve_waits_turn releve_waits_turn(struct releve_waits *waits, enum releve_replicas replicas, const void *command)
{
    assert(replicas != RELEVE_REPLICAS_ANY);
    if (!waits->away || waits->probe == command || (waits->probe == NULL && !waits->pauses)) {
        waits->probe = waits->away ? command : NULL;
        return RELEVE_WAITS_WRITE;
    }
    return replicas == RELEVE_REPLICAS_TELL ? RELEVE_WAITS_TELL : RELEVE_WAITS_KEEP;
}

bool releve_waits_miss(struct releve_waits *waits, releve_time now)
{
    if (!waits->away || waits->missed || now - waits->away_ms < MISSED_MS)
        return false;
    waits->missed = true;
    return true;
}

bool releve_waits_find(struct releve_waits *waits)
{
    bool found = waits->missed && !waits->away;
    if (found)
        waits->missed = false;
    return found;
}

bool releve_waits_is_over(const struct releve_waits *waits, releve_time now)
{
    return waits->away && now - waits->away_ms >= RELEVE_UNACKNOWLEDGED_MAX_MS;
}

void releve_waits_resume(struct releve_waits *waits)
{
    waits->pauses = false;
}

void releve_waits_end_probe(struct releve_waits *waits, const void *command, bool pauses)
{
    if (waits->probe != command)
        return;
    waits->probe = NULL;
    waits->pauses = waits->pauses || pauses;
}

/* --- the connection -------------------------------------------------------------------------------------- */

void releve_waits_cut(struct releve_waits *waits)
{
    waits->written = waits->asked = waits->judged = 0;
    waits->probe = NULL;
    waits->pauses = false;
    waits->missed = false; /* what was said of them ends with this connection */
}

void releve_waits_begin(struct releve_waits *waits, releve_time now)
{
    waits->away_ms = now; /* it may be another master's */
}
