/* Upstream as a whole: closed doors, outages, the token. What it says here is nobody's failure in particular. */
#include "calls.h"
#include <assert.h>
#include <string.h>

/* --- throttling ------------------------------------------------------------------------------------------ */

/* A throttle answer is no failure of the chunk: the door is closed for everybody. */
void releve_reach_close(struct releve_core *core, unsigned index, const struct releve_answer *answer)
{
    releve_time wait = answer->retry_after_ms;
    if (wait > 0 && wait <= RELEVE_CLOSED_MAX_MS)
        wait += RELEVE_CLOSED_MARGIN_MS;
    else
        wait = core->options.closed_ms; /* unknown, past or absurd */
    struct bucket *bucket = &core->buckets[index];
    bucket->open_until = 0;
    if (bucket->ask_at < core->now + wait)
        bucket->ask_at = core->now + wait;
    core->throttled++;
    releve_emit_close(core, index, wait);
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
void releve_reach_note_failure(struct releve_core *core, const struct releve_answer *answer)
{
    struct upstream *upstream = &core->upstream;
    if (upstream->paused_until > core->now)
        return;
    if (upstream->failures++ == 0)
        upstream->since = core->now;
    bool hopeless = upstream->served ? core->now - upstream->since >= RELEVE_OUTAGE_MAX_MS
                                     : upstream->failures >= RELEVE_UNREACHED_FIRST_MAX;
    if (hopeless && !core->options.patient) {
        stop(core, RELEVE_E_UPSTREAM, answer);
        return;
    }
    releve_time wait = releve_emit_backoff(core, RELEVE_BACKOFF_MIN_MS, upstream->failures - 1);
    upstream->paused_until = core->now + wait;
    releve_emit_notice(core, RELEVE_NOTICE_UNREACHED, NULL, &answer->reason, wait);
}

/* Where several usage points that answered before begin to fail one after the other, with no answer between, upstream
 * fails for all: they do not fall sick together. One that failed already while others were answered shows nothing: when
 * such ones are all that is left, they are sick and upstream is not. One that never answered in this run, where others
 * did, is not excused, and nobody is for longer than RELEVE_OUTAGE_MAX_MS: else a worker would try it for ever. */
bool releve_reach_is_outage(struct releve_core *core, struct series *series)
{
    struct upstream *upstream = &core->upstream;
    struct point *point = series->point;
    bool may_work = series->answered || !upstream->served;
    bool begins = may_work && series->failures == 0 && point->failures == 0;
    if (begins && point->failed_round != upstream->round + 1) {
        point->failed_round = upstream->round + 1; /* 0: in none */
        upstream->troubled++;
    }
    bool lasts = upstream->failures > 0 && core->now - upstream->since >= RELEVE_OUTAGE_MAX_MS;
    return upstream->troubled >= RELEVE_OUTAGE_POINTS_MIN && may_work && !lasts;
}

void releve_reach_note_answer(struct releve_core *core)
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

/* --- the token ------------------------------------------------------------------------------------------ */

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

void releve_reach_discard_token(struct releve_core *core, const struct releve_answer *answer)
{
    if (core->options.token_given)
        stop(core, RELEVE_E_CREDENTIALS, answer);
    else
        core->token.phase = TOKEN_NONE;
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

void releve_reach_token(struct releve_core *core, const struct releve_answer *answer)
{
    struct token *token = &core->token;
    assert(token->phase == TOKEN_ASKED && core->in_flight > 0);
    core->in_flight--;
    token->phase = TOKEN_NONE;
    if (answer->verdict != RELEVE_UNREACHED && answer->verdict != RELEVE_TRANSIENT)
        releve_reach_note_answer(core);
    if (answer->verdict == RELEVE_TOKEN) {
        int64_t seconds =
            answer->expires_in_s < RELEVE_TOKEN_LIFE_MAX_S ? answer->expires_in_s : RELEVE_TOKEN_LIFE_MAX_S;
        releve_time life = seconds * RELEVE_SECOND_MS;
        /* A token that lives shorter than the margin is used for half its life. */
        releve_time margin = life / 2 < RELEVE_TOKEN_MARGIN_MS ? life / 2 : RELEVE_TOKEN_MARGIN_MS;
        token->phase = TOKEN_VALID;
        token->generation++;
        token->expires_at = core->now + life - margin;
        token->wanted = false;
        token->failures = 0;
        token->refusal = (struct releve_answer){0};
        return;
    }
    if (answer->verdict == RELEVE_CREDENTIALS_REFUSED) {
        refuse_credentials(core, answer);
        return;
    }
    if (answer->verdict == RELEVE_THROTTLED) {
        releve_reach_close(core, core->options.token_bucket, answer);
        return;
    }
    core->retries++;
    if (answer->verdict == RELEVE_UNREACHED) {
        releve_emit_return(core, core->options.token_bucket, token->permit); /* nothing was sent */
        releve_reach_note_failure(core, answer);
        return;
    }
    if (token->failures++ == 0)
        token->since = core->now;
    if (token->failures >= token_tries_max(answer)) {
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
