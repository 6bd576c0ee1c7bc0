/* Counters and bitmaps. */
#include "stats.h"
#include <assert.h>
#include <releve/memory.h>
#include <stdio.h>
#include <string.h>

#include <uthash.h>

#define BLOCK_DAYS 1024

struct block_key {
    releve_prm prm;
    int32_t number; /* day / BLOCK_DAYS */
    uint16_t kind, generation;
};
static_assert(sizeof(struct block_key) == 16, "no padding: the key is hashed as bytes");

struct sandbox_served_block {
    struct block_key key;
    uint8_t bits[BLOCK_DAYS / 8]; /* given without doubt */
    uint8_t *doubtful;            /* as many bits; NULL: none */
    UT_hash_handle hh;
};

void sandbox_stats_enter(struct sandbox_stats *stats)
{
    stats->in_flight++;
    if (stats->in_flight > stats->in_flight_max)
        stats->in_flight_max = stats->in_flight;
}

void sandbox_stats_leave(struct sandbox_stats *stats)
{
    assert(stats->in_flight > 0);
    stats->in_flight--;
}

void sandbox_stats_answer(struct sandbox_stats *stats, int route, const struct sandbox_answer *answer)
{
    assert(answer->status > 0 && answer->status < SANDBOX_STATUS_MAX);
    stats->requests++;
    if (route < 0)
        stats->elsewhere++;
    else
        stats->by_route[route]++;

    bool by_status = answer->spoiled == SANDBOX_UNSPOILED || answer->spoiled == SANDBOX_ERROR500 ||
                     answer->spoiled == SANDBOX_ERROR502HTML;
    int status = answer->counted_as > 0 ? answer->counted_as : answer->status;
    if (answer->disturbed != SANDBOX_UNSPOILED)
        stats->by_fault[answer->disturbed]++;
    if (!by_status)
        stats->by_fault[answer->spoiled]++;
    else if (status == 200)
        stats->ok++;
    else
        stats->by_status[status]++;
}

static struct sandbox_served_block *block_of(struct sandbox_stats *stats, const struct block_key *key)
{
    struct sandbox_served_block *block = NULL;
    HASH_FIND(hh, stats->blocks, key, sizeof *key, block);
    if (block != NULL || HASH_COUNT(stats->blocks) >= SANDBOX_SERVED_BLOCKS_MAX)
        return block;
    block = releve_alloc(1, sizeof *block);
    block->key = *key;
    HASH_ADD(hh, stats->blocks, key, sizeof block->key, block);
    return block;
}

static void note_day(struct sandbox_stats *stats, struct sandbox_served_block *block, releve_day day, bool doubtful)
{
    int byte = day % BLOCK_DAYS / 8;
    uint8_t bit = (uint8_t)(1u << (day % 8));
    bool given = block->bits[byte] & bit;
    bool perhaps = block->doubtful != NULL && (block->doubtful[byte] & bit);
    stats->days_served_twice += given;
    stats->days_served += !given && !perhaps;
    if (!doubtful) {
        block->bits[byte] |= bit;
    } else {
        if (block->doubtful == NULL)
            block->doubtful = releve_alloc(1, sizeof block->bits);
        block->doubtful[byte] |= bit;
    }
}

void sandbox_stats_served(struct sandbox_stats *stats, const struct sandbox_served *served)
{
    int left = served->days;
    struct sandbox_served_block *block = NULL;
    for (int i = 0; left > 0; i++) {
        assert(i < SANDBOX_SERVED_DAYS_MAX);
        if ((served->bits[i / 8] >> (i % 8) & 1) == 0)
            continue;
        left--;
        releve_day day = served->first + i;
        assert(day >= 0);
        struct block_key key = {served->prm, day / BLOCK_DAYS, (uint16_t)served->kind, (uint16_t)served->generation};
        if (block == NULL || block->key.number != key.number)
            block = block_of(stats, &key);
        if (block != NULL) {
            note_day(stats, block, day, served->doubtful[i / 8] >> (i % 8) & 1);
        } else {
            stats->days_unnoted = true;
            stats->days_served++;
        }
    }
}

void sandbox_stats_reset(struct sandbox_stats *stats)
{
    uint64_t in_flight = stats->in_flight;
    struct sandbox_served_block *block = stats->blocks;
    while (block != NULL) {
        struct sandbox_served_block *next = block->hh.next;
        HASH_DEL(stats->blocks, block); /* moves the head on. NOLINT(clang-analyzer-unix.Malloc) */
        free(block->doubtful);
        free(block);
        block = next;
    }
    *stats = (struct sandbox_stats){.in_flight = in_flight, .in_flight_max = in_flight};
}

