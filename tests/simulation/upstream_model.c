/* Answers in the order in which a gateway looks: quota, token, rights, dates, data. */
#include "upstream_model.h"
#include <assert.h>
#include <stdlib.h>

#define FIRST_PRM UINT64_C(30000000000000)
#define PUBLISHED_MS (8 * RELEVE_HOUR_MS)

static bool draws(const struct scenario *scenario, unsigned point, uint64_t what, unsigned per_ten_thousand)
{
    return world_hash(scenario->seed, point, what, 1) % 10000 < per_ten_thousand;
}

static void make_point(const struct scenario *scenario, unsigned index, releve_day today, struct usage_point *point)
{
    uint64_t hash = world_hash(scenario->seed, index, 0, 2);
    *point = (struct usage_point){
        .prm = FIRST_PRM + index,
        .kinds = RELEVE_ALL_MEASURES,
        .activation = RELEVE_DAY_NONE,
        .consent = RELEVE_DAY_NONE,
        .refused = draws(scenario, index, 3, scenario->refused),
        .forgetful = draws(scenario, index, 4, scenario->forgetful),
    };
    int reach = hash % 2 == 0 ? 10 : hash % 4 == 1 ? 100 : 1100;
    if (draws(scenario, index, 5, scenario->activated))
        point->activation = today - (releve_day)(hash / 64 % (uint64_t)reach);
    if (draws(scenario, index, 6, scenario->consented))
        point->consent = today - (releve_day)(hash / 4096 % (uint64_t)reach);
    if (draws(scenario, index, 7, scenario->absent))
        point->kinds &= (releve_kinds)(hash >> 20);
    if (draws(scenario, index, 8, scenario->sick))
        point->sickness = hash % 3 == 0 ? NEVER_ANSWERS : ANSWERS_500;
    if (draws(scenario, index, 9, scenario->holes))
        point->holes = hash % 8 == 0 ? 10000 : (unsigned)(hash / 8 % 6000);
    if (draws(scenario, index, 10, scenario->partials))
        point->partials = 2000;
}

void upstream_open(struct upstream *upstream, struct world *world, const struct scenario *scenario)
{
    *upstream = (struct upstream){.world = world, .scenario = scenario};
    upstream->points = calloc(scenario->points, sizeof *upstream->points);
    if (upstream->points == NULL)
        abort();
    for (unsigned i = 0; i < scenario->points; i++)
        make_point(scenario, i, upstream_today(upstream), &upstream->points[i]);
}

void upstream_close(struct upstream *upstream)
{
    for (unsigned i = 0; i < RELEVE_BUCKETS_MAX; i++)
        free(upstream->audits[i].arrivals_us);
    free(upstream->points);
    free(upstream->token_ends_us);
}

releve_time upstream_civil(const struct upstream *upstream)
{
    return upstream->scenario->civil_ms + upstream->world->now_us / 1000;
}

releve_day upstream_today(const struct upstream *upstream)
{
    return releve_paris_day(upstream_civil(upstream));
}

/* --- truth ------------------------------------------------------------------------------------------ */

static releve_day history_first(const struct upstream *upstream, enum releve_kind kind, releve_day today)
{
    return releve_kind_history(kind, today).first + (releve_day)upstream->scenario->history_short_days;
}

releve_day upstream_first_day(const struct upstream *upstream, unsigned point, enum releve_kind kind, releve_day today)
{
    const struct usage_point *it = &upstream->points[point];
    releve_day first = history_first(upstream, kind, today);
    first = it->activation > first ? it->activation : first;
    return it->consent > first ? it->consent : first;
}

enum releve_day_state upstream_day(const struct upstream *upstream, unsigned point, enum releve_kind kind,
                                   releve_day day, releve_time civil)
{
    const struct usage_point *it = &upstream->points[point];
    uint64_t hash = world_hash(upstream->scenario->seed, point, (uint64_t)kind, (uint64_t)day);
    /* Usually within two hours of 08:00; one meter in ten reports a day late. */
    releve_time late = (releve_time)(hash % (2 * RELEVE_HOUR_MS)) + (hash / 16 % 10 == 0 ? 24 * RELEVE_HOUR_MS : 0);
    if (civil < releve_paris_midnight(day + 1) + PUBLISHED_MS + late)
        return RELEVE_DAY_MISSING;
    if (hash / 1024 % 10000 < it->holes)
        return RELEVE_DAY_HOLE;
    return (hash >> 40) % 10000 < it->partials ? RELEVE_DAY_PARTIAL : RELEVE_DAY_COMPLETE;
}

