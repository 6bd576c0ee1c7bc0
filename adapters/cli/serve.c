/* releve serve: what goes on, over HTTP, for monitoring. Reads Redis only, never sends a request to upstream. */
#include "command.h"
#include "json_fields.h"
#include "situation.h"
#include <adapters/httpd/httpd.h>
#include <adapters/redis/queue.h>
#include <adapters/web/metrics.h>
#include <adapters/web/password.h>
#include <adapters/web/web.h>
#include <assert.h>
#include <engine/runtime/clock.h>
#include <releve/memory.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_LISTEN "127.0.0.1:8752"
#define FRESH_MS 1000    /* a look at Redis serves whoever asks within so long */
#define PATIENCE_MS 5000 /* a request waits for Redis no longer */

enum wanted { METRICS, STATUS, WANTED };

struct waiting {
    struct releve_web_asked *asked;
    enum wanted wanted;
    uint64_t since_ms; /* loop time */
};

struct serve {
    struct releve_config config;
    struct releve_httpd_address address;
    const char *hosts[RELEVE_WEB_HOSTS_MAX + 1]; /* the last one may be the address itself */
    size_t hosts_count;
    const char *password_file;
    char password_hash[RELEVE_PASSWORD_HASH_BYTES];
    struct releve_error error;

    uv_loop_t loop;
    uv_signal_t signals[2];
    uv_timer_t timer; /* while somebody waits */
    struct releve_store *store;
    struct releve_web *web; /* from the moment when Redis is there */
    bool ended;

    struct releve_situation situation;
    struct releve_text bodies[WANTED]; /* what was found, as it is sent; empty where nobody has asked for it yet */
    enum { LOOK_NONE, LOOK_UNDER_WAY, LOOK_FOUND, LOOK_FAILED } look; /* NONE: nobody has asked yet */
    uint64_t looked_ms;                                               /* FOUND, FAILED: at this loop time */
    struct waiting waiting[RELEVE_WEB_WAITING_MAX];
    size_t waiting_count;
};

/* --- answers ----------------------------------------------------------------------------------------------------- */

static void write_metrics(const struct serve *serve, struct releve_text *out)
{
    const struct releve_situation *situation = &serve->situation;
    struct releve_metrics_permits permits[RELEVE_SITUATION_BUCKETS_MAX];
    for (size_t i = 0; i < situation->granted_count; i++)
        permits[i] = (struct releve_metrics_permits){situation->granted[i].name, situation->granted[i].more};
    cJSON *status = releve_situation_json(situation);
    releve_metrics_write(out, &(struct releve_metrics){.status = status,
                                                       .meter = &situation->meter,
                                                       .permits = permits,
                                                       .permits_count = situation->granted_count,
                                                       .now = releve_clock_civil(serve->config.today),
                                                       .worker_dead_ms = RELEVE_DEAD_AFTER_MS});
    cJSON_Delete(status);
}

static void write_status(const struct serve *serve, struct releve_text *out)
{
    cJSON *status = releve_situation_json(&serve->situation);
    char *text = releve_must(cJSON_PrintUnformatted(status));
    releve_text_puts(out, text);
    cJSON_free(text);
    cJSON_Delete(status);
}

static void refuse(struct releve_web_asked *asked, const char *why)
{
    releve_web_fail(asked, 503, "%s", why);
}

static void answer(struct serve *serve, const struct waiting *waiting)
{
    struct releve_text *body = &serve->bodies[waiting->wanted];
    if (serve->look == LOOK_FAILED) {
        refuse(waiting->asked, "Redis does not answer as it should: releve doctor says why.");
        return;
    }
    if (body->length == 0)
        (waiting->wanted == METRICS ? write_metrics : write_status)(serve, body);
    releve_web_answer(waiting->asked, 200, waiting->wanted == METRICS ? RELEVE_WEB_METRICS : RELEVE_WEB_JSON,
                      body->bytes, body->length);
}

/* The first `count` of those who wait. */
static void refuse_first(struct serve *serve, size_t count, const char *why)
{
    for (size_t i = 0; i < count; i++)
        refuse(serve->waiting[i].asked, why);
    serve->waiting_count -= count;
    memmove(serve->waiting, serve->waiting + count, serve->waiting_count * sizeof *serve->waiting);
}

/* --- one look for all who wait ----------------------------------------------------------------------------------- */

