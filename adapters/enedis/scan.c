/* See scan.h. Every byte is looked at once. The NUL behind the text is no JSON anywhere, so it ends every loop. */
#include "scan.h"
#include "json.h"
#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_BYTES_MAX 63 /* as cJSON has it */
#define EXACT_DIGITS_MAX 15 /* of a number that is exact in a double */
#define NAME_BYTES_MAX 64   /* of a name that anybody asks for, in escapes or not */

static bool fail(struct enedis_scan *scan, const char *why)
{
    if (!scan->wrong)
        scan->wrong = why;
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* --- texts ----------------------------------------------------------------------------------------- */

/* The four hexadecimal digits at `at`; -1 where there are fewer. */
static int hex4(const char *at)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    int value = 0;
    for (int i = 0; i < 4; i++) {
        const char *digit = at[i] != '\0' ? strchr(digits, at[i]) : NULL;
        if (!digit)
            return -1;
        int number = (int)(digit - digits);
        value = value * 16 + (number < 16 ? number : number - 6);
    }
    return value;
}

/* The character of the escape behind the backslash at *at, which is moved behind it; -1 where it is none. */
static int read_escape(const char **at)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *plain = (*at)[1] != '\0' ? strchr(from, (*at)[1]) : NULL;
    if (plain) {
        *at += 2;
        return to[plain - from];
    }
    if ((*at)[1] != 'u')
        return -1;
    int code = hex4(*at + 2);
    if (code <= 0 || (code >= 0xDC00 && code <= 0xDFFF))
        return -1; /* a NUL would end the text early; the second half of a pair comes second */
    *at += 6;
    if (code < 0xD800 || code > 0xDBFF)
        return code;
    int low = (*at)[0] == '\\' && (*at)[1] == 'u' ? hex4(*at + 2) : -1;
    if (low < 0xDC00 || low > 0xDFFF)
        return -1;
    *at += 6;
    return 0x10000 + ((code & 0x3FF) << 10) + (low & 0x3FF);
}

/* Bytes that are more than themselves in a text: control characters, its end, escapes. */
static const bool ends_plain[UCHAR_MAX + 1] = {
    [0] = true,  [1] = true,  [2] = true,  [3] = true,  [4] = true,   [5] = true,   [6] = true,
    [7] = true,  [8] = true,  [9] = true,  [10] = true, [11] = true,  [12] = true,  [13] = true,
    [14] = true, [15] = true, [16] = true, [17] = true, [18] = true,  [19] = true,  [20] = true,
    [21] = true, [22] = true, [23] = true, [24] = true, [25] = true,  [26] = true,  [27] = true,
    [28] = true, [29] = true, [30] = true, [31] = true, ['"'] = true, ['\\'] = true};

/* Passes the escape at `at`; NULL where it is none. */
static const char *pass_escape(const char *at)
{
    return read_escape(&at) < 0 ? NULL : at;
}

static bool scan_text(struct enedis_scan *scan, struct enedis_scanned *text)
{
    const char *at = ++scan->at;
    text->type = ENEDIS_SCANNED_TEXT;
    text->text = at;
    text->escaped = false;
    for (;;) {
        while (!ends_plain[(unsigned char)*at])
            at++;
        if (*at == '"')
            break;
        if (*at != '\\')
            return fail(scan, *at == '\0' ? "the body is not complete JSON" : "a text has a control character");
        text->escaped = true;
        at = pass_escape(at);
        if (!at)
            return fail(scan, "a text has an escape that is none");
    }
    text->length = (size_t)(at - text->text);
    scan->at = at + 1;
    return true;
}

static size_t put_utf8(int code, char out[4])
{
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (length == 1) {
        out[0] = (char)code;
        return length;
    }
    for (size_t i = length; i-- > 1; code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3F));
    out[0] = (char)(leads[length] | code);
    return length;
}

bool enedis_scanned_copy(const struct enedis_scanned *value, char *out, size_t size)
{
    if (value->type != ENEDIS_SCANNED_TEXT || (!value->escaped && value->length >= size))
        return false;
    if (!value->escaped) {
        memcpy(out, value->text, value->length);
        out[value->length] = '\0';
        return true;
    }
    size_t used = 0;
    for (const char *at = value->text, *end = at + value->length; at < end;) {
        char bytes[4] = {*at};
        size_t length = 1;
        if (*at == '\\')
            length = put_utf8(read_escape(&at), bytes);
        else
            at++;
        if (length >= size - used)
            return false;
        memcpy(out + used, bytes, length);
        used += length;
    }
    out[used] = '\0';
    return true;
}

