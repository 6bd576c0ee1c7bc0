/* The parts of the transport, and who holds what. Private to adapters/http.
 *
 *   transport.c  the public calls; curl's multi handle on the loop; delivering what is over
 *   exchange.c   one request: its easy handle, its options, what comes back
 *   wire.c       sockets: watching them for curl, and how they are closed
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "adapters/http/transport.h"
#include <curl/curl.h>
#include <sys/queue.h>
#include <uthash.h>

/* A TCP connection of curl's, from its socket to its close. */
struct http_wire {
    curl_socket_t fd;               /* key */
    struct http_exchange *exchange; /* that uses it; NULL while it is idle */
    bool abrupt;                    /* closing it discards what has not left */
    UT_hash_handle hh;
};

/* A socket that curl wants watched. */
struct http_watch {
    uv_poll_t poll;
    struct releve_transport *transport;
    curl_socket_t fd;
};

struct http_exchange {
    LIST_ENTRY(http_exchange) link; /* in one of the transport's lists */
    struct releve_transport *transport;
    CURL *easy;
    releve_exchange_first_byte first_byte;
    releve_exchange_done done;
    void *data;
    releve_time deadline_ms; /* on releve_clock_boot: nothing of it leaves after that */
    char *origin;            /* that the handle's proxy is set for */
    char *form;              /* what is posted; overwritten before it is freed */
    struct http_wire *wire;  /* NULL before it has one, and after curl closed it */
    bool sent;               /* curl was let write the request */
    bool repeated;           /* curl wanted to write it again */
    bool late;               /* it was to be sent, or written, after the deadline */
    bool too_large;
    bool answer_seen, answer_reported; /* the first byte: from the wire; to the caller */
    char *body;
    size_t body_bytes, body_room;
    char error[CURL_ERROR_SIZE];
};

struct releve_transport {
    uv_loop_t *loop;
    CURLM *multi;
    struct curl_slist *headers, *json_headers; /* of every request; of one whose body is JSON */
    uv_timer_t timer;                          /* curl's only timer */
    unsigned connections_max, under_way;
    LIST_HEAD(, http_exchange) active;    /* handed to curl */
    LIST_HEAD(, http_exchange) unsent;    /* not even that: to be reported so */
    LIST_HEAD(, http_exchange) idle;      /* easy handles that wait for their next use */
    LIST_HEAD(, http_exchange) cancelled; /* on closing: to be told so */
    struct http_wire *wires;              /* by fd */
    unsigned answers_unreported;          /* exchanges with answer_seen and not answer_reported */
    unsigned handles;                     /* of libuv, not closed yet */
    bool closing;
    void (*closed)(void *data);
    void *closed_data;
};

/* --- exchange.c --- */

/* A new exchange with its easy handle and all options that never change. */
struct http_exchange *http_exchange_new(struct releve_transport *transport);

/* Options of one request. False where its deadline has passed: it is not to be sent. */
bool http_exchange_prepare(struct http_exchange *exchange, const struct releve_exchange_request *request);

/* What curl's result means; the response points into the exchange until it is cleared. */
void http_exchange_respond(struct http_exchange *exchange, CURLcode result, struct releve_exchange_response *response);

/* Forgets the request and the answer, and overwrites what is secret in them; the handle stays. */
void http_exchange_clear(struct http_exchange *exchange);
void http_exchange_free(struct http_exchange *exchange);

/* --- wire.c --- */

/* curl's callbacks: CURLOPT_OPENSOCKETFUNCTION, CURLOPT_CLOSESOCKETFUNCTION (data: the transport) and
 * CURLMOPT_SOCKETFUNCTION. */
curl_socket_t http_wire_open(void *data, curlsocktype purpose, struct curl_sockaddr *address);
int http_wire_close(void *data, curl_socket_t fd);
int http_wire_watch(CURL *easy, curl_socket_t fd, int what, void *data, void *watch_pointer);

/* The response came whole: the exchange lets go of its connection, which may now be closed in peace. */
void http_wire_release(struct http_exchange *exchange);

/* --- transport.c --- */

/* Something happened on `fd` (CURL_CSELECT_*), or on CURL_SOCKET_TIMEOUT a time has come. */
void http_transport_act(struct releve_transport *transport, curl_socket_t fd, int events);

/* A libuv handle of the transport is closed. */
void http_transport_handle_gone(struct releve_transport *transport);

#endif
