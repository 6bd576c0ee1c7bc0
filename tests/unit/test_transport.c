/* The transport against a real server on the loopback, in the same loop: what it reports, what it reuses, and what it
 * never does (follow, repeat, leave something behind). The server is raw TCP, so that it can misbehave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/http/transport.h"
#include "engine/runtime/clock.h"
#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LONG_MS 30000u /* a time-out that no test reaches */
#define SHORT_MS 1000u /* one that a test waits for: ample for the loopback, also on a busy machine */
#define EXCHANGES_MAX 64

/* --- time that passes in suspend ---------------------------------------------------------------- */

static time_t suspended_s;

/* In place of libc's: a suspend moves CLOCK_BOOTTIME, and leaves CLOCK_MONOTONIC, and so all timers, where they were.
 */
int clock_gettime(clockid_t clock, struct timespec *now)
{
    int status = (int)syscall(SYS_clock_gettime, clock, now);
    if (status == 0 && clock == CLOCK_BOOTTIME)
        now->tv_sec += suspended_s;
    return status;
}

/* --- the server ------------------------------------------------------------------------------- */

struct server {
    uv_loop_t loop;
    uv_tcp_t listener;
    char url[64];
    int connections, open, requests, resets;
    char last[4096];                  /* the last request, as it came */
    struct peer *held[EXCHANGES_MAX]; /* who asked for /hold and waits */
    int held_count;
    void (*on_held)(void);
    bool deaf; /* accepts, and never reads */
};

struct peer {
    uv_tcp_t tcp;
    struct server *server;
    char input[4096];
    size_t input_bytes;
    int served;
};

static struct server server;
static struct releve_transport *transport;
static char big[RELEVE_BODY_BYTES_MAX + 2];

static void on_peer_closed(uv_handle_t *handle)
{
    server.open--;
    free(handle->data);
}

static void drop(struct peer *peer)
{
    if (!uv_is_closing((uv_handle_t *)&peer->tcp))
        uv_close((uv_handle_t *)&peer->tcp, on_peer_closed);
}

struct writing {
    uv_write_t write;
    struct peer *peer;
    bool then_close;
};

static void on_written(uv_write_t *write, int status)
{
    struct writing *writing = write->data;
    if (writing->then_close || status < 0)
        drop(writing->peer);
    free(writing);
}

static void say(struct peer *peer, const char *bytes, size_t length, bool then_close)
{
    struct writing *writing = calloc(1, sizeof *writing);
    writing->write.data = writing;
    writing->peer = peer;
    writing->then_close = then_close;
    uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)bytes, (unsigned)length);
    assert_int_equal(uv_write(&writing->write, (uv_stream_t *)&peer->tcp, &buffer, 1, on_written), 0);
}

#define SAY(peer, text, then_close) say(peer, text, sizeof(text) - 1, then_close)
#define HELLO "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello"

/* "{"a":1}" by gzip. */
static const char gzipped[] =
    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 27\r\n\r\n"
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x4a\x54\xb2\x32\xac\x05\x00\xaf\xac\x1b\x56\x07\x00\x00\x00";

static void say_big(struct peer *peer, size_t length)
{
    static char head[128];
    (void)snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", length);
    say(peer, head, strlen(head), false);
    say(peer, big, length, false);
}

/* An end that is a reset: linger zero. */
static void reset_peer(struct peer *peer)
{
    assert_int_equal(uv_tcp_close_reset(&peer->tcp, on_peer_closed), 0);
}

