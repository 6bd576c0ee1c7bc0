/* Reasons, as people are told them. */
#ifndef RELEVE_CLI_REASONS_H
#define RELEVE_CLI_REASONS_H

#include <releve/kind.h>
#include <releve/point.h>
#include <releve/usage_point.h>
#include <releve/verdict.h>
#include <stdbool.h>
#include <stddef.h>

/* Is a code no more than an HTTP status? A bare 403 looks like a count: "HTTP " belongs before it. */
bool releve_reasons_is_status(const char *code, size_t characters);

/* Its code, and what belongs before it. */
#define RELEVE_REASONS_CODE_TEXT (RELEVE_REASON_CODE_BYTES + 5)
void releve_reasons_code(const struct releve_reason *reason, char out[RELEVE_REASONS_CODE_TEXT]);

/* Upstream does not give what was asked, and says so: it is no failure that another try may mend. */
bool releve_reasons_is_refusal(const struct releve_reason *reason);

/* Likewise, and for more than the kind that was asked: its direction, or the usage point. */
bool releve_reasons_is_wide(const struct releve_reason *reason);

/* Why that kind of the usage point is not to be had, as far as it is remembered: it is refused, it is not there, or
 * none of its services is of it (`has_come`: there are days of it all the same). NULL where nothing speaks against it.
 * It points into the facts. */
const struct releve_reason *releve_reasons_find(const struct releve_point_facts *facts, enum releve_kind kind,
                                                bool has_come);

/* What is not to be had, and why: "consumption is refused (HTTP 403: the customer has revoked it)"; where that is
 * remembered, also since when and until when. `kind` was wanted. */
#define RELEVE_REASONS_TEXT 400
void releve_reasons_format(const struct releve_reason *reason, enum releve_kind kind, char out[RELEVE_REASONS_TEXT]);

/* How to ask at once what is remembered; for printf, with a PRM. It names one usage point: of others, with --refresh,
 * all known days would be asked again. */
#define RELEVE_REASONS_REMEDY "; backfill --refresh --prm " RELEVE_PRM_FORMAT " asks at once, also for known days"

#endif