int32_t upstream_value(const struct upstream *upstream, unsigned point, enum releve_kind kind, releve_day day)
{
    return (int32_t)(world_hash(upstream->scenario->seed + 77, point, (uint64_t)kind, (uint64_t)day) % 100000);
}

/* --- the audit -------------------------------------------------------------------------------------- */

static int64_t ms_of(int64_t us)
{
    return us / 1000;
}

/* Two arrivals share a window of W where they are at most W apart, ends included, also for a gateway that counts
 * whole milliseconds: the strictest reading. */
static void audit_arrival(struct upstream *upstream, unsigned bucket)
{
    struct audit *audit = &upstream->audits[bucket];
    if (audit->count == audit->capacity) {
        audit->capacity = audit->capacity == 0 ? 256 : audit->capacity * 2;
        audit->arrivals_us = realloc(audit->arrivals_us, audit->capacity * sizeof *audit->arrivals_us);
        if (audit->arrivals_us == NULL)
            abort();
    }
    int64_t now = upstream->world->now_us;
    audit->arrivals_us[audit->count++] = now;
    for (size_t i = 0; i < upstream->scenario->quota.windows_count; i++) {
        const struct releve_window *window = &upstream->scenario->quota.windows[i];
        while (ms_of(now) - ms_of(audit->arrivals_us[audit->begins[i]]) > window->span_ms)
            audit->begins[i]++;
        int64_t inside = (int64_t)(audit->count - audit->begins[i]);
        audit->fullest[i] = inside > audit->fullest[i] ? inside : audit->fullest[i];
        if (inside > (int64_t)window->limit)
            world_break(upstream->world, "law 1 (quota): %lld arrivals in a window of %lld ms, bucket %u, limit %u",
                        (long long)inside, (long long)window->span_ms, bucket, (unsigned)window->limit);
    }
}

int64_t upstream_fullest(const struct upstream *upstream, unsigned bucket, size_t window)
{
    return upstream->audits[bucket].fullest[window];
}

/* --- answers ---------------------------------------------------------------------------------------- */

static void say(struct releve_answer *answer, enum releve_verdict verdict, const char *code)
{
    *answer = (struct releve_answer){.verdict = verdict, .retry_after_ms = RELEVE_RETRY_UNKNOWN};
    if (verdict != RELEVE_DATA && verdict != RELEVE_TOKEN)
        releve_reason_set(&answer->reason, code, "as the model of upstream has it");
}

static void throttle(struct upstream *upstream, struct releve_answer *answer)
{
    static const int64_t times_ms[] = {
        RELEVE_RETRY_UNKNOWN, 0, -5000, 1, 1000, 60000, 1800000, 3600000, 3600001, 86400000, INT64_MAX, INT64_MIN,
        INT64_MAX - 500};
    say(answer, RELEVE_THROTTLED, "900804");
    size_t count = sizeof times_ms / sizeof times_ms[0];
    answer->retry_after_ms = times_ms[world_below(upstream->world, (int64_t)count)];
    upstream->throttled++;
}

static void give_token(struct upstream *upstream, struct releve_answer *answer, uint64_t *token)
{
    const struct scenario *scenario = upstream->scenario;
    if (scenario->credentials_refused) {
        say(answer, RELEVE_CREDENTIALS_REFUSED, "invalid_client");
        upstream->refusals++;
        return;
    }
    if (world_chance(upstream->world, scenario->token_failure)) {
        say(answer, RELEVE_TRANSIENT, "http-503");
        return;
    }
    if (upstream->tokens == upstream->tokens_capacity) {
        upstream->tokens_capacity = upstream->tokens_capacity == 0 ? 16 : upstream->tokens_capacity * 2;
        upstream->token_ends_us =
            realloc(upstream->token_ends_us, upstream->tokens_capacity * sizeof *upstream->token_ends_us);
        if (upstream->token_ends_us == NULL)
            abort();
    }
    *token = upstream->tokens;
    upstream->token_ends_us[upstream->tokens++] =
        upstream->world->now_us + (int64_t)scenario->token_life_s * WORLD_SECOND_US;
    say(answer, RELEVE_TOKEN, "");
    answer->expires_in_s = scenario->token_life_s;
}

