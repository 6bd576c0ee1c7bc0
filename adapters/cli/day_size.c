/* See day_size.h. */
#include "day_size.h"
#include <inttypes.h>
#include <stdio.h>

#define EXPIRY_BYTES \
    45 /* of a key that expires: an entry of a second table (EXPIREAT of 44 000 keys, by INFO memory) */
#define YEAR_DAYS 365

/* bench/bytes.py prints these, in this order. */
#define DAILY_CONSUMPTION_BYTES 317
#define MAX_POWER_BYTES 397
#define DAILY_PRODUCTION_BYTES 314
#define REGISTERS_BYTES 765 /* of a meter with four */
/* Curves: PT10M, PT30M, PT60M. At night nothing is produced, and a 0 is short. */
static const uint64_t consumption_curve_bytes[] = {1044, 589, 468};
static const uint64_t production_curve_bytes[] = {853, 521, 446};

uint64_t releve_day_size(enum releve_kind kind, int minutes)
{
    int interval = minutes < 30 ? 0 : minutes < 60 ? 1 : 2;
    switch (releve_kind_facts(kind)->quantity) {
    case RELEVE_ENERGY:
        return kind == RELEVE_DAILY_PRODUCTION ? DAILY_PRODUCTION_BYTES : DAILY_CONSUMPTION_BYTES;
    case RELEVE_LOAD_CURVE:
        return (kind == RELEVE_PRODUCTION_LOAD_CURVE ? production_curve_bytes : consumption_curve_bytes)[interval];
    case RELEVE_MAX_POWER:
        return MAX_POWER_BYTES;
    case RELEVE_REGISTERS:
        return REGISTERS_BYTES;
    case RELEVE_DOCUMENT:
        break;
    }
    return 0;
}

uint64_t releve_day_size_kept(enum releve_kind kind, const struct releve_keep *keep)
{
    return releve_day_size(kind, RELEVE_DAY_SIZE_CURVE_MINUTES) + (keep->days[kind] > 0 ? EXPIRY_BYTES : 0);
}

uint64_t releve_day_size_year(const struct releve_keep *keep)
{
    static const enum releve_kind kinds[] = {RELEVE_DAILY_CONSUMPTION, RELEVE_DAILY_CONSUMPTION_MAX_POWER,
                                             RELEVE_CONSUMPTION_LOAD_CURVE};
    uint64_t bytes = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        int kept = keep->days[kinds[i]]; /* no more than so many ever stand there */
        bytes += (uint64_t)(kept > 0 && kept < YEAR_DAYS ? kept : YEAR_DAYS) * releve_day_size_kept(kinds[i], keep);
    }
    return bytes;
}

void releve_day_size_format(uint64_t bytes, char out[RELEVE_DAY_SIZE_TEXT])
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    double number = (double)bytes / 1e3;
    size_t unit = 0;
    for (; number >= 999.5 && unit + 1 < sizeof units / sizeof units[0]; unit++)
        number /= 1e3;
    if (bytes < 1000)
        (void)snprintf(out, RELEVE_DAY_SIZE_TEXT, "%" PRIu64 " bytes", bytes);
    else
        (void)snprintf(out, RELEVE_DAY_SIZE_TEXT, number < 9.95 ? "%.1f %s" : "%.0f %s", number, units[unit]);
}
