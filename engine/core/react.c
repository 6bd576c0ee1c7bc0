/* What a verdict means for the work, one function a reaction (docs/design.md, Retries; docs/enedis.md, Errors). Laws 3
 * and 5. */
#include "calls.h"
#include <assert.h>
#include <releve/memory.h>
#include <string.h>

/* Decides what becomes of one asked day; true where `entry` is to be stored. */
static bool judge_day(struct releve_core *core, struct chunk *chunk, releve_day day,
                      const struct releve_reading *reading, struct releve_day_entry *entry)
{
    bool settled = releve_freshness_is_settled(core, day);
    /* A whole neighbour that came along with a widened chunk is kept too. */
    bool keep = releve_series_waits_for(chunk->series, day) || releve_series_rides_along(chunk->series, day) ||
                (reading != NULL && reading->complete);
    enum releve_day_state known = releve_series_best_known(chunk->series, day);
    enum releve_day_state state = settled ? RELEVE_DAY_HOLE : RELEVE_DAY_PENDING;
    if (reading != NULL)
        state = reading->complete ? RELEVE_DAY_COMPLETE : RELEVE_DAY_PARTIAL;
    if (releve_day_worth(known) > releve_day_worth(state)) {
        state = known;
        keep = false;
    } else if (!keep) {
        state = RELEVE_DAY_MISSING; /* who joins before the rest is stored asks for it */
    }
    chunk->outcomes[day - chunk->span.asked.first] = (char)state;
    *entry = (struct releve_day_entry){day, state, RELEVE_TIME_NEVER, reading};
    if (!settled && state != RELEVE_DAY_COMPLETE)
        entry->recheck_after = releve_freshness_recheck_after(core, day);
    return keep;
}

static bool has_usable_day(const struct releve_answer *answer)
{
    for (size_t i = 0; i < answer->readings_count; i++)
        if (answer->readings[i].state == RELEVE_READING_USABLE)
            return true;
    return false;
}

static void count_empty(struct releve_core *core, struct job *job, const struct releve_answer *answer)
{
    if (has_usable_day(answer)) {
        job->had_data = true;
        return;
    }
    if (answer->readings_count > 0)
        return; /* neither data nor none */
    if (job->had_data || ++job->empties < RELEVE_EMPTY_CHUNKS_MAX || job->class_ == RELEVE_LOW)
        return;
    job->class_ = RELEVE_LOW;
    releve_emit_notice(core, RELEVE_NOTICE_DEMOTED, job, NULL, 0);
}

/* Nothing will be stored under that claim: others may ask for the days. */
static void unclaim(struct releve_core *core, const struct job *job, struct permit claim)
{
    struct releve_action *action = releve_emit(core, RELEVE_ACTION_UNCLAIM);
    action->permit = claim.number;
    action->job = &job->submitted;
}

/* Newer data than the answer that it has no such kind. */
static void take_back_absence(struct releve_core *core, const struct job *job, const struct chunk *chunk)
{
    struct series *series = job->series;
    if (series->absent_by != 0 && chunk->permit.number > series->absent_by) {
        releve_emit_lesson(core, RELEVE_LESSON_REFUTED, job, chunk->span.asked);
        series->absent_by = 0;
        releve_cut_present(core, series);
    }
}

/* A young day of which upstream says nothing, as it answers for fewer days, is not there yet. Of an old one nothing is
 * known: that is neither a hole nor data. */
static bool is_unusable(const struct releve_core *core, const struct releve_reading *reading)
{
    return reading->state == RELEVE_READING_UNUSABLE ||
           (reading->state == RELEVE_READING_UNSAID && releve_freshness_is_settled(core, reading->day));
}

static bool has_unusable_day(const struct releve_core *core, const struct releve_answer *answer)
{
    for (size_t i = 0; i < answer->readings_count; i++)
        if (is_unusable(core, &answer->readings[i]))
            return true;
    return false;
}

