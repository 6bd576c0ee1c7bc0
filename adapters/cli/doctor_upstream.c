/* Does upstream give a token, and what do its APIs say? The first trouble is the finding. All that is asked goes
 * through the ledger, by the way of every other request. */
#include "doctor.h"
#include "duration.h"
#include "reasons.h"
#include <engine/runtime/clock.h>
#include <engine/runtime/upstream.h>
#include <stdio.h>
#include <string.h>

/* The kinds that are asked, one for each API that days or documents come from. */
static const enum releve_kind asked[] = {RELEVE_DAILY_CONSUMPTION, RELEVE_CONTRACTS, RELEVE_ADDRESSES};
#define ASKED_MAX (sizeof asked / sizeof asked[0])
#define TICK_MS 500
#define ASKED_DAYS_AGO 3 /* the day of the measures that is asked: it has come, where there are any */

static bool next_kind(void *data, struct releve_job *job)
{
    struct doctor *doctor = data;
    const struct releve_dialect *dialect = releve_config_dialect(&doctor->config);
    while (doctor->next < ASKED_MAX && dialect->families[asked[doctor->next]] == NULL)
        doctor->next++;
    if (!doctor->has_prm || doctor->next == ASKED_MAX || doctor->refused)
        return false;
    enum releve_kind kind = asked[doctor->next++];
    releve_day day = releve_config_today(&doctor->config) - ASKED_DAYS_AGO;
    *job = (struct releve_job){.prm = doctor->prm,
                               .kind = kind,
                               .class_ = RELEVE_HIGH,
                               .refresh = true,
                               .span = releve_kind_is_document(kind) ? RELEVE_DOCUMENT_SPAN
                                                                     : (struct releve_span){day, day + 1},
                               .created_at = releve_clock_civil(doctor->config.today)};
    releve_job_id_new(job->id);
    return true;
}

/* There is one: at the first answer behind it, or at the end. */
static void say_token(struct doctor *doctor)
{
    releve_time ahead_ms;
    bool given = doctor->config.api == RELEVE_API_CONSO, https = strncmp(doctor->config.upstream, "https:", 6) == 0;
    if (doctor->token_said)
        return;
    doctor->token_said = true;
    if (given && !doctor->has_prm)
        OK(doctor, "upstream", "not asked: whether the token of conso holds shows with a usage point: --prm");
    else
        OK(doctor, "upstream", "%s %s%s", releve_upstream_name(doctor->config.upstream),
           given ? "answers" : "gives a token", https ? ", and its certificate is good" : "");
    if (releve_runtime_upstream_clock(doctor->session.runtime, &ahead_ms))
        releve_doctor_clock(doctor, "upstream's clock", ahead_ms, "");
}

static void on_ended(void *data, const struct releve_result *result, const struct releve_error *error)
{
    struct doctor *doctor = data;
    enum releve_kind kind = result->job.kind;
    const char *family = releve_config_dialect(&doctor->config)->families[kind];
    const struct releve_reason *reason = result->failures_count > 0 ? &result->failures[0].reason : NULL;
    char text[RELEVE_REASONS_TEXT];
    if (reason != NULL)
        releve_reasons_format(reason, kind, text);
    say_token(doctor);
    if (error->code != RELEVE_OK)
        BAD(doctor, RELEVE_E_REDIS, "API", "%s: %s", family, error->text);
    else if (reason == NULL)
        OK(doctor, "API", "%s answers (%s)", family, releve_kind_facts(kind)->name);
    else if (reason->verdict == RELEVE_API_REFUSED)
        BAD(doctor, RELEVE_E_PARTIAL, "API", "%s: %s: subscribe it in your account at Enedis", family, text);
    else
        DOUBTFUL(doctor, "API", "%s: %s", family, text);
}

