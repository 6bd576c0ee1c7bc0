/* The planner: covers missing days (points on a line) with the fewest chunks (intervals of at most days_max).
 *
 * Taking the newest missing day and reaching back from it as far as allowed is optimal: some chunk must cover
 * that day, no chunk can begin earlier than this one and still do so, so swapping it in loses nothing. Law 2. */
#include <assert.h>
#include <releve/plan.h>

bool releve_plan_widen(struct releve_span wanted, const struct releve_plan_limits *limits,
                       struct releve_chunk_span *chunk)
{
    int lack = limits->days_min - releve_span_days(wanted);
    struct releve_span past = {wanted.first - (lack > 0 ? lack : 0), wanted.end};
    struct releve_span future = {wanted.first, wanted.end + (lack > 0 ? lack : 0)};
    chunk->wanted = wanted;
    if (lack <= 0 || past.first >= limits->earliest)
        chunk->asked = past;
    else if (future.end <= limits->latest)
        chunk->asked = future;
    else
        chunk->asked = (struct releve_span){wanted.first, wanted.first};
    return releve_span_days(chunk->asked) > 0;
}

/* The oldest missing day that a chunk ending with `newest` can reach. */
static releve_day reach(const struct releve_coverage *coverage, int days_max, releve_day newest)
{
    releve_day first = newest;
    for (releve_day day = newest - 1; day > newest - days_max && day >= coverage->span.first; day--)
        if (releve_coverage_get(coverage, day) == RELEVE_DAY_MISSING)
            first = day;
    return first;
}

/* Where a request may not be shorter than days_min and the next chunk would be, gives it the oldest days of this
 * one: as many chunks, and no day is asked twice. Returns the new first day of this chunk. */
static releve_day leave_company(const struct releve_coverage *coverage, const struct releve_plan_limits *limits,
                                releve_day first, releve_day newest)
{
    releve_day next = first - 1;
    if (releve_coverage_get(coverage, next) != RELEVE_DAY_MISSING)
        return first;
    int lack = limits->days_min - (next - reach(coverage, limits->days_max, next) + 1);
    releve_day shifted = first + lack;
    if (lack <= 0 || newest - shifted + 1 < limits->days_min)
        return first;
    for (releve_day day = first; day <= shifted; day++)
        if (releve_coverage_get(coverage, day) != RELEVE_DAY_MISSING)
            return first;
    return shifted;
}

bool releve_plan_next(const struct releve_coverage *coverage, const struct releve_plan_limits *limits,
                      struct releve_chunk_span *chunk)
{
    assert(limits->days_max >= limits->days_min && limits->days_min >= 1);
    *chunk = (struct releve_chunk_span){{0, 0}, {0, 0}};
    releve_day newest = releve_coverage_newest(coverage, RELEVE_DAY_MISSING, coverage->span.end);
    if (newest == RELEVE_DAY_NONE)
        return false;
    releve_day first = reach(coverage, limits->days_max, newest);
    if (limits->days_min > 1)
        first = leave_company(coverage, limits, first, newest);
    return releve_plan_widen((struct releve_span){first, newest + 1}, limits, chunk);
}

static bool may_have_changed(const struct releve_coverage *coverage, const struct releve_plan_limits *limits,
                             releve_day day)
{
    enum releve_day_state state = releve_coverage_get(coverage, day);
    return state == RELEVE_DAY_PENDING || (state == RELEVE_DAY_PARTIAL && day >= limits->settled);
}

void releve_plan_take_along(const struct releve_coverage *coverage, const struct releve_plan_limits *limits,
                            struct releve_chunk_span *chunk)
{
    struct releve_span *asked = &chunk->asked;
    releve_day end = asked->first + limits->days_max;
    for (releve_day day = (end < limits->latest ? end : limits->latest) - 1; day >= asked->end; day--)
        if (may_have_changed(coverage, limits, day))
            asked->end = day + 1; /* the newest; ends the loop */
    releve_day first = asked->end - limits->days_max;
    for (releve_day day = first > limits->earliest ? first : limits->earliest; day < asked->first; day++)
        if (may_have_changed(coverage, limits, day))
            asked->first = day; /* the oldest; likewise */
}

