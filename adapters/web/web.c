/* See web.h. The life of a request: its headers are judged, it is led to a file or handed to its route, suspended until
 * it is answered, and then sent. libmicrohttpd calls handle() for the headers, again when the request is whole, and
 * again after the answer has come. */
#include "asked.h"
#include "guard.h"
#include "password.h"
#include <adapters/httpd/httpd.h>
#include <assert.h>
#include <releve/memory.h>
#include <stdio.h>
#include <string.h>

#define PROBLEM_BYTES 512 /* of a problem's detail */

struct releve_web {
    struct releve_web_options options;
    struct releve_httpd *httpd;
    struct releve_password *password; /* NULL: none is asked for */
    unsigned waiting;
    size_t unsent_bytes; /* of bodies that are there and have not been sent to their end */
    struct streams streams;
    bool ended; /* what was answered still goes out, and nothing is asked any more */
};

/* --- routes ------------------------------------------------------------------------------------------------------- */

static const struct releve_web_file *find_file(const char *path)
{
    for (size_t i = 0; i < releve_web_files_count; i++)
        if (strcmp(path, releve_web_files[i].path) == 0)
            return &releve_web_files[i];
    return NULL;
}

/* Does the request's path fit that of the route? Where it does, its arguments are set apart by NULs. */
static bool fit(struct releve_web_asked *asked, const char *path)
{
    char *at = asked->path, *ends[RELEVE_WEB_ARGUMENTS_MAX];
    unsigned count = 0;
    for (; *path != '\0'; path++) {
        if (path[0] == '{' && path[1] == '}') {
            size_t length = strcspn(at, "/");
            if (length == 0)
                return false;
            asked->arguments[count] = at;
            ends[count++] = at += length;
            path++;
        } else if (*at++ != *path) {
            return false;
        }
    }
    if (*at != '\0')
        return false;
    for (unsigned i = 0; i < count; i++)
        *ends[i] = '\0';
    return true;
}

/* Where the path leads: to a file, a route, or nowhere. */
static void find_target(struct releve_web_asked *asked, const char *path)
{
    const struct releve_web_options *options = &asked->web->options;
    if (strlen(path) >= sizeof asked->path)
        return;
    (void)snprintf(asked->path, sizeof asked->path, "%s", path);
    asked->file = find_file(path);
    for (size_t i = 0; i < options->routes_count && asked->file == NULL && asked->route == NULL; i++)
        if (fit(asked, options->routes[i].path))
            asked->route = &options->routes[i];
}

struct check {
    const char *const *names;
    bool seen[RELEVE_WEB_PARAMETERS_MAX];
    bool is_wrong;
};

static enum MHD_Result check_parameter(void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct check *check = data;
    (void)kind, (void)value;
    size_t i = 0;
    while (check->names[i] != NULL && strcmp(check->names[i], name) != 0)
        i++;
    check->is_wrong = check->names[i] == NULL || check->seen[i];
    if (!check->is_wrong)
        check->seen[i] = true;
    return check->is_wrong ? MHD_NO : MHD_YES;
}

static bool has_only(const struct releve_web_asked *asked, const char *const *names)
{
    struct check check = {.names = names};
    (void)MHD_get_connection_values(asked->connection, MHD_GET_ARGUMENT_KIND, check_parameter, &check);
    return !check.is_wrong;
}

static void name_parameters(struct releve_web_asked *asked)
{
    struct releve_text names = {.length = 0};
    for (const char *const *name = asked->route->parameters; *name != NULL; name++)
        releve_text_format(&names, "%s%s", names.length > 0 ? ", " : "", *name);
    releve_web_fail(asked, MHD_HTTP_BAD_REQUEST, "The query may have these, each once: %.*s.",
                    names.length > 0 ? (int)names.length : 7, names.length > 0 ? names.bytes : "nothing");
    releve_text_free(&names);
}

static void call_route(struct releve_web_asked *asked)
{
    struct releve_web *web = asked->web;
    asked->stage = ASKED;
    if (asked->route == NULL)
        releve_web_fail(asked, MHD_HTTP_NOT_FOUND,
                        "There is nothing under this path: /openapi.json says what there is.");
    else if (asked->route->parameters != NULL && !has_only(asked, asked->route->parameters))
        name_parameters(asked);
    else if (web->waiting == RELEVE_WEB_WAITING_MAX)
        releve_web_fail(asked, MHD_HTTP_SERVICE_UNAVAILABLE, "Too many requests wait already.");
    else
        asked->route->handle(web->options.data, asked);
}

/* --- what is asked ----------------------------------------------------------------------------------------------- */

