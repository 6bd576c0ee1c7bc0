/* What a verdict means for the work, one function a reaction (docs/design.md, Retries; docs/enedis.md, Errors). Laws 3
 * and 5. */
#include "state.h"
#include <assert.h>
#include <releve/memory.h>
#include <string.h>

static void note_success(struct job *job)
{
    struct series *series = job->series;
    struct point *point = series->point;
    job->given_up = 0;
    series->heard = series->answered = series->direction->heard = true;
    series->failures = 0;
    series->sick_until = 0;
    point->distrusted = false;
    point->failures = 0;
    point->pauses = 0;
    point->paused_until = 0;
}

/* When J-1 is usually published on that day. */
static releve_time publication(releve_day today)
{
    return releve_paris_midnight(today) + RELEVE_PUBLISHED_MINUTE * RELEVE_MINUTE_MS;
}

/* "Not yet" is asked again: the youngest days some hours later, then each morning, then once when they are settled. */
static releve_time recheck_after(const struct releve_core *core, releve_day day)
{
    int age_days = core->today - day;
    releve_day next = core->civil < publication(core->today) ? core->today : core->today + 1;
    releve_time hours = core->civil + RELEVE_RECHECK_MS;
    if (age_days <= RELEVE_RECENT_DAYS && next > core->today && hours < releve_paris_midnight(core->today + 1))
        return hours;
    if (age_days > RELEVE_LATE_DAYS) {
        releve_day newest = day - day % RELEVE_SETTLED_TOGETHER_DAYS + RELEVE_SETTLED_TOGETHER_DAYS - 1;
        releve_day settled = newest + RELEVE_SETTLED_DAYS + 1;
        next = settled > next ? settled : next;
    }
    return publication(next);
}

static bool is_settled(const struct releve_core *core, releve_day day)
{
    return day < core->today - RELEVE_SETTLED_DAYS;
}

/* Decides what becomes of one asked day; true where `entry` is to be stored. */
static bool judge_day(struct releve_core *core, struct chunk *chunk, releve_day day,
                      const struct releve_reading *reading, struct releve_day_entry *entry)
{
    bool settled = is_settled(core, day);
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
    }
    chunk->outcomes[day - chunk->span.asked.first] = (char)state;
    *entry = (struct releve_day_entry){day, state, RELEVE_TIME_NEVER, reading};
    if (!settled && state != RELEVE_DAY_COMPLETE)
        entry->recheck_after = recheck_after(core, day);
    return keep;
}

static void count_empty(struct releve_core *core, struct job *job, bool empty)
{
    if (!empty) {
        job->had_data = true;
        return;
    }
    if (job->had_data || ++job->empties < RELEVE_EMPTY_CHUNKS_MAX || job->class_ == RELEVE_LOW)
        return;
    job->class_ = RELEVE_LOW;
    releve_emit_notice(core, RELEVE_NOTICE_DEMOTED, job, NULL, 0);
}

static unsigned bucket_of(const struct releve_core *core, const struct chunk *chunk)
{
    return core->options.bucket_of[chunk->series->kind];
}

/* Nothing will be stored under that claim: others may ask for the days. */
static void unclaim(struct releve_core *core, const struct job *job, struct permit claim)
{
    struct releve_action *action = releve_emit(core, RELEVE_ACTION_UNCLAIM);
    action->permit = claim.number;
    action->job = &job->submitted;
}

