/* releve plan: what a backfill would cost, before anybody commits to it. Reads Redis, sends nothing upstream. */
#include "command.h"
#include "day_size.h"
#include "json_fields.h"
#include "lookup.h"
#include "plan_refusals.h"
#include "preflight.h"
#include "progress.h"
#include "selection.h"
#include "survey.h"
#include "terminal.h"
#include <assert.h>
#include <engine/runtime/bucket.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REMARKS_BYTES 512

/* They differ where nobody knows yet whether there is such a kind, and since when. */
enum bound { LEAST, MOST, BOUNDS };

struct total {
    uint64_t jobs, days, known, refused, absent, requests[BOUNDS]; /* absent: there is no such kind */
    uint64_t bytes[2]; /* in Redis: of days that are there, and of those that are to be asked */
};

struct plan {
    struct releve_selection selection;
    struct releve_config config;
    bool json, preflight;
    struct releve_lookup lookup;
    struct releve_terminal terminal;
    releve_day today;
    const struct releve_dialect *dialect;
    uint64_t token_requests;
    uint64_t activation_requests; /* one for each usage point of which a job asks when it was activated */
    uint64_t searched;            /* usage points of which nobody knows where their days begin */
    releve_prm latest_searched;
    releve_time makespan_ms[BOUNDS];
    struct releve_survey survey;
    struct total kinds[RELEVE_KINDS], all;
    struct releve_plan_refusals refusals;
};

static void count(struct total *total, const struct releve_cost *cost, int least, int refused, int absent)
{
    total->jobs++;
    total->requests[LEAST] += (uint64_t)least;
    total->requests[MOST] += (uint64_t)cost->requests;
    total->days += (uint64_t)cost->days;
    total->known += (uint64_t)(cost->known - refused - absent);
    total->refused += (uint64_t)refused;
    total->absent += (uint64_t)absent;
}

/* What its days take in Redis, at most: holes take less. */
static void count_bytes(struct plan *plan, enum releve_kind kind, int asked, const struct releve_coverage *coverage)
{
    int there =
        releve_coverage_count(coverage, RELEVE_DAY_COMPLETE) + releve_coverage_count(coverage, RELEVE_DAY_PARTIAL);
    const uint64_t each = releve_day_size_kept(kind, &plan->config.keep);
    const uint64_t bytes[] = {each * (uint64_t)there, each * (uint64_t)asked};
    for (size_t i = 0; i < 2; i++) {
        plan->kinds[kind].bytes[i] += bytes[i];
        plan->all.bytes[i] += bytes[i];
    }
}

/* How many days are not known and not asked, although nothing but what was learned speaks against it. */
static int count_useless(struct plan *plan, const struct releve_job *job, int asked,
                         const struct releve_coverage *coverage, const struct releve_point_facts *facts, bool *refused)
{
    enum releve_direction which = releve_kind_facts(job->kind)->direction;
    const struct releve_reason *why;
    *refused = releve_facts_standing(facts, job->kind, &why) == RELEVE_STANDING_REFUSED;
    if (*refused)
        releve_plan_refusals_note(&plan->refusals, job, why);
    struct releve_point_facts open = releve_facts_unknown;
    open.directions[which] = facts->directions[which];
    open.directions[which].standing = RELEVE_STANDING_OPEN;
    return releve_plan_cost(job, coverage, &open, plan->today, plan->dialect->days_min).days - asked;
}

/* There is a kind of the same direction before it in the selection. */
static bool is_another_of_direction(const struct plan *plan, enum releve_kind kind)
{
    for (enum releve_kind other = 0; other < kind; other++)
        if ((plan->selection.kinds & RELEVE_KIND_BIT(other)) != 0 &&
            releve_kind_facts(other)->direction == releve_kind_facts(kind)->direction)
            return true;
    return false;
}

/* That there is no such kind, a preflight says for many usage points, else one request for all kinds of its direction.
 */
static int least_of(const struct plan *plan, const struct releve_job *job, const struct releve_cost *cost)
{
    if (cost->sure || cost->requests == 0)
        return cost->requests;
    bool told = plan->dialect->services_family != NULL && plan->selection.prms_count >= RELEVE_PREFLIGHT_POINTS_MIN;
    return told || is_another_of_direction(plan, job->kind) ? 0 : 1;
}

