/* The growing text: one allocation, doubled. */
#include <assert.h>
#include <releve/memory.h>
#include <releve/text.h>

#define FIRST_BYTES 1024
#define DIGITS_MAX 21 /* of an int64_t, with its sign */

/* Room for `length` more bytes. */
static char *reserve(struct releve_text *text, size_t length)
{
    if (text->capacity - text->length < length) {
        size_t capacity = text->capacity > 0 ? text->capacity : FIRST_BYTES;
        while (capacity - text->length < length)
            capacity *= 2;
        text->bytes = releve_realloc(text->bytes, capacity);
        text->capacity = capacity;
    }
    return text->bytes + text->length;
}

void releve_text_add(struct releve_text *text, const char *bytes, size_t length)
{
    if (length > 0)
        memcpy(reserve(text, length), bytes, length);
    text->length += length;
}

void releve_text_puts(struct releve_text *text, const char *string)
{
    releve_text_add(text, string, strlen(string));
}

void releve_text_number(struct releve_text *text, int64_t number)
{
    char digits[DIGITS_MAX], *out = reserve(text, DIGITS_MAX);
    size_t at = sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        digits[--at] = '-';
    for (; at < sizeof digits; at++) /* few: shorter than a call */
        *out++ = digits[at];
    text->length = (size_t)(out - text->bytes);
}

void releve_text_byte(struct releve_text *text, char byte)
{
    *reserve(text, 1) = byte;
    text->length++;
}

void releve_text_vformat(struct releve_text *text, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    assert(length >= 0);
    (void)vsnprintf(reserve(text, (size_t)length + 1), (size_t)length + 1, format, again);
    text->length += (size_t)length;
    va_end(again);
}

void releve_text_format(struct releve_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    releve_text_vformat(text, format, arguments);
    va_end(arguments);
}

void releve_text_prm(struct releve_text *text, releve_prm prm)
{
    char out[RELEVE_PRM_TEXT];
    releve_prm_format(prm, out);
    releve_text_add(text, out, RELEVE_PRM_DIGITS);
}

void releve_text_day(struct releve_text *text, releve_day day)
{
    char out[RELEVE_DAY_TEXT];
    releve_day_format(day, out);
    releve_text_add(text, out, RELEVE_DAY_TEXT - 1);
}

/* The short form that JSON has for a character, or 0. */
static char short_escape(char c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *at = c != '\0' ? strchr(from, c) : NULL;
    return at != NULL ? to[at - from] : '\0';
}

void releve_text_json(struct releve_text *text, const char *string)
{
    releve_text_puts(text, "\"");
    for (const char *plain = string; *string != '\0'; plain = ++string) {
        while ((unsigned char)*string >= ' ' && *string != '"' && *string != '\\')
            string++;
        releve_text_add(text, plain, (size_t)(string - plain));
        if (*string == '\0')
            break;
        char escape = short_escape(*string);
        if (escape != '\0')
            releve_text_format(text, "\\%c", escape);
        else
            releve_text_format(text, "\\u%04x", (unsigned)(unsigned char)*string);
    }
    releve_text_puts(text, "\"");
}

size_t releve_utf8_length(const char *character)
{
    static const unsigned char least_second[] = {0x80, 0xA0, 0x90}; /* behind E0 and F0: no longer form than needed */
    const unsigned char *at = (const unsigned char *)character;
    if (at[0] < 0x80)
        return 1;
    size_t length = at[0] >= 0xC2 && at[0] <= 0xDF ? 2 : at[0] >= 0xE0 && at[0] <= 0xEF ? 3 : 4;
    if (at[0] < 0xC2 || at[0] > 0xF4)
        return 0;
    unsigned char least = least_second[at[0] == 0xE0 ? 1 : at[0] == 0xF0 ? 2 : 0];
    unsigned char most = at[0] == 0xED ? 0x9F : at[0] == 0xF4 ? 0x8F : 0xBF; /* no half of a pair, none too high */
    if (at[1] < least || at[1] > most)
        return 0;
    for (size_t i = 2; i < length; i++)
        if (at[i] < 0x80 || at[i] > 0xBF)
            return 0;
    return length;
}

void releve_text_free(struct releve_text *text)
{
    free(text->bytes);
    *text = (struct releve_text){0};
}

char *releve_escape(char *out, const char *value)
{
    static const char digits[] = "0123456789ABCDEF";
    for (const unsigned char *c = (const unsigned char *)value; *c; c++) {
        if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || strchr("-._~", *c)) {
            *out++ = (char)*c;
        } else {
            *out++ = '%';
            *out++ = digits[*c >> 4];
            *out++ = digits[*c & 15];
        }
    }
    *out = '\0';
    return out;
}

int releve_hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

void releve_duration_format(releve_time ms, char out[RELEVE_DURATION_TEXT])
{
    long long seconds = (long long)((ms + 999) / 1000);
    if (ms == RELEVE_TIME_NEVER)
        (void)snprintf(out, RELEVE_DURATION_TEXT, "unknown");
    else if (seconds >= 48 * 3600)
        (void)snprintf(out, RELEVE_DURATION_TEXT, "%lld d %lld h", seconds / 86400, seconds / 3600 % 24);
    else if (seconds >= 3600)
        (void)snprintf(out, RELEVE_DURATION_TEXT, "%lld h %02lld min", seconds / 3600, seconds / 60 % 60);
    else if (seconds >= 60)
        (void)snprintf(out, RELEVE_DURATION_TEXT, "%lld min %02lld s", seconds / 60, seconds % 60);
    else
        (void)snprintf(out, RELEVE_DURATION_TEXT, "%lld s", seconds);
}

int releve_name_find(const char *const *names, int count, const char *text, size_t length)
{
    for (int i = 0; i < count; i++)
        if (strlen(names[i]) == length && memcmp(names[i], text, length) == 0)
            return i;
    return -1;
}
