/* See point_reading.h. */
#include "point_reading.h"

static void end_question(struct releve_point_reading *reading)
{
    if (--reading->under_way == 0)
        reading->done(reading->data, &reading->failure);
}

static void on_recalled(void *data, const struct releve_error *error, const struct releve_point_record *record)
{
    struct releve_point_reading *reading = data;
    if (record != NULL)
        reading->look.record = *record;
    else
        reading->look.error = *error;
    end_question(reading);
}

static void on_checked(void *data, const struct releve_error *error)
{
    const struct releve_point_question *question = data;
    question->reading->look.days[question->kind].error = *error;
    end_question(question->reading);
}

/* A day that is missing between those that are stored: is its key free? Whatever else lies there counts as missing too.
 */
static void check_gaps(struct releve_point_question *question, const struct releve_coverage *coverage)
{
    struct releve_point_reading *reading = question->reading;
    const struct releve_point_days *days = &reading->look.days[question->kind];
    int stored = days->complete + days->partial + days->holes + days->pending;
    struct releve_span span = {days->first, days->last + 1};
    if (stored == 0 || stored == releve_span_days(span))
        return;
    reading->under_way++;
    releve_store_check_days(reading->store, reading->look.prm, question->kind, coverage, span, on_checked, question);
}

static void on_known(void *data, const struct releve_error *error, const struct releve_coverage *coverage,
                     const struct releve_point_facts *facts)
{
    struct releve_point_question *question = data;
    struct releve_point_reading *reading = question->reading;
    (void)facts; /* the record says more */
    if (error->code != RELEVE_OK) {
        reading->failure = *error;
    } else {
        releve_point_days_count(coverage, &reading->look.days[question->kind]);
        check_gaps(question, coverage);
    }
    end_question(reading);
}

void releve_point_reading_begin(struct releve_point_reading *reading, struct releve_store *store, releve_prm prm,
                                releve_day today, releve_time now, releve_store_done done, void *data)
{
    *reading =
        (struct releve_point_reading){.look = {.prm = prm, .now = now}, .store = store, .done = done, .data = data};
    reading->under_way = 1 + RELEVE_MEASURES;
    releve_store_recall(store, prm, on_recalled, reading);
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++) {
        const struct releve_job job = {.prm = prm, .kind = kind, .span = releve_kind_history(kind, today)};
        reading->questions[kind] = (struct releve_point_question){reading, kind};
        /* As of 1970: a day that is to be asked again is stored all the same. */
        releve_store_look_up(store, &job, 0, on_known, &reading->questions[kind]);
    }
}
