/* "Did you mean": the known word that is nearest to one that is not known. */
#ifndef RELEVE_CLI_SUGGEST_H
#define RELEVE_CLI_SUGGEST_H

#include <stddef.h>

#define RELEVE_SUGGEST_WORDS_MAX 64 /* that are compared */

/* That of `words` which differs from the first `length` bytes of `text` by the fewest letters (one more, one less,
 * another one, or two that changed places), where that is at most a third of them; else NULL. */
const char *releve_suggest(const char *text, size_t length, const char *const *words, size_t count);

/* " (did you mean WORD?)" into `out`, or "". */
#define RELEVE_SUGGEST_TEXT 80
const char *releve_suggest_format(const char *text, size_t length, const char *const *words, size_t count,
                                  char out[RELEVE_SUGGEST_TEXT]);

#endif
