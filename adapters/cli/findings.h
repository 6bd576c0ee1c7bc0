/* What a diagnosis finds: a line each, with its remedy, as it is found; and what it comes to. */
#ifndef RELEVE_CLI_FINDINGS_H
#define RELEVE_CLI_FINDINGS_H

#include "terminal.h"
#include <cjson/cJSON.h>
#include <releve/error.h>

enum releve_health { RELEVE_HEALTH_OK, RELEVE_HEALTH_DOUBTFUL, RELEVE_HEALTH_BAD };

struct releve_findings {
    cJSON *json; /* a list; NULL: lines are printed. Owned */
    struct releve_terminal terminal;
    enum releve_code code; /* of the first that is bad; RELEVE_E_PARTIAL where some are only doubtful */
};

/* `area` is what it is about ("Redis"); `code` is what a bad one means for the exit code. One line of text: what was
 * found, and behind a colon what to do. */
void releve_findings_add(struct releve_findings *findings, enum releve_health health, enum releve_code code,
                         const char *area, const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
