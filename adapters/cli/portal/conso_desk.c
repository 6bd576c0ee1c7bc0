/* See conso_desk.h. */
#include "conso_desk.h"
#include "portal.h"
#include <engine/runtime/clock.h>
#include <inttypes.h>
#include <releve/digest.h>
#include <releve/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define QUESTIONS 3 /* what is known, and the days */
#define STATUS_OTHER_UPSTREAM 409
#define NOT_NOW "Le service est occupé. Réessayez plus tard"
#define NO_REDIS "Redis ne répond pas. Réessayez plus tard"

struct releve_conso_request {
    struct releve_turn turn;                  /* for its first question */
    struct releve_conso_request *prev, *next; /* of those that are to be answered, from the first moment on */
    struct releve_conso_desk *desk;
    struct releve_web_asked *asked; /* from the first answer of Redis on; NULL: was answered */
    uint64_t since_ms;              /* loop time */
    struct releve_conso_ask ask;
    struct releve_reason reason; /* why it is not to be had, where one of these is true */
    bool is_refused;
    bool is_unreadable;    /* one of its days */
    struct releve_job job; /* its id is "" before it is queued */
    bool is_asking;        /* Redis is asked something about it */
    bool is_own;           /* it was this request that has queued the job; else another one had */
    bool has_ended;        /* its job */
    bool is_retry;         /* the job is a further one, as the first one had ended before this request came */
    struct releve_conso_body body;
};

/* --- answers ------------------------------------------------------------------------------------------------------ */

static void send_answer(struct releve_web_asked *asked, struct releve_conso_answer *answer)
{
    releve_web_answer(asked, answer->status, RELEVE_WEB_JSON, answer->body.bytes, answer->body.length);
    releve_text_free(&answer->body);
}

static void drop(struct releve_conso_request *request)
{
    struct releve_conso_desk *desk = request->desk;
    DL_DELETE(desk->requests, request);
    desk->requests_count--;
    free(request);
}

/* Its turn never came. */
static void release(struct releve_turn *turn)
{
    drop((struct releve_conso_request *)turn);
}

/* The answer to a request that Redis is not asked about any more. */
static void answer(struct releve_conso_request *request, struct releve_conso_answer *answer)
{
    if (request->asked != NULL)
        send_answer(request->asked, answer);
    releve_text_free(&answer->body);
    drop(request);
}

static void refuse_for_now(struct releve_conso_request *request, const char *why)
{
    struct releve_conso_answer refusal = {0};
    releve_conso_refuse_for_now(why, &refusal);
    answer(request, &refusal);
}

/* The client is told so; what Redis is asked for the request ends by itself. */
static void give_up(struct releve_conso_request *request, const char *why)
{
    struct releve_conso_answer refusal = {0};
    if (!request->is_asking) {
        refuse_for_now(request, why);
        return;
    }
    if (request->asked == NULL)
        return;
    releve_conso_refuse_for_now(why, &refusal);
    send_answer(request->asked, &refusal);
    request->asked = NULL;
}

/* The turn is refused before it has begun. The reason is for the person who runs this service, and stands on standard
 * error (live.c): a client cannot help it. */
static void refuse_turn(struct releve_turn *turn, unsigned status, const char *why)
{
    struct releve_conso_request *request = (struct releve_conso_request *)turn;
    struct releve_conso_answer refusal = {0};
    (void)why;
    if (status == STATUS_OTHER_UPSTREAM)
        releve_conso_refuse(&request->ask, RELEVE_CONSO_TECHNICAL, &refusal);
    else
        releve_conso_refuse_for_now(NOT_NOW, &refusal);
    send_answer(turn->asked, &refusal);
}

/* --- its days ----------------------------------------------------------------------------------------------------- */

/* What stands in the place of a day and is none must not look like a day without data. */
static void on_day(void *data, releve_day day, const char *text, size_t text_bytes)
{
    struct releve_conso_request *request = data;
    if (releve_conso_body_add(&request->body, day, text, text_bytes))
        return;
    request->is_unreadable = true;
    request->reason = (struct releve_reason){.verdict = RELEVE_TRANSIENT};
}

static void refuse(struct releve_conso_request *request)
{
    struct releve_conso_answer refusal = {0};
    releve_conso_refuse(&request->ask, releve_conso_refusal_of(&request->ask, &request->reason), &refusal);
    answer(request, &refusal);
}