/* Half of a document's requests are supplements, where it has one. */
static uint64_t requests_of_family(const struct plan *plan, const char *family, enum bound bound)
{
    const struct releve_dialect *dialect = plan->dialect;
    uint64_t requests = 0;
    for (enum releve_kind kind = 0; kind < RELEVE_KINDS; kind++) {
        const char *supplement = dialect->supplement_families[kind];
        uint64_t each = plan->kinds[kind].requests[bound] / (supplement != NULL ? 2 : 1);
        if (dialect->families[kind] != NULL && strcmp(dialect->families[kind], family) == 0)
            requests += each;
        if (supplement != NULL && strcmp(supplement, family) == 0)
            requests += each;
    }
    if (dialect->activation_family != NULL && strcmp(dialect->activation_family, family) == 0)
        requests += plan->activation_requests;
    return requests;
}

static uint64_t requests_of_measures(const struct plan *plan)
{
    uint64_t requests = 0;
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++)
        requests += plan->kinds[kind].requests[MOST];
    return requests;
}

/* The slowest quota decides; what is used already is known of that of measures. One request is for the token, and may
 * count in the same bucket. */
static releve_time makespan_of(const struct plan *plan, enum bound bound, const releve_time *over_ms, size_t count)
{
    const struct releve_dialect *dialect = plan->dialect;
    const char *measures = dialect->families[RELEVE_DAILY_CONSUMPTION];
    releve_time longest = 0;
    assert(measures != NULL);
    const char *families[RELEVE_FAMILIES_MAX];
    int families_count = releve_bucket_families(dialect, families);
    for (int i = 0; i < families_count; i++) {
        const char *family = families[i];
        bool used = strcmp(family, measures) == 0;
        uint64_t requests = requests_of_family(plan, family, bound);
        if (strcmp(family, dialect->token_family) == 0)
            requests += plan->token_requests;
        releve_time span =
            releve_quota_makespan_ms(&plan->config.quota, requests, 0, used ? over_ms : NULL, used ? count : 0);
        longest = span > longest ? span : longest;
    }
    return longest;
}

static void compute_makespan(struct plan *plan, const releve_time *over_ms, size_t count)
{
    plan->token_requests = plan->all.requests[MOST] > 0 && plan->config.api != RELEVE_API_CONSO;
    for (enum bound bound = LEAST; bound <= MOST; bound++)
        plan->makespan_ms[bound] = makespan_of(plan, bound, over_ms, count);
}

static void on_permits(void *data, const struct releve_error *error, const releve_time *over_ms, size_t count)
{
    struct plan *plan = data;
    if (error->code == RELEVE_OK)
        compute_makespan(plan, over_ms, count);
    releve_lookup_end(&plan->lookup, error);
}

/* All jobs are counted. Asks how much of the quota is used already; without a CLIENT_ID it is not known whose quota. */
static void ask_ledger(void *data)
{
    struct plan *plan = data;
    if (plan->config.client_id[0] == '\0') {
        compute_makespan(plan, NULL, 0);
        releve_lookup_end(&plan->lookup, NULL);
        return;
    }
    char bucket[RELEVE_BUCKET_BYTES];
    releve_bucket_name(plan->dialect->families[RELEVE_DAILY_CONSUMPTION], plan->config.client_id, bucket);
    releve_store_bucket_permits(plan->lookup.store, bucket, &plan->config.quota, on_permits, plan);
}

/* Kinds of one usage point come one after the other. */
static void count_search(struct plan *plan, const struct releve_job *job, const struct releve_coverage *coverage,
                         const struct releve_point_facts *facts)
{
    const struct releve_direction_facts *direction = &facts->directions[releve_kind_facts(job->kind)->direction];
    bool open = releve_facts_standing(facts, job->kind, NULL) == RELEVE_STANDING_OPEN;
    if (plan->latest_searched == job->prm || !open || !releve_floor_is_bottomless(&direction->activation) ||
        !releve_plan_is_deep(job, coverage, plan->today))
        return;
    plan->latest_searched = job->prm;
    plan->searched++;
    plan->activation_requests += plan->dialect->activation_family != NULL;
}

