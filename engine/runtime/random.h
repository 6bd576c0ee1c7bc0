/* Names that nobody can guess, and no two of which are ever alike. */
#ifndef RELEVE_RUNTIME_RANDOM_H
#define RELEVE_RUNTIME_RANDOM_H

#include <stddef.h>

#define RELEVE_RANDOM_BYTES_MAX 32

/* As many random bytes of the kernel's, in hexadecimal: `out` has room for two digits a byte and a NUL. At most
 * RELEVE_RANDOM_BYTES_MAX. */
void releve_random_hex(size_t bytes, char *out);

#endif
