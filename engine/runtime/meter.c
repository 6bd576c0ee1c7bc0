/* See meter.h. */
#include "meter.h"
#include "state.h"
#include <assert.h>
#include <stdio.h>
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

static const char *subject_name(unsigned subject)
{
    static const char *const names[] = {"token", "activation", "services"};
    _Static_assert(RELEVE_METER_SUBJECTS - RELEVE_KINDS == sizeof names / sizeof names[0], "each has a name");
    return subject < RELEVE_KINDS ? releve_kind_facts((enum releve_kind)subject)->name : names[subject - RELEVE_KINDS];
}

void releve_meter_each(const struct releve_meter *meter, const struct releve_runtime *runtime,
                       void (*each)(void *data, const char *name, uint64_t count), void *data)
{
    const struct visitor visitor = {each, data};
    for (unsigned subject = 0; subject < RELEVE_METER_SUBJECTS; subject++)
        for (enum releve_verdict verdict = 0; verdict < RELEVE_VERDICTS; verdict++)
            visit(&visitor, meter->requests[subject][verdict], "requests", subject_name(subject),
                  releve_verdict_name(verdict));
    for (enum releve_kind kind = 0; kind < RELEVE_KINDS; kind++) {
        for (unsigned i = 0; i < RELEVE_METER_STATES; i++)
            visit(&visitor, meter->days[kind][i], "days", releve_kind_facts(kind)->name,
                  releve_day_state_name(states[i]));
        for (enum releve_job_state state = 0; state < RELEVE_JOB_STATES; state++)
            visit(&visitor, meter->jobs[kind][state], "jobs", releve_kind_facts(kind)->name,
                  releve_job_state_name(state));
    }
    for (unsigned i = 0; i < runtime->ledgers_count; i++)
        visit(&visitor, meter->granted[i], "granted", runtime->ledgers[i].bucket, "");
    visit_latencies(&visitor, &meter->upstream, "upstream");
    visit_latencies(&visitor, &meter->redis, "redis");
}
