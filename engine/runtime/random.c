/* See random.h. */
#include "random.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void releve_random_hex(size_t bytes, char *out)
{
    unsigned char drawn[RELEVE_RANDOM_BYTES_MAX];
    assert(bytes <= sizeof drawn);
    if (getrandom(drawn, bytes, 0) != (ssize_t)bytes)
        abort(); /* so few come at once wherever Linux runs */
    for (size_t i = 0; i < bytes; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", drawn[i]);
}
