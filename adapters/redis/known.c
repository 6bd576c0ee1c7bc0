/* What is known before anything is asked: the coverage of a job's days, and the facts of its usage point with
 * their expiry. Law 2 (thrift) begins here. */
#include <adapters/redis/store_internal.h>
#include <assert.h>
#include <inttypes.h>
#include <releve/memory.h>
#include <stdio.h>
#include <string.h>

#define FIELD_BYTES 64 /* "absent_text:" and a kind's name */

struct begin_call {
    releve_store_known known;
    void *data;
    struct releve_span span;
    releve_time now;
};

/* --- facts ----------------------------------------------------------------------------------------- */

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

static void read_facts(const redisReply *fields, releve_time now, struct releve_point_facts *facts)
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

/* --- begin ------------------------------------------------------------------------------------------ */

static void on_begun(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct begin_call call = *(struct begin_call *)data;
    free(data);
    if (error->code != RELEVE_OK) {
        call.known(call.data, error, NULL, NULL);
        return;
    }
    size_t days = (size_t)releve_span_days(call.span);
    /* The script is ours, and made with this program. */
    assert(reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 && reply->element[0]->len == days);
    struct releve_coverage coverage;
    struct releve_point_facts facts;
    releve_coverage_init(&coverage, call.span);
    memcpy(coverage.states, reply->element[0]->str, days);
    read_facts(reply->element[1], call.now, &facts);
    call.known(call.data, error, &coverage, &facts);
}

void releve_store_begin(struct releve_store *store, const struct releve_job *job, releve_time now,
                        releve_store_known known, void *data)
{
    int days = releve_span_days(job->span);
    assert(job->kind < RELEVE_MEASURES && days <= RELEVE_JOB_DAYS_MAX && known != NULL);
    const char *kind = releve_kind_facts(job->kind)->name;
    char prm[RELEVE_PRM_TEXT], now_text[RELEVE_TIME_TEXT], created_at[RELEVE_TIME_TEXT];
    char start[RELEVE_DAY_TEXT], end[RELEVE_DAY_TEXT];
    releve_prm_format(job->prm, prm);
    releve_utc_format(now, now_text);
    releve_utc_format(job->created_at, created_at);
    releve_day_format(job->span.first, start);
    releve_day_format(job->span.end, end);

    bool named = job->id[0] != '\0';
    struct releve_arguments arguments = {.count = 0};
    releve_arguments_script(&arguments, &releve_script_coverage, named ? 2 : 1);
    releve_arguments_format(&arguments, "%s:point:%s", store->prefix, prm);
    if (named)
        releve_arguments_format(&arguments, "%s:job:%s", store->prefix, job->id);
    releve_arguments_format(&arguments, "%s:day:%s:%s:", store->prefix, prm, kind);
    releve_arguments_format(&arguments, "%d", (int)job->span.first);
    releve_arguments_format(&arguments, "%d", days);
    releve_arguments_text(&arguments, now_text);
    releve_arguments_format(&arguments, "%d", RELEVE_JOB_KEEP_S);
    const char *fields[] = {"state", "running", "prm", prm, "kind",       kind,
                            "start", start,     "end", end, "created_at", created_at};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        releve_arguments_text(&arguments, fields[i]);

    struct begin_call *call = releve_alloc(1, sizeof *call);
    *call = (struct begin_call){known, data, job->span, now};
    releve_commands_send(&store->commands, "read what is known of a job's days", &releve_script_coverage,
                         arguments.count, arguments.values, arguments.bytes, on_begun, call);
}

/* --- claims ----------------------------------------------------------------------------------------- */

struct claim_call {
    releve_store_claimed claimed;
    void *data;
    struct releve_span span;
};

static void on_claimed(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct claim_call call = *(struct claim_call *)data;
    free(data);
    struct releve_coverage coverage;
    releve_coverage_init(&coverage, call.span);
    enum releve_claim answer = RELEVE_CLAIM_GRANTED;
    if (error->code == RELEVE_OK) {
        assert(reply->type == REDIS_REPLY_ARRAY && reply->elements == 2);
        answer = reply->element[1]->integer == 1   ? RELEVE_CLAIM_GRANTED
                 : reply->element[1]->integer == 2 ? RELEVE_CLAIM_BUSY
                                                   : RELEVE_CLAIM_KNOWN;
        if (answer != RELEVE_CLAIM_GRANTED)
            memcpy(coverage.states, reply->element[0]->str, (size_t)releve_span_days(call.span));
    }
    call.claimed(call.data, error, answer, &coverage);
}

void releve_claims_key(const struct releve_store *store, releve_prm prm, enum releve_kind kind, char *out,
                       size_t out_bytes)
{
    int written = snprintf(out, out_bytes, "%s:claim:" RELEVE_PRM_FORMAT ":%s", store->prefix, prm,
                           releve_kind_facts(kind)->name);
    assert(written > 0 && (size_t)written < out_bytes);
    (void)written;
}

void releve_claim_format(struct releve_permit claim, char out[RELEVE_CLAIM_TEXT])
{
    (void)snprintf(out, RELEVE_CLAIM_TEXT, "%" PRIx64 ".%" PRIx64, claim.process, claim.number);
}

static void add_claims_key(const struct releve_store *store, struct releve_arguments *arguments, releve_prm prm,
                           enum releve_kind kind)
{
    char key[RELEVE_PREFIX_BYTES + RELEVE_PRM_TEXT + 48];
    releve_claims_key(store, prm, kind, key, sizeof key);
    releve_arguments_format(arguments, "%s", key);
}

static void add_claim(struct releve_arguments *arguments, struct releve_permit claim)
{
    char name[RELEVE_CLAIM_TEXT];
    releve_claim_format(claim, name);
    releve_arguments_format(arguments, "%s", name);
}

