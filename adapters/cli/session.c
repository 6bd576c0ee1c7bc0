/* Puts the runtime's outside together, runs it under signals, and says what it notices. */
#include "session.h"
#include "log.h"
#include "reasons.h"
#include <adapters/http/transport.h>
#include <adapters/redis/store.h>
#include <engine/runtime/bucket.h>
#include <engine/runtime/clock.h>
#include <engine/runtime/loop.h>
#include <engine/runtime/upstream.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void releve_session_say(struct releve_session *session, const char *format, ...)
{
    va_list arguments;
    if (session->options.quiet)
        return;
    va_start(arguments, format);
    if (session->options.progress != NULL)
        releve_progress_clear(session->options.progress);
    fputs("releve: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

/* From the end of one session to the beginning of the next a signal has to wait: nobody would hear it, and its default
 * is to kill. */
static void hold_signals(int how)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < RELEVE_INTERRUPTS; i++)
        sigaddset(&set, releve_interrupts[i]);
    (void)sigprocmask(how, &set, NULL);
}

void releve_session_hear(const struct releve_command *command)
{
    releve_interrupt_at_once(command);
    hold_signals(SIG_UNBLOCK);
}

static void close_handle(void *handle)
{
    uv_close(handle, NULL);
}

void releve_session_end(struct releve_session *session)
{
    if (session->closing)
        return;
    session->closing = true;
    hold_signals(SIG_BLOCK);
    for (size_t i = 0; i < RELEVE_INTERRUPTS; i++)
        close_handle(&session->signals[i]);
    close_handle(&session->tick);
    close_handle(&session->deadline);
    close_handle(&session->outage);
    releve_pulse_close(&session->pulse);
    if (session->options.closing != NULL)
        session->options.closing(session);
    if (session->runtime != NULL)
        releve_runtime_close(session->runtime);
    if (session->io.transport != NULL)
        releve_transport_close(session->io.transport, NULL, NULL);
    if (session->io.store != NULL)
        releve_store_close(session->io.store, NULL, NULL);
    releve_loop_close(session->io.host, NULL, NULL);
}

static void on_deadline(uv_timer_t *timer)
{
    releve_session_end(timer->data);
}

/* From now on nothing new is begun, and the end comes by itself or by the clock. */
static void begin_drain(struct releve_session *session, const struct releve_error *error)
{
    if (error != NULL && session->error.code == RELEVE_OK)
        session->error = *error;
    session->draining = true;
    uv_timer_start(&session->deadline, on_deadline, RELEVE_DRAIN_MS, 0);
    if (session->options.drain != NULL)
        session->options.drain(session);
}

static void drain(struct releve_session *session, const struct releve_error *error)
{
    if (session->draining || session->closing)
        return;
    begin_drain(session, error);
    if (session->runtime != NULL)
        releve_runtime_drain(session->runtime);
    else
        releve_session_end(session); /* nothing is under way yet */
}

void releve_session_drain(struct releve_session *session)
{
    drain(session, NULL);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct releve_session *session = handle->data;
    if (session->draining) {
        releve_session_end(session);
        return;
    }
    struct releve_error error;
    releve_fail(&error, RELEVE_E_INTERRUPTED, "interrupted by %s" RELEVE_KEPT, releve_interrupt_name(number));
    releve_session_say(session, "ending what is in flight (at most %d s; once more: at once)",
                       (int)(RELEVE_DRAIN_MS / RELEVE_SECOND_MS));
    drain(session, &error);
}

static void on_tick(uv_timer_t *timer)
{
    struct releve_session *session = timer->data;
    session->options.tick(session);
}

/* --- what the runtime says ---------------------------------------------------------------------------------- */

/* Days that Redis refused: a command that somebody waits for goes on with the others, and ends as the work of Redis. */
static void note_refused_days(struct releve_session *session, const struct releve_result *result)
{
    for (size_t i = 0; i < result->failures_count && !session->options.patient; i++)
        if (session->error.code == RELEVE_OK && strcmp(result->failures[i].reason.code, "redis") == 0)
            releve_fail(&session->error, RELEVE_E_REDIS, "Redis refused days: %s; then run the same command again",
                        result->failures[i].reason.text);
}

/* What is refused for more than this kind is said once for all kinds of it, and to a command that somebody waits for
 * also how to ask all the same. */
static void say_wide(struct releve_session *session, releve_prm prm, const struct releve_reason *reason,
                     const char *line)
{
    if (!releve_refusals_note(&session->told, line, (releve_time)uv_now(&session->loop)))
        return;
    if (session->options.worker != NULL)
        releve_session_say(session, "%s", line);
    else if (reason->since != 0)
        releve_session_say(session, "%s" RELEVE_REASONS_REMEDY, line, prm);
    else
        releve_session_say(session, "%s; not asked again for %d h, unless with --refresh", line,
                           (int)(RELEVE_REFUSAL_HOLDS_MS / RELEVE_HOUR_MS));
}

/* A command answers to whoever named the usage points; what a worker writes is a log. */
static bool names_points_whole(const struct releve_session *session)
{
    return session->options.worker == NULL || session->options.config->log >= RELEVE_LOG_DEBUG;
}

