/* releve enqueue: puts the jobs of a selection into the queue, for workers; with --missing, of what a run would ask
 * for. */
#include "command.h"
#include "lookup.h"
#include "preflight.h"
#include "selection.h"
#include "survey.h"
#include <adapters/redis/job_json.h>
#include <adapters/redis/queue.h>
#include <engine/runtime/clock.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define AT_ONCE 256 /* jobs on their way to Redis */

struct enqueue {
    struct releve_selection selection;
    struct releve_config config;
    enum releve_class class_;
    bool refresh, json, preflight, missing;
    char reply_to[RELEVE_REPLY_TO_BYTES];
    struct releve_lookup lookup;
    size_t next, under_way;
    struct releve_survey survey; /* with --missing ... */
    uint64_t queued, days;       /* ... jobs, and the days that they are to ask for ... */
    uint64_t settled, waiting;   /* ... and series with nothing to ask now, or with such a job that has not ended */
};

/* A job on its way. */
struct parcel {
    struct enqueue *enqueue;
    struct releve_job job;
    bool sent; /* and not confirmed: it may be in the queue or not */
};

static struct parcel parcels[AT_ONCE];

static void send_next(struct parcel *parcel);

static void print_job(const struct enqueue *enqueue, const struct releve_job *job)
{
    if (!enqueue->json) {
        puts(job->id);
        return;
    }
    char start[RELEVE_DAY_TEXT], end[RELEVE_DAY_TEXT];
    releve_day_format(job->span.first, start);
    releve_day_format(job->span.end, end);
    printf("{\"id\":\"%s\",\"prm\":\"" RELEVE_PRM_FORMAT "\",\"kind\":\"%s\",\"start\":\"%s\",\"end\":\"%s\"}\n",
           job->id, job->prm, releve_kind_facts(job->kind)->name, start, end);
}

/* What the command line says of each job. */
static void address(const struct enqueue *enqueue, struct releve_job *job)
{
    releve_job_id_new(job->id);
    job->class_ = enqueue->class_;
    job->refresh = enqueue->refresh;
    job->created_at = releve_clock_civil(enqueue->config.today);
    (void)snprintf(job->reply_to, sizeof job->reply_to, "%s", enqueue->reply_to);
}

static void on_queued(void *data, const struct releve_error *error, bool queued)
{
    struct parcel *parcel = data;
    struct enqueue *enqueue = parcel->enqueue;
    (void)queued; /* the id is new */
    enqueue->under_way--;
    if (error->code != RELEVE_OK) {
        releve_lookup_end(&enqueue->lookup, error);
        return;
    }
    parcel->sent = false;
    print_job(enqueue, &parcel->job);
    send_next(parcel);
}

static void send_next(struct parcel *parcel)
{
    struct enqueue *enqueue = parcel->enqueue;
    struct releve_job *job = &parcel->job;
    *job = (struct releve_job){0};
    if (enqueue->lookup.ended)
        return;
    if (!releve_selection_job(&enqueue->selection, enqueue->next, job)) {
        if (enqueue->under_way == 0)
            releve_lookup_end(&enqueue->lookup, NULL);
        return;
    }
    enqueue->next++;
    enqueue->under_way++;
    address(enqueue, job);
    parcel->sent = true;
    releve_store_enqueue(enqueue->lookup.store, job, RELEVE_ENQUEUE_ALWAYS, on_queued, parcel);
}

static void send_first(void *data)
{
    struct enqueue *enqueue = data;
    for (size_t i = 0; i < AT_ONCE && !enqueue->lookup.ended; i++) {
        parcels[i].enqueue = enqueue;
        send_next(&parcels[i]);
    }
}

/* --- only what is missing ---------------------------------------------------------------------------------------- */

static void on_missing_queued(void *data, const struct releve_error *error, bool queued)
{
    struct releve_finding *finding = data;
    struct enqueue *enqueue = finding->survey->data;
    if (error->code != RELEVE_OK) {
        releve_lookup_end(&enqueue->lookup, error);
        return;
    }
    if (queued) {
        releve_lookup_hide(&enqueue->lookup, STDOUT_FILENO);
        print_job(enqueue, &finding->job);
    }
    finding->job.id[0] = '\0'; /* it is confirmed, whatever happens next */
    enqueue->waiting += !queued;
    enqueue->queued += queued;
    enqueue->days += queued ? (uint64_t)finding->cost.days : 0;
    releve_survey_go_on(finding);
}

static void queue_missing(void *data, struct releve_finding *finding, const struct releve_coverage *coverage,
                          const struct releve_point_facts *facts)
{
    struct enqueue *enqueue = data;
    (void)coverage;
    (void)facts;
    if (finding->cost.requests == 0) {
        enqueue->settled++;
        releve_survey_go_on(finding);
        return;
    }
    finding->job.span = finding->cost.asked;
    address(enqueue, &finding->job);
    releve_store_enqueue(enqueue->lookup.store, &finding->job, RELEVE_ENQUEUE_MISSING, on_missing_queued, finding);
}

static void end_missing(void *data)
{
    struct enqueue *enqueue = data;
    releve_lookup_end(&enqueue->lookup, NULL);
}

static void look_for_missing(void *data)
{
    struct enqueue *enqueue = data;
    enqueue->survey = (struct releve_survey){.selection = &enqueue->selection,
                                             .lookup = &enqueue->lookup,
                                             .found = queue_missing,
                                             .done = end_missing,
                                             .data = enqueue};
    releve_survey_begin(&enqueue->survey);
}

