/* What the fuzz targets share: a condition that ends the run, and copies of the input that end where it ends, so that a
 * sanitizer sees who reads on. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a target defines. libFuzzer calls it, or replay.c. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)                                                                   \
    do {                                                                                  \
        if (!(condition)) {                                                               \
            (void)fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                      \
        }                                                                                 \
    } while (0)

/* The input as a string; it may hold NULs. The caller frees. */
static inline char *fuzz_string(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    MUST(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

/* One line for people: not empty, and no control character in it, so that it can neither end early nor steer a
 * terminal. */
static inline bool fuzz_is_line(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++)
        if (*at < ' ' || *at == 0x7f)
            return false;
    return *text != '\0';
}

/* The longest row of digits in a text. */
static inline int fuzz_digits_in_a_row(const char *text)
{
    int longest = 0, row = 0;
    for (; *text != '\0'; text++) {
        row = *text >= '0' && *text <= '9' ? row + 1 : 0;
        longest = row > longest ? row : longest;
    }
    return longest;
}

#endif
