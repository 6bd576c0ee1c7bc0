/* The store as a whole against a real Redis: permits and news of them, its end, and what that Redis is like. */
#include "store_redis.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* --- permits and news ------------------------------------------------------------------------------- */

static const struct releve_quota two_a_minute = {1, {{2, 60 * RELEVE_SECOND_MS}}};

static releve_time ask(struct releve_store *store, uint64_t number)
{
    struct answer answer = {.calls = 0};
    releve_store_permit_ask(store, "b", &two_a_minute, false, (struct releve_permit){1, number}, on_permit, &answer);
    await_ok(&f, &answer);
    return answer.wait_ms;
}

static void test_permits_are_granted_refused_settled_and_given_back(void **state)
{
    (void)state;
    struct answer settled = {.calls = 0}, returned = {.calls = 0}, closed = {.calls = 0}, usage = {.calls = 0};
    assert_int_equal(ask(f.store, 1), 0);
    assert_int_equal(ask(f.store, 2), 0);
    assert_true(ask(f.store, 3) > 60 * RELEVE_SECOND_MS);
    releve_store_permit_settle(f.store, "b", &two_a_minute, (struct releve_permit){1, 1}, 0, on_permit, &settled);
    await_ok(&f, &settled);
    assert_true(settled.wait_ms > 0 && settled.wait_ms <= 60 * RELEVE_SECOND_MS + 2);
    releve_store_bucket_usage(f.store, "b", &two_a_minute, on_usage, &usage);
    await_ok(&f, &usage);
    assert_int_equal(usage.usage.used[0], 2);
    assert_int_equal(usage.usage.closed_ms, 0);
    assert_true(usage.usage.next_ms > 0);
    releve_store_permit_return(f.store, "b", &two_a_minute, (struct releve_permit){1, 2}, on_permit, &returned);
    await_ok(&f, &returned);
    assert_int_equal(returned.wait_ms, 0);
    releve_store_bucket_close(f.store, "b", 30 * RELEVE_SECOND_MS, on_done, &closed);
    await_ok(&f, &closed);
    releve_time wait_ms = ask(f.store, 4);
    assert_true(wait_ms > 0 && wait_ms <= 30 * RELEVE_SECOND_MS);
}

struct news {
    int calls;
    releve_time wait_ms;
};

static void on_due(void *data, const char *bucket, releve_time wait_ms)
{
    struct news *news = data;
    assert_string_equal(bucket, "b");
    news->calls++;
    news->wait_ms = wait_ms;
}

static void test_a_refused_asker_hears_when_somebody_elses_permit_comes_back(void **state)
{
    (void)state;
    struct news news = {.calls = 0}, other = {.calls = 0};
    struct answer returned = {.calls = 0};
    releve_store_bucket_watch(f.store, "b", on_due, &other);
    releve_store_bucket_watch(f.store, "b", on_due, &news); /* in its place */
    assert_int_equal(news.calls, 0);
    await_calls(&f, &news.calls, 1); /* the subscription begins */
    assert_int_equal(news.wait_ms, 0);
    assert_int_equal(ask(f.store, 1), 0);
    assert_int_equal(ask(f.store, 2), 0);
    assert_true(ask(f.store, 3) > 0);
    news.wait_ms = -1;
    releve_store_permit_return(f.store, "b", &two_a_minute, (struct releve_permit){1, 1}, on_permit, &returned);
    await_calls(&f, &news.calls, 2);
    assert_int_equal(news.wait_ms, 0);
    await_ok(&f, &returned);
    assert_int_equal(other.calls, 0);
}

/* Asks two things, closes, and returns what both came to; Redis's news are watched too. */
static enum releve_code close_after_asking(void)
{
    struct answer answers[2] = {{.calls = 0}};
    releve_store_permit_ask(f.store, "b", &two_a_minute, false, (struct releve_permit){1, 1}, on_permit, &answers[0]);
    struct releve_job job = job_of("", 20000, 20001);
    releve_store_begin(f.store, &job, NOW, on_known, &answers[1]);
    struct news news = {.calls = 0};
    releve_store_bucket_watch(f.store, "b", on_due, &news);
    fixture_close(&f);
    for (int i = 0; i < 2; i++)
        assert_int_equal(answers[i].calls, 1);
    assert_int_equal(answers[0].error.code, answers[1].error.code);
    return answers[0].error.code;
}

