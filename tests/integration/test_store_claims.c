/* Claims in a real Redis: who asks for which days just now (docs/design.md, Claims). */
#include "store_redis.h"

struct claimed {
    struct answer answer;
    enum releve_claim claim;
};

static void on_claimed(void *data, const struct releve_error *error, enum releve_claim claim,
                       const struct releve_coverage *coverage)
{
    struct claimed *claimed = data;
    on_done(&claimed->answer, error);
    claimed->answer.coverage = *coverage;
    claimed->claim = claim;
}

static const struct releve_permit mine = {1, 0x2f}, my_next = {1, 0x30}, yours = {2, 1};

static enum releve_claim claim(struct releve_span span, enum releve_claim_ends ends, struct releve_permit name)
{
    struct claimed claimed = {.answer = {.calls = 0}};
    struct releve_job job = job_of("", span.first, span.end);
    releve_store_claim(f.store, &job, span, ends, name, NOW, on_claimed, &claimed);
    await_ok(&f, &claimed.answer);
    return claimed.claim;
}

static void test_days_end_the_claim_under_which_they_were_asked_for(void **state)
{
    (void)state;
    struct answer answer = {.calls = 0};
    releve_day day = releve_day_from_civil(2026, 9, 20);
    struct releve_span two = {day, day + 2}, next = {day + 1, day + 3};
    assert_int_equal(claim(two, RELEVE_CLAIM_BOTH_MISSING, mine), RELEVE_CLAIM_GRANTED);
    assert_int_equal(claim(two, RELEVE_CLAIM_BOTH_MISSING, mine), RELEVE_CLAIM_GRANTED); /* a reply was lost */
    assert_int_equal(integer("HEXISTS t:claim:{12345678901234}:daily_consumption 1.2f"), 1);
    assert_int_equal(claim(next, RELEVE_CLAIM_ANY, yours), RELEVE_CLAIM_BUSY);
    struct releve_day_entry entries[] = {{day, RELEVE_DAY_HOLE, RELEVE_TIME_NEVER, NULL},
                                         {day + 1, RELEVE_DAY_HOLE, RELEVE_TIME_NEVER, NULL}};
    struct releve_day_batch batch = {PRM, RELEVE_DAILY_CONSUMPTION, "v5", "BRUT", NOW, entries, 2, mine, NULL, 0, 0};
    releve_store_put_days(f.store, &batch, on_done, &answer);
    await_ok(&f, &answer);
    assert_int_equal(integer("EXISTS t:claim:{12345678901234}:daily_consumption"), 0);
    assert_int_equal(claim(next, RELEVE_CLAIM_BOTH_MISSING, yours), RELEVE_CLAIM_KNOWN);
    assert_int_equal(claim(next, RELEVE_CLAIM_LAST_MISSING, yours), RELEVE_CLAIM_GRANTED);
    assert_int_equal(claim(two, RELEVE_CLAIM_ANY, mine), RELEVE_CLAIM_BUSY);
    answer.calls = 0;
    releve_store_unclaim(f.store, PRM, RELEVE_DAILY_CONSUMPTION, yours, on_done, &answer);
    await_ok(&f, &answer);
    assert_int_equal(claim(two, RELEVE_CLAIM_LAST_MISSING, mine), RELEVE_CLAIM_KNOWN);
    assert_int_equal(claim(two, RELEVE_CLAIM_ANY, mine), RELEVE_CLAIM_GRANTED);
}

/* Complete days are written by a command of their own: who sees the claim gone finds them, and a claim whose days Redis
 * refused stands. */
static void test_a_claim_ends_behind_complete_days_and_not_without_them(void **state)
{
    (void)state;
    releve_day day = releve_day_from_civil(2026, 9, 20);
    struct releve_span one = {day, day + 1};
    struct releve_reading reading = {.day = day, .complete = true, .value = 33495};
    struct releve_day_entry entry = {day, RELEVE_DAY_COMPLETE, RELEVE_TIME_NEVER, &reading};
    struct releve_day_batch batch = {PRM, RELEVE_DAILY_CONSUMPTION, "v5", "BRUT", NOW, &entry, 1, mine, NULL, 0, 0};
    assert_int_equal(claim(one, RELEVE_CLAIM_BOTH_MISSING, mine), RELEVE_CLAIM_GRANTED);
    expect("ACL SETUSER default -mset", "OK");
    struct answer refused = {.calls = 0}, answer = {.calls = 0};
    releve_store_put_days(f.store, &batch, on_done, &refused);
    await_answer(&f, &refused);
    assert_int_equal(refused.error.code, RELEVE_E_REDIS);
    expect("ACL SETUSER default +mset", "OK");
    assert_int_equal(integer("HEXISTS t:claim:{12345678901234}:daily_consumption 1.2f"), 1);
    releve_store_put_days(f.store, &batch, on_done, &answer);
    await_ok(&f, &answer);
    assert_int_equal(integer("EXISTS t:day:{12345678901234}:daily_consumption:2026-09-20"), 1);
    struct releve_job job = job_of("", day, day + 1);
    (void)begin(&job, NOW); /* behind the end of the claim */
    assert_int_equal(integer("EXISTS t:claim:{12345678901234}:daily_consumption"), 0);
}

