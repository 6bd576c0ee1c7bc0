/* See situation.h. One question after the other: whose data, each quota, the permits of measures, queues and workers,
 * counters. Of a cluster all but the quotas are at one node, that of the queue. What another one has is left out while
 * it is away. */
#include "situation.h"
#include "json_fields.h"
#include <releve/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void end(struct releve_situation *situation, const struct releve_error *error)
{
    situation->asks = RELEVE_SITUATION_NEEDED;
    situation->found(situation->data, error);
}

/* --- counters ---------------------------------------------------------------------------------------------------- */

/* What is neither is none of ours. */
static void on_counter(void *data, const char *name, uint64_t count)
{
    static const char granted[] = "granted:";
    struct releve_situation *situation = data;
    size_t prefix = strlen(granted);
    if (releve_meter_set(&situation->meter, name, count) || strncmp(name, granted, prefix) != 0 ||
        strlen(name) >= RELEVE_METER_NAME_BYTES || situation->granted_count == RELEVE_SITUATION_BUCKETS_MAX)
        return;
    struct releve_count *bucket = &situation->granted[situation->granted_count++];
    (void)snprintf(bucket->name, sizeof bucket->name, "%s", name + prefix);
    bucket->more = count;
}

static void on_counters(void *data, const struct releve_error *error)
{
    end(data, error);
}

/* --- queues and workers ------------------------------------------------------------------------------------------ */

static void on_overview(void *data, const struct releve_error *error, const char *text)
{
    struct releve_situation *situation = data;
    struct releve_error failure = *error;
    cJSON_Delete(situation->overview);
    situation->overview = error->code == RELEVE_OK ? cJSON_Parse(text) : NULL;
    if (failure.code == RELEVE_OK && situation->overview == NULL)
        releve_fail(&failure, RELEVE_E_REDIS, "the overview from Redis is no JSON");
    if (failure.code == RELEVE_OK)
        situation->pace =
            releve_pace_measure(situation->overview, &situation->config->quota, situation->over_ms, situation->permits);
    if (situation->families_count > 0 && !situation->known[0])
        situation->pace.left_ms = RELEVE_TIME_NEVER; /* it is the quota of measures that says so */
    if (failure.code != RELEVE_OK || !situation->counts) {
        end(situation, &failure);
        return;
    }
    situation->granted_count = 0;
    situation->meter = (struct releve_meter){.granted = {0}};
    releve_store_counters(situation->store, on_counter, on_counters, situation);
}

/* --- questions --------------------------------------------------------------------------------------------------- */

struct question {
    struct releve_situation *situation;
    uint64_t number;
};

static struct question *ask(struct releve_situation *situation)
{
    struct question *question = releve_alloc(1, sizeof *question);
    *question = (struct question){situation, ++situation->question};
    return question;
}

/* Whose look it is; NULL: that has gone on without this answer. */
static struct releve_situation *answered(void *data)
{
    struct question question = *(struct question *)data;
    free(data);
    return question.number == question.situation->question ? question.situation : NULL;
}

/* --- quotas ------------------------------------------------------------------------------------------------------ */

static const char *bucket_of(const struct releve_situation *situation, int family, char out[RELEVE_BUCKET_BYTES])
{
    releve_bucket_name(situation->families[family], situation->config->client_id, out);
    return out;
}

static bool is_away(const struct releve_situation *situation, int family)
{
    char bucket[RELEVE_BUCKET_BYTES];
    return releve_store_serves_queue(situation->store) &&
           !releve_store_serves_bucket(situation->store, bucket_of(situation, family, bucket));
}

static void ask_overview(struct releve_situation *situation)
{
    situation->asks = RELEVE_SITUATION_NEEDED;
    releve_store_overview(situation->store, on_overview, situation);
}

static void on_permits(void *data, const struct releve_error *error, const releve_time *over_ms, size_t count)
{
    struct releve_situation *situation = answered(data);
    if (situation == NULL)
        return;
    if (error->code != RELEVE_OK) {
        end(situation, error);
        return;
    }
    situation->over_ms = releve_alloc(count + 1, sizeof *over_ms);
    memcpy(situation->over_ms, over_ms, count * sizeof *over_ms);
    situation->permits = count;
    ask_overview(situation);
}

