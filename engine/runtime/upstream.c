/* See upstream.h. Days of two upstreams in one place would pass for each other (law 3). */
#include "upstream.h"
#include "dialect.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HTTP "http://"
#define HTTPS "https://"
#define PORT_MAX 65535
#define SHOWN_BYTES 90 /* of each URL in a message: two of them and what to do have to fit */

/* A name may come later for a URL that is kept as it is by then: both mean the same. */
static const struct {
    const char *name, *url;
} named[] = {
    {"production", "https://gw.ext.prod.api.enedis.fr"},
    {"sandbox", "https://gw.ext.prod-sandbox.api.enedis.fr"},
    {"conso", "https://conso.boris.sh"},
};
#define NAMED (sizeof named / sizeof named[0])

/* A URL, taken apart; the parts are in the text. */
struct parts {
    const char *scheme; /* HTTP or HTTPS */
    const char *host;   /* [ ] included */
    size_t host_bytes;
    long port; /* 0: the scheme's own */
    const char *path;
    size_t path_bytes; /* without a slash at the end */
};

/* The digits of a port; none at all mean the scheme's own. */
static bool read_port(const char *text, const char *end, struct parts *parts)
{
    long own = strcmp(parts->scheme, HTTPS) == 0 ? 443 : 80, port = 0;
    if (text == end)
        port = own;
    for (; text < end; text++) {
        if (*text < '0' || *text > '9' || port > PORT_MAX)
            return false;
        port = port * 10 + (*text - '0');
    }
    parts->port = port == own ? 0 : port;
    return port > 0 && port <= PORT_MAX;
}

static bool take_apart(const char *text, struct parts *parts)
{
    for (const char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at <= ' ' || *at == 0x7f || strchr("@?#\"<>\\", *at) != NULL)
            return false;
    parts->scheme = strncasecmp(text, HTTPS, strlen(HTTPS)) == 0 ? HTTPS : HTTP;
    if (strncasecmp(text, parts->scheme, strlen(parts->scheme)) != 0)
        return false;
    parts->host = text + strlen(parts->scheme);
    const char *end = parts->host + strcspn(parts->host, "/");
    const char *bracket = *parts->host == '[' ? memchr(parts->host, ']', (size_t)(end - parts->host)) : NULL;
    const char *after = bracket != NULL ? bracket + 1 : parts->host;
    const char *colon = memchr(after, ':', (size_t)(end - after));
    if (bracket != NULL && after < end && colon != after)
        return false;
    parts->host_bytes = (size_t)((colon != NULL ? colon : end) - parts->host);
    parts->path = end;
    parts->path_bytes = strlen(end);
    while (parts->path_bytes > 0 && end[parts->path_bytes - 1] == '/')
        parts->path_bytes--;
    return parts->host_bytes > 0 && read_port(colon != NULL ? colon + 1 : end, end, parts);
}

bool releve_upstream_parse(const char *text, char url[RELEVE_UPSTREAM_BYTES])
{
    struct parts parts;
    char port[8] = "";
    for (size_t i = 0; i < NAMED; i++)
        if (strcmp(text, named[i].name) == 0)
            text = named[i].url;
    if (!take_apart(text, &parts))
        return false;
    if (parts.port != 0)
        (void)snprintf(port, sizeof port, ":%ld", parts.port);
    int written = snprintf(url, RELEVE_UPSTREAM_BYTES, "%s%.*s%s%.*s", parts.scheme, (int)parts.host_bytes, parts.host,
                           port, (int)parts.path_bytes, parts.path);
    for (char *at = url + strlen(parts.scheme); *at != '\0' && *at != '/'; at++)
        *at = (char)tolower((unsigned char)*at);
    return written < RELEVE_UPSTREAM_BYTES;
}

const char *releve_upstream_name(const char *url)
{
    for (size_t i = 0; i < NAMED; i++)
        if (strcmp(url, named[i].url) == 0)
            return named[i].name;
    return url;
}

const char *releve_upstream_known(const char *bound, char url[RELEVE_UPSTREAM_BYTES])
{
    return releve_upstream_parse(bound, url) ? releve_upstream_name(url) : NULL;
}

enum releve_code releve_upstream_check(const char *url, const char *bound, struct releve_error *error)
{
    char theirs[RELEVE_UPSTREAM_BYTES];
    const char *name = releve_upstream_name(url);
    if (bound == NULL || strcmp(bound, name) == 0)
        return RELEVE_OK;
    const char *known = releve_upstream_known(bound, theirs);
    if (known != NULL && strcmp(known, name) == 0)
        return RELEVE_OK;
    if (known == NULL)
        return releve_fail(error, RELEVE_E_CONFIG,
                           "of which upstream its days are was not recorded (releases before this one kept no "
                           "address), and RELEVE_UPSTREAM is %.*s: if they are of that one, say so once with backfill "
                           "--adopt or worker --adopt; else set another RELEVE_PREFIX",
                           SHOWN_BYTES, name);
    return releve_fail(error, RELEVE_E_CONFIG,
                       "its days are of %.*s, and RELEVE_UPSTREAM is %.*s: set another RELEVE_PREFIX (or that "
                       "upstream), or mix both knowingly with backfill --adopt or worker --adopt",
                       SHOWN_BYTES, known, SHOWN_BYTES, name);
}

bool releve_upstream_token_is_legal(const char *token)
{
    size_t legal = strspn(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.=");
    return legal > 0 && token[legal] == '\0' && legal < RELEVE_TOKEN_BYTES;
}

bool releve_upstream_is_clear(const char *url)
{
    struct parts parts;
    if (!take_apart(url, &parts) || strcmp(parts.scheme, HTTP) != 0)
        return false;
    char host[RELEVE_UPSTREAM_BYTES];
    (void)snprintf(host, sizeof host, "%.*s", (int)parts.host_bytes, parts.host);
    bool local = strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
                 (strncmp(host, "127.", 4) == 0 && host[strspn(host, "0123456789.")] == '\0');
    return !local;
}
