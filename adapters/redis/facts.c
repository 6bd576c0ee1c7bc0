/* What was learned of a usage point and outlives the run that learned it: a hash of fields `<of>:<fact>_<part>`, where
 * <of> is a direction, a kind or "point". Each fact has a part `at`, when it was learned, and `from`, what was asked.
 */
#include <adapters/redis/facts.h>
#include <adapters/redis/store_internal.h>
#include <stdio.h>
#include <string.h>

#define FIELD_BYTES 64 /* the longest name and its NUL */

/* One fact: what it is about, and its name. */
struct fact {
    const char *of, *name;
};

static void write_field(const struct fact *fact, const char *part, char field[FIELD_BYTES])
{
    (void)snprintf(field, FIELD_BYTES, "%s:%s_%s", fact->of, fact->name, part);
}

/* --- read ------------------------------------------------------------------------------------------- */

/* That part in the {field, value, ...} of HGETALL; "" where it is not there. */
static const char *part_of(const redisReply *fields, const struct fact *fact, const char *part)
{
    char field[FIELD_BYTES];
    write_field(fact, part, field);
    for (size_t i = 0; i + 1 < fields->elements; i += 2)
        if (strcmp(fields->element[i]->str, field) == 0)
            return fields->element[i + 1]->str;
    return "";
}

/* Was it learned at most so long ago? Stamps are ISO texts in UTC: they compare as the times do. */
static bool is_younger(const redisReply *fields, const struct fact *fact, releve_time now, releve_time age_ms)
{
    char oldest[RELEVE_TIME_TEXT];
    releve_utc_format(now - age_ms, oldest);
    return strcmp(part_of(fields, fact, "at"), oldest) > 0;
}

static releve_day day_of(const char *text)
{
    releve_day day = RELEVE_DAY_NONE;
    (void)releve_day_parse(text, strlen(text), &day);
    return day;
}

static struct releve_floor floor_of(const redisReply *fields, const struct fact *fact)
{
    return (struct releve_floor){.after = day_of(part_of(fields, fact, "after")),
                                 .first = day_of(part_of(fields, fact, "first"))};
}

/* False where there is none, or it is too old. */
static bool read_reason(const redisReply *fields, const struct fact *fact, releve_time now, releve_time holds_ms,
                        enum releve_verdict verdict, struct releve_reason *reason)
{
    if (!is_younger(fields, fact, now, holds_ms))
        return false;
    releve_reason_set(reason, part_of(fields, fact, "code"), part_of(fields, fact, "text"));
    reason->verdict = verdict;
    reason->until = releve_utc_parse(part_of(fields, fact, "at"), &reason->since) ? reason->since + holds_ms : 0;
    return true;
}

static void read_direction(const redisReply *fields, enum releve_direction which, releve_time now,
                           struct releve_direction_facts *direction)
{
    const char *name = releve_direction_name(which);
    const struct fact activation = {name, "activation"}, consent = {name, "consent"};
    direction->activation = floor_of(fields, &activation);
    direction->activation.doubted = direction->activation.after != RELEVE_DAY_NONE &&
                                    !is_younger(fields, &activation, now, RELEVE_ACTIVATION_HOLDS_MS);
    if (is_younger(fields, &consent, now, RELEVE_REFUSAL_HOLDS_MS))
        direction->consent = floor_of(fields, &consent);
    if (read_reason(fields, &(struct fact){name, "refused"}, now, RELEVE_REFUSAL_HOLDS_MS, RELEVE_DIRECTION_REFUSED,
                    &direction->reason))
        direction->standing = RELEVE_STANDING_REFUSED;
    else if (read_reason(fields, &(struct fact){name, "absent"}, now, releve_direction_absent_ms(which),
                         RELEVE_BEFORE_ACTIVATION, &direction->reason))
        direction->standing = RELEVE_STANDING_ABSENT;
}

static const struct fact services = {"point", "services"};

/* The measures that none of its services is of; of whom no service was told, nothing is concluded. */
static releve_kinds unserved_of(const redisReply *fields)
{
    const char *kinds = part_of(fields, &services, "kinds");
    releve_kinds unserved = kinds[0] != '\0' ? RELEVE_ALL_MEASURES : 0;
    for (const char *name = kinds; *name != '\0';) {
        size_t length = strcspn(name, ",");
        enum releve_kind kind;
        if (releve_kind_parse(name, length, &kind))
            unserved &= ~RELEVE_KIND_BIT(kind);
        name += length + (name[length] == ',');
    }
    return unserved;
}

static void write_unserved(struct releve_reason *reason)
{
    releve_reason_set(reason, "no-service",
                      "none of the services that are subscribed for this usage point is of this kind");
    reason->verdict = RELEVE_NOT_APPLICABLE;
}

static releve_kinds read_unserved(const redisReply *fields, releve_time now, struct releve_reason *reason)
{
    if (!is_younger(fields, &services, now, RELEVE_SERVICES_HOLD_MS))
        return 0;
    write_unserved(reason); /* mostly of this run: no word of when */
    return unserved_of(fields);
}

