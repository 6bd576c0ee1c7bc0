/* A usage point (point de livraison) is named by its PRM: exactly 14 digits.
 *
 * Both functions may be called from any thread and from any callback. */
#ifndef RELEVE_USAGE_POINT_H
#define RELEVE_USAGE_POINT_H

#include <inttypes.h>
#include <releve/declare.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

RELEVE_DECLARE_BEGIN

/* A PRM as a number; leading zeros come back when it is written. */
typedef uint64_t releve_prm;

#define RELEVE_PRM_DIGITS 14
#define RELEVE_PRM_TEXT (RELEVE_PRM_DIGITS + 1)
#define RELEVE_PRM_FORMAT "%014" PRIu64

/* Reads exactly `length` bytes; false, and *prm untouched, unless they are 14 digits. */
bool releve_prm_parse(const char *text, size_t length, releve_prm *prm);
/* Writes its 14 digits and a NUL. `prm` is at most 99999999999999. */
void releve_prm_format(releve_prm prm, char out[RELEVE_PRM_TEXT]);

RELEVE_DECLARE_END

#endif
