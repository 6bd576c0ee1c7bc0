/* A text that grows: what bodies are written into.
 *
 * Measure bodies are thousands of small objects of one fixed shape; appending them is shorter than building
 * a JSON tree to print it once, and an order of magnitude faster. Everything irregular (control, stats)
 * goes through cJSON. Nothing here escapes: callers write texts of their own or checked digits only. */
#ifndef RELEVE_SANDBOX_TEXT_H
#define RELEVE_SANDBOX_TEXT_H

#include <releve/calendar.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed is empty. After a lack of memory `failed` stays set, and additions do nothing. */
struct sandbox_text {
    char *bytes; /* not NUL-terminated */
    size_t length, capacity;
    bool failed;
};

void sandbox_text_add(struct sandbox_text *text, const char *bytes, size_t length);
void sandbox_text_puts(struct sandbox_text *text, const char *string);
void sandbox_text_number(struct sandbox_text *text, int64_t number);
void sandbox_text_printf(struct sandbox_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "2026-09-29" and "2026-09-29 13:03:35" (the Paris clock, without its offset). */
void sandbox_text_day(struct sandbox_text *text, releve_day day);
void sandbox_text_stamp(struct sandbox_text *text, releve_day day, int second_of_day);

void sandbox_text_free(struct sandbox_text *text);

#endif
