/* Plans against the fewest requests that there can be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <releve/plan.h>
#include <stdlib.h>
#include <tests/fewest.h>

#define COVERAGES 10000

static uint64_t seed = 20260929;

static uint32_t roll(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % below;
}

/* Runs of missing and known days, of every density. */
static void random_coverage(struct releve_coverage *coverage, int days)
{
    releve_day first = (releve_day)(18000 + roll(3000));
    releve_coverage_init(coverage, (struct releve_span){first, first + days});
    uint32_t missing_in_100 = roll(101), run_max = 1 + roll(20);
    for (releve_day day = first; day < first + days;) {
        bool missing = roll(100) < missing_in_100;
        for (uint32_t run = 1 + roll(run_max); run > 0 && day < first + days; run--, day++)
            if (!missing)
                releve_coverage_set(coverage, day, RELEVE_DAY_COMPLETE);
    }
}

/* Carries the plan out and checks each chunk on the way. Returns how many there were. */
static int run_plan(struct releve_coverage coverage, const struct releve_plan_limits *limits)
{
    struct releve_chunk_span chunk;
    int chunks = 0;
    releve_day newest = INT32_MAX;
    while (releve_plan_next(&coverage, limits, &chunk)) {
        assert_true(releve_span_days(chunk.asked) <= limits->days_max);
        assert_true(releve_span_days(chunk.asked) >= limits->days_min);
        assert_true(chunk.asked.first >= limits->earliest && chunk.asked.end <= limits->latest);
        assert_true(chunk.asked.first <= chunk.wanted.first && chunk.asked.end >= chunk.wanted.end);
        assert_int_equal(releve_coverage_get(&coverage, chunk.wanted.first), RELEVE_DAY_MISSING);
        assert_int_equal(releve_coverage_get(&coverage, chunk.wanted.end - 1), RELEVE_DAY_MISSING);
        assert_true(chunk.wanted.end <= newest); /* newest first, and never back */
        newest = chunk.wanted.first;
        releve_coverage_replace(&coverage, chunk.wanted, RELEVE_DAY_MISSING, RELEVE_DAY_ASKED);
        chunks++;
    }
    assert_int_equal(releve_coverage_count(&coverage, RELEVE_DAY_MISSING), 0);
    return chunks;
}

static void check_random_coverages(int days_max, int days_min, int days_longest)
{
    for (int i = 0; i < COVERAGES; i++) {
        struct releve_coverage coverage;
        random_coverage(&coverage, 1 + (int)roll((uint32_t)days_longest));
        struct releve_plan_limits limits = {.days_max = days_max,
                                            .days_min = days_min,
                                            .earliest = coverage.span.first - 30,
                                            .latest = coverage.span.end + 30};
        int fewest = fewest_requests(&coverage, days_max);
        assert_int_equal(run_plan(coverage, &limits), fewest);
        assert_int_equal(releve_plan_chunks(&coverage, &limits), fewest);
    }
}

static void test_a_curve_plan_has_as_few_chunks_as_possible(void **state)
{
    (void)state;
    check_random_coverages(7, 1, 400);
}

static void test_a_daily_plan_has_as_few_chunks_as_possible(void **state)
{
    (void)state;
    check_random_coverages(365, 1, 1111);
}

static void test_a_shortest_length_of_two_days_costs_no_chunk_more(void **state)
{
    (void)state;
    check_random_coverages(7, 2, 400);
    check_random_coverages(365, 2, 1111);
}

static void test_a_gapless_history_is_asked_without_asking_a_day_twice(void **state)
{
    (void)state;
    for (int days = 2; days <= 800; days++) {
        struct releve_coverage coverage;
        releve_coverage_init(&coverage, (struct releve_span){20000, 20000 + days});
        struct releve_plan_limits limits = {.days_max = 7, .days_min = 2, .earliest = 20000, .latest = 20000 + days};
        struct releve_chunk_span chunk;
        int asked = 0;
        while (releve_plan_next(&coverage, &limits, &chunk)) {
            asked += releve_span_days(chunk.asked);
            releve_coverage_replace(&coverage, chunk.wanted, RELEVE_DAY_MISSING, RELEVE_DAY_ASKED);
        }
        assert_int_equal(asked, days);
    }
}

