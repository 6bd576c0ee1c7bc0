/* Engines of libreleve at awkward moments, for test_embed.py: engines UPSTREAM REDIS CASE [TODAY].
 *
 * Prints counts, one a line: how many jobs were accepted, ended and came back, and what was called behind the end. */
#include <inttypes.h>
#include <releve/engine.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENGINES_MAX 2
#define FIRST_PRM UINT64_C(30000000000000) /* of the simulator's population */

struct host;

struct one {
    struct host *host;
    struct releve_engine *engine;
    int accepted, ended, given_back, idle, stopped, read_interrupted, late, away;
    bool ready, closing, closed;
};

struct host {
    uv_loop_t loop;
    const char *what;
    struct one ones[ENGINES_MAX];
    int count, jobs;
};

static bool is(const struct one *one, const char *what)
{
    return strcmp(one->host->what, what) == 0;
}

static void on_closed(void *data)
{
    struct one *one = data;
    one->closed = true;
}

static void close_engine(struct one *one)
{
    if (one->closing)
        return;
    one->closing = true;
    releve_engine_close(one->engine, on_closed, one);
}

static void on_day(void *data, releve_day day, const char *json, size_t json_bytes)
{
    struct one *one = data;
    (void)day, (void)json, (void)json_bytes;
    one->late += one->closed;
}

static void on_read(void *data, const struct releve_error *error)
{
    struct one *one = data;
    one->read_interrupted += error->code == RELEVE_E_INTERRUPTED;
    one->late += one->closed;
}

/* Something is under way. */
static void on_middle(struct one *one)
{
    struct releve_error error;
    struct releve_job job = {.prm = FIRST_PRM, .kind = RELEVE_DAILY_CONSUMPTION};
    if (is(one, "drain")) {
        releve_engine_drain(one->engine);
        releve_engine_drain(one->engine);
        if (releve_engine_submit(one->engine, &job, NULL, &error) != RELEVE_E_INTERRUPTED)
            abort();
    }
    if (is(one, "close")) {
        struct releve_span span = releve_kind_history(RELEVE_DAILY_CONSUMPTION, releve_day_from_civil(2026, 11, 19));
        for (int i = 0; i < 100; i++)
            if (releve_engine_read_days(one->engine, FIRST_PRM, RELEVE_DAILY_CONSUMPTION, span, on_day, on_read, one,
                                        &error) != RELEVE_OK)
                abort();
        close_engine(one);
    }
}

static void on_ready(void *data)
{
    struct one *one = data;
    one->ready = true;
    one->late += one->closing;
    if (is(one, "close-in-ready"))
        close_engine(one);
}

static void on_ended(void *data, const struct releve_result *result, const struct releve_error *written)
{
    struct one *one = data;
    (void)result;
    one->late += one->closing;
    if (written->code != RELEVE_OK)
        abort();
    if (++one->ended == 1)
        on_middle(one);
}

static void on_given_back(void *data, const struct releve_result *so_far)
{
    struct one *one = data;
    (void)so_far;
    one->late += one->closing;
    one->given_back++;
}

static void on_idle(void *data)
{
    struct one *one = data;
    one->late += one->closing;
    one->idle++;
    close_engine(one);
}

static void on_stopped(void *data, const struct releve_error *error)
{
    struct one *one = data;
    one->late += one->closing;
    one->stopped++;
    fprintf(stderr, "%s\n", error->text);
}

static void on_notice(void *data, const struct releve_engine_notice *notice)
{
    struct one *one = data;
    struct releve_engine_view view = releve_engine_look(one->engine);
    if (notice->type == RELEVE_NOTICE_UNREACHED && view.away_ms > 0 && view.retry_ms <= notice->wait_ms)
        one->away++;
}

static void submit_all(struct one *one)
{
    struct releve_error error;
    for (int i = 0; i < one->host->jobs; i++) {
        struct releve_job job = {.prm = FIRST_PRM + (unsigned)i,
                                 .kind = RELEVE_DAILY_CONSUMPTION,
                                 .class_ = (enum releve_class)(i % RELEVE_CLASSES)};
        if (releve_engine_submit(one->engine, &job, &job, &error) == RELEVE_OK && strlen(job.id) == 24)
            one->accepted++;
        else if (error.code != RELEVE_E_SYSTEM)
            abort();
    }
}

static void start(struct one *one, const char *upstream, const char *redis, const char *today)
{
    struct releve_error error;
    const struct releve_quota none = {.windows_count = 0};
    struct releve_engine_options options = {
        .upstream = upstream,
        .redis = redis,
        .client_id = "client",
        .client_secret = "secret",
        .quota = &none,
        .data = one,
        .ready = on_ready,
        .ended = on_ended,
        .given_back = on_given_back,
        .idle = on_idle,
        .stopped = on_stopped,
        .notice = on_notice,
    };
    if (today != NULL)
        releve_day_parse(today, strlen(today), &options.today);
    if (releve_engine_open(&one->engine, &one->host->loop, &options, &error) != RELEVE_OK)
        abort();
    submit_all(one);
    if (is(one, "close-at-once"))
        close_engine(one);
    if (is(one, "drain-at-once"))
        releve_engine_drain(one->engine);
}

int main(int argc, char **argv)
{
    struct host host = {.count = 1, .jobs = 40};
    if (argc < 4)
        return 2;
    host.what = argv[3];
    host.count = strcmp(host.what, "two") == 0 ? 2 : 1;
    host.jobs = strcmp(host.what, "full") == 0 ? RELEVE_ENGINE_WAITING_MAX + 1 : host.jobs;
    uv_loop_init(&host.loop);
    for (int i = 0; i < host.count; i++) {
        host.ones[i].host = &host;
        start(&host.ones[i], argv[1], argv[2], argv[4]);
    }
    uv_run(&host.loop, UV_RUN_DEFAULT);
    int left = uv_loop_close(&host.loop);
    for (int i = 0; i < host.count; i++) {
        const struct one *one = &host.ones[i];
        printf("{\"ready\": %d, \"accepted\": %d, \"ended\": %d, \"given_back\": %d, \"idle\": %d, \"stopped\": %d, "
               "\"read_interrupted\": %d, \"late\": %d, \"away\": %d, \"closed\": %d, \"left\": %d}\n",
               one->ready, one->accepted, one->ended, one->given_back, one->idle, one->stopped, one->read_interrupted,
               one->late, one->away, one->closed, left);
    }
    return 0;
}