static void accept_days(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer)
{
    struct job *job = chunk->job;
    struct releve_span asked = chunk->span.asked;
    note_success(job);
    if (job->doubted) {
        releve_emit_lesson(core, RELEVE_LESSON_REFUTED, job, asked);
        job->doubted = false;
    }
    releve_series_accept(core, job, asked);
    count_empty(core, job, answer->readings_count == 0);

    size_t days = (size_t)releve_span_days(asked), next = 0;
    chunk->outcomes = releve_alloc(days, 1);
    chunk->entries = releve_alloc(days, sizeof *chunk->entries);
    chunk->answer = answer;
    for (releve_day day = asked.first; day < asked.end; day++) {
        const struct releve_reading *reading = NULL;
        if (next < answer->readings_count && answer->readings[next].day == day)
            reading = &answer->readings[next++];
        if (reading != NULL && reading->unusable) {
            /* One bad day delays no other: it is given up for this run, and the rest of the answer is kept. */
            chunk->outcomes[day - asked.first] = (char)RELEVE_DAY_FAILED;
            releve_series_fail_day(chunk->series, day, &answer->reason);
            continue;
        }
        chunk->entries_count += judge_day(core, chunk, day, reading, &chunk->entries[chunk->entries_count]);
    }
    assert(next == answer->readings_count); /* the dialect promises: ascending and inside the span */
    if (chunk->entries_count > 0) {
        releve_series_store(core, chunk);
        return;
    }
    unclaim(core, job, chunk->permit);
    releve_series_conclude(core, chunk);
}

/* A floor. But where even the newest days that can be asked "begin before the activation", there is no such direction:
 * upstream says so of meters without production, and nothing is activated in the future. */
static void refuse_early(struct releve_core *core, struct chunk *chunk, enum floor_cause cause,
                         const struct releve_answer *answer)
{
    struct job *job = chunk->job;
    struct direction *direction = chunk->series->direction;
    struct releve_span asked = chunk->span.asked;
    bool newest = asked.first >= releve_limits_latest(core) - core->options.days_min;
    note_success(job); /* it answered, and it works */
    releve_series_dissolve(core, chunk, RELEVE_DAY_MISSING);
    if (cause != FLOOR_ACTIVATION || !newest) {
        releve_series_refuse_early(core, job, cause, asked);
        return;
    }
    direction->activation = RELEVE_FLOOR_UNKNOWN;
    direction->standing = RELEVE_STANDING_ABSENT;
    direction->reason = answer->reason;
    releve_series_absent_direction(core, direction, &direction->reason);
    releve_emit_lesson(core, RELEVE_LESSON_ABSENT, job, asked)->reason = answer->reason;
}

static void refuse_kind_of_point(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer)
{
    struct job *job = chunk->job;
    struct releve_span asked = chunk->span.asked;
    note_success(job);
    releve_series_dissolve(core, chunk, RELEVE_DAY_MISSING);
    releve_series_absent(core, job->series, &answer->reason);
    releve_emit_lesson(core, RELEVE_LESSON_NO_KIND, job, asked)->reason = answer->reason;
}

/* Only what was asked is refused: the other direction may work with the same consent (docs/enedis.md, Directions). */
static void refuse_direction(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer)
{
    struct job *job = chunk->job;
    struct direction *direction = chunk->series->direction;
    struct releve_span asked = chunk->span.asked;
    note_success(job);
    direction->standing = RELEVE_STANDING_REFUSED;
    direction->reason = answer->reason;
    releve_series_dissolve(core, chunk, RELEVE_DAY_MISSING);
    releve_series_give_up_direction(core, direction, &answer->reason);
    releve_emit_notice(core, RELEVE_NOTICE_POINT_REFUSED, job, &direction->reason, 0);
    releve_emit_lesson(core, RELEVE_LESSON_REFUSED, job, asked)->reason = answer->reason;
}

static void refuse_point(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer)
{
    struct job *job = chunk->job;
    struct point *point = chunk->series->point;
    struct releve_span asked = chunk->span.asked;
    note_success(job);
    point->unknown = true;
    point->unknown_reason = answer->reason;
    releve_series_dissolve(core, chunk, RELEVE_DAY_MISSING);
    releve_series_give_up_point(core, point, &answer->reason);
    releve_emit_notice(core, RELEVE_NOTICE_POINT_REFUSED, job, &point->unknown_reason, 0);
    releve_emit_lesson(core, RELEVE_LESSON_UNKNOWN, job, asked)->reason = answer->reason;
}