static void add(cJSON *object, const char *name, uint64_t count)
{
    (void)cJSON_AddNumberToObject(object, name, (double)count);
}

static void add_errors(const struct sandbox_stats *stats, cJSON *errors)
{
    for (int status = 0; status < SANDBOX_STATUS_MAX; status++) {
        char name[8];
        (void)snprintf(name, sizeof name, "%d", status);
        if (stats->by_status[status] > 0)
            add(errors, name, stats->by_status[status]);
    }
}

static void add_faults(const struct sandbox_stats *stats, cJSON *faults, int first, int end)
{
    for (int fault = first; fault < end; fault++) {
        if (stats->by_fault[fault] > 0)
            add(faults, sandbox_fault_name((enum sandbox_fault)fault), stats->by_fault[fault]);
    }
}

/* {PRM: {KIND: requests}} of the usage points that are watched. */
static void add_watched(const struct sandbox_points *points, cJSON *json)
{
    cJSON *watched = NULL;
    for (const struct sandbox_point *point = points->table; point != NULL; point = point->hh.next) {
        char prm[RELEVE_PRM_TEXT];
        if (!point->watched)
            continue;
        if (watched == NULL)
            watched = cJSON_AddObjectToObject(json, "requests_of");
        releve_prm_format(point->prm, prm);
        cJSON *kinds = cJSON_AddObjectToObject(watched, prm);
        for (int kind = 0; kind < RELEVE_MEASURES; kind++) {
            if (point->requests[kind] > 0)
                add(kinds, releve_kind_facts((enum releve_kind)kind)->name, point->requests[kind]);
        }
        if (point->requests[RELEVE_MEASURES] > 0)
            add(kinds, "customer", point->requests[RELEVE_MEASURES]);
    }
}

static void add_windows(const struct releve_quota *quota, const uint64_t max_in_window[RELEVE_QUOTA_WINDOWS_MAX],
                        cJSON *json)
{
    cJSON *windows = cJSON_AddObjectToObject(json, "max_in_window");
    for (size_t i = 0; i < quota->windows_count; i++) {
        struct releve_quota one = {1, {quota->windows[i]}};
        char text[RELEVE_QUOTA_TEXT]; /* "5/1s": the window's own text follows the slash */
        releve_quota_format(&one, text);
        add(windows, strchr(text, '/') + 1, max_in_window[i]);
    }
}

/* {API: its own audit} of those that were asked. */
static void add_apis(const struct sandbox_audit *audit, cJSON *apis)
{
    for (int i = 0; i < SANDBOX_BUCKETS; i++) {
        const struct sandbox_arrivals *arrivals = &audit->arrivals[i];
        if (arrivals->requests == 0)
            continue;
        cJSON *api = cJSON_AddObjectToObject(apis, sandbox_bucket_name((enum sandbox_bucket)i));
        add(api, "requests", arrivals->requests);
        add(api, "violations", arrivals->violations);
        add_windows(&audit->quota, arrivals->max_in_window, api);
    }
}

cJSON *sandbox_stats_json(const struct sandbox_stats *stats, const struct sandbox_audit *audit,
                          const struct sandbox_points *points)
{
    cJSON *json = cJSON_CreateObject();
    add(json, "requests", stats->requests);
    add(json, "ok", stats->ok);
    cJSON *errors = cJSON_AddObjectToObject(json, "errors");
    add_errors(stats, errors);
    add_faults(stats, errors, 0, SANDBOX_SPOILING);
    add_faults(stats, cJSON_AddObjectToObject(json, "disturbed"), SANDBOX_SPOILING, SANDBOX_FAULTS);
    add(json, "violations", audit->violations);
    add_windows(&audit->quota, audit->max_in_window, json);
    add_apis(audit, cJSON_AddObjectToObject(json, "by_api"));
    add(json, "days_served", stats->days_served);
    add(json, "days_served_twice", stats->days_served_twice);
    add(json, "tokens", stats->tokens);
    cJSON *by_path = cJSON_AddObjectToObject(json, "by_path");
    for (int i = 0; i < SANDBOX_ROUTES; i++) {
        if (stats->by_route[i] > 0)
            add(by_path, sandbox_route(i)->path, stats->by_route[i]);
    }
    if (stats->elsewhere > 0)
        add(by_path, "other", stats->elsewhere);
    add_watched(points, json);
    add(json, "in_flight_max", stats->in_flight_max);
    if (stats->days_unnoted)
        (void)cJSON_AddTrueToObject(json, "days_unnoted");
    return json;
}
