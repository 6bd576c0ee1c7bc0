/* One pass over text that claims to be JSON, before anything is built from it (docs/design.md, Laws: 6). */
#include <releve/json_guard.h>
#include <stdbool.h>
#include <string.h>

#define ESCAPED_NUL "\\u0000"

enum releve_json_flaw releve_json_guard(const char *text, size_t bytes, size_t bytes_max, int depth_max)
{
    if (bytes > bytes_max)
        return RELEVE_JSON_TOO_LARGE;
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < bytes; i++) {
        char c = text[i];
        if (c == '\0')
            return RELEVE_JSON_HAS_NUL;
        if (c == '"') {
            in_string = !in_string;
        } else if (in_string && c == '\\') {
            if (bytes - i >= strlen(ESCAPED_NUL) && memcmp(text + i, ESCAPED_NUL, strlen(ESCAPED_NUL)) == 0)
                return RELEVE_JSON_HAS_NUL;
            /* What is escaped ends no string; a NUL there is a byte like any other. */
            if (i + 1 < bytes && text[i + 1] != '\0')
                i++;
        } else if (!in_string && (c == '{' || c == '[')) {
            if (++depth > depth_max)
                return RELEVE_JSON_TOO_DEEP;
        } else if (!in_string && (c == '}' || c == ']')) {
            depth--;
        }
    }
    return RELEVE_JSON_SOUND;
}
