/* Reads job messages, which come from anybody, and writes the words that a job is kept in. */
#include <adapters/redis/job_json.h>
#include <adapters/redis/keys.h>
#include <cjson/cJSON.h>
#include <releve/json_guard.h>
#include <releve/memory.h>
#include <releve/runtime.h>
#include <releve/text.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_CHARACTERS_MAX 40 /* of a wrong value, in the line that refuses it */

static enum releve_code refuse(struct releve_error *error, const char *why)
{
    return releve_fail(error, RELEVE_E_USAGE, "%s", why);
}

/* The text of a member; NULL with *wrong false where it is absent or null, with *wrong true where it is no text. */
static const char *text_of(const cJSON *object, const char *name, bool *wrong)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (item == NULL || cJSON_IsNull(item))
        return NULL;
    if (!cJSON_IsString(item))
        *wrong = true;
    return cJSON_GetStringValue(item);
}

static bool is_visible(const char *text, size_t max)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] > '~')
            return false;
    return length >= 1 && length <= max;
}

bool releve_reply_to_is_legal(const char *name)
{
    const char *tag;
    size_t tag_bytes;
    return is_visible(name, RELEVE_REPLY_TO_BYTES - 1) && releve_hash_tag(name, &tag, &tag_bytes);
}

static enum releve_code read_kind(const cJSON *item, releve_kinds *kinds, struct releve_error *error)
{
    releve_kinds named;
    const char *name = cJSON_GetStringValue(item);
    bool shown = name != NULL && is_visible(name, SHOWN_CHARACTERS_MAX);
    if (name == NULL || !releve_kinds_parse(name, strlen(name), &named))
        return releve_fail(error, RELEVE_E_USAGE, "kind%s%s%s: say " RELEVE_KINDS_TEXT "; or a list of them",
                           shown ? " \"" : "", shown ? name : "", shown ? "\"" : "");
    *kinds |= named;
    return RELEVE_OK;
}

static enum releve_code read_kinds(const cJSON *json, releve_kinds *kinds, struct releve_error *error)
{
    const cJSON *item, *list = cJSON_GetObjectItemCaseSensitive(json, "kind");
    *kinds = 0;
    if (!cJSON_IsArray(list))
        return read_kind(list, kinds, error);
    cJSON_ArrayForEach(item, list)
        if (read_kind(item, kinds, error) != RELEVE_OK)
            return error->code;
    return *kinds != 0 ? RELEVE_OK : refuse(error, "kind: the list is empty");
}

static enum releve_code read_days(const cJSON *json, struct releve_span *asked, struct releve_error *error)
{
    bool wrong = false;
    const char *start = text_of(json, "start", &wrong), *end = text_of(json, "end", &wrong);
    *asked = (struct releve_span){RELEVE_DAY_NONE, RELEVE_DAY_NONE};
    if (wrong || (start != NULL && !releve_day_parse(start, strlen(start), &asked->first)))
        return refuse(error, "start: write a day that exists, as \"YYYY-MM-DD\"");
    if (end != NULL && !releve_day_parse(end, strlen(end), &asked->end))
        return refuse(error, "end: write a day that exists, as \"YYYY-MM-DD\"");
    if (start != NULL && end != NULL && asked->first > asked->end)
        return refuse(error, "start is after end");
    return RELEVE_OK;
}

static enum releve_code read_rest(const cJSON *json, struct releve_job *job, struct releve_error *error)
{
    bool wrong = false;
    const char *priority = text_of(json, "priority", &wrong);
    if (wrong || (priority != NULL && !releve_class_parse(priority, strlen(priority), &job->class_)))
        return refuse(error, "priority: say high, normal or low");
    const char *reply_to = text_of(json, "reply_to", &wrong);
    if (wrong || (reply_to != NULL && !releve_reply_to_is_legal(reply_to)))
        return refuse(error, "reply_to: " RELEVE_REPLY_TO_RULE);
    const char *id = text_of(json, "id", &wrong);
    if (wrong || (id != NULL && !is_visible(id, sizeof job->id - 1)))
        return refuse(error, "id: 1 to 64 printable ASCII characters without blanks");
    const cJSON *refresh = cJSON_GetObjectItemCaseSensitive(json, "refresh");
    if (refresh != NULL && !cJSON_IsBool(refresh) && !cJSON_IsNull(refresh))
        return refuse(error, "refresh: say true or false");
    const char *created_at = text_of(json, "created_at", &wrong);
    if (created_at != NULL)
        (void)releve_utc_parse(created_at, &job->created_at); /* ours where it can be read, else now */
    job->refresh = cJSON_IsTrue(refresh);
    (void)snprintf(job->reply_to, sizeof job->reply_to, "%s", reply_to != NULL ? reply_to : "");
    (void)snprintf(job->id, sizeof job->id, "%s", id != NULL ? id : "");
    return RELEVE_OK;
}

