/* A quota: at most `limit` arrivals in any window of `span_ms`, for each of its windows.
 *
 * All functions may be called from any thread and from any callback. */
#ifndef RELEVE_QUOTA_H
#define RELEVE_QUOTA_H

#include <releve/calendar.h>
#include <releve/declare.h>
#include <releve/error.h>
#include <stddef.h>
#include <stdint.h>

RELEVE_DECLARE_BEGIN

#define RELEVE_QUOTA_WINDOWS_MAX 4
#define RELEVE_QUOTA_LIMIT_MAX 1000000
#define RELEVE_QUOTA_WINDOW_MS_MAX (24 * RELEVE_HOUR_MS)
#define RELEVE_QUOTA_TEXT 96
#define RELEVE_QUOTA_ENEDIS "5/1s,1000/1h" /* what Enedis grants to an application: all of its programs together */
#define RELEVE_QUOTA_CONSO "1/1s,200/1h"   /* modest: one quota of Enedis's is shared by all who use that gateway */

/* Requests in flight; the quota holds whatever it is. */
#define RELEVE_CONCURRENCY_MAX 256
#define RELEVE_CONCURRENCY_DEFAULT 16

struct releve_window {
    uint32_t limit;      /* arrivals: 1 to RELEVE_QUOTA_LIMIT_MAX */
    releve_time span_ms; /* length of the window: 1 to RELEVE_QUOTA_WINDOW_MS_MAX */
};

/* No window at all means no limit (`none`). */
struct releve_quota {
    size_t windows_count;
    struct releve_window windows[RELEVE_QUOTA_WINDOWS_MAX];
};

/* Reads "5/1s,1000/1h" or "none": at most RELEVE_QUOTA_WINDOWS_MAX windows, of a duration that is a whole number and
 * ms, s, m, h or d. RELEVE_OK, or RELEVE_E_CONFIG and *error where it is neither. */
enum releve_code releve_quota_parse(const char *text, struct releve_quota *quota, struct releve_error *error);

/* The canonical text: "5/1s,1000/1h", or "none". releve_quota_parse reads it again. */
void releve_quota_format(const struct releve_quota *quota, char out[RELEVE_QUOTA_TEXT]);

/* The longest window, in ms; 0 for `none`. */
releve_time releve_quota_longest_ms(const struct releve_quota *quota);

/* When the last of `requests` is granted by the ledger's rule, in ms from now, where each occupies the ledger from its
 * grant until `round_trip_ms` later plus the window. `used`: when the permits that count already are over, in ms from
 * now, ascending; may be NULL. RELEVE_TIME_NEVER where memory is short. */
releve_time releve_quota_makespan_ms(const struct releve_quota *quota, uint64_t requests, releve_time round_trip_ms,
                                     const releve_time *used, size_t used_count);

RELEVE_DECLARE_END

#endif