static void log_failures(struct releve_session *session, const struct releve_result *result)
{
    for (size_t i = 0; i < result->failures_count; i++) {
        char line[RELEVE_LOG_LINE_BYTES];
        const struct releve_reason *reason = &result->failures[i].reason;
        releve_log_failure(result, i, names_points_whole(session), line);
        if (releve_reasons_is_wide(reason))
            say_wide(session, result->job.prm, reason, line);
        else
            releve_session_say(session, "%s", line);
    }
}

static void on_ended(void *data, const struct releve_result *result, const struct releve_error *error)
{
    struct releve_session *session = data;
    log_failures(session, result);
    note_refused_days(session, result);
    if (error->code != RELEVE_OK) {
        releve_session_say(session, "the result of a job could not be written: %s", error->text);
        if (!session->options.patient)
            session->error = *error;
    }
    session->options.ended(session, result, error);
}

static bool no_job(void *data, struct releve_job *job)
{
    (void)data, (void)job;
    return false;
}

static void on_idle(void *data)
{
    struct releve_session *session = data;
    if (session->draining || session->options.idle == NULL)
        releve_session_end(session);
    else
        session->options.idle(session);
}

static void on_stopped(void *data, const struct releve_error *error)
{
    struct releve_session *session = data;
    if (!session->draining)
        begin_drain(session, error); /* the core drains by itself */
}

static void on_notice(void *data, const struct releve_action *notice)
{
    struct releve_session *session = data;
    char line[RELEVE_LOG_LINE_BYTES];
    if (session->options.notice != NULL && session->options.notice(session, notice))
        return;
    if (releve_log_notice(notice, session->options.config->log, names_points_whole(session), line))
        releve_session_say(session, "%s", line);
}

static void on_outage(uv_timer_t *timer)
{
    struct releve_session *session = timer->data;
    if (session->error.code == RELEVE_OK)
        releve_fail(&session->error, RELEVE_E_REDIS,
                    "Redis has been gone for %d minutes: start it again, then run the same command again",
                    (int)(RELEVE_REDIS_GONE_MS / RELEVE_MINUTE_MS));
    releve_session_end(session);
}

static void on_link(void *data, bool up, const char *why)
{
    struct releve_session *session = data;
    if (session->closing)
        return;
    if (up) {
        releve_session_say(session, "Redis is back");
        uv_timer_stop(&session->outage);
        return;
    }
    releve_session_say(session, "Redis: %s; nothing is sent until it is back", why);
    if (!session->options.patient)
        uv_timer_start(&session->outage, on_outage, RELEVE_REDIS_GONE_MS, 0);
}

void releve_session_say_refused(struct releve_session *session, const char *why)
{
    if (releve_refusals_note(&session->refusals, why, (releve_time)uv_now(&session->loop)))
        releve_session_say(session, "Redis refused: %s", why);
}

static void on_refused(void *data, const char *why)
{
    releve_session_say_refused(data, why);
}

/* Two quotas under one ledger: said, as one of the two is wrong. */
static void on_stricter(void *data, const struct releve_error *error, const char *text)
{
    struct releve_session *session = data;
    const struct releve_quota *quota = &session->options.config->quota;
    char own[RELEVE_QUOTA_TEXT];
    if (session->closing || error->code != RELEVE_OK || strcmp(text, session->stricter) == 0)
        return;
    (void)snprintf(session->stricter, sizeof session->stricter, "%s", text);
    if (*text == '\0')
        return; /* they ask no more */
    releve_quota_format(quota, own);
    releve_session_say(session,
                       "RELEVE_QUOTA is %s here, and others who share this Redis, prefix and CLIENT_ID keep to %s: "
                       "of each window the lower limit holds while they ask; give all of them the same",
                       own, text);
}

void releve_session_compare_quotas(struct releve_session *session)
{
    const struct releve_config *config = session->options.config;
    char bucket[RELEVE_BUCKET_BYTES];
    if (config->quota.windows_count == 0)
        return; /* asked for by word: it keeps to nobody's */
    releve_bucket_name(session->io.dialect->families[RELEVE_DAILY_CONSUMPTION], config->client_id, bucket);
    releve_store_bucket_stricter(session->io.store, bucket, &config->quota, on_stricter, session);
}

static void begin_pulse(struct releve_session *session)
{
    if (session->options.command == NULL || session->closing)
        return;
    releve_pulse_begin(&session->pulse, &(struct releve_pulse_options){
                                            .command = session->options.command,
                                            .worker = session->options.worker,
                                            .civil = releve_clock_civil(session->options.config->today),
                                            .store = session->io.store,
                                            .runtime = session->runtime,
                                            .count = session->options.count,
                                            .data = session,
                                        });
}

