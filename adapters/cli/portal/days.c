/* The days and documents of a usage point as they are stored, and which days there are. */
#include "arguments.h"
#include "portal.h"
#include <adapters/cli/series_look.h>
#include <adapters/cli/stored_day.h>
#include <engine/runtime/clock.h>
#include <releve/memory.h>
#include <stdio.h>
#include <stdlib.h>

#define DAYS_PER_ANSWER 400  /* a year and more; of load curves of 5 minutes some 1.6 MB */
#define DAYS_PER_QUESTION 25 /* that Redis reads in about 1 ms */

/* --- stored texts ------------------------------------------------------------------------------------------------- */

struct days_turn {
    struct releve_turn turn;
    struct releve_store *store;
    releve_prm prm;
    enum releve_kind kind;
    struct releve_span span;
    releve_day next; /* where the rest begins; RELEVE_DAY_NONE: this is all */
    bool is_single;  /* one day, or a document: its absence is an answer of its own */
    bool is_broken;  /* what is stored is nothing of ours */
    struct releve_text body;
};

static void release_days(struct releve_turn *turn)
{
    struct days_turn *days = (struct days_turn *)turn;
    releve_text_free(&days->body);
    free(days);
}

/* A day that is none has a line all the same: unknown is not absent. */
static void add_broken(struct days_turn *days, releve_day day)
{
    if (!days->is_broken) /* no usage point belongs into a log */
        fprintf(stderr, "releve: what is stored of %s is not always a %s: releve show names it\n",
                releve_kind_facts(days->kind)->name, releve_kind_is_document(days->kind) ? "document" : "day");
    days->is_broken = true;
    if (days->is_single)
        return;
    releve_text_puts(&days->body, "{\"prm\":\"");
    releve_text_prm(&days->body, days->prm);
    releve_text_format(&days->body, "\",\"kind\":\"%s\",\"date\":\"", releve_kind_facts(days->kind)->name);
    releve_text_day(&days->body, day);
    releve_text_puts(&days->body, "\",\"state\":\"unreadable\"}\n");
}

static void on_day(void *data, releve_day day, const char *text, size_t text_bytes)
{
    struct days_turn *days = data;
    struct releve_stored_day stored;
    if (releve_kind_is_document(days->kind)) {
        if (!releve_stored_document_write(&days->body, false, text, text_bytes))
            add_broken(days, day);
        return;
    }
    if (!releve_stored_day_read(days->prm, days->kind, day, text, text_bytes, &stored)) {
        add_broken(days, day);
        return;
    }
    releve_stored_day_write_json(&days->body, &stored, text, text_bytes);
    releve_text_byte(&days->body, '\n');
    releve_stored_day_free(&stored);
}

static void link_next(const struct days_turn *days)
{
    struct releve_text target = {.length = 0};
    releve_text_puts(&target, "/v1/points/");
    releve_text_prm(&target, days->prm);
    releve_text_format(&target, "/days/%s?start=", releve_kind_facts(days->kind)->name);
    releve_text_day(&target, days->next);
    releve_text_puts(&target, "&end=");
    releve_text_day(&target, days->span.end);
    releve_text_byte(&target, '\0');
    releve_web_link_next(days->turn.asked, target.bytes);
    releve_text_free(&target);
}

static void on_read(void *data, const struct releve_error *error)
{
    struct days_turn *days = data;
    if (error->code != RELEVE_OK)
        releve_turn_fail_redis(&days->turn, error);
    else if (days->is_single && days->is_broken)
        releve_turn_fail(&days->turn, 500, "What is stored there is no %s of this kind.",
                         releve_kind_is_document(days->kind) ? "document" : "day");
    else if (days->is_single && days->body.length == 0)
        releve_turn_fail(&days->turn, 404, "Nothing is stored of it.");
    else {
        if (days->next != RELEVE_DAY_NONE && days->turn.asked != NULL)
            link_next(days);
        releve_turn_answer(&days->turn, days->is_single ? RELEVE_WEB_JSON : RELEVE_WEB_NDJSON, days->body.bytes,
                           days->body.length);
    }
}

static void begin_days(struct releve_turn *turn)
{
    struct days_turn *days = (struct days_turn *)turn;
    struct releve_span span = days->span;
    if (days->next != RELEVE_DAY_NONE)
        span.end = days->next;
    releve_store_read_days(days->store, days->prm, days->kind, span, on_day, on_read, days);
}

