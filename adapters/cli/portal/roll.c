/* See roll.h. */
#include "roll.h"
#include <stdlib.h>
#include <utlist.h>

static void answer(struct releve_roll *roll, const struct releve_error *error)
{
    struct releve_roll_call *call, *next;
    DL_FOREACH_SAFE(roll->calls, call, next) {
        DL_DELETE(roll->calls, call);
        call->done(call->data, error);
    }
}

static bool on_point(void *data, releve_prm prm)
{
    struct releve_roll *roll = data;
    roll->found_too_many = !releve_prm_list_add(&roll->found, prm, RELEVE_ROLL_POINTS_MAX);
    return !roll->found_too_many;
}

static void on_all(void *data, const struct releve_error *error)
{
    struct releve_roll *roll = data;
    roll->under_way = false;
    roll->ended_ms = uv_now(roll->loop);
    releve_prm_list_close(&roll->found);
    if (error->code == RELEVE_OK) {
        free(roll->points.prms);
        roll->points = roll->found;
        roll->is_cut = roll->found_too_many || roll->points.count > RELEVE_ROLL_POINTS_MAX;
        if (roll->is_cut)
            roll->points.count = RELEVE_ROLL_POINTS_MAX;
        roll->is_there = true;
    } else {
        free(roll->found.prms);
    }
    roll->found = (struct releve_prm_list){0};
    answer(roll, error);
}

/* Whoever looks at all keys again and again keeps others waiting. */
static bool is_fresh(const struct releve_roll *roll)
{
    uint64_t took_ms = roll->ended_ms - roll->began_ms;
    uint64_t good_ms = took_ms * 10 > RELEVE_ROLL_FRESH_MS ? took_ms * 10 : RELEVE_ROLL_FRESH_MS;
    return roll->is_there && uv_now(roll->loop) - roll->ended_ms < good_ms;
}

void releve_roll_ask(struct releve_roll *roll, struct releve_roll_call *call,
                     void (*done)(void *data, const struct releve_error *error), void *data)
{
    static const struct releve_error fine = {.code = RELEVE_OK};
    *call = (struct releve_roll_call){.done = done, .data = data};
    if (!is_fresh(roll) && !roll->under_way) {
        roll->under_way = true;
        roll->found_too_many = false;
        roll->began_ms = uv_now(roll->loop);
        releve_store_known_points(roll->store, on_point, on_all, roll);
    }
    if (roll->is_there)
        done(data, &fine);
    else
        DL_APPEND(roll->calls, call);
}

void releve_roll_open(struct releve_roll *roll, uv_loop_t *loop, struct releve_store *store)
{
    *roll = (struct releve_roll){.loop = loop, .store = store};
}

void releve_roll_free(struct releve_roll *roll)
{
    free(roll->points.prms);
    free(roll->found.prms);
}
