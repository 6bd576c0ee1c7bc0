/* The life of a visit. libmicrohttpd calls handle() for its headers, for each piece of its body, once when
 * it is whole, and again after each resume; `stage` says where it is. */
#include "visit.h"
#include "chance.h"
#include "control.h"
#include "parcel.h"
#include <assert.h>
#include <poll.h>
#include <releve/memory.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

#define INSIDE "/__sandbox/" /* not upstream: neither counted nor delayed */
#define FORM_PIECE_BYTES 1024

enum stage {
    READING,  /* headers and body */
    COMING,   /* on the way in */
    GOING,    /* on the way out, or never answered */
    READY,    /* to be sent */
    SENT,     /* or being sent */
    ABANDONED /* to be closed without an answer */
};

struct sandbox_visit {
    struct sandbox_hall *hall;
    struct MHD_Connection *connection;
    struct MHD_PostProcessor *form;
    struct sandbox_request request;
    struct releve_text body; /* of the request, where it is no form */
    struct sandbox_answer answer;
    struct sandbox_parcel parcel;
    enum stage stage;
    uint64_t out_ms;
    bool too_large, inside, waits, completed;
    bool timer_open, watch_open;
    unsigned handles_open; /* the visit is freed when they are closed and libmicrohttpd is done */
    uv_timer_t timer;
    uv_poll_t watch; /* for a client that leaves while it is never answered */
    struct sandbox_visit *prev, *next;
};

static void release(struct sandbox_visit *visit)
{
    if (!visit->completed || visit->handles_open > 0)
        return;
    sandbox_answer_free(&visit->answer);
    releve_text_free(&visit->body);
    free(visit);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct sandbox_visit *visit = handle->data;
    visit->handles_open--;
    release(visit);
}

/* It stops at once; only its memory goes later. The same for the timer below. */
static void close_watch(struct sandbox_visit *visit)
{
    if (visit->watch_open)
        uv_close((uv_handle_t *)&visit->watch, on_handle_closed);
    visit->watch_open = false;
}

static void close_handles(struct sandbox_visit *visit)
{
    if (visit->timer_open)
        uv_close((uv_handle_t *)&visit->timer, on_handle_closed);
    visit->timer_open = false;
    close_watch(visit);
}

static int socket_of(const struct sandbox_visit *visit)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(visit->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info != NULL ? info->connect_fd : -1;
}

/* --- waiting ---------------------------------------------------------------------------------- */

static void suspend(struct sandbox_visit *visit)
{
    if (visit->waits)
        return;
    visit->waits = true;
    visit->hall->waiting++;
    MHD_suspend_connection(visit->connection);
}

static void resume(struct sandbox_visit *visit, enum stage stage)
{
    assert(visit->waits);
    visit->stage = stage;
    visit->waits = false;
    visit->hall->waiting--;
    if (visit->timer_open)
        (void)uv_timer_stop(&visit->timer); /* a slow body needs it again */
    close_watch(visit);
    releve_httpd_resume(visit->hall->httpd, visit->connection);
}

static void on_timer(uv_timer_t *timer);

static bool start_timer(struct sandbox_visit *visit, uint64_t delay_ms)
{
    if (!visit->timer_open) {
        if (uv_timer_init(visit->hall->loop, &visit->timer) != 0)
            return false;
        visit->timer.data = visit;
        visit->timer_open = true;
        visit->handles_open++;
    }
    uv_update_time(visit->hall->loop); /* libmicrohttpd may have worked for a while */
    return uv_timer_start(&visit->timer, on_timer, delay_ms, 0) == 0;
}

static void on_client_left(uv_poll_t *watch, int status, int events)
{
    (void)status, (void)events; /* whatever it is, this connection is over */
    resume(watch->data, ABANDONED);
}

/* A suspended connection is not watched by libmicrohttpd. */
static bool watch_client(struct sandbox_visit *visit)
{
    if (uv_poll_init(visit->hall->loop, &visit->watch, socket_of(visit)) != 0)
        return false;
    visit->watch.data = visit;
    visit->watch_open = true;
    visit->handles_open++;
    return uv_poll_start(&visit->watch, UV_DISCONNECT, on_client_left) == 0;
}

