/* See turns.h. The right to ask is a bucket that fills up with time (a token bucket): a turn begins while there
 * is something in it, and may leave it below zero. */
#include "turns.h"
#include <releve/memory.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#define TICK_MS 20
#define TEXT_BYTES 400
#define TOO_MUCH "Too much is asked at once."
#define NO_REDIS "Redis does not answer."
#define NODE_AWAY "A node of Redis that is needed for it is away: /v1/status says which one."

static void proceed(struct releve_turns *turns);

/* --- the end of one ---------------------------------------------------------------------------------------------- */

struct releve_web_asked *releve_turn_leave(struct releve_turn *turn)
{
    struct releve_turns *turns = turn->turns;
    DL_DELETE(turns->all, turn);
    if (!turn->has_begun) {
        turns->waiting[turn->lane]--;
    } else if (!turn->is_stranded) {
        turns->under_way--;
        turns->overdue -= turn->asked == NULL;
    }
    return turn->asked;
}

static void drop(struct releve_turn *turn)
{
    struct releve_turns *turns = turn->turns;
    (void)releve_turn_leave(turn);
    turn->release(turn);
    if (!turns->ended)
        proceed(turns);
}

static void refuse_asked(struct releve_turn *turn, unsigned status, const char *why)
{
    if (turn->asked == NULL)
        return;
    if (turn->refuse != NULL)
        turn->refuse(turn, status, why);
    else
        releve_web_fail(turn->asked, status, "%s", why);
    turn->asked = NULL;
    turn->turns->overdue += turn->has_begun;
}

void releve_turn_answer(struct releve_turn *turn, enum releve_web_type type, const char *body, size_t body_bytes)
{
    if (turn->asked != NULL)
        releve_web_answer(turn->asked, 200, type, body, body_bytes);
    drop(turn);
}

void releve_turn_answer_json(struct releve_turn *turn, cJSON *json)
{
    char *text = releve_must(cJSON_PrintUnformatted(json));
    releve_turn_answer(turn, RELEVE_WEB_JSON, text, strlen(text));
    cJSON_free(text);
    cJSON_Delete(json);
}

void releve_turn_fail(struct releve_turn *turn, unsigned status, const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    refuse_asked(turn, status, text);
    drop(turn);
}

void releve_turn_fail_redis(struct releve_turn *turn, const struct releve_error *error)
{
    releve_turn_fail(turn, 503, "%s", error->text);
}

/* --- nodes that are away ------------------------------------------------------------------------------------------ */

/* The turn needs a node of a cluster that is away. */
static bool needs_away(const struct releve_turn *turn)
{
    if (!releve_store_is_partly_away(turn->turns->store))
        return false;
    return turn->reads_all || (turn->prm != 0 && !releve_store_serves_point(turn->turns->store, turn->prm));
}

/* The others go on without its end. */
static void strand(struct releve_turn *turn)
{
    turn->is_stranded = true;
    turn->turns->under_way--;
    turn->turns->overdue--;
}

/* --- turns ------------------------------------------------------------------------------------------------------- */

static void on_bound(void *data, const struct releve_error *error, const char *bound)
{
    struct releve_turn *turn = data;
    struct releve_error mismatch = {0};
    if (error->code != RELEVE_OK)
        releve_turn_fail_redis(turn, error);
    else if (releve_config_check_bound(turn->turns->config, bound, &mismatch) != RELEVE_OK)
        releve_turn_fail(turn, 409, "%s", mismatch.text);
    else if (turn->asked == NULL)
        drop(turn);
    else if (needs_away(turn))
        releve_turn_fail(turn, 503, "%s", NODE_AWAY);
    else
        turn->begin(turn);
}

static void fill(struct releve_turns *turns)
{
    uint64_t now_ms = uv_now(turns->loop);
    turns->questions += (double)(now_ms - turns->filled_ms) * RELEVE_TURNS_QUESTIONS_PER_S / 1000.0;
    if (turns->questions > RELEVE_TURNS_BURST)
        turns->questions = RELEVE_TURNS_BURST;
    turns->filled_ms = now_ms;
}

/* The lane with waiting turns that has had the fewest questions; RELEVE_LANES: no turn waits. */
static enum releve_lane next_lane(const struct releve_turns *turns)
{
    enum releve_lane next = RELEVE_LANES;
    for (enum releve_lane lane = 0; lane < RELEVE_LANES; lane++)
        if (turns->waiting[lane] > 0 && (next == RELEVE_LANES || turns->spent[lane] < turns->spent[next]))
            next = lane;
    return next;
}

