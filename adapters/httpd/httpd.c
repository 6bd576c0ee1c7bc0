/* libmicrohttpd in "external epoll" mode: its epoll descriptor is one poll handle of the loop, its next
 * time-out one timer. */
#include "httpd.h"
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <releve/memory.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#define SPARE_FILES 64u /* descriptors for everything that is no connection */
#define BACKLOG 1024

/* What is sent and not read waits in the kernel, which would let it be some MB a connection; it takes twice as much. */
#define SEND_BUFFER_BYTES (128 * 1024)

enum state {
    ASKING,    /* a request of it is due */
    ANSWERING, /* its request is there, and is being answered; a stream: until it ends */
    SENDING,   /* its answer is there */
    DROPPED,   /* libmicrohttpd will find that it has ended */
    STATES
};

struct peer {
    struct peer *prev, *next;
    int socket;
    enum state state;
    uint64_t since_ms; /* loop time */
};

struct releve_httpd {
    struct MHD_Daemon *daemon;
    struct releve_httpd_options options;
    struct peer
        *peers[STATES]; /* where there is a limit to a request; the one that came first into its state is first */
    unsigned peers_count, connections_max;
    uv_timer_t sweep;
    bool resumed; /* libmicrohttpd has something to do at once */
    unsigned port;
    unsigned handles_open;
    uv_poll_t poll;
    uv_timer_t timer;
    uv_prepare_t prepare;
};

/* --- how long a request and its answer may take ------------------------------------------------------------------ */

/* libmicrohttpd's own limit begins anew with each byte. */
#define SWEEP_MS 1000

/* An eighth of the connections stays free: a new client is let in, and then an old connection has to go. */
#define ROOM_PARTS 8

static struct peer *peer_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info != NULL ? info->socket_context : NULL;
}

static void change(struct releve_httpd *httpd, struct peer *peer, enum state state)
{
    /* The head of a list of two has a next one. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    DL_DELETE(httpd->peers[peer->state], peer);
    peer->state = state;
    peer->since_ms = uv_now(httpd->sweep.loop);
    DL_APPEND(httpd->peers[state], peer);
}

/* libmicrohttpd finds the end of what is shut down, and closes it. */
static void drop(struct releve_httpd *httpd, struct peer *peer)
{
    (void)shutdown(peer->socket, SHUT_RDWR);
    change(httpd, peer, DROPPED);
}

/* A silent connection goes first; a client that is served needs a moment only to ask. */
static void make_room(struct releve_httpd *httpd)
{
    if (httpd->peers_count <= httpd->connections_max - httpd->connections_max / ROOM_PARTS)
        return;
    if (httpd->peers[ASKING] != NULL)
        drop(httpd, httpd->peers[ASKING]);
    else
        releve_httpd_drop_slowest(httpd);
}

static void admit(struct releve_httpd *httpd, struct peer *peer, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const int bytes = SEND_BUFFER_BYTES;
    peer->socket = info != NULL ? info->connect_fd : -1;
    (void)setsockopt(peer->socket, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    make_room(httpd);
    peer->since_ms = uv_now(httpd->sweep.loop);
    DL_APPEND(httpd->peers[peer->state], peer);
    httpd->peers_count++;
}

static void on_connection(void *data, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct releve_httpd *httpd = data;
    struct peer *peer = *context;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = peer = releve_alloc(1, sizeof *peer);
        admit(httpd, peer, connection);
    } else if (peer != NULL) {
        DL_DELETE(httpd->peers[peer->state], peer);
        httpd->peers_count--;
        free(peer);
        *context = NULL;
    }
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_bytes, void **state)
{
    struct releve_httpd *httpd = data;
    struct peer *peer = peer_of(connection);
    if (peer != NULL && peer->state == ASKING)
        change(httpd, peer, ANSWERING);
    return httpd->options.handle(httpd->options.data, connection, url, method, version, upload, upload_bytes, state);
}

static void on_completed(void *data, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode how)
{
    struct releve_httpd *httpd = data;
    struct peer *peer = peer_of(connection);
    if (peer != NULL && peer->state != DROPPED)
        change(httpd, peer, ASKING);
    httpd->options.completed(httpd->options.data, connection, state, how);
}

void releve_httpd_send(struct releve_httpd *httpd, struct MHD_Connection *connection)
{
    struct peer *peer = peer_of(connection);
    if (peer != NULL && peer->state == ANSWERING)
        change(httpd, peer, SENDING);
}

void releve_httpd_drop_slowest(struct releve_httpd *httpd)
{
    if (httpd->peers[SENDING] != NULL)
        drop(httpd, httpd->peers[SENDING]);
}

/* Those that are in that state for so long. */
static void drop_late(struct releve_httpd *httpd, enum state state, unsigned limit_s)
{
    struct peer *first;
    while ((first = httpd->peers[state]) != NULL &&
           uv_now(httpd->sweep.loop) - first->since_ms >= (uint64_t)limit_s * 1000)
        drop(httpd, first);
}

static void on_sweep(uv_timer_t *timer)
{
    struct releve_httpd *httpd = timer->data;
    drop_late(httpd, ASKING, httpd->options.request_s);
    drop_late(httpd, SENDING, httpd->options.answer_s);
}

/* --- on the loop ------------------------------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer);

/* Lets libmicrohttpd work, and sets the timer to the moment when it wants to work next. */
static void run(struct releve_httpd *httpd)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms;
    httpd->resumed = false;
    (void)MHD_run(httpd->daemon);
    if (MHD_get_timeout(httpd->daemon, &timeout_ms) == MHD_YES)
        (void)uv_timer_start(&httpd->timer, on_timer, timeout_ms, 0);
    else
        (void)uv_timer_stop(&httpd->timer);
}