static void refuse_kind(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer)
{
    enum releve_kind kind = chunk->series->kind;
    bool news = core->kind_refused_until[kind] <= core->now;
    core->kind_refused_until[kind] = core->now + RELEVE_KIND_REFUSED_MS;
    core->kind_refusal[kind] = answer->reason;
    const struct job *job = chunk->job;
    releve_series_dissolve(core, chunk, RELEVE_DAY_MISSING);
    releve_series_give_up_kind(core, kind, &answer->reason);
    if (news)
        releve_emit_notice(core, RELEVE_NOTICE_API_REFUSED, job, &core->kind_refusal[kind], 0);
}

static void give_up(struct releve_core *core, struct chunk *chunk, const struct releve_reason *reason)
{
    struct job *job = chunk->job;
    releve_emit_notice(core, RELEVE_NOTICE_GIVEN_UP, job, reason, 0);
    releve_series_fail(core, chunk, reason);
    if (++job->given_up >= RELEVE_GIVEN_UP_MAX) {
        job->hopeless = true;
        releve_series_give_up(core, job, reason);
    }
}

/* The end is too recent for upstream: shortly after midnight it is, and where our clock is ahead. The last day waits,
 * for all; the rest is asked at once. */
static void refuse_end(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer)
{
    struct upstream *upstream = &core->upstream;
    struct job *job = chunk->job;
    releve_day end = chunk->span.asked.end;
    note_success(job);
    if (end <= releve_limits_latest(core)) {
        if (end != core->today) { /* not what is meant */
            give_up(core, chunk, &answer->reason);
            return;
        }
        upstream->end_refused = end;
        upstream->end_refused_until = recheck_after(core, end - 1);
    }
    releve_series_dissolve(core, chunk, RELEVE_DAY_MISSING);
    releve_series_cut(core, job);
}

/* The longest range is refused at times: then one day less works (docs/enedis.md, Date rules). Believed for this run.
 */
static void refuse_length(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer)
{
    enum releve_kind kind = chunk->series->kind;
    int days = releve_span_days(chunk->span.asked), longest = releve_limits_of(core, chunk->series).days_max;
    note_success(chunk->job);
    if (days < longest || (days == longest && core->upstream.shortened[kind])) { /* not what is meant */
        give_up(core, chunk, &answer->reason);
        return;
    }
    core->upstream.shortened[kind] = true;
    releve_series_dissolve(core, chunk, RELEVE_DAY_MISSING);
}

/* --- failures ------------------------------------------------------------------------------------------ */

static void give_up_sick(struct releve_core *core, struct series *series, const struct releve_reason *reason)
{
    series->sick_until = core->now + RELEVE_BACKOFF_MAX_MS;
    series->sickness = *reason;
    releve_series_give_up_all(core, series, &series->sickness);
}

/* A usage point that fails costs so many requests in a run, over all its kinds (law 5): in a row; or of the kinds that
 * never answered in this run, where others do; or of one kind that answered before. */
static bool is_sick(const struct series *series)
{
    const struct point *point = series->point;
    unsigned unanswered = 0;
    for (int kind = 0; kind < RELEVE_MEASURES; kind++)
        unanswered += point->series[kind].answered ? 0 : point->series[kind].failures;
    return point->failures >= RELEVE_SICK_REQUESTS_MAX || series->failures >= RELEVE_SICK_REQUESTS_MAX ||
           (!series->answered && unanswered >= RELEVE_SICK_REQUESTS_MAX);
}

/* `all` its kinds; else this one, and with it those that never answered either. */
static void end_sick(struct releve_core *core, struct series *series, const struct job *job, bool all,
                     const struct releve_reason *reason)
{
    struct point *point = series->point;
    for (int kind = 0; kind < RELEVE_MEASURES; kind++) {
        struct series *other = &point->series[kind];
        if (all || other == series || (!series->answered && !other->answered && other->failures > 0))
            give_up_sick(core, other, reason);
    }
    releve_emit_notice(core, RELEVE_NOTICE_SICK, job, &series->sickness, 0);
}