/* The request is at the gateway. Says whether the answer may leave now; otherwise it waits. */
static bool arrive(struct sandbox_visit *visit, bool busy)
{
    sandbox_gateway_arrive(visit->hall->gateway, &visit->request, busy, &visit->answer);
    bool never = visit->answer.delivery == SANDBOX_DELIVER_NEVER;
    visit->stage = READY;
    if (busy || (!never && visit->out_ms == 0))
        return true;
    if (!start_timer(visit, never ? SANDBOX_NEVER_MS : visit->out_ms) || (never && !watch_client(visit))) {
        visit->stage = ABANDONED; /* no handles left */
        return true;
    }
    visit->stage = GOING;
    return false;
}

static void on_timer(uv_timer_t *timer)
{
    struct sandbox_visit *visit = timer->data;
    if (visit->stage == COMING) {
        if (arrive(visit, false))
            resume(visit, visit->stage);
        return;
    }
    assert(visit->stage == GOING || visit->stage == SENT);
    enum stage next = visit->stage == SENT ? SENT : READY;
    resume(visit, visit->answer.delivery == SANDBOX_DELIVER_NEVER ? ABANDONED : next);
}

/* --- sending ---------------------------------------------------------------------------------- */

static bool client_has_left(const struct sandbox_visit *visit)
{
    struct pollfd client = {.fd = socket_of(visit), .events = POLLRDHUP};
    return poll(&client, 1, 0) > 0 && (client.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/* Between two pieces of a slow body. */
static bool rest(void *data, uint64_t delay_ms)
{
    struct sandbox_visit *visit = data;
    if (visit->stage != SENT || !start_timer(visit, delay_ms))
        return false;
    suspend(visit);
    return true;
}

static enum MHD_Result send_answer(struct sandbox_visit *visit)
{
    struct sandbox_answer *answer = &visit->answer;
    if (client_has_left(visit))
        return MHD_NO;
    if (answer->delivery == SANDBOX_DELIVER_RESET) {
        sandbox_parcel_reset(socket_of(visit));
        return MHD_NO;
    }
    visit->parcel = (struct sandbox_parcel){.answer = answer,
                                            .socket = socket_of(visit),
                                            .slow_ms = visit->hall->gateway->settings.slow_ms,
                                            .rest = rest,
                                            .visit = visit};
    struct MHD_Response *response = sandbox_parcel_response(&visit->parcel);
    if (response == NULL)
        return MHD_NO;
    enum MHD_Result result = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type);
    if (result == MHD_YES && answer->retry_after_s >= 0) {
        char seconds[24];
        (void)snprintf(seconds, sizeof seconds, "%lld", (long long)answer->retry_after_s);
        result = MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    }
    visit->stage = SENT;
    if (result == MHD_YES)
        result = MHD_queue_response(visit->connection, (unsigned)answer->status, response);
    MHD_destroy_response(response);
    return result;
}

/* --- the simulator's own paths ----------------------------------------------------------------- */

static void answer_json(struct sandbox_answer *answer, cJSON *json)
{
    char *text = json != NULL ? cJSON_PrintUnformatted(json) : NULL;
    if (text != NULL)
        releve_text_puts(&answer->body, text);
    else
        answer->status = 500;
    cJSON_free(text);
    cJSON_Delete(json);
}

static void answer_wrong(struct sandbox_answer *answer, int status, const char *text)
{
    cJSON *json = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(json, "error", text);
    answer->status = status;
    answer_json(answer, json);
}

static void answer_inside(struct sandbox_visit *visit)
{
    struct sandbox_gateway *gateway = visit->hall->gateway;
    struct sandbox_answer *answer = &visit->answer;
    struct releve_error error;
    const char *name = visit->request.path + strlen(INSIDE);
    bool get = strcmp(visit->request.method, "GET") == 0;
    bool post = strcmp(visit->request.method, "POST") == 0;

    sandbox_answer_init(answer);
    if (get && strcmp(name, "stats") == 0) {
        answer_json(answer, sandbox_stats_json(&gateway->stats, &gateway->audit, &gateway->points));
    } else if (get && strcmp(name, "control") == 0) {
        answer_json(answer, sandbox_control_json(gateway));
    } else if (post && strcmp(name, "reset") == 0) {
        sandbox_gateway_reset(gateway);
        answer_json(answer, sandbox_stats_json(&gateway->stats, &gateway->audit, &gateway->points));
    } else if (post && strcmp(name, "control") == 0) {
        const char *text = visit->body.bytes != NULL ? visit->body.bytes : "";
        if (visit->too_large)
            answer_wrong(answer, 413, "control: the body is larger than 1 MiB");
        else if (sandbox_control_apply(gateway, text, visit->body.length, &error) != RELEVE_OK)
            answer_wrong(answer, 400, error.text);
        else
            answer_json(answer, sandbox_control_json(gateway));
    } else {
        answer_wrong(answer, 404, "GET " INSIDE "stats, GET or POST " INSIDE "control, POST " INSIDE "reset");
    }
}

/* --- reading ---------------------------------------------------------------------------------- */

static void append(char *field, size_t field_bytes, const char *piece, size_t piece_bytes)
{
    size_t used = strlen(field);
    if (piece_bytes < field_bytes - used) /* what is too long is nobody's credential */
        memcpy(field + used, piece, piece_bytes);
}

static enum MHD_Result on_form_field(void *data, enum MHD_ValueKind kind, const char *key, const char *filename,
                                     const char *content_type, const char *encoding, const char *piece, uint64_t offset,
                                     size_t piece_bytes)
{
    struct sandbox_visit *visit = data;
    struct sandbox_request *request = &visit->request;
    (void)kind, (void)filename, (void)content_type, (void)encoding, (void)offset;
    if (key == NULL)
        return MHD_YES;
    if (strcmp(key, "grant_type") == 0)
        append(request->grant_type, sizeof request->grant_type, piece, piece_bytes);
    else if (request->basic)
        return MHD_YES;
    else if (strcmp(key, "client_id") == 0)
        append(request->client_id, sizeof request->client_id, piece, piece_bytes);
    else if (strcmp(key, "client_secret") == 0)
        append(request->client_secret, sizeof request->client_secret, piece, piece_bytes);
    return MHD_YES;
}

static void read_basic(struct sandbox_visit *visit)
{
    struct sandbox_request *request = &visit->request;
    char *password = NULL;
    char *name = MHD_basic_auth_get_username_password(visit->connection, &password);
    request->basic = true;
    if (name != NULL)
        append(request->client_id, sizeof request->client_id, name, strlen(name));
    if (password != NULL)
        append(request->client_secret, sizeof request->client_secret, password, strlen(password));
    MHD_free(name);
    MHD_free(password);
}

static void read_headers(struct sandbox_visit *visit)
{
    struct sandbox_request *request = &visit->request;
    request->authorization =
        MHD_lookup_connection_value(visit->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    for (int i = 0; i < SANDBOX_PARAMETERS; i++)
        request->parameters[i] = MHD_lookup_connection_value(visit->connection, MHD_GET_ARGUMENT_KIND,
                                                             sandbox_parameter_name((enum sandbox_parameter)i));
    if (request->authorization != NULL && strncasecmp(request->authorization, "Basic ", 6) == 0)
        read_basic(visit);
    if (!visit->inside && strcmp(request->method, "POST") == 0) /* NULL where the body is no form */
        visit->form = MHD_create_post_processor(visit->connection, FORM_PIECE_BYTES, on_form_field, visit);
}

static void read_piece(struct sandbox_visit *visit, const char *piece, size_t piece_bytes)
{
    if (visit->form != NULL) {
        (void)MHD_post_process(visit->form, piece, piece_bytes);
        return;
    }
    if (visit->body.length + piece_bytes > SANDBOX_BODY_BYTES_MAX)
        visit->too_large = true;
    if (!visit->too_large)
        releve_text_add(&visit->body, piece, piece_bytes);
}

/* The request is whole. Draws its delay, a part of which is spent before the arrival. */
static enum MHD_Result set_out(struct sandbox_visit *visit)
{
    struct sandbox_hall *hall = visit->hall;
    if (visit->form != NULL)
        (void)MHD_destroy_post_processor(visit->form);
    visit->form = NULL;
    if (visit->inside) {
        answer_inside(visit);
        return send_answer(visit);
    }
    if (!visit->too_large) {
        visit->request.body = visit->body.bytes;
        visit->request.body_bytes = visit->body.length;
    }
    const struct sandbox_settings *settings = &hall->gateway->settings;
    uint64_t number = hall->drawn++;
    uint64_t delay_ms = settings->latency.fixed_ms + sandbox_chance(settings->seed, SANDBOX_TOPIC_DELAY, number) %
                                                         (settings->latency.jitter_ms + UINT64_C(1));
    uint64_t in_ms = sandbox_chance(settings->seed, SANDBOX_TOPIC_SHARE, number) % (delay_ms + 1);
    visit->out_ms = delay_ms - in_ms;

    bool busy = hall->waiting >= SANDBOX_WAITING_MAX;
    if (in_ms == 0 || busy || !start_timer(visit, in_ms)) {
        if (!arrive(visit, busy))
            suspend(visit);
        else
            return visit->stage == READY ? send_answer(visit) : MHD_NO;
    } else {
        visit->stage = COMING;
        suspend(visit);
    }
    return MHD_YES;
}

static struct sandbox_visit *begin(struct sandbox_hall *hall, struct MHD_Connection *connection, const char *url,
                                   const char *method)
{
    struct sandbox_visit *visit = releve_alloc(1, sizeof *visit);
    visit->hall = hall;
    visit->connection = connection;
    visit->request.path = url;
    visit->request.method = method;
    visit->inside = strncmp(url, INSIDE, strlen(INSIDE)) == 0;
    if (!visit->inside)
        sandbox_stats_enter(&hall->gateway->stats);
    DL_APPEND(hall->visits, visit);
    return visit;
}

enum MHD_Result sandbox_visit_handle(void *data, struct MHD_Connection *connection, const char *url, const char *method,
                                     const char *version, const char *upload, size_t *upload_bytes, void **state)
{
    struct sandbox_visit *visit = *state;
    (void)version;
    if (visit == NULL) {
        visit = begin(data, connection, url, method);
        *state = visit;
        read_headers(visit);
        return MHD_YES;
    }
    if (*upload_bytes > 0) {
        read_piece(visit, upload, *upload_bytes);
        *upload_bytes = 0;
        return MHD_YES;
    }
    switch (visit->stage) {
    case READING:
        return set_out(visit);
    case READY:
        return send_answer(visit);
    case ABANDONED:
        return MHD_NO;
    case COMING:
    case GOING:
    case SENT:
        break;
    }
    return MHD_YES;
}

/* Of a connection, from one visit to the next. */
struct line {
    bool littered; /* bytes that no length announced are in front of every later answer */
};

void sandbox_visit_connected(void *nothing, struct MHD_Connection *connection, void **context,
                             enum MHD_ConnectionNotificationCode what)
{
    (void)nothing, (void)connection;
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        *context = releve_alloc(1, sizeof(struct line));
    else
        free(*context);
}

/* The answer has left whole. */
static void deliver(struct sandbox_visit *visit)
{
    struct sandbox_served *served = &visit->answer.served;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(visit->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct line *line = info->socket_context;
    if (line->littered) /* whoever does not close such a connection cannot read what comes */
        memcpy(served->doubtful, served->bits, sizeof served->bits);
    line->littered |= sandbox_parcel_sent(&visit->parcel);
    sandbox_gateway_delivered(visit->hall->gateway, &visit->answer);
}

void sandbox_visit_completed(void *data, struct MHD_Connection *connection, void **state,
                             enum MHD_RequestTerminationCode how)
{
    struct sandbox_hall *hall = data;
    struct sandbox_visit *visit = *state;
    (void)connection;
    if (visit == NULL)
        return;
    if (!visit->inside) {
        if (how == MHD_REQUEST_TERMINATED_COMPLETED_OK && visit->stage == SENT)
            deliver(visit);
        sandbox_stats_leave(&hall->gateway->stats);
    }
    if (visit->form != NULL)
        (void)MHD_destroy_post_processor(visit->form);
    DL_DELETE(hall->visits, visit);
    close_handles(visit);
    visit->completed = true;
    *state = NULL;
    release(visit);
}

void sandbox_visit_abandon_all(struct sandbox_hall *hall)
{
    struct sandbox_visit *visit;
    DL_FOREACH(hall->visits, visit)
    {
        if (visit->waits)
            resume(visit, ABANDONED);
    }
}
