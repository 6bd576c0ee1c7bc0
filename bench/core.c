/* What a decision costs: one step of the core with a full table of jobs, no I/O, one core.
 *
 *     core [ROUNDS]      how many answers are measured, 500 unless told
 *
 * A permit is the scheduler's look at every job; an answer is 365 days that are judged and then stored. There is no
 * bound: 1000 permits an hour is what the quota lets in. */
#include <assert.h>
#include <releve/core.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define FIRST_PRM ((releve_prm)30000000000000)
#define TODAY ((releve_day)20636)
#define DAYS 1000 /* of a job: three requests */
#define ROUNDS_DEFAULT 500

static struct releve_core *core;
static struct releve_actions actions;

static double now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* The action of that type that the event led to; NULL where there is none. How long it took is added to *us. */
static const struct releve_action *step(struct releve_event event, enum releve_action_type type, double *us)
{
    double begin = now_us();
    event.civil = releve_paris_midnight(TODAY) + 12 * RELEVE_HOUR_MS;
    releve_core_step(core, &event, &actions);
    *us += now_us() - begin;
    for (size_t i = 0; i < actions.count; i++)
        if (actions.items[i].type == type)
            return &actions.items[i];
    return NULL;
}

static void fill(unsigned jobs)
{
    double ignored = 0;
    for (unsigned i = 0; i < jobs; i++) {
        struct releve_job job = {.prm = FIRST_PRM + i, .span = {TODAY - DAYS, TODAY}, .class_ = RELEVE_NORMAL};
        struct releve_coverage coverage;
        releve_coverage_init(&coverage, job.span);
        const struct releve_action *begin =
            step((struct releve_event){.type = RELEVE_EVENT_JOB, .job = &job}, RELEVE_ACTION_BEGIN, &ignored);
        struct releve_event known = {
            .type = RELEVE_EVENT_KNOWN, .handle = begin->handle, .coverage = &coverage, .facts = &releve_facts_unknown};
        (void)step(known, RELEVE_ACTION_ASK, &ignored);
    }
    struct releve_answer token = {.verdict = RELEVE_TOKEN, .expires_in_s = 12600};
    (void)step((struct releve_event){.type = RELEVE_EVENT_PERMIT}, RELEVE_ACTION_SEND_TOKEN, &ignored);
    (void)step((struct releve_event){.type = RELEVE_EVENT_TOKEN, .answer = &token}, RELEVE_ACTION_ASK, &ignored);
}

static void answer(const struct releve_action *send, double *us)
{
    static struct releve_reading readings[RELEVE_JOB_DAYS_MAX];
    struct releve_answer answer = {.verdict = RELEVE_DATA, .readings = readings};
    releve_handle handle = send->handle;
    for (releve_day day = send->span.first; day < send->span.end; day++)
        readings[answer.readings_count++] = (struct releve_reading){.day = day, .complete = true};
    (void)step((struct releve_event){.type = RELEVE_EVENT_ANSWER, .handle = handle, .answer = &answer},
               RELEVE_ACTION_STORE, us);
    (void)step((struct releve_event){.type = RELEVE_EVENT_STORED, .handle = handle}, RELEVE_ACTION_ASK, us);
}

static void measure(unsigned jobs, unsigned rounds)
{
    const struct releve_core_options options = {.concurrency = 16, .days_min = 1, .buckets_count = 1, .seed = 1};
    double permit_us = 0, answer_us = 0;
    core = releve_core_new(&options);
    fill(jobs);
    for (unsigned i = 0; i < rounds; i++) {
        const struct releve_action *claim =
            step((struct releve_event){.type = RELEVE_EVENT_PERMIT}, RELEVE_ACTION_CLAIM, &permit_us);
        assert(claim != NULL);
        struct releve_event claimed = {.type = RELEVE_EVENT_CLAIMED, .handle = claim->handle};
        answer(step(claimed, RELEVE_ACTION_SEND, &permit_us), &answer_us);
    }
    printf("%4u jobs: a permit is used, its days are claimed, it is sent %15.1f us\n", jobs, permit_us / rounds);
    printf("%4u jobs: an answer of 365 days is judged and stored        %15.1f us\n", jobs, answer_us / rounds);
    releve_core_free(core);
}

int main(int argc, char **argv)
{
    unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : ROUNDS_DEFAULT;
    if (rounds < 1 || rounds > ROUNDS_DEFAULT) {
        fprintf(stderr, "usage: core [ROUNDS], 1 to %d\n", ROUNDS_DEFAULT);
        return 2;
    }
    measure(128, (unsigned)(rounds < 128 ? rounds : 128));
    measure(RELEVE_CORE_JOBS_MAX, (unsigned)rounds);
    releve_actions_free(&actions);
    return 0;
}
