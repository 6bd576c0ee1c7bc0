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
    releve_prm_list_close(&roll->found);
    if (error->code == RELEVE_OK) {
        free(roll->points.prms);
        roll->points = roll->found;
        roll->is_cut = roll->found_too_many || roll->points.count > RELEVE_ROLL_POINTS_MAX;
        if (roll->is_cut)
            roll->points.count = RELEVE_ROLL_POINTS_MAX;
        roll->is_there = true;
        roll->made_at_ms = uv_now(roll->loop);
        roll->took_ms = roll->made_at_ms - roll->began_ms;
    } else {
        free(roll->found.prms);
    }
    roll->found = (struct releve_prm_list){0};
    answer(roll, error);
}

/* Is it younger than that, or than so many times what it took to make? To look at all keys again and again would keep
 * the workers waiting. */
static bool is_younger(const struct releve_roll *roll, uint64_t ms, unsigned times)
{
    uint64_t age_ms = uv_now(roll->loop) - roll->made_at_ms;
    return roll->is_there && (age_ms < ms || age_ms < times * roll->took_ms);
}

void releve_roll_ask(struct releve_roll *roll, struct releve_roll_call *call,
                     void (*done)(void *data, const struct releve_error *error), void *data)
{
    static const struct releve_error fine = {.code = RELEVE_OK};
    *call = (struct releve_roll_call){.done = done, .data = data};
    if (!is_younger(roll, RELEVE_ROLL_FRESH_MS, 10) && !roll->under_way) {
        roll->under_way = true;
        roll->found_too_many = false;
        roll->began_ms = uv_now(roll->loop);
        releve_store_known_points(roll->store, on_point, on_all, roll);
    }
    if (is_younger(roll, RELEVE_ROLL_OLD_MS, 20))
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
