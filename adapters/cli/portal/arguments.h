/* What a request names, read from its path and query. False, and the request is refused, where it is none. */
#ifndef RELEVE_CLI_ARGUMENTS_H
#define RELEVE_CLI_ARGUMENTS_H

#include <adapters/web/web.h>
#include <releve/kind.h>
#include <releve/span.h>
#include <releve/usage_point.h>

/* The n-th argument of the path: a PRM. */
bool releve_argument_prm(struct releve_web_asked *asked, unsigned n, releve_prm *prm);

/* A kind that has days, or a document. */
bool releve_argument_measure(struct releve_web_asked *asked, unsigned n, enum releve_kind *kind);
bool releve_argument_document(struct releve_web_asked *asked, unsigned n, enum releve_kind *kind);

/* A day, YYYY-MM-DD. */
bool releve_argument_day(struct releve_web_asked *asked, unsigned n, releve_day *day);

/* The parameters start and end (excluded; the same day twice is that one day), where they are there; else as in
 * `span`. At most `days_max` days. */
bool releve_argument_span(struct releve_web_asked *asked, int days_max, struct releve_span *span);

#endif
