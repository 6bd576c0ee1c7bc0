/* Is Redis fit to hold the days and, above all, the ledger of the quota? */
#include "doctor.h"
#include "progress.h"
#include "selection.h"
#include <adapters/redis/store.h>
#include <engine/runtime/upstream.h>
#include <releve/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void releve_doctor_info(const char *info, const char *name, char out[DOCTOR_VALUE_BYTES])
{
    size_t length = strlen(name);
    out[0] = '\0';
    for (const char *line = info; line != NULL && *line != '\0'; line = strchr(line, '\n'), line += line != NULL)
        if (strncmp(line, name, length) == 0 && line[length] == ':')
            (void)snprintf(out, DOCTOR_VALUE_BYTES, "%.*s", (int)strcspn(line + length + 1, "\r\n"), line + length + 1);
}

double releve_doctor_info_number(const char *info, const char *name)
{
    char value[DOCTOR_VALUE_BYTES];
    releve_doctor_info(info, name, value);
    return strtod(value, NULL);
}

static void end_lookup(struct doctor *doctor, const struct releve_error *error)
{
    releve_lookup_end(&doctor->lookup, error);
}

static void ask_usage(struct doctor *doctor);

static void on_usage(void *data, const struct releve_error *error, const struct releve_ledger_usage *usage)
{
    struct doctor *doctor = data;
    char text[RELEVE_USAGE_TEXT];
    if (error->code != RELEVE_OK) {
        end_lookup(doctor, error);
        return;
    }
    doctor->waits_ms[doctor->family] = usage->closed_ms > usage->next_ms ? usage->closed_ms : usage->next_ms;
    const char *family = doctor->families[doctor->family++];
    releve_usage_format(&doctor->config.quota, usage->used, usage->next_ms, usage->closed_ms, text);
    if (usage->closed_ms > 0)
        DOUBTFUL(doctor, "quota", "%s: %s", family, text);
    else if (doctor->family == 1 ||
             usage->used[doctor->config.quota.windows_count - 1] > 0) /* of the others, the used */
        OK(doctor, "quota", "%s: %s", family, text);
    ask_usage(doctor);
}

static void on_stricter(void *data, const struct releve_error *error, const char *stricter)
{
    struct doctor *doctor = data;
    char own[RELEVE_QUOTA_TEXT];
    if (error->code == RELEVE_OK && *stricter != '\0') {
        releve_quota_format(&doctor->config.quota, own);
        DOUBTFUL(doctor, "quota",
                 "RELEVE_QUOTA is %s here, and others of this ledger keep to %s: give all of them the same", own,
                 stricter);
    }
    end_lookup(doctor, error);
}

static void ask_usage(struct doctor *doctor)
{
    char bucket[RELEVE_BUCKET_BYTES];
    struct releve_store *store = doctor->lookup.store;
    bool all = doctor->family == doctor->families_count;
    releve_bucket_name(doctor->families[all ? 0 : doctor->family], doctor->config.client_id, bucket);
    if (all)
        releve_store_bucket_stricter(store, bucket, &doctor->config.quota, on_stricter, doctor);
    else
        releve_store_bucket_usage(store, bucket, &doctor->config.quota, on_usage, doctor);
}

/* Whose quota it is, nobody knows without a CLIENT_ID. */
static void begin_quota(struct doctor *doctor)
{
    if (doctor->config.quota.windows_count == 0)
        DOUBTFUL(doctor, "quota", "RELEVE_QUOTA is none: nothing keeps requests back");
    if (doctor->config.client_id[0] == '\0' || doctor->config.quota.windows_count == 0) {
        end_lookup(doctor, NULL);
        return;
    }
    doctor->families_count = releve_bucket_families(releve_config_dialect(&doctor->config), doctor->families);
    ask_usage(doctor);
}

static void on_bound(void *data, const struct releve_error *error, const char *bound)
{
    struct doctor *doctor = data;
    struct releve_error mismatch;
    char url[RELEVE_UPSTREAM_BYTES];
    if (error->code != RELEVE_OK) {
        end_lookup(doctor, error);
        return;
    }
    const char *known = bound != NULL ? releve_upstream_known(bound, url) : NULL;
    doctor->mismatched = releve_config_check_bound(&doctor->config, bound, &mismatch) != RELEVE_OK;
    if (doctor->mismatched)
        BAD(doctor, RELEVE_E_CONFIG, "data", "%s", mismatch.text);
    else if (bound == NULL)
        OK(doctor, "data", "none under this prefix yet");
    else
        OK(doctor, "data", "of %s", known != NULL ? known : "an upstream that an earlier release did not record");
    begin_quota(doctor);
}

static bool count_point(void *data, releve_prm prm)
{
    return releve_prm_list_add(&((struct doctor *)data)->points, prm, RELEVE_SELECTION_POINTS_MAX);
}

/* Of more usage points than a list holds, so many count. A cluster spreads them evenly, about. */
static void on_counted(void *data, const struct releve_error *error)
{
    struct doctor *doctor = data;
    size_t nodes = doctor->masters_count;
    releve_prm_list_close(&doctor->points);
    for (size_t i = 0; error->code == RELEVE_OK && i < nodes; i++)
        releve_doctor_memory(doctor, doctor->nodes[i].title, doctor->nodes[i].info,
                             (doctor->points.count + nodes - 1) / nodes);
    free(doctor->points.prms);
    if (error->code == RELEVE_OK)
        releve_store_bind(doctor->lookup.store, NULL, on_bound, doctor);
    else
        end_lookup(doctor, error);
}

/* All keys are gone through for what grows, only where there is a limit to compare it with. */
static void on_infos(void *data, const struct releve_error *error)
{
    struct doctor *doctor = data;
    bool limited = false;
    if (error->code != RELEVE_OK) {
        end_lookup(doctor, error);
        return;
    }
    for (size_t i = 0; i < doctor->nodes_count; i++)
        limited = limited || releve_doctor_memory_limit(doctor->nodes[i].info) > 0;
    if (limited)
        releve_store_known_points(doctor->lookup.store, count_point, on_counted, doctor);
    else
        on_counted(doctor, error);
}

static void start_redis(void *data)
{
    struct doctor *doctor = data;
    const struct releve_redis_url *redis = &doctor->config.redis;
    if (redis->where == RELEVE_REDIS_CLUSTER)
        OK(doctor, "Redis", "a cluster at %s, prefix %s; of its masters:", redis->address, doctor->config.prefix);
    releve_store_each_info(doctor->lookup.store, releve_doctor_node, on_infos, doctor);
}

bool releve_doctor_redis(struct doctor *doctor)
{
    struct releve_error error;
    bool asked = releve_lookup_inspect(&doctor->lookup, &doctor->config, start_redis, doctor, &error) == RELEVE_OK;
    if (asked) {
        releve_doctor_bystanders(doctor);
        releve_doctor_nodes_clocks(doctor);
    } else {
        BAD(doctor, error.code, "Redis", "%s", error.text);
    }
    releve_doctor_nodes_free(doctor);
    return asked;
}
