/* releve enqueue: puts the jobs of a selection into the queue, for workers. */
#include "command.h"
#include "lookup.h"
#include "preflight.h"
#include "selection.h"
#include <adapters/redis/queue.h>
#include <engine/runtime/clock.h>
#include <stdio.h>
#include <string.h>

#define AT_ONCE 256 /* jobs on their way to Redis */

struct enqueue {
    struct releve_selection selection;
    struct releve_config config;
    enum releve_class class_;
    bool refresh, json, preflight;
    char reply_to[RELEVE_REPLY_TO_BYTES];
    struct releve_lookup lookup;
    size_t next, under_way;
};

/* A job on its way. */
struct parcel {
    struct enqueue *enqueue;
    struct releve_job job;
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

static void on_queued(void *data, const struct releve_error *error)
{
    struct parcel *parcel = data;
    struct enqueue *enqueue = parcel->enqueue;
    enqueue->under_way--;
    if (error->code != RELEVE_OK) {
        releve_lookup_end(&enqueue->lookup, error);
        return;
    }
    print_job(enqueue, &parcel->job);
    send_next(parcel);
}

static void send_next(struct parcel *parcel)
{
    struct enqueue *enqueue = parcel->enqueue;
    struct releve_job *job = &parcel->job;
    *job = (struct releve_job){.class_ = enqueue->class_, .refresh = enqueue->refresh};
    if (enqueue->lookup.ended)
        return;
    if (!releve_selection_job(&enqueue->selection, enqueue->next, job)) {
        if (enqueue->under_way == 0)
            releve_lookup_end(&enqueue->lookup, NULL);
        return;
    }
    enqueue->next++;
    enqueue->under_way++;
    releve_job_id_new(job->id);
    (void)snprintf(job->reply_to, sizeof job->reply_to, "%s", enqueue->reply_to);
    job->created_at = releve_clock_civil(enqueue->config.today);
    releve_store_enqueue(enqueue->lookup.store, job, on_queued, parcel);
}

static void send_first(void *data)
{
    struct enqueue *enqueue = data;
    for (size_t i = 0; i < AT_ONCE && !enqueue->lookup.ended; i++) {
        parcels[i].enqueue = enqueue;
        send_next(&parcels[i]);
    }
}

static enum releve_code parse_reply_to(struct enqueue *enqueue, const char *value, struct releve_error *error)
{
    size_t length = strlen(value);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)value[i] <= ' ' || (unsigned char)value[i] > '~')
            length = 0;
    if (length == 0 || length >= sizeof enqueue->reply_to)
        return releve_fail(error, RELEVE_E_USAGE,
                           "--reply-to \"%.60s\": the name of a list, 1 to %zu printable characters without blanks",
                           value, sizeof enqueue->reply_to - 1);
    memcpy(enqueue->reply_to, value, length + 1);
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
    default:
        return releve_selection_apply(&enqueue->selection, option, value, error);
    }
}

static const struct option options[] = {
    RELEVE_SELECTION_OPTIONS,
    RELEVE_PREFLIGHT_OPTION,
    {"priority", required_argument, NULL, 'p'},
    {"reply-to", required_argument, NULL, 't'},
    {"refresh", no_argument, NULL, 'r'},
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

static int enqueue_main(int argc, char **argv)
{
    static struct enqueue enqueue = {.class_ = RELEVE_NORMAL};
    struct releve_error error = {0};
    int wrong = releve_command_parse("enqueue", argc, argv, options, apply_option, &enqueue);
    if (wrong != 0)
        return wrong;
    if (releve_config_load(&enqueue.config, enqueue.preflight, &error) != RELEVE_OK ||
        releve_config_check_kinds(&enqueue.config, enqueue.selection.kinds, &error) != RELEVE_OK ||
        releve_selection_close(&enqueue.selection, releve_config_today(&enqueue.config), &error) != RELEVE_OK ||
        (enqueue.preflight && releve_preflight_run(&enqueue.config, &enqueue.selection, &error) != RELEVE_OK) ||
        (releve_selection_jobs(&enqueue.selection) > 0 &&
         releve_lookup_run(&enqueue.lookup, &enqueue.config, true, send_first, &enqueue, &error) != RELEVE_OK))
        return releve_command_fail(&error);
    releve_selection_free(&enqueue.selection);
    return releve_command_flush(0);
}

const struct releve_command releve_command_enqueue = {
    .name = "enqueue",
    .summary = "put the jobs of a selection into the queue, for workers",
    .help =
        "SELECTION [OPTION]...\n"
        "\n"
        "Puts one job for each usage point and kind into the queue, and prints the job ids, one a line. Workers run\n"
        "them; results come to releve:job:<id>, the stream releve:results and the list of --reply-to.\n"
        "\n" RELEVE_SELECTION_HELP "\noptions:\n"
        "  --priority high|normal|low  which queue (default normal)\n"
        "  --reply-to LIST    a Redis list that gets each result\n"
        "  --refresh          ask again for days that are known too, for kinds that a usage point lacks and after\n"
        "                     refusals\n" RELEVE_PREFLIGHT_HELP
        "  --json             one JSON object a job instead of its id\n",
    .run = enqueue_main,
};