static void on_ready(void *data, const struct releve_error *error)
{
    struct releve_session *session = data;
    if (error->code != RELEVE_OK) {
        session->error = *error;
        if (error->code == RELEVE_E_CONFIG) /* the days are another upstream's */
            releve_config_add_place(session->options.config, &session->error);
        releve_session_end(session);
        return;
    }
    if (!releve_store_is_durable(session->io.store))
        releve_session_say(session,
                           "this Redis keeps nothing on disk: its restart forgets days, results and how much of the "
                           "quota is used; set appendonly yes");
    if (releve_upstream_is_clear(session->options.config->upstream))
        releve_session_say(session,
                           "CLIENT_SECRET goes in clear to RELEVE_UPSTREAM %s, and who is on the way can read it: use "
                           "https://",
                           session->options.config->upstream);
    releve_session_compare_quotas(session);
    if (session->options.tick_ms > 0)
        uv_timer_start(&session->tick, on_tick, session->options.tick_ms, session->options.tick_ms);
    if (session->options.ready != NULL)
        session->options.ready(session);
    begin_pulse(session);
}

/* --- the loop -------------------------------------------------------------------------------------------------- */

static void open_handles(struct releve_session *session)
{
    uv_loop_init(&session->loop);
    for (size_t i = 0; i < RELEVE_INTERRUPTS; i++) {
        uv_signal_init(&session->loop, &session->signals[i]);
        session->signals[i].data = session;
        if (releve_interrupt_is_heeded(releve_interrupts[i]))
            uv_signal_start(&session->signals[i], on_signal, releve_interrupts[i]);
    }
    hold_signals(SIG_UNBLOCK);
    uv_timer_init(&session->loop, &session->tick);
    uv_timer_init(&session->loop, &session->deadline);
    uv_timer_init(&session->loop, &session->outage);
    releve_pulse_init(&session->pulse, &session->loop);
    session->tick.data = session->deadline.data = session->outage.data = session;
}

static void open_runtime(struct releve_session *session)
{
    const struct releve_config *config = session->options.config;
    const struct releve_runtime_options options = {
        .upstream = config->upstream,
        .client_id = config->client_id,
        .client_secret = config->client_secret,
        .token = config->token[0] != '\0' ? config->token : NULL,
        .quota = config->quota,
        .concurrency = session->options.concurrency,
        .queued = session->options.worker != NULL,
        .keeps_nothing = session->options.keeps_nothing,
        .patient = session->options.patient,
        .data = session,
        .ready = on_ready,
        .next = session->options.next != NULL ? session->options.next : no_job,
        .ended = on_ended,
        .given_back = session->options.given_back,
        .authorized = session->options.authorized,
        .idle = on_idle,
        .stopped = on_stopped,
        .notice = on_notice,
        .refused = on_refused,
    };
    if (releve_runtime_open(&session->runtime, &options, &session->io, &session->error) != RELEVE_OK)
        releve_session_end(session);
}

static void on_adopted(void *data, const struct releve_error *error, const char *bound)
{
    struct releve_session *session = data;
    const struct releve_config *config = session->options.config;
    char url[RELEVE_UPSTREAM_BYTES];
    if (session->closing)
        return;
    if (error->code != RELEVE_OK) {
        on_ready(session, error);
        return;
    }
    if (releve_upstream_check(config->upstream, bound, NULL) != RELEVE_OK) {
        const char *known = releve_upstream_known(bound, url);
        releve_session_say(session,
                           "%s, prefix %s: adopted: it was of %s and is of %s now; the days stay, those of both are "
                           "mixed from here on",
                           config->redis.address, config->prefix,
                           known != NULL ? known : "an upstream that was not recorded",
                           releve_upstream_name(config->upstream));
    }
    open_runtime(session);
}

/* Redis is there, or is not. */
static void on_connected(void *data, const struct releve_error *error)
{
    struct releve_session *session = data;
    if (session->closing)
        return;
    if (error->code != RELEVE_OK)
        on_ready(session, error);
    else if (session->options.adopt)
        releve_store_adopt(session->io.store, releve_upstream_name(session->options.config->upstream), on_adopted,
                           session);
    else
        open_runtime(session);
}

enum releve_code releve_session_run(struct releve_session *session, const struct releve_session_options *options)
{
    const struct releve_config *config = options->config;
    memset(session, 0, sizeof *session);
    session->options = *options;
    open_handles(session);
    session->io = (struct releve_io){
        .host = releve_loop_open(&session->loop, config->today),
        .host_ops = &releve_loop_ops,
        .store_ops = &releve_redis_store_ops,
        .transport_ops = &releve_http_transport_ops,
        .dialect = releve_config_dialect(config),
    };
    struct releve_store_options store = {.redis = &config->redis,
                                         .prefix = config->prefix,
                                         .worker = options->worker,
                                         .on_link = on_link,
                                         .data = session};
    if (releve_transport_open(&session->io.transport, &session->loop, options->concurrency, &session->error) ==
        RELEVE_OK)
        session->io.store = releve_store_open(&session->loop, &store, on_connected, session);
    else
        releve_session_end(session);
    (void)uv_run(&session->loop, UV_RUN_DEFAULT);
    if (session->runtime != NULL)
        releve_runtime_free(session->runtime);
    session->runtime = NULL;
    int status = uv_loop_close(&session->loop);
    if (status != 0)
        releve_session_say(session, "libuv: %s", uv_strerror(status));
    if (options->progress != NULL)
        releve_progress_end(options->progress);
    return session->error.code;
}
