/* What an error body says, whatever its shape. */
#ifndef ENEDIS_FAULT_H
#define ENEDIS_FAULT_H

#include <cjson/cJSON.h>
#include <releve/verdict.h>
#include <stdbool.h>

#define ENEDIS_FAULT_TEXTS_MAX 6

/* The texts point into the JSON. */
struct enedis_fault {
    bool present;                              /* the body is an error, also under a success status */
    const char *code;                          /* "900804", "ADAM-ERR0123", "no_data_found"; "" where none */
    char number[24];                           /* holds a code that came as a JSON number */
    const char *texts[ENEDIS_FAULT_TEXTS_MAX]; /* message, description, ... */
    int texts_count;
    const char *next_access_time; /* NULL where none */
};

/* `root` may be NULL. */
void enedis_fault_read(const cJSON *root, struct enedis_fault *fault);

/* Whether one of its texts holds `phrase`, in any case. */
bool enedis_fault_says(const struct enedis_fault *fault, const char *phrase);

/* Whether it carries that code: as its code, or quoted in its texts. '_' and '-' are one, and so are capitals. */
bool enedis_fault_has_code(const struct enedis_fault *fault, const char *code);

/* Its first text, or "". */
const char *enedis_fault_message(const struct enedis_fault *fault);

/* Its own code where it is fit to be shown, else "http-<status>". */
void enedis_fault_code(const struct enedis_fault *fault, int status, char out[RELEVE_REASON_CODE_BYTES]);

#endif
