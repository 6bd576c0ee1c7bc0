/* A usage point (point de livraison) is named by its PRM: exactly 14 digits. */
#ifndef RELEVE_USAGE_POINT_H
#define RELEVE_USAGE_POINT_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A PRM as a number; leading zeros come back when it is written. */
typedef uint64_t releve_prm;

#define RELEVE_PRM_DIGITS 14
#define RELEVE_PRM_TEXT (RELEVE_PRM_DIGITS + 1)
#define RELEVE_PRM_FORMAT "%014" PRIu64

/* Reads exactly `length` bytes; false, and *prm untouched, unless they are 14 digits. */
bool releve_prm_parse(const char *text, size_t length, releve_prm *prm);
void releve_prm_format(releve_prm prm, char out[RELEVE_PRM_TEXT]);

#endif
