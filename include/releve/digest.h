/* A short name for a text: 64-bit FNV-1a. The same on every machine and in every version, and no secret: whoever has
 * the digest of a short text can find the text. */
#ifndef RELEVE_DIGEST_H
#define RELEVE_DIGEST_H

#include <stdint.h>

static inline uint64_t releve_digest(const char *text)
{
    uint64_t digest = UINT64_C(0xcbf29ce484222325);
    for (; *text != '\0'; text++)
        digest = (digest ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return digest;
}

#endif
