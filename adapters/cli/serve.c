/* releve serve: what goes on and what Redis holds, over HTTP, for people and programs. Reads Redis only, never sends a
 * request to upstream. What it answers is in portal/. */
#include "command.h"
#include "portal/portal.h"
#include <adapters/httpd/httpd.h>
#include <adapters/web/password.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_LISTEN "127.0.0.1:8752"

struct serve {
    struct releve_config config;
    struct releve_httpd_address address;
    const char *listen;                          /* as it was written */
    const char *hosts[RELEVE_WEB_HOSTS_MAX + 1]; /* the last one may be the address itself */
    size_t hosts_count;
    const char *password_file, *token_file;
    struct releve_tokens *tokens; /* NULL: the Conso API is not served */
    char password_hash[RELEVE_PASSWORD_HASH_BYTES];
    struct releve_error error;

    uv_loop_t loop;
    uv_signal_t signals[2];
    struct releve_store *store;
    struct releve_web *web; /* from the moment when Redis is there */
    bool ended;

    struct releve_portal portal;
};

/* --- life -------------------------------------------------------------------------------------------------------- */

static void end(struct serve *serve, const struct releve_error *error)
{
    if (serve->ended)
        return;
    serve->ended = true;
    if (error != NULL)
        serve->error = *error;
    releve_portal_end(&serve->portal);
    if (serve->web != NULL)
        releve_web_stop(serve->web);
    for (size_t i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&serve->signals[i], NULL);
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
    const struct releve_web_options options = {.address = (const struct sockaddr *)&serve->address.socket,
                                               .hosts = serve->hosts,
                                               .hosts_count = serve->hosts_count,
                                               .password_hash =
                                                   serve->password_file != NULL ? serve->password_hash : NULL,
                                               .routes = releve_portal_routes,
                                               .routes_count = releve_portal_routes_count,
                                               .data = &serve->portal};
    if (serve->ended)
        return;
    if (failure.code != RELEVE_OK) {
        end(serve, &failure);
        return;
    }
    struct releve_error why = {0};
    if (releve_web_start(&serve->web, &serve->loop, &options, &why) != RELEVE_OK) {
        releve_fail(&failure, why.code, "--listen %s: %s", serve->listen, why.text);
        end(serve, &failure);
        return;
    }
    releve_portal_begin(&serve->portal, serve->web);
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

static void on_wait(void *data, const char *line)
{
    const struct serve *serve = data;
    if (!serve->ended)
        fprintf(stderr, "releve: %s\n", line);
}

static void run(struct serve *serve)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    const struct releve_store_options options = {.redis = &serve->config.redis,
                                                 .prefix = serve->config.prefix,
                                                 .on_link = on_link,
                                                 .on_wait = on_wait,
                                                 .begins_with_queue = true,
                                                 .data = serve};
    uv_loop_init(&serve->loop);
    for (size_t i = 0; i < 2; i++) {
        uv_signal_init(&serve->loop, &serve->signals[i]);
        serve->signals[i].data = serve;
        uv_signal_start(&serve->signals[i], on_signal, numbers[i]);
    }
    serve->store = releve_store_open(&serve->loop, &options, on_ready, serve);
    releve_portal_open(&serve->portal, &serve->loop, &serve->config, serve->store, serve->tokens);
    (void)uv_run(&serve->loop, UV_RUN_DEFAULT);
    releve_portal_free(&serve->portal);
    (void)uv_loop_close(&serve->loop);
}

/* --- the command ------------------------------------------------------------------------------------------------- */

static const struct option options[] = {
    {"listen", required_argument, NULL, 'l'},
    {"host", required_argument, NULL, 'h'},
    {"password-file", required_argument, NULL, 'p'},
    {"token-file", required_argument, NULL, 't'},
    {NULL, 0, NULL, 0},
};

static bool is_host(const char *text)
{
    size_t length = strlen(text);
    if (text[0] == '[' && length > 2 && text[length - 1] == ']')
        return strspn(text + 1, "0123456789abcdefABCDEF:.") == length - 2;
    return length > 0 && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") == length;
}