void releve_store_claim(struct releve_store *store, const struct releve_job *job, struct releve_span span,
                        enum releve_claim_ends ends, struct releve_permit claim, releve_time now,
                        releve_store_claimed claimed, void *data)
{
    assert(job->kind < RELEVE_MEASURES && releve_span_days(span) > 0 && claimed != NULL);
    char now_text[RELEVE_TIME_TEXT];
    releve_utc_format(now, now_text);
    struct releve_arguments arguments = {.count = 0};
    releve_arguments_script(&arguments, &releve_script_coverage, 2);
    releve_arguments_format(&arguments, "%s:point:" RELEVE_PRM_FORMAT, store->prefix, job->prm);
    add_claims_key(store, &arguments, job->prm, job->kind);
    releve_arguments_format(&arguments, "%s:day:" RELEVE_PRM_FORMAT ":%s:", store->prefix, job->prm,
                            releve_kind_facts(job->kind)->name);
    releve_arguments_format(&arguments, "%d", (int)span.first);
    releve_arguments_format(&arguments, "%d", releve_span_days(span));
    releve_arguments_text(&arguments, now_text);
    releve_arguments_text(&arguments, "claim");
    add_claim(&arguments, claim);
    releve_arguments_format(&arguments, "%lld", (long long)RELEVE_CLAIM_LIFE_MS);
    releve_arguments_text(&arguments, ends == RELEVE_CLAIM_ANY ? "0" : ends == RELEVE_CLAIM_LAST_MISSING ? "1" : "2");
    struct claim_call *call = releve_alloc(1, sizeof *call);
    *call = (struct claim_call){claimed, data, span};
    releve_commands_send(&store->commands, "claim days", &releve_script_coverage, arguments.count, arguments.values,
                         arguments.bytes, on_claimed, call);
}

void releve_store_unclaim(struct releve_store *store, releve_prm prm, enum releve_kind kind, struct releve_permit claim,
                          releve_store_done done, void *data)
{
    struct releve_arguments arguments = {.count = 0};
    releve_arguments_text(&arguments, "HDEL");
    add_claims_key(store, &arguments, prm, kind);
    add_claim(&arguments, claim);
    releve_store_send_words(store, "give a claim up", NULL, arguments.count, arguments.values, arguments.bytes, done,
                            data);
}

/* --- learn ------------------------------------------------------------------------------------------ */

static void add_field(struct releve_arguments *arguments, const char *name, const char *value)
{
    releve_arguments_text(arguments, name);
    releve_arguments_text(arguments, value);
}

/* Both ends at once: a new one can make the old other one untrue. */
static void add_floor(struct releve_arguments *arguments, const char *name, struct releve_floor floor, const char *at)
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
        releve_arguments_format(arguments, "%s_%s", name, ends[i].end);
        releve_arguments_format(arguments, "%s", date);
    }
    releve_arguments_format(arguments, "%s_at", name);
    releve_arguments_text(arguments, at);
}

/* It answered after all: what was refused before holds no longer. */
static void forget_refusals(struct releve_store *store, releve_prm prm, const struct releve_point_facts *facts,
                            releve_store_done done, void *data)
{
    struct releve_arguments arguments = {.count = 0};
    struct absent_fields names[RELEVE_MEASURES];
    releve_arguments_text(&arguments, "HDEL");
    releve_arguments_format(&arguments, "%s:point:" RELEVE_PRM_FORMAT, store->prefix, prm);
    releve_arguments_text(&arguments, "refused_code");
    releve_arguments_text(&arguments, "refused_text");
    releve_arguments_text(&arguments, "refused_at");
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++) {
        if ((facts->present & RELEVE_KIND_BIT(kind)) == 0)
            continue;
        names[kind] = absent_fields(kind);
        releve_arguments_text(&arguments, names[kind].code);
        releve_arguments_text(&arguments, names[kind].text);
        releve_arguments_text(&arguments, names[kind].at);
    }
    releve_store_send_words(store, "forget a refusal", NULL, arguments.count, arguments.values, arguments.bytes, done,
                            data);
}

void releve_store_learn(struct releve_store *store, releve_prm prm, const struct releve_point_facts *facts,
                        releve_time now, releve_store_done done, void *data)
{
    if (facts->refuted) { /* learned alone */
        forget_refusals(store, prm, facts, done, data);
        return;
    }
    struct releve_arguments arguments = {.count = 0};
    struct absent_fields names[RELEVE_MEASURES];
    char at[RELEVE_TIME_TEXT];
    releve_utc_format(now, at);
    releve_arguments_text(&arguments, "HSET");
    releve_arguments_format(&arguments, "%s:point:" RELEVE_PRM_FORMAT, store->prefix, prm);
    int without_facts = arguments.count;
    add_floor(&arguments, "activation", facts->activation, at);
    add_floor(&arguments, "consent", facts->consent, at);
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++) {
        if ((facts->absent_kinds & RELEVE_KIND_BIT(kind)) == 0)
            continue;
        names[kind] = absent_fields(kind);
        add_field(&arguments, names[kind].code, facts->absent[kind].code);
        add_field(&arguments, names[kind].text, facts->absent[kind].text);
        add_field(&arguments, names[kind].at, at);
    }
    if (facts->refused) {
        add_field(&arguments, "refused_code", facts->refusal.code);
        add_field(&arguments, "refused_text", facts->refusal.text);
        add_field(&arguments, "refused_at", at);
    }
    static const char what[] = "store what was learned of a usage point";
    if (arguments.count == without_facts)
        releve_store_nothing_to_do(store, what, done, data);
    else
        releve_store_send_words(store, what, NULL, arguments.count, arguments.values, arguments.bytes, done, data);
}
