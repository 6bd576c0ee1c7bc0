/* The preflight's usage points: which of them are news, what is asked about them, and what was told of each. Whether
 * and when to ask is the core's decision (engine/core/preflight.c). */
#include "state.h"
#include <assert.h>
#include <releve/memory.h>
#include <stdlib.h>
#include <string.h>

#define PAGES_MAX 1000 /* of one batch; what goes on for longer is not believed */

static void end_looking(struct releve_runtime *runtime)
{
    runtime->roster.looking = false;
    releve_runtime_wake(runtime);
}

/* --- asking ------------------------------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
    releve_prm left = ((const struct releve_service *)a)->prm, right = ((const struct releve_service *)b)->prm;
    return (left > right) - (left < right);
}

static void begin_batch(struct roster *roster)
{
    size_t left = roster->news - roster->first;
    roster->batch = left < RELEVE_SERVICES_POINTS_MAX ? left : RELEVE_SERVICES_POINTS_MAX;
    roster->page = 1;
    roster->told = roster->seen = 0;
    struct releve_service *points = roster->points + roster->first;
    qsort(points, roster->batch, sizeof *points, compare);
    for (size_t i = 0; i < roster->batch; i++) {
        roster->asked[i] = points[i].prm;
    }
}

void releve_roster_write(struct releve_runtime *runtime, struct releve_text *json)
{
    const struct roster *roster = &runtime->roster;
    assert(roster->batch > 0 || roster->authorization != 0);
    runtime->io.dialect->services_question(roster->asked, roster->batch, roster->authorization, roster->page, json);
}

static void report(struct releve_runtime *runtime)
{
    struct releve_answer answer = {.verdict = RELEVE_DATA, .retry_after_ms = RELEVE_RETRY_UNKNOWN};
    struct releve_event event = {.type = RELEVE_EVENT_PREFLIGHTED, .answer = &answer, .more = runtime->roster.more};
    releve_runtime_post(runtime, &event);
}

/* What Redis refused to keep is asked again some other day. */
static void on_kept(void *data, const struct releve_error *error)
{
    struct releve_runtime *runtime = data;
    releve_runtime_written(runtime, error);
    if (--runtime->roster.keeping == 0)
        report(runtime);
}

static void keep(struct releve_runtime *runtime, const struct releve_service *points, size_t count)
{
    runtime->writes++;
    runtime->roster.keeping++;
    runtime->io.store_ops->put_services(runtime->io.store, points, count, runtime->io.host_ops->civil(runtime->io.host),
                                        on_kept, runtime);
}

static void note_service(struct roster *roster, const struct releve_service *service)
{
    struct releve_service *points = roster->points + roster->first;
    struct releve_service *found = bsearch(service, points, roster->batch, sizeof *points, compare);
    if (found == NULL)
        return; /* nobody asked about it */
    found->kinds |= service->kinds;
}

/* One consent is about one usage point, mostly. */
static void note_authorized(struct roster *roster, const struct releve_service *service)
{
    size_t i = 0;
    while (i < roster->count && roster->points[i].prm != service->prm)
        i++;
    if (i == roster->count) {
        roster->points = releve_realloc(roster->points, ++roster->count * sizeof *roster->points);
        roster->points[i] = (struct releve_service){.prm = service->prm};
    }
    roster->points[i].kinds |= service->kinds;
}

static void end_authorization(struct releve_runtime *runtime)
{
    const struct roster *roster = &runtime->roster;
    for (size_t first = 0; first < roster->count; first += RELEVE_SERVICES_POINTS_MAX) {
        size_t left = roster->count - first;
        keep(runtime, roster->points + first, left < RELEVE_SERVICES_POINTS_MAX ? left : RELEVE_SERVICES_POINTS_MAX);
    }
    if (runtime->options.authorized != NULL)
        runtime->options.authorized(runtime->options.data, roster->points, roster->count);
}

/* So that a page that comes again is known: upstream does not heed which one is asked for then. */
static uint64_t digest_of(const struct releve_services *services)
{
    uint64_t digest = 1;
    for (size_t i = 0; i < services->count; i++)
        digest = digest * UINT64_C(6364136223846793005) + services->items[i].prm * 64 + services->items[i].kinds;
    return digest;
}

/* The next page, the next batch, or the end: whether there is more to be asked. What does not fit together is not
 * believed; and of a part nothing is known that could save a request. */