static enum releve_code apply_option(void *data, int option, const char *value, struct releve_error *error)
{
    struct serve *serve = data;
    if (option == 'l') {
        serve->listen = value;
        return releve_httpd_read_address(value, DEFAULT_LISTEN, &serve->address, error);
    }
    if (option == 'p') {
        serve->password_file = value;
        return RELEVE_OK;
    }
    if (option == 't') {
        serve->token_file = value;
        return RELEVE_OK;
    }
    if (!is_host(value))
        return releve_fail(
            error, RELEVE_E_USAGE,
            "--host \"%.60s\": a name of letters, digits, . and -, or an address, IPv6 in brackets; with "
            "no port",
            value);
    if (serve->hosts_count == RELEVE_WEB_HOSTS_MAX)
        return releve_fail(error, RELEVE_E_USAGE, "--host: at most %d names", RELEVE_WEB_HOSTS_MAX);
    serve->hosts[serve->hosts_count++] = value;
    return RELEVE_OK;
}

static void say_line(void *data, const char *line)
{
    (void)data;
    fprintf(stderr, "releve: %s\n", line);
}

static enum releve_code prepare(struct serve *serve, struct releve_error *error)
{
    if (serve->password_file != NULL &&
        releve_password_read(serve->password_file, serve->password_hash, error) != RELEVE_OK)
        return error->code;
    if (serve->token_file != NULL &&
        releve_tokens_open(&serve->tokens, serve->token_file, say_line, NULL, error) != RELEVE_OK)
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
    static struct serve serve = {.listen = DEFAULT_LISTEN};
    struct releve_error error = {0};
    (void)releve_httpd_read_address(DEFAULT_LISTEN, DEFAULT_LISTEN, &serve.address, &error);
    int wrong = releve_command_parse("serve", argc, argv, options, apply_option, &serve);
    if (wrong != 0)
        return wrong;
    if (prepare(&serve, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    run(&serve);
    if (serve.tokens != NULL)
        releve_tokens_close(serve.tokens);
    if (serve.error.code != RELEVE_OK)
        return releve_command_fail(&serve.error);
    return releve_command_flush(0);
}

const struct releve_command releve_command_serve = {
    .name = "serve",
    .summary = "a page of what goes on and what there is; metrics; APIs",
    .help = "[--listen HOST:PORT] [OPTION]...\n"
            "\n"
            "Serves over HTTP what Redis holds, until it is interrupted; never sends a\n"
            "request to Enedis:\n"
            "  /                  a page: quota, workers, queues, failures; usage points,\n"
            "                     their days and curves: http://127.0.0.1:8752\n"
            "  /metrics           for Prometheus (docs/metrics.md); names no usage point\n"
            "  /v1/...            status, usage points, coverage, days and documents as JSON;\n"
            "                     /openapi.json describes it (docs/interface.md)\n"
            "  /api/TYPE          the Conso API (docs/conso.md), with --token-file: what is\n"
            "                     not in Redis becomes a job of class high, for workers\n"
            "\n"
            "With CLIENT_ID it knows whose quota to show. Where Redis does not answer within\n"
            "5 s the answer is 503. Of a cluster what is at a node that is away is 503, the\n"
            "rest is answered.\n"
            "\n"
            "It listens on loopback and asks for no password, unless told: whoever is on this\n"
            "machine may look then. For other machines put a reverse proxy with TLS in front,\n"
            "and name it with --host. Pages of another origin may not ask.\n"
            "\n"
            "options:\n"
            "  --listen HOST:PORT  an address of this machine (default 127.0.0.1:8752), of\n"
            "                     others than loopback with --password-file only; port 0\n"
            "                     picks a free one\n"
            "  --host NAME        a name that browsers or a proxy ask by; may be given again.\n"
            "                     Other names than those of loopback are refused else\n"
            "  --password-file FILE  whoever asks has to give the password of which the\n"
            "                     first line of this file has the hash (HTTP Basic, any\n"
            "                     name). mkpasswd -m yescrypt makes one; chmod 600\n"
            "  --token-file FILE  who may ask the Conso API, and about which usage points:\n"
            "                     releve token adds a line to it; chmod 600. It is read again\n"
            "                     when it has changed\n",
    .ends_by_signal = true,
    .run = serve_main,
};