static void on_days(void *data, const struct releve_error *error)
{
    struct releve_conso_request *request = data;
    struct releve_conso_answer answered = {0};
    bool has_values = request->body.values > 0;
    request->is_asking = false;
    releve_conso_body_end(&request->body, &answered);
    if (error->code == RELEVE_OK && !request->is_unreadable && (has_values || !request->is_refused)) {
        answer(request, &answered);
        return;
    }
    releve_text_free(&answered.body);
    if (error->code != RELEVE_OK)
        refuse_for_now(request, NO_REDIS);
    else
        refuse(request);
}

static void read_days(struct releve_conso_request *request)
{
    releve_conso_body_begin(&request->body, &request->ask);
    request->is_asking = true;
    releve_store_read_days(request->desk->store, request->ask.prm, request->ask.kind, request->ask.span, on_day,
                           on_days, request);
}

/* --- its job ------------------------------------------------------------------------------------------------------ */

static void on_queued(void *data, const struct releve_error *error, bool queued)
{
    struct releve_conso_request *request = data;
    request->is_asking = false;
    request->is_own = queued;
    if (error->code != RELEVE_OK)
        refuse_for_now(request, NO_REDIS);
    else if (request->asked == NULL)
        drop(request);
}

/* One id for all clients that ask the same within some minutes, so that it is one job; and of retries one a minute. */
static void name_job(struct releve_job *job, releve_time now, bool is_retry)
{
    char text[128];
    releve_time slot_ms = is_retry ? RELEVE_CONSO_RETRY_MS : RELEVE_CONSO_SAME_MS;
    (void)snprintf(text, sizeof text, RELEVE_PRM_FORMAT ":%d:%d:%d:%d:%lld", job->prm, (int)job->kind, job->span.first,
                   job->span.end, (int)is_retry, (long long)(now / slot_ms));
    (void)snprintf(job->id, sizeof job->id, "conso-%016" PRIx64, releve_digest(text));
}

static void queue(struct releve_conso_request *request, struct releve_span span)
{
    struct releve_job *job = &request->job;
    *job = (struct releve_job){.prm = request->ask.prm,
                               .kind = request->ask.kind,
                               .span = span,
                               .class_ = RELEVE_HIGH,
                               .created_at = releve_clock_civil(request->desk->config->today)};
    name_job(job, releve_clock_civil(RELEVE_DAY_NONE), request->is_retry);
    request->is_asking = true;
    releve_store_enqueue(request->desk->store, job, RELEVE_ENQUEUE_ALWAYS, on_queued, request);
}

/* The job has ended without these days. Where it had ended before this request came, they are tried once more. */
static void end_without(struct releve_conso_request *request, struct releve_span span)
{
    struct releve_conso_answer refusal = {0};
    if (!request->is_own && !request->is_retry) {
        request->is_retry = true;
        request->has_ended = false;
        queue(request, span);
        return;
    }
    /* No client may take them for days without data. */
    releve_conso_refuse(&request->ask, RELEVE_CONSO_TECHNICAL, &refusal);
    answer(request, &refusal);
}

/* --- what is known ------------------------------------------------------------------------------------------------ */

/* The days of it that a job could still get: not stored, or due; after activation and consent, within the history. */
static struct releve_span days_to_ask(const struct releve_conso_request *request,
                                      const struct releve_coverage *coverage, const struct releve_point_facts *facts)
{
    enum releve_kind kind = request->ask.kind;
    struct releve_span history = releve_config_history(request->desk->config, kind);
    struct releve_span left = request->ask.span, none = {left.end, left.end};
    const struct releve_direction_facts *direction = &facts->directions[releve_kind_facts(kind)->direction];
    releve_day after =
        direction->activation.after > direction->consent.after ? direction->activation.after : direction->consent.after;
    if (left.first < history.first)
        left.first = history.first;
    if (left.first <= after)
        left.first = after + 1;
    while (left.first < left.end && releve_coverage_get(coverage, left.first) != RELEVE_DAY_MISSING)
        left.first++;
    while (left.end > left.first && releve_coverage_get(coverage, left.end - 1) != RELEVE_DAY_MISSING)
        left.end--;
    return left.first < left.end ? left : none;
}

