/* A withdrawing meter has the two registers of a tariff of the supplier's, the one of the distributor, and the total; a
 * feeding one the total alone. */
#include "registers.h"
#include "bodies.h"
#include "chance.h"

#define SHARES 100          /* of the total, that the peak hours may have: */
#define PEAK_SHARE_LEAST 55 /* from so many ... */
#define PEAK_SHARES 21      /* ... to so many more */

/* Shares of the total; the total itself is all of it. */
struct counter {
    const char *head, *tail; /* what stands around its values */
    enum { PEAK, OFF_PEAK, TOTAL } part;
};

#define CLASS(id, label, code)                                                                            \
    "{\"idClasseTemporelle\":\"" id "\",\"libelleClasseTemporelle\":\"" label "\",\"codeCadran\":\"" code \
    "\",\"valeur\":["
#define CALENDAR(id, label) "{\"idCalendrier\":\"" id "\",\"libelleCalendrier\":\"" label "\",\"classeTemporelle\":["

static const struct counter withdrawing[] = {
    {"\"calendrier\":[" CALENDAR("FC000014", "Heures Pleines/Creuses") CLASS("HC", "Heures Creuses", "IDX_EAS_F1"),
     "]}", OFF_PEAK},
    {"," CLASS("HP", "Heures Pleines", "IDX_EAS_F2"), "]}]}", PEAK},
    {"," CALENDAR("DI000001", "Sans différenciation temporelle") CLASS("BASE", "Base", "IDX_EAS_D1"), "]}]}]", TOTAL},
    {",\"cadranTotalisateur\":{\"codeCadran\":\"IDX_EAS_T\",\"valeur\":[", "]}", TOTAL},
};

static const struct counter feeding[] = {
    {"\"calendrier\":[],\"cadranTotalisateur\":{\"codeCadran\":\"IDX_EAI_T\",\"valeur\":[", "]}", TOTAL},
};

static int64_t value_of(const struct counter *counter, int64_t total_wh, int peak_share)
{
    int64_t peak_wh = total_wh * peak_share / SHARES;
    return counter->part == TOTAL ? total_wh : counter->part == PEAK ? peak_wh : total_wh - peak_wh;
}

static void write_counter(const struct sandbox_measure *measure, const struct sandbox_series *series,
                          const struct counter *counter, int peak_share, struct releve_text *body)
{
    releve_text_puts(body, counter->head);
    for (size_t i = 0; i < series->count; i++) {
        const struct sandbox_reading *reading = &series->readings[i];
        releve_text_puts(body, i == 0 ? "{\"d\":\"" : ",{\"d\":\"");
        sandbox_body_write_stamp(measure, body, reading);
        releve_text_puts(body, "\",\"v\":\"");
        if (reading->absurd != NULL)
            releve_text_puts(body, reading->absurd);
        else
            releve_text_number(body, value_of(counter, reading->value, peak_share));
        releve_text_puts(body, "\",\"iv\":\"0\"}");
    }
    releve_text_puts(body, counter->tail);
}

void sandbox_registers_write(const struct sandbox_measure *measure, const struct sandbox_series *series,
                             struct releve_text *body)
{
    bool feeds = releve_kind_facts(measure->kind)->direction == RELEVE_PRODUCTION;
    const struct counter *counters = feeds ? feeding : withdrawing;
    size_t count = feeds ? sizeof feeding / sizeof feeding[0] : sizeof withdrawing / sizeof withdrawing[0];
    uint64_t own = sandbox_chance(measure->settings->seed, SANDBOX_TOPIC_REGISTERS, measure->asked.client.prm);
    releve_text_puts(body, "\"grandeur\":[],\"contexte\":[");
    if (series->count > 0) {
        releve_text_format(body,
                           "{\"etapeMetier\":\"BRUT\",\"contexteReleve\":\"COL\",\"typeReleve\":\"AQ\",\"grandeur\":["
                           "{\"grandeurMetier\":\"%s\",\"grandeurPhysique\":\"EA\",\"unite\":\"Wh\",",
                           feeds ? "PROD" : "CONS");
        for (size_t i = 0; i < count; i++)
            write_counter(measure, series, &counters[i], PEAK_SHARE_LEAST + (int)(own % PEAK_SHARES), body);
        releve_text_puts(body, "}]}");
    }
    releve_text_puts(body, "]}");
}