static bool go_on(struct releve_runtime *runtime, const struct releve_services *services)
{
    struct roster *roster = &runtime->roster;
    uint64_t digest = digest_of(services);
    bool again = roster->page > 1 && services->count > 0 && digest == roster->seen;
    bool whole = roster->told == services->total && !again;
    roster->seen = digest;
    if (roster->told < services->total && services->count > 0 && !again && roster->page < PAGES_MAX) {
        roster->page++;
        return true;
    }
    if (roster->authorization != 0) {
        if (whole)
            end_authorization(runtime);
        return false;
    }
    if (whole)
        keep(runtime, roster->points + roster->first, roster->batch);
    roster->first += roster->batch;
    if (roster->first == roster->news)
        return false;
    begin_batch(roster);
    return true;
}

void releve_roster_take(struct releve_runtime *runtime, const struct releve_services *services)
{
    struct roster *roster = &runtime->roster;
    for (size_t i = 0; i < services->count; i++)
        (roster->authorization != 0 ? note_authorized : note_service)(roster, &services->items[i]);
    roster->told += services->count;
    roster->more = go_on(runtime, services);
    if (roster->keeping == 0)
        report(runtime);
}

void releve_roster_free(struct releve_runtime *runtime)
{
    free(runtime->roster.points);
    free(runtime->roster.asked);
}

/* --- looking who is news ------------------------------------------------------------------------------ */

/* A bucket that is closed (the API is not subscribed, maybe) is worth no request for a token. */
static void on_usage(void *data, const struct releve_error *error, const struct releve_ledger_usage *usage)
{
    struct releve_runtime *runtime = data;
    if (runtime->phase == RUNTIME_CLOSED)
        return;
    end_looking(runtime);
    if (error->code != RELEVE_OK || usage->closed_ms > 0)
        return;
    begin_batch(&runtime->roster);
    struct releve_event event = {.type = RELEVE_EVENT_PREFLIGHT};
    releve_runtime_post(runtime, &event);
}

static void look(struct releve_runtime *runtime);

static void on_due(void *data, const struct releve_error *error, const char *due)
{
    struct releve_runtime *runtime = data;
    struct roster *roster = &runtime->roster;
    if (runtime->phase == RUNTIME_CLOSED)
        return;
    if (error->code != RELEVE_OK) { /* jobs will say so themselves */
        end_looking(runtime);
        return;
    }
    for (const char *c = due; *c != '\0'; c++, roster->looked++)
        if (*c == '1')
            roster->points[roster->news++] = roster->points[roster->looked];
    look(runtime);
}

static void look(struct releve_runtime *runtime)
{
    struct roster *roster = &runtime->roster;
    size_t left = roster->count - roster->looked;
    size_t part = left < RELEVE_SERVICES_POINTS_MAX ? left : RELEVE_SERVICES_POINTS_MAX;
    if (part > 0) {
        for (size_t i = 0; i < part; i++)
            roster->asked[i] = roster->points[roster->looked + i].prm;
        runtime->io.store_ops->services_due(runtime->io.store, roster->asked, part, roster->kinds, roster->newest,
                                            runtime->io.host_ops->civil(runtime->io.host), on_due, runtime);
    } else if (roster->news < roster->least) {
        end_looking(runtime);
    } else {
        const char *bucket = runtime->ledgers[runtime->preflight_ledger].bucket;
        runtime->io.store_ops->bucket_usage(runtime->io.store, bucket, &runtime->options.quota, on_usage, runtime);
    }
}

void releve_runtime_ask_authorization(struct releve_runtime *runtime, uint64_t authorization)
{
    assert(runtime->io.dialect->services_family != NULL && authorization != 0 && runtime->roster.points == NULL);
    runtime->roster = (struct roster){.authorization = authorization, .page = 1};
    struct releve_event event = {.type = RELEVE_EVENT_PREFLIGHT};
    releve_runtime_post(runtime, &event);
}

void releve_runtime_preflight(struct releve_runtime *runtime, const releve_prm *prms, size_t count, releve_kinds kinds,
                              releve_day newest, size_t least)
{
    struct roster *roster = &runtime->roster;
    kinds &= RELEVE_ALL_MEASURES;
    assert(roster->points == NULL);
    if (runtime->io.dialect->services_family == NULL || kinds == 0 || count < least)
        return;
    *roster = (struct roster){.count = count, .kinds = kinds, .newest = newest, .least = least, .looking = true};
    roster->points = releve_alloc(count, sizeof *roster->points);
    roster->asked = releve_alloc(RELEVE_SERVICES_POINTS_MAX, sizeof *roster->asked);
    for (size_t i = 0; i < count; i++)
        roster->points[i].prm = prms[i];
    look(runtime);
}