static void count_series(void *data, struct releve_finding *finding, const struct releve_coverage *coverage,
                         const struct releve_point_facts *facts)
{
    struct plan *plan = data;
    const struct releve_job *job = &finding->job;
    struct releve_cost cost = finding->cost;
    if (plan->dialect->supplement_families[job->kind] != NULL)
        cost.requests *= 2;
    if (cost.requests > 0)
        count_search(plan, job, coverage, facts);
    bool is_refused;
    int useless = count_useless(plan, job, cost.days, coverage, facts, &is_refused);
    int refused = is_refused ? useless : 0, absent = is_refused ? 0 : useless;
    int least = least_of(plan, job, &cost);
    count(&plan->kinds[job->kind], &cost, least, refused, absent);
    count(&plan->all, &cost, least, refused, absent);
    count_bytes(plan, job->kind, cost.days, coverage);
    releve_survey_go_on(finding);
}

static void look(void *data)
{
    struct plan *plan = data;
    plan->survey = (struct releve_survey){.selection = &plan->selection,
                                          .lookup = &plan->lookup,
                                          .found = count_series,
                                          .done = ask_ledger,
                                          .data = plan};
    releve_survey_begin(&plan->survey);
}

static void print_row(const char *name, const struct total *total)
{
    char requests[48];
    if (total->requests[LEAST] < total->requests[MOST])
        (void)snprintf(requests, sizeof requests, "%" PRIu64 "-%" PRIu64, total->requests[LEAST],
                       total->requests[MOST]);
    else
        (void)snprintf(requests, sizeof requests, "%" PRIu64, total->requests[MOST]);
    printf("%-27s %6" PRIu64 " %11" PRIu64 " %9" PRIu64 " %9" PRIu64 " %12s\n", name, total->jobs, total->known,
           total->refused + total->absent, total->days, requests);
}

/* What the figures do not say; "" where they say it all. */
static void format_remarks(const struct plan *plan, char out[REMARKS_BYTES])
{
    const char *kinds = "", *search = "", *documents = "";
    if (plan->all.requests[LEAST] < plan->all.requests[MOST])
        kinds = plan->preflight || plan->dialect->services_family == NULL
                    ? " The least is for kinds that a usage point does not have."
                    : " The least is for kinds that a usage point does not have: with --preflight, upstream is asked "
                      "first which those are.";
    if (plan->searched > 0 && plan->dialect->activation_family == NULL)
        search = " To find the first day of a meter whose activation is not known yet may cost up to 9 more.";
    else if (plan->searched > 0)
        search = " When a meter was activated is asked for first, under a quota of its own; where that API is not "
                 "subscribed, up to 9 more find the first day.";
    if (plan->all.requests[MOST] > requests_of_measures(plan))
        documents = " Documents may come with another one's answer, and cost fewer.";
    (void)snprintf(out, REMARKS_BYTES, "%s%s%s", kinds, search, documents);
}

/* Without a CLIENT_ID it is not known whose quota it is. */
static const char *used_of(const struct plan *plan)
{
    return plan->config.client_id[0] != '\0' ? "with what is used of it now"
                                             : "as if nothing of it were used (CLIENT_ID is not set)";
}

static void print_end(const struct plan *plan)
{
    char quota[RELEVE_QUOTA_TEXT], duration[RELEVE_DURATION_TEXT], least[RELEVE_DURATION_TEXT];
    char remarks[REMARKS_BYTES], text[2 * REMARKS_BYTES];
    bool sure = plan->makespan_ms[LEAST] == plan->makespan_ms[MOST];
    releve_quota_format(&plan->config.quota, quota);
    releve_duration_format(plan->makespan_ms[MOST], duration);
    releve_duration_format(plan->makespan_ms[LEAST], least);
    format_remarks(plan, remarks);
    (void)snprintf(text, sizeof text,
                   "Under the quota %s, and %s, the last request leaves in %s%s%s at the earliest.%s", quota,
                   used_of(plan), sure ? "" : least, sure ? "" : " to ", duration, remarks);
    putchar('\n');
    releve_terminal_wrap(stdout, text, 0, 0, plan->terminal.text_columns);
}

