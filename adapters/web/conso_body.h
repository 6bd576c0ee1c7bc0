/* The body that the Conso API answers with: days of Redis as Enedis would have written them, in either shape. What
 * Enedis gave no value for is not in it, as with Enedis. */
#ifndef RELEVE_WEB_CONSO_BODY_H
#define RELEVE_WEB_CONSO_BODY_H

#include "conso.h"
#include <releve/reading.h>

struct releve_conso_registers;

/* Private. */
struct releve_conso_body {
    const struct releve_conso_ask *ask;
    struct releve_text points;
    struct releve_conso_registers *registers; /* NULL: other kinds have points */
    size_t values;
    releve_day last;                    /* of the days that were added */
    char quality[RELEVE_QUALITY_BYTES]; /* of the first that says one */
};

/* `ask` stays where it is until the end. To be ended, with releve_conso_body_end. */
void releve_conso_body_begin(struct releve_conso_body *body, const struct releve_conso_ask *ask);

/* The JSON of a day of the span, ascending. False where it is no day of that kind: then it is left out. */
bool releve_conso_body_add(struct releve_conso_body *body, releve_day day, const char *json, size_t json_bytes);

/* The answer, in *answer (zeroed before): 200, or 404 where no day has a value. */
void releve_conso_body_end(struct releve_conso_body *body, struct releve_conso_answer *answer);

#endif