static void answer(struct peer *peer, const char *path)
{
    peer->served++;
    if (strcmp(path, "/hello") == 0)
        SAY(peer, HELLO, false);
    else if (strcmp(path, "/close") == 0)
        SAY(peer, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", true);
    else if (strcmp(path, "/unannounced") == 0)
        SAY(peer, HELLO, true);
    else if (strcmp(path, "/reset") == 0)
        reset_peer(peer);
    else if (strcmp(path, "/hangup") == 0)
        drop(peer);
    else if (strcmp(path, "/truncate") == 0)
        SAY(peer, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", true);
    else if (strcmp(path, "/truncate-chunk") == 0)
        SAY(peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", true);
    else if (strcmp(path, "/chunks") == 0)
        SAY(peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", false);
    else if (strcmp(path, "/garbage") == 0)
        SAY(peer, "SSH-2.0-nonsense\r\n", true);
    else if (strcmp(path, "/gzip") == 0)
        say(peer, gzipped, sizeof gzipped - 1, false);
    else if (strcmp(path, "/redirect") == 0)
        SAY(peer, "HTTP/1.1 302 Found\r\nLocation: /hello\r\nContent-Length: 0\r\n\r\n", false);
    else if (strcmp(path, "/throttled") == 0)
        SAY(peer, "HTTP/1.1 429 Too Many\r\nretry-after: 17\r\nContent-Length: 0\r\n\r\n", false);
    else if (strcmp(path, "/dated") == 0)
        SAY(peer, "HTTP/1.1 200 OK\r\nDate: Fri, 27 Nov 2026 12:00:00 GMT\r\nContent-Length: 0\r\n\r\n", false);
    else if (strcmp(path, "/misdated") == 0)
        SAY(peer, "HTTP/1.1 200 OK\r\nDate: yesterday, or so\r\nContent-Length: 0\r\n\r\n", false);
    else if (strcmp(path, "/unauthorized") == 0)
        SAY(peer,
            "HTTP/1.1 401 No\r\nWWW-Authenticate: Bearer\r\nWWW-Authenticate: Basic realm=\"x\"\r\n"
            "Content-Length: 2\r\n\r\nno",
            false);
    else if (strcmp(path, "/empty") == 0)
        SAY(peer, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", false);
    else if (strcmp(path, "/just-fits") == 0)
        say_big(peer, RELEVE_BODY_BYTES_MAX);
    else if (strcmp(path, "/too-large") == 0)
        say_big(peer, RELEVE_BODY_BYTES_MAX + 1);
    else if (strcmp(path, "/half") == 0)
        SAY(peer, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf", false);
    else if (strcmp(path, "/once") == 0 && peer->served > 1)
        drop(peer); /* the connection dies between two requests */
    else if (strcmp(path, "/once") == 0)
        SAY(peer, HELLO, false);
    else if (strcmp(path, "tunnel-that-breaks.example:443") == 0) /* this and the next two: CONNECT */
        SAY(peer, "HTTP/1.1 200 Connection established\r\nVia: a proxy\r\n\r\n", true);
    else if (strcmp(path, "tunnel-that-hangs.example:443") == 0)
        SAY(peer, "HTTP/1.1 200 Connection established\r\nVia: a proxy\r\n\r\n", false);
    else if (strcmp(path, "tunnel-refused.example:443") == 0)
        SAY(peer, "HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nno", false);
    else if (strcmp(path, "/hold") == 0) {
        server.held[server.held_count++] = peer;
        if (server.on_held)
            server.on_held();
    } else
        fail_msg("no such path: %s", path);
}

/* Takes complete requests off the input. */
static void serve(struct peer *peer)
{
    char *end;
    while ((end = strstr(peer->input, "\r\n\r\n")) != NULL) {
        size_t length = (size_t)(end + 4 - peer->input);
        const char *body = strcasestr(peer->input, "\r\nContent-Length: ");
        if (body && body < end)
            length += strtoul(body + 18, NULL, 10);
        if (peer->input_bytes < length)
            return;
        char path[128];
        memcpy(server.last, peer->input, length);
        server.last[length] = '\0';
        assert_int_equal(sscanf(peer->input, "%*s %127s", path), 1);
        peer->input_bytes -= length;
        memmove(peer->input, peer->input + length, peer->input_bytes + 1);
        server.requests++;
        answer(peer, path);
        if (uv_is_closing((uv_handle_t *)&peer->tcp))
            return;
    }
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct peer *peer = handle->data;
    (void)suggested;
    *buffer = uv_buf_init(peer->input + peer->input_bytes, (unsigned)(sizeof peer->input - 1 - peer->input_bytes));
}

static void on_input(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
    struct peer *peer = stream->data;
    (void)buffer;
    if (length < 0) {
        server.resets += length == UV_ECONNRESET;
        drop(peer);
        return;
    }
    peer->input_bytes += (size_t)length;
    peer->input[peer->input_bytes] = '\0';
    serve(peer);
}

static void on_connection(uv_stream_t *listener, int status)
{
    assert_int_equal(status, 0);
    struct peer *peer = calloc(1, sizeof *peer);
    assert_int_equal(uv_tcp_init(&server.loop, &peer->tcp), 0);
    peer->tcp.data = peer;
    assert_int_equal(uv_accept(listener, (uv_stream_t *)&peer->tcp), 0);
    server.connections++;
    server.open++;
    if (!server.deaf)
        assert_int_equal(uv_read_start((uv_stream_t *)&peer->tcp, on_room, on_input), 0);
    else
        server.held[server.held_count++] = peer;
}

/* --- exchanges -------------------------------------------------------------------------------- */

struct exchange {
    int first_bytes, dones;
    enum releve_exchange_outcome outcome;
    int status;
    char body[64], content_type[64], retry_after[64], detail[160];
    releve_time date_ms;
    size_t body_bytes;
    void (*then)(struct exchange *exchange);
    const char *next_path;
};

static struct exchange exchanges[EXCHANGES_MAX];
static int done_count, done_wanted;
static bool sending;

static void on_first_byte(void *data)
{
    struct exchange *exchange = data;
    assert_false(sending);
    assert_int_equal(exchange->dones, 0);
    exchange->first_bytes++;
}

static void on_done(void *data, const struct releve_exchange_response *response)
{
    struct exchange *exchange = data;
    assert_false(sending); /* never from within send */
    assert_int_equal(response->body[response->body_bytes], '\0');
    exchange->dones++;
    exchange->outcome = response->outcome;
    exchange->status = response->status;
    exchange->body_bytes = response->body_bytes;
    (void)snprintf(exchange->body, sizeof exchange->body, "%.60s", response->body);
    (void)snprintf(exchange->content_type, sizeof exchange->content_type, "%s", response->content_type);
    (void)snprintf(exchange->retry_after, sizeof exchange->retry_after, "%s", response->retry_after);
    exchange->date_ms = response->date_ms;
    (void)snprintf(exchange->detail, sizeof exchange->detail, "%s", response->detail);
    assert_true(response->outcome == RELEVE_EXCHANGE_ANSWERED || response->detail[0] != '\0');
    if (++done_count == done_wanted)
        uv_stop(&server.loop);
    if (exchange->then)
        exchange->then(exchange);
}

static void begin(int at, struct releve_exchange_request request, unsigned timeout_ms, const char *path)
{
    char url[256];
    (void)snprintf(url, sizeof url, "%s%s", server.url, path);
    request.url = url; /* the transport keeps no pointer to the request */
    request.deadline_ms = releve_clock_boot() + timeout_ms;
    sending = true;
    releve_transport_send(transport, &request, on_first_byte, on_done, &exchanges[at]);
    sending = false;
}

static void get(int at, const char *path, unsigned timeout_ms)
{
    begin(at, (struct releve_exchange_request){.url = NULL}, timeout_ms, path);
}

static void run_until(int dones)
{
    done_wanted = dones;
    if (done_count < dones)
        (void)uv_run(&server.loop, UV_RUN_DEFAULT);
    assert_int_equal(done_count, dones);
}

static const struct exchange *get_one(const char *path, unsigned timeout_ms)
{
    static int at;
    at = done_count;
    get(at, path, timeout_ms);
    run_until(at + 1);
    assert_int_equal(exchanges[at].dones, 1);
    return &exchanges[at];
}

static bool closed;

static void on_closed(void *data)
{
    assert_ptr_equal(data, &closed);
    closed = true;
}

static int open_all(void **state)
{
    (void)state;
    memset(&server, 0, sizeof server);
    memset(exchanges, 0, sizeof exchanges);
    done_count = done_wanted = 0;
    closed = false;
    memset(big, 'x', sizeof big);
    struct sockaddr_in address;
    int size = sizeof address;
    struct releve_error error;
    assert_int_equal(uv_loop_init(&server.loop), 0);
    assert_int_equal(uv_tcp_init(&server.loop, &server.listener), 0);
    assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &address), 0);
    assert_int_equal(uv_tcp_bind(&server.listener, (struct sockaddr *)&address, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&server.listener, 64, on_connection), 0);
    assert_int_equal(uv_tcp_getsockname(&server.listener, (struct sockaddr *)&address, &size), 0);
    (void)snprintf(server.url, sizeof server.url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    assert_int_equal(releve_transport_open(&transport, &server.loop, 16, &error), RELEVE_OK);
    return 0;
}

static void close_peer(uv_handle_t *handle, void *data)
{
    (void)data;
    if (handle->type == UV_TCP && !uv_is_closing(handle))
        uv_close(handle, handle == (uv_handle_t *)&server.listener ? NULL : on_peer_closed);
}

/* Every test ends here: the transport closes, and the loop has no handle left. */
static int close_all(void **state)
{
    (void)state;
    if (transport)
        releve_transport_close(transport, on_closed, &closed);
    transport = NULL;
    while (!closed)
        (void)uv_run(&server.loop, UV_RUN_ONCE);
    uv_walk(&server.loop, close_peer, NULL);
    (void)uv_run(&server.loop, UV_RUN_DEFAULT);
    return uv_loop_close(&server.loop); /* UV_EBUSY where a handle leaked */
}

/* --- laws ------------------------------------------------------------------------------------- */

static void test_an_answer_comes_with_its_status_and_body(void **state)
{
    (void)state;
    const struct exchange *exchange = get_one("/hello", LONG_MS);
    assert_int_equal(exchange->outcome, RELEVE_EXCHANGE_ANSWERED);
    assert_int_equal(exchange->status, 200);
    assert_string_equal(exchange->body, "hello");
    assert_int_equal(exchange->body_bytes, 5);
    assert_string_equal(exchange->content_type, "application/json");
    assert_string_equal(exchange->retry_after, "");
    assert_int_equal(exchange->first_bytes, 1);
    exchange = get_one("/empty", LONG_MS);
    assert_int_equal(exchange->status, 404);
    assert_string_equal(exchange->body, "");
    assert_string_equal(exchange->content_type, "");
    assert_string_equal(get_one("/chunks", LONG_MS)->body, "hello");
}

static void test_a_bearer_token_is_sent_for_its_own_request_only(void **state)
{
    (void)state;
    struct releve_exchange_request request = {.bearer = "tok.en"};
    begin(0, request, LONG_MS, "/hello");
    run_until(1);
    assert_int_equal(strncmp(server.last, "GET /hello HTTP/1.1\r\n", 21), 0);
    assert_non_null(strstr(server.last, "\r\nAuthorization: Bearer tok.en\r\n"));
    assert_non_null(strstr(server.last, "\r\nAccept: application/json\r\n"));
    assert_non_null(strstr(server.last, "\r\nAccept-Encoding: gzip\r\n"));
    assert_non_null(strstr(server.last, "\r\nUser-Agent: releve/" RELEVE_VERSION "\r\n"));
    assert_non_null(get_one("/hello", LONG_MS));
    assert_null(strstr(server.last, "Authorization"));
}

static void test_a_form_is_posted_with_basic_credentials(void **state)
{
    (void)state;
    struct releve_exchange_request request = {
        .user = "Aladdin", .password = "open sesame", .form = "grant_type=client_credentials"};
    begin(0, request, LONG_MS, "/hello");
    run_until(1);
    assert_int_equal(strncmp(server.last, "POST /hello HTTP/1.1\r\n", 22), 0);
    assert_non_null(strstr(server.last, "\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
    assert_non_null(strstr(server.last, "\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
    assert_non_null(strstr(server.last, "\r\n\r\ngrant_type=client_credentials"));
    (void)get_one("/hello", LONG_MS); /* the same handle again: nothing of it is left */
    assert_int_equal(strncmp(server.last, "GET /hello HTTP/1.1\r\n", 21), 0);
    assert_null(strstr(server.last, "Authorization"));
    assert_null(strstr(server.last, "grant_type"));
}

static void test_a_refused_request_is_not_repeated(void **state)
{
    (void)state;
    struct releve_exchange_request requests[] = {{.bearer = "old"}, {.user = "u", .password = "p", .form = "f"}};
    for (int i = 0; i < 2; i++) {
        begin(i, requests[i], LONG_MS, "/unauthorized");
        run_until(i + 1);
        assert_int_equal(exchanges[i].outcome, RELEVE_EXCHANGE_ANSWERED);
        assert_int_equal(exchanges[i].status, 401);
        assert_string_equal(exchanges[i].body, "no");
        assert_int_equal(server.requests, i + 1);
    }
}

static void test_one_connection_serves_one_request_after_another(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++)
        assert_string_equal(get_one("/hello", LONG_MS)->body, "hello");
    assert_int_equal(server.requests, 20);
    assert_int_equal(server.connections, 1);
    assert_string_equal(get_one("/close", LONG_MS)->body, "hello");
    assert_string_equal(get_one("/hello", LONG_MS)->body, "hello");
    assert_int_equal(server.connections, 2);
}

/* All sixteen are at the server at once before one is answered. */
static void release_all(void)
{
    if (server.held_count < 16)
        return;
    for (int i = 0; i < server.held_count; i++)
        SAY(server.held[i], HELLO, false);
    server.held_count = 0;
}

static void test_as_many_exchanges_as_allowed_are_under_way_at_once(void **state)
{
    (void)state;
    server.on_held = release_all;
    for (int i = 0; i < 16; i++)
        get(i, "/hold", LONG_MS);
    run_until(16);
    assert_int_equal(server.connections, 16);
    for (int i = 0; i < 16; i++)
        get(16 + i, "/hello", LONG_MS);
    run_until(32);
    assert_int_equal(server.connections, 16);
    for (int i = 0; i < 32; i++) {
        assert_string_equal(exchanges[i].body, "hello");
        assert_int_equal(exchanges[i].dones, 1);
        assert_int_equal(exchanges[i].first_bytes, 1);
    }
}

static void run_until_peers_are_gone(void)
{
    while (server.open > 0)
        (void)uv_run(&server.loop, UV_RUN_ONCE);
}

static void test_a_time_out_resets_the_connection(void **state)
{
    (void)state;
    const struct exchange *exchange = get_one("/hold", SHORT_MS);
    assert_int_equal(exchange->outcome, RELEVE_EXCHANGE_TIMEOUT);
    assert_int_equal(exchange->first_bytes, 0);
    run_until_peers_are_gone();
    assert_int_equal(server.resets, 1);
    assert_string_equal(get_one("/hello", LONG_MS)->body, "hello");
    assert_int_equal(server.connections, 2);
}

static void test_a_time_out_after_other_answers_resets_the_connection_too(void **state)
{
    (void)state;
    (void)get_one("/hello", LONG_MS);
    const struct exchange *exchange = get_one("/half", SHORT_MS);
    assert_int_equal(server.connections, 1);
    assert_int_equal(exchange->outcome, RELEVE_EXCHANGE_TIMEOUT);
    assert_int_equal(exchange->first_bytes, 1);
    run_until_peers_are_gone();
    assert_int_equal(server.resets, 1);
}

static void test_a_connection_whose_answers_are_complete_ends_in_peace(void **state)
{
    (void)state;
    (void)get_one("/hello", LONG_MS);
    releve_transport_close(transport, on_closed, &closed);
    transport = NULL;
    run_until_peers_are_gone();
    assert_int_equal(server.resets, 0);
}

static void test_a_request_that_the_kernel_still_holds_dies_with_its_time_out(void **state)
{
    (void)state;
    server.deaf = true; /* nobody reads: with tiny windows, a large form cannot have left whole */
    int tiny = 1;
    uv_os_fd_t fd;
    assert_int_equal(uv_fileno((uv_handle_t *)&server.listener, &fd), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &tiny, sizeof tiny), 0);
    static char form[1000001];
    memset(form, 'f', sizeof form - 1);
    begin(0, (struct releve_exchange_request){.form = form}, SHORT_MS, "/hold");
    run_until(1);
    assert_int_equal(exchanges[0].outcome, RELEVE_EXCHANGE_TIMEOUT);
    assert_int_equal(server.held_count, 1);
    /* Now the server reads all there is: far from everything, and then a reset, no end. */
    uv_os_fd_t peer;
    assert_int_equal(uv_fileno((uv_handle_t *)&server.held[0]->tcp, &peer), 0);
    static char buffer[65536];
    ssize_t got, total = 0;
    while ((got = recv(peer, buffer, sizeof buffer, 0)) > 0)
        total += got;
    assert_int_equal(got, -1);
    assert_int_equal(errno, ECONNRESET);
    assert_true(total < (ssize_t)sizeof form - 1);
}

static void test_a_broken_answer_is_no_answer(void **state)
{
    (void)state;
    static const char *const paths[] = {"/reset", "/hangup", "/truncate", "/truncate-chunk", "/garbage"};
    for (int i = 0; i < 5; i++) {
        const struct exchange *exchange = get_one(paths[i], LONG_MS);
        if (exchange->outcome != RELEVE_EXCHANGE_BROKEN)
            fail_msg("%s: outcome %d", paths[i], (int)exchange->outcome);
        assert_int_equal(server.requests, i + 1);
    }
}

/* curl repeats a request by itself where a reused connection dies without a byte. One permit is one arrival. */
static void test_a_request_on_a_dying_connection_is_not_sent_twice(void **state)
{
    (void)state;
    (void)get_one("/once", LONG_MS);
    const struct exchange *exchange = get_one("/once", LONG_MS);
    assert_int_equal(server.requests, 2);
    assert_int_equal(exchange->outcome, RELEVE_EXCHANGE_BROKEN);
    (void)get_one("/hello", LONG_MS);
    (void)get_one("/reset", LONG_MS);
    assert_int_equal(server.requests, 4);
}

static void test_a_connection_that_the_server_closed_while_idle_costs_no_request(void **state)
{
    (void)state;
    (void)get_one("/unannounced", LONG_MS);
    run_until_peers_are_gone();
    assert_string_equal(get_one("/hello", LONG_MS)->body, "hello");
    assert_int_equal(server.requests, 2);
    assert_int_equal(server.connections, 2);
}

static void test_a_server_that_is_not_there_is_unreached(void **state)
{
    (void)state;
    strcpy(server.url, "http://127.0.0.1:1");
    assert_int_equal(get_one("/hello", LONG_MS)->outcome, RELEVE_EXCHANGE_UNREACHED);
    strcpy(server.url, "https://localhost:1");
    assert_int_equal(get_one("/hello", LONG_MS)->outcome, RELEVE_EXCHANGE_UNREACHED);
    assert_int_equal(server.requests, 0);
}

/* law 1: what a proxy says before the request was written must not settle its permit. */
static void test_the_words_of_a_proxy_are_no_answer(void **state)
{
    (void)state;
    static const char *const hosts[] = {"tunnel-that-breaks", "tunnel-refused", "tunnel-that-hangs"};
    assert_int_equal(setenv("https_proxy", server.url, 1), 0);
    for (int i = 0; i < 3; i++) {
        (void)snprintf(server.url, sizeof server.url, "https://%s.example", hosts[i]);
        const struct exchange *exchange = get_one("/hello", i < 2 ? LONG_MS : SHORT_MS);
        assert_int_equal(server.requests, i + 1);
        assert_int_equal(strncmp(server.last, "CONNECT ", 8), 0);
        assert_int_equal(exchange->first_bytes, 0);
        assert_int_equal(exchange->outcome, RELEVE_EXCHANGE_UNREACHED); /* also the one whose time was over */
    }
    assert_int_equal(unsetenv("https_proxy"), 0);
}

static void test_a_request_whose_time_passed_in_suspend_is_not_written(void **state)
{
    (void)state;
    suspended_s = 0;
    get(0, "/hello", LONG_MS);
    suspended_s = LONG_MS / 1000;
    run_until(1);
    assert_int_equal(exchanges[0].outcome, RELEVE_EXCHANGE_UNREACHED);
    assert_non_null(strstr(exchanges[0].detail, "time was over"));
    assert_int_equal(exchanges[0].first_bytes, 0);
    assert_int_equal(server.requests, 0);
    assert_string_equal(get_one("/hello", LONG_MS)->body, "hello");
}

static void test_only_http_is_spoken(void **state)
{
    (void)state;
    strcpy(server.url, "file:///etc");
    assert_int_equal(get_one("/hostname", LONG_MS)->outcome, RELEVE_EXCHANGE_UNREACHED);
    strcpy(server.url, "no url");
    assert_int_equal(get_one("", LONG_MS)->outcome, RELEVE_EXCHANGE_UNREACHED);
}

/* Law 1: what was decided in time may come too late to the sending, where the process was stopped in between. */
static void test_nothing_leaves_whose_deadline_has_passed(void **state)
{
    (void)state;
    char url[256];
    (void)snprintf(url, sizeof url, "%s/hello", server.url);
    for (int i = 0; i < 16; i++) {
        struct releve_exchange_request request = {.url = url, .deadline_ms = releve_clock_boot() - i * RELEVE_HOUR_MS};
        releve_transport_send(transport, &request, on_first_byte, on_done, &exchanges[i]);
    }
    run_until(16);
    for (int i = 0; i < 16; i++) {
        assert_int_equal(exchanges[i].dones, 1);
        assert_int_equal(exchanges[i].outcome, RELEVE_EXCHANGE_UNREACHED);
        assert_non_null(strstr(exchanges[i].detail, "time was over"));
    }
    assert_string_equal(get_one("/hello", LONG_MS)->body, "hello");
    assert_int_equal(server.connections, 1); /* the listener's first one */
    assert_int_equal(server.requests, 1);
}

static void test_what_comes_too_late_holds_up_nothing_else(void **state)
{
    (void)state;
    for (int i = 0; i < 16; i++)
        get(i, "/hello", i % 2 == 0 ? LONG_MS : 0);
    run_until(16);
    for (int i = 0; i < 16; i++)
        assert_int_equal(exchanges[i].outcome, i % 2 == 0 ? RELEVE_EXCHANGE_ANSWERED : RELEVE_EXCHANGE_UNREACHED);
    assert_int_equal(server.requests, 8);
}

static void test_a_body_at_the_limit_is_taken_and_one_beyond_it_is_not(void **state)
{
    (void)state;
    const struct exchange *exchange = get_one("/just-fits", LONG_MS);
    assert_int_equal(exchange->outcome, RELEVE_EXCHANGE_ANSWERED);
    assert_int_equal(exchange->body_bytes, RELEVE_BODY_BYTES_MAX);
    exchange = get_one("/too-large", LONG_MS);
    assert_int_equal(exchange->outcome, RELEVE_EXCHANGE_TOO_LARGE);
    assert_int_equal(exchange->body_bytes, 0);
}

static void test_a_gzipped_body_is_unpacked(void **state)
{
    (void)state;
    const struct exchange *exchange = get_one("/gzip", LONG_MS);
    assert_int_equal(exchange->outcome, RELEVE_EXCHANGE_ANSWERED);
    assert_string_equal(exchange->body, "{\"a\":1}");
}

static void test_a_redirect_is_an_answer_and_is_not_followed(void **state)
{
    (void)state;
    assert_int_equal(get_one("/redirect", LONG_MS)->status, 302);
    assert_int_equal(server.requests, 1);
}

static void test_retry_after_is_handed_over(void **state)
{
    (void)state;
    const struct exchange *exchange = get_one("/throttled", LONG_MS);
    assert_int_equal(exchange->status, 429);
    assert_string_equal(exchange->retry_after, "17");
    assert_string_equal(get_one("/hello", LONG_MS)->retry_after, "");
}

static void test_the_servers_clock_is_handed_over(void **state)
{
    (void)state;
    assert_int_equal(get_one("/dated", LONG_MS)->date_ms, 1795780800 * RELEVE_SECOND_MS);
    assert_int_equal(get_one("/misdated", LONG_MS)->date_ms, 0);
    assert_int_equal(get_one("/hello", LONG_MS)->date_ms, 0);
}

static void send_next(struct exchange *exchange)
{
    get((int)(exchange - exchanges) + 1, exchange->next_path, LONG_MS);
}

static void test_a_callback_may_send(void **state)
{
    (void)state;
    for (int i = 0; i < 9; i++)
        exchanges[i] = (struct exchange){.then = send_next, .next_path = i % 3 == 2 ? "/reset" : "/hello"};
    get(0, "/hello", LONG_MS);
    run_until(10);
    for (int i = 0; i < 10; i++)
        assert_int_equal(exchanges[i].dones, 1);
    assert_int_equal(server.requests, 10);
}

static void close_transport(struct exchange *exchange)
{
    (void)exchange;
    releve_transport_close(transport, on_closed, &closed);
    transport = NULL;
}

static void test_a_callback_may_close(void **state)
{
    (void)state;
    exchanges[0].then = close_transport;
    for (int i = 1; i < 8; i++)
        get(i, "/hold", LONG_MS);
    get(0, "/hello", LONG_MS);
    while (!closed)
        (void)uv_run(&server.loop, UV_RUN_ONCE);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(exchanges[i].dones, 1);
        assert_int_equal(exchanges[i].outcome, i == 0 ? RELEVE_EXCHANGE_ANSWERED : RELEVE_EXCHANGE_CANCELLED);
    }
}

static void stop_loop(void)
{
    if (server.held_count == 8)
        uv_stop(&server.loop);
}

static void test_closing_cancels_and_resets_what_is_under_way(void **state)
{
    (void)state;
    server.on_held = stop_loop;
    for (int i = 0; i < 8; i++)
        get(i, "/hold", LONG_MS);
    (void)uv_run(&server.loop, UV_RUN_DEFAULT);
    get(8, "/hello", LONG_MS); /* not even begun */
    get(9, "/hello", 0);       /* and never to be sent */
    releve_transport_close(transport, on_closed, &closed);
    transport = NULL;
    assert_int_equal(done_count, 0); /* told from the loop */
    run_until_peers_are_gone();
    while (!closed)
        (void)uv_run(&server.loop, UV_RUN_ONCE);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(exchanges[i].dones, 1);
        assert_int_equal(exchanges[i].outcome, RELEVE_EXCHANGE_CANCELLED);
    }
    assert_int_equal(server.requests, 8);
    assert_int_equal(server.resets, 8);
}

int main(void)
{
#define LAW(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)
    const struct CMUnitTest tests[] = {
        LAW(test_an_answer_comes_with_its_status_and_body),
        LAW(test_a_bearer_token_is_sent_for_its_own_request_only),
        LAW(test_a_form_is_posted_with_basic_credentials),
        LAW(test_a_refused_request_is_not_repeated),
        LAW(test_one_connection_serves_one_request_after_another),
        LAW(test_as_many_exchanges_as_allowed_are_under_way_at_once),
        LAW(test_a_time_out_resets_the_connection),
        LAW(test_a_time_out_after_other_answers_resets_the_connection_too),
        LAW(test_a_connection_whose_answers_are_complete_ends_in_peace),
        LAW(test_a_request_that_the_kernel_still_holds_dies_with_its_time_out),
        LAW(test_a_broken_answer_is_no_answer),
        LAW(test_a_request_on_a_dying_connection_is_not_sent_twice),
        LAW(test_a_connection_that_the_server_closed_while_idle_costs_no_request),
        LAW(test_a_server_that_is_not_there_is_unreached),
        LAW(test_the_words_of_a_proxy_are_no_answer),
        LAW(test_a_request_whose_time_passed_in_suspend_is_not_written),
        LAW(test_nothing_leaves_whose_deadline_has_passed),
        LAW(test_what_comes_too_late_holds_up_nothing_else),
        LAW(test_only_http_is_spoken),
        LAW(test_a_body_at_the_limit_is_taken_and_one_beyond_it_is_not),
        LAW(test_a_gzipped_body_is_unpacked),
        LAW(test_a_redirect_is_an_answer_and_is_not_followed),
        LAW(test_retry_after_is_handed_over),
        LAW(test_the_servers_clock_is_handed_over),
        LAW(test_a_callback_may_send),
        LAW(test_a_callback_may_close),
        LAW(test_closing_cancels_and_resets_what_is_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
