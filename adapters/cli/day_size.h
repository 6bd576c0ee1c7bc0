/* What a stored day takes in Redis: its value, its key and Redis's own tables included. The one place of these figures:
 * releve plan and releve doctor reckon with them, README.md and docs/redis.md show them.
 *
 * Measured with bench/bytes.py (Redis 7.0, keys `releve:day:{<prm>}:<kind>:<date>`, the whole history of 40 usage
 * points of the simulator, all memory that the server used beyond that for one day). A longer prefix is not reckoned
 * with. */
#ifndef RELEVE_CLI_DAY_SIZE_H
#define RELEVE_CLI_DAY_SIZE_H

#include <releve/keep.h>
#include <releve/kind.h>
#include <stdint.h>

#define RELEVE_DAY_SIZE_CURVE_MINUTES 30 /* of a load curve whose interval is not known: that of most meters */
#define RELEVE_DAY_SIZE_TEXT 16          /* "1.2 GB" and its NUL, whatever the number */

/* Bytes of a complete day; of a load curve with so many minutes between its values: 10, 30 or 60, of which the next
 * shorter one counts for others. 0 for a document: it expires after a day. */
uint64_t releve_day_size(enum releve_kind kind, int minutes);

/* The same as of RELEVE_DAY_SIZE_CURVE_MINUTES, with what it takes that a day expires, where those of its kind do. */
uint64_t releve_day_size_kept(enum releve_kind kind, const struct releve_keep *keep);

/* What comes in a year of a usage point with consumption: its daily energy, maximal power and load curve. */
uint64_t releve_day_size_year(const struct releve_keep *keep);

/* "317 bytes", "1.2 GB": decimal units. */
void releve_day_size_format(uint64_t bytes, char out[RELEVE_DAY_SIZE_TEXT]);

#endif