static void test_a_single_day_is_widened_into_the_past_or_else_into_the_future(void **state)
{
    (void)state;
    struct releve_chunk_span chunk;
    struct releve_span day = {20100, 20101};
    struct releve_plan_limits limits = {.days_max = 7, .days_min = 2, .earliest = 20000, .latest = 20200};
    assert_true(releve_plan_widen(day, &limits, &chunk));
    assert_int_equal(chunk.asked.first, 20099);
    assert_int_equal(chunk.asked.end, 20101);
    limits.earliest = 20100;
    assert_true(releve_plan_widen(day, &limits, &chunk));
    assert_int_equal(chunk.asked.first, 20100);
    assert_int_equal(chunk.asked.end, 20102);
    limits.latest = 20101; /* the activation was yesterday: nothing can be asked before tomorrow */
    assert_false(releve_plan_widen(day, &limits, &chunk));
}

static void test_the_cost_of_a_job_counts_what_is_known_as_free(void **state)
{
    (void)state;
    releve_day today = releve_day_from_civil(2026, 11, 21);
    struct releve_job job = {.kind = RELEVE_CONSUMPTION_LOAD_CURVE};
    job.span = releve_kind_history(job.kind, today);
    struct releve_point_facts facts = releve_facts_unknown;
    struct releve_coverage coverage;
    releve_coverage_init(&coverage, job.span);
    struct releve_cost cost = releve_plan_cost(&job, &coverage, &facts, today, 1);
    assert_int_equal(cost.days, releve_span_days(job.span));
    assert_int_equal(cost.requests, (cost.days + 6) / 7);
    facts.directions[RELEVE_CONSUMPTION].activation.after = today - 15; /* 14 days are left */
    cost = releve_plan_cost(&job, &coverage, &facts, today, 1);
    assert_int_equal(cost.days, 14);
    assert_int_equal(cost.requests, 2);
    facts.absent_kinds = RELEVE_KIND_BIT(job.kind);
    assert_int_equal(releve_plan_cost(&job, &coverage, &facts, today, 1).requests, 0);
    job.refresh = true;
    assert_int_equal(releve_plan_cost(&job, &coverage, &facts, today, 1).days, releve_span_days(job.span));
}

static void test_the_days_that_a_job_would_ask_for_reach_from_the_first_missing_one_to_the_last(void **state)
{
    (void)state;
    releve_day today = releve_day_from_civil(2026, 11, 21);
    struct releve_job job = {.kind = RELEVE_DAILY_CONSUMPTION, .span = {today - 20, today}};
    struct releve_point_facts facts = releve_facts_unknown;
    struct releve_coverage coverage;
    releve_coverage_init(&coverage, job.span);
    facts.directions[RELEVE_CONSUMPTION].activation.after = today - 18;
    releve_coverage_set(&coverage, today - 10, RELEVE_DAY_COMPLETE);
    releve_coverage_set(&coverage, today - 1, RELEVE_DAY_PENDING);
    struct releve_cost cost = releve_plan_cost(&job, &coverage, &facts, today, 1);
    assert_int_equal(cost.asked.first, today - 17);
    assert_int_equal(cost.asked.end, today - 1);
    assert_int_equal(cost.days, 15); /* one among them is known */
    releve_coverage_replace(&coverage, job.span, RELEVE_DAY_MISSING, RELEVE_DAY_HOLE);
    assert_int_equal(releve_span_days(releve_plan_cost(&job, &coverage, &facts, today, 1).asked), 0);
}

static void test_what_is_not_subscribed_costs_nothing_unless_it_has_come_before(void **state)
{
    (void)state;
    releve_day today = releve_day_from_civil(2026, 11, 21);
    struct releve_job job = {.kind = RELEVE_DAILY_PRODUCTION, .span = {today - 10, today}};
    struct releve_point_facts facts = releve_facts_unknown;
    struct releve_coverage coverage;
    releve_coverage_init(&coverage, job.span);
    facts.unserved = RELEVE_KIND_BIT(job.kind);
    assert_int_equal(releve_plan_cost(&job, &coverage, &facts, today, 1).requests, 0);
    releve_coverage_set(&coverage, today - 5, RELEVE_DAY_PARTIAL);
    assert_int_equal(releve_plan_cost(&job, &coverage, &facts, today, 1).requests, 1);
}

