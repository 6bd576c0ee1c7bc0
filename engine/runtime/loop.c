/* See loop.h. */
#include "loop.h"
#include "clock.h"
#include <releve/memory.h>

struct releve_host {
    uv_timer_t alarm;
    releve_day today;
    void (*ring)(void *data);
    void *data;
    void (*closed)(void *data);
    void *closed_data;
};

static releve_time now(struct releve_host *host)
{
    (void)host;
    return releve_clock_boot();
}

static releve_time utc(struct releve_host *host)
{
    (void)host;
    return releve_clock_civil(RELEVE_DAY_NONE);
}

static releve_time civil(struct releve_host *host)
{
    return releve_clock_civil(host->today);
}

static void on_alarm(struct releve_host *host, void (*ring)(void *data), void *data)
{
    host->ring = ring;
    host->data = data;
}

static void on_timer(uv_timer_t *alarm)
{
    struct releve_host *host = alarm->data;
    host->ring(host->data);
}

static void set_alarm(struct releve_host *host, releve_time wait_ms)
{
    if (wait_ms == RELEVE_TIME_NEVER) {
        (void)uv_timer_stop(&host->alarm);
        return;
    }
    if (wait_ms > 0)
        uv_update_time(host->alarm.loop); /* uv's timers count from the time that the loop cached, which may be old */
    (void)uv_timer_start(&host->alarm, on_timer, wait_ms > 0 ? (uint64_t)wait_ms : 0, 0);
}

static uint64_t chance(struct releve_host *host)
{
    uint64_t bits = 0;
    (void)host;
    (void)uv_random(NULL, NULL, &bits, sizeof bits, 0, NULL);
    return bits;
}

const struct releve_host_ops releve_loop_ops = {now, utc, civil, on_alarm, set_alarm, chance};

struct releve_host *releve_loop_open(uv_loop_t *loop, releve_day today)
{
    struct releve_host *host = releve_alloc(1, sizeof *host);
    host->today = today;
    (void)uv_timer_init(loop, &host->alarm); /* cannot fail */
    host->alarm.data = host;
    return host;
}

static void on_closed(uv_handle_t *alarm)
{
    struct releve_host *host = alarm->data;
    void (*closed)(void *data) = host->closed;
    void *data = host->closed_data;
    free(host);
    if (closed != NULL)
        closed(data);
}

void releve_loop_close(struct releve_host *host, void (*closed)(void *data), void *data)
{
    host->closed = closed;
    host->closed_data = data;
    uv_close((uv_handle_t *)&host->alarm, on_closed);
}