void releve_facts_read(const redisReply *fields, releve_time now, struct releve_point_facts *facts)
{
    *facts = releve_facts_unknown;
    for (enum releve_direction direction = 0; direction < RELEVE_ASPECTS; direction++)
        read_direction(fields, direction, now, &facts->directions[direction]);
    for (enum releve_kind kind = 0; kind < RELEVE_KINDS; kind++)
        if (read_reason(fields, &(struct fact){releve_kind_facts(kind)->name, "absent"}, now, RELEVE_ABSENCE_HOLDS_MS,
                        RELEVE_NOT_APPLICABLE, &facts->absent[kind]))
            facts->absent_kinds |= RELEVE_KIND_BIT(kind);
    facts->unserved = read_unserved(fields, now, &facts->unserved_reason);
    facts->unknown = read_reason(fields, &(struct fact){"point", "unknown"}, now, RELEVE_REFUSAL_HOLDS_MS,
                                 RELEVE_POINT_REFUSED, &facts->unknown_reason);
}

/* --- recall ----------------------------------------------------------------------------------------- */

/* "consumption_load_curve 2026-09-01 2026-11-21" or "contracts", as add_origin writes it. */
static void parse_origin(const char *text, struct releve_memory *memory)
{
    size_t name = strcspn(text, " ");
    enum releve_kind kind;
    if (!releve_kind_parse(text, name, &kind))
        return;
    if (releve_kind_is_document(kind)) {
        memory->kind = kind;
        memory->span = RELEVE_DOCUMENT_SPAN;
        return;
    }
    if (strlen(text) != name + 2 * RELEVE_DAY_TEXT) /* two days, a blank before each */
        return;
    const char *first = text + name + 1, *end = first + RELEVE_DAY_TEXT;
    struct releve_span span;
    if (releve_day_parse(first, RELEVE_DAY_TEXT - 1, &span.first) &&
        releve_day_parse(end, RELEVE_DAY_TEXT - 1, &span.end)) {
        memory->kind = kind;
        memory->span = span;
    }
}

static struct releve_memory recall(const redisReply *fields, const char *of, const char *name, releve_time holds_ms,
                                   enum releve_verdict verdict)
{
    const struct fact fact = {of, name};
    struct releve_memory memory = {.kind = RELEVE_KINDS, .floor = floor_of(fields, &fact)};
    if (!releve_utc_parse(part_of(fields, &fact, "at"), &memory.since))
        return memory;
    memory.until = memory.since + holds_ms;
    parse_origin(part_of(fields, &fact, "from"), &memory);
    releve_reason_set(&memory.reason, part_of(fields, &fact, "code"), part_of(fields, &fact, "text"));
    memory.reason.verdict = verdict;
    return memory;
}

/* One of whose days nothing is left was taken back. */
static struct releve_memory recall_floor(const redisReply *fields, const char *of, const char *name,
                                         releve_time holds_ms)
{
    struct releve_memory memory = recall(fields, of, name, holds_ms, RELEVE_DATA);
    if (memory.floor.after == RELEVE_DAY_NONE && memory.floor.first == RELEVE_DAY_NONE)
        memory.since = 0;
    return memory;
}

void releve_facts_recall(const redisReply *fields, struct releve_point_record *record)
{
    *record = (struct releve_point_record){.unknown = {.since = 0}};
    for (enum releve_direction which = 0; which < RELEVE_DIRECTIONS; which++) {
        const char *of = releve_direction_name(which);
        struct releve_direction_record *direction = &record->directions[which];
        direction->activation = recall_floor(fields, of, "activation", RELEVE_ACTIVATION_HOLDS_MS);
        direction->consent = recall_floor(fields, of, "consent", RELEVE_REFUSAL_HOLDS_MS);
        direction->refused = recall(fields, of, "refused", RELEVE_REFUSAL_HOLDS_MS, RELEVE_DIRECTION_REFUSED);
        direction->absent = recall(fields, of, "absent", releve_direction_absent_ms(which), RELEVE_BEFORE_ACTIVATION);
    }
    record->documents_refused = recall(fields, releve_direction_name(RELEVE_DOCUMENTS), "refused",
                                       RELEVE_REFUSAL_HOLDS_MS, RELEVE_DIRECTION_REFUSED);
    for (enum releve_kind kind = 0; kind < RELEVE_KINDS; kind++)
        record->absent[kind] =
            recall(fields, releve_kind_facts(kind)->name, "absent", RELEVE_ABSENCE_HOLDS_MS, RELEVE_NOT_APPLICABLE);
    releve_kinds unserved = unserved_of(fields);
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++)
        if ((unserved & RELEVE_KIND_BIT(kind)) != 0) {
            record->unserved[kind] =
                recall(fields, services.of, services.name, RELEVE_SERVICES_HOLD_MS, RELEVE_NOT_APPLICABLE);
            write_unserved(&record->unserved[kind].reason);
        }
    record->unknown = recall(fields, "point", "unknown", RELEVE_REFUSAL_HOLDS_MS, RELEVE_POINT_REFUSED);
}

