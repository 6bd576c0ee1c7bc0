/* releve plan: what a backfill would cost, before anybody commits to it. Reads Redis, sends nothing upstream. */
#include "command.h"
#include "lookup.h"
#include "progress.h"
#include "selection.h"
#include <adapters/enedis/enedis.h>
#include <engine/runtime/bucket.h>
#include <engine/runtime/clock.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LOOKUPS_AT_ONCE 32 /* questions to Redis under way */

struct total {
    uint64_t jobs, requests, days, known;
};

struct plan {
    struct releve_selection selection;
    struct releve_config config;
    bool json;
    struct releve_lookup lookup;
    releve_day today;
    const struct releve_dialect *dialect;
    releve_time makespan_ms;
    size_t next, under_way;
    struct total kinds[RELEVE_MEASURES], all;
};

/* The question to Redis that a slot has under way. */
struct question {
    struct plan *plan;
    struct releve_job job;
};

static struct question questions[LOOKUPS_AT_ONCE];

static void count(struct total *total, const struct releve_cost *cost)
{
    total->jobs++;
    total->requests += (uint64_t)cost->requests;
    total->days += (uint64_t)cost->days;
    total->known += (uint64_t)cost->known;
}

static void on_known(void *data, const struct releve_error *error, const struct releve_coverage *coverage,
                     const struct releve_point_facts *facts);

/* One request more where the token request counts in the same bucket. */
static void compute_makespan(struct plan *plan, const releve_time *over_ms, size_t count)
{
    const char *family = plan->dialect->families[RELEVE_DAILY_CONSUMPTION];
    uint64_t requests = plan->all.requests;
    if (requests > 0 && strcmp(family, plan->dialect->token_family) == 0)
        requests++;
    plan->makespan_ms = releve_quota_makespan_ms(&plan->config.quota, requests, 0, over_ms, count);
}

static void on_permits(void *data, const struct releve_error *error, const releve_time *over_ms, size_t count)
{
    struct plan *plan = data;
    if (error->code == RELEVE_OK)
        compute_makespan(plan, over_ms, count);
    releve_lookup_end(&plan->lookup, error);
}

/* All jobs are counted. Asks how much of the quota is used already; without a CLIENT_ID it is not known whose quota. */
static void ask_ledger(struct plan *plan)
{
    if (plan->config.client_id[0] == '\0') {
        compute_makespan(plan, NULL, 0);
        releve_lookup_end(&plan->lookup, NULL);
        return;
    }
    char bucket[RELEVE_BUCKET_BYTES];
    releve_bucket_name(plan->dialect->families[RELEVE_DAILY_CONSUMPTION], plan->config.client_id, bucket);
    releve_store_bucket_permits(plan->lookup.store, bucket, &plan->config.quota, on_permits, plan);
}

static void ask_next(struct question *question)
{
    struct plan *plan = question->plan;
    question->job = (struct releve_job){0};
    if (releve_selection_job(&plan->selection, plan->next, &question->job)) {
        plan->next++;
        plan->under_way++;
        releve_store_begin(plan->lookup.store, &question->job, releve_clock_civil(plan->config.today), on_known,
                           question);
    } else if (plan->under_way == 0) {
        ask_ledger(plan);
    }
}

static void on_known(void *data, const struct releve_error *error, const struct releve_coverage *coverage,
                     const struct releve_point_facts *facts)
{
    struct question *question = data;
    struct plan *plan = question->plan;
    plan->under_way--;
    if (error->code != RELEVE_OK) {
        releve_lookup_end(&plan->lookup, error);
        return;
    }
    struct releve_cost cost = releve_plan_cost(&question->job, coverage, facts, plan->today, plan->dialect->days_min);
    count(&plan->kinds[question->job.kind], &cost);
    count(&plan->all, &cost);
    ask_next(question);
}

static void ask_first(void *data)
{
    struct plan *plan = data;
    for (size_t i = 0; i < LOOKUPS_AT_ONCE && !plan->lookup.ended; i++) {
        questions[i].plan = plan;
        ask_next(&questions[i]);
    }
}

