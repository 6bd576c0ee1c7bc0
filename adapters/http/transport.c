/* HTTP on the loop: curl's multi_socket interface driven by uv_poll and one uv_timer.
 *
 * No caller is ever called from within curl: what curl's callbacks see is noted, and told after curl has
 * returned. So callers may send and close from their callbacks. */
#include "http.h"
#include <assert.h>
#include <releve/memory.h>

#define CONNECTIONS_LIMIT 1024 /* of connections_max */

static void put_away(struct http_exchange *exchange)
{
    struct releve_transport *transport = exchange->transport;
    if (transport->closing) {
        http_exchange_free(exchange);
        return;
    }
    http_exchange_clear(exchange);
    LIST_INSERT_HEAD(&transport->idle, exchange, link);
}

/* Tells first bytes. A callback may send or close, so the list is begun anew after each. */
static void report_first_bytes(struct releve_transport *transport)
{
    while (transport->answers_unreported > 0 && !transport->closing) {
        struct http_exchange *exchange = LIST_FIRST(&transport->active);
        while (exchange && (!exchange->answer_seen || exchange->answer_reported))
            exchange = LIST_NEXT(exchange, link);
        assert(exchange); /* answers_unreported counts active ones */
        exchange->answer_reported = true;
        transport->answers_unreported--;
        if (exchange->first_byte)
            exchange->first_byte(exchange->data);
    }
}

static void finish(struct http_exchange *exchange, CURLcode result)
{
    struct releve_transport *transport = exchange->transport;
    if (result == CURLE_OK)
        http_wire_release(exchange);
    (void)curl_multi_remove_handle(transport->multi, exchange->easy);
    LIST_REMOVE(exchange, link);
    transport->under_way--;
    struct releve_exchange_response response;
    http_exchange_respond(exchange, result, &response);
    exchange->done(exchange->data, &response);
    put_away(exchange);
}

static void report_finished(struct releve_transport *transport)
{
    CURLMsg *message;
    int left;
    while (!transport->closing && (message = curl_multi_info_read(transport->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        struct http_exchange *exchange = NULL;
        CURLcode result = message->data.result; /* the message dies with its handle's removal */
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
        assert(exchange && exchange->transport == transport);
        finish(exchange, result);
    }
}

static void on_timer(uv_timer_t *timer);

/* One at a time, with the loop between: a callback may send again what is too late for ever. */
static void report_unsent(struct releve_transport *transport)
{
    if (!transport->closing && !LIST_EMPTY(&transport->unsent))
        finish(LIST_FIRST(&transport->unsent), CURLE_ABORTED_BY_CALLBACK);
    if (!transport->closing && !LIST_EMPTY(&transport->unsent))
        (void)uv_timer_start(&transport->timer, on_timer, 0, 0); /* curl's own: it may come too early */
}

void http_transport_act(struct releve_transport *transport, curl_socket_t fd, int events)
{
    if (transport->closing)
        return;
    int running;
    (void)curl_multi_socket_action(transport->multi, fd, events, &running);
    report_first_bytes(transport);
    report_finished(transport);
    report_unsent(transport);
}

static void on_timer(uv_timer_t *timer)
{
    http_transport_act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

/* CURLMOPT_TIMERFUNCTION. Zero means soon, not now: curl must not be called from here. */
static int on_timer_wanted(CURLM *multi, long wait_ms, void *data)
{
    struct releve_transport *transport = data;
    (void)multi;
    if (transport->closing)
        return 0;
    if (wait_ms < 0) {
        (void)uv_timer_stop(&transport->timer);
    } else {
        uv_update_time(transport->loop); /* libuv counts from its cached clock: a stale one makes timers early */
        (void)uv_timer_start(&transport->timer, on_timer, (uint64_t)wait_ms, 0);
    }
    return 0;
}

const char *releve_transport_version(void)
{
    return curl_version();
}

enum releve_code releve_transport_open(struct releve_transport **out, uv_loop_t *loop, unsigned connections_max,
                                       struct releve_error *error)
{
    assert(connections_max >= 1 && connections_max <= CONNECTIONS_LIMIT);
    *out = NULL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) /* counted by curl: one cleanup for each */
        return releve_fail(error, RELEVE_E_SYSTEM, "cannot start libcurl");
    struct releve_transport *transport = releve_alloc(1, sizeof *transport);
    CURLM *multi = curl_multi_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
    struct curl_slist *json_headers = curl_slist_append(NULL, "Content-Type: application/json");
    struct curl_slist *both = json_headers ? curl_slist_append(json_headers, "Accept: application/json") : NULL;
    if (!multi || !headers || !both || curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, http_wire_watch) != CURLM_OK ||
        curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, transport) != CURLM_OK ||
        curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted) != CURLM_OK ||
        curl_multi_setopt(multi, CURLMOPT_TIMERDATA, transport) != CURLM_OK ||
        curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING) != CURLM_OK ||
        curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)connections_max) != CURLM_OK) {
        if (multi)
            (void)curl_multi_cleanup(multi);
        curl_slist_free_all(headers);
        curl_slist_free_all(json_headers);
        free(transport);
        curl_global_cleanup();
        return releve_fail(error, RELEVE_E_SYSTEM, "cannot set up libcurl: memory is short");
    }
    transport->loop = loop;
    transport->multi = multi;
    transport->headers = headers;
    transport->json_headers = json_headers;
    transport->connections_max = connections_max;
    (void)uv_timer_init(loop, &transport->timer); /* cannot fail */
    transport->timer.data = transport;
    transport->handles = 1;
    *out = transport;
    return RELEVE_OK;
}

