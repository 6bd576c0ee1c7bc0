/* What was learned of a usage point and outlives the run that learned it: a hash of fields, each with when. */
#include <adapters/redis/facts.h>
#include <adapters/redis/store_internal.h>
#include <stdio.h>
#include <string.h>

/* A refusal is written in three fields: the reason's code and text, and since when. */
struct refusal_fields {
    const char *code, *text, *at; /* what their names begin with */
};
static const struct refusal_fields refused = {"refused_code", "refused_text", "refused_at"};
static const struct refusal_fields absent = {"absent:", "absent_text:", "absent_at:"}; /* then the kind's name */

/* The value of the field `first``rest` in the {field, value, ...} of HGETALL; "" where it is not there. */
static const char *field_of(const redisReply *fields, const char *first, const char *rest)
{
    size_t length = strlen(first);
    for (size_t i = 0; i + 1 < fields->elements; i += 2) {
        const char *name = fields->element[i]->str;
        if (strncmp(name, first, length) == 0 && strcmp(name + length, rest) == 0)
            return fields->element[i + 1]->str;
    }
    return "";
}

/* Stamps are ISO texts in UTC: they compare as the times do. */
static bool holds(const char *since, releve_time now, releve_time holds_ms)
{
    char oldest[RELEVE_TIME_TEXT];
    releve_utc_format(now - holds_ms, oldest);
    return strcmp(since, oldest) > 0;
}

static releve_day day_of(const char *text)
{
    releve_day day = RELEVE_DAY_NONE;
    (void)releve_day_parse(text, strlen(text), &day);
    return day;
}

static struct releve_floor floor_of(const redisReply *fields, const char *name)
{
    return (struct releve_floor){day_of(field_of(fields, name, "_after")), day_of(field_of(fields, name, "_first"))};
}

/* Reads a refusal; false where there is none, or it is too old. */
static bool refusal_of(const redisReply *fields, const struct refusal_fields *names, const char *of, releve_time now,
                       releve_time holds_ms, struct releve_reason *reason)
{
    if (!holds(field_of(fields, names->at, of), now, holds_ms))
        return false;
    (void)snprintf(reason->code, sizeof reason->code, "%s", field_of(fields, names->code, of));
    (void)snprintf(reason->text, sizeof reason->text, "%s", field_of(fields, names->text, of));
    return true;
}

void releve_facts_read(const redisReply *fields, releve_time now, struct releve_point_facts *facts)
{
    memset(facts, 0, sizeof *facts);
    facts->activation = floor_of(fields, "activation");
    facts->consent = RELEVE_FLOOR_UNKNOWN;
    if (holds(field_of(fields, "consent_at", ""), now, RELEVE_REFUSAL_HOLDS_MS))
        facts->consent = floor_of(fields, "consent");
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++)
        if (refusal_of(fields, &absent, releve_kind_facts(kind)->name, now, RELEVE_ABSENT_KIND_HOLDS_MS,
                       &facts->absent[kind]))
            facts->absent_kinds |= RELEVE_KIND_BIT(kind);
    facts->refused = refusal_of(fields, &refused, "", now, RELEVE_REFUSAL_HOLDS_MS, &facts->refusal);
}

/* --- learn ------------------------------------------------------------------------------------------ */

/* "" where it is not known. */
static void add_day(struct releve_words *words, releve_day day)
{
    if (day != RELEVE_DAY_NONE)
        releve_text_day(&words->text, day);
    releve_words_end(words);
}

/* Both ends at once: a new one can make the old other one untrue. */
static void add_floor(struct releve_words *words, const char *name, struct releve_floor floor, const char *at)
{
    if (floor.after == RELEVE_DAY_NONE && floor.first == RELEVE_DAY_NONE)
        return;
    releve_words_format(words, "%s_after", name);
    add_day(words, floor.after);
    releve_words_format(words, "%s_first", name);
    add_day(words, floor.first);
    releve_words_format(words, "%s_at", name);
    releve_words_add(words, at);
}

static void add_refusal(struct releve_words *words, const struct refusal_fields *names, const char *of,
                        const struct releve_reason *reason, const char *at)
{
    const char *const fields[][2] = {{names->code, reason->code}, {names->text, reason->text}, {names->at, at}};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        releve_words_format(words, "%s%s", fields[i][0], of);
        releve_words_add(words, fields[i][1]);
    }
}

static void add_names(struct releve_words *words, const struct refusal_fields *names, const char *of)
{
    releve_words_format(words, "%s%s", names->code, of);
    releve_words_format(words, "%s%s", names->text, of);
    releve_words_format(words, "%s%s", names->at, of);
}

/* It answered after all: what was refused before holds no longer. */
static void forget_refusals(struct releve_store *store, releve_prm prm, const struct releve_point_facts *facts,
                            releve_store_done done, void *data)
{
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "HDEL");
    releve_store_point_key(store, &words, prm);
    add_names(&words, &refused, "");
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++)
        if ((facts->present & RELEVE_KIND_BIT(kind)) != 0)
            add_names(&words, &absent, releve_kind_facts(kind)->name);
    releve_call_done(store, "forget a refusal", NULL, &words, done, data);
}

void releve_store_learn(struct releve_store *store, releve_prm prm, const struct releve_point_facts *facts,
                        releve_time now, releve_store_done done, void *data)
{
    if (facts->refuted) { /* learned alone */
        forget_refusals(store, prm, facts, done, data);
        return;
    }
    struct releve_words words = {.count = 0};
    char at[RELEVE_TIME_TEXT];
    releve_utc_format(now, at);
    releve_words_add(&words, "HSET");
    releve_store_point_key(store, &words, prm);
    size_t without_facts = words.count;
    add_floor(&words, "activation", facts->activation, at);
    add_floor(&words, "consent", facts->consent, at);
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++)
        if ((facts->absent_kinds & RELEVE_KIND_BIT(kind)) != 0)
            add_refusal(&words, &absent, releve_kind_facts(kind)->name, &facts->absent[kind], at);
    if (facts->refused)
        add_refusal(&words, &refused, "", &facts->refusal, at);
    static const char what[] = "store what was learned of a usage point";
    if (words.count > without_facts) {
        releve_call_done(store, what, NULL, &words, done, data);
        return;
    }
    releve_words_free(&words);
    releve_call_nothing(store, what, done, data);
}
