/* See web.h. The life of a request: its headers are judged, it is handed to its route, suspended until it is answered,
 * and then sent. libmicrohttpd calls handle() for the headers, again when the request is whole, and again after the
 * answer has come. */
#include "web.h"
#include "guard.h"
#include "password.h"
#include <adapters/httpd/httpd.h>
#include <assert.h>
#include <releve/memory.h>
#include <string.h>

#define RETRY_AFTER_S "5" /* with 503 */

struct releve_web {
    struct releve_web_options options;
    struct releve_httpd *httpd;
    struct releve_password *password; /* NULL: none is asked for */
    unsigned waiting;
};

enum stage {
    ARRIVED,  /* its headers are there */
    CHECKING, /* its password is being checked; suspended */
    ADMITTED, /* it was right */
    ASKED,    /* its route is being called */
    WAITING,  /* likewise; suspended */
    ANSWERED, /* what is to be sent is there */
    SENT
};

struct releve_web_asked {
    struct releve_web *web;
    struct MHD_Connection *connection;
    enum stage stage;
    unsigned status;
    enum releve_web_type type;
    struct releve_text body;
};

/* --- routes ------------------------------------------------------------------------------------------------------- */

static void answer_text(struct releve_web_asked *asked, unsigned status, const char *text)
{
    releve_web_answer(asked, status, RELEVE_WEB_TEXT, text, strlen(text));
}

/* What there is, for whoever has only the address. */
static void answer_root(struct releve_web_asked *asked)
{
    const struct releve_web_options *options = &asked->web->options;
    struct releve_text text = {.length = 0};
    releve_text_puts(&text, "releve " RELEVE_VERSION "\n\n");
    for (size_t i = 0; i < options->routes_count; i++)
        releve_text_format(&text, "%s\n", options->routes[i].path);
    releve_web_answer(asked, MHD_HTTP_OK, RELEVE_WEB_TEXT, text.bytes, text.length);
    releve_text_free(&text);
}

static const struct releve_web_route *find_route(const struct releve_web_options *options, const char *path)
{
    for (size_t i = 0; i < options->routes_count; i++)
        if (strcmp(path, options->routes[i].path) == 0)
            return &options->routes[i];
    return NULL;
}