static void fail_for_now(struct releve_core *core, struct chunk *chunk, const struct releve_reason *reason)
{
    struct job *job = chunk->job;
    struct series *series = chunk->series;
    struct point *point = series->point;
    core->retries++;
    series->failures++;
    point->failures++;
    point->last_failure = *reason;
    if (is_sick(series)) {
        end_sick(core, series, job, point->failures >= RELEVE_SICK_REQUESTS_MAX, reason);
        return;
    }
    if (point->failures % RELEVE_POINT_FAILURES_MAX == 0) {
        releve_time pause = releve_emit_doubled(RELEVE_POINT_PAUSE_MIN_MS, point->pauses++);
        point->paused_until = core->now + pause;
        releve_emit_notice(core, RELEVE_NOTICE_PAUSED, job, reason, pause);
    }
    if (++chunk->tries >= RELEVE_CHUNK_TRIES_MAX) {
        give_up(core, chunk, reason);
        return;
    }
    releve_time wait = releve_emit_backoff(core, RELEVE_BACKOFF_MIN_MS, chunk->tries - 1);
    chunk->phase = CHUNK_WAITING;
    chunk->not_before = core->now + wait;
    job->touched = true;
    releve_emit_notice(core, RELEVE_NOTICE_RETRY, job, reason, wait);
}

/* Redis refuses the claim: that is no failure of the usage point. Whoever runs Redis has to look. */
static void wait_for_redis(struct releve_core *core, struct chunk *chunk, const struct releve_error *error)
{
    struct job *job = chunk->job;
    releve_reason_set(&core->redis_refusal, "redis", error->text);
    if (++chunk->tries >= RELEVE_CHUNK_TRIES_MAX) {
        give_up(core, chunk, &core->redis_refusal);
        return;
    }
    chunk->not_before = core->now + RELEVE_LEDGER_REFUSED_MS;
    releve_emit_notice(core, RELEVE_NOTICE_REDIS_REFUSED, job, NULL, RELEVE_LEDGER_REFUSED_MS)->error = error;
}

/* --- throttling ------------------------------------------------------------------------------------------ */

/* A throttle answer is no failure of the chunk: the door is closed for everybody. */
static void close_bucket(struct releve_core *core, unsigned index, const struct releve_answer *answer)
{
    releve_time wait = answer->retry_after_ms;
    if (wait > 0 && wait <= RELEVE_CLOSED_MAX_MS)
        wait += RELEVE_CLOSED_MARGIN_MS;
    else
        wait = core->options.closed_ms; /* unknown, past or absurd */
    struct bucket *bucket = &core->buckets[index];
    if (bucket->ask_at < core->now + wait)
        bucket->ask_at = core->now + wait;
    core->throttled++;
    struct releve_action *action = releve_emit(core, RELEVE_ACTION_CLOSE);
    action->bucket = index;
    action->wait_ms = wait;
    releve_emit_notice(core, RELEVE_NOTICE_THROTTLED, NULL, &answer->reason, wait);
}

/* --- upstream as a whole ----------------------------------------------------------------------- */

static void stop(struct releve_core *core, enum releve_code code, const struct releve_answer *answer)
{
    struct releve_action *action = releve_emit(core, RELEVE_ACTION_STOP);
    action->code = code;
    action->reason = &answer->reason;
    core->draining = true;
}

/* Nobody's try is used up: everything waits, once for all. Requests that were in flight together fail together, and
 * count as one attempt. */
static void note_unreached(struct releve_core *core, const struct releve_answer *answer)
{
    struct upstream *upstream = &core->upstream;
    if (upstream->paused_until > core->now)
        return;
    if (upstream->failures++ == 0)
        upstream->since = core->now;
    bool hopeless = upstream->reached ? core->now - upstream->since >= RELEVE_OUTAGE_MAX_MS
                                      : upstream->failures >= RELEVE_UNREACHED_FIRST_MAX;
    if (hopeless && !core->options.patient) {
        stop(core, RELEVE_E_UPSTREAM, answer);
        return;
    }
    releve_time wait = releve_emit_backoff(core, RELEVE_BACKOFF_MIN_MS, upstream->failures - 1);
    upstream->paused_until = core->now + wait;
    releve_emit_notice(core, RELEVE_NOTICE_UNREACHED, NULL, &answer->reason, wait);
}

