/* What can be asked about a usage point, and upstream's date rules for each.
 *
 * All functions may be called from any thread and from any callback. Strings that they return are constants. A `kind`
 * is below RELEVE_KINDS, a `direction` below RELEVE_ASPECTS. */
#ifndef RELEVE_KIND_H
#define RELEVE_KIND_H

#include <releve/calendar.h>
#include <releve/declare.h>
#include <releve/span.h>
#include <stdbool.h>
#include <stddef.h>

RELEVE_DECLARE_BEGIN

enum releve_kind {
    RELEVE_DAILY_CONSUMPTION,
    RELEVE_CONSUMPTION_LOAD_CURVE,
    RELEVE_DAILY_CONSUMPTION_MAX_POWER,
    RELEVE_DAILY_PRODUCTION,
    RELEVE_PRODUCTION_LOAD_CURVE,
    RELEVE_INDEX_CONSUMPTION, /* the meter's registers; from here on, not part of "all" */
    RELEVE_INDEX_PRODUCTION,
    RELEVE_MEASURES, /* how many kinds are measures: they have days */
    RELEVE_CONTRACTS = RELEVE_MEASURES,
    RELEVE_ADDRESSES,
    RELEVE_IDENTITY,
    RELEVE_CONTACT_DATA,
    RELEVE_KINDS
};

/* Which way the energy goes. What upstream says of one direction of a usage point holds for that direction only. */
enum releve_direction {
    RELEVE_CONSUMPTION,
    RELEVE_PRODUCTION,
    RELEVE_DIRECTIONS,
    RELEVE_DOCUMENTS = RELEVE_DIRECTIONS, /* of no direction: what is said of documents stays theirs */
    RELEVE_ASPECTS
};

/* "consumption", "production", "documents". */
const char *releve_direction_name(enum releve_direction direction);

/* A set of kinds: bit k is kind k. */
typedef uint32_t releve_kinds;
#define RELEVE_KIND_BIT(kind) (1u << (unsigned)(kind))
#define RELEVE_ALL_MEASURES (RELEVE_KIND_BIT(RELEVE_MEASURES) - 1u)
#define RELEVE_KINDS_OF_ALL (RELEVE_KIND_BIT(RELEVE_INDEX_CONSUMPTION) - 1u) /* what "all" means; the default */

/* A document has no days. In plans, coverages and results it is one day without a date. */
#define RELEVE_DOCUMENT_DAY ((releve_day)0)
#define RELEVE_DOCUMENT_SPAN ((struct releve_span){RELEVE_DOCUMENT_DAY, RELEVE_DOCUMENT_DAY + 1})

enum releve_quantity { RELEVE_ENERGY, RELEVE_LOAD_CURVE, RELEVE_MAX_POWER, RELEVE_REGISTERS, RELEVE_DOCUMENT };

struct releve_kind_facts {
    const char *name;              /* the v5 name where there is one, used everywhere in this project */
    enum releve_quantity quantity; /* what a day of it holds */
    const char *unit;              /* "Wh", "W", "VA"; NULL for documents */
    enum releve_direction direction;
    int call_days_max;  /* longest range of one request, in days; 1 for documents */
    int history_months; /* deepest history: months ... */
    int history_days;   /* ... plus days before today */
};

/* Never NULL; constant. Source: Enedis's specifications, both generations. */
const struct releve_kind_facts *releve_kind_facts(enum releve_kind kind);
/* Else it is a measure, and has days. */
bool releve_kind_is_document(enum releve_kind kind);
/* Reads exactly `length` bytes as the name of a kind. False, and *kind untouched, where they are none. */
bool releve_kind_parse(const char *text, size_t length, enum releve_kind *kind);

/* Reads what people call a kind or several of them (exactly `length` bytes): its name, or that of a group ("all",
 * "consumption", "production", "daily", "curves"). Registers and documents are in none: they are named. False, and
 * *named 0, where it is nothing of it. */
bool releve_kinds_parse(const char *text, size_t length, releve_kinds *named);
#define RELEVE_KINDS_GROUPS 5
#define RELEVE_KINDS_WORDS (RELEVE_KINDS + RELEVE_KINDS_GROUPS)
/* The words that it takes, `number` 0 to RELEVE_KINDS_WORDS - 1: names, then groups. */
const char *releve_kinds_word(int number);
/* The same for a message that says what would have been right. */
#define RELEVE_KINDS_TEXT                                                                                \
    "daily_consumption, consumption_load_curve, daily_consumption_max_power, daily_production, "         \
    "production_load_curve; consumption, production, daily, curves, all (of these); index_consumption, " \
    "index_production; contracts, addresses, identity, contact_data"

/* Days that upstream can serve for a measure when today is `today`: from its deepest history to
 * yesterday. `end` of the result is `today`. RELEVE_DOCUMENT_SPAN for a document. */
struct releve_span releve_kind_history(enum releve_kind kind, releve_day today);

#define RELEVE_JOB_DAYS_MAX 1128 /* 36 months + 15 days never hold more; a job has at most so many */

RELEVE_DECLARE_END

#endif