static void accept_days(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer)
{
    struct job *job = chunk->job;
    struct releve_span asked = chunk->span.asked;
    bool useless = has_unusable_day(core, answer) && !has_usable_day(answer);
    unsigned given_up = job->given_up;
    releve_fail_end_heard(job); /* it answers: what is wrong is what it says */
    job->given_up = useless ? given_up : 0;
    releve_refuse_take_back(core, job, chunk);
    take_back_absence(core, job, chunk);
    releve_cut_accept(core, job, asked);
    count_empty(core, job, answer);

    size_t days = (size_t)releve_span_days(asked), next = 0;
    chunk->outcomes = releve_alloc(days, 1);
    chunk->entries = releve_alloc(days, sizeof *chunk->entries);
    chunk->answer = answer;
    for (releve_day day = asked.first; day < asked.end; day++) {
        const struct releve_reading *reading = NULL;
        if (next < answer->readings_count && answer->readings[next].day == day)
            reading = &answer->readings[next++];
        if (reading != NULL ? is_unusable(core, reading) : useless) {
            /* One bad day delays no other: the rest of the answer is kept. But that nothing is said of a day is not
             * believed of an answer in which nothing else makes sense. */
            chunk->outcomes[day - asked.first] = (char)RELEVE_DAY_FAILED;
            chunk->spoiled = answer->reason;
            continue;
        }
        bool unsaid = reading != NULL && reading->state == RELEVE_READING_UNSAID;
        struct releve_day_entry *entry = &chunk->entries[chunk->entries_count];
        chunk->entries_count += judge_day(core, chunk, day, unsaid ? NULL : reading, entry);
        if (unsaid) /* it may be there all the same, and is looked for again soon */
            entry->recheck_after = releve_earlier(entry->recheck_after, releve_freshness_next_morning(core));
    }
    assert(next == answer->readings_count); /* the dialect promises: ascending and inside the span */
    if (chunk->entries_count > 0) {
        releve_series_store(core, chunk);
        return;
    }
    unclaim(core, job, chunk->permit);
    if (useless && chunk->spoils + 1 >= RELEVE_SPOILED_TRIES_MAX)
        releve_fail_give_up(core, chunk, &answer->reason);
    else
        releve_series_conclude(core, chunk);
}

/* The first 401 of a token discards it for all, and the others find it gone. A chunk that gets a second one, with a
 * token that is fresh, shows that the token is not to blame: from then on a 401 of this usage point is its own failure.
 */
static void renew_token(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer)
{
    if (chunk->stale++ > 0)
        chunk->series->point->distrusted = true;
    if (chunk->series->point->distrusted) {
        releve_fail_for_now(core, chunk, &answer->reason);
        return;
    }
    if (chunk->token == core->token.generation && core->token.phase == TOKEN_VALID)
        releve_reach_discard_token(core, answer);
}

/* While it was under way, trying it again may have become pointless: the usage point, its direction, its kind or the
 * API was refused, the rest of the job was given up, or its beginning is known to be too early. */
static bool end_pointless(struct releve_core *core, struct chunk *chunk)
{
    struct job *job = chunk->job;
    const struct series *series = chunk->series;
    const struct releve_reason *refusal = releve_series_refusal(core, series);
    if (refusal != NULL) {
        releve_series_fail(core, chunk, refusal);
    } else if (job->hopeless) {
        releve_series_fail(core, chunk, &job->result.reason);
    } else if (job->absent) {
        releve_series_dissolve(core, chunk, RELEVE_DAY_CUT);
    } else if (releve_floor_forbids(releve_cut_floor(series), chunk->span.asked.first)) {
        releve_series_dissolve(core, chunk, RELEVE_DAY_MISSING);
        releve_cut_job(core, job);
    } else {
        return false;
    }
    return true;
}

/* --- answers, and what precedes and follows them -------------------------------------------------------- */

/* The chunk is not under way any more: it waits, and can be tried again at once. */
static void land(struct releve_core *core, struct chunk *chunk)
{
    releve_flight_end(core, chunk);
    chunk->phase = CHUNK_WAITING;
    chunk->not_before = core->now;
    chunk->job->touched = true;
}

static unsigned bucket_of(const struct releve_core *core, const struct chunk *chunk)
{
    return releve_demand_bucket_of(core, chunk->series->kind, chunk->request);
}

static void send(struct releve_core *core, struct chunk *chunk)
{
    chunk->phase = CHUNK_SENT;
    chunk->token = core->token.generation;
    bool inquiry = chunk->request == RELEVE_REQUEST_ACTIVATION; /* of the usage point, and of no job */
    chunk->job->requests += !inquiry;
    core->inquiries += inquiry;
    core->requests++;
    struct releve_action *action = releve_emit(core, RELEVE_ACTION_SEND);
    action->handle = releve_emit_chunk_handle(core, chunk);
    action->bucket = bucket_of(core, chunk);
    action->request = chunk->request;
    action->permit = chunk->permit.number;
    action->deadline = releve_permit_deadline(core, chunk->permit);
    if (inquiry) /* days are worth waiting for, this is not */
        action->deadline = releve_earlier(action->deadline, core->now + RELEVE_TRANSFER_TIMEOUT_MIN_MS);
    action->job = &chunk->job->submitted;
    action->span = chunk->span.asked;
}

