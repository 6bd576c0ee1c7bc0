/* The floors under releve's pipeline: what it costs to fetch bodies and to throw them away, and to parse them as well.
 * libuv and curl's multi_socket, as the program itself uses them, and nothing else around them.
 *
 *     TOKEN=... floor fetch URLS IN_FLIGHT     gets each URL of the file, one a line; so many at once
 *     TOKEN=... floor parse URLS IN_FLIGHT     the same, and each body goes through cJSON into an arena
 *
 * Prints {"requests":N,"bytes":N} when every answer was 200 (and JSON). bench/pipeline.py runs it beside the others. */
#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define IN_FLIGHT_MAX 1024
#define URL_MAX 512            /* bytes, with the line's end */
#define BODY_MAX (1 << 20)     /* bytes */
#define ARENA_BYTES (16 << 20) /* of the largest body's tree */

/* One easy handle, its body's memory and the URL that it fetches: all used again for the next one. */
struct transfer {
    CURL *easy;
    char url[URL_MAX];
    char *body;
    size_t bytes;
};

struct floor {
    uv_loop_t loop;
    uv_timer_t timer;
    CURLM *multi;
    struct curl_slist *headers;
    FILE *urls;
    bool parse;
    unsigned under_way; /* transfers */
    unsigned long requests, bytes;
};

static struct {
    _Alignas(max_align_t) char bytes[ARENA_BYTES];
    size_t used;
} arena;

static void fail(const char *what, const char *of)
{
    fprintf(stderr, "floor: %s: %s\n", what, of);
    exit(1);
}

