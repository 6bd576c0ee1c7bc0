/* See wire.h. */
#include <adapters/redis/wire.h>
#include <hiredis/hiredis.h>
#include <releve/memory.h>
#include <stdlib.h>

char *releve_wire_format(const struct releve_words *words, size_t *wire_bytes)
{
    char *wire = NULL;
    const char **values = releve_alloc(words->count, sizeof *values);
    size_t *bytes = releve_alloc(words->count, sizeof *bytes);
    for (size_t i = 0, begin = 0; i < words->count; begin = words->ends[i++]) {
        values[i] = words->text.bytes + begin;
        bytes[i] = words->ends[i] - begin;
    }
    int count = redisFormatCommandArgv(&wire, (int)words->count, values, bytes);
    free(values);
    free(bytes);
    *wire_bytes = count < 0 ? 0 : (size_t)count;
    return count < 0 ? NULL : wire;
}

const char *releve_wire_next_word(const char **wire, size_t *bytes)
{
    char *length_end;
    *bytes = (size_t)strtoull(*wire + 1, &length_end, 10);
    const char *word = length_end + 2;
    *wire = word + *bytes + 2;
    return word;
}
