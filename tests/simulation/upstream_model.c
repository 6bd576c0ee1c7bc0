/* Answers in the order in which a gateway looks: quota, token, rights, dates, data. */
#include "upstream_model.h"
#include <assert.h>
#include <stdlib.h>

#define FIRST_PRM UINT64_C(30000000000000)
#define PUBLISHED_MS (8 * RELEVE_HOUR_MS)
#define DAY_US (INT64_C(24) * 3600 * WORLD_SECOND_US)

static bool draws(const struct scenario *scenario, unsigned point, uint64_t what, unsigned per_ten_thousand)
{
    return world_hash(scenario->seed, point, what, 1) % 10000 < per_ten_thousand;
}

/* The moments at which things change in the world lie in its first minutes, or days where it lasts for days. */
static int64_t some_moment_us(const struct scenario *scenario, uint64_t hash)
{
    int64_t until_us = scenario->duty.days > 0 ? scenario->duty.days * DAY_US : 600 * WORLD_SECOND_US;
    return (int64_t)(hash % (uint64_t)until_us);
}

static void make_direction(const struct scenario *scenario, unsigned index, enum releve_direction which,
                           releve_day today, struct usage_direction *direction)
{
    uint64_t hash = world_hash(scenario->seed, index, 11, 3 + (uint64_t)which);
    uint64_t what = 100 * (1 + (uint64_t)which);
    *direction = (struct usage_direction){
        .activation = RELEVE_DAY_NONE,
        .corrected_at = RELEVE_TIME_NEVER,
        .consent = RELEVE_DAY_NONE,
        .refused = draws(scenario, index, what + 3, scenario->refused),
    };
    int reach = hash % 2 == 0 ? 10 : hash % 4 == 1 ? 100 : 1100;
    int ahead = scenario->duty.days / 2; /* panels that come within the run */
    if (draws(scenario, index, what + 5, scenario->activated))
        direction->activation = today + ahead - (releve_day)(hash / 64 % (uint64_t)(reach + ahead));
    if (draws(scenario, index, what + 6, scenario->consented))
        direction->consent = today - (releve_day)(hash / 4096 % (uint64_t)reach);
    if (direction->activation != RELEVE_DAY_NONE && draws(scenario, index, what + 7, scenario->corrected)) {
        direction->corrected = direction->activation - 1 - (releve_day)(hash / 8192 % 100);
        direction->corrected_at = scenario->civil_ms + some_moment_us(scenario, hash >> 17) / 1000;
    }
    if (draws(scenario, index, what + 8, scenario->directionless))
        direction->absent_until = hash / 16 % 2 == 0 ? RELEVE_TIME_NEVER : releve_paris_midnight(today + 1);
}

static void make_sick(const struct scenario *scenario, unsigned index, struct usage_point *point)
{
    uint64_t hash = world_hash(scenario->seed, index, 12, 2);
    point->sickness = hash % 3 == 0 ? NEVER_ANSWERS : ANSWERS_500;
    if (scenario->sick_only != HEALTHY)
        point->sickness = scenario->sick_only;
    point->sick_kinds = RELEVE_ALL_MEASURES;
    point->sick_until_us = INT64_MAX;
    if (draws(scenario, index, 13, scenario->sick_partly))
        point->sick_kinds = (releve_kinds)(hash >> 8) & RELEVE_ALL_MEASURES;
    if (!draws(scenario, index, 14, scenario->sick_later))
        return;
    point->sick_from_us = some_moment_us(scenario, hash >> 16);
    if (scenario->duty.days > 0)
        point->sick_until_us = point->sick_from_us + (int64_t)(hash >> 40) % 20 * DAY_US;
}