static void on_timer(uv_timer_t *timer)
{
    run(timer->data);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    (void)status, (void)events; /* an error on the epoll descriptor itself shows in MHD_run */
    run(poll->data);
}

/* Before the loop sleeps: what timers resumed goes out now. */
static void on_prepare(uv_prepare_t *prepare)
{
    struct releve_httpd *httpd = prepare->data;
    if (httpd->resumed)
        run(httpd);
}

static unsigned port_of(int socket)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    if (getsockname(socket, (struct sockaddr *)&address, &length) != 0)
        return 0;
    /* getsockname filled it. NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
    return address.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&address)->sin6_port)
                                         : ntohs(((struct sockaddr_in *)&address)->sin_port);
}

/* A socket of our own, because libmicrohttpd would not say why it could not listen. */
static int listen_on(const struct sockaddr *address, struct releve_error *error)
{
    const int yes = 1;
    socklen_t length = address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    int listener = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener >= 0 && setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
        bind(listener, address, length) == 0 && listen(listener, BACKLOG) == 0)
        return listener;
    int failure = errno;
    if (listener >= 0)
        (void)close(listener);
    (void)releve_fail(error, RELEVE_E_USAGE,
                      failure == EADDRINUSE ? "%s; is another one running? --listen HOST:0 picks a free port" : "%s",
                      strerror(failure));
    return -1;
}