static void on_found(void *data, const struct releve_error *error)
{
    struct serve *serve = data;
    if (serve->ended)
        return;
    serve->look = error->code == RELEVE_OK ? LOOK_FOUND : LOOK_FAILED;
    serve->looked_ms = uv_now(&serve->loop);
    serve->bodies[METRICS].length = serve->bodies[STATUS].length = 0;
    if (serve->look == LOOK_FOUND && serve->situation.mismatch_is_news)
        fprintf(stderr, "releve: %s\n", serve->situation.mismatch.text);
    for (size_t i = 0; i < serve->waiting_count; i++)
        answer(serve, &serve->waiting[i]);
    serve->waiting_count = 0;
    uv_timer_stop(&serve->timer);
}

static void on_patience(uv_timer_t *timer)
{
    struct serve *serve = timer->data;
    size_t late = 0; /* they stand in the order in which they came */
    while (late < serve->waiting_count && uv_now(&serve->loop) - serve->waiting[late].since_ms >= PATIENCE_MS)
        late++;
    refuse_first(serve, late, "Redis does not answer.");
    if (serve->waiting_count == 0)
        uv_timer_stop(timer);
}

/* A look serves for a while, also one that failed: Redis is asked no more often than that, whoever asks here. */
static bool is_fresh(const struct serve *serve)
{
    return (serve->look == LOOK_FOUND || serve->look == LOOK_FAILED) &&
           uv_now(&serve->loop) - serve->looked_ms < FRESH_MS;
}

static void ask(struct serve *serve, struct releve_web_asked *asked, enum wanted wanted)
{
    struct waiting waiting = {asked, wanted, uv_now(&serve->loop)};
    if (is_fresh(serve)) {
        answer(serve, &waiting);
        return;
    }
    assert(serve->waiting_count < RELEVE_WEB_WAITING_MAX); /* the service lets no more in */
    serve->waiting[serve->waiting_count++] = waiting;
    if (!uv_is_active((uv_handle_t *)&serve->timer))
        uv_timer_start(&serve->timer, on_patience, PATIENCE_MS / 10, PATIENCE_MS / 10);
    if (serve->look == LOOK_UNDER_WAY)
        return;
    serve->look = LOOK_UNDER_WAY;
    releve_situation_look(&serve->situation);
}

static void on_metrics(void *data, struct releve_web_asked *asked)
{
    ask(data, asked, METRICS);
}

static void on_status(void *data, struct releve_web_asked *asked)
{
    ask(data, asked, STATUS);
}

/* --- life -------------------------------------------------------------------------------------------------------- */

static void end(struct serve *serve, const struct releve_error *error)
{
    if (serve->ended)
        return;
    serve->ended = true;
    if (error != NULL)
        serve->error = *error;
    refuse_first(serve, serve->waiting_count, "The service ends.");
    if (serve->web != NULL)
        releve_web_stop(serve->web);
    for (size_t i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&serve->signals[i], NULL);
    uv_close((uv_handle_t *)&serve->timer, NULL);
    releve_store_close(serve->store, NULL, NULL);
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    end(handle->data, NULL);
}

static void on_ready(void *data, const struct releve_error *error)
{
    struct serve *serve = data;
    struct releve_error failure = *error;
    static const struct releve_web_route routes[] = {{"/metrics", on_metrics, NULL, false}, {"/v1/status", on_status, NULL, false}};
    const struct releve_web_options options = {.address = (const struct sockaddr *)&serve->address.socket,
                                               .hosts = serve->hosts,
                                               .hosts_count = serve->hosts_count,
                                               .password_hash =
                                                   serve->password_file != NULL ? serve->password_hash : NULL,
                                               .routes = routes,
                                               .routes_count = sizeof routes / sizeof routes[0],
                                               .data = serve};
    if (serve->ended)
        return;
    if (failure.code != RELEVE_OK || releve_web_start(&serve->web, &serve->loop, &options, &failure) != RELEVE_OK) {
        end(serve, &failure);
        return;
    }
    printf("releve serve: http://%s:%u (redis %s, prefix %s)\n", serve->address.host, releve_web_port(serve->web),
           serve->config.redis.address, serve->config.prefix);
    (void)fflush(stdout);
}

/* Redis may go away and come back. */
static void on_link(void *data, bool up, const char *why)
{
    const struct serve *serve = data;
    if (!serve->ended)
        fprintf(stderr, "releve: Redis: %s\n", up ? "it is there again" : why);
}