static bool is_deep(enum releve_kind kind, int days, int known, bool refresh)
{
    releve_day today = releve_day_from_civil(2026, 11, 21);
    struct releve_job job = {.kind = kind, .span = {today - days, today}, .refresh = refresh};
    struct releve_coverage coverage;
    releve_coverage_init(&coverage, job.span);
    if (known > 0)
        releve_coverage_set(&coverage, today - known, RELEVE_DAY_COMPLETE);
    return releve_plan_is_deep(&job, &coverage, today);
}

static void test_deep_history_is_old_and_takes_several_requests(void **state)
{
    (void)state;
    assert_false(is_deep(RELEVE_CONSUMPTION_LOAD_CURVE, RELEVE_DEEP_DAYS, 0, false));
    assert_true(is_deep(RELEVE_CONSUMPTION_LOAD_CURVE, RELEVE_DEEP_DAYS + 1, 0, false));
    assert_false(is_deep(RELEVE_DAILY_CONSUMPTION, 365, 0, false));
    assert_true(is_deep(RELEVE_DAILY_CONSUMPTION, 366, 0, false));
    assert_false(is_deep(RELEVE_CONSUMPTION_LOAD_CURVE, 90, 90, false)); /* known, and so is where it begins */
    assert_true(is_deep(RELEVE_CONSUMPTION_LOAD_CURVE, 90, 50, false));
    assert_true(is_deep(RELEVE_CONSUMPTION_LOAD_CURVE, 90, 90, true));
    assert_false(is_deep(RELEVE_CONTRACTS, 400, 0, false));
    assert_true(is_deep(RELEVE_DAILY_PRODUCTION, 1100, 0, false));
}

/* What may have changed is asked where it costs no request. */
static void test_a_request_takes_along_what_may_have_changed(void **state)
{
    (void)state;
    struct releve_coverage coverage;
    struct releve_chunk_span chunk;
    struct releve_plan_limits limits = {
        .days_max = 7, .days_min = 1, .earliest = 20000, .latest = 20030, .settled = 20015};
    releve_coverage_init(&coverage, (struct releve_span){20000, 20030});
    releve_coverage_replace(&coverage, coverage.span, RELEVE_DAY_MISSING, RELEVE_DAY_COMPLETE);
    releve_coverage_set(&coverage, 20025, RELEVE_DAY_MISSING);
    releve_coverage_set(&coverage, 20027, RELEVE_DAY_PENDING);
    releve_coverage_set(&coverage, 20022, RELEVE_DAY_PARTIAL);
    releve_coverage_set(&coverage, 20020, RELEVE_DAY_PENDING); /* out of reach: 20021 to 20027 are seven */
    assert_true(releve_plan_next(&coverage, &limits, &chunk));
    releve_plan_take_along(&coverage, &limits, &chunk);
    assert_int_equal(chunk.wanted.first, 20025);
    assert_int_equal(chunk.wanted.end, 20026);
    assert_int_equal(chunk.asked.first, 20022);
    assert_int_equal(chunk.asked.end, 20028);

    limits.settled = 20023; /* the partial day stays as it is */
    limits.latest = 20027;  /* and the pending one cannot be asked */
    assert_true(releve_plan_next(&coverage, &limits, &chunk));
    releve_plan_take_along(&coverage, &limits, &chunk);
    assert_int_equal(chunk.asked.first, 20020);
    assert_int_equal(chunk.asked.end, 20026);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_curve_plan_has_as_few_chunks_as_possible),
        cmocka_unit_test(test_a_daily_plan_has_as_few_chunks_as_possible),
        cmocka_unit_test(test_a_shortest_length_of_two_days_costs_no_chunk_more),
        cmocka_unit_test(test_a_gapless_history_is_asked_without_asking_a_day_twice),
        cmocka_unit_test(test_a_single_day_is_widened_into_the_past_or_else_into_the_future),
        cmocka_unit_test(test_a_request_takes_along_what_may_have_changed),
        cmocka_unit_test(test_the_cost_of_a_job_counts_what_is_known_as_free),
        cmocka_unit_test(test_the_days_that_a_job_would_ask_for_reach_from_the_first_missing_one_to_the_last),
        cmocka_unit_test(test_what_is_not_subscribed_costs_nothing_unless_it_has_come_before),
        cmocka_unit_test(test_deep_history_is_old_and_takes_several_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
