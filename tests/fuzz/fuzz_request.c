/* What a client sends to the web service, byte by byte, over a real connection and through libmicrohttpd: each answer
 * that is complete is HTTP with a status that we know, a problem is JSON, and when the client has gone, nothing is left
 * of it.
 *
 * The input is all that the client sends; then it ends its side. The service is started once. */
#include "adapters/web/web.h"
#include "fuzz.h"
#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_BYTES_MAX ((size_t)4 * 1024 * 1024) /* of one connection */
#define LATER_MAX 16                               /* requests that wait at once: one a connection, in fact */
#define QUIET_TURNS 4                              /* of the loop without a byte: nothing will come any more */
#define EVENTS 3                                   /* that a stream gets */
#define TURNS_MAX 100000                           /* of the loop; a client that is still there then hangs */
#define LARGE_BYTES 200000                         /* of an answer that goes out in parts */

static uv_loop_t loop;
static struct releve_web *web;
static struct releve_web_asked *later[LATER_MAX];
static size_t later_count;
static char answers[ANSWER_BYTES_MAX + 1]; /* what came back; with a NUL behind it */

/* --- what is answered -------------------------------------------------------------------------------------------- */

/* Everything about the request, as a problem's detail: whatever was sent has to come back as JSON. */
static void answer_echo(struct releve_web_asked *asked, unsigned arguments)
{
    const char *parameter = releve_web_parameter(asked, "a"), *header = releve_web_header(asked, "X-Fuzz");
    for (unsigned i = 0; i < arguments; i++) {
        const char *argument = releve_web_argument(asked, i);
        MUST(argument[0] != '\0' && strchr(argument, '/') == NULL && strlen(argument) < RELEVE_WEB_PATH_BYTES);
    }
    releve_web_fail(asked, 400, "\"%.40s\" and \"%.40s\" and \"%.40s\"",
                    arguments > 0 ? releve_web_argument(asked, 0) : "", parameter != NULL ? parameter : "",
                    header != NULL ? header : "");
}

static void on_one(void *data, struct releve_web_asked *asked)
{
    (void)data;
    answer_echo(asked, 1);
}

static void on_four(void *data, struct releve_web_asked *asked)
{
    (void)data;
    answer_echo(asked, 4);
}

static void on_later(void *data, struct releve_web_asked *asked)
{
    (void)data;
    MUST(later_count < LATER_MAX);
    later[later_count++] = asked;
}

static void answer_later(void)
{
    for (size_t i = 0; i < later_count; i++) {
        releve_web_link_next(later[i], "/later/2");
        releve_web_answer(later[i], 200, RELEVE_WEB_JSON, "{}\n", 3);
    }
    later_count = 0;
}

static bool count(void *data, const char *name, const char *value)
{
    size_t *bytes = data;
    *bytes += strlen(name) + strlen(value);
    return true;
}

static void on_any(void *data, struct releve_web_asked *asked)
{
    size_t bytes = 0;
    (void)data;
    releve_web_each_parameter(asked, count, &bytes);
    MUST(bytes < RELEVE_WEB_HEADER_BYTES);
    releve_web_answer(asked, 200, RELEVE_WEB_TEXT, "fine\n", 5);
}

static void on_large(void *data, struct releve_web_asked *asked)
{
    static char text[LARGE_BYTES];
    (void)data;
    memset(text, 'x', sizeof text);
    releve_web_answer(asked, 200, RELEVE_WEB_NDJSON, text, sizeof text);
}

static void on_stream(void *data, struct releve_web_asked *asked)
{
    (void)data;
    if (!releve_web_stream(asked))
        releve_web_fail(asked, 503, "Too many streams.");
}

static const char *const some[] = {"a", "b", "start", NULL}, *const none[] = {NULL};

static const struct releve_web_route routes[] = {
    {"/one/{}", on_one, some, false},    {"/one/{}/{}/x/{}/{}", on_four, none, false},
    {"/later", on_later, some, false},   {"/later/{}", on_later, none, false},
    {"/any", on_any, NULL, false},       {"/large", on_large, NULL, false},
    {"/stream", on_stream, none, false},
};

static void start(void)
{
    static const char *const hosts[] = {"metering.example"};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct releve_web_options options = {.address = (const struct sockaddr *)&address,
                                               .hosts = hosts,
                                               .hosts_count = 1,
                                               .routes = routes,
                                               .routes_count = sizeof routes / sizeof routes[0]};
    struct releve_error error;
    MUST(uv_loop_init(&loop) == 0);
    MUST(releve_web_start(&web, &loop, &options, &error) == RELEVE_OK);
}

/* --- what comes back --------------------------------------------------------------------------------------------- */

static bool is_known(unsigned status)
{
    static const unsigned known[] = {200, 304, 400, 403, 404, 405, 413, 414, 421, 431, 501, 503, 505};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i] == status)
            return true;
    return false;
}