static void read_days(struct releve_portal *portal, struct releve_web_asked *asked, releve_prm prm,
                      enum releve_kind kind, struct releve_span span, bool is_single)
{
    struct days_turn *days = releve_alloc(1, sizeof *days);
    *days = (struct days_turn){.turn.prm = prm,
                               .store = portal->store,
                               .prm = prm,
                               .kind = kind,
                               .span = span,
                               .next = RELEVE_DAY_NONE,
                               .is_single = is_single};
    int asked_for = releve_span_days(span);
    if (asked_for > DAYS_PER_ANSWER) {
        days->next = span.first + DAYS_PER_ANSWER;
        asked_for = DAYS_PER_ANSWER;
    }
    releve_turns_add(&portal->turns, &days->turn, asked, 1 + (unsigned)asked_for / DAYS_PER_QUESTION, begin_days,
                     release_days);
}

void releve_portal_days(void *data, struct releve_web_asked *asked)
{
    struct releve_portal *portal = data;
    releve_prm prm;
    enum releve_kind kind;
    struct releve_span span = {RELEVE_DAY_NONE, releve_config_today(portal->config)};
    if (!releve_argument_prm(asked, 0, &prm) || !releve_argument_measure(asked, 1, &kind))
        return;
    if (releve_web_parameter(asked, "start") == NULL) {
        releve_web_fail(asked, 400, "start is missing: the first day, YYYY-MM-DD.");
        return;
    }
    if (releve_argument_span(asked, RELEVE_SELECTION_DAYS_MAX, &span))
        read_days(portal, asked, prm, kind, span, false);
}

void releve_portal_day(void *data, struct releve_web_asked *asked)
{
    releve_prm prm;
    enum releve_kind kind;
    releve_day day;
    if (releve_argument_prm(asked, 0, &prm) && releve_argument_measure(asked, 1, &kind) &&
        releve_argument_day(asked, 2, &day))
        read_days(data, asked, prm, kind, (struct releve_span){day, day + 1}, true);
}

void releve_portal_document(void *data, struct releve_web_asked *asked)
{
    struct releve_portal *portal = data;
    releve_prm prm;
    enum releve_kind kind;
    if (releve_argument_prm(asked, 0, &prm) && releve_argument_document(asked, 1, &kind))
        read_days(portal, asked, prm, kind, releve_kind_history(kind, releve_config_today(portal->config)), true);
}

/* --- which days there are ----------------------------------------------------------------------------------------- */

struct coverage_turn {
    struct releve_turn turn;
    struct releve_store *store;
    struct releve_series_look look;
};

static void release_coverage(struct releve_turn *turn)
{
    free(turn);
}

static void on_looked(void *data, const struct releve_error *error)
{
    struct coverage_turn *coverage = data;
    char letters[RELEVE_SELECTION_DAYS_MAX + 1];
    if (error->code != RELEVE_OK) {
        releve_turn_fail_redis(&coverage->turn, error);
        return;
    }
    cJSON *json = releve_series_look_json(&coverage->look);
    releve_series_look_letters(&coverage->look, letters);
    cJSON_AddStringToObject(json, "states", letters);
    releve_turn_answer_json(&coverage->turn, json);
}

static void begin_coverage(struct releve_turn *turn)
{
    struct coverage_turn *coverage = (struct coverage_turn *)turn;
    releve_series_look_begin(&coverage->look, coverage->store, releve_clock_civil(turn->turns->config->today),
                             on_looked, coverage);
}

void releve_portal_coverage(void *data, struct releve_web_asked *asked)
{
    struct releve_portal *portal = data;
    releve_prm prm;
    enum releve_kind kind;
    if (!releve_argument_prm(asked, 0, &prm) || !releve_argument_measure(asked, 1, &kind))
        return;
    struct releve_span span = releve_config_history(portal->config, kind);
    if (!releve_argument_span(asked, RELEVE_JOB_DAYS_MAX, &span))
        return;
    struct coverage_turn *coverage = releve_alloc(1, sizeof *coverage);
    coverage->turn.prm = prm;
    coverage->store = portal->store;
    coverage->look.prm = prm;
    coverage->look.kind = kind;
    coverage->look.span = span;
    coverage->look.kept = releve_keep_first(&portal->config->keep, kind, releve_config_today(portal->config));
    releve_turns_add(&portal->turns, &coverage->turn, asked, 1, begin_coverage, release_coverage);
}
