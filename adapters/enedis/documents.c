/* What upstream says about a usage point, put into one form: an answer of one of its APIs holds one document or
 * several. Beside what is understood stands the answer itself, untouched, under "raw". Nothing of it goes into a
 * reason: it is personal data (law 7). */
#include "documents.h"
#include "json.h"
#include "reason.h"
#include "scan.h"
#include <assert.h>
#include <releve/memory.h>
#include <stdlib.h>
#include <string.h>

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

/* --- a body that can be kept as it is ------------------------------------------------------------------------ */

/* Whoever reads what is stored reads it as JSON: strictly, and in UTF-8. */
static const char *why_not_kept(const char *body, size_t bytes)
{
    struct enedis_scan scan = {.at = body};
    struct enedis_scanned ignored;
    if (bytes > ENEDIS_DOCUMENT_BYTES_MAX)
        return "the body is too large for a document";
    if (!enedis_scan_value(&scan, &ignored))
        return scan.wrong;
    for (size_t at = 0, length; at < bytes; at += length) {
        length = releve_utf8_length(body + at);
        if (length == 0)
            return "the body is not UTF-8";
    }
    return NULL;
}

static char *write_members(const struct enedis_document_reader *reader, const struct releve_text *data,
                           const char *body, size_t bytes)
{
    struct releve_text members = {.length = 0};
    releve_text_puts(&members, "\"data\":");
    releve_text_add(&members, data->bytes, data->length);
    releve_text_format(&members, ",\"raw\":{\"%s\":", reader->api);
    releve_text_add(&members, body, bytes);
    releve_text_add(&members, "}", sizeof "}"); /* with its NUL */
    return members.bytes;
}

/* NULL, or why the body says nothing of that kind that can be believed. */
static const char *add_document(const struct enedis_document_reader *reader, enum releve_kind kind, releve_prm prm,
                                const cJSON *root, const char *body, size_t bytes, struct releve_answer *answer)
{
    struct releve_text data = {.length = 0};
    const char *problem = reader->write(kind, root, prm, &data);
    if (!problem)
        answer->documents[answer->documents_count++] =
            (struct releve_document){kind, write_members(reader, &data, body, bytes)};
    releve_text_free(&data);
    /* cppcheck-suppress returnDanglingLifetime ; it is a constant text, and points into nothing of this function */
    return problem;
}

static void succeed(struct releve_answer *answer)
{
    struct releve_reading *reading = releve_alloc(1, sizeof *reading);
    *reading = (struct releve_reading){.day = RELEVE_DOCUMENT_DAY, .complete = true};
    answer->verdict = RELEVE_DATA;
    answer->readings = reading;
    answer->readings_count = 1;
}

/* A byte order mark says how a text is written, and is no part of it. */
static void skip_mark(const char **body, size_t *bytes)
{
    if (strncmp(*body, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) != 0)
        return;
    *body += strlen(BYTE_ORDER_MARK);
    *bytes -= strlen(BYTE_ORDER_MARK);
}

void enedis_documents_judge(const struct enedis_document_reader *reader, enum releve_kind kind, releve_prm prm,
                            const cJSON *root, const char *body, size_t bytes, struct releve_answer *answer)
{
    assert((reader->kinds & RELEVE_KIND_BIT(kind)) != 0);
    skip_mark(&body, &bytes);
    if (cJSON_IsArray(root) && cJSON_GetArraySize(root) == 0) {
        enedis_reason(answer, RELEVE_NO_DATA, "empty", "no %s of this usage point (an empty list)",
                      releve_kind_facts(kind)->name);
        return;
    }
    const char *problem = why_not_kept(body, bytes);
    for (enum releve_kind each = RELEVE_MEASURES; !problem && each < RELEVE_KINDS; each++) {
        if ((reader->kinds & RELEVE_KIND_BIT(each)) == 0)
            continue;
        problem = add_document(reader, each, prm, root, body, bytes, answer);
    }
    if (problem) {
        enedis_documents_free(answer);
        enedis_reason_bad_body(answer, "%s: %s", releve_kind_facts(kind)->name, problem);
        return;
    }
    succeed(answer);
}

/* --- what another API adds --------------------------------------------------------------------------------------- */

/* The text with `piece` where `old` stands first, which is there. */
static char *replace_first(const char *text, const char *old, const struct releve_text *piece)
{
    const char *at = strstr(text, old);
    assert(at);
    struct releve_text replaced = {.length = 0};
    releve_text_add(&replaced, text, (size_t)(at - text));
    releve_text_add(&replaced, piece->bytes, piece->length);
    releve_text_add(&replaced, at + strlen(old), strlen(at + strlen(old)) + 1);
    return replaced.bytes;
}

/* The first contract is that of withdrawal where there is one. What is put in stands nowhere else before it: quotes are
 * escaped in texts. */
static char *add_to_contracts(const char *members, const cJSON *root, const char *body, size_t bytes)
{
    static const char withdrawal[] = "\"data\":{\"contracts\":[{\"direction\":\"consumption\"";
    struct releve_text meter = {.length = 0}, raw = {.length = 0};
    char *text = releve_strdup(members);
    if (strncmp(text, withdrawal, strlen(withdrawal)) == 0) {
        enedis_document_write_metering(root, &meter);
        char *with_meter = replace_first(text, ENEDIS_METERING_UNKNOWN, &meter);
        free(text);
        text = with_meter;
    }
    releve_text_puts(&raw, "\"raw\":{\"comptage_auto\":");
    releve_text_add(&raw, body, bytes);
    releve_text_puts(&raw, ",");
    char *with_raw = replace_first(text, "\"raw\":{", &raw);
    free(text);
    releve_text_free(&meter);
    releve_text_free(&raw);
    return with_raw;
}

void enedis_documents_add_metering(const struct releve_answer *so_far, const cJSON *root, const char *body,
                                   size_t bytes, struct releve_answer *answer)
{
    const char *problem = NULL;
    if (root) {
        skip_mark(&body, &bytes);
        problem = cJSON_IsObject(root) ? why_not_kept(body, bytes) : "the body is no object";
    }
    if (problem) {
        enedis_reason_bad_body(answer, "comptage_auto: %s", problem);
        return;
    }
    for (size_t i = 0; i < so_far->documents_count; i++) {
        const struct releve_document *old = &so_far->documents[i];
        bool contracts = root && old->kind == RELEVE_CONTRACTS;
        answer->documents[answer->documents_count++] = (struct releve_document){
            old->kind, contracts ? add_to_contracts(old->members, root, body, bytes) : releve_strdup(old->members)};
    }
    succeed(answer);
}

void enedis_documents_free(struct releve_answer *answer)
{
    for (size_t i = 0; i < answer->documents_count; i++) {
        size_t bytes = strlen(answer->documents[i].members);
        explicit_bzero((char *)(uintptr_t)answer->documents[i].members, bytes);
        free((char *)(uintptr_t)answer->documents[i].members);
    }
    answer->documents_count = 0;
}