/* Why nothing is to be had of days of which none is stored. */
static void judge_refusal(struct releve_conso_request *request, const struct releve_point_facts *facts)
{
    const struct releve_reason *why = NULL;
    const struct releve_direction_facts *direction =
        &facts->directions[releve_kind_facts(request->ask.kind)->direction];
    releve_day last = request->ask.span.end - 1;
    struct releve_span history = releve_config_history(request->desk->config, request->ask.kind);
    request->is_refused = true;
    if (releve_facts_standing(facts, request->ask.kind, &why) != RELEVE_STANDING_OPEN && why != NULL)
        request->reason = *why;
    else if (last <= direction->activation.after)
        request->reason = (struct releve_reason){.verdict = RELEVE_BEFORE_ACTIVATION};
    else if (last <= direction->consent.after)
        request->reason = (struct releve_reason){.verdict = RELEVE_BEFORE_CONSENT};
    else if (last < history.first)
        request->reason = (struct releve_reason){.verdict = RELEVE_BEYOND_HISTORY};
    else
        request->is_refused = false;
}

static void on_known(void *data, const struct releve_error *error, const struct releve_coverage *coverage,
                     const struct releve_point_facts *facts)
{
    struct releve_conso_request *request = data;
    request->is_asking = false;
    if (error->code != RELEVE_OK) {
        refuse_for_now(request, NO_REDIS);
        return;
    }
    if (request->asked == NULL) {
        drop(request);
        return;
    }
    judge_refusal(request, facts);
    struct releve_span span = days_to_ask(request, coverage, facts);
    if (releve_span_days(span) == 0) {
        read_days(request);
    } else if (request->is_refused) { /* a part of the days would look like all that there is */
        refuse(request);
    } else if (!request->has_ended) {
        queue(request, span);
    } else {
        end_without(request, span);
    }
}

static void ask_known(struct releve_conso_request *request)
{
    const struct releve_job job = {.prm = request->ask.prm, .kind = request->ask.kind, .span = request->ask.span};
    request->is_asking = true;
    releve_store_look_up(request->desk->store, &job, releve_clock_civil(request->desk->config->today), on_known,
                         request);
}

/* --- waiting ------------------------------------------------------------------------------------------------------ */

static void on_state(void *data, const struct releve_error *error, const char *state)
{
    struct releve_conso_request *request = data;
    request->is_asking = false;
    if (request->asked == NULL) {
        drop(request);
        return;
    }
    if (error->code != RELEVE_OK)
        return; /* it is asked again, until the wait is over */
    bool is_open = state != NULL && (strcmp(state, "queued") == 0 || strcmp(state, "running") == 0);
    if (is_open)
        return;
    request->has_ended = true;
    request->desk->said_late = false;
    ask_known(request);
}

/* Perhaps no worker runs: that is for the person who runs this service. */
static void say_late(struct releve_conso_desk *desk)
{
    if (!desk->said_late)
        fprintf(stderr,
                "releve: a question of the Conso API has waited %d s for its job: releve status says what workers do\n",
                RELEVE_CONSO_WAIT_MS / 1000);
    desk->said_late = true;
}

static void on_timer(uv_timer_t *timer)
{
    struct releve_conso_desk *desk = timer->data;
    struct releve_conso_request *request, *next;
    DL_FOREACH_SAFE(desk->requests, request, next) {
        if (uv_now(desk->loop) - request->since_ms >= RELEVE_CONSO_WAIT_MS) {
            say_late(desk);
            give_up(request, "Les données ne sont pas encore là. Réessayez plus tard");
        } else if (!request->is_asking) {
            request->is_asking = true;
            releve_store_job_state(desk->store, request->job.id, on_state, request);
        }
    }
    if (desk->requests == NULL)
        uv_timer_stop(timer);
}

static void begin(struct releve_turn *turn)
{
    struct releve_conso_request *request = (struct releve_conso_request *)turn;
    struct releve_conso_desk *desk = request->desk;
    request->asked = releve_turn_leave(turn);
    if (!uv_is_active((uv_handle_t *)&desk->timer))
        uv_timer_start(&desk->timer, on_timer, RELEVE_CONSO_LOOK_MS, RELEVE_CONSO_LOOK_MS);
    ask_known(request);
}

