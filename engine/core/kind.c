/* The table of kinds: names, and upstream's date rules (docs/enedis.md, Date rules). */
#include <assert.h>
#include <releve/kind.h>
#include <string.h>

#define CURVE_CALL_DAYS 7   /* longest range of a load curve request */
#define DAILY_CALL_DAYS 365 /* longest range of a daily request */
#define CURVE_HISTORY_MONTHS 24
#define DAILY_HISTORY_MONTHS 36
#define HISTORY_DAYS 15 /* added to either */

static const struct releve_kind_facts kinds[RELEVE_KINDS] = {
    [RELEVE_DAILY_CONSUMPTION] = {"daily_consumption", RELEVE_ENERGY, "Wh", RELEVE_CONSUMPTION, DAILY_CALL_DAYS,
                                  DAILY_HISTORY_MONTHS, HISTORY_DAYS},
    [RELEVE_CONSUMPTION_LOAD_CURVE] = {"consumption_load_curve", RELEVE_LOAD_CURVE, "W", RELEVE_CONSUMPTION,
                                       CURVE_CALL_DAYS, CURVE_HISTORY_MONTHS, HISTORY_DAYS},
    [RELEVE_DAILY_CONSUMPTION_MAX_POWER] = {"daily_consumption_max_power", RELEVE_MAX_POWER, "VA", RELEVE_CONSUMPTION,
                                            DAILY_CALL_DAYS, DAILY_HISTORY_MONTHS, HISTORY_DAYS},
    [RELEVE_DAILY_PRODUCTION] = {"daily_production", RELEVE_ENERGY, "Wh", RELEVE_PRODUCTION, DAILY_CALL_DAYS,
                                 DAILY_HISTORY_MONTHS, HISTORY_DAYS},
    [RELEVE_PRODUCTION_LOAD_CURVE] = {"production_load_curve", RELEVE_LOAD_CURVE, "W", RELEVE_PRODUCTION,
                                      CURVE_CALL_DAYS, CURVE_HISTORY_MONTHS, HISTORY_DAYS},
    [RELEVE_INDEX_CONSUMPTION] = {"index_consumption", RELEVE_REGISTERS, "Wh", RELEVE_CONSUMPTION, DAILY_CALL_DAYS,
                                  DAILY_HISTORY_MONTHS, HISTORY_DAYS},
    [RELEVE_INDEX_PRODUCTION] = {"index_production", RELEVE_REGISTERS, "Wh", RELEVE_PRODUCTION, DAILY_CALL_DAYS,
                                 DAILY_HISTORY_MONTHS, HISTORY_DAYS},
    [RELEVE_CONTRACTS] = {"contracts", RELEVE_DOCUMENT, NULL, RELEVE_DOCUMENTS, 1, 0, 0},
    [RELEVE_ADDRESSES] = {"addresses", RELEVE_DOCUMENT, NULL, RELEVE_DOCUMENTS, 1, 0, 0},
    [RELEVE_IDENTITY] = {"identity", RELEVE_DOCUMENT, NULL, RELEVE_DOCUMENTS, 1, 0, 0},
    [RELEVE_CONTACT_DATA] = {"contact_data", RELEVE_DOCUMENT, NULL, RELEVE_DOCUMENTS, 1, 0, 0},
};

const char *releve_direction_name(enum releve_direction direction)
{
    static const char *const names[RELEVE_ASPECTS] = {"consumption", "production", "documents"};
    assert(direction < RELEVE_ASPECTS);
    return names[direction];
}

const struct releve_kind_facts *releve_kind_facts(enum releve_kind kind)
{
    assert(kind < RELEVE_KINDS);
    return &kinds[kind];
}

bool releve_kind_is_document(enum releve_kind kind)
{
    return releve_kind_facts(kind)->quantity == RELEVE_DOCUMENT;
}

bool releve_kind_parse(const char *text, size_t length, enum releve_kind *kind)
{
    for (int i = 0; i < RELEVE_KINDS; i++) {
        if (strlen(kinds[i].name) == length && memcmp(kinds[i].name, text, length) == 0) {
            *kind = (enum releve_kind)i;
            return true;
        }
    }
    return false;
}

static const struct {
    const char *name;
    releve_kinds kinds;
} groups[RELEVE_KINDS_GROUPS] = {
    {"all", RELEVE_KINDS_OF_ALL},
    {"consumption", RELEVE_KIND_BIT(RELEVE_DAILY_CONSUMPTION) | RELEVE_KIND_BIT(RELEVE_CONSUMPTION_LOAD_CURVE) |
                        RELEVE_KIND_BIT(RELEVE_DAILY_CONSUMPTION_MAX_POWER)},
    {"production", RELEVE_KIND_BIT(RELEVE_DAILY_PRODUCTION) | RELEVE_KIND_BIT(RELEVE_PRODUCTION_LOAD_CURVE)},
    {"daily", RELEVE_KIND_BIT(RELEVE_DAILY_CONSUMPTION) | RELEVE_KIND_BIT(RELEVE_DAILY_CONSUMPTION_MAX_POWER) |
                  RELEVE_KIND_BIT(RELEVE_DAILY_PRODUCTION)},
    {"curves", RELEVE_KIND_BIT(RELEVE_CONSUMPTION_LOAD_CURVE) | RELEVE_KIND_BIT(RELEVE_PRODUCTION_LOAD_CURVE)},
};

bool releve_kinds_parse(const char *text, size_t length, releve_kinds *named)
{
    enum releve_kind kind;
    *named = 0;
    if (releve_kind_parse(text, length, &kind))
        *named = RELEVE_KIND_BIT(kind);
    for (int i = 0; i < RELEVE_KINDS_GROUPS; i++)
        if (strlen(groups[i].name) == length && memcmp(groups[i].name, text, length) == 0)
            *named = groups[i].kinds;
    return *named != 0;
}

const char *releve_kinds_word(int number)
{
    assert(number >= 0 && number < RELEVE_KINDS_WORDS);
    return number < RELEVE_KINDS ? kinds[number].name : groups[number - RELEVE_KINDS].name;
}

struct releve_span releve_kind_history(enum releve_kind kind, releve_day today)
{
    const struct releve_kind_facts *facts = releve_kind_facts(kind);
    if (facts->quantity == RELEVE_DOCUMENT)
        return RELEVE_DOCUMENT_SPAN;
    releve_day first = releve_day_add_months(today, -facts->history_months) - facts->history_days;
    assert(today - first <= RELEVE_JOB_DAYS_MAX);
    return (struct releve_span){first, today};
}
