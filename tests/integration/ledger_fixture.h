/* The ledger's script in a real Redis, with a clock that the test passes in. */
#ifndef RELEVE_TESTS_LEDGER_FIXTURE_H
#define RELEVE_TESTS_LEDGER_FIXTURE_H

#include "redis_server.h"
#include <stdint.h>

#define BUCKET "t:quota:{b}"
#define LIFE_MS 40000
#define MARGIN_US 1000
#define EPOCH_US ((int64_t)1790000000000000) /* as large as a real clock's */

struct window {
    int limit;
    int64_t span_ms;
};

#define WINDOWS_MAX 2

struct quota {
    int count;
    struct window windows[WINDOWS_MAX];
};

static const struct quota one_a_second = {1, {{1, 1000}}};
static const struct quota two_windows = {2, {{5, 1000}, {40, 60000}}};
static const struct quota three_an_hour = {1, {{3, 3600000}}};

/* For cmocka: a Redis for all tests, and an empty one for each. */
int ledger_start(void **state);
int ledger_end(void **state);
int ledger_clear(void **state);

extern struct redis_server server;
extern redisContext *redis;
extern const char *node;                    /* that runs the script; "" where Redis has no replicas */
extern const char *witness, *witness_score; /* of whoever asks */

/* Runs the script at `now_us` (below 0: Redis's own clock); freeReplyObject the reply. */
redisReply *run(const char *operation, const char *permit, int64_t length_ms, int64_t now_us,
                const struct quota *quota);

/* In ms until the next permit is due; of `ask`, 0 is the permit. Each permit is of a process of its own. */
int64_t wait_of(const char *operation, const char *permit, int64_t length_ms, int64_t now_us,
                const struct quota *quota);
int64_t ask(const char *permit, int64_t now_us, const struct quota *quota);
int64_t settle(const char *permit, int64_t now_us, const struct quota *quota);
int64_t give_back(const char *permit, int64_t now_us, const struct quota *quota);
void close_bucket(int64_t length_ms, int64_t now_us);

/* What Redis answers to a command. */
long long integer(const char *command);

#endif
