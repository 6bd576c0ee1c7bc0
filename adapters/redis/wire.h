/* Commands as Redis reads them. */
#ifndef RELEVE_REDIS_WIRE_H
#define RELEVE_REDIS_WIRE_H

#include <adapters/redis/words.h>
#include <stddef.h>

/* As hiredis wants a command: its words one by one. NULL where memory is short, or the command absurdly large;
 * redisFreeCommand it. */
char *releve_wire_format(const struct releve_words *words, size_t *wire_bytes);

/* The next word of a formatted command, "$<bytes>\r\n<word>\r\n"; *wire is then behind it. */
const char *releve_wire_next_word(const char **wire, size_t *bytes);

#endif