enum releve_code releve_httpd_read_address(const char *text, const char *example, struct releve_httpd_address *address,
                                           struct releve_error *error)
{
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    unsigned long port = colon != NULL && colon[1] >= '0' && colon[1] <= '9' ? strtoul(colon + 1, &end, 10) : 0;
    if (end == NULL || *end != '\0' || colon == text || colon - text >= RELEVE_HTTPD_HOST_BYTES || port > UINT16_MAX)
        return releve_fail(error, RELEVE_E_USAGE, "--listen %.80s: write HOST:PORT, such as %s", text, example);
    memset(address, 0, sizeof *address);
    int length = (int)(colon - text);
    (void)snprintf(address->host, sizeof address->host, "%.*s", length, text);
    char literal[RELEVE_HTTPD_HOST_BYTES]; /* without brackets */
    bool in_brackets = text[0] == '[' && text[length - 1] == ']';
    (void)snprintf(literal, sizeof literal, "%.*s", in_brackets ? length - 2 : length, in_brackets ? text + 1 : text);
    struct sockaddr_in *four = (struct sockaddr_in *)&address->socket;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address->socket;
    const char *name = strcmp(literal, "localhost") == 0 ? "127.0.0.1" : literal;
    if (!in_brackets && inet_pton(AF_INET, name, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons((uint16_t)port);
        address->is_loopback = ntohl(four->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    } else if (in_brackets && inet_pton(AF_INET6, name, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons((uint16_t)port);
        address->is_loopback = IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
    } else {
        return releve_fail(error, RELEVE_E_USAGE, "--listen %.80s: no address, such as %s", text, example);
    }
    return RELEVE_OK;
}

/* As many descriptors as there may be connections, where the system lets us. */
static unsigned connections_allowed(unsigned wanted_max)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return SPARE_FILES;
    rlim_t wanted = wanted_max + SPARE_FILES;
    if (files.rlim_cur < wanted) {
        files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
        (void)setrlimit(RLIMIT_NOFILE, &files);
        (void)getrlimit(RLIMIT_NOFILE, &files);
    }
    if (files.rlim_cur >= wanted)
        return wanted_max;
    return files.rlim_cur > 2 * SPARE_FILES ? (unsigned)(files.rlim_cur - SPARE_FILES) : SPARE_FILES;
}

/* An encoded NUL would cut a path or a parameter where it stands, and a proxy in front sees all of it: it becomes
 * another control character, which nothing that is asked here has in it. */
static size_t unescape(void *data, struct MHD_Connection *connection, char *text)
{
    (void)data, (void)connection;
    for (char *at = text; (at = strstr(at, "%00")) != NULL; at += 3)
        at[2] = '1';
    return MHD_http_unescape(text);
}

static struct MHD_Daemon *start_daemon(struct releve_httpd *httpd, int listener)
{
    httpd->connections_max = connections_allowed(httpd->options.connections_max);
    const struct releve_httpd_options *options = &httpd->options;
    bool limited = options->request_s > 0;
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, limited ? on_request : options->handle,
        limited ? httpd : options->data, MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT,
        httpd->connections_max, MHD_OPTION_CONNECTION_MEMORY_LIMIT, options->connection_bytes,
        MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL, MHD_OPTION_CONNECTION_TIMEOUT, options->idle_s,
        MHD_OPTION_NOTIFY_COMPLETED, limited ? on_completed : options->completed, limited ? httpd : options->data,
        MHD_OPTION_NOTIFY_CONNECTION, limited ? on_connection : options->connected, httpd, MHD_OPTION_END);
}

static void open_handles(struct releve_httpd *httpd, uv_loop_t *loop)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(httpd->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    assert(info != NULL);
    /* None of these can fail on a fresh epoll descriptor and loop. */
    int failures = uv_poll_init(loop, &httpd->poll, info->epoll_fd);
    failures |= uv_timer_init(loop, &httpd->timer);
    failures |= uv_prepare_init(loop, &httpd->prepare);
    failures |= uv_timer_init(loop, &httpd->sweep);
    httpd->sweep.data = httpd;
    httpd->poll.data = httpd->timer.data = httpd->prepare.data = httpd;
    httpd->handles_open = 4;
    failures |= uv_poll_start(&httpd->poll, UV_READABLE, on_ready);
    failures |= uv_prepare_start(&httpd->prepare, on_prepare);
    if (httpd->options.request_s > 0)
        failures |= uv_timer_start(&httpd->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    assert(failures == 0);
    (void)failures;
}

enum releve_code releve_httpd_start(struct releve_httpd **out, uv_loop_t *loop,
                                    const struct releve_httpd_options *options, struct releve_error *error)
{
    int listener = listen_on(options->address, error);
    if (listener < 0)
        return error->code;
    struct releve_httpd *httpd = releve_alloc(1, sizeof *httpd);
    *httpd = (struct releve_httpd){.port = port_of(listener), .options = *options};
    httpd->daemon = start_daemon(httpd, listener);
    if (httpd->daemon == NULL) {
        free(httpd);
        (void)close(listener);
        return releve_fail(error, RELEVE_E_SYSTEM, "the HTTP server does not start: out of memory or descriptors");
    }
    open_handles(httpd, loop);
    *out = httpd;
    return RELEVE_OK;
}

void releve_httpd_resume(struct releve_httpd *httpd, struct MHD_Connection *connection)
{
    httpd->resumed = true;
    MHD_resume_connection(connection);
}

unsigned releve_httpd_port(const struct releve_httpd *httpd)
{
    return httpd->port;
}

static void on_closed(uv_handle_t *handle)
{
    struct releve_httpd *httpd = handle->data;
    if (--httpd->handles_open == 0)
        free(httpd);
}

void releve_httpd_stop(struct releve_httpd *httpd)
{
    if (httpd->resumed) /* what was answered last goes out */
        run(httpd);
    (void)uv_poll_stop(&httpd->poll); /* before the daemon closes the descriptor */
    MHD_stop_daemon(httpd->daemon);
    uv_close((uv_handle_t *)&httpd->poll, on_closed);
    uv_close((uv_handle_t *)&httpd->timer, on_closed);
    uv_close((uv_handle_t *)&httpd->prepare, on_closed);
    uv_close((uv_handle_t *)&httpd->sweep, on_closed);
}
