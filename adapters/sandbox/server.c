/* libmicrohttpd in "external epoll" mode: its epoll descriptor is one poll handle of the loop, its next
 * time-out one timer. */
#include "server.h"
#include "visit.h"
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <releve/memory.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX (SANDBOX_WAITING_MAX + 1000u)
#define CONNECTION_BYTES 16384u /* what one connection may use for its headers */
#define IDLE_S 120u             /* a silent connection is closed after */
#define SPARE_FILES 64u         /* descriptors for everything that is no connection */
#define BACKLOG 1024

struct sandbox_server {
    struct sandbox_hall hall;
    struct MHD_Daemon *daemon;
    unsigned port;
    unsigned handles_open;
    uv_poll_t poll;
    uv_timer_t timer;
    uv_prepare_t prepare;
};

static void on_timer(uv_timer_t *timer);

/* Lets libmicrohttpd work, and sets the timer to the moment when it wants to work next. */
static void run(struct sandbox_server *server)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms;
    server->hall.resumed = false;
    (void)MHD_run(server->daemon);
    if (MHD_get_timeout(server->daemon, &timeout_ms) == MHD_YES)
        (void)uv_timer_start(&server->timer, on_timer, timeout_ms, 0);
    else
        (void)uv_timer_stop(&server->timer);
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
    struct sandbox_server *server = prepare->data;
    if (server->hall.resumed)
        run(server);
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

/* As many descriptors as there may be connections, where the system lets us. */
static unsigned connections_allowed(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return CONNECTIONS_MAX / 16;
    rlim_t wanted = CONNECTIONS_MAX + SPARE_FILES;
    if (files.rlim_cur < wanted) {
        files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
        (void)setrlimit(RLIMIT_NOFILE, &files);
        (void)getrlimit(RLIMIT_NOFILE, &files);
    }
    if (files.rlim_cur >= wanted)
        return CONNECTIONS_MAX;
    return files.rlim_cur > 2 * SPARE_FILES ? (unsigned)(files.rlim_cur - SPARE_FILES) : SPARE_FILES;
}

static struct MHD_Daemon *start_daemon(struct sandbox_server *server, int listener)
{
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, sandbox_visit_handle,
                            &server->hall, MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT,
                            connections_allowed(), MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
                            MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, MHD_OPTION_NOTIFY_COMPLETED, sandbox_visit_completed,
                            &server->hall, MHD_OPTION_NOTIFY_CONNECTION, sandbox_visit_connected, NULL, MHD_OPTION_END);
}

static void open_handles(struct sandbox_server *server, uv_loop_t *loop)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    assert(info != NULL);
    /* None of these can fail on a fresh epoll descriptor and loop. */
    int failures = uv_poll_init(loop, &server->poll, info->epoll_fd);
    failures |= uv_timer_init(loop, &server->timer);
    failures |= uv_prepare_init(loop, &server->prepare);
    server->poll.data = server->timer.data = server->prepare.data = server;
    server->handles_open = 3;
    failures |= uv_poll_start(&server->poll, UV_READABLE, on_ready);
    failures |= uv_prepare_start(&server->prepare, on_prepare);
    assert(failures == 0);
    (void)failures;
}

enum releve_code sandbox_server_start(struct sandbox_server **out, uv_loop_t *loop, const struct sockaddr *address,
                                      struct sandbox_gateway *gateway, struct releve_error *error)
{
    int listener = listen_on(address, error);
    if (listener < 0)
        return error->code;
    struct sandbox_server *server = releve_alloc(1, sizeof *server);
    server->hall = (struct sandbox_hall){.loop = loop, .gateway = gateway};
    server->port = port_of(listener);
    server->daemon = start_daemon(server, listener);
    if (server->daemon == NULL) {
        free(server);
        (void)close(listener);
        return releve_fail(error, RELEVE_E_SYSTEM, "the HTTP server does not start: out of memory or descriptors");
    }
    open_handles(server, loop);
    *out = server;
    return RELEVE_OK;
}

unsigned sandbox_server_port(const struct sandbox_server *server)
{
    return server->port;
}

static void on_closed(uv_handle_t *handle)
{
    struct sandbox_server *server = handle->data;
    if (--server->handles_open == 0)
        free(server);
}

void sandbox_server_stop(struct sandbox_server *server)
{
    sandbox_visit_abandon_all(&server->hall);
    (void)uv_poll_stop(&server->poll); /* before the daemon closes the descriptor */
    MHD_stop_daemon(server->daemon);
    assert(server->hall.visits == NULL);
    uv_close((uv_handle_t *)&server->poll, on_closed);
    uv_close((uv_handle_t *)&server->timer, on_closed);
    uv_close((uv_handle_t *)&server->prepare, on_closed);
}
