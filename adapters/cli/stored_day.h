/* A day as it stands in Redis (docs/redis.md), printed for people and for spreadsheets. Anybody who can write to Redis
 * can write one: what is no day is refused, and nothing that is printed can steer a terminal. */
#ifndef RELEVE_CLI_STORED_DAY_H
#define RELEVE_CLI_STORED_DAY_H

#include <releve/calendar.h>
#include <releve/kind.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define RELEVE_STORED_DAY_BYTES_MAX (64 * 1024) /* a curve of 5 minutes has 4 kB */
#define RELEVE_STORED_DOCUMENT_BYTES_MAX (256 * 1024)

enum releve_stored_day_form { RELEVE_STORED_DAY_PRETTY, RELEVE_STORED_DAY_CSV };

/* The first line of a CSV of this kind. */
const char *releve_stored_day_header(enum releve_kind kind);

/* One line; a document as JSON, indented; as CSV, a line an interval of a load curve. False, and nothing printed, where
 * the text is no day. */
bool releve_stored_day_print(FILE *out, enum releve_stored_day_form form, enum releve_kind kind, releve_day day,
                             const char *text, size_t text_bytes);

#endif