/* While its days were being claimed, sending may have become pointless: the token was refused to somebody, upstream is
 * out of reach, Redis takes no days, the end has come, or the reply took too long for the permit or the claim to be
 * worth anything. */
static bool may_send(const struct releve_core *core, const struct chunk *chunk)
{
    return !core->draining && !releve_series_are_refused(core) && core->upstream.paused_until <= core->now &&
           core->token.phase == TOKEN_VALID && !releve_permit_is_late(core, chunk->permit) &&
           core->now < chunk->claim_ends;
}

void releve_react_claimed(struct releve_core *core, struct chunk *chunk, const struct releve_event *event)
{
    bool in_time = releve_claim_is_in_time(core, chunk);
    bool failed = releve_failed(event->error);
    bool granted = !failed && event->claim == RELEVE_CLAIM_GRANTED;
    if (granted && in_time && may_send(core, chunk)) {
        send(core, chunk);
        return;
    }
    if (in_time) {
        land(core, chunk);
        releve_emit_return(core, bucket_of(core, chunk), chunk->permit);
    }
    if (failed) {
        releve_fail_wait_for_redis(core, chunk, event->error);
    } else if (granted) {
        unclaim(core, chunk->job, chunk->permit);
    } else {
        releve_series_learn(chunk->series, event->coverage, chunk->span.wanted);
        chunk->not_before += event->claim == RELEVE_CLAIM_BUSY ? RELEVE_CLAIM_BUSY_MS : RELEVE_BACKOFF_MIN_MS;
    }
    if (chunk->phase == CHUNK_WAITING && !end_pointless(core, chunk))
        releve_series_replan_overtaken(core, chunk);
}

/* What upstream said is not lost because Redis has no room: it is written again until it stands. Only a core that
 * drains has no time for that. */
void releve_react_stored(struct releve_core *core, struct chunk *chunk, const struct releve_event *event)
{
    assert(chunk->phase == CHUNK_STORING);
    if (!releve_failed(event->error)) {
        releve_series_conclude(core, chunk);
    } else if (!core->draining) {
        chunk->phase = CHUNK_REFUSED;
        core->refused_count++;
        releve_emit_refusal(core, chunk->job, event->error);
    } else {
        releve_reason_set(&core->redis_refusal, "redis", event->error->text);
        unclaim(core, chunk->job, chunk->permit);
        releve_series_fail(core, chunk, &core->redis_refusal);
    }
}

/* Another API adds to the document: that is asked next, unless it is known that the application has not subscribed it.
 */
static bool await_supplement(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer)
{
    if (!answer->wants_supplement || core->supplement_refused_until[chunk->series->kind] > core->now)
        return false;
    releve_fail_end_heard(chunk->job);
    unclaim(core, chunk->job, chunk->permit);
    chunk->series->direction->supplements += chunk->request != RELEVE_REQUEST_SUPPLEMENT;
    chunk->request = RELEVE_REQUEST_SUPPLEMENT;
    chunk->tries = chunk->stale = 0;
    chunk->answer = answer; /* KEEP: it lives on */
    struct releve_action *action = releve_emit(core, RELEVE_ACTION_KEEP);
    action->handle = releve_emit_chunk_handle(core, chunk);
    action->answer = answer;
    return true;
}

/* The document stands without what that API would have added. */
static void note_missing_part(struct releve_core *core, const struct chunk *chunk, const struct releve_answer *answer)
{
    if (chunk->request != RELEVE_REQUEST_SUPPLEMENT || answer->reason.verdict == RELEVE_DATA)
        return;
    releve_time *until = &core->supplement_refused_until[chunk->series->kind];
    bool known = *until > core->now;
    if (answer->reason.verdict == RELEVE_API_REFUSED)
        *until = core->now + RELEVE_KIND_REFUSED_MS;
    if (!known)
        releve_emit_notice(core, RELEVE_NOTICE_PART_MISSING, chunk->job, &answer->reason, 0);
}