static void print_size(const struct plan *plan)
{
    char there[RELEVE_DAY_SIZE_TEXT], more[RELEVE_DAY_SIZE_TEXT], text[REMARKS_BYTES];
    releve_day_size_format(plan->all.bytes[0], there);
    releve_day_size_format(plan->all.bytes[1], more);
    (void)snprintf(text, sizeof text,
                   "In Redis its days take %s at most, a load curve counted as of PT30M; those that are there already "
                   "take %s.",
                   more, there);
    releve_terminal_wrap(stdout, text, 0, 0, plan->terminal.text_columns);
}

/* Of the kinds that are asked for: how long they are kept, where that is not for ever. */
static struct releve_keep keep_of(const struct plan *plan)
{
    struct releve_keep keep = plan->config.keep;
    for (enum releve_kind kind = 0; kind < RELEVE_KINDS; kind++)
        if (plan->kinds[kind].jobs == 0)
            keep.days[kind] = 0;
    return keep;
}

static void print_keep(const struct plan *plan)
{
    char keep[RELEVE_KEEP_TEXT], text[RELEVE_KEEP_TEXT + 80];
    const struct releve_keep of = keep_of(plan);
    releve_keep_format(&of, keep);
    (void)snprintf(text, sizeof text, "RELEVE_KEEP %s: what is older is not asked for.", keep);
    if (keep[0] != '\0')
        releve_terminal_wrap(stdout, text, 0, 0, plan->terminal.text_columns);
}

static void print_table(const struct plan *plan)
{
    printf("%-27s %6s %11s %9s %9s %12s\n", "kind", "jobs", "days: known", "refused", "to ask", "requests");
    for (enum releve_kind kind = 0; kind < RELEVE_KINDS; kind++)
        if (plan->kinds[kind].jobs > 0)
            print_row(releve_kind_facts(kind)->name, &plan->kinds[kind]);
    struct total all = plan->all;
    for (enum bound bound = LEAST; bound <= MOST; bound++)
        all.requests[bound] += plan->token_requests + plan->activation_requests;
    if (plan->activation_requests > 0)
        printf("%-27s %51" PRIu64 "\n", "activation", plan->activation_requests);
    if (plan->token_requests > 0)
        printf("%-27s %51" PRIu64 "\n", "token", plan->token_requests);
    print_row("all", &all);
    if (all.absent > 0)
        printf("(refused: %" PRIu64 " of these days are of kinds that a usage point does not have)\n", all.absent);
    if (plan->all.requests[MOST] == 0)
        puts("\nNothing is to be asked now.");
    else
        print_end(plan);
    if (plan->all.bytes[1] > 0)
        print_size(plan);
    print_keep(plan);
    releve_plan_refusals_print(&plan->refusals, plan->terminal.text_columns);
}

static cJSON *total_json(const struct total *total)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "jobs", (double)total->jobs);
    cJSON_AddNumberToObject(json, "days_known", (double)total->known);
    cJSON_AddNumberToObject(json, "days_refused", (double)total->refused);
    cJSON_AddNumberToObject(json, "days_not_applicable", (double)total->absent);
    cJSON_AddNumberToObject(json, "days", (double)total->days);
    cJSON_AddNumberToObject(json, "requests", (double)total->requests[MOST]);
    cJSON_AddNumberToObject(json, "requests_least", (double)total->requests[LEAST]);
    cJSON_AddNumberToObject(json, "bytes_there", (double)total->bytes[0]);
    cJSON_AddNumberToObject(json, "bytes", (double)total->bytes[1]);
    return json;
}

