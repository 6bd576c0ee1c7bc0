/* One request: options in, outcome out. Carries the size limit (law 6), the hard time-out and the promise that a
 * request is written once (law 1), and keeps secrets out of texts (law 7). */
#include "http.h"
#include <assert.h>
#include <ctype.h>
#include <engine/runtime/clock.h>
#include <releve/memory.h>
#include <string.h>
#include <time.h>

#define BODY_ROOM_FIRST 16384 /* bytes; doubled as needed */

/* What comes before the request was written is a proxy's: it says nothing of the request's arrival (law 1). */
static size_t on_header(char *line, size_t size, size_t count, void *data)
{
    struct http_exchange *exchange = data;
    (void)line;
    if (exchange->sent &&
        !exchange->answer_seen) { /* told outside of curl: callbacks may call us, and we may not call curl here */
        exchange->answer_seen = true;
        exchange->transport->answers_unreported++;
    }
    return size * count;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *data)
{
    struct http_exchange *exchange = data;
    size_t length = size * count;
    if (length > RELEVE_BODY_BYTES_MAX - exchange->body_bytes) {
        exchange->too_large = true;
        return 0;
    }
    size_t needed = exchange->body_bytes + length + 1;
    if (needed > exchange->body_room) {
        size_t room = exchange->body_room ? exchange->body_room : BODY_ROOM_FIRST;
        while (room < needed)
            room *= 2;
        exchange->body = releve_realloc(exchange->body, room);
        exchange->body_room = room;
    }
    memcpy(exchange->body + exchange->body_bytes, bytes, length);
    exchange->body_bytes += length;
    exchange->body[exchange->body_bytes] = '\0';
    return length;
}

/* Called when a connection is ready, before the request is written. curl writes a request again, by itself, where a
 * connection that it reuses turns out to be dead: two arrivals on one permit. Not here. */
static int on_ready_to_send(void *data, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
    struct http_exchange *exchange = data;
    (void)remote_ip, (void)local_ip, (void)remote_port, (void)local_port;
    if (exchange->sent) {
        exchange->repeated = true;
        return CURL_PREREQFUNC_ABORT;
    }
    if (releve_clock_boot() >= exchange->deadline_ms) {
        exchange->late = true;
        return CURL_PREREQFUNC_ABORT;
    }
    exchange->sent = true;
    return CURL_PREREQFUNC_OK;
}

/* All options here are known to libcurl: only missing memory makes them fail. */
#define SET(easy, option, value) must(curl_easy_setopt(easy, option, value))

static void must(CURLcode result)
{
    if (result != CURLE_OK)
        (void)releve_must(NULL);
}

/* Everything that no request changes. */
static void set_standing_options(struct http_exchange *exchange)
{
    CURL *easy = exchange->easy;
    SET(easy, CURLOPT_PRIVATE, exchange);
    SET(easy, CURLOPT_ERRORBUFFER, exchange->error);
    SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(easy, CURLOPT_SSL_VERIFYPEER, 1L); /* the default; said here, so that nothing changes it */
    SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    SET(easy, CURLOPT_FOLLOWLOCATION, 0L); /* a token must not follow a redirect */
    SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    SET(easy, CURLOPT_USERAGENT, "releve/" RELEVE_VERSION);
    SET(easy, CURLOPT_NOSIGNAL, 1L);
    SET(easy, CURLOPT_TCP_NODELAY, 1L);
    SET(easy, CURLOPT_QUICK_EXIT, 1L);               /* giving up does not wait for a resolver that hangs */
    SET(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L); /* what a proxy says of its tunnel is no answer */
    SET(easy, CURLOPT_HEADERFUNCTION, on_header);
    SET(easy, CURLOPT_HEADERDATA, exchange);
    SET(easy, CURLOPT_WRITEFUNCTION, on_body);
    SET(easy, CURLOPT_WRITEDATA, exchange);
    SET(easy, CURLOPT_PREREQFUNCTION, on_ready_to_send);
    SET(easy, CURLOPT_PREREQDATA, exchange);
    SET(easy, CURLOPT_OPENSOCKETFUNCTION, http_wire_open);
    SET(easy, CURLOPT_OPENSOCKETDATA, exchange->transport);
    SET(easy, CURLOPT_CLOSESOCKETFUNCTION, http_wire_close);
    SET(easy, CURLOPT_CLOSESOCKETDATA, exchange->transport);
}