bool enedis_scanned_is_escaped(const struct enedis_scanned *value, const char *text)
{
    char copy[NAME_BYTES_MAX];
    return enedis_scanned_copy(value, copy, sizeof copy) && strcmp(copy, text) == 0;
}

/* --- numbers and words ------------------------------------------------------------------------------- */

static bool pass_digits(const char **at)
{
    const char *first = *at;
    while (is_digit(**at))
        (*at)++;
    return *at > first;
}

static bool scan_number(struct enedis_scan *scan, struct enedis_scanned *number)
{
    const char *at = scan->at + (*scan->at == '-'), *first = at;
    bool sound = pass_digits(&at) && (*first != '0' || at == first + 1);
    if (sound && *at == '.') {
        at++;
        sound = pass_digits(&at);
    }
    if (sound && (*at == 'e' || *at == 'E')) {
        at++;
        at += *at == '+' || *at == '-';
        sound = pass_digits(&at);
    }
    size_t length = (size_t)(at - scan->at);
    if (!sound || length > NUMBER_BYTES_MAX)
        return fail(scan, "a number is none of JSON's");
    *number = (struct enedis_scanned){ENEDIS_SCANNED_NUMBER, scan->at, length, false};
    scan->at = at;
    return true;
}

double enedis_scanned_number(const struct enedis_scanned *value)
{
    assert(value->type == ENEDIS_SCANNED_NUMBER && value->length <= NUMBER_BYTES_MAX);
    int64_t whole = 0;
    size_t digits = 0;
    while (digits < value->length && digits < EXACT_DIGITS_MAX && is_digit(value->text[digits]))
        whole = whole * 10 + (value->text[digits++] - '0');
    if (digits == value->length)
        return (double)whole;
    char copy[NUMBER_BYTES_MAX + 1];
    memcpy(copy, value->text, value->length);
    copy[value->length] = '\0';
    return strtod(copy, NULL);
}

static bool scan_word(struct enedis_scan *scan, const char *word, size_t length)
{
    if (strncmp(scan->at, word, length) != 0)
        return fail(scan, "the body is not complete JSON");
    scan->at += length;
    return true;
}

/* --- structure ------------------------------------------------------------------------------------------ */

static bool out_of_place(struct enedis_scan *scan)
{
    bool control = *scan->at > '\0' && *scan->at < ' ';
    return fail(scan, control ? "a control character stands between values" : "the body is not complete JSON");
}

bool enedis_scan_enter(struct enedis_scan *scan, char open)
{
    char close = open == '{' ? '}' : ']';
    if (scan->wrong || enedis_scan_peek(scan) != open)
        return out_of_place(scan);
    if (++scan->depth > ENEDIS_JSON_DEPTH_MAX)
        return fail(scan, "the body is JSON nested too deep");
    scan->at++;
    if (enedis_scan_peek(scan) != close)
        return true;
    scan->at++;
    scan->depth--;
    return false;
}

bool enedis_scan_more(struct enedis_scan *scan, char close)
{
    char c = scan->wrong ? '\0' : enedis_scan_peek(scan);
    if (c != ',' && c != close)
        return out_of_place(scan);
    scan->at++;
    scan->depth -= c == close;
    return c == ',';
}

bool enedis_scan_name(struct enedis_scan *scan, struct enedis_scanned *name)
{
    if (scan->wrong || enedis_scan_peek(scan) != '"' || !scan_text(scan, name) || enedis_scan_peek(scan) != ':')
        return out_of_place(scan);
    scan->at++;
    return true;
}

static bool pass_over(struct enedis_scan *scan, char open)
{
    struct enedis_scanned ignored;
    for (bool more = enedis_scan_enter(scan, open); more; more = enedis_scan_more(scan, open == '{' ? '}' : ']'))
        if ((open == '{' && !enedis_scan_name(scan, &ignored)) || !enedis_scan_value(scan, &ignored))
            return false;
    return !scan->wrong;
}

bool enedis_scan_value(struct enedis_scan *scan, struct enedis_scanned *value)
{
    if (scan->wrong)
        return false;
    char c = enedis_scan_peek(scan);
    value->type = ENEDIS_SCANNED_OTHER;
    switch (c) {
    case '"':
        return scan_text(scan, value);
    case '{':
    case '[':
        return pass_over(scan, c);
    case 't':
        return scan_word(scan, "true", 4);
    case 'f':
        return scan_word(scan, "false", 5);
    case 'n':
        value->type = ENEDIS_SCANNED_NULL;
        return scan_word(scan, "null", 4);
    default:
        return c == '-' || is_digit(c) ? scan_number(scan, value) : out_of_place(scan);
    }
}
