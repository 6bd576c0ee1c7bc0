/* Sockets under curl: libuv watches them, and law 1 decides how they end.
 *
 * A request that has been given up may still sit in the kernel's send buffer and leave much later, when its permit is
 * long gone. So every connection that carries a request has SO_LINGER with zero seconds: closing it, also by the death
 * of this process, discards what has not left and resets the connection. Only when a response has come whole is that
 * taken back, until the next request. TCP_USER_TIMEOUT bounds how long the kernel goes on resending for a process that
 * is stopped. */
#include "http.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <releve/calendar.h>
#include <releve/memory.h>
#include <sys/socket.h>
#include <unistd.h>

/* The longest that data may wait for its acknowledgement. */
#define UNACKNOWLEDGED_MS_MAX ((unsigned)(30 * RELEVE_SECOND_MS))

static bool set_abrupt(struct http_wire *wire, bool abrupt)
{
    struct linger linger = {.l_onoff = abrupt, .l_linger = 0};
    if (setsockopt(wire->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) != 0)
        return false;
    wire->abrupt = abrupt;
    return true;
}

curl_socket_t http_wire_open(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct releve_transport *transport = data;
    (void)purpose;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    struct http_wire *wire = releve_alloc(1, sizeof *wire);
    wire->fd = fd;
    if (!set_abrupt(wire, true)) { /* without it law 1 would not hold: no connection then */
        (void)close(fd);
        free(wire);
        return CURL_SOCKET_BAD;
    }
    unsigned unacknowledged_ms = UNACKNOWLEDGED_MS_MAX;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms, sizeof unacknowledged_ms);
    HASH_ADD_INT(transport->wires, fd, wire);
    return fd;
}

int http_wire_close(void *data, curl_socket_t fd)
{
    struct releve_transport *transport = data;
    struct http_wire *wire;
    HASH_FIND_INT(transport->wires, &fd, wire);
    if (wire) {
        if (wire->exchange && wire->exchange->wire == wire)
            wire->exchange->wire = NULL;
        HASH_DEL(transport->wires, wire);
        free(wire);
    }
    return close(fd);
}

void http_wire_release(struct http_exchange *exchange)
{
    struct http_wire *wire = exchange->wire;
    if (!wire)
        return;
    (void)set_abrupt(wire, false); /* where it fails the end is abrupt: impolite, but safe */
    wire->exchange = NULL;
    exchange->wire = NULL;
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct http_watch *watch = handle->data;
    struct releve_transport *transport = watch->transport;
    free(watch);
    http_transport_handle_gone(transport);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct http_watch *watch = poll->data;
    int flags = 0;
    if (status < 0)
        flags = CURL_CSELECT_ERR; /* libuv has stopped the poll; curl gives the socket up */
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    http_transport_act(watch->transport, watch->fd, flags);
}

static struct http_watch *watch_new(struct releve_transport *transport, curl_socket_t fd)
{
    struct http_watch *watch = releve_alloc(1, sizeof *watch);
    if (uv_poll_init_socket(transport->loop, &watch->poll, fd) != 0) {
        free(watch);
        return NULL;
    }
    watch->poll.data = watch;
    watch->transport = transport;
    watch->fd = fd;
    transport->handles++;
    return watch;
}

/* Who uses a connection: curl says so whenever it begins to wait on it for an exchange. The sockets of its resolver
 * come by here too; they are no wires. */
static void note_user(struct releve_transport *transport, CURL *easy, curl_socket_t fd)
{
    struct http_wire *wire;
    struct http_exchange *exchange = NULL;
    HASH_FIND_INT(transport->wires, &fd, wire);
    if (!wire || curl_easy_getinfo(easy, CURLINFO_PRIVATE, &exchange) != CURLE_OK || !exchange)
        return;
    if (wire->exchange && wire->exchange != exchange && wire->exchange->wire == wire)
        wire->exchange->wire = NULL;
    wire->exchange = exchange;
    exchange->wire = wire;
    if (!wire->abrupt)
        (void)set_abrupt(wire, true);
}

int http_wire_watch(CURL *easy, curl_socket_t fd, int what, void *data, void *watch_pointer)
{
    struct releve_transport *transport = data;
    struct http_watch *watch = watch_pointer;
    if (what == CURL_POLL_REMOVE) {
        if (watch) {
            (void)curl_multi_assign(transport->multi, fd, NULL);
            (void)uv_poll_stop(&watch->poll); /* at once: curl closes the socket next */
            uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
        }
        return 0;
    }
    note_user(transport, easy, fd);
    if (!watch) {
        watch = watch_new(transport, fd);
        if (!watch)
            return -1; /* curl then fails what it is doing */
        (void)curl_multi_assign(transport->multi, fd, watch);
    }
    int events = 0;
    if (what & CURL_POLL_IN)
        events |= UV_READABLE;
    if (what & CURL_POLL_OUT)
        events |= UV_WRITABLE;
    return uv_poll_start(&watch->poll, events, on_ready) == 0 ? 0 : -1;
}
