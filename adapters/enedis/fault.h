/* What an error body says, whatever its shape. */
#ifndef ENEDIS_FAULT_H
#define ENEDIS_FAULT_H

#include <cjson/cJSON.h>
#include <releve/judged_answer.h>
#include <stdbool.h>

#define ENEDIS_FAULT_TEXTS_MAX 12 /* four of each object, two levels deep, and codes kept as texts */

/* In a phrase: a letter that arrives in different encodings, of at most so many bytes ("&eacute;" has 8). */
#define ENEDIS_FAULT_ANY '*'
#define ENEDIS_FAULT_ANY_BYTES_MAX 8

/* The texts point into the JSON. */
struct enedis_fault {
    bool present;                              /* the body is an error, also under a success status */
    const char *code;                          /* "900804", "ADAM-ERR0123", "no_data_found"; "" where none */
    char number[24];                           /* holds a code that came as a JSON number */
    const char *texts[ENEDIS_FAULT_TEXTS_MAX]; /* message, description, ... */
    int texts_count;
    const char *next_access_time; /* NULL where none */
};

/* The list that an error body is, itself or as its "error" (docs/enedis.md, Errors); NULL where it is none. `root` may
 * be NULL. */
const cJSON *enedis_fault_list(const cJSON *root);

/* One error: an object. Anything else, NULL included, is none. */
void enedis_fault_read(const cJSON *root, struct enedis_fault *fault);

/* Use this rather than an assignment: `code` may point into `number`. */
void enedis_fault_copy(struct enedis_fault *to, const struct enedis_fault *from);

/* Whether one of its texts, or its code, holds `phrase`, in any case. */
bool enedis_fault_says(const struct enedis_fault *fault, const char *phrase);

/* Whether it carries that code: as its code, with its prefix twice, or quoted in its texts. '_' and '-' are one, and so
 * are capitals. */
bool enedis_fault_has_code(const struct enedis_fault *fault, const char *code);

/* Its first text, or "". */
const char *enedis_fault_message(const struct enedis_fault *fault);

/* Its own code where it is fit to be shown, else "http-<status>". */
void enedis_fault_code(const struct enedis_fault *fault, int status, char out[RELEVE_REASON_CODE_BYTES]);

#endif