/* --- a request ---------------------------------------------------------------------------------------------------- */

static bool add_parameter(void *data, const char *name, const char *value)
{
    releve_conso_add(data, name, value);
    return true;
}

static bool is_too_much(const struct releve_conso_desk *desk, releve_prm prm)
{
    const struct releve_conso_request *request;
    unsigned of_point = 0;
    DL_FOREACH(desk->requests, request)
    {
        of_point += request->ask.prm == prm;
    }
    return desk->requests_count >= RELEVE_CONSO_REQUESTS_MAX || of_point >= RELEVE_CONSO_OF_POINT_MAX;
}

static void look_at_tokens(struct releve_conso_desk *desk)
{
    struct releve_error error;
    switch (releve_tokens_look(desk->tokens, &error)) {
    case RELEVE_TOKENS_AS_BEFORE:
        break;
    case RELEVE_TOKENS_READ:
        fprintf(stderr, "releve: the tokens were read again: %zu\n", releve_tokens_count(desk->tokens));
        break;
    case RELEVE_TOKENS_WRONG:
        fprintf(stderr, "releve: %s; the tokens are as before\n", error.text);
        break;
    }
}

/* In the order of the public service: the parameters, the token, the days. */
static bool judge(struct releve_conso_desk *desk, struct releve_web_asked *asked, struct releve_conso_ask *ask,
                  struct releve_conso_answer *refusal)
{
    releve_conso_begin(ask, releve_web_argument(asked, 0));
    releve_web_each_parameter(asked, add_parameter, ask);
    if (!releve_conso_end(ask, refusal))
        return false;
    look_at_tokens(desk);
    enum releve_tokens_answer token =
        releve_tokens_judge(desk->tokens, releve_web_header(asked, "Authorization"), ask->prm);
    if (token != RELEVE_TOKENS_RIGHT) {
        releve_conso_refuse_token(token, refusal);
        return false;
    }
    if (!releve_conso_judge_dates(ask, releve_config_today(desk->config), refusal))
        return false;
    if (!is_too_much(desk, ask->prm))
        return true;
    releve_conso_refuse_for_now(NOT_NOW, refusal);
    return false;
}

void releve_conso_desk_answer(struct releve_conso_desk *desk, struct releve_web_asked *asked)
{
    struct releve_conso_answer refusal = {0};
    if (desk->tokens == NULL) {
        releve_web_fail(asked, 404, "The Conso API is not served: releve serve --token-file FILE serves it.");
        return;
    }
    struct releve_conso_request *request = releve_alloc(1, sizeof *request);
    *request = (struct releve_conso_request){.desk = desk, .since_ms = uv_now(desk->loop)};
    if (!judge(desk, asked, &request->ask, &refusal)) {
        free(request);
        send_answer(asked, &refusal);
        return;
    }
    request->turn.refuse = refuse_turn;
    request->turn.lane = RELEVE_LANE_CONSO;
    request->turn.prm = request->ask.prm;
    request->is_asking = true; /* Redis is, when its turn has come */
    DL_APPEND(desk->requests, request);
    desk->requests_count++;
    releve_turns_add(desk->turns, &request->turn, asked, QUESTIONS, begin, release);
}

/* --- life -------------------------------------------------------------------------------------------------------- */

void releve_conso_desk_open(struct releve_conso_desk *desk, uv_loop_t *loop, const struct releve_config *config,
                            struct releve_store *store, struct releve_turns *turns, struct releve_tokens *tokens)
{
    *desk =
        (struct releve_conso_desk){.config = config, .loop = loop, .store = store, .turns = turns, .tokens = tokens};
    (void)uv_timer_init(loop, &desk->timer);
    desk->timer.data = desk;
}

void releve_conso_desk_close(struct releve_conso_desk *desk)
{
    struct releve_conso_request *request, *next;
    desk->ended = true;
    DL_FOREACH_SAFE(desk->requests, request, next) {
        give_up(request, "Le service s'arrête. Réessayez plus tard");
    }
    uv_close((uv_handle_t *)&desk->timer, NULL);
}

void releve_portal_conso(void *data, struct releve_web_asked *asked)
{
    struct releve_portal *portal = data;
    releve_conso_desk_answer(&portal->conso, asked);
}
