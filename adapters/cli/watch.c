/* See watch.h. A connection that is lost is no news as long as looks are answered: in a cluster it may be one to a node
 * that is not asked. */
#include "watch.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const int numbers[RELEVE_WATCH_SIGNALS] = {SIGINT, SIGTERM};

static void look(struct releve_watch *watch)
{
    watch->state = RELEVE_WATCH_LOOKING;
    watch->asked_ms = uv_now(watch->timer.loop);
    watch->options.look(watch->options.data);
}

static void tell_away(struct releve_watch *watch)
{
    if (watch->lost_ms == 0)
        watch->lost_ms = watch->asked_ms;
    watch->away = true;
    watch->options.away(watch->options.data);
}

static void on_timer(uv_timer_t *timer)
{
    struct releve_watch *watch = timer->data;
    if (watch->state == RELEVE_WATCH_IDLE) {
        look(watch);
        return;
    }
    bool silent = uv_now(timer->loop) - watch->asked_ms >= (uint64_t)RELEVE_WATCH_PATIENCE_MS;
    if (silent && watch->link_up && !watch->part_lost)
        (void)snprintf(watch->why, sizeof watch->why, "it has not answered for %d s",
                       (int)(RELEVE_WATCH_PATIENCE_MS / RELEVE_SECOND_MS));
    if (silent || !watch->link_up)
        tell_away(watch);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct releve_watch *watch = handle->data;
    watch->options.told(watch->options.data, number);
}

void releve_watch_begin(struct releve_watch *watch, uv_loop_t *loop, const struct releve_watch_options *options)
{
    memset(watch, 0, sizeof *watch);
    watch->options = *options;
    watch->link_up = true;
    (void)uv_timer_init(loop, &watch->timer); /* cannot fail */
    watch->timer.data = watch;
    for (size_t i = 0; i < RELEVE_WATCH_SIGNALS; i++) {
        uv_signal_init(loop, &watch->signals[i]);
        watch->signals[i].data = watch;
        uv_signal_start(&watch->signals[i], on_signal, numbers[i]);
    }
    uv_timer_start(&watch->timer, on_timer, (uint64_t)RELEVE_WATCH_MS, (uint64_t)RELEVE_WATCH_MS);
    look(watch);
}

void releve_watch_found(struct releve_watch *watch, const struct releve_error *error)
{
    watch->state = RELEVE_WATCH_IDLE;
    uv_timer_again(&watch->timer); /* the next look is so long after this one's end */
    if (error->code != RELEVE_OK) {
        (void)snprintf(watch->why, sizeof watch->why, "%s", error->text);
        tell_away(watch);
        return;
    }
    bool was_away = watch->away;
    watch->away = false;
    watch->lost_ms = 0;
    if (was_away)
        watch->options.back(watch->options.data);
}

void releve_watch_link(struct releve_watch *watch, bool up, const char *why)
{
    watch->link_up = up;
    watch->part_lost = watch->part_lost && !up;
    if (up)
        return; /* the look that waits is answered now */
    if (watch->lost_ms == 0)
        watch->lost_ms = uv_now(watch->timer.loop);
    (void)snprintf(watch->why, sizeof watch->why, "%s", why);
    if (watch->state == RELEVE_WATCH_LOOKING && !watch->away)
        tell_away(watch);
}

void releve_watch_part(struct releve_watch *watch, const char *why)
{
    watch->part_lost = true;
    (void)snprintf(watch->why, sizeof watch->why, "%s", why);
}

releve_time releve_watch_away_ms(const struct releve_watch *watch)
{
    return (releve_time)(uv_now(watch->timer.loop) - watch->lost_ms);
}

void releve_watch_close(struct releve_watch *watch)
{
    watch->state = RELEVE_WATCH_OFF;
    uv_close((uv_handle_t *)&watch->timer, NULL);
    for (size_t i = 0; i < RELEVE_WATCH_SIGNALS; i++)
        uv_close((uv_handle_t *)&watch->signals[i], NULL);
}
