/* A short name for a text: 64-bit FNV-1a. The same on every machine and in every version, and no secret: whoever has
 * the digest of a short text can find the text. */
#ifndef RELEVE_DIGEST_H
#define RELEVE_DIGEST_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t releve_digest_bytes(const char *bytes, size_t length)
{
    uint64_t digest = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++)
        digest = (digest ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return digest;
}

static inline uint64_t releve_digest(const char *text)
{
    return releve_digest_bytes(text, strlen(text));
}

#endif