/* The value of a header of ours; NULL where it is not there. `head` ends with its empty line. */
static const char *find_header(const char *head, const char *name)
{
    const char *found = strcasestr(head, name);
    return found != NULL ? found + strlen(name) : NULL;
}

static void check_problem(const char *body, size_t bytes)
{
    const char *at = body;
    cJSON *json = cJSON_ParseWithLength(body, bytes);
    MUST(cJSON_IsString(cJSON_GetObjectItem(json, "detail")) && body[bytes - 1] == '\n');
    cJSON_Delete(json);
    while (at < body + bytes) {
        size_t length = releve_utf8_length(at);
        MUST(length > 0);
        at += length;
    }
}

/* An answer at `at`, of which all bytes are there; where the next one begins. NULL: the rest is a stream, or was broken
 * off. */
static const char *check_answer(const char *at, const char *end)
{
    char head[4096];
    unsigned status = 0;
    const char *body = memmem(at, (size_t)(end - at), "\r\n\r\n", 4);
    if (body == NULL)
        return NULL;
    body += 4;
    MUST((size_t)(body - at) < sizeof head);
    memcpy(head, at, (size_t)(body - at));
    head[body - at] = '\0';
    MUST(strncmp(head, "HTTP/1.1 ", 9) == 0 || strncmp(head, "HTTP/1.0 ", 9) == 0);
    MUST(sscanf(head + 9, "%3u", &status) == 1);
    if (status == 100)
        return body;
    MUST(is_known(status));
    const char *length = find_header(head, "\r\nContent-Length: ");
    if (length == NULL)
        return status == 304 ? body : NULL;
    size_t bytes = strtoul(length, NULL, 10);
    if (body == end || (size_t)(end - body) < bytes || memcmp(body, "HTTP/1.", 7) == 0)
        return body; /* of HEAD, or broken off */
    if (strstr(head, "application/problem+json") != NULL)
        check_problem(body, bytes);
    return body + bytes;
}

/* --- a client ----------------------------------------------------------------------------------------------------- */

struct client {
    int socket;
    const uint8_t *unsent;
    size_t unsent_bytes;
    size_t answer_bytes;
    bool has_ended; /* nothing comes any more */
};

static void come(struct client *client)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)releve_web_port(web)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    client->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    MUST(client->socket >= 0);
    MUST(connect(client->socket, (const struct sockaddr *)&address, sizeof address) == 0);
    MUST(fcntl(client->socket, F_SETFL, O_NONBLOCK) == 0);
}

/* Sends and reads what goes; false where nothing did. */
static bool go_on(struct client *client)
{
    bool moved = false;
    ssize_t sent =
        client->unsent_bytes > 0 ? send(client->socket, client->unsent, client->unsent_bytes, MSG_NOSIGNAL) : 0;
    if (sent > 0) {
        client->unsent += sent;
        client->unsent_bytes -= (size_t)sent;
        moved = true;
    } else if (sent < 0 && errno != EAGAIN) {
        client->unsent_bytes = 0; /* the service has had enough */
    }
    if (moved && client->unsent_bytes == 0)
        (void)shutdown(client->socket, SHUT_WR);
    ssize_t read = recv(client->socket, answers + client->answer_bytes, ANSWER_BYTES_MAX - client->answer_bytes, 0);
    if (read > 0)
        client->answer_bytes += (size_t)read;
    else if (read == 0 || errno != EAGAIN)
        client->has_ended = true;
    return moved || read > 0;
}

/* Goes without a word: no port of the client is kept for later. */
static void leave(struct client *client)
{
    const struct linger at_once = {.l_onoff = 1};
    (void)setsockopt(client->socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    (void)close(client->socket);
}

/* The lowest descriptor that is free: as before when everything was given back. */
static int free_descriptor(void)
{
    int descriptor = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO);
    MUST(descriptor >= 0);
    (void)close(descriptor);
    return descriptor;
}

static void turn(void)
{
    (void)uv_run(&loop, UV_RUN_NOWAIT);
    answer_later();
}

static void talk(struct client *client)
{
    unsigned events = 0;
    for (unsigned quiet = 0, turns = 0; quiet < QUIET_TURNS && !client->has_ended; turns++) {
        MUST(turns < TURNS_MAX);
        bool moved = go_on(client);
        turn();
        quiet = moved ? 0 : quiet + 1;
        if (quiet == 1 && events++ < EVENTS)
            releve_web_push(web, "status", "{}", 2);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct client client = {.unsent = data, .unsent_bytes = size};
    if (web == NULL)
        start();
    int before = free_descriptor();
    come(&client);
    talk(&client);
    leave(&client);
    for (unsigned turns = 0; free_descriptor() != before || releve_web_streams(web) > 0; turns++) {
        MUST(turns < TURNS_MAX);
        turn();
        releve_web_push(web, NULL, NULL, 0);
    }
    answers[client.answer_bytes] = '\0';
    const char *end = answers + client.answer_bytes;
    for (const char *at = answers; at != NULL && at < end;)
        at = check_answer(at, end);
    return 0;
}
