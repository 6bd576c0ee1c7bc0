/* A text that grows: what is appended to, piece by piece.
 *
 * For texts of one known shape (days, bodies, the words of a command), where building a tree to print it once is longer
 * and an order of magnitude slower. Memory that is missing ends the process (releve/memory.h). */
#ifndef RELEVE_TEXT_H
#define RELEVE_TEXT_H

#include <releve/calendar.h>
#include <releve/usage_point.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed is empty. */
struct releve_text {
    char *bytes; /* not NUL-terminated */
    size_t length, capacity;
};

void releve_text_add(struct releve_text *text, const char *bytes, size_t length);
void releve_text_puts(struct releve_text *text, const char *string);
void releve_text_byte(struct releve_text *text, char byte);
void releve_text_number(struct releve_text *text, int64_t number);
void releve_text_format(struct releve_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void releve_text_vformat(struct releve_text *text, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0), nonnull(2)));

/* Its 14 digits. */
void releve_text_prm(struct releve_text *text, releve_prm prm);
/* "2026-09-29" */
void releve_text_day(struct releve_text *text, releve_day day);

/* The string in quotes, as JSON wants it (RFC 8259, section 7); it is UTF-8 already. */
void releve_text_json(struct releve_text *text, const char *string);

/* The length of the UTF-8 character at `character`; 0 where there is none (RFC 3629). A NUL ends every one early. */
size_t releve_utf8_length(const char *character);

void releve_text_free(struct releve_text *text);

/* Writes `value` as a parameter of a form or of a URL has it: every byte that may have a meaning is escaped (RFC 3986,
 * 2.3). `out` has room for three bytes a byte and a NUL, and is all that is written to: a secret leaves no copy.
 * Returns where it ends. */
char *releve_escape(char *out, const char *value);

/* What a hexadecimal digit says, of either case: 0 to 15; -1 where it is none. */
int releve_hex_digit(char digit);

/* A duration for people, rounded up: "3 h 20 min", "45 s"; "unknown" for RELEVE_TIME_NEVER. */
#define RELEVE_DURATION_TEXT 32
void releve_duration_format(releve_time ms, char out[RELEVE_DURATION_TEXT]);

/* Which of the names these `length` bytes are; -1: none. */
int releve_name_find(const char *const *names, int count, const char *text, size_t length);

#endif