const char *releve_web_argument(const struct releve_web_asked *asked, unsigned n)
{
    assert(n < RELEVE_WEB_ARGUMENTS_MAX && asked->arguments[n] != NULL);
    return asked->arguments[n];
}

const char *releve_web_parameter(const struct releve_web_asked *asked, const char *name)
{
    const char *value = NULL;
    if (MHD_lookup_connection_value_n(asked->connection, MHD_GET_ARGUMENT_KIND, name, strlen(name), &value, NULL) !=
        MHD_YES)
        return NULL;
    return value != NULL ? value : "";
}

struct parameters {
    bool (*each)(void *data, const char *name, const char *value);
    void *data;
};

static enum MHD_Result hand_out(void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
    const struct parameters *parameters = data;
    (void)kind;
    return parameters->each(parameters->data, name, value != NULL ? value : "") ? MHD_YES : MHD_NO;
}

void releve_web_each_parameter(const struct releve_web_asked *asked,
                               bool (*each)(void *data, const char *name, const char *value), void *data)
{
    struct parameters parameters = {each, data};
    (void)MHD_get_connection_values(asked->connection, MHD_GET_ARGUMENT_KIND, hand_out, &parameters);
}

const char *releve_web_header(const struct releve_web_asked *asked, const char *name)
{
    return MHD_lookup_connection_value(asked->connection, MHD_HEADER_KIND, name);
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

void releve_web_link_next(struct releve_web_asked *asked, const char *target)
{
    releve_text_format(&asked->next, "<%s>; rel=\"next\"", target);
}

/* Where bodies wait for slow clients, the slowest answer is broken off for each new one; where that is not enough,
 * none comes. */
static bool has_room(struct releve_web *web, size_t body_bytes)
{
    if (web->unsent_bytes + body_bytes > RELEVE_WEB_UNSENT_BYTES_MAX / 2)
        releve_httpd_drop_slowest(web->httpd);
    return body_bytes <= RELEVE_WEB_SMALL_BYTES || web->unsent_bytes + body_bytes <= RELEVE_WEB_UNSENT_BYTES_MAX;
}

void releve_web_answer(struct releve_web_asked *asked, unsigned status, enum releve_web_type type, const char *body,
                       size_t body_bytes)
{
    struct releve_web *web = asked->web;
    assert(asked->stage == ASKED || asked->stage == WAITING);
    if (!has_room(web, body_bytes)) {
        releve_web_fail(asked, MHD_HTTP_SERVICE_UNAVAILABLE, "Too many answers wait to be read.");
        return;
    }
    web->unsent_bytes += asked->unsent_bytes = body_bytes;
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

static const char *title_of(unsigned status)
{
    const char *title = MHD_get_reason_phrase_for(status);
    return title != NULL ? title : "";
}

/* Details repeat what was sent, which may be no UTF-8, or be cut inside a character; JSON has to be (RFC 8259, 8.1). */
static void make_utf8(char *text)
{
    for (size_t length; *text != '\0'; text += length > 0 ? length : 1) {
        length = releve_utf8_length(text);
        if (length == 0)
            *text = '?';
    }
}

void releve_web_fail(struct releve_web_asked *asked, unsigned status, const char *format, ...)
{
    char detail[PROBLEM_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    make_utf8(detail);
    struct releve_text body = {.length = 0};
    releve_text_format(&body, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u,\"detail\":", title_of(status),
                       status);
    releve_text_json(&body, detail);
    releve_text_puts(&body, "}\n");
    releve_web_answer(asked, status, RELEVE_WEB_PROBLEM, body.bytes, body.length);
    releve_text_free(&body);
}

/* --- streams ----------------------------------------------------------------------------------------------------- */

bool releve_web_stream(struct releve_web_asked *asked)
{
    assert(asked->stage == ASKED);
    if (!releve_web_streams_add(&asked->web->streams, asked))
        return false;
    asked->stage = STREAMING;
    return true;
}

void releve_web_push(struct releve_web *web, const char *event, const char *data, size_t data_bytes)
{
    struct releve_text text = {.length = 0};
    if (event == NULL) {
        releve_text_puts(&text, ":\n\n");
    } else {
        releve_text_format(&text, "event: %s\ndata: ", event);
        releve_text_add(&text, data, data_bytes);
        releve_text_puts(&text, "\n\n");
    }
    releve_web_streams_push(&web->streams, &text);
    releve_text_free(&text);
}

size_t releve_web_streams(const struct releve_web *web)
{
    return web->streams.count;
}

/* --- the password ------------------------------------------------------------------------------------------------ */

static void on_checked(void *data, enum releve_password_answer answer)
{
    struct releve_web_asked *asked = data;
    assert(asked->stage == CHECKING);
    asked->stage = answer == RELEVE_PASSWORD_RIGHT ? ADMITTED : ASKED;
    if (answer != RELEVE_PASSWORD_RIGHT)
        releve_web_fail(asked, MHD_HTTP_UNAUTHORIZED, "The password is wrong.");
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
    bool is_open = asked->web->password == NULL || (asked->route != NULL && asked->route->is_open);
    enum releve_password_answer answer = is_open ? RELEVE_PASSWORD_RIGHT : check_password(asked);
    asked->stage = answer == RELEVE_PASSWORD_RIGHT ? ADMITTED : answer == RELEVE_PASSWORD_CHECKED ? CHECKING : ASKED;
    if (answer == RELEVE_PASSWORD_WRONG)
        releve_web_fail(asked, MHD_HTTP_UNAUTHORIZED, "A password is needed: HTTP Basic, with any name.");
    if (answer == RELEVE_PASSWORD_BUSY)
        releve_web_fail(asked, MHD_HTTP_SERVICE_UNAVAILABLE, "Too many passwords are being checked.");
}

/* --- a request ---------------------------------------------------------------------------------------------------- */

/* What is refused is refused before a body is read: the connection is closed then. */
static enum MHD_Result begin(struct releve_web *web, struct MHD_Connection *connection, const char *path,
                             const char *method, void **state)
{
    struct releve_web_asked *asked = releve_alloc(1, sizeof *asked);
    *asked = (struct releve_web_asked){.web = web, .connection = connection};
    *state = asked;
    find_target(asked, path);
    const struct releve_guard_refusal *refusal =
        releve_guard_refuse(connection, method, asked->file != NULL, web->options.hosts, web->options.hosts_count);
    if (refusal == NULL)
        return MHD_YES;
    asked->stage = ASKED;
    releve_web_fail(asked, refusal->status, "%s", refusal->text);
    asked->stage = SENT;
    releve_httpd_send(web->httpd, connection);
    return releve_web_send_answer(asked);
}

/* What is there for the request now: sent, or waited for. */
static enum MHD_Result proceed(struct releve_web_asked *asked)
{
    enum stage stage = asked->stage;
    asked->stage = SENT;
    if (stage == ADMITTED || stage == ANSWERED)
        releve_httpd_send(asked->web->httpd, asked->connection);
    if (stage == ADMITTED)
        return releve_web_send_file(asked, asked->file);
    if (stage == ANSWERED)
        return releve_web_send_answer(asked);
    if (stage == STREAMING)
        return releve_web_send_stream(asked);
    asked->stage = stage == ASKED ? WAITING : stage;
    asked->web->waiting += stage == ASKED;
    assert(asked->stage == WAITING || asked->stage == CHECKING);
    MHD_suspend_connection(asked->connection);
    return MHD_YES;
}

static enum MHD_Result handle(void *data, struct MHD_Connection *connection, const char *path, const char *method,
                              const char *version, const char *upload, size_t *upload_bytes, void **state)
{
    struct releve_web *web = data;
    struct releve_web_asked *asked = *state;
    (void)version, (void)upload, (void)upload_bytes; /* the guard lets no body in */
    if (web->ended && (asked == NULL || asked->stage <= ADMITTED))
        return MHD_NO;
    if (asked == NULL)
        return begin(web, connection, path, method, state);
    if (asked->stage == ARRIVED)
        admit(asked);
    if (asked->stage == ADMITTED && asked->file == NULL)
        call_route(asked);
    return proceed(asked);
}

/* Not of one that waits: a suspended connection is not looked at, and none is left when the service stops. */
static void completed(void *data, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode how)
{
    struct releve_web_asked *asked = *state;
    (void)data, (void)connection, (void)how;
    if (asked == NULL)
        return;
    assert(asked->stage != WAITING && asked->stage != CHECKING);
    asked->web->unsent_bytes -= asked->unsent_bytes;
    releve_text_free(&asked->body);
    releve_text_free(&asked->next);
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
                                               .answer_s = RELEVE_WEB_ANSWER_S,
                                               .handle = handle,
                                               .completed = completed,
                                               .data = web};
    if (releve_httpd_start(&web->httpd, loop, &httpd, error) != RELEVE_OK) {
        free(web);
        return error->code;
    }
    web->streams.httpd = web->httpd;
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
    web->ended = true;
    releve_web_streams_end(&web->streams);
    if (web->password != NULL)
        releve_password_close(web->password);
    releve_httpd_stop(web->httpd);
    free(web);
}
