/* Writing reasons. Upstream's own text is quoted only through here, so that law 7 holds. */
#include "reason.h"
#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WORD_BYTES_MAX 48 /* longer than any word people write; tokens are longer */
#define RAW_BYTES 1024    /* what is looked at of upstream's own text */
#define HIDDEN "[hidden]"

/* Do two bytes make a letter of Latin-1 in UTF-8, such as the accented ones of French? */
static bool is_accent(const unsigned char *at)
{
    return at[0] == 0xc3 && at[1] >= 0x80 && at[1] <= 0xbf;
}

/* Of the bytes of ASCII only the printable ones are written. */
static bool is_dropped(unsigned char byte)
{
    return byte < 0x80 && !isprint(byte);
}

static bool is_personal(const char *word, size_t length)
{
    if (length > WORD_BYTES_MAX || memchr(word, '@', length))
        return true;
    int digits = 0;
    for (size_t i = 0; i < length; i++) {
        if (is_dropped((unsigned char)word[i]))
            continue; /* what stands around it will be one row */
        digits = isdigit((unsigned char)word[i]) ? digits + 1 : 0;
        if (digits > ENEDIS_REASON_DIGITS_MAX)
            return true;
    }
    return false;
}

/* How many of the bytes to keep, so that no accented letter is cut in two. */
static size_t whole_bytes(const char *text, size_t length)
{
    return length > 0 && (unsigned char)text[length - 1] == 0xc3 ? length - 1 : length;
}

static void write_line(char *out, size_t size, const char *raw)
{
    size_t used = 0;
    while (*raw) {
        raw += strspn(raw, " \t\r\n\v\f");
        size_t length = strcspn(raw, " \t\r\n\v\f");
        if (length == 0)
            break;
        bool hide = is_personal(raw, length);
        const char *word = hide ? HIDDEN : raw;
        size_t word_bytes = hide ? strlen(HIDDEN) : length;
        if (used > 0 && used + 1 < size)
            out[used++] = ' ';
        for (size_t i = 0; i < word_bytes && used + 1 < size; i++) {
            const unsigned char *at = (const unsigned char *)word + i;
            if (i + 1 < word_bytes && is_accent(at)) {
                out[used++] = (char)at[0];
                if (used + 1 < size)
                    out[used++] = (char)at[1];
                i++;
            } else if (at[0] >= 0x80) {
                out[used++] = '?';
            } else if (!is_dropped(at[0])) {
                out[used++] = (char)at[0];
            }
        }
        raw += length;
    }
    out[used + 1 < size ? used : whole_bytes(out, used)] = '\0';
}

void enedis_reason(struct releve_answer *answer, enum releve_verdict verdict, const char *code, const char *format, ...)
{
    assert(code && format);
    char raw[RAW_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    answer->verdict = answer->reason.verdict = verdict;
    (void)snprintf(answer->reason.code, sizeof answer->reason.code, "%s", code);
    write_line(answer->reason.text, sizeof answer->reason.text, raw);
}