static void run(struct serve *serve)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    const struct releve_store_options options = {
        .redis = &serve->config.redis, .prefix = serve->config.prefix, .on_link = on_link, .data = serve};
    uv_loop_init(&serve->loop);
    uv_timer_init(&serve->loop, &serve->timer);
    serve->timer.data = serve;
    for (size_t i = 0; i < 2; i++) {
        uv_signal_init(&serve->loop, &serve->signals[i]);
        serve->signals[i].data = serve;
        uv_signal_start(&serve->signals[i], on_signal, numbers[i]);
    }
    serve->store = releve_store_open(&serve->loop, &options, on_ready, serve);
    serve->situation = (struct releve_situation){
        .config = &serve->config, .store = serve->store, .counts = true, .found = on_found, .data = serve};
    releve_situation_open(&serve->situation);
    (void)uv_run(&serve->loop, UV_RUN_DEFAULT);
    releve_situation_free(&serve->situation);
    releve_text_free(&serve->bodies[METRICS]);
    releve_text_free(&serve->bodies[STATUS]);
    (void)uv_loop_close(&serve->loop);
}

/* --- the command ------------------------------------------------------------------------------------------------- */

static const struct option options[] = {
    {"listen", required_argument, NULL, 'l'},
    {"host", required_argument, NULL, 'h'},
    {"password-file", required_argument, NULL, 'p'},
    {NULL, 0, NULL, 0},
};

static enum releve_code apply_option(void *data, int option, const char *value, struct releve_error *error)
{
    struct serve *serve = data;
    if (option == 'l')
        return releve_httpd_read_address(value, DEFAULT_LISTEN, &serve->address, error);
    if (option == 'p') {
        serve->password_file = value;
        return RELEVE_OK;
    }
    if (*value == '\0' ||
        strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") != strlen(value))
        return releve_fail(error, RELEVE_E_USAGE, "--host \"%.60s\": a name of letters, digits, . and -, with no port",
                           value);
    if (serve->hosts_count == RELEVE_WEB_HOSTS_MAX)
        return releve_fail(error, RELEVE_E_USAGE, "--host: at most %d names", RELEVE_WEB_HOSTS_MAX);
    serve->hosts[serve->hosts_count++] = value;
    return RELEVE_OK;
}

static enum releve_code prepare(struct serve *serve, struct releve_error *error)
{
    if (serve->password_file != NULL &&
        releve_password_read(serve->password_file, serve->password_hash, error) != RELEVE_OK)
        return error->code;
    if (!serve->address.is_loopback && serve->password_file == NULL)
        return releve_fail(error, RELEVE_E_USAGE,
                           "--listen %s: others than this machine reach that address: --password-file says who may ask",
                           serve->address.host);
    if (!serve->address.is_loopback) {
        serve->hosts[serve->hosts_count++] = serve->address.host;
        fprintf(stderr, "releve: password and answers go in clear over the network: put TLS in front of it\n");
    }
    if (releve_config_load(&serve->config, false, error) != RELEVE_OK)
        return error->code;
    return releve_config_start_redis(&serve->config, error);
}

static int serve_main(int argc, char **argv)
{
    static struct serve serve;
    struct releve_error error = {0};
    (void)releve_httpd_read_address(DEFAULT_LISTEN, DEFAULT_LISTEN, &serve.address, &error);
    int wrong = releve_command_parse("serve", argc, argv, options, apply_option, &serve);
    if (wrong != 0)
        return wrong;
    if (prepare(&serve, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    run(&serve);
    if (serve.error.code != RELEVE_OK)
        return releve_command_fail(&serve.error);
    return releve_command_flush(0);
}

const struct releve_command releve_command_serve = {
    .name = "serve",
    .summary = "what goes on, over HTTP: metrics for Prometheus, status as JSON",
    .help = "[--listen HOST:PORT] [--host NAME]... [--password-file FILE]\n"
            "\n"
            "Serves /metrics, in the text format of Prometheus (docs/metrics.md), and\n"
            "/v1/status, which is what releve status --json prints. No usage point is in the\n"
            "metrics; the status names some. Reads Redis only, never sends a request to\n"
            "Enedis. With CLIENT_ID it knows whose quota to show. Serves until it is\n"
            "interrupted; where Redis does not answer within 5 s the answer is 503.\n"
            "\n"
            "It changes nothing. It listens on loopback and asks for no password, unless\n"
            "told: for other machines put a reverse proxy with TLS in front, and name it\n"
            "with --host. Pages of another origin may not ask.\n"
            "\n"
            "options:\n"
            "  --listen HOST:PORT  an address of this machine (default 127.0.0.1:8752), of\n"
            "                     others than loopback with --password-file only; port 0\n"
            "                     picks a free one\n"
            "  --host NAME        a name that browsers or a proxy ask by; may be given again.\n"
            "                     Other names than those of loopback are refused else\n"
            "  --password-file FILE  whoever asks has to give the password of which the\n"
            "                     first line of this file has the hash (HTTP Basic, any\n"
            "                     name). mkpasswd -m yescrypt makes one; chmod 600\n",
    .ends_by_signal = true,
    .run = serve_main,
};