static struct releve_turn *next_of(struct releve_turns *turns)
{
    enum releve_lane lane = next_lane(turns);
    struct releve_turn *turn;
    DL_FOREACH(turns->all, turn)
    {
        if (!turn->has_begun && turn->lane == lane)
            return turn;
    }
    return NULL;
}

/* A lane without waiting turns has saved nothing up. */
static void join(struct releve_turns *turns, struct releve_turn *turn)
{
    enum releve_lane other = next_lane(turns);
    if (turns->waiting[turn->lane]++ == 0 && other != RELEVE_LANES && turns->spent[turn->lane] < turns->spent[other])
        turns->spent[turn->lane] = turns->spent[other];
    DL_APPEND(turns->all, turn);
}

static void on_tick(uv_timer_t *timer);

static void proceed(struct releve_turns *turns)
{
    struct releve_turn *turn;
    fill(turns);
    while (turns->under_way < RELEVE_TURNS_AT_ONCE && turns->questions > 0 && (turn = next_of(turns)) != NULL) {
        turn->has_begun = true;
        turns->waiting[turn->lane]--;
        turns->spent[turn->lane] += turn->questions;
        turns->under_way++;
        turns->questions -= turn->questions;
        releve_store_bind(turns->store, NULL, on_bound, turn);
    }
    if (turns->all == NULL)
        uv_timer_stop(&turns->timer);
    else if (!uv_is_active((uv_handle_t *)&turns->timer))
        uv_timer_start(&turns->timer, on_tick, TICK_MS, TICK_MS);
}

static void refuse(struct releve_turn *turn, const char *why)
{
    refuse_asked(turn, 503, why);
    if (turn->has_begun)
        return; /* Redis will answer */
    (void)releve_turn_leave(turn);
    turn->release(turn);
}

static void on_tick(uv_timer_t *timer)
{
    struct releve_turns *turns = timer->data;
    struct releve_turn *turn, *next;
    bool some_away = releve_store_is_partly_away(turns->store);
    DL_FOREACH_SAFE(turns->all, turn, next) {
        if (some_away && turn->has_begun && turn->asked == NULL && !turn->is_stranded)
            strand(turn);
        else if (uv_now(turns->loop) - turn->since_ms >= RELEVE_TURNS_PATIENCE_MS)
            refuse(turn, turn->has_begun || turns->overdue > 0 ? NO_REDIS : TOO_MUCH);
    }
    proceed(turns);
}

void releve_turns_add(struct releve_turns *turns, struct releve_turn *turn, struct releve_web_asked *asked,
                      unsigned questions, void (*begin)(struct releve_turn *turn),
                      void (*release)(struct releve_turn *turn))
{
    turn->turns = turns;
    turn->asked = asked;
    turn->since_ms = uv_now(turns->loop);
    turn->questions = questions + 1; /* whose data they are */
    turn->begin = begin;
    turn->release = release;
    if (turn->lane == RELEVE_LANE_SMALL && turn->questions > RELEVE_TURNS_SMALL_QUESTIONS)
        turn->lane = RELEVE_LANE_LARGE;
    const char *why = needs_away(turn)                                         ? NODE_AWAY
                      : turns->overdue > 0                                     ? NO_REDIS
                      : turns->waiting[turn->lane] == RELEVE_TURNS_WAITING_MAX ? TOO_MUCH
                                                                               : NULL;
    if (why != NULL) {
        refuse_asked(turn, 503, why);
        turn->release(turn);
        return;
    }
    join(turns, turn);
    proceed(turns);
}

/* --- life -------------------------------------------------------------------------------------------------------- */

void releve_turns_open(struct releve_turns *turns, uv_loop_t *loop, const struct releve_config *config,
                       struct releve_store *store)
{
    *turns = (struct releve_turns){.config = config, .store = store, .loop = loop, .questions = RELEVE_TURNS_BURST};
    turns->filled_ms = uv_now(loop);
    (void)uv_timer_init(loop, &turns->timer);
    turns->timer.data = turns;
}

void releve_turns_end(struct releve_turns *turns)
{
    struct releve_turn *turn, *next;
    turns->ended = true;
    DL_FOREACH_SAFE(turns->all, turn, next) {
        refuse(turn, "The service ends.");
    }
    uv_close((uv_handle_t *)&turns->timer, NULL);
}