static void print_table(const struct plan *plan)
{
    char quota[RELEVE_QUOTA_TEXT], duration[RELEVE_DURATION_TEXT];
    releve_quota_format(&plan->config.quota, quota);
    releve_duration_format(plan->makespan_ms, duration);
    printf("%-28s %9s %12s %12s %10s\n", "kind", "jobs", "days known", "days to ask", "requests");
    for (int kind = 0; kind <= RELEVE_MEASURES; kind++) {
        const struct total *row = kind < RELEVE_MEASURES ? &plan->kinds[kind] : &plan->all;
        if (row->jobs > 0)
            printf("%-28s %9" PRIu64 " %12" PRIu64 " %12" PRIu64 " %10" PRIu64 "\n",
                   kind < RELEVE_MEASURES ? releve_kind_facts((enum releve_kind)kind)->name : "all", row->jobs,
                   row->known, row->days, row->requests);
    }
    printf(
        "\nUnder the quota %s, and with what is used of it now, the last request leaves in %s at the earliest.\n"
        "A meter whose activation is not known yet may cost fewer requests, and up to 9 more to find its first day.\n",
        quota, duration);
}

static void print_json(const struct plan *plan)
{
    char seconds[32] = "null";
    if (plan->makespan_ms != RELEVE_TIME_NEVER)
        (void)snprintf(seconds, sizeof seconds, "%.3f", (double)plan->makespan_ms / 1000.0);
    printf("{\"usage_points\":%zu,\"jobs\":%" PRIu64 ",\"days_known\":%" PRIu64 ",\"days\":%" PRIu64
           ",\"requests\":%" PRIu64 ",\"seconds\":%s,\"kinds\":{",
           plan->selection.prms_count, plan->all.jobs, plan->all.known, plan->all.days, plan->all.requests, seconds);
    const char *comma = "";
    for (int kind = 0; kind < RELEVE_MEASURES; kind++) {
        const struct total *row = &plan->kinds[kind];
        if (row->jobs == 0)
            continue;
        printf("%s\"%s\":{\"jobs\":%" PRIu64 ",\"days_known\":%" PRIu64 ",\"days\":%" PRIu64 ",\"requests\":%" PRIu64
               "}",
               comma, releve_kind_facts((enum releve_kind)kind)->name, row->jobs, row->known, row->days, row->requests);
        comma = ",";
    }
    printf("}}\n");
}

static const struct option options[] = {
    RELEVE_SELECTION_OPTIONS,
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

static enum releve_code apply_option(void *data, int option, const char *value, struct releve_error *error)
{
    struct plan *plan = data;
    if (option != 'j')
        return releve_selection_apply(&plan->selection, option, value, error);
    plan->json = true;
    return RELEVE_OK;
}

static int plan_main(int argc, char **argv)
{
    static struct plan plan;
    struct releve_error error = {0};
    int wrong = releve_command_parse("plan", argc, argv, options, apply_option, &plan);
    if (wrong != 0)
        return wrong;
    if (releve_config_load(&plan.config, false, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    plan.today = releve_config_today(&plan.config);
    plan.dialect = plan.config.api == RELEVE_API_V5 ? &releve_dialect_v5 : &releve_dialect_2026;
    if (releve_selection_close(&plan.selection, plan.today, &error) != RELEVE_OK ||
        (releve_selection_jobs(&plan.selection) > 0 &&
         releve_lookup_run(&plan.lookup, &plan.config, true, ask_first, &plan, &error) != RELEVE_OK))
        return releve_command_fail(&error);
    (plan.json ? print_json : print_table)(&plan);
    releve_selection_free(&plan.selection);
    return releve_command_flush(0);
}

const struct releve_command releve_command_plan = {
    .name = "plan",
    .summary = "what a backfill would cost: requests, days, time under the quota",
    .help = "SELECTION [--json]\n"
            "\n"
            "Says how many requests a backfill of the same selection would send, and the time that the quota imposes.\n"
            "Counts what Redis holds already as free. Sends nothing.\n"
            "\n" RELEVE_SELECTION_HELP "\noptions:\n"
            "  --json             one JSON object on standard output\n",
    .run = plan_main,
};
