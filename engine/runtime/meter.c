/* See meter.h. */
#include "meter.h"
#include "state.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const enum releve_day_state states[RELEVE_METER_STATES] = {RELEVE_DAY_COMPLETE, RELEVE_DAY_PARTIAL,
                                                                  RELEVE_DAY_HOLE, RELEVE_DAY_PENDING};

void releve_latencies_add(struct releve_latencies *latencies, uint64_t us)
{
    unsigned at = 0;
    for (uint64_t bound_us = RELEVE_LATENCY_FIRST_US; at < RELEVE_LATENCY_BOUNDS && us > bound_us; at++)
        bound_us *= 2;
    latencies->counts[at]++;
    latencies->sum_us += us;
}

void releve_meter_count_day(struct releve_meter *meter, enum releve_kind kind, enum releve_day_state state)
{
    for (unsigned i = 0; i < RELEVE_METER_STATES; i++)
        meter->days[kind][i] += states[i] == state;
}

struct releve_meter releve_meter_since(const struct releve_meter *meter, const struct releve_meter *before)
{
    uint64_t counts[sizeof *meter / sizeof(uint64_t)], old[sizeof *meter / sizeof(uint64_t)];
    struct releve_meter since;
    _Static_assert(sizeof counts == sizeof *meter, "it has nothing but counts");
    memcpy(counts, meter, sizeof counts);
    memcpy(old, before, sizeof old);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        assert(counts[i] >= old[i]);
        counts[i] -= old[i];
    }
    memcpy(&since, counts, sizeof since);
    return since;
}

struct releve_meter releve_runtime_meter(const struct releve_runtime *runtime)
{
    return runtime->meter;
}

/* --- names -------------------------------------------------------------------------------------------------------- */

static const char *const others[] = {"token", "activation", "services"};
_Static_assert(RELEVE_METER_SUBJECTS - RELEVE_KINDS == sizeof others / sizeof others[0], "each has a name");

const char *releve_meter_subject_name(unsigned subject)
{
    assert(subject < RELEVE_METER_SUBJECTS);
    return subject < RELEVE_KINDS ? releve_kind_facts((enum releve_kind)subject)->name : others[subject - RELEVE_KINDS];
}

const char *releve_meter_state_name(unsigned state)
{
    assert(state < RELEVE_METER_STATES);
    return releve_day_state_name(states[state]);
}

static const char *verdict_name(unsigned verdict)
{
    return releve_verdict_name((enum releve_verdict)verdict);
}

static const char *job_state_name(unsigned state)
{
    return releve_job_state_name((enum releve_job_state)state);
}

/* The place of these bytes among `count` names; `count` where they are none of them. */
static unsigned find(const char *(*name_of)(unsigned at), unsigned count, const char *text, size_t length)
{
    unsigned at = 0;
    while (at < count && (strlen(name_of(at)) != length || memcmp(name_of(at), text, length) != 0))
        at++;
    return at;
}

static bool set_latency(struct releve_latencies *latencies, const char *bound, uint64_t count)
{
    char *end;
    unsigned long at = *bound >= '0' && *bound <= '9' ? strtoul(bound, &end, 10) : RELEVE_LATENCY_BOUNDS + 1;
    if (strcmp(bound, "us") == 0) {
        latencies->sum_us = count;
        return true;
    }
    if (at > RELEVE_LATENCY_BOUNDS || *end != '\0')
        return false;
    latencies->counts[at] = count;
    return true;
}

bool releve_meter_set(struct releve_meter *meter, const char *name, uint64_t count)
{
    size_t what = strcspn(name, ":");
    const char *of = name[what] != '\0' ? name + what + 1 : name + what;
    size_t of_length = strcspn(of, ":");
    const char *how = of[of_length] != '\0' ? of + of_length + 1 : "";
    if (what == 8 && memcmp(name, "upstream", what) == 0)
        return set_latency(&meter->upstream, of, count);
    if (what == 5 && memcmp(name, "redis", what) == 0)
        return set_latency(&meter->redis, of, count);
    unsigned subject = find(releve_meter_subject_name, RELEVE_METER_SUBJECTS, of, of_length);
    unsigned verdict = find(verdict_name, RELEVE_VERDICTS, how, strlen(how));
    unsigned day = find(releve_meter_state_name, RELEVE_METER_STATES, how, strlen(how));
    unsigned job = find(job_state_name, RELEVE_JOB_STATES, how, strlen(how));
    uint64_t *place = NULL;
    if (what == 8 && memcmp(name, "requests", what) == 0 && subject < RELEVE_METER_SUBJECTS &&
        verdict < RELEVE_VERDICTS)
        place = &meter->requests[subject][verdict];
    if (what == 4 && memcmp(name, "days", what) == 0 && subject < RELEVE_KINDS && day < RELEVE_METER_STATES)
        place = &meter->days[subject][day];
    if (what == 4 && memcmp(name, "jobs", what) == 0 && subject < RELEVE_KINDS && job < RELEVE_JOB_STATES)
        place = &meter->jobs[subject][job];
    if (place != NULL)
        *place = count;
    return place != NULL;
}

/* --- by name ----------------------------------------------------------------------------------------------------- */

struct visitor {
    void (*each)(void *data, const char *name, uint64_t count);
    void *data;
};

static void visit(const struct visitor *visitor, uint64_t count, const char *what, const char *of, const char *how)
{
    char name[RELEVE_METER_NAME_BYTES];
    if (count == 0)
        return;
    int length = snprintf(name, sizeof name, "%s:%s%s%s", what, of, how[0] != '\0' ? ":" : "", how);
    assert(length > 0 && (size_t)length < sizeof name);
    (void)length;
    visitor->each(visitor->data, name, count);
}

static void visit_latencies(const struct visitor *visitor, const struct releve_latencies *latencies, const char *what)
{
    char bound[12];
    for (unsigned i = 0; i <= RELEVE_LATENCY_BOUNDS; i++) {
        (void)snprintf(bound, sizeof bound, "%u", i);
        visit(visitor, latencies->counts[i], what, bound, "");
    }
    visit(visitor, latencies->sum_us, what, "us", "");
}

void releve_meter_each(const struct releve_meter *meter, const struct releve_runtime *runtime,
                       void (*each)(void *data, const char *name, uint64_t count), void *data)
{
    const struct visitor visitor = {each, data};
    for (unsigned subject = 0; subject < RELEVE_METER_SUBJECTS; subject++)
        for (enum releve_verdict verdict = 0; verdict < RELEVE_VERDICTS; verdict++)
            visit(&visitor, meter->requests[subject][verdict], "requests", releve_meter_subject_name(subject),
                  releve_verdict_name(verdict));
    for (enum releve_kind kind = 0; kind < RELEVE_KINDS; kind++) {
        for (unsigned i = 0; i < RELEVE_METER_STATES; i++)
            visit(&visitor, meter->days[kind][i], "days", releve_kind_facts(kind)->name, releve_meter_state_name(i));
        for (enum releve_job_state state = 0; state < RELEVE_JOB_STATES; state++)
            visit(&visitor, meter->jobs[kind][state], "jobs", releve_kind_facts(kind)->name,
                  releve_job_state_name(state));
    }
    for (unsigned i = 0; i < runtime->ledgers_count; i++)
        visit(&visitor, meter->granted[i], "granted", runtime->ledgers[i].bucket, "");
    visit_latencies(&visitor, &meter->upstream, "upstream");
    visit_latencies(&visitor, &meter->redis, "redis");
}
