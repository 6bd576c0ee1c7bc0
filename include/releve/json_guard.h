/* What is looked at before text from outside goes to a JSON parser.
 *
 * Parsers recurse, so that a deep text ends the stack; and they end C strings at a NUL, so that the text would mean
 * one thing here and another elsewhere. This judges no JSON: what passes may still be none. */
#ifndef RELEVE_JSON_GUARD_H
#define RELEVE_JSON_GUARD_H

#include <stddef.h>

enum releve_json_flaw {
    RELEVE_JSON_SOUND,
    RELEVE_JSON_TOO_LARGE,
    RELEVE_JSON_TOO_DEEP,
    RELEVE_JSON_HAS_NUL /* as a byte, or as \u0000 in a string */
};

/* The first flaw of `text`, in one pass: more than `bytes_max` bytes, more than `depth_max` brackets (of any kind,
 * outside strings) open at once, or a NUL. */
enum releve_json_flaw releve_json_guard(const char *text, size_t bytes, size_t bytes_max, int depth_max);

#endif
