/* What was granted and how jobs ended in the last day, slot by slot (docs/redis.md, {releve}:history). */
#include "portal.h"
#include <adapters/cli/json_fields.h>
#include <engine/runtime/bucket.h>
#include <engine/runtime/clock.h>
#include <releve/job.h>
#include <releve/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS (RELEVE_HISTORY_SLOTS + 1) /* the running one is not over */
#define FAMILY_BYTES 64

struct history_turn {
    struct releve_turn turn;
    struct releve_store *store;
    char application[RELEVE_BUCKET_BYTES]; /* "@1a2b3c4d": whose permits are shown; "" all */
    releve_time first;                     /* the number of the first slot */
    cJSON *slots[SLOTS];
};

static void release(struct releve_turn *turn)
{
    struct history_turn *history = (struct history_turn *)turn;
    for (size_t i = 0; i < SLOTS; i++)
        cJSON_Delete(history->slots[i]);
    free(history);
}

static void add_count(cJSON *counts, const char *name, uint64_t count)
{
    cJSON *there = cJSON_GetObjectItemCaseSensitive(counts, name);
    if (there != NULL)
        cJSON_SetNumberValue(there, there->valuedouble + (double)count);
    else
        cJSON_AddNumberToObject(counts, name, (double)count);
}

/* "measures@1a2b3c4d": the permits of an API. */
static void add_granted(struct history_turn *history, cJSON *slot, const char *bucket, uint64_t count)
{
    char family[FAMILY_BYTES];
    const char *digest = strchr(bucket, '@');
    if (digest == NULL || digest - bucket >= FAMILY_BYTES ||
        (history->application[0] != '\0' && strcmp(digest, history->application) != 0))
        return;
    (void)snprintf(family, sizeof family, "%.*s", (int)(digest - bucket), bucket);
    add_count(cJSON_GetObjectItemCaseSensitive(slot, "granted"), family, count);
}

/* Anybody can write to Redis: what is none of ours is left out. */
static void on_count(void *data, const char *name, uint64_t count)
{
    struct history_turn *history = data;
    char *end;
    long long slot = strtoll(name, &end, 10);
    enum releve_job_state state;
    if (*end != ':' || slot < history->first || slot >= history->first + SLOTS)
        return;
    cJSON *of = history->slots[slot - history->first];
    if (strncmp(end, ":granted:", 9) == 0)
        add_granted(history, of, end + 9, count);
    for (state = 0; strncmp(end, ":jobs:", 6) == 0 && state < RELEVE_JOB_STATES; state++)
        if (strcmp(end + 6, releve_job_state_name(state)) == 0)
            add_count(cJSON_GetObjectItemCaseSensitive(of, "jobs"), end + 6, count);
}

static void on_counts(void *data, const struct releve_error *error)
{
    struct history_turn *history = data;
    if (error->code != RELEVE_OK) {
        releve_turn_fail_redis(&history->turn, error);
        return;
    }
    cJSON *json = cJSON_CreateObject(), *slots = cJSON_CreateArray();
    cJSON_AddNumberToObject(json, "slot_s", (double)RELEVE_HISTORY_SLOT_MS / RELEVE_SECOND_MS);
    cJSON_AddItemToObject(json, "slots", slots);
    for (size_t i = 0; i < SLOTS; i++) {
        cJSON_AddItemToArray(slots, history->slots[i]);
        history->slots[i] = NULL;
    }
    releve_turn_answer_json(&history->turn, json);
}

static void begin(struct releve_turn *turn)
{
    struct history_turn *history = (struct history_turn *)turn;
    releve_store_history(history->store, on_count, on_counts, history);
}

void releve_portal_history(void *data, struct releve_web_asked *asked)
{
    struct releve_portal *portal = data;
    struct history_turn *history = releve_alloc(1, sizeof *history);
    *history = (struct history_turn){.store = portal->store};
    if (portal->config->client_id[0] != '\0')
        releve_bucket_name("", portal->config->client_id, history->application);
    /* Slots are numbered by Redis's clock, whatever RELEVE_TODAY pretends. */
    history->first = releve_clock_civil(RELEVE_DAY_NONE) / RELEVE_HISTORY_SLOT_MS - RELEVE_HISTORY_SLOTS;
    for (size_t i = 0; i < SLOTS; i++) {
        cJSON *slot = history->slots[i] = cJSON_CreateObject();
        releve_json_add_time(slot, "at", (history->first + (releve_time)i) * RELEVE_HISTORY_SLOT_MS);
        cJSON_AddObjectToObject(slot, "granted");
        cJSON_AddObjectToObject(slot, "jobs");
    }
    releve_turns_add(&portal->turns, &history->turn, asked, 2, begin, release);
}