/* --- learn ------------------------------------------------------------------------------------------ */

static void add_name(struct releve_words *words, const struct fact *fact, const char *part)
{
    char field[FIELD_BYTES];
    write_field(fact, part, field);
    releve_words_add(words, field);
}

static void add_part(struct releve_words *words, const struct fact *fact, const char *part, const char *value)
{
    add_name(words, fact, part);
    releve_words_add(words, value);
}

/* "" where it is not known. */
static void add_day(struct releve_words *words, const struct fact *fact, const char *part, releve_day day)
{
    add_name(words, fact, part);
    if (day != RELEVE_DAY_NONE)
        releve_text_day(&words->text, day);
    releve_words_end(words);
}

/* When it was learned, and what was asked then. */
static void add_origin(struct releve_words *words, const struct fact *fact, const struct releve_lesson *lesson,
                       releve_time now)
{
    const char *kind = releve_kind_facts(lesson->kind)->name;
    char at[RELEVE_TIME_TEXT], first[RELEVE_DAY_TEXT], end[RELEVE_DAY_TEXT];
    releve_utc_format(now, at);
    add_part(words, fact, "at", at);
    if (lesson->type == RELEVE_LESSON_TOLD || releve_kind_is_document(lesson->kind)) {
        bool told = lesson->type == RELEVE_LESSON_TOLD; /* what contracts say, in short */
        add_part(words, fact, "from", told ? releve_kind_facts(RELEVE_CONTRACTS)->name : kind);
        return;
    }
    releve_day_format(lesson->span.first, first);
    releve_day_format(lesson->span.end, end);
    add_name(words, fact, "from");
    releve_words_format(words, "%s %s %s", kind, first, end);
}

/* Both ends at once: a new one can make the old other one untrue. */
static void add_floor(struct releve_words *words, const struct fact *fact, const struct releve_lesson *lesson,
                      releve_time now)
{
    add_day(words, fact, "after", lesson->floor.after);
    add_day(words, fact, "first", lesson->floor.first);
    add_origin(words, fact, lesson, now);
}

static void add_reason(struct releve_words *words, const struct fact *fact, const struct releve_lesson *lesson,
                       releve_time now)
{
    add_part(words, fact, "code", lesson->reason.code);
    add_part(words, fact, "text", lesson->reason.text);
    add_origin(words, fact, lesson, now);
}

static void add_names(struct releve_words *words, const struct fact *fact)
{
    static const char *const parts[] = {"code", "text", "at", "from"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        add_name(words, fact, parts[i]);
}

/* The fields and values of HSET. */
static void add_lesson(struct releve_words *words, const struct releve_lesson *lesson, const char *direction,
                       releve_time now)
{
    const struct fact activation = {direction, "activation"};
    switch (lesson->type) {
    case RELEVE_LESSON_ACTIVATION:
    case RELEVE_LESSON_TOLD:
        add_floor(words, &activation, lesson, now);
        break;
    case RELEVE_LESSON_CONSENT:
        add_floor(words, &(struct fact){direction, "consent"}, lesson, now);
        break;
    case RELEVE_LESSON_REFUSED:
        add_reason(words, &(struct fact){direction, "refused"}, lesson, now);
        break;
    case RELEVE_LESSON_ABSENT:
        add_reason(words, &(struct fact){direction, "absent"}, lesson, now);
        add_day(words, &activation, "after", RELEVE_DAY_NONE);
        add_day(words, &activation, "first", RELEVE_DAY_NONE);
        break;
    case RELEVE_LESSON_NO_KIND:
        add_reason(words, &(struct fact){releve_kind_facts(lesson->kind)->name, "absent"}, lesson, now);
        break;
    case RELEVE_LESSON_UNKNOWN:
        add_reason(words, &(struct fact){"point", "unknown"}, lesson, now);
        break;
    case RELEVE_LESSON_REFUTED:
        break;
    }
}

void releve_store_learn(struct releve_store *store, releve_prm prm, const struct releve_lesson *lesson, releve_time now,
                        releve_store_done done, void *data)
{
    const struct releve_kind_facts *kind = releve_kind_facts(lesson->kind);
    const char *direction = releve_direction_name(kind->direction);
    struct releve_words words = {.count = 0};
    if (lesson->type == RELEVE_LESSON_REFUTED) {
        releve_words_add(&words, "HDEL");
        releve_key_point(&words, store->prefix, prm);
        add_names(&words, &(struct fact){direction, "refused"});
        add_names(&words, &(struct fact){direction, "absent"});
        add_names(&words, &(struct fact){kind->name, "absent"});
        add_names(&words, &(struct fact){"point", "unknown"});
    } else {
        releve_words_add(&words, "HSET");
        releve_key_point(&words, store->prefix, prm);
        add_lesson(&words, lesson, direction, now);
    }
    releve_call_done(store, "store what was learned of a usage point", NULL, &words, done, data);
}
