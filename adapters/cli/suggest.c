/* The distance is Damerau's and Levenshtein's: letters that are added, left out, wrong, or in each other's place. */
#include "suggest.h"
#include <stdio.h>
#include <string.h>

#define WORD_BYTES_MAX 40 /* longer ones are not compared */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][WORD_BYTES_MAX + 1] = {{0}}; /* of a's letters: the one before the last, the last, this one */
    for (size_t j = 0; j <= b_length; j++)
        rows[1][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        rows[2][0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t cost = a[i - 1] != b[j - 1];
            rows[2][j] = least(least(rows[1][j] + 1, rows[2][j - 1] + 1), rows[1][j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                rows[2][j] = least(rows[2][j], rows[0][j - 2] + 1);
        }
        memcpy(rows[0], rows[1], sizeof rows[0]);
        memcpy(rows[1], rows[2], sizeof rows[1]);
    }
    return rows[1][b_length];
}

const char *releve_suggest(const char *text, size_t length, const char *const *words, size_t count)
{
    const char *nearest = NULL;
    size_t nearest_distance = 0;
    for (size_t i = 0; length <= WORD_BYTES_MAX && i < count; i++) {
        size_t word_length = strlen(words[i]);
        if (word_length > WORD_BYTES_MAX)
            continue;
        size_t away = distance(text, length, words[i], word_length);
        if (away > (word_length + 2) / 3 || (nearest != NULL && away >= nearest_distance))
            continue;
        nearest = words[i];
        nearest_distance = away;
    }
    return nearest;
}

const char *releve_suggest_format(const char *text, size_t length, const char *const *words, size_t count,
                                  char out[RELEVE_SUGGEST_TEXT])
{
    const char *word = releve_suggest(text, length, words, count);
    out[0] = '\0';
    if (word != NULL)
        (void)snprintf(out, RELEVE_SUGGEST_TEXT, " (did you mean %s?)", word);
    return out;
}