void upstream_revoke(struct upstream *upstream)
{
    upstream->revoked = upstream->tokens;
}

/* False, and the refusal in `answer`, where the dates will not do. Ours must never break a rule that we know. */
static bool dates_are_right(struct upstream *upstream, const struct upstream_request *request,
                            struct releve_answer *answer)
{
    const struct usage_point *point = &upstream->points[request->point];
    releve_day today = upstream_today(upstream);
    int days = releve_span_days(request->span);
    if (request->span.end > today || days < upstream->scenario->days_min ||
        days > releve_kind_facts(request->kind)->call_days_max) {
        world_break(upstream->world, "law 2 (plans): [%d, %d[ asked when today is %d", request->span.first,
                    request->span.end, today);
        say(answer, RELEVE_BAD_REQUEST, "Invalid_request");
        return false;
    }
    if (request->span.first < point->activation)
        say(answer, RELEVE_BEFORE_ACTIVATION, "ADAM-ERR0123");
    else if (request->span.first < point->consent)
        say(answer, RELEVE_BEFORE_CONSENT, "ADAM-DC-0009");
    else if (request->span.first < history_first(upstream, request->kind, today))
        say(answer, RELEVE_BEYOND_HISTORY, "ADAM-ERR0125");
    else
        return true;
    return false;
}

static void give_data(struct upstream *upstream, const struct upstream_request *request, struct releve_answer *answer,
                      struct releve_reading *readings)
{
    const struct usage_point *point = &upstream->points[request->point];
    size_t count = 0;
    for (releve_day day = request->span.first; day < request->span.end; day++) {
        enum releve_day_state state =
            upstream_day(upstream, request->point, request->kind, day, upstream_civil(upstream));
        if (state != RELEVE_DAY_COMPLETE && state != RELEVE_DAY_PARTIAL)
            continue;
        if (point->forgetful && world_below(upstream->world, 3) == 0)
            continue;
        readings[count++] = (struct releve_reading){
            .day = day,
            .complete = state == RELEVE_DAY_COMPLETE,
            .value = upstream_value(upstream, request->point, request->kind, day),
        };
    }
    say(answer, count > 0 ? RELEVE_DATA : RELEVE_NO_DATA, "no_data_found");
    answer->readings = readings;
    answer->readings_count = count;
}

static bool token_is_good(const struct upstream *upstream, uint64_t token)
{
    return token >= upstream->revoked && token < upstream->tokens &&
           upstream->world->now_us < upstream->token_ends_us[token];
}

void upstream_arrive(struct upstream *upstream, const struct upstream_request *request, struct releve_answer *answer,
                     struct releve_reading *readings, uint64_t *token)
{
    struct world *world = upstream->world;
    const struct scenario *scenario = upstream->scenario;
    upstream->requests++;
    audit_arrival(upstream, request->bucket);
    if (world_chance(world, scenario->throttle)) {
        throttle(upstream, answer);
        return;
    }
    if (request->token_request) {
        give_token(upstream, answer, token);
        return;
    }
    struct usage_point *point = &upstream->points[request->point];
    point->requests++;
    if (!token_is_good(upstream, request->token))
        say(answer, RELEVE_TOKEN_STALE, "900901");
    else if ((scenario->refused_kinds & RELEVE_KIND_BIT(request->kind)) != 0)
        say(answer, RELEVE_API_REFUSED, "900908");
    else if (point->refused)
        say(answer, RELEVE_POINT_REFUSED, "ADAM-DC-0008");
    else if (point->sickness != HEALTHY || world_chance(world, scenario->transient))
        say(answer, RELEVE_TRANSIENT, "http-500");
    else if ((point->kinds & RELEVE_KIND_BIT(request->kind)) == 0)
        say(answer, RELEVE_NOT_APPLICABLE, "ADAM-ERR0069");
    else if (dates_are_right(upstream, request, answer))
        give_data(upstream, request, answer, readings);
}
