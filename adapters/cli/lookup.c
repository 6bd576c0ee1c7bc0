/* Runs a loop with nothing on it but the store. */
#include "lookup.h"
#include "progress.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void releve_lookup_hide(struct releve_lookup *lookup, int fd)
{
    if (!lookup->shown || isatty(fd) != 1)
        return;
    fputs("\r\x1b[K", stderr);
    lookup->shown = false;
}

void releve_lookup_advance(struct releve_lookup *lookup, uint64_t done, uint64_t all)
{
    uint64_t now_ms = uv_now(&lookup->loop);
    if (now_ms - lookup->began_ms < RELEVE_LOOKUP_SILENT_MS ||
        now_ms - lookup->shown_ms < RELEVE_PROGRESS_TERMINAL_MS || isatty(STDERR_FILENO) != 1)
        return;
    releve_lookup_hide(lookup, STDERR_FILENO);
    fprintf(stderr, "read: %d %%, %" PRIu64 " of %" PRIu64, (int)(100 * done / all), done, all);
    lookup->shown_ms = now_ms;
    lookup->shown = true;
}

void releve_lookup_end(struct releve_lookup *lookup, const struct releve_error *error)
{
    if (lookup->ended)
        return;
    lookup->ended = true;
    releve_lookup_hide(lookup, STDERR_FILENO);
    if (error != NULL)
        lookup->error = *error;
    if (lookup->store != NULL)
        releve_store_close(lookup->store, NULL, NULL);
}

static void on_bound(void *data, const struct releve_error *error, const char *bound)
{
    struct releve_lookup *lookup = data;
    struct releve_error failure = *error;
    if (failure.code == RELEVE_OK)
        (void)releve_config_check_bound(lookup->config, bound, &failure);
    if (failure.code != RELEVE_OK)
        releve_lookup_end(lookup, &failure);
    else
        lookup->start(lookup->data);
}

static void on_ready(void *data, const struct releve_error *error)
{
    struct releve_lookup *lookup = data;
    if (error->code != RELEVE_OK)
        releve_lookup_end(lookup, error);
    else if (!lookup->ended && lookup->guarded && lookup->config->upstream[0] != '\0')
        releve_store_bind(lookup->store, NULL, on_bound, lookup);
    else if (!lookup->ended)
        lookup->start(lookup->data);
}

/* Nobody works on through a lost connection here, unless he says so: somebody waits for the answer. */
static void on_link(void *data, bool up, const char *why)
{
    struct releve_lookup *lookup = data;
    struct releve_error error;
    if (lookup->on_link != NULL)
        lookup->on_link(lookup->data, up, why);
    if (up || lookup->on_link != NULL)
        return;
    releve_fail(&error, RELEVE_E_REDIS, "Redis: %s", why);
    releve_lookup_end(lookup, &error);
}

static void on_wait(void *data, const char *line)
{
    struct releve_lookup *lookup = data;
    releve_lookup_hide(lookup, STDERR_FILENO);
    fprintf(stderr, "releve: %s\n", line);
}

/* What is waited for at the beginning. */
struct patience {
    releve_time start_ms;   /* 0: as store.h has it */
    bool begins_with_queue; /* of a cluster */
};

static enum releve_code run(struct releve_lookup *lookup, struct releve_config *config, bool guarded,
                            struct patience patience, void (*start)(void *data), void *data, struct releve_error *error)
{
    enum releve_code code = releve_config_start_redis(config, error);
    if (code != RELEVE_OK)
        return code;
    memset(lookup, 0, sizeof *lookup);
    lookup->config = config;
    lookup->guarded = guarded;
    lookup->start = start;
    lookup->data = data;
    uv_loop_init(&lookup->loop);
    lookup->began_ms = uv_now(&lookup->loop);
    struct releve_store_options options = {.redis = &config->redis,
                                           .prefix = config->prefix,
                                           .on_link = on_link,
                                           .on_wait = on_wait,
                                           .begins_with_queue = patience.begins_with_queue,
                                           .start_ms = patience.start_ms,
                                           .data = lookup};
    lookup->store = releve_store_open(&lookup->loop, &options, on_ready, lookup);
    (void)uv_run(&lookup->loop, UV_RUN_DEFAULT);
    *error = lookup->error;
    (void)uv_loop_close(&lookup->loop);
    return error->code;
}

enum releve_code releve_lookup_run(struct releve_lookup *lookup, struct releve_config *config, bool guarded,
                                   void (*start)(void *data), void *data, struct releve_error *error)
{
    return run(lookup, config, guarded, (struct patience){.start_ms = 0}, start, data, error);
}

enum releve_code releve_lookup_inspect(struct releve_lookup *lookup, struct releve_config *config,
                                       void (*start)(void *data), void *data, struct releve_error *error)
{
    return run(lookup, config, false, (struct patience){.start_ms = RELEVE_LOOKUP_INSPECT_MS}, start, data, error);
}

enum releve_code releve_lookup_glance(struct releve_lookup *lookup, struct releve_config *config,
                                      void (*start)(void *data), void *data, struct releve_error *error)
{
    return run(lookup, config, false, (struct patience){RELEVE_LOOKUP_INSPECT_MS, true}, start, data, error);
}