static void make_point(const struct scenario *scenario, unsigned index, releve_day today, struct usage_point *point)
{
    uint64_t hash = world_hash(scenario->seed, index, 0, 2);
    *point = (struct usage_point){
        .prm = FIRST_PRM + index,
        .kinds = RELEVE_ALL_MEASURES,
        .unknown = draws(scenario, index, 3, scenario->unknown),
        .forgetful = draws(scenario, index, 4, scenario->forgetful),
    };
    for (enum releve_direction i = 0; i < RELEVE_DIRECTIONS; i++)
        make_direction(scenario, index, i, today, &point->directions[i]);
    if (draws(scenario, index, 7, scenario->absent))
        point->kinds &= (releve_kinds)(hash >> 20);
    if (draws(scenario, index, 8, scenario->sick))
        make_sick(scenario, index, point);
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

releve_day upstream_history_first(const struct upstream *upstream, enum releve_kind kind, releve_day today)
{
    return releve_kind_history(kind, today).first + (releve_day)upstream->scenario->history_short_days;
}

const struct usage_direction *upstream_direction(const struct upstream *upstream, unsigned point, enum releve_kind kind)
{
    return &upstream->points[point].directions[releve_kind_facts(kind)->direction];
}

bool upstream_is_sick(const struct upstream *upstream, unsigned point, enum releve_kind kind)
{
    const struct usage_point *it = &upstream->points[point];
    int64_t now_us = upstream->world->now_us;
    return it->sickness != HEALTHY && (it->sick_kinds & RELEVE_KIND_BIT(kind)) != 0 && now_us >= it->sick_from_us &&
           now_us < it->sick_until_us;
}

/* As upstream has it at that time. */
static releve_day activation_at(const struct usage_direction *direction, releve_time civil)
{
    return civil < direction->corrected_at ? direction->activation : direction->corrected;
}

releve_day upstream_told(const struct upstream *upstream, unsigned point, enum releve_direction which,
                         releve_time civil)
{
    const struct usage_direction *direction = &upstream->points[point].directions[which];
    const struct scenario *scenario = upstream->scenario;
    uint64_t hash = world_hash(scenario->seed, point, 15, 5 + (uint64_t)which);
    releve_day truth = activation_at(direction, civil);
    if (civil < direction->absent_until || (hash % 10000 < scenario->mistold && hash / 10000 % 2 == 0))
        return RELEVE_DAY_NONE;
    if (truth == RELEVE_DAY_NONE) /* before all history */
        truth = releve_paris_day(scenario->civil_ms) - 3000;
    return hash % 10000 < scenario->mistold ? truth - 1 - (releve_day)(hash / 20000 % 100) : truth;
}

bool upstream_was_absent(const struct upstream *upstream, unsigned point, enum releve_kind kind, releve_time since)
{
    const struct usage_direction *it = upstream_direction(upstream, point, kind);
    return it->absent_until > since ||
           activation_at(it, since) > releve_paris_day(since) - (releve_day)upstream->scenario->days_min - 1;
}

releve_day upstream_first_day(const struct upstream *upstream, unsigned point, enum releve_kind kind, releve_day today)
{
    const struct usage_direction *it = upstream_direction(upstream, point, kind);
    releve_day first = upstream_history_first(upstream, kind, today);
    first = it->activation > first ? it->activation : first;
    return it->consent > first ? it->consent : first;
}

enum releve_day_state upstream_day(const struct upstream *upstream, unsigned point, enum releve_kind kind,
                                   releve_day day, releve_time civil)
{
    const struct usage_point *it = &upstream->points[point];
    const struct scenario *scenario = upstream->scenario;
    uint64_t hash = world_hash(scenario->seed, point, (uint64_t)kind, (uint64_t)day);
    uint64_t luck = world_hash(scenario->seed + 78, point, (uint64_t)kind, (uint64_t)day);
    /* Within two hours of 08:00 on J+1; or a day, or up to a fortnight later. */
    releve_time hours = PUBLISHED_MS + (releve_time)(hash % (2 * RELEVE_HOUR_MS));
    int more = luck % 8 == 0 ? (int)(luck / 8 % 13) + 1 : (int)(luck / 8 % 4) + 1;
    bool late = luck / 1024 % 10000 < scenario->late, whole_later = (luck >> 32) % 10000 < scenario->unfinished;
    if (civil < releve_paris_midnight(day + 1 + (late && !whole_later ? more : 0)) + hours)
        return RELEVE_DAY_MISSING;
    if (hash / 1024 % 10000 < it->holes)
        return RELEVE_DAY_HOLE;
    if ((hash >> 40) % 10000 < it->partials)
        return RELEVE_DAY_PARTIAL;
    return whole_later && civil < releve_paris_midnight(day + 1 + more) + hours ? RELEVE_DAY_PARTIAL
                                                                                : RELEVE_DAY_COMPLETE;
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
    const struct usage_direction *direction = upstream_direction(upstream, request->point, request->kind);
    const struct scenario *scenario = upstream->scenario;
    releve_time civil = upstream_civil(upstream);
    releve_day today = releve_paris_day(civil);
    int days = releve_span_days(request->span);
    if (request->span.end > today || days < scenario->days_min ||
        days > releve_kind_facts(request->kind)->call_days_max) {
        world_break(upstream->world, "law 2 (plans): [%d, %d[ asked when today is %d", request->span.first,
                    request->span.end, today);
        say(answer, RELEVE_BAD_REQUEST, "Invalid_request");
        return false;
    }
    if (request->span.end == today && civil < releve_paris_midnight(today) + scenario->end_closed_ms)
        say(answer, RELEVE_END_TOO_RECENT, "Invalid_request");
    else if (days == releve_kind_facts(request->kind)->call_days_max &&
             (scenario->shortened_kinds & RELEVE_KIND_BIT(request->kind)) != 0)
        say(answer, RELEVE_TOO_LONG, "ADAM-ERR0126");
    else if (civil < direction->absent_until || request->span.first < activation_at(direction, civil))
        say(answer, RELEVE_BEFORE_ACTIVATION, "ADAM-ERR0123");
    else if (request->span.first < direction->consent)
        say(answer, RELEVE_BEFORE_CONSENT, "ADAM-DC-0009");
    else if (request->span.first < upstream_history_first(upstream, request->kind, today))
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

static void refuse_direction(struct usage_direction *direction, struct releve_answer *answer)
{
    direction->refusals++;
    say(answer, RELEVE_DIRECTION_REFUSED, "ADAM-DC-0008");
}

static void tell(struct upstream *upstream, const struct upstream_request *request, struct releve_answer *answer)
{
    const struct scenario *scenario = upstream->scenario;
    struct usage_point *point = &upstream->points[request->point];
    point->inquiries++;
    if (!token_is_good(upstream, request->token))
        say(answer, RELEVE_TOKEN_STALE, "900901");
    else if (scenario->untold)
        say(answer, RELEVE_API_REFUSED, "900908");
    else if (point->unknown)
        say(answer, RELEVE_POINT_REFUSED, "ADAM-DC-0001");
    else if (upstream_is_sick(upstream, request->point, request->kind) ||
             world_chance(upstream->world, scenario->transient))
        say(answer, RELEVE_TRANSIENT, "http-500");
    else
        say(answer, RELEVE_DATA, "");
    for (enum releve_direction i = 0; i < RELEVE_DIRECTIONS; i++)
        answer->activations[i] = upstream_told(upstream, request->point, i, upstream_civil(upstream));
}

/* Neither the usage point nor the direction nor the API is refused: a look that comes before all others. */
static bool may_be_asked(const struct upstream *upstream, const struct upstream_request *request)
{
    return (upstream->scenario->refused_kinds & RELEVE_KIND_BIT(request->kind)) == 0 &&
           !upstream->points[request->point].unknown &&
           !upstream_direction(upstream, request->point, request->kind)->refused;
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
    if (request->inquiry) {
        tell(upstream, request, answer);
        return;
    }
    struct usage_point *point = &upstream->points[request->point];
    struct usage_direction *direction = &point->directions[releve_kind_facts(request->kind)->direction];
    bool sick = upstream_is_sick(upstream, request->point, request->kind);
    point->requests++;
    if (!sick)
        upstream->last_good_us = world->now_us;
    point->failures += sick && (point->sickness == NEVER_ANSWERS || may_be_asked(upstream, request));
    if (!token_is_good(upstream, request->token))
        say(answer, RELEVE_TOKEN_STALE, "900901");
    else if ((scenario->refused_kinds & RELEVE_KIND_BIT(request->kind)) != 0)
        say(answer, RELEVE_API_REFUSED, "900908");
    else if (point->unknown)
        say(answer, RELEVE_POINT_REFUSED, "ADAM-DC-0001");
    else if (direction->refused)
        refuse_direction(direction, answer);
    else if (sick || world_chance(world, scenario->transient))
        say(answer, RELEVE_TRANSIENT, "http-500");
    else if ((point->kinds & RELEVE_KIND_BIT(request->kind)) == 0)
        say(answer, RELEVE_NOT_APPLICABLE, "ADAM-ERR0069");
    else if (dates_are_right(upstream, request, answer))
        give_data(upstream, request, answer, readings);
}
