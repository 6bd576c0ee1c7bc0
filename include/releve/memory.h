/* The one policy for memory that runs out: the process ends, and says why.
 *
 * Where a machine has not a few hundred bytes left, nothing sensible can follow, and nothing is lost by ending: the
 * work that matters lives in Redis, permits age out of the ledger by themselves, and the next start goes on from there.
 * So these never return NULL, and no caller has a path for it. */
#ifndef RELEVE_MEMORY_H
#define RELEVE_MEMORY_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `memory`, unless it is NULL: then the process ends. For what a library allocated. */
static inline void *releve_must(void *memory)
{
    if (memory == NULL) {
        (void)fputs("releve: out of memory\n", stderr);
        abort();
    }
    return memory;
}

/* `count` zeroed things of `bytes` each; to be given to free(). */
static inline void *releve_alloc(size_t count, size_t bytes)
{
    return releve_must(calloc(count > 0 ? count : 1, bytes));
}

/* As realloc: what is new is not zeroed. */
static inline void *releve_realloc(void *memory, size_t bytes)
{
    return releve_must(realloc(memory, bytes > 0 ? bytes : 1));
}

static inline char *releve_strdup(const char *text)
{
    return releve_must(strdup(text));
}

#endif