static void say_what_was_missing(const struct enqueue *enqueue)
{
    fprintf(stderr,
            "releve: %" PRIu64 " job%s queued for %" PRIu64 " day%s; %" PRIu64
            " series with nothing to ask now, %" PRIu64 " with a job of an earlier --missing that has not ended\n",
            enqueue->queued, enqueue->queued == 1 ? "" : "s", enqueue->days, enqueue->days == 1 ? "" : "s",
            enqueue->settled, enqueue->waiting);
}

/* --- the command -------------------------------------------------------------------------------------------------- */

static enum releve_code parse_reply_to(struct enqueue *enqueue, const char *value, struct releve_error *error)
{
    if (!releve_reply_to_is_legal(value))
        return releve_fail(error, RELEVE_E_USAGE, "--reply-to \"%.60s\": " RELEVE_REPLY_TO_RULE, value);
    (void)snprintf(enqueue->reply_to, sizeof enqueue->reply_to, "%s", value);
    return RELEVE_OK;
}

static enum releve_code apply_option(void *data, int option, const char *value, struct releve_error *error)
{
    struct enqueue *enqueue = data;
    switch (option) {
    case 'p':
        return releve_command_priority(value, &enqueue->class_, error);
    case 't':
        return parse_reply_to(enqueue, value, error);
    case 'r':
        enqueue->refresh = true;
        return RELEVE_OK;
    case 'j':
        enqueue->json = true;
        return RELEVE_OK;
    case 'P':
        enqueue->preflight = true;
        return RELEVE_OK;
    case 'm':
        enqueue->missing = true;
        return RELEVE_OK;
    default:
        return releve_selection_apply(&enqueue->selection, option, value, error);
    }
}

static const struct option options[] = {
    RELEVE_SELECTION_OPTIONS,
    RELEVE_PREFLIGHT_OPTION,
    {"priority", required_argument, NULL, 'p'},
    {"reply-to", required_argument, NULL, 't'},
    {"missing", no_argument, NULL, 'm'},
    {"refresh", no_argument, NULL, 'r'},
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

static void say_unconfirmed(const struct releve_job *job)
{
    fprintf(stderr, "releve: job %s was sent, and may be in the queue\n", job->id);
}

/* Redis gave no answer about these, or one that replicas do not back: whoever says the command again has to know. */
static void say_all_unconfirmed(const struct enqueue *enqueue)
{
    for (size_t i = 0; i < AT_ONCE; i++)
        if (parcels[i].sent)
            say_unconfirmed(&parcels[i].job);
    for (size_t i = 0; i < RELEVE_SURVEY_AT_ONCE; i++)
        if (enqueue->survey.findings[i].job.id[0] != '\0')
            say_unconfirmed(&enqueue->survey.findings[i].job);
}

static enum releve_code queue(struct enqueue *enqueue, struct releve_error *error)
{
    if (releve_selection_jobs(&enqueue->selection) > 0)
        (void)releve_lookup_run(&enqueue->lookup, &enqueue->config, true,
                                enqueue->missing ? look_for_missing : send_first, enqueue, error);
    if (error->code != RELEVE_OK)
        say_all_unconfirmed(enqueue);
    if (enqueue->missing && enqueue->lookup.store != NULL)
        say_what_was_missing(enqueue);
    return error->code;
}

static int enqueue_main(int argc, char **argv)
{
    static struct enqueue enqueue = {.class_ = RELEVE_NORMAL};
    struct releve_error error = {0};
    int wrong = releve_command_parse("enqueue", argc, argv, options, apply_option, &enqueue);
    if (wrong != 0)
        return wrong;
    if (enqueue.missing && enqueue.refresh) {
        releve_fail(&error, RELEVE_E_USAGE, "--missing asks for what is not known, --refresh for all: say one of them");
        return releve_command_fail(&error);
    }
    if (releve_config_load(&enqueue.config, enqueue.preflight, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    enqueue.selection.keep = enqueue.config.keep;
    if (releve_config_check_kinds(&enqueue.config, enqueue.selection.kinds, &error) != RELEVE_OK ||
        releve_selection_close(&enqueue.selection, releve_config_today(&enqueue.config), &error) != RELEVE_OK ||
        (enqueue.preflight && releve_preflight_run(&enqueue.config, &enqueue.selection, &error) != RELEVE_OK) ||
        queue(&enqueue, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    releve_selection_free(&enqueue.selection);
    return releve_command_flush(0);
}

const struct releve_command releve_command_enqueue = {
    .name = "enqueue",
    .summary = "put the jobs of a selection into the queue, for workers",
    .help = "SELECTION [OPTION]...\n"
            "\n"
            "Puts one job for each usage point and kind into the queue, and prints the job\n"
            "ids, one a line. Workers run them; results come to {releve}:job:<id>, the stream\n"
            "{releve}:results and the list of --reply-to. Where Redis goes away, jobs that\n"
            "were sent and not confirmed are named on standard error: look whether\n"
            "{releve}:job:<id> is there before you queue them again.\n"
            "\n" RELEVE_SELECTION_HELP "\noptions:\n"
            "  --priority high|normal|low  which queue (default normal)\n"
            "  --missing          looks into Redis first, and queues a job only where\n"
            "                     something is to be asked now, from the first such day to\n"
            "                     the last: not what is known, not there yet, refused, or\n"
            "                     has such a job that still waits or runs. Says how many on\n"
            "                     standard error\n"
            "  --reply-to LIST    a Redis list that gets each result\n"
            "  --refresh          ask again for days that are known too, for kinds that a\n"
            "                     usage point lacks and after refusals\n" RELEVE_PREFLIGHT_HELP
            "  --json             one JSON object a job instead of its id\n",
    .run = enqueue_main,
};