static struct releve_span cut(struct releve_span asked, enum releve_kind kind, releve_day today)
{
    struct releve_span history = releve_kind_history(kind, today), span = asked;
    if (releve_kind_is_document(kind))
        return RELEVE_DOCUMENT_SPAN; /* days that are asked are those of the other kinds */
    if (asked.first == RELEVE_DAY_NONE)
        span.first = asked.end != RELEVE_DAY_NONE && asked.end < history.first ? asked.end : history.first;
    if (asked.end == RELEVE_DAY_NONE)
        span.end = asked.first != RELEVE_DAY_NONE && asked.first > history.end ? asked.first : history.end;
    else if (asked.first == asked.end)
        span.end++; /* the same day twice means that day */
    span = releve_span_cut(span, history);
    /* No day of it: written again, and read again, it must not be taken for a single day of the history. */
    if (span.first == span.end && releve_span_has(history, span.first))
        span.first = span.end = history.first - 1;
    return span;
}

static enum releve_code read_object(const cJSON *json, releve_day today, struct releve_job *first,
                                    struct releve_job jobs[RELEVE_KINDS], size_t *count, struct releve_error *error)
{
    bool wrong = false;
    const char *prm = text_of(json, "prm", &wrong);
    if (prm == NULL || !releve_prm_parse(prm, strlen(prm), &first->prm))
        return refuse(error, "prm: a text of 14 digits");
    releve_kinds kinds;
    struct releve_span asked;
    if (read_kinds(json, &kinds, error) != RELEVE_OK || read_days(json, &asked, error) != RELEVE_OK ||
        read_rest(json, first, error) != RELEVE_OK)
        return error->code;
    if (first->id[0] == '\0')
        releve_job_id_new(first->id);
    bool several = (kinds & (kinds - 1)) != 0;
    if (several && strlen(first->id) > RELEVE_MESSAGE_ID_MAX)
        return refuse(error, "id: 1 to 64 printable ASCII characters without blanks");
    *count = 0;
    for (enum releve_kind kind = 0; kind < RELEVE_KINDS; kind++) {
        if ((kinds & RELEVE_KIND_BIT(kind)) == 0)
            continue;
        struct releve_job *job = &jobs[(*count)++];
        *job = *first;
        job->kind = kind;
        job->span = cut(asked, kind, today);
        if (several)
            (void)snprintf(job->id, sizeof job->id, "%.64s:%s", first->id, releve_kind_facts(kind)->name);
    }
    return RELEVE_OK;
}

const char *const releve_message_fields[RELEVE_MESSAGE_FIELDS] = {"prm",      "kind",     "start",   "end",       "id",
                                                                  "priority", "reply_to", "refresh", "created_at"};

/* Nothing is strange in what is no job: `json` is NULL then. */
static void find_stray(const cJSON *json, char stray[RELEVE_STRAY_BYTES])
{
    const cJSON *member;
    stray[0] = '\0';
    cJSON_ArrayForEach(member, json) {
        const char *name = member->string;
        if (is_visible(name, RELEVE_STRAY_BYTES - 1) &&
            releve_name_find(releve_message_fields, RELEVE_MESSAGE_FIELDS, name, strlen(name)) < 0) {
            (void)snprintf(stray, RELEVE_STRAY_BYTES, "%s", name);
            return;
        }
    }
}

enum releve_code releve_job_json_refuse_length(size_t text_bytes, struct releve_error *error)
{
    return releve_fail(error, RELEVE_E_USAGE, "a message of %zu bytes: at most %d", text_bytes,
                       RELEVE_MESSAGE_BYTES_MAX);
}

enum releve_code releve_job_json_read(const char *text, size_t text_bytes, releve_day today, releve_time now,
                                      enum releve_class class_, struct releve_job jobs[RELEVE_KINDS], size_t *count,
                                      char stray[RELEVE_STRAY_BYTES], struct releve_error *error)
{
    enum releve_json_flaw flaw =
        releve_json_guard(text, text_bytes, RELEVE_MESSAGE_BYTES_MAX, RELEVE_MESSAGE_NESTING_MAX);
    if (flaw == RELEVE_JSON_TOO_LARGE)
        return releve_job_json_refuse_length(text_bytes, error);
    if (flaw == RELEVE_JSON_TOO_DEEP)
        return releve_fail(error, RELEVE_E_USAGE, "nested deeper than %d", RELEVE_MESSAGE_NESTING_MAX);
    const char *end = NULL;
    cJSON *json = flaw == RELEVE_JSON_HAS_NUL ? NULL : cJSON_ParseWithLengthOpts(text, text_bytes, &end, false);
    bool whole = json != NULL;
    for (; whole && end < text + text_bytes; end++)
        whole = strchr(" \t\r\n", *end) != NULL;
    struct releve_job first = {.class_ = class_, .queue = class_, .created_at = now};
    enum releve_code code;
    if (!whole)
        code = refuse(error, "is no JSON");
    else if (!cJSON_IsObject(json))
        code = refuse(error, "is no JSON object");
    else
        code = read_object(json, today, &first, jobs, count, error);
    find_stray(code == RELEVE_OK ? json : NULL, stray);
    cJSON_Delete(json);
    return code;
}

