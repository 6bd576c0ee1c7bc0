/* Memory for small things that cannot be done without.
 *
 * Where the machine has not a few hundred bytes left, nothing sensible can follow, and nothing is lost by
 * ending: all work that matters lives in Redis and in the ledger. So these do not return NULL. */
#ifndef RELEVE_REDIS_MEMORY_H
#define RELEVE_REDIS_MEMORY_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* Zeroed; to be given to free(). */
static inline void *releve_redis_alloc(size_t count, size_t bytes)
{
    void *memory = calloc(count > 0 ? count : 1, bytes);
    if (memory == NULL) {
        (void)fputs("releve: out of memory\n", stderr);
        abort();
    }
    return memory;
}

#endif