/* Of measures: nearly all requests are of those. */
static void ask_permits(struct releve_situation *situation)
{
    char bucket[RELEVE_BUCKET_BYTES];
    free(situation->over_ms);
    situation->over_ms = NULL;
    situation->permits = 0;
    if (situation->families_count == 0 || situation->config->quota.windows_count == 0 || !situation->known[0]) {
        ask_overview(situation);
        return;
    }
    situation->asks = RELEVE_SITUATION_PERMITS;
    releve_store_bucket_permits(situation->store, bucket_of(situation, 0, bucket), &situation->config->quota,
                                on_permits, ask(situation));
}

static void ask_usage(struct releve_situation *situation);

static void on_usage(void *data, const struct releve_error *error, const struct releve_ledger_usage *usage)
{
    struct releve_situation *situation = answered(data);
    if (situation == NULL)
        return;
    if (error->code != RELEVE_OK) {
        end(situation, error);
        return;
    }
    situation->known[situation->family] = true;
    situation->usages[situation->family++] = *usage;
    ask_usage(situation);
}

static void ask_usage(struct releve_situation *situation)
{
    char bucket[RELEVE_BUCKET_BYTES];
    while (situation->family < situation->families_count && is_away(situation, situation->family))
        situation->family++;
    if (situation->family == situation->families_count) {
        ask_permits(situation);
        return;
    }
    situation->asks = RELEVE_SITUATION_USAGES;
    releve_store_bucket_usage(situation->store, bucket_of(situation, situation->family, bucket),
                              &situation->config->quota, on_usage, ask(situation));
}

/* --- whose it is ------------------------------------------------------------------------------------------------- */

/* Of another upstream than the configured one is no failure here: a look is for finding that out. */
static void on_bound(void *data, const struct releve_error *error, const char *bound)
{
    struct releve_situation *situation = answered(data);
    char url[RELEVE_UPSTREAM_BYTES];
    if (situation == NULL)
        return;
    if (error->code != RELEVE_OK) {
        end(situation, error);
        return;
    }
    const char *known = bound != NULL ? releve_upstream_known(bound, url) : "";
    (void)snprintf(situation->upstream, sizeof situation->upstream, "%s",
                   known != NULL ? known : RELEVE_SITUATION_UNRECORDED);
    bool mismatched = situation->mismatch.code != RELEVE_OK;
    situation->mismatch = (struct releve_error){.code = RELEVE_OK};
    (void)releve_config_check_bound(situation->config, bound, &situation->mismatch);
    situation->mismatch_is_news = !mismatched && situation->mismatch.code != RELEVE_OK;
    ask_usage(situation);
}

static void ask_bound(struct releve_situation *situation)
{
    situation->asks = RELEVE_SITUATION_NEEDED;
    releve_store_bound_to(situation->store, on_bound, ask(situation));
}

void releve_situation_look(struct releve_situation *situation)
{
    situation->family = 0;
    memset(situation->known, 0, sizeof situation->known);
    situation->asks = RELEVE_SITUATION_NAMES;
    releve_store_bind(situation->store, NULL, on_bound, ask(situation));
}

bool releve_situation_go_on(struct releve_situation *situation)
{
    if (situation->asks == RELEVE_SITUATION_NEEDED || !releve_store_is_partly_away(situation->store))
        return false;
    if (situation->asks == RELEVE_SITUATION_NAMES) {
        ask_bound(situation);
    } else if (situation->asks == RELEVE_SITUATION_USAGES && is_away(situation, situation->family)) {
        ask_usage(situation);
    } else if (situation->asks == RELEVE_SITUATION_PERMITS && is_away(situation, 0)) {
        situation->known[0] = false;
        ask_permits(situation);
    } else {
        return false;
    }
    return true;
}

void releve_situation_open(struct releve_situation *situation)
{
    if (situation->config->client_id[0] != '\0')
        situation->families_count =
            releve_bucket_families(releve_config_dialect(situation->config), situation->families);
    if (situation->counts)
        situation->granted = releve_alloc(RELEVE_SITUATION_BUCKETS_MAX, sizeof *situation->granted);
}