static void *arena_take(size_t bytes)
{
    size_t rounded = (bytes + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
    if (rounded > ARENA_BYTES - arena.used)
        return NULL;
    void *taken = arena.bytes + arena.used;
    arena.used += rounded;
    return taken;
}

static void arena_keep(void *taken)
{
    (void)taken; /* all at once, before the next body */
}

static size_t on_body(char *bytes, size_t size, size_t count, void *data)
{
    struct transfer *transfer = data;
    if (count > BODY_MAX - transfer->bytes)
        return 0;
    memcpy(transfer->body + transfer->bytes, bytes, size * count);
    transfer->bytes += count;
    return count;
}

/* Hands the next URL to curl, if there is one. */
static void begin(struct floor *floor, struct transfer *transfer)
{
    if (fgets(transfer->url, sizeof transfer->url, floor->urls) == NULL)
        return;
    transfer->url[strcspn(transfer->url, "\n")] = '\0';
    transfer->bytes = 0;
    curl_easy_setopt(transfer->easy, CURLOPT_URL, transfer->url);
    curl_multi_add_handle(floor->multi, transfer->easy);
    floor->under_way++;
}

static void end(struct floor *floor, struct transfer *transfer, CURLcode result)
{
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (result != CURLE_OK || status != 200)
        fail(transfer->url, result != CURLE_OK ? curl_easy_strerror(result) : "the status is not 200");
    if (floor->parse) {
        arena.used = 0;
        if (cJSON_ParseWithLength(transfer->body, transfer->bytes) == NULL)
            fail(transfer->url, "no JSON, or more than the arena holds");
    }
    floor->under_way--;
    floor->requests++;
    floor->bytes += transfer->bytes;
}

static void act(struct floor *floor, curl_socket_t fd, int events)
{
    int running = 0, left = 0;
    curl_multi_socket_action(floor->multi, fd, events, &running);
    CURLMsg *message;
    while ((message = curl_multi_info_read(floor->multi, &left)) != NULL) {
        CURLcode result = message->data.result;
        CURL *easy = message->easy_handle;
        struct transfer *transfer = NULL;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
        curl_multi_remove_handle(floor->multi, easy);
        end(floor, transfer, result);
        begin(floor, transfer);
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    uv_os_fd_t fd;
    uv_fileno((uv_handle_t *)poll, &fd);
    int seen = status < 0 ? CURL_CSELECT_ERR : 0;
    if (events & UV_READABLE)
        seen |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        seen |= CURL_CSELECT_OUT;
    act(poll->data, fd, seen);
}

static void on_poll_closed(uv_handle_t *handle)
{
    free(handle);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *known)
{
    (void)easy;
    struct floor *floor = data;
    uv_poll_t *poll = known;
    if (what == CURL_POLL_REMOVE) {
        if (poll != NULL)
            uv_close((uv_handle_t *)poll, on_poll_closed);
        curl_multi_assign(floor->multi, fd, NULL);
        return 0;
    }
    if (poll == NULL) {
        poll = malloc(sizeof *poll);
        if (poll == NULL || uv_poll_init_socket(&floor->loop, poll, fd) != 0)
            fail("socket", "cannot be watched");
        poll->data = floor;
        curl_multi_assign(floor->multi, fd, poll);
    }
    return uv_poll_start(poll, (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0),
                         on_poll);
}

static void on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timeout(CURLM *multi, long ms, void *data)
{
    (void)multi;
    struct floor *floor = data;
    return ms < 0 ? uv_timer_stop(&floor->timer) : uv_timer_start(&floor->timer, on_timer, (uint64_t)ms, 0);
}

static void open_floor(struct floor *floor, unsigned long in_flight)
{
    const char *token = getenv("TOKEN");
    char line[256];
    if (token == NULL || (size_t)snprintf(line, sizeof line, "Authorization: Bearer %s", token) >= sizeof line)
        fail("TOKEN", "a token of the simulator, in the environment");
    floor->headers = curl_slist_append(curl_slist_append(NULL, line), "Accept: application/json");
    if (uv_loop_init(&floor->loop) != 0 || uv_timer_init(&floor->loop, &floor->timer) != 0 ||
        curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (floor->multi = curl_multi_init()) == NULL)
        fail("libuv or libcurl", "does not start");
    floor->timer.data = floor;
    curl_multi_setopt(floor->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(floor->multi, CURLMOPT_SOCKETDATA, floor);
    curl_multi_setopt(floor->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl_multi_setopt(floor->multi, CURLMOPT_TIMERDATA, floor);
    curl_multi_setopt(floor->multi, CURLMOPT_MAXCONNECTS, (long)in_flight);
}

static void open_transfer(struct floor *floor, struct transfer *transfer)
{
    transfer->easy = curl_easy_init();
    transfer->body = malloc(BODY_MAX);
    if (transfer->easy == NULL || transfer->body == NULL)
        abort();
    curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, floor->headers);
    curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(transfer->easy, CURLOPT_WRITEDATA, transfer);
}

int main(int argc, char **argv)
{
    static struct floor floor;
    static struct transfer transfers[IN_FLIGHT_MAX];
    unsigned long in_flight = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
    floor.parse = argc == 4 && strcmp(argv[1], "parse") == 0;
    if (in_flight < 1 || in_flight > IN_FLIGHT_MAX || (!floor.parse && strcmp(argv[1], "fetch") != 0)) {
        fprintf(stderr, "usage: TOKEN=... floor fetch|parse URLS-FILE IN-FLIGHT (1 to %d)\n", IN_FLIGHT_MAX);
        return 2;
    }
    floor.urls = fopen(argv[2], "r");
    if (floor.urls == NULL)
        fail(argv[2], "cannot be read");
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = arena_take, .free_fn = arena_keep});
    open_floor(&floor, in_flight);
    for (unsigned long i = 0; i < in_flight; i++) {
        open_transfer(&floor, &transfers[i]);
        begin(&floor, &transfers[i]);
    }
    while (floor.under_way > 0)
        uv_run(&floor.loop, UV_RUN_ONCE);
    printf("{\"requests\":%lu,\"bytes\":%lu}\n", floor.requests, floor.bytes);
    return 0;
}
