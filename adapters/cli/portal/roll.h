/* The usage points that Redis knows, ascending: looked for now and then, as that means to look at every key. */
#ifndef RELEVE_CLI_ROLL_H
#define RELEVE_CLI_ROLL_H

#include <adapters/cli/prm_list.h>
#include <adapters/redis/store.h>

#define RELEVE_ROLL_POINTS_MAX 100000 /* that are listed; a person searches no longer list */
#define RELEVE_ROLL_FRESH_MS 30000    /* no other one is made for so long, and for ten times as long as it took */
#define RELEVE_ROLL_OLD_MS 60000      /* one that is older, and twenty times as old as it took, is not used */

/* A request that waits for a roll. */
struct releve_roll_call {
    struct releve_roll_call *prev, *next;
    void (*done)(void *data, const struct releve_error *error);
    void *data;
};

struct releve_roll {
    uv_loop_t *loop;
    struct releve_store *store;
    struct releve_prm_list points, found; /* found: while they are looked for */
    bool is_there;                        /* they were looked for once */
    bool is_cut;                          /* there are more than RELEVE_ROLL_POINTS_MAX */
    bool under_way, found_too_many;
    uint64_t began_ms;            /* loop time: the look that is under way */
    uint64_t made_at_ms, took_ms; /* the one that is there */
    struct releve_roll_call *calls;
};

void releve_roll_open(struct releve_roll *roll, uv_loop_t *loop, struct releve_store *store);

/* `done` is called, at once or later, when there is a roll, or with why there is none; `call` lives until then. One
 * that is no longer fresh, but not old either, serves while another one is made. */
void releve_roll_ask(struct releve_roll *roll, struct releve_roll_call *call,
                     void (*done)(void *data, const struct releve_error *error), void *data);

void releve_roll_free(struct releve_roll *roll);

#endif