/* Where several series that answered before fail one after the other, with no answer between, upstream fails for all:
 * usage points do not fall sick together. */
static bool is_outage(struct releve_core *core, struct series *series)
{
    struct upstream *upstream = &core->upstream;
    if (series->answered && series->failed_round != upstream->round + 1) {
        series->failed_round = upstream->round + 1; /* 0: in none */
        upstream->troubled++;
    }
    return upstream->troubled >= RELEVE_OUTAGE_SERIES_MIN;
}

static void note_reached(struct releve_core *core)
{
    struct upstream *upstream = &core->upstream;
    upstream->round++;
    upstream->troubled = 0;
    if (upstream->reached && upstream->failures > 0)
        releve_emit_notice(core, RELEVE_NOTICE_REACHED, NULL, NULL, 0);
    upstream->reached = true;
    upstream->failures = 0;
    upstream->paused_until = 0;
}

/* The first 401 of a token discards it for all, and the others find it gone. A chunk that gets a second one, with a
 * token that is fresh, shows that the token is not to blame: from then on a 401 of this usage point is its own failure.
 */
static void renew_token(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer)
{
    if (chunk->stale++ > 0)
        chunk->series->point->distrusted = true;
    if (chunk->series->point->distrusted) {
        fail_for_now(core, chunk, &answer->reason);
        return;
    }
    if (chunk->token == core->token.generation && core->token.phase == TOKEN_VALID)
        core->token.phase = TOKEN_NONE;
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
    } else if (releve_floor_forbids(releve_series_floor(series), chunk->span.asked.first)) {
        releve_series_dissolve(core, chunk, RELEVE_DAY_MISSING);
        releve_series_cut(core, job);
    } else {
        return false;
    }
    return true;
}

/* --- answers, and what precedes and follows them -------------------------------------------------------- */

/* The chunk is not under way any more: it waits, and can be tried again at once. */
static void land(struct releve_core *core, struct chunk *chunk)
{
    releve_series_count_landed(core, chunk);
    chunk->phase = CHUNK_WAITING;
    chunk->not_before = core->now;
    chunk->job->touched = true;
}

static void send(struct releve_core *core, struct chunk *chunk)
{
    chunk->phase = CHUNK_SENT;
    chunk->token = core->token.generation;
    chunk->job->requests++;
    core->requests++;
    struct releve_action *action = releve_emit(core, RELEVE_ACTION_SEND);
    action->handle = releve_emit_chunk_handle(core, chunk);
    action->bucket = bucket_of(core, chunk);
    action->permit = chunk->permit.number;
    action->deadline = releve_permit_deadline(core, chunk->permit);
    action->job = &chunk->job->submitted;
    action->span = chunk->span.asked;
}

/* While its days were being claimed, sending may have become pointless: the token was refused to somebody, upstream is
 * out of reach, the end has come, or the reply took too long for the permit or the claim to be worth anything. */
static bool may_send(const struct releve_core *core, const struct chunk *chunk)
{
    return !core->draining && core->upstream.paused_until <= core->now && core->token.phase == TOKEN_VALID &&
           !releve_permit_is_late(core, chunk->permit) && core->now < chunk->claim_ends;
}