void releve_situation_free(struct releve_situation *situation)
{
    cJSON_Delete(situation->overview);
    free(situation->granted);
    free(situation->over_ms);
}

/* --- as JSON ----------------------------------------------------------------------------------------------------- */

static cJSON *quota_json(const struct releve_situation *situation)
{
    const struct releve_quota *quota = &situation->config->quota;
    cJSON *list = cJSON_CreateArray();
    for (int i = 0; i < situation->families_count; i++) {
        const struct releve_ledger_usage *usage = &situation->usages[i];
        if (!situation->known[i])
            continue;
        cJSON *bucket = cJSON_CreateObject();
        cJSON_AddStringToObject(bucket, "bucket", situation->families[i]);
        cJSON *windows = cJSON_AddArrayToObject(bucket, "windows");
        for (size_t w = 0; w < quota->windows_count; w++) {
            cJSON *window = cJSON_CreateObject();
            cJSON_AddNumberToObject(window, "limit", quota->windows[w].limit);
            cJSON_AddNumberToObject(window, "ms", (double)quota->windows[w].span_ms);
            cJSON_AddNumberToObject(window, "used", usage->used[w]);
            cJSON_AddItemToArray(windows, window);
        }
        cJSON_AddNumberToObject(bucket, "next_ms", (double)usage->next_ms);
        cJSON_AddNumberToObject(bucket, "closed_ms", (double)usage->closed_ms);
        cJSON_AddItemToArray(list, bucket);
    }
    return list;
}

static void add_away(cJSON *json, struct releve_store *store)
{
    char name[RELEVE_REDIS_SEED_TEXT];
    cJSON *away = NULL;
    for (size_t i = 0; releve_store_away(store, i, name); i++) {
        if (away == NULL)
            away = cJSON_AddArrayToObject(json, "nodes_away");
        cJSON_AddItemToArray(away, cJSON_CreateString(name));
    }
}

static cJSON *processes_json(const struct releve_pace *pace)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "count", pace->processes);
    cJSON_AddNumberToObject(json, "requests_in_flight", (double)pace->in_flight);
    cJSON_AddNumberToObject(json, "away", pace->away);
    cJSON_AddNumberToObject(json, "away_ms", (double)pace->away_ms);
    cJSON_AddNumberToObject(json, "retry_ms", (double)pace->retry_ms);
    cJSON_AddNumberToObject(json, "redis_away", pace->redis_away);
    cJSON_AddNumberToObject(json, "redis_away_ms", (double)pace->redis_away_ms);
    if (pace->redis_away > 0)
        cJSON_AddStringToObject(json, "redis_why", pace->redis_why);
    return json;
}

cJSON *releve_situation_json(const struct releve_situation *situation)
{
    cJSON *json = releve_must(cJSON_Duplicate(situation->overview, true));
    const struct releve_pace *pace = &situation->pace;
    cJSON_AddItemToObject(json, "upstream",
                          situation->upstream[0] != '\0' ? cJSON_CreateString(situation->upstream)
                                                         : cJSON_CreateNull());
    cJSON_AddStringToObject(json, "version", RELEVE_VERSION);
    cJSON_AddStringToObject(json, "redis", situation->config->redis.address);
    cJSON_AddStringToObject(json, "prefix", situation->config->prefix);
    if (situation->mismatch.code != RELEVE_OK)
        cJSON_AddStringToObject(json, "mismatch", situation->mismatch.text);
    add_away(json, situation->store);
    releve_json_add_day(json, "today", releve_config_today(situation->config));
    cJSON_AddItemToObject(json, "quota", quota_json(situation));
    cJSON_AddItemToObject(json, "processes", processes_json(pace));
    cJSON_AddNumberToObject(json, "requests_left", (double)pace->requests_left);
    if (pace->left_ms != RELEVE_TIME_NEVER && !releve_pace_is_away(pace))
        cJSON_AddNumberToObject(json, "left_ms", (double)pace->left_ms);
    return json;
}