struct http_exchange *http_exchange_new(struct releve_transport *transport)
{
    struct http_exchange *exchange = releve_alloc(1, sizeof *exchange);
    exchange->transport = transport;
    exchange->easy = releve_must(curl_easy_init());
    set_standing_options(exchange);
    return exchange;
}

static bool is_loopback(const char *host)
{
    return strcasecmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 || strcmp(host, "[::1]") == 0;
}

/* How much of a URL says where it goes: "https://host:port". */
static size_t origin_bytes(const char *url)
{
    const char *scheme_end = strstr(url, "://");
    const char *host = scheme_end ? scheme_end + strlen("://") : url;
    return (size_t)(host - url) + strcspn(host, "/?#");
}

/* The usual proxy variables hold (https_proxy, no_proxy, ...), but this machine is never asked through a proxy. What is
 * no URL is curl's to refuse. */
static void set_proxy(struct http_exchange *exchange, const char *url)
{
    size_t bytes = origin_bytes(url);
    if (exchange->origin && strlen(exchange->origin) == bytes && memcmp(exchange->origin, url, bytes) == 0)
        return; /* as the handle's last request */
    free(exchange->origin);
    exchange->origin = releve_must(strndup(url, bytes));
    CURLU *parts = releve_must(curl_url());
    char *host = NULL;
    bool local = curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
                 curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK && is_loopback(host);
    SET(exchange->easy, CURLOPT_PROXY, local ? "" : NULL);
    curl_free(host);
    curl_url_cleanup(parts);
}