void releve_react_claimed(struct releve_core *core, struct chunk *chunk, const struct releve_event *event)
{
    assert(chunk->phase == CHUNK_CLAIMING);
    bool failed = releve_failed(event->error);
    bool granted = !failed && event->claim == RELEVE_CLAIM_GRANTED;
    if (granted && may_send(core, chunk)) {
        send(core, chunk);
        return;
    }
    land(core, chunk);
    releve_emit_return(core, bucket_of(core, chunk), chunk->permit);
    if (failed) {
        wait_for_redis(core, chunk, event->error);
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

void releve_react_answer(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer)
{
    assert(chunk->phase == CHUNK_SENT);
    const struct job *job = chunk->job;
    struct permit permit = chunk->permit; /* the chunk may end */
    land(core, chunk);                    /* unless the verdict says otherwise */
    struct releve_action *notice = releve_emit_notice(core, RELEVE_NOTICE_ANSWERED, job, &answer->reason, 0);
    notice->span = chunk->span.asked;
    notice->verdict = answer->verdict;
    if (answer->verdict != RELEVE_UNREACHED && answer->verdict != RELEVE_TRANSIENT)
        note_reached(core);

    switch (answer->verdict) {
    case RELEVE_UNREACHED:
        releve_emit_return(core, bucket_of(core, chunk), permit); /* nothing was sent */
        note_unreached(core, answer);
        break;
    case RELEVE_DATA:
    case RELEVE_NO_DATA:
        accept_days(core, chunk, answer);
        break;
    case RELEVE_BEFORE_ACTIVATION:
        refuse_early(core, chunk, FLOOR_ACTIVATION, answer);
        break;
    case RELEVE_BEFORE_CONSENT:
        refuse_early(core, chunk, FLOOR_CONSENT, answer);
        break;
    case RELEVE_BEYOND_HISTORY:
        refuse_early(core, chunk, FLOOR_HISTORY, answer);
        break;
    case RELEVE_NOT_APPLICABLE:
        refuse_kind_of_point(core, chunk, answer);
        break;
    case RELEVE_END_TOO_RECENT:
        refuse_end(core, chunk, answer);
        break;
    case RELEVE_TOO_LONG:
        refuse_length(core, chunk, answer);
        break;
    case RELEVE_DIRECTION_REFUSED:
        refuse_direction(core, chunk, answer);
        break;
    case RELEVE_POINT_REFUSED:
        refuse_point(core, chunk, answer);
        break;
    case RELEVE_API_REFUSED:
        refuse_kind(core, chunk, answer);
        break;
    case RELEVE_TOKEN_STALE:
        renew_token(core, chunk, answer);
        break;
    case RELEVE_THROTTLED:
        close_bucket(core, bucket_of(core, chunk), answer);
        break;
    case RELEVE_BAD_REQUEST:
    case RELEVE_BLOCKED:
        chunk->series->direction->heard = true;
        give_up(core, chunk, &answer->reason);
        break;
    case RELEVE_TRANSIENT:
    case RELEVE_CREDENTIALS_REFUSED: /* of the token endpoint only */
    case RELEVE_TOKEN:
    case RELEVE_VERDICTS:
        if (is_outage(core, chunk->series))
            note_unreached(core, answer);
        else
            fail_for_now(core, chunk, &answer->reason);
        break;
    }
    if (chunk->phase == CHUNK_WAITING && !end_pointless(core, chunk))
        releve_series_replan_overtaken(core, chunk);
    /* Behind what was learned: who claims the days next finds it. */
    if (answer->verdict != RELEVE_DATA && answer->verdict != RELEVE_NO_DATA)
        unclaim(core, job, permit);
}

/* Is every job that runs one of a usage point that fails, and upstream itself in reach? */
static bool only_sick_left(const struct releve_core *core)
{
    bool any = false;
    if (core->options.queued || core->upstream.failures > 0 || core->token.failures > 0)
        return false;
    for (size_t i = 0; i < core->jobs_end; i++) {
        const struct job *job = &core->jobs[i];
        if (job->phase == JOB_BEGINNING || (job->phase == JOB_RUNNING && job->series->point->failures == 0))
            return false;
        any = any || job->phase == JOB_RUNNING;
    }
    return any;
}

releve_time releve_react_alone(struct releve_core *core)
{
    if (!only_sick_left(core)) {
        core->sick_alone_since = RELEVE_TIME_NEVER;
        return RELEVE_TIME_NEVER;
    }
    if (core->sick_alone_since == RELEVE_TIME_NEVER)
        core->sick_alone_since = core->now;
    releve_time until = releve_permit_alone_until(core);
    if (core->now < until)
        return until;
    for (size_t i = 0; i < core->jobs_end; i++) {
        const struct job *job = &core->jobs[i];
        if (job->phase == JOB_RUNNING && job->series->sick_until <= core->now)
            end_sick(core, job->series, job, true, &job->series->point->last_failure);
    }
    return RELEVE_TIME_NEVER;
}

/* Credentials that are refused in one form may be accepted in the other, which is tried once, for all (docs/enedis.md,
 * Token). Where it fails too, the first refusal tells more. */
static void refuse_credentials(struct releve_core *core, const struct releve_answer *answer)
{
    struct token *token = &core->token;
    if (token->form == RELEVE_TOKEN_BASIC) {
        token->form = RELEVE_TOKEN_IN_FORM;
        token->refusal = *answer;
        token->failures = 0;
        return;
    }
    stop(core, RELEVE_E_CREDENTIALS, token->refusal.verdict == RELEVE_CREDENTIALS_REFUSED ? &token->refusal : answer);
}

/* After how many failures in a row, of which this is the last, another try is pointless. An address that serves no
 * tokens will serve none in a moment; a body of no use rarely becomes one. */
static unsigned token_tries_max(const struct releve_answer *answer)
{
    if (answer->verdict == RELEVE_BLOCKED)
        return 1;
    bool bad_body = strcmp(answer->reason.code, "bad-body") == 0; /* include/releve/verdict.h */
    return bad_body ? RELEVE_TOKEN_BAD_BODIES_MAX : RELEVE_TOKEN_TRIES_MAX;
}

void releve_react_token(struct releve_core *core, const struct releve_answer *answer)
{
    struct token *token = &core->token;
    assert(token->phase == TOKEN_ASKED && core->in_flight > 0);
    core->in_flight--;
    token->phase = TOKEN_NONE;
    if (answer->verdict != RELEVE_UNREACHED && answer->verdict != RELEVE_TRANSIENT)
        note_reached(core);
    if (answer->verdict == RELEVE_TOKEN) {
        int64_t seconds =
            answer->expires_in_s < RELEVE_TOKEN_LIFE_MAX_S ? answer->expires_in_s : RELEVE_TOKEN_LIFE_MAX_S;
        releve_time life = seconds * RELEVE_SECOND_MS;
        /* A token that lives shorter than the margin is used for half its life. */
        releve_time margin = life / 2 < RELEVE_TOKEN_MARGIN_MS ? life / 2 : RELEVE_TOKEN_MARGIN_MS;
        token->phase = TOKEN_VALID;
        token->generation++;
        token->expires_at = core->now + life - margin;
        token->failures = 0;
        token->refusal = (struct releve_answer){0};
        return;
    }
    if (answer->verdict == RELEVE_CREDENTIALS_REFUSED) {
        refuse_credentials(core, answer);
        return;
    }
    if (answer->verdict == RELEVE_THROTTLED) {
        close_bucket(core, core->options.token_bucket, answer);
        return;
    }
    core->retries++;
    if (answer->verdict == RELEVE_UNREACHED) {
        releve_emit_return(core, core->options.token_bucket, token->permit); /* nothing was sent */
        note_unreached(core, answer);
        return;
    }
    if (++token->failures >= token_tries_max(answer)) {
        if (token->refusal.verdict == RELEVE_CREDENTIALS_REFUSED) {
            stop(core, RELEVE_E_CREDENTIALS, &token->refusal);
            return;
        }
        if (!core->options.patient) {
            stop(core, RELEVE_E_UPSTREAM, answer);
            return;
        }
    }
    releve_time wait = releve_emit_backoff(core, RELEVE_BACKOFF_MIN_MS, token->failures - 1);
    token->not_before = core->now + wait;
    releve_emit_notice(core, RELEVE_NOTICE_TOKEN_RETRY, NULL, &answer->reason, wait);
}