/* The others of that kind that wait for the same API have their documents too. */
static void end_supplements(struct releve_core *core, enum releve_kind kind)
{
    for (size_t i = 0; i < RELEVE_CORE_CHUNKS_MAX; i++) {
        struct chunk *chunk = &core->chunks[i];
        if (chunk->phase == CHUNK_WAITING && chunk->request == RELEVE_REQUEST_SUPPLEMENT && chunk->series->kind == kind)
            accept_days(core, chunk, chunk->answer);
    }
}

/* What adds to a document that is there fails: no failure of the usage point, and no reason to lose the document. */
static void retry_supplement(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer)
{
    if (++chunk->tries < RELEVE_SUPPLEMENT_TRIES_MAX) {
        core->retries++;
        chunk->not_before = core->now + releve_emit_backoff(core, RELEVE_BACKOFF_MIN_MS, chunk->tries - 1);
        return;
    }
    note_missing_part(core, chunk, answer);
    accept_days(core, chunk, chunk->answer);
}

/* The API tells nothing for so long, to nobody: first days are searched for. */
static void do_without_activations(struct releve_core *core, releve_time until)
{
    if (core->activation_refused_until != RELEVE_TIME_NEVER)
        core->activation_refused_until = until;
}

/* The first 401 discards the token. One to a token that came after that is the API's own affair: measures may need it.
 */
static void react_stale_inquiry(struct releve_core *core, const struct chunk *chunk, const struct releve_answer *answer)
{
    if (core->inquiry_discarded != 0 && chunk->token > core->inquiry_discarded)
        do_without_activations(core, core->now + RELEVE_KIND_REFUSED_MS);
    else if (chunk->token == core->token.generation && core->token.phase == TOKEN_VALID) {
        core->inquiry_discarded = chunk->token;
        releve_reach_discard_token(core, answer);
    }
}

static void react_failed_inquiry(struct releve_core *core, struct point *point)
{
    point->inquired = point->inquiry_failed = true;
    if (++core->inquiry_failures >= RELEVE_ACTIVATION_FAILURES_MAX)
        do_without_activations(core, core->now + RELEVE_BACKOFF_MAX_MS);
}

/* What was told goes into the plan, and that there is no such usage point is so for all of it. Whatever else came is no
 * matter of measures: those are asked, and say themselves what is wrong. */
static void react_activation(struct releve_core *core, struct chunk *chunk, unsigned bucket, struct permit permit,
                             const struct releve_answer *answer)
{
    struct job *job = chunk->job;
    struct point *point = chunk->series->point;
    core->inquiry_heard = true;
    if (answer->verdict != RELEVE_TRANSIENT)
        core->inquiry_failures = 0;
    if (answer->verdict == RELEVE_DATA)
        core->inquiry_discarded = 0;
    switch (answer->verdict) {
    case RELEVE_DATA:
        point->inquired = true;
        releve_series_dissolve(core, chunk, RELEVE_DAY_MISSING);
        for (enum releve_direction which = 0; which < RELEVE_DIRECTIONS; which++)
            releve_cut_told(core, job, which, answer->activations[which]);
        break;
    case RELEVE_UNREACHED:
        releve_emit_return(core, bucket, permit); /* nothing was sent */
        releve_reach_note_failure(core, answer);
        break;
    case RELEVE_THROTTLED:
        releve_reach_close(core, bucket, answer);
        do_without_activations(core, core->buckets[bucket].ask_at);
        break;
    case RELEVE_API_REFUSED:
        if (core->activation_refused_until != RELEVE_TIME_NEVER)
            releve_emit_notice(core, RELEVE_NOTICE_NOT_TOLD, NULL, &answer->reason, 0);
        releve_emit_close(core, bucket, RELEVE_KIND_REFUSED_MS); /* so that other processes need not ask */
        core->activation_refused_until = RELEVE_TIME_NEVER;
        break;
    case RELEVE_TOKEN_STALE:
        react_stale_inquiry(core, chunk, answer);
        break;
    case RELEVE_POINT_REFUSED:
        releve_refuse_point(core, chunk, answer);
        break;
    case RELEVE_TRANSIENT:
        react_failed_inquiry(core, point);
        break;
    default:
        point->inquired = true;
        break;
    }
}

/* A document has no range that could be refused. */
static bool is_of_ranges(enum releve_verdict verdict)
{
    return verdict == RELEVE_BEFORE_ACTIVATION || verdict == RELEVE_BEFORE_CONSENT ||
           verdict == RELEVE_BEYOND_HISTORY || verdict == RELEVE_END_TOO_RECENT || verdict == RELEVE_TOO_LONG;
}

