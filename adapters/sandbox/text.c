/* The growing text: one allocation, doubled. */
#include "text.h"
#include <assert.h>
#include <releve/calendar.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES 1024
#define PRINTF_BYTES 2048 /* longest single printf */
#define DIGITS_MAX 21     /* of an int64_t, with its sign */

/* Room for `length` more bytes; NULL where there is none. */
static char *reserve(struct sandbox_text *text, size_t length)
{
    if (text->failed)
        return NULL;
    if (text->capacity - text->length < length) {
        size_t capacity = text->capacity > 0 ? text->capacity : FIRST_BYTES;
        while (capacity - text->length < length)
            capacity *= 2;
        char *bytes = realloc(text->bytes, capacity);
        if (bytes == NULL) {
            text->failed = true;
            return NULL;
        }
        text->bytes = bytes;
        text->capacity = capacity;
    }
    return text->bytes + text->length;
}

void sandbox_text_add(struct sandbox_text *text, const char *bytes, size_t length)
{
    char *at = reserve(text, length);
    if (at == NULL)
        return;
    memcpy(at, bytes, length);
    text->length += length;
}

void sandbox_text_puts(struct sandbox_text *text, const char *string)
{
    sandbox_text_add(text, string, strlen(string));
}

void sandbox_text_number(struct sandbox_text *text, int64_t number)
{
    char digits[DIGITS_MAX];
    size_t at = sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        digits[--at] = '-';
    sandbox_text_add(text, digits + at, sizeof digits - at);
}

void sandbox_text_printf(struct sandbox_text *text, const char *format, ...)
{
    char line[PRINTF_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    assert(length >= 0 && (size_t)length < sizeof line);
    sandbox_text_add(text, line, (size_t)length);
}

void sandbox_text_day(struct sandbox_text *text, releve_day day)
{
    char out[RELEVE_DAY_TEXT];
    releve_day_format(day, out);
    sandbox_text_add(text, out, RELEVE_DAY_TEXT - 1);
}

void sandbox_text_stamp(struct sandbox_text *text, releve_day day, int second_of_day)
{
    assert(second_of_day >= 0 && second_of_day < 86400);
    const int parts[3] = {second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60};
    char clock[9] = " 00:00:00";
    for (int i = 0; i < 3; i++) {
        clock[1 + 3 * i] = (char)('0' + parts[i] / 10);
        clock[2 + 3 * i] = (char)('0' + parts[i] % 10);
    }
    sandbox_text_day(text, day);
    sandbox_text_add(text, clock, sizeof clock);
}

void sandbox_text_free(struct sandbox_text *text)
{
    free(text->bytes);
    *text = (struct sandbox_text){0};
}
