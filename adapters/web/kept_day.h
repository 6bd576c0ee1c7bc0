/* A day as it stands in Redis (docs/redis.md), read back into what upstream had said. Anybody who can write to Redis
 * can write one: what is no day of that kind is refused whole, as no part of it can be trusted then. */
#ifndef RELEVE_WEB_KEPT_DAY_H
#define RELEVE_WEB_KEPT_DAY_H

#include <cjson/cJSON.h>
#include <releve/kind.h>
#include <releve/reading.h>
#include <stdbool.h>

#define RELEVE_KEPT_DAY_BYTES_MAX (64 * 1024) /* a curve of 5 minutes has 4 kB */

struct releve_kept_day {
    bool has_reading;                   /* else upstream has nothing of it: a hole, or it is pending */
    struct releve_reading reading;      /* points into this struct, and into the JSON */
    char quality[RELEVE_QUALITY_BYTES]; /* "BRUT"; "" where it is none */

    /* Private. */
    cJSON *json;
    struct releve_interval intervals[RELEVE_INTERVALS_MAX];
    struct releve_register registers[RELEVE_REGISTERS_MAX];
};

/* False where the text is no day of that kind, which is a measure; then there is nothing to free. `kept` must not move
 * while it is used. */
bool releve_kept_day_read(enum releve_kind kind, releve_day day, const char *text, size_t text_bytes,
                          struct releve_kept_day *kept);

void releve_kept_day_free(struct releve_kept_day *kept);

#endif