/* What it means for the days of the chunk, or for its document. */
static void react_main(struct releve_core *core, struct chunk *chunk, unsigned bucket, struct permit permit,
                       const struct releve_answer *answer)
{
    enum releve_kind kind = chunk->series->kind;
    bool senseless = releve_kind_is_document(kind) && is_of_ranges(answer->verdict);
    switch (senseless ? RELEVE_BAD_REQUEST : answer->verdict) {
    case RELEVE_UNREACHED:
        releve_emit_return(core, bucket, permit); /* nothing was sent */
        releve_reach_note_failure(core, answer);
        break;
    case RELEVE_DATA:
    case RELEVE_NO_DATA:
        if (await_supplement(core, chunk, answer))
            break;
        note_missing_part(core, chunk, answer);
        accept_days(core, chunk, answer);
        if (core->supplement_refused_until[kind] > core->now)
            end_supplements(core, kind);
        break;
    case RELEVE_BEFORE_ACTIVATION:
        releve_refuse_early(core, chunk, FLOOR_ACTIVATION, answer);
        break;
    case RELEVE_BEFORE_CONSENT:
        releve_refuse_early(core, chunk, FLOOR_CONSENT, answer);
        break;
    case RELEVE_BEYOND_HISTORY:
        releve_refuse_early(core, chunk, FLOOR_HISTORY, answer);
        break;
    case RELEVE_NOT_APPLICABLE:
        releve_refuse_kind_of_point(core, chunk, answer);
        break;
    case RELEVE_END_TOO_RECENT:
        releve_refuse_end(core, chunk, answer);
        break;
    case RELEVE_TOO_LONG:
        releve_refuse_length(core, chunk, answer);
        break;
    case RELEVE_DIRECTION_REFUSED:
        releve_refuse_direction(core, chunk, answer);
        break;
    case RELEVE_POINT_REFUSED:
        releve_refuse_point(core, chunk, answer);
        break;
    case RELEVE_API_REFUSED:
        releve_refuse_kind(core, chunk, answer);
        break;
    case RELEVE_TOKEN_STALE:
        if (chunk->request == RELEVE_REQUEST_SUPPLEMENT && chunk->stale > 0)
            retry_supplement(core, chunk, answer);
        else
            renew_token(core, chunk, answer);
        break;
    case RELEVE_THROTTLED:
        releve_reach_close(core, bucket, answer);
        break;
    case RELEVE_BAD_REQUEST:
    case RELEVE_BLOCKED:
        chunk->series->direction->heard = true;
        releve_fail_give_up(core, chunk, &answer->reason);
        break;
    case RELEVE_TRANSIENT:
    case RELEVE_CREDENTIALS_REFUSED: /* of the token endpoint only */
    case RELEVE_TOKEN:
    case RELEVE_VERDICTS:
        if (chunk->request == RELEVE_REQUEST_SUPPLEMENT)
            retry_supplement(core, chunk, answer);
        else if (releve_reach_is_outage(core, chunk->series))
            releve_reach_note_failure(core, answer);
        else
            releve_fail_for_now(core, chunk, &answer->reason);
        break;
    }
}

void releve_react_answer(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer)
{
    assert(chunk->phase == CHUNK_SENT);
    const struct job *job = chunk->job;
    struct permit permit = chunk->permit; /* the chunk may end */
    unsigned bucket = bucket_of(core, chunk);
    land(core, chunk); /* unless the verdict says otherwise */
    struct releve_action *notice = releve_emit_notice(core, RELEVE_NOTICE_ANSWERED, job, &answer->reason, 0);
    notice->span = chunk->span.asked;
    notice->verdict = answer->verdict;
    notice->request = chunk->request;
    bool inquiry =
        chunk->request == RELEVE_REQUEST_ACTIVATION; /* another API, which says nothing of this one's health */
    if (!inquiry && answer->verdict != RELEVE_UNREACHED && answer->verdict != RELEVE_TRANSIENT) {
        core->upstream.served = true;
        releve_reach_note_answer(core);
    }

    if (inquiry)
        react_activation(core, chunk, bucket, permit, answer);
    else
        react_main(core, chunk, bucket, permit, answer);
    if (chunk->phase == CHUNK_WAITING && !end_pointless(core, chunk))
        releve_series_replan_overtaken(core, chunk);
    /* Behind what was learned: who claims the days next finds it. */
    if (inquiry || (answer->verdict != RELEVE_DATA && answer->verdict != RELEVE_NO_DATA))
        unclaim(core, job, permit);
}
