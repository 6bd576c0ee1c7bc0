/* See entry.h. */
#include <adapters/redis/entry.h>
#include <stdlib.h>
#include <string.h>

struct releve_entry releve_entry_parse(const char *text, size_t bytes)
{
    const struct releve_entry words = {text, bytes, bytes, RELEVE_NORMAL, true};
    const char *end = memchr(text, '\n', bytes), *blank = end != NULL ? memchr(text, ' ', (size_t)(end - text)) : NULL;
    if (blank == NULL)
        return words;
    for (enum releve_class class_ = 0; class_ < RELEVE_CLASSES; class_++) {
        const char *name = releve_class_name(class_);
        if (strlen(name) == (size_t)(blank - text) && memcmp(name, text, strlen(name)) == 0) {
            size_t line_bytes = (size_t)(end + 1 - text);
            return (struct releve_entry){end + 1, bytes - line_bytes, (size_t)strtoull(blank, NULL, 10), class_, false};
        }
    }
    return words;
}