static void test_a_process_is_not_kept_off_its_own_days_and_a_claim_has_a_life(void **state)
{
    (void)state;
    struct releve_span two = {20000, 20002};
    assert_int_equal(claim(two, RELEVE_CLAIM_BOTH_MISSING, mine), RELEVE_CLAIM_GRANTED);
    assert_int_equal(claim(two, RELEVE_CLAIM_BOTH_MISSING, my_next), RELEVE_CLAIM_GRANTED);
    assert_int_equal(integer("HLEN t:claim:{12345678901234}:daily_consumption"), 2);
    long long life_ms = integer("PTTL t:claim:{12345678901234}:daily_consumption");
    assert_true(life_ms > 0 && life_ms <= RELEVE_CLAIM_LIFE_MS);
    /* What has run out keeps nobody. */
    freeReplyObject(redis_server_command(&server,
                                         "HSET t:claim:{12345678901234}:daily_consumption 1.2f 20000%b20002%b1", " ",
                                         (size_t)1, " ", (size_t)1));
    freeReplyObject(redis_server_command(&server, "HDEL t:claim:{12345678901234}:daily_consumption 1.30"));
    assert_int_equal(claim(two, RELEVE_CLAIM_BOTH_MISSING, yours), RELEVE_CLAIM_GRANTED);
    assert_int_equal(integer("HLEN t:claim:{12345678901234}:daily_consumption"), 1);
}

static void test_a_full_redis_grants_no_claim_though_others_have_run_out(void **state)
{
    (void)state;
    const struct releve_job job = job_of("", 20000, 20002);
    struct claimed claimed = {.answer = {.calls = 0}};
    freeReplyObject(redis_server_command(&server, "HSET t:claim:{12345678901234}:daily_consumption 9.1 %s", "1 2 1"));
    freeReplyObject(redis_server_command(&server, "CONFIG SET maxmemory 1"));
    releve_store_claim(f.store, &job, job.span, RELEVE_CLAIM_BOTH_MISSING, mine, NOW, on_claimed, &claimed);
    await_answer(&f, &claimed.answer);
    freeReplyObject(redis_server_command(&server, "CONFIG SET maxmemory 0"));
    assert_int_equal(claimed.answer.error.code, RELEVE_E_REDIS);
    assert_non_null(strstr(claimed.answer.error.text, "is full: raise maxmemory"));
}

static void test_what_lies_where_claims_should_keeps_no_day_from_being_stored(void **state)
{
    (void)state;
    struct claimed claimed = {.answer = {.calls = 0}};
    struct answer answer = {.calls = 0};
    struct releve_job job = job_of("", 20000, 20001);
    freeReplyObject(redis_server_command(&server, "SET t:claim:{12345678901234}:daily_consumption x"));
    releve_store_claim(f.store, &job, job.span, RELEVE_CLAIM_BOTH_MISSING, mine, NOW, on_claimed, &claimed);
    await_answer(&f, &claimed.answer);
    assert_int_equal(claimed.answer.error.code, RELEVE_E_REDIS);
    struct releve_day_entry entry = {20000, RELEVE_DAY_HOLE, RELEVE_TIME_NEVER, NULL};
    struct releve_day_batch batch = {PRM, RELEVE_DAILY_CONSUMPTION, "v5", "BRUT", NOW, &entry, 1, mine, NULL, 0, 0};
    releve_store_put_days(f.store, &batch, on_done, &answer);
    await_ok(&f, &answer);
    assert_int_equal(begin(&job, NOW).coverage.states[0], 'h');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_store(test_days_end_the_claim_under_which_they_were_asked_for),
        with_store(test_a_claim_ends_behind_complete_days_and_not_without_them),
        with_store(test_a_process_is_not_kept_off_its_own_days_and_a_claim_has_a_life),
        with_store(test_a_full_redis_grants_no_claim_though_others_have_run_out),
        with_store(test_what_lies_where_claims_should_keeps_no_day_from_being_stored),
    };
    return run_with_redis(tests);
}
