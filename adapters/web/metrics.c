/* See metrics.h. All samples of a metric stand together, below its help and its type. */
#include "metrics.h"
#include <inttypes.h>
#include <releve/quota.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define FIGURE_MAX 1e15 /* of what is counted: a double holds it to the last digit */
#define SECOND_US 1e6
#define SECOND_MS 1e3
#define LABEL_CHARACTERS_MAX 64

/* --- samples ------------------------------------------------------------------------------------------------------ */

static void begin(struct releve_text *out, const char *name, const char *type, const char *help)
{
    releve_text_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void gauge(struct releve_text *out, const char *name, const char *help, double value)
{
    begin(out, name, "gauge", help);
    releve_text_format(out, "%s %.15g\n", name, value);
}

/* --- what goes on ------------------------------------------------------------------------------------------------ */

static const cJSON *member_of(const cJSON *json, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(json, name);
}

static double figure_of(const cJSON *json, const char *name)
{
    const cJSON *item = member_of(json, name);
    double figure = cJSON_IsNumber(item) && item->valuedouble > 0 ? item->valuedouble : 0;
    return figure < FIGURE_MAX ? figure : FIGURE_MAX;
}

/* The length of a window: "1h". */
static const char *window_of(const cJSON *window, char out[RELEVE_QUOTA_TEXT])
{
    struct releve_quota one = {1, {{.limit = 1, .span_ms = (releve_time)figure_of(window, "ms")}}};
    releve_quota_format(&one, out);
    const char *slash = strchr(out, '/');
    return slash != NULL ? slash + 1 : "";
}

enum measure { LIMIT, USED, LEFT };

static double measure_of(const cJSON *window, enum measure measure)
{
    double limit = figure_of(window, "limit"), used = figure_of(window, "used");
    return measure == LIMIT ? limit : measure == USED ? used : used < limit ? limit - used : 0;
}

/* A quota may have two limits of one length: one sample stands for both. */
static bool is_first_of_its_length(const cJSON *windows, const cJSON *window)
{
    const cJSON *first = windows->child;
    while (figure_of(first, "ms") != figure_of(window, "ms"))
        first = first->next;
    return first == window;
}

static void write_windows(struct releve_text *out, const cJSON *status, enum measure measure, const char *name,
                          const char *help)
{
    const cJSON *bucket, *window;
    begin(out, name, "gauge", help);
    cJSON_ArrayForEach(bucket, member_of(status, "quota"))
        cJSON_ArrayForEach(window, member_of(bucket, "windows")) {
            char length[RELEVE_QUOTA_TEXT];
            if (is_first_of_its_length(member_of(bucket, "windows"), window))
                releve_text_format(out, "%s{api=\"%s\",window=\"%s\"} %.15g\n", name,
                                   cJSON_GetStringValue(member_of(bucket, "bucket")), window_of(window, length),
                                   measure_of(window, measure));
        }
}

static void write_bucket_times(struct releve_text *out, const cJSON *status, const char *member, const char *name,
                               const char *help)
{
    const cJSON *bucket;
    begin(out, name, "gauge", help);
    cJSON_ArrayForEach(bucket, member_of(status, "quota"))
        releve_text_format(out, "%s{api=\"%s\"} %.15g\n", name, cJSON_GetStringValue(member_of(bucket, "bucket")),
                           figure_of(bucket, member) / SECOND_MS);
}

static void write_quota(struct releve_text *out, const cJSON *status)
{
    write_windows(out, status, LIMIT, "releve_quota_limit_requests",
                  "Requests that a window of the quota of an API may hold.");
    write_windows(out, status, USED, "releve_quota_used_requests",
                  "Permits that count in the window now, whoever has them.");
    write_windows(out, status, LEFT, "releve_quota_left_requests", "Permits that the window has room for now.");
    write_bucket_times(out, status, "next_ms", "releve_quota_next_permit_seconds",
                       "Until the ledger grants the next permit; 0: it grants one now.");
    write_bucket_times(out, status, "closed_ms", "releve_quota_closed_seconds",
                       "Until the API is asked again after upstream has said that its quota is used up.");
}

static void write_queues(struct releve_text *out, const struct releve_metrics *metrics)
{
    const cJSON *queues = member_of(metrics->status, "queues"), *oldest = member_of(metrics->status, "oldest");
    begin(out, "releve_queue_jobs", "gauge", "Messages that wait in a queue.");
    for (enum releve_class class_ = 0; class_ < RELEVE_CLASSES; class_++)
        releve_text_format(out, "releve_queue_jobs{class=\"%s\"} %.15g\n", releve_class_name(class_),
                           figure_of(queues, releve_class_name(class_)));
    begin(out, "releve_queue_oldest_age_seconds", "gauge",
          "Age of the message that waits longest, where it says when it was created.");
    for (enum releve_class class_ = 0; class_ < RELEVE_CLASSES; class_++) {
        const char *created = cJSON_GetStringValue(member_of(oldest, releve_class_name(class_)));
        releve_time at;
        if (created != NULL && releve_utc_parse(created, &at))
            releve_text_format(out, "releve_queue_oldest_age_seconds{class=\"%s\"} %.15g\n", releve_class_name(class_),
                               at < metrics->now ? (double)(metrics->now - at) / SECOND_MS : 0);
    }
    gauge(out, "releve_dead_messages", "Messages that could not be a job, as far as they are kept.",
          figure_of(queues, "dead"));
}

static void write_processes(struct releve_text *out, const struct releve_metrics *metrics)
{
    const cJSON *worker, *status = metrics->status, *processes = member_of(status, "processes");
    double held = 0;
    int alive = 0;
    cJSON_ArrayForEach(worker, member_of(status, "workers")) {
        alive += figure_of(worker, "age_ms") < (double)metrics->worker_dead_ms;
        held += figure_of(worker, "jobs");
    }
    gauge(out, "releve_workers", "Workers whose heartbeat is there.", alive);
    gauge(out, "releve_commands", "Commands that fetch.", cJSON_GetArraySize(member_of(status, "commands")));
    gauge(out, "releve_jobs_held", "Jobs in the hands of workers.", held);
    gauge(out, "releve_requests_in_flight", "Requests on their way to upstream or back.",
          figure_of(processes, "requests_in_flight"));
    gauge(out, "releve_requests_left", "Requests that the jobs under way or planned will take, about.",
          figure_of(status, "requests_left"));
    gauge(out, "releve_processes_away", "Workers and commands that upstream does not serve.",
          figure_of(processes, "away"));
    gauge(out, "releve_upstream_away_seconds",
          "For how long upstream has not served one of them, at most; 0: it serves all.",
          figure_of(processes, "away_ms") / SECOND_MS);
    gauge(out, "releve_processes_redis_away",
          "Workers and commands that Redis does not serve: a node of it is away, or too few replicas acknowledge.",
          figure_of(processes, "redis_away"));
    gauge(out, "releve_redis_away_seconds", "For how long Redis has not served one of them, at most; 0: it serves all.",
          figure_of(processes, "redis_away_ms") / SECOND_MS);
}

/* --- counters ---------------------------------------------------------------------------------------------------- */

/* All are written, those that are 0 too: to Prometheus, what begins at 1 has not increased. */
static void write_counts(struct releve_text *out, const char *name, unsigned subject, const char *label,
                         const uint64_t *counts, unsigned count, const char *(*name_of)(unsigned at))
{
    for (unsigned i = 0; i < count; i++)
        releve_text_format(out, "%s{kind=\"%s\",%s=\"%s\"} %" PRIu64 "\n", name, releve_meter_subject_name(subject),
                           label, name_of(i), counts[i]);
}

static const char *verdict_name(unsigned at)
{
    return releve_verdict_name((enum releve_verdict)at);
}

static const char *job_state_name(unsigned at)
{
    return releve_job_state_name((enum releve_job_state)at);
}

static void write_meter(struct releve_text *out, const struct releve_meter *meter)
{
    begin(out, "releve_requests_total", "counter",
          "Requests to upstream by what they were about and what the answer meant.");
    for (unsigned subject = 0; subject < RELEVE_METER_SUBJECTS; subject++)
        write_counts(out, "releve_requests_total", subject, "verdict", meter->requests[subject], RELEVE_VERDICTS,
                     verdict_name);
    begin(out, "releve_stored_total", "counter", "Days and documents that upstream has brought, by their state.");
    for (unsigned kind = 0; kind < RELEVE_KINDS; kind++)
        write_counts(out, "releve_stored_total", kind, "state", meter->days[kind], RELEVE_METER_STATES,
                     releve_meter_state_name);
    begin(out, "releve_jobs_total", "counter", "Jobs that ended, by how.");
    for (unsigned kind = 0; kind < RELEVE_KINDS; kind++)
        write_counts(out, "releve_jobs_total", kind, "state", meter->jobs[kind], RELEVE_JOB_STATES, job_state_name);
}

/* Anybody can write to Redis: what is no plain word is none of ours. */
static bool is_label(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789_", text[i]) == NULL)
            return false;
    return length > 0 && length <= LABEL_CHARACTERS_MAX;
}

static void write_permits(struct releve_text *out, const struct releve_metrics *metrics)
{
    begin(out, "releve_permits_granted_total", "counter",
          "Permits that the ledger has granted; the application is a digest of its CLIENT_ID.");
    for (size_t i = 0; i < metrics->permits_count; i++) {
        const char *bucket = metrics->permits[i].bucket, *digest = strchr(bucket, '@');
        if (digest == NULL || !is_label(bucket, (size_t)(digest - bucket)) || !is_label(digest + 1, strlen(digest + 1)))
            continue;
        releve_text_format(out, "releve_permits_granted_total{api=\"%.*s\",application=\"%s\"} %" PRIu64 "\n",
                           (int)(digest - bucket), bucket, digest + 1, metrics->permits[i].granted);
    }
}

static void write_latencies(struct releve_text *out, const struct releve_latencies *latencies, const char *name,
                            const char *help)
{
    begin(out, name, "histogram", help);
    uint64_t all = 0, bound_us = RELEVE_LATENCY_FIRST_US;
    for (unsigned i = 0; i < RELEVE_LATENCY_BOUNDS; i++, bound_us *= 2) {
        all += latencies->counts[i];
        releve_text_format(out, "%s_bucket{le=\"%.15g\"} %" PRIu64 "\n", name, (double)bound_us / SECOND_US, all);
    }
    all += latencies->counts[RELEVE_LATENCY_BOUNDS];
    releve_text_format(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %.15g\n%s_count %" PRIu64 "\n", name, all, name,
                       (double)latencies->sum_us / SECOND_US, name, all);
}

void releve_metrics_write(struct releve_text *out, const struct releve_metrics *metrics)
{
    begin(out, "releve_build_info", "gauge", "The version of releve that serves this.");
    releve_text_puts(out, "releve_build_info{version=\"" RELEVE_VERSION "\"} 1\n");
    write_quota(out, metrics->status);
    write_queues(out, metrics);
    write_processes(out, metrics);
    write_meter(out, metrics->meter);
    write_permits(out, metrics);
    write_latencies(out, &metrics->meter->upstream, "releve_upstream_request_duration_seconds",
                    "How long requests to upstream took, those that failed too.");
    write_latencies(out, &metrics->meter->redis, "releve_redis_command_duration_seconds",
                    "How long Redis took to answer, as workers and commands saw it.");
}