/* Credentials are curl's affair: it writes the header, and gives them to no proxy and to no other host. */
static void set_credentials(CURL *easy, const struct releve_exchange_request *request)
{
    if (request->bearer) {
        assert(!strpbrk(request->bearer, "\r\n")); /* judged when it came */
        SET(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        SET(easy, CURLOPT_XOAUTH2_BEARER, request->bearer);
    } else if (request->user) {
        SET(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        SET(easy, CURLOPT_USERNAME, request->user);
        SET(easy, CURLOPT_PASSWORD, request->password ? request->password : "");
    }
}

bool http_exchange_prepare(struct http_exchange *exchange, const struct releve_exchange_request *request)
{
    CURL *easy = exchange->easy;
    releve_time left_ms = request->deadline_ms - releve_clock_boot();
    exchange->deadline_ms = request->deadline_ms;
    exchange->late = left_ms <= 0;
    if (exchange->late)
        return false;
    set_proxy(exchange, request->url);
    set_credentials(easy, request);
    SET(easy, CURLOPT_URL, request->url);
    SET(easy, CURLOPT_TIMEOUT_MS, (long)left_ms);
    SET(easy, CURLOPT_HTTPGET, 1L);
    SET(easy, CURLOPT_HTTPHEADER, request->json ? exchange->transport->json_headers : exchange->transport->headers);
    if (request->form || request->json) {
        exchange->form = releve_strdup(request->form ? request->form : request->json);
        SET(easy, CURLOPT_POST, 1L);
        SET(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(exchange->form));
        SET(easy, CURLOPT_POSTFIELDS, exchange->form);
    }
    return true;
}

static enum releve_exchange_outcome outcome_of(const struct http_exchange *exchange, CURLcode result)
{
    if (result == CURLE_OK)
        return RELEVE_EXCHANGE_ANSWERED;
    if (!exchange->sent)
        return RELEVE_EXCHANGE_UNREACHED;
    if (exchange->too_large)
        return RELEVE_EXCHANGE_TOO_LARGE;
    return result == CURLE_OPERATION_TIMEDOUT ? RELEVE_EXCHANGE_TIMEOUT : RELEVE_EXCHANGE_BROKEN;
}

static void describe(const struct http_exchange *exchange, CURLcode result, struct releve_exchange_response *response)
{
    const char *what = exchange->error[0] ? exchange->error : curl_easy_strerror(result);
    if (exchange->too_large)
        what = "the body is beyond the limit";
    else if (exchange->repeated)
        what = "the server closed the connection without an answer";
    else if (exchange->late)
        what = "the time was over before the request could be written";
    size_t used = 0;
    for (; *what && used + 1 < sizeof response->detail; what++)
        if (isprint((unsigned char)*what))
            response->detail[used++] = *what;
    response->detail[used] = '\0';
}

void http_exchange_respond(struct http_exchange *exchange, CURLcode result, struct releve_exchange_response *response)
{
    *response = (struct releve_exchange_response){.body = "", .content_type = "", .retry_after = ""};
    response->outcome = outcome_of(exchange, result);
    if (response->outcome != RELEVE_EXCHANGE_ANSWERED) {
        describe(exchange, result, response);
        return;
    }
    long status = 0;
    const char *content_type = NULL;
    struct curl_header *retry_after, *date;
    (void)curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(exchange->easy, CURLINFO_CONTENT_TYPE, &content_type);
    response->status = (int)status;
    if (exchange->body) {
        response->body = exchange->body;
        response->body_bytes = exchange->body_bytes;
    }
    if (content_type)
        response->content_type = content_type;
    if (curl_easy_header(exchange->easy, "Retry-After", 0, CURLH_HEADER, -1, &retry_after) == CURLHE_OK)
        response->retry_after = retry_after->value;
    if (curl_easy_header(exchange->easy, "Date", 0, CURLH_HEADER, -1, &date) == CURLHE_OK) {
        time_t seconds = curl_getdate(date->value, NULL);
        response->date_ms = seconds > 0 ? (releve_time)seconds * RELEVE_SECOND_MS : 0;
    }
}

static void scrub(char **text, size_t bytes)
{
    if (*text)
        explicit_bzero(*text, bytes);
    free(*text);
    *text = NULL;
}

void http_exchange_clear(struct http_exchange *exchange)
{
    /* The handle outlives the request: it keeps no pointer to what is freed here, and no secret. */
    (void)curl_easy_setopt(exchange->easy, CURLOPT_POSTFIELDS, NULL);
    (void)curl_easy_setopt(exchange->easy, CURLOPT_HTTPGET, 1L);
    (void)curl_easy_setopt(exchange->easy, CURLOPT_XOAUTH2_BEARER, NULL);
    (void)curl_easy_setopt(exchange->easy, CURLOPT_USERNAME, NULL);
    (void)curl_easy_setopt(exchange->easy, CURLOPT_PASSWORD, NULL);
    bool secret = exchange->form != NULL; /* what answers a form is a token */
    scrub(&exchange->form, exchange->form ? strlen(exchange->form) : 0);
    scrub(&exchange->body, secret ? exchange->body_bytes : 0);
    if (exchange->wire && exchange->wire->exchange == exchange)
        exchange->wire->exchange = NULL;
    exchange->wire = NULL;
    exchange->body_bytes = exchange->body_room = 0;
    exchange->sent = exchange->repeated = exchange->late = exchange->too_large = false;
    exchange->answer_seen = exchange->answer_reported = false;
    exchange->error[0] = '\0';
    exchange->first_byte = NULL;
    exchange->done = NULL;
    exchange->data = NULL;
}

void http_exchange_free(struct http_exchange *exchange)
{
    if (exchange->easy) {
        http_exchange_clear(exchange);
        curl_easy_cleanup(exchange->easy);
    }
    free(exchange->origin);
    free(exchange);
}
