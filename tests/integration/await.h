/* Waiting in a test for what may never come: it fails then, and says what it waited for. A loop of libuv turns at least
 * once a second for that. */
#ifndef RELEVE_TESTS_AWAIT_H
#define RELEVE_TESTS_AWAIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <time.h>
#include <uv.h>

#define AWAIT_MAX_S 60 /* far more than anything takes, on a loaded machine in the sanitized build */
#define AWAIT_TICK_MS 1000

static inline time_t await_now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static inline void await_check(time_t since_s, const char *what, const char *file, int line)
{
    if (await_now_s() - since_s <= AWAIT_MAX_S)
        return;
    print_error("ERROR: waited %d s for: %s\n", AWAIT_MAX_S, what);
    _fail(file, line);
}

/* Does `step` again and again until `condition` holds. */
#define await(condition, step)                                     \
    do {                                                           \
        time_t since_s_ = await_now_s();                           \
        while (!(condition)) {                                     \
            await_check(since_s_, #condition, __FILE__, __LINE__); \
            step;                                                  \
        }                                                          \
    } while (0)

static inline void await_on_tick(uv_timer_t *tick)
{
    (void)tick;
}

/* The tick keeps no loop alive. */
static inline void await_loop_init(uv_loop_t *loop, uv_timer_t *tick)
{
    assert_int_equal(uv_loop_init(loop), 0);
    assert_int_equal(uv_timer_init(loop, tick), 0);
    assert_int_equal(uv_timer_start(tick, await_on_tick, AWAIT_TICK_MS, AWAIT_TICK_MS), 0);
    uv_unref((uv_handle_t *)tick);
}

/* Waits until no handle is left. */
static inline void await_loop_end(uv_loop_t *loop, uv_timer_t *tick)
{
    await(!uv_loop_alive(loop), uv_run(loop, UV_RUN_ONCE));
    uv_close((uv_handle_t *)tick, NULL);
    await(!uv_loop_alive(loop), uv_run(loop, UV_RUN_ONCE));
    assert_int_equal(uv_loop_close(loop), 0);
}

#endif
