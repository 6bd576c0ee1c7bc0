/* What tests of what stands in Redis share: one server for all of a file, and for each test an empty one and a store.
 */
#ifndef RELEVE_TESTS_STORE_REDIS_H
#define RELEVE_TESTS_STORE_REDIS_H

#include "redis_server.h"
#include "store_fixture.h"

#define PRM 12345678901234u
#define NOW ((releve_time)1790755200000) /* 2026-09-30T08:00:00Z */
#define CURVE RELEVE_CONSUMPTION_LOAD_CURVE

extern struct redis_server server;
extern struct store_fixture f;

int start_redis(void **state);
int end_redis(void **state);
int open_store(void **state);
int close_store(void **state);

#define with_store(test) cmocka_unit_test_setup_teardown(test, open_store, close_store)
#define run_with_redis(tests) cmocka_run_group_tests(tests, start_redis, end_redis)

/* What Redis answers: a text, or a number. */
void expect(const char *command, const char *text);
long long integer(const char *command);

struct releve_job job_of(const char *id, releve_day first, releve_day end);
struct answer begin(const struct releve_job *job, releve_time now);
void put_kind(enum releve_kind kind, const struct releve_day_entry *entries, size_t count);
/* Of daily consumption. */
void put(const struct releve_day_entry *entries, size_t count);
void learn(const struct releve_lesson *lesson, releve_time now);

#endif
