/* Connections that are held: whoever comes is served, though others say nothing or do not read, long before any of
 * their time is over. Real sockets, on a loop that is run by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <adapters/httpd/httpd.h>
#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64
#define HELD 200            /* clients that hold one: more than there may be */
#define NEVER_S 100000      /* no time is over in this test */
#define GUARD_MS 60000      /* what does not happen by then never does */
#define LARGE_BYTES 4000000 /* more than the kernel keeps for who does not read */

struct service {
    uv_loop_t loop;
    uv_timer_t guard;
    struct releve_httpd *httpd;
    char *large;
    unsigned begun, ended; /* requests */
};

static enum MHD_Result handle(void *data, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_bytes, void **state)
{
    struct service *service = data;
    bool is_large = strcmp(url, "/large") == 0;
    (void)method, (void)version, (void)upload, (void)upload_bytes;
    if (*state == NULL) {
        *state = service;
        return MHD_YES;
    }
    struct MHD_Response *response =
        MHD_create_response_from_buffer(is_large ? LARGE_BYTES : 5, service->large, MHD_RESPMEM_PERSISTENT);
    releve_httpd_send(service->httpd, connection);
    service->begun++;
    enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

static void completed(void *data, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode how)
{
    struct service *service = data;
    (void)connection, (void)state, (void)how;
    service->ended++;
}

static void on_guard(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("nothing has happened for %d s", GUARD_MS / 1000);
}

static int set_up(void **state)
{
    struct service *service = calloc(1, sizeof *service);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct releve_httpd_options options = {.address = (const struct sockaddr *)&address,
                                                 .connections_max = CONNECTIONS_MAX,
                                                 .connection_bytes = 16384,
                                                 .idle_s = NEVER_S,
                                                 .request_s = NEVER_S,
                                                 .answer_s = NEVER_S,
                                                 .handle = handle,
                                                 .completed = completed,
                                                 .data = service};
    struct releve_error error;
    *state = service;
    service->large = calloc(1, LARGE_BYTES);
    (void)uv_loop_init(&service->loop);
    (void)uv_timer_init(&service->loop, &service->guard);
    (void)uv_timer_start(&service->guard, on_guard, GUARD_MS, 0);
    return releve_httpd_start(&service->httpd, &service->loop, &options, &error) == RELEVE_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    struct service *service = *state;
    releve_httpd_stop(service->httpd);
    uv_close((uv_handle_t *)&service->guard, NULL);
    (void)uv_run(&service->loop, UV_RUN_DEFAULT);
    int left = uv_loop_close(&service->loop);
    free(service->large);
    free(service);
    return left;
}

static int come(struct service *service, const char *path)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)releve_httpd_port(service->httpd)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char request[100];
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(client >= 0);
    assert_int_equal(connect(client, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(fcntl(client, F_SETFL, O_NONBLOCK), 0);
    if (path[0] != '\0')
        assert_int_equal(send(client, request, (size_t)length, MSG_NOSIGNAL), length);
    (void)uv_run(&service->loop, UV_RUN_NOWAIT);
    return client;
}

static void expect_answer(struct service *service)
{
    char answer[1000];
    ssize_t length;
    int client = come(service, "/");
    while ((length = recv(client, answer, sizeof answer, 0)) < 0)
        (void)uv_run(&service->loop, UV_RUN_ONCE);
    assert_true(length > 15);
    assert_memory_equal(answer, "HTTP/1.1 200 OK", 15);
    (void)close(client);
}

static void hold(struct service *service, const char *path)
{
    int held[HELD];
    for (size_t i = 0; i < HELD; i++)
        held[i] = come(service, path);
    for (size_t i = 0; i < HELD / 4; i++)
        expect_answer(service);
    for (size_t i = 0; i < HELD; i++)
        (void)close(held[i]);
}

static void test_those_who_say_nothing_make_room(void **state)
{
    hold(*state, "");
}

static void test_those_who_do_not_read_make_room(void **state)
{
    struct service *service = *state;
    hold(service, "/large");
    expect_answer(service); /* those who have gone are found */
    while (service->ended < service->begun)
        (void)uv_run(&service->loop, UV_RUN_ONCE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_those_who_say_nothing_make_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_those_who_do_not_read_make_room, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