int releve_plan_chunks(const struct releve_coverage *coverage, const struct releve_plan_limits *limits)
{
    struct releve_coverage left = *coverage;
    struct releve_chunk_span chunk;
    int chunks = 0;
    for (;;) {
        bool possible = releve_plan_next(&left, limits, &chunk);
        if (!possible && releve_span_days(chunk.wanted) == 0)
            return chunks;
        chunks += possible;
        releve_coverage_replace(&left, chunk.wanted, RELEVE_DAY_MISSING, RELEVE_DAY_ASKED);
    }
}

struct releve_plan_limits releve_plan_limits_of(enum releve_kind kind, releve_day latest, int days_min)
{
    bool document = releve_kind_is_document(kind);
    return (struct releve_plan_limits){
        .days_max = releve_kind_facts(kind)->call_days_max,
        .days_min = document ? 1 : days_min,
        .earliest = releve_kind_history(kind, latest).first,
        .latest = document ? RELEVE_DOCUMENT_SPAN.end : latest,
    };
}

bool releve_plan_is_deep(const struct releve_job *job, const struct releve_coverage *known, releve_day latest)
{
    if (releve_kind_is_document(job->kind))
        return false;
    releve_day history = releve_kind_history(job->kind, latest).first;
    releve_day first = job->span.first > history ? job->span.first : history, oldest = RELEVE_DAY_NONE;
    for (releve_day day = first; day < job->span.end; day++) {
        enum releve_day_state state = job->refresh ? RELEVE_DAY_MISSING : releve_coverage_get(known, day);
        if (oldest == RELEVE_DAY_NONE && (state == RELEVE_DAY_COMPLETE || state == RELEVE_DAY_PARTIAL))
            return false; /* what begins before it is known */
        if (oldest == RELEVE_DAY_NONE && state == RELEVE_DAY_MISSING)
            oldest = day;
        if (oldest != RELEVE_DAY_NONE && oldest >= latest - RELEVE_DEEP_DAYS)
            return false;
        if (state == RELEVE_DAY_MISSING && day - oldest >= releve_kind_facts(job->kind)->call_days_max)
            return true;
    }
    return false;
}

static bool has_values(const struct releve_coverage *known)
{
    return releve_coverage_count(known, RELEVE_DAY_COMPLETE) + releve_coverage_count(known, RELEVE_DAY_PARTIAL) > 0;
}

/* From the first missing day to the last one. */
static struct releve_span missing_span(const struct releve_coverage *coverage)
{
    struct releve_span span = coverage->span;
    while (releve_span_days(span) > 0 && releve_coverage_get(coverage, span.first) != RELEVE_DAY_MISSING)
        span.first++;
    while (releve_span_days(span) > 0 && releve_coverage_get(coverage, span.end - 1) != RELEVE_DAY_MISSING)
        span.end--;
    return span;
}

struct releve_cost releve_plan_cost(const struct releve_job *job, const struct releve_coverage *coverage,
                                    const struct releve_point_facts *facts, releve_day latest, int days_min)
{
    struct releve_coverage left = *coverage;
    if (job->refresh)
        releve_coverage_init(&left, coverage->span);
    const struct releve_direction_facts *direction = &facts->directions[releve_kind_facts(job->kind)->direction];
    bool useless = releve_facts_standing(facts, job->kind, NULL) != RELEVE_STANDING_OPEN ||
                   releve_facts_are_unserved(facts, job->kind, has_values(coverage));
    struct releve_plan_limits limits = releve_plan_limits_of(job->kind, latest, days_min);
    const struct releve_floor *const floors[] = {&direction->activation, &direction->consent};
    for (size_t i = 0; i < 2; i++)
        if (floors[i]->after != RELEVE_DAY_NONE && floors[i]->after >= limits.earliest)
            limits.earliest = floors[i]->after + 1;
    if (!job->refresh)
        releve_coverage_replace(&left, (struct releve_span){left.span.first, useless ? left.span.end : limits.earliest},
                                RELEVE_DAY_MISSING, RELEVE_DAY_CUT);
    struct releve_cost cost = {
        .requests = releve_plan_chunks(&left, &limits),
        .days = releve_coverage_count(&left, RELEVE_DAY_MISSING),
        .asked = missing_span(&left),
        .sure = releve_kind_is_document(job->kind) || has_values(coverage) ||
                !releve_floor_is_bottomless(&direction->activation),
    };
    cost.known = releve_span_days(left.span) - cost.days;
    return cost;
}
