/* One request: options in, outcome out. Carries the size limit (law 6), the hard time-out and the promise that a
 * request is written once (law 1), and keeps secrets out of texts (law 7). */
#include "http.h"
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BODY_ROOM_FIRST 16384 /* bytes; doubled as needed */

void http_list_add(struct http_exchange **list, struct http_exchange *exchange)
{
    exchange->next = *list;
    exchange->link = list;
    if (exchange->next)
        exchange->next->link = &exchange->next;
    *list = exchange;
}

void http_list_remove(struct http_exchange *exchange)
{
    *exchange->link = exchange->next;
    if (exchange->next)
        exchange->next->link = exchange->link;
    exchange->next = NULL;
    exchange->link = NULL;
}

/* The clock of permits: like Redis's, it goes on while the machine is suspended; uv_hrtime does not. */
static uint64_t boot_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_BOOTTIME, &now); /* cannot fail: Linux has it since 2.6.39 */
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* What comes before the request was written is a proxy's: it says nothing of the request's arrival (law 1). */
static size_t on_header(char *line, size_t size, size_t count, void *data)
{
    struct http_exchange *exchange = data;
    (void)line;
    if (exchange->sent &&
        !exchange->answer_seen) { /* told outside of curl: callbacks may call us, and we may not call curl here */
        exchange->answer_seen = true;
        exchange->transport->answers_untold++;
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
        char *body = realloc(exchange->body, room);
        if (!body) {
            exchange->no_memory = true;
            return 0;
        }
        exchange->body = body;
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
    if (boot_ns() >= exchange->deadline_ns) {
        exchange->late = true;
        return CURL_PREREQFUNC_ABORT;
    }
    exchange->sent = true;
    return CURL_PREREQFUNC_OK;
}

/* Everything that no request changes. Returns the first error. */
static CURLcode set_standing_options(struct http_exchange *exchange)
{
    CURLcode failed = CURLE_OK, result;
#define SET(option, value)                                                                            \
    if ((result = curl_easy_setopt(exchange->easy, option, value)) != CURLE_OK && failed == CURLE_OK) \
    failed = result
    SET(CURLOPT_PRIVATE, exchange);
    SET(CURLOPT_ERRORBUFFER, exchange->error);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L); /* a token must not follow a redirect */
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_ACCEPT_ENCODING, "gzip");
    SET(CURLOPT_USERAGENT, "releve/" RELEVE_VERSION);
    SET(CURLOPT_HTTPHEADER, exchange->transport->headers);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_TCP_NODELAY, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L);               /* giving up does not wait for a resolver that hangs */
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L); /* what a proxy says of its tunnel is no answer */
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, exchange);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, exchange);
    SET(CURLOPT_PREREQFUNCTION, on_ready_to_send);
    SET(CURLOPT_PREREQDATA, exchange);
    SET(CURLOPT_OPENSOCKETFUNCTION, http_wire_open);
    SET(CURLOPT_OPENSOCKETDATA, exchange->transport);
    SET(CURLOPT_CLOSESOCKETFUNCTION, http_wire_close);
    SET(CURLOPT_CLOSESOCKETDATA, exchange->transport);
#undef SET
    return failed;
}

struct http_exchange *http_exchange_new(struct releve_transport *transport)
{
    struct http_exchange *exchange = calloc(1, sizeof *exchange);
    if (!exchange)
        return NULL;
    exchange->transport = transport;
    exchange->easy = curl_easy_init();
    if (!exchange->easy || set_standing_options(exchange) != CURLE_OK) {
        http_exchange_free(exchange);
        return NULL;
    }
    return exchange;
}

static bool is_loopback(const char *host)
{
    return strcasecmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 || strcmp(host, "[::1]") == 0;
}

/* The usual proxy variables hold (https_proxy, no_proxy, ...), but this machine is never asked through a proxy. False
 * where the URL is none. */
static bool set_proxy(CURL *easy, const char *url)
{
    CURLU *parts = curl_url();
    char *host = NULL;
    bool ok = parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
              curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
              curl_easy_setopt(easy, CURLOPT_PROXY, is_loopback(host) ? "" : NULL) == CURLE_OK;
    curl_free(host);
    curl_url_cleanup(parts);
    return ok;
}

/* Credentials are curl's affair: it writes the header, and gives them to no proxy and to no other host. */
static bool set_credentials(CURL *easy, const struct releve_exchange_request *request)
{
    if (request->bearer)
        return curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, request->bearer) == CURLE_OK;
    if (request->user)
        return curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_USERNAME, request->user) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_PASSWORD, request->password ? request->password : "") == CURLE_OK;
    return true;
}

bool http_exchange_prepare(struct http_exchange *exchange, const struct releve_exchange_request *request)
{
    CURL *easy = exchange->easy;
    exchange->deadline_ns = boot_ns() + (uint64_t)request->timeout_ms * 1000000u;
    if (!set_proxy(easy, request->url) || !set_credentials(easy, request) ||
        curl_easy_setopt(easy, CURLOPT_URL, request->url) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms) != CURLE_OK)
        return false;
    if (!request->form)
        return curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    exchange->form = strdup(request->form);
    return exchange->form && curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(exchange->form)) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDS, exchange->form) == CURLE_OK;
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
    else if (exchange->no_memory)
        what = "memory is short";
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
    struct curl_header *retry_after;
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
    exchange->sent = exchange->repeated = exchange->late = exchange->too_large = exchange->no_memory = false;
    exchange->answer_seen = exchange->answer_told = false;
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
    free(exchange);
}
