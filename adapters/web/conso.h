/* What is asked of the Conso API (docs/conso.md): one kind of one usage point, and days, in either of its two shapes.
 *
 * The shape follows from the type in the path. Its parameters may have the names of either:
 *
 *   /api/daily_consumption?prm=22516914714270&start=2026-09-01&end=2026-10-01
 *   /api/consommation_quotidienne?pointId=22516914714270&dateDebut=2026-09-01&dateFin=2026-10-01
 *
 * The way of a request: begin, add and end; the token (tokens.h); the dates; then a body (conso_body.h) or a refusal
 * (conso_refusal.h). The original goes the same way, so who is refused for two reasons is told the same one. */
#ifndef RELEVE_WEB_CONSO_H
#define RELEVE_WEB_CONSO_H

#include <releve/kind.h>
#include <releve/text.h>
#include <releve/usage_point.h>
#include <stdbool.h>

enum releve_conso_shape {
    RELEVE_CONSO_V5,  /* the inside of meter_reading */
    RELEVE_CONSO_2026 /* Enedis's own body */
};

enum releve_conso_parameter {
    RELEVE_CONSO_POINT,
    RELEVE_CONSO_START,
    RELEVE_CONSO_END,
    RELEVE_CONSO_STEP,     /* of maximum power: P1D, which is the default */
    RELEVE_CONSO_QUANTITY, /* of maximum power: PMA, which is the default */
    RELEVE_CONSO_PARAMETERS
};

/* A question. What is not private is set by releve_conso_end. */
struct releve_conso_ask {
    enum releve_conso_shape shape;
    enum releve_kind kind;
    releve_prm prm;
    struct releve_span span;

    /* Private. */
    bool type_known;
    const char *values[RELEVE_CONSO_PARAMETERS];
    bool repeated[RELEVE_CONSO_PARAMETERS];
    bool stray; /* a parameter that there is not */
};

/* What is answered, as JSON. */
struct releve_conso_answer {
    unsigned status;
    struct releve_text body; /* the caller's, to be freed */
};

/* `type` is the last segment of the path. */
void releve_conso_begin(struct releve_conso_ask *ask, const char *type);

/* A parameter of the query, decoded; the value stays where it is until releve_conso_end. */
void releve_conso_add(struct releve_conso_ask *ask, const char *name, const char *value);

/* False, and the refusal in *answer (zeroed before), where the type is none, or a parameter is missing, given twice,
 * unknown or of another form. */
bool releve_conso_end(struct releve_conso_ask *ask, struct releve_conso_answer *answer);

/* Whether Enedis would take these days; else as above. `today` is that of Paris. A beginning that is older than what
 * Enedis keeps is good here: whether those days are in Redis is for the caller to see. */
bool releve_conso_judge_dates(const struct releve_conso_ask *ask, releve_day today, struct releve_conso_answer *answer);

/* The last segment of the path, as it is asked for in that shape; NULL where it has no such kind. */
const char *releve_conso_type(enum releve_conso_shape shape, enum releve_kind kind);

#endif