static void call_route(struct releve_web_asked *asked, const char *path)
{
    struct releve_web *web = asked->web;
    const struct releve_web_route *route = find_route(&web->options, path);
    asked->stage = ASKED;
    if (strcmp(path, "/") == 0)
        answer_root(asked);
    else if (route == NULL)
        answer_text(asked, MHD_HTTP_NOT_FOUND, "There is nothing under this path; / has the paths that there are.\n");
    else if (web->waiting == RELEVE_WEB_WAITING_MAX)
        answer_text(asked, MHD_HTTP_SERVICE_UNAVAILABLE, "Too many requests wait already.\n");
    else
        route->handle(web->options.data, asked);
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

void releve_web_answer(struct releve_web_asked *asked, unsigned status, enum releve_web_type type, const char *body,
                       size_t body_bytes)
{
    struct releve_web *web = asked->web;
    assert(asked->stage == ASKED || asked->stage == WAITING);
    bool waits = asked->stage == WAITING;
    asked->status = status;
    asked->type = type;
    releve_text_add(&asked->body, body, body_bytes);
    asked->stage = ANSWERED;
    if (!waits)
        return;
    web->waiting--;
    releve_httpd_resume(web->httpd, asked->connection);
}

/* Nothing of it is to be kept, run, framed or guessed. */
static enum MHD_Result add_headers(struct MHD_Response *response, const struct releve_web_asked *asked)
{
    static const char *const types[] = {[RELEVE_WEB_TEXT] = "text/plain; charset=utf-8",
                                        [RELEVE_WEB_JSON] = "application/json",
                                        [RELEVE_WEB_METRICS] = "text/plain; version=0.0.4; charset=utf-8"};
    const char *const headers[][2] = {
        {MHD_HTTP_HEADER_CONTENT_TYPE, types[asked->type]},
        {MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
        {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {MHD_HTTP_HEADER_WWW_AUTHENTICATE,
         asked->status == MHD_HTTP_UNAUTHORIZED ? "Basic realm=\"releve\", charset=\"UTF-8\"" : NULL},
        {MHD_HTTP_HEADER_ALLOW, asked->status == MHD_HTTP_METHOD_NOT_ALLOWED ? "GET, HEAD" : NULL},
        {MHD_HTTP_HEADER_RETRY_AFTER, asked->status == MHD_HTTP_SERVICE_UNAVAILABLE ? RETRY_AFTER_S : NULL},
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        if (headers[i][1] != NULL && MHD_add_response_header(response, headers[i][0], headers[i][1]) != MHD_YES)
            return MHD_NO;
    return MHD_YES;
}

static enum MHD_Result send_answer(struct releve_web_asked *asked)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        asked->body.length, asked->body.length > 0 ? asked->body.bytes : "", MHD_RESPMEM_MUST_COPY);
    if (response == NULL)
        return MHD_NO;
    enum MHD_Result result = add_headers(response, asked);
    if (result == MHD_YES)
        result = MHD_queue_response(asked->connection, asked->status, response);
    MHD_destroy_response(response);
    asked->stage = SENT;
    return result;
}

/* --- the password ------------------------------------------------------------------------------------------------ */

static void on_checked(void *data, enum releve_password_answer answer)
{
    struct releve_web_asked *asked = data;
    assert(asked->stage == CHECKING);
    asked->stage = answer == RELEVE_PASSWORD_RIGHT ? ADMITTED : ASKED;
    if (answer != RELEVE_PASSWORD_RIGHT)
        answer_text(asked, MHD_HTTP_UNAUTHORIZED, "The password is wrong.\n");
    releve_httpd_resume(asked->web->httpd, asked->connection);
}

/* Any name will do. */
static enum releve_password_answer check_password(struct releve_web_asked *asked)
{
    char *password = NULL;
    char *name = MHD_basic_auth_get_username_password(asked->connection, &password);
    enum releve_password_answer answer = RELEVE_PASSWORD_WRONG;
    if (password != NULL) {
        answer = releve_password_check(asked->web->password, password, on_checked, asked);
        explicit_bzero(password, strlen(password));
    }
    MHD_free(name);
    MHD_free(password);
    return answer;
}

static void admit(struct releve_web_asked *asked)
{
    enum releve_password_answer answer = asked->web->password == NULL ? RELEVE_PASSWORD_RIGHT : check_password(asked);
    asked->stage = answer == RELEVE_PASSWORD_RIGHT ? ADMITTED : answer == RELEVE_PASSWORD_CHECKED ? CHECKING : ASKED;
    if (answer == RELEVE_PASSWORD_WRONG)
        answer_text(asked, MHD_HTTP_UNAUTHORIZED, "A password is needed: HTTP Basic, with any name.\n");
    if (answer == RELEVE_PASSWORD_BUSY)
        answer_text(asked, MHD_HTTP_SERVICE_UNAVAILABLE, "Too many passwords are being checked.\n");
}

/* --- a request ---------------------------------------------------------------------------------------------------- */

/* What is refused is refused before a body is read: the connection is closed then. */
static enum MHD_Result begin(struct releve_web *web, struct MHD_Connection *connection, const char *method,
                             void **state)
{
    struct releve_web_asked *asked = releve_alloc(1, sizeof *asked);
    *asked = (struct releve_web_asked){.web = web, .connection = connection};
    *state = asked;
    const struct releve_guard_refusal *refusal =
        releve_guard_refuse(connection, method, web->options.hosts, web->options.hosts_count);
    if (refusal == NULL)
        return MHD_YES;
    asked->stage = ASKED;
    answer_text(asked, refusal->status, refusal->text);
    return send_answer(asked);
}

static enum MHD_Result handle(void *data, struct MHD_Connection *connection, const char *path, const char *method,
                              const char *version, const char *upload, size_t *upload_bytes, void **state)
{
    struct releve_web *web = data;
    struct releve_web_asked *asked = *state;
    (void)version, (void)upload, (void)upload_bytes; /* the guard lets no body in */
    if (asked == NULL)
        return begin(web, connection, method, state);
    if (asked->stage == ARRIVED)
        admit(asked);
    if (asked->stage == ADMITTED)
        call_route(asked, path);
    if (asked->stage == ANSWERED)
        return send_answer(asked);
    if (asked->stage == ASKED) {
        asked->stage = WAITING;
        web->waiting++;
    }
    assert(asked->stage == WAITING || asked->stage == CHECKING);
    MHD_suspend_connection(connection);
    return MHD_YES;
}

/* Not of one that waits: a suspended connection is not looked at, and none is left when the service stops. */
static void completed(void *data, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode how)
{
    struct releve_web_asked *asked = *state;
    (void)data, (void)connection, (void)how;
    if (asked == NULL)
        return;
    assert(asked->stage != WAITING && asked->stage != CHECKING);
    releve_text_free(&asked->body);
    free(asked);
    *state = NULL;
}

/* --- life --------------------------------------------------------------------------------------------------------- */

enum releve_code releve_web_start(struct releve_web **out, uv_loop_t *loop, const struct releve_web_options *options,
                                  struct releve_error *error)
{
    struct releve_web *web = releve_alloc(1, sizeof *web);
    *web = (struct releve_web){.options = *options};
    const struct releve_httpd_options httpd = {.address = options->address,
                                               .connections_max = RELEVE_WEB_CONNECTIONS_MAX,
                                               .connection_bytes = RELEVE_WEB_HEADER_BYTES,
                                               .idle_s = RELEVE_WEB_IDLE_S,
                                               .request_s = RELEVE_WEB_REQUEST_S,
                                               .handle = handle,
                                               .completed = completed,
                                               .data = web};
    if (releve_httpd_start(&web->httpd, loop, &httpd, error) != RELEVE_OK) {
        free(web);
        return error->code;
    }
    if (options->password_hash != NULL)
        web->password = releve_password_open(loop, options->password_hash);
    *out = web;
    return RELEVE_OK;
}

unsigned releve_web_port(const struct releve_web *web)
{
    return releve_httpd_port(web->httpd);
}

void releve_web_stop(struct releve_web *web)
{
    assert(web->waiting == 0);
    if (web->password != NULL)
        releve_password_close(web->password);
    releve_httpd_stop(web->httpd);
    free(web);
}