/* The first trouble is the diagnosis: a doctor does not wait for it to pass. */
static bool on_notice(void *data, const struct releve_engine_notice *notice)
{
    struct doctor *doctor = data;
    const char *upstream = releve_upstream_name(doctor->config.upstream);
    char wait[RELEVE_DURATION_TEXT];
    switch (notice->type) {
    case RELEVE_NOTICE_UNREACHED:
    case RELEVE_NOTICE_TOKEN_RETRY:
        BAD(doctor, RELEVE_E_UPSTREAM, "upstream", "%s gives no %s (%s: %s): check RELEVE_UPSTREAM and the network",
            upstream, doctor->token_said ? "answer" : "token", notice->reason->code, notice->reason->text);
        break;
    case RELEVE_NOTICE_THROTTLED:
        releve_duration_format(notice->wait_ms, wait);
        DOUBTFUL(doctor, "quota",
                 "%s says that it is used up, and closed for %s: something else uses it, or RELEVE_QUOTA "
                 "is too large",
                 upstream, wait);
        break;
    case RELEVE_NOTICE_RETRY:
        DOUBTFUL(doctor, "upstream", "%s fails (%s: %s): try again later", upstream, notice->reason->code,
                 notice->reason->text);
        break;
    case RELEVE_NOTICE_NO_PREFLIGHT:
    case RELEVE_NOTICE_PART_MISSING:
        DOUBTFUL(doctor, "API", "%s says nothing (%s: %s): all works without it, with some requests more",
                 notice->type == RELEVE_NOTICE_NO_PREFLIGHT ? "subscribed_services" : "an API that adds to contracts",
                 notice->reason->code, notice->reason->text);
        return true;
    default:
        return true;
    }
    doctor->refused = true;
    releve_session_end(&doctor->session);
    return true;
}

static void on_ready(void *data)
{
    struct doctor *doctor = data;
    if (doctor->has_prm)
        releve_runtime_preflight(doctor->session.runtime, &doctor->prm, 1, RELEVE_KINDS_OF_ALL,
                                 releve_config_today(&doctor->config) - 1, 1);
    releve_runtime_ask_token(doctor->session.runtime);
}

/* Whatever it is that nobody answers: upstream, or Redis. */
static void on_tick(void *data)
{
    struct doctor *doctor = data;
    uint64_t now_ms = uv_now(&doctor->session.loop);
    doctor->began_ms = doctor->began_ms != 0 ? doctor->began_ms : now_ms;
    if (now_ms - doctor->began_ms < (uint64_t)DOCTOR_MAX_MS)
        return;
    BAD(doctor, RELEVE_E_UPSTREAM, "upstream", "no end within %d s: upstream or Redis does not answer in time",
        (int)(DOCTOR_MAX_MS / RELEVE_SECOND_MS));
    doctor->refused = true;
    releve_session_end(&doctor->session);
}

static void on_idle(void *data)
{
    struct doctor *doctor = data;
    releve_session_end(&doctor->session);
}

static void on_closing(void *data)
{
    struct doctor *doctor = data;
    if (doctor->session.runtime != NULL && !doctor->refused && doctor->session.error.code == RELEVE_OK)
        say_token(doctor);
}

/* A quota that is used up is no fault, and is not waited for. */
static bool is_due(struct doctor *doctor, const char *family, const char *area)
{
    char wait[RELEVE_DURATION_TEXT];
    for (int i = 0; i < doctor->families_count; i++) {
        if (strcmp(doctor->families[i], family) != 0 || doctor->waits_ms[i] <= DOCTOR_QUOTA_MS)
            continue;
        releve_duration_format(doctor->waits_ms[i], wait);
        DOUBTFUL(doctor, area, "not asked, as the quota of %s is used up for %s: try again then", family, wait);
        return false;
    }
    return true;
}

static bool are_due(struct doctor *doctor)
{
    const struct releve_dialect *dialect = releve_config_dialect(&doctor->config);
    for (size_t i = 0; i < ASKED_MAX; i++)
        if (dialect->families[asked[i]] != NULL && !is_due(doctor, dialect->families[asked[i]], "API"))
            return false;
    return true;
}

void releve_doctor_upstream(struct doctor *doctor)
{
    bool wanted = doctor->has_prm;
    if (!is_due(doctor, releve_config_dialect(&doctor->config)->token_family, "upstream"))
        return;
    doctor->has_prm = wanted && are_due(doctor);
    const struct releve_session_options options = {.config = &doctor->config,
                                                   .concurrency = 1,
                                                   .quiet = true,
                                                   .keeps_nothing = !doctor->has_prm,
                                                   .next = next_kind,
                                                   .ended = on_ended,
                                                   .tick_ms = TICK_MS,
                                                   .tick = on_tick,
                                                   .idle = on_idle,
                                                   .notice = on_notice,
                                                   .ready = on_ready,
                                                   .closing = on_closing};
    enum releve_code code = releve_session_run(&doctor->session, &options);
    if (code == RELEVE_E_INTERRUPTED)
        doctor->findings.code = code;
    else if (code != RELEVE_OK && !doctor->refused)
        BAD(doctor, code, "upstream", "%s", doctor->session.error.text);
    else if (!doctor->refused && !wanted)
        OK(doctor, "API", "not asked: with --prm, each API is asked about that usage point");
}