void releve_transport_send(struct releve_transport *transport, const struct releve_exchange_request *request,
                           releve_exchange_first_byte first_byte, releve_exchange_done done, void *data)
{
    assert(request->url && done && !transport->closing && transport->under_way < transport->connections_max);
    struct http_exchange *exchange = LIST_FIRST(&transport->idle);
    if (exchange)
        LIST_REMOVE(exchange, link);
    else
        exchange = http_exchange_new(transport);
    exchange->first_byte = first_byte;
    exchange->done = done;
    exchange->data = data;
    transport->under_way++;
    if (!http_exchange_prepare(exchange, request)) {
        LIST_INSERT_HEAD(&transport->unsent, exchange, link);
        (void)uv_timer_start(&transport->timer, on_timer, 0, 0);
        return;
    }
    LIST_INSERT_HEAD(&transport->active, exchange, link);
    /* Adding it only sets curl's timer: everything else happens from the loop. Fails for want of memory only. */
    CURLMcode added = curl_multi_add_handle(transport->multi, exchange->easy);
    if (added != CURLM_OK)
        (void)releve_must(NULL);
}

const struct releve_transport_ops releve_http_transport_ops = {.send = releve_transport_send};

/* All handles are closed: tells who was cut off, and goes. */
static void end(struct releve_transport *transport)
{
    struct http_exchange *exchange;
    while ((exchange = LIST_FIRST(&transport->cancelled)) != NULL) {
        LIST_REMOVE(exchange, link);
        struct releve_exchange_response response = {.outcome = RELEVE_EXCHANGE_CANCELLED,
                                                    .detail = "the HTTP client was closed",
                                                    .body = "",
                                                    .content_type = "",
                                                    .retry_after = ""};
        exchange->done(exchange->data, &response);
        http_exchange_free(exchange);
    }
    void (*closed)(void *data) = transport->closed;
    void *closed_data = transport->closed_data;
    curl_slist_free_all(transport->headers);
    curl_slist_free_all(transport->json_headers);
    free(transport);
    curl_global_cleanup();
    if (closed)
        closed(closed_data);
}

void http_transport_handle_gone(struct releve_transport *transport)
{
    assert(transport->handles > 0);
    if (--transport->handles == 0)
        end(transport);
}

static void on_timer_closed(uv_handle_t *handle)
{
    http_transport_handle_gone(handle->data);
}

/* Its connection is reset here and now; its caller hears of it from the loop. */
static void cancel(struct http_exchange *exchange)
{
    struct releve_transport *transport = exchange->transport;
    releve_exchange_done done = exchange->done;
    void *data = exchange->data;
    (void)curl_multi_remove_handle(transport->multi, exchange->easy);
    LIST_REMOVE(exchange, link);
    http_exchange_clear(exchange);
    curl_easy_cleanup(exchange->easy);
    exchange->easy = NULL;
    exchange->done = done;
    exchange->data = data;
    LIST_INSERT_HEAD(&transport->cancelled, exchange, link);
}

void releve_transport_close(struct releve_transport *transport, void (*closed)(void *data), void *data)
{
    assert(!transport->closing);
    transport->closing = true;
    transport->closed = closed;
    transport->closed_data = data;
    struct http_exchange *exchange;
    while ((exchange = LIST_FIRST(&transport->active)) != NULL || (exchange = LIST_FIRST(&transport->unsent)) != NULL)
        cancel(exchange);
    while ((exchange = LIST_FIRST(&transport->idle)) != NULL) {
        LIST_REMOVE(exchange, link);
        http_exchange_free(exchange);
    }
    (void)curl_multi_cleanup(transport->multi); /* closes what it kept alive */
    transport->multi = NULL;
    assert(!transport->wires);
    uv_close((uv_handle_t *)&transport->timer, on_timer_closed);
}