static void print_json(const struct plan *plan)
{
    cJSON *json = total_json(&plan->all);
    cJSON_AddNumberToObject(json, "token_requests", (double)plan->token_requests);
    cJSON_AddNumberToObject(json, "activation_requests", (double)plan->activation_requests);
    cJSON_AddNumberToObject(json, "usage_points", (double)plan->selection.prms_count);
    static const char *const names[] = {[LEAST] = "seconds_least", [MOST] = "seconds"};
    for (enum bound bound = LEAST; bound <= MOST; bound++) {
        if (plan->makespan_ms[bound] == RELEVE_TIME_NEVER)
            cJSON_AddNullToObject(json, names[bound]);
        else
            cJSON_AddNumberToObject(json, names[bound], (double)plan->makespan_ms[bound] / 1000.0);
    }
    cJSON *kinds = cJSON_AddObjectToObject(json, "kinds");
    for (enum releve_kind kind = 0; kind < RELEVE_KINDS; kind++)
        if (plan->kinds[kind].jobs > 0)
            cJSON_AddItemToObject(kinds, releve_kind_facts(kind)->name, total_json(&plan->kinds[kind]));
    const struct releve_keep keep = keep_of(plan);
    cJSON *kept = cJSON_AddObjectToObject(json, "keep_days");
    for (enum releve_kind kind = 0; kind < RELEVE_KINDS; kind++)
        if (keep.days[kind] > 0)
            cJSON_AddNumberToObject(kept, releve_kind_facts(kind)->name, keep.days[kind]);
    releve_plan_refusals_add(json, &plan->refusals);
    releve_json_print(json);
}

static const struct option options[] = {
    RELEVE_SELECTION_OPTIONS,
    RELEVE_PREFLIGHT_OPTION,
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

static enum releve_code apply_option(void *data, int option, const char *value, struct releve_error *error)
{
    struct plan *plan = data;
    switch (option) {
    case 'j':
        plan->json = true;
        return RELEVE_OK;
    case 'P':
        plan->preflight = true;
        return RELEVE_OK;
    default:
        return releve_selection_apply(&plan->selection, option, value, error);
    }
}

static int plan_main(int argc, char **argv)
{
    static struct plan plan;
    struct releve_error error = {0};
    int wrong = releve_command_parse("plan", argc, argv, options, apply_option, &plan);
    if (wrong != 0)
        return wrong;
    if (releve_config_load(&plan.config, plan.preflight, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    plan.today = releve_config_today(&plan.config);
    plan.dialect = releve_config_dialect(&plan.config);
    plan.selection.keep = plan.config.keep;
    if (releve_config_check_kinds(&plan.config, plan.selection.kinds, &error) != RELEVE_OK ||
        releve_selection_close(&plan.selection, plan.today, &error) != RELEVE_OK ||
        (plan.preflight && releve_preflight_run(&plan.config, &plan.selection, &error) != RELEVE_OK) ||
        (releve_selection_jobs(&plan.selection) > 0 &&
         releve_lookup_run(&plan.lookup, &plan.config, true, look, &plan, &error) != RELEVE_OK))
        return releve_command_fail(&error);
    plan.terminal = releve_terminal_look(STDOUT_FILENO);
    (plan.json ? print_json : print_table)(&plan);
    releve_selection_free(&plan.selection);
    return releve_command_flush(0);
}

const struct releve_command releve_command_plan = {
    .name = "plan",
    .summary = "what a backfill would cost: requests, time under the quota, Redis",
    .help = "SELECTION [--preflight] [--json]\n"
            "\n"
            "Says how many requests a backfill of the same selection would send, the time\n"
            "that the quota imposes, and how much Redis its days take. What Redis holds costs\n"
            "nothing, and what upstream refused lately, or said that there is none of, is not\n"
            "asked. Sends nothing, unless with --preflight.\n"
            "\n" RELEVE_SELECTION_HELP "\noptions:\n" RELEVE_PREFLIGHT_HELP
            "  --json             one JSON object on standard output: usage_points, jobs,\n"
            "                     days (to ask), days_known, days_refused,\n"
            "                     days_not_applicable, requests (the most, without\n"
            "                     token_requests and activation_requests), requests_least,\n"
            "                     bytes (that the days to ask take in Redis, at most),\n"
            "                     bytes_there, seconds, seconds_least, the same of each of\n"
            "                     its kinds, keep_days (of kinds that RELEVE_KEEP names),\n"
            "                     refused_count, and refused: what is refused\n"
            "                     (prm, direction, code, message, since, until), at most 24\n",
    .run = plan_main,
};
