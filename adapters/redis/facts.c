/* What was learned of a usage point and outlives the run that learned it: a hash of fields, each with when. */
#include <adapters/redis/facts.h>
#include <adapters/redis/store_internal.h>
#include <stdio.h>
#include <string.h>

#define FIELD_BYTES 64 /* "absent_text:" and a kind's name */

/* The value of a field in the {field, value, ...} of HGETALL; "" where it is not there. */
static const char *field_of(const redisReply *fields, const char *name)
{
    for (size_t i = 0; i + 1 < fields->elements; i += 2) {
        if (strcmp(fields->element[i]->str, name) == 0)
            return fields->element[i + 1]->str;
    }
    return "";
}

/* Stamps are ISO texts in UTC: they compare as the times do. */
static bool holds(const redisReply *fields, const char *stamp_field, releve_time now, releve_time holds_ms)
{
    char oldest[RELEVE_TIME_TEXT];
    releve_utc_format(now - holds_ms, oldest);
    return strcmp(field_of(fields, stamp_field), oldest) > 0;
}

static releve_day day_of(const redisReply *fields, const char *name)
{
    const char *text = field_of(fields, name);
    releve_day day = RELEVE_DAY_NONE;
    (void)releve_day_parse(text, strlen(text), &day);
    return day;
}

static void reason_of(const redisReply *fields, const char *code, const char *text, struct releve_reason *reason)
{
    (void)snprintf(reason->code, sizeof reason->code, "%s", field_of(fields, code));
    (void)snprintf(reason->text, sizeof reason->text, "%s", field_of(fields, text));
}

struct absent_fields {
    char code[FIELD_BYTES], text[FIELD_BYTES], at[FIELD_BYTES];
};

static struct absent_fields absent_fields(enum releve_kind kind)
{
    struct absent_fields names;
    const char *name = releve_kind_facts(kind)->name;
    (void)snprintf(names.code, sizeof names.code, "absent:%s", name);
    (void)snprintf(names.text, sizeof names.text, "absent_text:%s", name);
    (void)snprintf(names.at, sizeof names.at, "absent_at:%s", name);
    return names;
}

void releve_facts_read(const redisReply *fields, releve_time now, struct releve_point_facts *facts)
{
    memset(facts, 0, sizeof *facts);
    facts->activation = (struct releve_floor){day_of(fields, "activation_after"), day_of(fields, "activation_first")};
    facts->consent = RELEVE_FLOOR_UNKNOWN;
    if (holds(fields, "consent_at", now, RELEVE_REFUSAL_HOLDS_MS))
        facts->consent = (struct releve_floor){day_of(fields, "consent_after"), day_of(fields, "consent_first")};
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++) {
        struct absent_fields names = absent_fields(kind);
        if (!holds(fields, names.at, now, RELEVE_ABSENT_KIND_HOLDS_MS))
            continue;
        facts->absent_kinds |= RELEVE_KIND_BIT(kind);
        reason_of(fields, names.code, names.text, &facts->absent[kind]);
    }
    if (holds(fields, "refused_at", now, RELEVE_REFUSAL_HOLDS_MS)) {
        facts->refused = true;
        reason_of(fields, "refused_code", "refused_text", &facts->refusal);
    }
}

/* --- learn ------------------------------------------------------------------------------------------ */

/* Both ends at once: a new one can make the old other one untrue. */
static void add_floor(struct releve_words *words, const char *name, struct releve_floor floor, const char *at)
{
    if (floor.after == RELEVE_DAY_NONE && floor.first == RELEVE_DAY_NONE)
        return;
    const struct {
        const char *end;
        releve_day day;
    } ends[] = {{"after", floor.after}, {"first", floor.first}};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char date[RELEVE_DAY_TEXT] = ""; /* unknown */
        if (ends[i].day != RELEVE_DAY_NONE)
            releve_day_format(ends[i].day, date);
        releve_words_format(words, "%s_%s", name, ends[i].end);
        releve_words_format(words, "%s", date);
    }
    releve_words_format(words, "%s_at", name);
    releve_words_add(words, at);
}

/* It answered after all: what was refused before holds no longer. */
static void forget_refusals(struct releve_store *store, releve_prm prm, const struct releve_point_facts *facts,
                            releve_store_done done, void *data)
{
    struct releve_words words = {.count = 0};
    struct absent_fields names[RELEVE_MEASURES];
    releve_words_add(&words, "HDEL");
    releve_store_point_key(store, &words, prm);
    releve_words_add(&words, "refused_code");
    releve_words_add(&words, "refused_text");
    releve_words_add(&words, "refused_at");
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++) {
        if ((facts->present & RELEVE_KIND_BIT(kind)) == 0)
            continue;
        names[kind] = absent_fields(kind);
        releve_words_add(&words, names[kind].code);
        releve_words_add(&words, names[kind].text);
        releve_words_add(&words, names[kind].at);
    }
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
    struct absent_fields names[RELEVE_MEASURES];
    char at[RELEVE_TIME_TEXT];
    releve_utc_format(now, at);
    releve_words_add(&words, "HSET");
    releve_store_point_key(store, &words, prm);
    size_t without_facts = words.count;
    add_floor(&words, "activation", facts->activation, at);
    add_floor(&words, "consent", facts->consent, at);
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++) {
        if ((facts->absent_kinds & RELEVE_KIND_BIT(kind)) == 0)
            continue;
        names[kind] = absent_fields(kind);
        releve_words_field(&words, names[kind].code, facts->absent[kind].code);
        releve_words_field(&words, names[kind].text, facts->absent[kind].text);
        releve_words_field(&words, names[kind].at, at);
    }
    if (facts->refused) {
        releve_words_field(&words, "refused_code", facts->refusal.code);
        releve_words_field(&words, "refused_text", facts->refusal.text);
        releve_words_field(&words, "refused_at", at);
    }
    static const char what[] = "store what was learned of a usage point";
    if (words.count > without_facts) {
        releve_call_done(store, what, NULL, &words, done, data);
        return;
    }
    releve_words_free(&words);
    releve_call_nothing(store, what, done, data);
}