static char *print(cJSON *json)
{
    char *text = releve_must(cJSON_PrintUnformatted(json));
    cJSON_Delete(json);
    return text;
}

char *releve_job_json_write(const struct releve_job *job)
{
    char prm[RELEVE_PRM_TEXT], start[RELEVE_DAY_TEXT], end[RELEVE_DAY_TEXT], created_at[RELEVE_TIME_TEXT];
    releve_prm_format(job->prm, prm);
    releve_day_format(job->span.first, start);
    releve_day_format(job->span.end, end);
    releve_utc_format(job->created_at, created_at);
    cJSON *json = releve_must(cJSON_CreateObject());
    bool document = releve_kind_is_document(job->kind);
    const struct {
        const char *name, *value;
    } texts[] = {{"id", job->id},
                 {"prm", prm},
                 {"kind", releve_kind_facts(job->kind)->name},
                 {"start", document ? NULL : start},
                 {"end", document ? NULL : end},
                 {"priority", releve_class_name(job->class_)},
                 {"created_at", created_at}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].value != NULL)
            (void)releve_must(cJSON_AddStringToObject(json, texts[i].name, texts[i].value));
    if (job->reply_to[0] != '\0')
        (void)releve_must(cJSON_AddStringToObject(json, "reply_to", job->reply_to));
    if (job->refresh)
        (void)releve_must(cJSON_AddTrueToObject(json, "refresh"));
    return print(json);
}

static void add_moment(cJSON *json, const char *name, releve_time at)
{
    char text[RELEVE_TIME_TEXT];
    releve_utc_format(at, text);
    (void)releve_must(cJSON_AddStringToObject(json, name, text));
}

char *releve_job_json_bury(const struct releve_burial *burial)
{
    char raw[RELEVE_BURIED_BYTES_MAX + 1];
    size_t bytes = burial->text_bytes < RELEVE_BURIED_BYTES_MAX ? burial->text_bytes : RELEVE_BURIED_BYTES_MAX;
    bool whole = bytes == burial->bytes;
    /* Only ASCII comes through as it is: whoever reads the dead list must get valid JSON whatever was pushed. */
    for (size_t i = 0; i < bytes; i++) {
        bool ascii = burial->text[i] != '\0' && (unsigned char)burial->text[i] <= '~';
        raw[i] = ascii ? burial->text[i] : '?';
        whole = whole && ascii;
    }
    raw[bytes] = '\0';
    cJSON *json = releve_must(cJSON_CreateObject());
    (void)releve_must(cJSON_AddStringToObject(json, "raw", raw));
    if (!whole)
        (void)releve_must(cJSON_AddFalseToObject(json, "whole"));
    (void)releve_must(cJSON_AddStringToObject(json, "error", burial->error));
    (void)releve_must(cJSON_AddStringToObject(json, "queue", releve_class_name(burial->class_)));
    add_moment(json, "at", burial->at);
    return print(json);
}

char *releve_job_json_answer(const struct releve_burial *burial, char reply_to[RELEVE_REPLY_TO_BYTES])
{
    static const char *const unknown[] = {"prm", "kind", "start", "end"};
    static const char *const counts[] = {"days",    "complete", "partial", "holes",
                                         "pending", "failed",   "cut",     "requests"};
    bool wrong = false;
    if (releve_json_guard(burial->text, burial->text_bytes, RELEVE_MESSAGE_BYTES_MAX, RELEVE_MESSAGE_NESTING_MAX) !=
        RELEVE_JSON_SOUND)
        return NULL;
    cJSON *message = cJSON_ParseWithLength(burial->text, burial->text_bytes);
    const char *list = text_of(message, "reply_to", &wrong), *id = text_of(message, "id", &wrong);
    cJSON *json = NULL;
    if (list != NULL && releve_reply_to_is_legal(list)) {
        (void)snprintf(reply_to, RELEVE_REPLY_TO_BYTES, "%s", list);
        json = releve_must(cJSON_CreateObject());
        if (id != NULL && is_visible(id, RELEVE_MESSAGE_ID_MAX))
            (void)releve_must(cJSON_AddStringToObject(json, "id", id));
        else
            (void)releve_must(cJSON_AddNullToObject(json, "id"));
        (void)releve_must(cJSON_AddStringToObject(json, "state", "failed"));
        for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
            (void)releve_must(cJSON_AddNullToObject(json, unknown[i]));
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
            (void)releve_must(cJSON_AddNumberToObject(json, counts[i], 0));
        char error[sizeof((struct releve_error *)0)->text + 16];
        (void)snprintf(error, sizeof error, "no-job: %s", burial->error);
        (void)releve_must(cJSON_AddStringToObject(json, "error", error));
        add_moment(json, "created_at", burial->at);
        add_moment(json, "finished_at", burial->at);
        (void)releve_must(cJSON_AddArrayToObject(json, "failures"));
    }
    cJSON_Delete(message);
    return json != NULL ? print(json) : NULL;
}
