/* A pull scanner for JSON: hands out one value after the other, and builds nothing. Strict as RFC 8259 has it, where
 * cJSON is not (docs/enedis.md, Scanning); tests/fuzz/fuzz_scan.c holds that it takes and means the same otherwise.
 *
 *     for (bool more = enedis_scan_enter(&scan, '{'); more; more = enedis_scan_more(&scan, '}')) {
 *         struct enedis_scanned name, value;
 *         enedis_scan_name(&scan, &name);
 *         enedis_scan_value(&scan, &value);
 *     }
 *
 * After the first thing that is no JSON, scan.wrong says what, everything returns false, and what is handed out means
 * nothing. The text ends with a NUL and is not copied: what is handed out points into it. */
#ifndef ENEDIS_SCAN_H
#define ENEDIS_SCAN_H

#include <stdbool.h>
#include <stddef.h>

struct enedis_scan {
    const char *at;    /* the next byte */
    int depth;         /* of brackets that are open */
    const char *wrong; /* why this is no JSON, for people; NULL so far */
};

enum enedis_scanned_type {
    ENEDIS_SCANNED_NOTHING, /* absent: no scanner hands it out */
    ENEDIS_SCANNED_NULL,
    ENEDIS_SCANNED_TEXT,
    ENEDIS_SCANNED_NUMBER,
    ENEDIS_SCANNED_OTHER /* true, false, an object, an array: passed over whole */
};

struct enedis_scanned {
    enum enedis_scanned_type type;
    const char *text; /* without its quotes, and with its escapes; a number's digits */
    size_t length;    /* in bytes */
    bool escaped;     /* a text that has escapes */
};

/* Steps into the object ('{') or array ('[') that comes next. True where it has a member or an element; false where it
 * is empty and passed, and where something else comes. */
bool enedis_scan_enter(struct enedis_scan *scan, char open);
/* Behind a member or an element: true where another one comes; false where the bracket `close` was passed. */
bool enedis_scan_more(struct enedis_scan *scan, char close);
/* The name of a member, and its colon. */
bool enedis_scan_name(struct enedis_scan *scan, struct enedis_scanned *name);
/* The value that comes next, of any type. */
bool enedis_scan_value(struct enedis_scan *scan, struct enedis_scanned *value);
/* Passes white space; the byte behind it. */
static inline char enedis_scan_peek(struct enedis_scan *scan)
{
    while (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\r' || *scan->at == '\t')
        scan->at++;
    return *scan->at;
}

/* Copies a text, its escapes resolved, and a NUL behind it. False where it is none or does not fit into `size`. */
bool enedis_scanned_copy(const struct enedis_scanned *value, char *out, size_t size);
bool enedis_scanned_is_escaped(const struct enedis_scanned *value, const char *text);
/* Is it that text? Names are short: comparing them is shorter than a call. */
static inline bool enedis_scanned_is(const struct enedis_scanned *value, const char *text)
{
    if (value->type != ENEDIS_SCANNED_TEXT)
        return false;
    if (value->escaped)
        return enedis_scanned_is_escaped(value, text);
    size_t same = 0;
    while (same < value->length && text[same] == value->text[same])
        same++;
    return same == value->length && text[same] == '\0';
}
/* What a number stands for. */
double enedis_scanned_number(const struct enedis_scanned *value);

#endif
