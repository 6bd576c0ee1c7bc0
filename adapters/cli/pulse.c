/* See pulse.h. */
#include "pulse.h"
#include "json_fields.h"
#include <assert.h>
#include <engine/runtime/meter.h>
#include <releve/memory.h>
#include <releve/runtime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOST_BYTES 65
#define COUNTS_MAX (sizeof(struct releve_meter) / sizeof(uint64_t))

struct counts {
    struct releve_count *items; /* room for COUNTS_MAX */
    size_t count;
};

static void on_said(void *data, const struct releve_error *error)
{
    struct releve_pulse *pulse = data;
    pulse->asking = false;
    if (error->code == RELEVE_OK)
        pulse->told = pulse->telling;
}

static void add_count(void *data, const char *name, uint64_t count)
{
    struct counts *counts = data;
    assert(counts->count < COUNTS_MAX);
    struct releve_count *item = &counts->items[counts->count++];
    (void)snprintf(item->name, sizeof item->name, "%s", name);
    item->more = count;
}

/* What Redis has refused is said again with the next. */
static void say(struct releve_pulse *pulse, const char *json)
{
    struct releve_runtime *runtime = releve_engine_runtime(pulse->options.engine);
    struct counts counts = {.items = releve_alloc(COUNTS_MAX, sizeof *counts.items)};
    if (runtime != NULL) {
        struct releve_meter meter = releve_runtime_meter(runtime);
        meter.redis = *releve_store_latencies(pulse->options.store);
        struct releve_meter since = releve_meter_since(&meter, pulse->asking ? &pulse->telling : &pulse->told);
        releve_meter_each(&since, runtime, add_count, &counts);
        pulse->telling = meter;
    }
    pulse->asking = true;
    releve_store_say_pulse(pulse->options.store, pulse->name, ++pulse->number, json, counts.items, counts.count,
                           on_said, pulse);
    free(counts.items);
}

static void add_rates(struct releve_pulse *pulse, cJSON *json)
{
    uint64_t span_ms;
    double requests = releve_rate_per_second(&pulse->requests, &span_ms);
    double jobs = releve_rate_per_second(&pulse->jobs, NULL);
    cJSON *rate = cJSON_AddObjectToObject(json, "rate");
    cJSON_AddNumberToObject(rate, "ms", (double)span_ms);
    cJSON_AddNumberToObject(rate, "requests_per_second", requests);
    cJSON_AddNumberToObject(rate, "jobs_per_minute", jobs * 60);
}

static cJSON *describe(const struct releve_pulse *pulse, const struct releve_job_counts *jobs,
                       const struct releve_engine_view *view)
{
    cJSON *json = cJSON_CreateObject();
    char host[HOST_BYTES] = "";
    struct releve_redis_outage outage = releve_engine_redis_outage(pulse->options.engine);
    (void)gethostname(host, sizeof host - 1);
    cJSON_AddStringToObject(json, "command", pulse->options.command);
    cJSON_AddStringToObject(json, "host", host);
    cJSON_AddNumberToObject(json, "pid", getpid());
    releve_json_add_time(json, "began_at", pulse->options.civil);
    if (releve_engine_runtime(pulse->options.engine) == NULL)
        cJSON_AddTrueToObject(json, "starting");
    cJSON_AddNumberToObject(json, "jobs_ended", (double)jobs->ended);
    if (jobs->wanted > 0)
        cJSON_AddNumberToObject(json, "jobs_wanted", (double)jobs->wanted);
    cJSON_AddNumberToObject(json, "jobs_under_way", (double)view->under_way);
    cJSON_AddNumberToObject(json, "requests", (double)view->requests);
    cJSON_AddNumberToObject(json, "requests_left", (double)(jobs->requests_ahead + view->calls_left));
    cJSON_AddNumberToObject(json, "requests_in_flight", view->in_flight);
    cJSON_AddNumberToObject(json, "repeated", (double)view->retries);
    cJSON_AddNumberToObject(json, "throttled", (double)view->throttled);
    cJSON_AddNumberToObject(json, "away_ms", (double)view->away_ms);
    cJSON_AddNumberToObject(json, "retry_ms", (double)view->retry_ms);
    cJSON_AddNumberToObject(json, "redis_away_ms", (double)outage.away_ms);
    if (outage.away_ms > 0)
        cJSON_AddStringToObject(json, "redis_why", outage.why);
    return json;
}

static void on_timer(uv_timer_t *timer)
{
    struct releve_pulse *pulse = timer->data;
    struct releve_engine_view view = releve_engine_look(pulse->options.engine);
    struct releve_job_counts jobs = pulse->options.count(pulse->options.data);
    uint64_t now_ms = uv_now(timer->loop);
    if (view.under_way == 0 && view.in_flight == 0) /* a rate is one of work: it begins anew with it */
        pulse->requests.count = pulse->jobs.count = 0;
    releve_rate_add(&pulse->requests, now_ms, view.requests);
    releve_rate_add(&pulse->jobs, now_ms, jobs.ended);
    if (pulse->asking) /* one at a time: a Redis that is away gets no heap of them */
        return;
    cJSON *json = describe(pulse, &jobs, &view);
    add_rates(pulse, json);
    char *text = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    if (text == NULL)
        return;
    say(pulse, text);
    cJSON_free(text);
}

void releve_pulse_init(struct releve_pulse *pulse, uv_loop_t *loop)
{
    *pulse = (struct releve_pulse){
        .requests.window_ms = RELEVE_PULSE_RATE_MS,
        .jobs.window_ms = RELEVE_PULSE_RATE_MS,
    };
    uv_timer_init(loop, &pulse->timer);
    pulse->timer.data = pulse;
}

void releve_pulse_begin(struct releve_pulse *pulse, const struct releve_pulse_options *options)
{
    char id[RELEVE_JOB_ID_BYTES];
    pulse->options = *options;
    releve_job_id_new(id);
    if (options->worker != NULL)
        (void)snprintf(pulse->name, sizeof pulse->name, "%s", options->worker);
    else
        (void)snprintf(pulse->name, sizeof pulse->name, "%s.%s", options->command, id);
    uv_timer_start(&pulse->timer, on_timer, RELEVE_PULSE_LATE_MS, RELEVE_PULSE_MS);
}

void releve_pulse_hurry(struct releve_pulse *pulse)
{
    assert(pulse->name[0] != '\0');
    uv_timer_start(&pulse->timer, on_timer, 0, RELEVE_PULSE_MS);
}

void releve_pulse_close(struct releve_pulse *pulse)
{
    uv_close((uv_handle_t *)&pulse->timer, NULL);
    if (pulse->name[0] != '\0')
        say(pulse, NULL);
}
