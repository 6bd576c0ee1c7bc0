/* How long days are kept, kind by kind, where that is not for ever (RELEVE_KEEP).
 *
 * A day of N kept days is stored until N days after it, and asked for no later than that: what would be forgotten at
 * once is not fetched (law 2). All functions may be called from any thread and from any callback. */
#ifndef RELEVE_KEEP_H
#define RELEVE_KEEP_H

#include <releve/calendar.h>
#include <releve/declare.h>
#include <releve/error.h>
#include <releve/kind.h>
#include <releve/span.h>

RELEVE_DECLARE_BEGIN

/* What upstream says of a day may change for 15 days, and is asked for the last time on its 22nd (releve/core.h,
 * RELEVE_SETTLED_DAYS and RELEVE_SETTLED_TOGETHER_DAYS): forgotten before, it would be fetched as if it were new. */
#define RELEVE_KEEP_DAYS_MIN 30
#define RELEVE_KEEP_DAYS_MAX 3660 /* ten years: nothing older is looked for in Redis */
#define RELEVE_KEEP_TEXT 320      /* all measures, NUL included */

/* Zeroed: everything for ever. */
struct releve_keep {
    int days[RELEVE_KINDS]; /* 0: for ever; of a document always 0 */
};

/* Reads "consumption_load_curve:800d,daily:1200d": kinds that are measures, or groups of them; of two that name the
 * same kind the later one holds. RELEVE_OK, or RELEVE_E_CONFIG and *error where it is none. */
enum releve_code releve_keep_parse(const char *text, struct releve_keep *keep, struct releve_error *error);

/* The canonical text, kind by kind; "" where all is kept for ever. releve_keep_parse reads it again. */
void releve_keep_format(const struct releve_keep *keep, char out[RELEVE_KEEP_TEXT]);

/* The oldest day of that kind that is kept when today is `today`; RELEVE_DAY_NONE where none is too old. */
releve_day releve_keep_first(const struct releve_keep *keep, enum releve_kind kind, releve_day today);

/* releve_kind_history without what is not kept. */
struct releve_span releve_keep_history(const struct releve_keep *keep, enum releve_kind kind, releve_day today);

/* When a day that is kept for `keep_days` expires: ms since 1970. */
releve_time releve_keep_until(int keep_days, releve_day day);

RELEVE_DECLARE_END

#endif
