/* A program with a loop and a timer of its own, and the engine in it: has some days of a usage point's daily
 * consumption and load curve fetched, and prints how that ended and what Redis holds then. Against the simulator
 * (releve sandbox):
 *
 *   cc -o embed embed.c $(pkg-config --cflags --libs releve)
 *   export CLIENT_ID=me CLIENT_SECRET=any
 *   ./embed http://127.0.0.1:8750 redis://127.0.0.1:6379/0 22516914714270 2026-09-01 2026-09-08 */
#include <inttypes.h>
#include <releve/engine.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS 200

static const enum releve_kind kinds[] = {RELEVE_DAILY_CONSUMPTION, RELEVE_CONSUMPTION_LOAD_CURVE};
#define KINDS ((int)(sizeof kinds / sizeof kinds[0]))

struct host {
    uv_loop_t loop;
    uv_timer_t timer; /* the program's own work */
    struct releve_engine *engine;
    releve_prm prm;
    struct releve_span span;
    int reading; /* kinds whose days are being read */
    bool stopped;
    int exit_code;
};

static int complain(const struct releve_error *error)
{
    fprintf(stderr, "embed: %s\n", error->text);
    return releve_code_exit(error->code);
}

/* Both ends at once: uv_run returns when nothing of either is left. */
static void end(struct host *host)
{
    releve_engine_close(host->engine, NULL, NULL);
    uv_close((uv_handle_t *)&host->timer, NULL);
}

static void on_timer(uv_timer_t *timer)
{
    const struct host *host = timer->data;
    struct releve_engine_view view = releve_engine_look(host->engine);
    fprintf(stderr, "%zu jobs under way, %" PRIu64 " requests so far\n", view.under_way + view.waiting, view.requests);
}

/* --- what is in Redis, once the jobs have ended ------------------------------------------------------------ */

static void on_day(void *data, releve_day day, const char *json, size_t json_bytes)
{
    (void)data, (void)day; /* the JSON names its day, and its kind */
    printf("%.*s\n", (int)json_bytes, json);
}

static void on_read(void *data, const struct releve_error *error)
{
    struct host *host = data;
    if (error->code != RELEVE_OK)
        host->exit_code = complain(error);
    if (--host->reading == 0)
        end(host);
}

static void read_days(struct host *host)
{
    struct releve_error error;
    for (int i = 0; i < KINDS; i++)
        if (releve_engine_read_days(host->engine, host->prm, kinds[i], host->span, on_day, on_read, host, &error) ==
            RELEVE_OK)
            host->reading++;
        else
            host->exit_code = complain(&error);
    if (host->reading == 0)
        end(host);
}

/* --- what the engine says -------------------------------------------------------------------------------- */

static void on_ended(void *data, const struct releve_result *result, const struct releve_error *written)
{
    struct host *host = data;
    printf("%s %s: %d days complete, %d holes, %d pending, %d failed; %d requests\n",
           releve_kind_facts(result->job.kind)->name, releve_job_state_name(result->state), result->complete,
           result->holes, result->pending, result->failed, result->requests);
    if (result->failed > 0)
        printf("  %s: %s\n", result->reason.code, result->reason.text);
    if (written->code != RELEVE_OK)
        host->exit_code = complain(written);
    else if (result->failed > 0)
        host->exit_code = releve_code_exit(RELEVE_E_PARTIAL);
}

static void on_idle(void *data)
{
    struct host *host = data;
    if (host->stopped)
        end(host);
    else if (host->reading == 0)
        read_days(host);
}

static void on_stopped(void *data, const struct releve_error *error)
{
    struct host *host = data;
    host->stopped = true;
    host->exit_code = complain(error);
}

static void on_notice(void *data, const struct releve_engine_notice *notice)
{
    (void)data;
    if (notice->level <= RELEVE_LEVEL_WARN)
        fprintf(stderr, "embed: %s\n", notice->text);
}

/* --- the program ------------------------------------------------------------------------------------------- */

static int start(struct host *host, char **arguments)
{
    struct releve_error error;
    struct releve_engine_options options = {
        .upstream = arguments[0],
        .redis = arguments[1],
        .client_id = getenv("CLIENT_ID"),
        .client_secret = getenv("CLIENT_SECRET"),
        .data = host,
        .ended = on_ended,
        .idle = on_idle,
        .stopped = on_stopped,
        .notice = on_notice,
    };
    if (arguments[5] != NULL)
        releve_day_parse(arguments[5], strlen(arguments[5]), &options.today);
    if (releve_engine_open(&host->engine, &host->loop, &options, &error) != RELEVE_OK)
        return complain(&error);
    for (int i = 0; i < KINDS; i++) {
        struct releve_job job = {.prm = host->prm, .kind = kinds[i], .span = host->span, .class_ = RELEVE_NORMAL};
        if (releve_engine_submit(host->engine, &job, NULL, &error) != RELEVE_OK)
            host->exit_code = complain(&error);
    }
    uv_timer_start(&host->timer, on_timer, LOOK_MS, LOOK_MS);
    return 0;
}

int main(int argc, char **argv)
{
    struct host host = {.exit_code = 0};
    if (argc < 6 || !releve_prm_parse(argv[3], strlen(argv[3]), &host.prm) ||
        !releve_day_parse(argv[4], strlen(argv[4]), &host.span.first) ||
        !releve_day_parse(argv[5], strlen(argv[5]), &host.span.end)) {
        fprintf(stderr, "usage: embed UPSTREAM REDIS PRM FIRST-DAY DAY-AFTER-THE-LAST [TODAY]\n");
        return 2;
    }
    uv_loop_init(&host.loop);
    uv_timer_init(&host.loop, &host.timer);
    host.timer.data = &host;
    int wrong = start(&host, argv + 1);
    if (wrong != 0)
        uv_close((uv_handle_t *)&host.timer, NULL);
    uv_run(&host.loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&host.loop) != 0)
        fprintf(stderr, "embed: something was left on the loop\n");
    return wrong != 0 ? wrong : host.exit_code;
}
