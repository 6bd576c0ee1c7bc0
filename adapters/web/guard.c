/* See guard.h. */
#include "guard.h"
#include <stdbool.h>
#include <string.h>
#include <strings.h>

static const struct releve_guard_refusal wrong_method = {MHD_HTTP_METHOD_NOT_ALLOWED,
                                                         "Nothing is changed here: GET and HEAD are all."},
                                         wrong_host = {MHD_HTTP_MISDIRECTED_REQUEST,
                                                       "This Host is not served: releve serve --host NAME allows one."},
                                         wrong_body = {MHD_HTTP_CONTENT_TOO_LARGE, "A request has no body here."},
                                         doubled = {MHD_HTTP_BAD_REQUEST, "A header stands there twice."},
                                         malformed = {MHD_HTTP_BAD_REQUEST,
                                                      "A header is none (RFC 9110, 5.1 and 5.5)."},
                                         wrong_origin = {MHD_HTTP_FORBIDDEN,
                                                         "A page of another origin may not ask here."};

/* A name without its port: [::1]:8752 ends behind the bracket. */
static size_t name_length(const char *host)
{
    const char *bracket = host[0] == '[' ? strchr(host, ']') : NULL;
    return bracket != NULL ? (size_t)(bracket - host) + 1 : strcspn(host, ":");
}

static bool is_name(const char *host, size_t length, const char *name)
{
    return strlen(name) == length && strncasecmp(host, name, length) == 0;
}

static bool is_port(const char *text)
{
    return *text == '\0' || (text[0] == ':' && text[1] != '\0' && strspn(text + 1, "0123456789") == strlen(text + 1));
}

static bool is_served(const char *host, const char *const *hosts, size_t hosts_count)
{
    static const char *const own[] = {"localhost", "127.0.0.1", "[::1]"};
    size_t length = name_length(host);
    bool found = false;
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        found = found || is_name(host, length, own[i]);
    for (size_t i = 0; i < hosts_count; i++)
        found = found || is_name(host, length, hosts[i]);
    return found && is_port(host + length);
}

/* "http://HOST" or "https://HOST", of the same Host header. */
static bool is_own(const char *origin, const char *host)
{
    const char *rest = strncasecmp(origin, "http://", 7) == 0    ? origin + 7
                       : strncasecmp(origin, "https://", 8) == 0 ? origin + 8
                                                                 : "";
    return strcasecmp(rest, host) == 0;
}

/* What of a page elsewhere needs no leave of ours, such as an image, has no Origin; but browsers say whose it is
 * (https://www.w3.org/TR/fetch-metadata/). A link that somebody follows to the page is fine. */
static bool is_from_elsewhere(struct MHD_Connection *connection, bool is_page)
{
    const char *site = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Sec-Fetch-Site");
    const char *mode = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Sec-Fetch-Mode");
    const char *dest = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Sec-Fetch-Dest");
    if (site == NULL || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0)
        return false;
    return !is_page || mode == NULL || strcmp(mode, "navigate") != 0 || dest == NULL || strcmp(dest, "document") != 0;
}

/* Of those that decide: a proxy in front may have read the other one. */
struct seen {
    unsigned host, origin, length, authorization;
    bool is_malformed;
};

/* A name is a token, and a value has no NUL and no end of a line in it. libmicrohttpd takes others, such as
 * "Content-Length :", which a proxy in front may have read as a header that it knows. */
static bool is_well_formed(const char *name, size_t name_bytes, const char *value, size_t value_bytes)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return name_bytes > 0 && strspn(name, token) == name_bytes &&
           (value == NULL || strcspn(value, "\r\n") == value_bytes);
}

static enum MHD_Result see(void *data, enum MHD_ValueKind kind, const char *name, size_t name_bytes, const char *value,
                           size_t value_bytes)
{
    struct seen *seen = data;
    (void)kind;
    seen->is_malformed = seen->is_malformed || !is_well_formed(name, name_bytes, value, value_bytes);
    seen->host += strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0;
    seen->origin += strcasecmp(name, MHD_HTTP_HEADER_ORIGIN) == 0;
    seen->authorization += strcasecmp(name, MHD_HTTP_HEADER_AUTHORIZATION) == 0;
    seen->length += strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0;
    return MHD_YES;
}

/* NULL where no header is wrong by itself. */
static const struct releve_guard_refusal *judge_headers(struct MHD_Connection *connection)
{
    struct seen seen = {0};
    (void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, see, &seen);
    if (seen.is_malformed)
        return &malformed;
    return seen.host > 1 || seen.origin > 1 || seen.length > 1 || seen.authorization > 1 ? &doubled : NULL;
}

static bool has_body(struct MHD_Connection *connection)
{
    const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return (length != NULL && strcmp(length, "0") != 0) ||
           MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL;
}

const struct releve_guard_refusal *releve_guard_refuse(struct MHD_Connection *connection, const char *method,
                                                       bool is_page, const char *const *hosts, size_t hosts_count)
{
    const struct releve_guard_refusal *wrong_header = judge_headers(connection);
    const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
    const char *origin = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ORIGIN);
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return &wrong_method;
    if (wrong_header != NULL)
        return wrong_header;
    if (has_body(connection))
        return &wrong_body;
    if (host == NULL || !is_served(host, hosts, hosts_count))
        return &wrong_host;
    if ((origin != NULL && !is_own(origin, host)) || is_from_elsewhere(connection, is_page))
        return &wrong_origin;
    return NULL;
}
