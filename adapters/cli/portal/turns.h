/* Requests that read what Redis holds of usage points. They are done a few at once and so many questions a second, so
 * that no worker waits for clients of this service. Each waits in one of a few lanes, which get the same number of
 * questions where all have some, and in a lane in the order in which they come: a client that asks for much in a loop
 * keeps out only its like. Of a cluster, a turn that needs a node which is away is refused at once, and takes no place
 * from the others. Of data of another upstream than the configured one nothing is read. */
#ifndef RELEVE_CLI_TURNS_H
#define RELEVE_CLI_TURNS_H

#include <adapters/cli/config.h>
#include <adapters/redis/store.h>
#include <adapters/web/web.h>
#include <cjson/cJSON.h>

#define RELEVE_TURNS_AT_ONCE 4
#define RELEVE_TURNS_QUESTIONS_PER_S 400 /* to Redis, at some 1 ms each; beyond it they wait */
#define RELEVE_TURNS_BURST 800           /* questions that may be asked at once after a quiet time */
#define RELEVE_TURNS_WAITING_MAX 64      /* in a lane; beyond it they are refused at once */
#define RELEVE_TURNS_SMALL_QUESTIONS 32  /* a turn that costs more is a large one */
#define RELEVE_TURNS_PATIENCE_MS 5000    /* a request waits for its turn and for Redis no longer */

struct releve_turns;

enum releve_lane {
    RELEVE_LANE_SMALL,
    RELEVE_LANE_LARGE,
    RELEVE_LANE_CONSO, /* the Conso API: asked with a token, by many others than the rest */
    RELEVE_LANES
};

/* The first member of what a handler allocates for a request. */
struct releve_turn {
    struct releve_turn *prev, *next;
    struct releve_turns *turns;
    struct releve_web_asked *asked; /* NULL: was told that it took too long, or that the service ends */
    uint64_t since_ms;              /* loop time */
    unsigned questions;             /* that it costs, about */
    enum releve_lane lane;          /* CONSO is set before it is added */
    releve_prm prm; /* of a cluster: that it reads; 0: of the queue's node only. Set before it is added */
    bool reads_all; /* of a cluster: all nodes. Set before it is added */
    bool has_begun;
    bool is_stranded; /* it was answered, as a node is away that it had asked: it counts as none under way any more */
    /* Answers `asked`, which it is called with for the last time: it is not to be had. NULL: a problem answers it. Set
     * before it is added. */
    void (*refuse)(struct releve_turn *turn, unsigned status, const char *why);
    void (*begin)(struct releve_turn *turn);
    void (*release)(struct releve_turn *turn);
};

struct releve_turns {
    const struct releve_config *config;
    struct releve_store *store;
    uv_loop_t *loop;
    uv_timer_t timer;        /* while there is a turn */
    struct releve_turn *all; /* in the order in which they came */
    unsigned under_way;
    unsigned overdue;               /* of those, answered already, as Redis has not: it does not answer others either */
    unsigned waiting[RELEVE_LANES]; /* that have not begun */
    uint64_t spent[RELEVE_LANES];   /* questions of those that have begun, beyond those of the lane that had fewest */
    double questions;               /* that may be asked now; below 0: later */
    uint64_t filled_ms;
    bool ended;
};

void releve_turns_open(struct releve_turns *turns, uv_loop_t *loop, const struct releve_config *config,
                       struct releve_store *store);

/* `begin` is called when it is its turn, now or later; it has to lead to one of those below, once. `release` frees
 * it, also where it is refused at once, as too many wait. */
void releve_turns_add(struct releve_turns *turns, struct releve_turn *turn, struct releve_web_asked *asked,
                      unsigned questions, void (*begin)(struct releve_turn *turn),
                      void (*release)(struct releve_turn *turn));

/* The answer: status 200. The turn is released. */
void releve_turn_answer(struct releve_turn *turn, enum releve_web_type type, const char *body, size_t body_bytes);
/* The same with a JSON document, which is freed. */
void releve_turn_answer_json(struct releve_turn *turn, cJSON *json);
/* The same for what cannot be answered. */
void releve_turn_fail(struct releve_turn *turn, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same where Redis could not be asked. */
void releve_turn_fail_redis(struct releve_turn *turn, const struct releve_error *error);

/* The request has had its turn, and is the caller's from now on, with what there is of the turn; NULL: the client
 * was told that it took too long. */
struct releve_web_asked *releve_turn_leave(struct releve_turn *turn);

/* Answers every waiting request with 503. What is with Redis is released when Redis has answered, or the store is
 * closed. */
void releve_turns_end(struct releve_turns *turns);

#endif