static void test_closing_lets_redis_answer_what_was_asked(void **state)
{
    (void)state;
    assert_int_equal(close_after_asking(), RELEVE_OK);
}

static void test_closing_waits_for_no_redis_that_stands_still_and_tells_everybody_who_waits(void **state)
{
    (void)state;
    assert_int_equal(kill(server.pid, SIGSTOP), 0);
    assert_int_equal(close_after_asking(), RELEVE_E_INTERRUPTED);
    assert_int_equal(kill(server.pid, SIGCONT), 0);
}

/* --- what Redis is like ------------------------------------------------------------------------------ */

static bool is_durable(const char *url)
{
    struct store_fixture fixture;
    fixture_open(&fixture, url, 0);
    if (fixture.ready.error.code != RELEVE_OK)
        fail_msg("%s", fixture.ready.error.text);
    bool durable = releve_store_is_durable(fixture.store);
    fixture_close(&fixture);
    return durable;
}

static void test_a_redis_that_keeps_nothing_on_disk_is_told_from_one_that_does(void **state)
{
    (void)state;
    struct redis_server other;
    static const char *const neither[] = {"--appendonly", "no", NULL};
    redis_server_start(&other, neither);
    assert_true(is_durable(server.url)); /* an append-only file, no save points */
    assert_false(is_durable(other.url));
    freeReplyObject(redis_server_command(&other, "CONFIG SET save %s", "3600 1"));
    assert_true(is_durable(other.url));
    freeReplyObject(redis_server_command(&other, "CONFIG SET save %s", ""));
    assert_false(is_durable(other.url));
    /* Who may not ask is not told, and works all the same. */
    freeReplyObject(redis_server_command(&other, "ACL SETUSER ada on >s3cret allkeys allchannels +@all -config"));
    char url[256];
    (void)snprintf(url, sizeof url, "unix://ada:s3cret@%s", other.socket);
    assert_true(is_durable(url));
    redis_server_end(&other);
}

static void test_a_socket_takes_its_password_from_the_address(void **state)
{
    (void)state;
    struct redis_server other;
    static const char *const secret[] = {"--requirepass", "s3cret/@", NULL};
    redis_server_start(&other, secret);
    struct store_fixture fixture;
    char url[256];
    static const char *const users[] = {":", "default:"};
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(url, sizeof url, "unix://%ss3cret%%2F%%40@%s?db=3", users[i], other.socket);
        assert_true(is_durable(url));
    }
    fixture_open(&fixture, other.url, 0);
    assert_int_equal(fixture.ready.error.code, RELEVE_E_REDIS);
    assert_non_null(strstr(fixture.ready.error.text, "unix://:password@/path"));
    fixture_close(&fixture);
    (void)snprintf(url, sizeof url, "unix://:s3cret%%2F%%40@%s?db=99", other.socket);
    fixture_open(&fixture, url, 0);
    assert_int_equal(fixture.ready.error.code, RELEVE_E_REDIS);
    assert_non_null(strstr(fixture.ready.error.text, "?db="));
    assert_null(strstr(fixture.ready.error.text, "s3cret"));
    fixture_close(&fixture);
    redis_server_end(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_store(test_permits_are_granted_refused_settled_and_given_back),
        with_store(test_a_refused_asker_hears_when_somebody_elses_permit_comes_back),
        cmocka_unit_test(test_a_redis_that_keeps_nothing_on_disk_is_told_from_one_that_does),
        cmocka_unit_test(test_a_socket_takes_its_password_from_the_address),
        cmocka_unit_test_setup(test_closing_lets_redis_answer_what_was_asked, open_store),
        cmocka_unit_test_setup(test_closing_waits_for_no_redis_that_stands_still_and_tells_everybody_who_waits,
                               open_store),
    };
    return run_with_redis(tests);
}
