/* See url_parts.h. */
#include <adapters/redis/url_parts.h>
#include <releve/text.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PORT_MAX 65535
#define DIGITS_MAX 5 /* neither ports nor databases have more */

enum releve_code releve_url_refuse(struct releve_error *error, const char *format, ...)
{
    char what[RELEVE_ERROR_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return releve_fail(error, RELEVE_E_CONFIG, "RELEVE_REDIS: %.420s; releve --help has all forms", what);
}

enum releve_code releve_url_refuse_number(struct releve_error *error, const char *name, const char *text, size_t bytes,
                                          int max)
{
    bool is_option = name[strlen(name) - 1] == '=';
    if (bytes > 0 && bytes <= DIGITS_MAX && strspn(text, RELEVE_URL_DIGITS) >= bytes)
        return releve_url_refuse(error, "%s%s%.*s is not between 0 and %d", name, is_option ? "" : " ", (int)bytes,
                                 text, max);
    return releve_url_refuse(error, "%s%s is no number between 0 and %d", is_option ? "" : "the ", name, max);
}

enum releve_code releve_url_decode(const char *name, const char *text, size_t bytes, char *out, size_t out_bytes,
                                   struct releve_error *error)
{
    size_t used = 0;
    for (size_t i = 0; i < bytes; i++) {
        int c = (unsigned char)text[i];
        if (c == '%') {
            if (bytes - i < 3 || releve_hex_digit(text[i + 1]) < 0 || releve_hex_digit(text[i + 2]) < 0)
                return releve_url_refuse(
                    error,
                    "in %s, a %% is not followed by two hexadecimal digits (percent-encoding); write %%25 for "
                    "the character %%",
                    name);
            c = releve_hex_digit(text[i + 1]) * 16 + releve_hex_digit(text[i + 2]);
            i += 2;
        }
        if (c < ' ' || c == 0x7f)
            return releve_url_refuse(error, "%s holds a control character; leave it out", name);
        if (used + 1 >= out_bytes)
            return releve_url_refuse(error, "%s is too long: longer than %zu bytes", name, out_bytes - 1);
        out[used++] = (char)c;
    }
    out[used] = '\0';
    return RELEVE_OK;
}

bool releve_url_parse_number(const char *text, size_t bytes, int max, int *value)
{
    int read = 0;
    if (bytes == 0 || bytes > DIGITS_MAX)
        return false;
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        read = read * 10 + (text[i] - '0');
    }
    if (read > max)
        return false;
    *value = read;
    return true;
}

/* What stands behind a host and ":". */
static enum releve_code parse_port(const char *text, size_t bytes, const char *scheme, int usual_port,
                                   struct releve_redis_seed *seed, struct releve_error *error)
{
    char place[RELEVE_REDIS_SEED_TEXT];
    int port = 0;
    if (releve_url_parse_number(text, bytes, PORT_MAX, &port) && port > 0) {
        seed->port = port;
        return RELEVE_OK;
    }
    if (bytes == 0)
        return releve_url_refuse(error, "no port follows the : behind a host; leave the : out where it is port %d",
                                 usual_port);
    if (bytes > DIGITS_MAX || strspn(text, RELEVE_URL_DIGITS) < bytes)
        return releve_url_refuse(
            error,
            "the port behind a host and : is no number between 1 and %d; a password stands before the host, as "
            "in %s:password@host",
            PORT_MAX, scheme);
    seed->port = 0;
    (void)releve_redis_seed_format(seed, place);
    place[strlen(place) - 1] = '\0';
    return releve_url_refuse(error, "port %.*s is not between 1 and %d (%s%.150s%.*s)", (int)bytes, text, PORT_MAX,
                             scheme, place, (int)bytes, text);
}

static bool looks_like_v6(const char *text, size_t bytes)
{
    const char *colon = memchr(text, ':', bytes);
    return colon != NULL && memchr(colon + 1, ':', bytes - (size_t)(colon + 1 - text)) != NULL &&
           strspn(text, "0123456789abcdefABCDEF:.") >= bytes;
}

enum releve_code releve_url_parse_host(const char *text, size_t bytes, const char *scheme, int usual_port,
                                       struct releve_redis_seed *seed, struct releve_error *error)
{
    const char *end = text + bytes, *host = text, *host_end, *port = NULL;
    if (bytes > 0 && text[0] == '[') {
        host = text + 1;
        host_end = memchr(text, ']', bytes);
        if (host_end == NULL)
            return releve_url_refuse(error,
                                     "the [ of an IPv6 address is not closed; write [address] or [address]:port");
        if (host_end + 1 < end && host_end[1] != ':')
            return releve_url_refuse(error, "behind the ] of an IPv6 address only :port may stand");
        if (host_end + 1 < end)
            port = host_end + 2;
    } else if (looks_like_v6(text, bytes)) {
        return releve_url_refuse(error, "an IPv6 address stands in [ ]; write [address] or [address]:port");
    } else {
        host_end = memchr(text, ':', bytes);
        if (host_end != NULL)
            port = host_end + 1;
        else
            host_end = end;
    }
    if (host == host_end)
        return releve_url_refuse(error, "a host is missing; write %shost", scheme);
    enum releve_code code =
        releve_url_decode("a host", host, (size_t)(host_end - host), seed->host, sizeof seed->host, error);
    seed->port = usual_port;
    if (code != RELEVE_OK || port == NULL)
        return code;
    return parse_port(port, (size_t)(end - port), scheme, usual_port, seed, error);
}
