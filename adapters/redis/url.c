/* RELEVE_REDIS taken apart: redis://, unix:// and embedded. Carries law 7 for it: no message quotes the input. */
#include <adapters/redis/url.h>
#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define TCP_SCHEME "redis://"
#define TLS_SCHEME "rediss://"
#define UNIX_SCHEME "unix://"
#define EMBEDDED "embedded"

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Undoes %XX. False where it does not fit, is no percent-encoding, or hides a NUL or another control
 * character: addresses go into one-line messages. */
static bool decode(const char *text, size_t bytes, char *out, size_t out_bytes)
{
    size_t used = 0;
    for (size_t i = 0; i < bytes; i++) {
        int c = (unsigned char)text[i];
        if (c == '%') {
            if (bytes - i < 3 || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0)
                return false;
            c = hex(text[i + 1]) * 16 + hex(text[i + 2]);
            i += 2;
        }
        if (c < ' ' || c == 0x7f || used + 1 >= out_bytes)
            return false;
        out[used++] = (char)c;
    }
    out[used] = '\0';
    return true;
}

/* Reads exactly `bytes` digits as a number of at most `max`. */
static bool number(const char *text, size_t bytes, int max, int *value)
{
    int read = 0;
    if (bytes == 0 || bytes > 5) /* neither ports nor databases have more digits */
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

static enum releve_code bad(struct releve_error *error, const char *what)
{
    return releve_fail(
        error, RELEVE_E_CONFIG,
        "RELEVE_REDIS: %s; write redis://[user:password@]host[:port][/db], unix://[user:password@]/path[?db=N] or "
        "embedded[:DIR]",
        what);
}

static enum releve_code parse_credentials(const char *text, size_t bytes, struct releve_redis_url *url,
                                          struct releve_error *error)
{
    const char *colon = memchr(text, ':', bytes);
    if (colon == NULL)
        return bad(error, "what stands before @ must be user:password, or :password");
    size_t user_bytes = (size_t)(colon - text);
    if (!decode(text, user_bytes, url->user, sizeof url->user) ||
        !decode(colon + 1, bytes - user_bytes - 1, url->password, sizeof url->password))
        return bad(error, "the user or the password is too long or wrongly percent-encoded");
    if (url->password[0] == '\0')
        return bad(error, "the password is empty");
    return RELEVE_OK;
}

/* host, host:port, [v6] or [v6]:port */
static enum releve_code parse_host(const char *text, size_t bytes, struct releve_redis_url *url,
                                   struct releve_error *error)
{
    const char *end = text + bytes, *host = text, *host_end, *port = NULL;
    if (bytes > 0 && text[0] == '[') {
        host = text + 1;
        host_end = memchr(text, ']', bytes);
        if (host_end == NULL || (host_end + 1 < end && host_end[1] != ':'))
            return bad(error, "the address in [ ] is not closed");
        if (host_end + 1 < end)
            port = host_end + 2;
    } else {
        host_end = memchr(text, ':', bytes);
        if (host_end != NULL)
            port = host_end + 1;
        else
            host_end = end;
    }
    if (host == host_end || !decode(host, (size_t)(host_end - host), url->host, sizeof url->host))
        return bad(error, "the host is missing, too long or wrongly percent-encoded");
    url->port = RELEVE_REDIS_PORT;
    if (port != NULL && (!number(port, (size_t)(end - port), 65535, &url->port) || url->port == 0))
        return bad(error, "the port is not a number between 1 and 65535");
    return RELEVE_OK;
}

static enum releve_code parse_tcp(const char *text, struct releve_redis_url *url, struct releve_error *error)
{
    url->where = RELEVE_REDIS_TCP;
    size_t authority_bytes = strcspn(text, "/?#");
    const char *rest = text + authority_bytes;
    const char *at = memrchr(text, '@', authority_bytes);
    const char *host = at != NULL ? at + 1 : text;
    enum releve_code code = RELEVE_OK;
    if (at != NULL)
        code = parse_credentials(text, (size_t)(at - text), url, error);
    if (code == RELEVE_OK)
        code = parse_host(host, (size_t)(rest - host), url, error);
    if (code != RELEVE_OK)
        return code;
    if (*rest == '/')
        rest++;
    if (*rest != '\0' && !number(rest, strlen(rest), RELEVE_REDIS_DB_MAX, &url->db))
        return bad(error, "the database (after /) is not a number");
    bool v6 = strchr(url->host, ':') != NULL;
    (void)snprintf(url->address, sizeof url->address, TCP_SCHEME "%s%s%s:%d/%d", v6 ? "[" : "", url->host,
                   v6 ? "]" : "", url->port, url->db);
    return RELEVE_OK;
}

static enum releve_code parse_unix(const char *text, struct releve_redis_url *url, struct releve_error *error)
{
    url->where = RELEVE_REDIS_UNIX;
    size_t authority_bytes = strcspn(text, "/?#");
    if (authority_bytes > 0 && text[authority_bytes - 1] == '@') {
        enum releve_code code = parse_credentials(text, authority_bytes - 1, url, error);
        if (code != RELEVE_OK)
            return code;
        text += authority_bytes;
    }
    size_t path_bytes = strcspn(text, "?");
    const char *query = text + path_bytes;
    if (text[0] != '/')
        return bad(error, "the path of the socket is not absolute: it begins with a slash, and a slash in a password "
                          "is written %2F");
    if (!decode(text, path_bytes, url->path, sizeof url->path))
        return bad(error, "the path of the socket is too long or wrongly percent-encoded");
    if (strlen(url->path) > RELEVE_REDIS_SOCKET_PATH_MAX)
        return bad(error, "the path of the socket is longer than the 107 bytes that Unix allows");
    if (*query != '\0' &&
        (!begins(query, "?db=") || !number(query + 4, strlen(query + 4), RELEVE_REDIS_DB_MAX, &url->db)))
        return bad(error, "after the path only ?db=NUMBER may stand");
    (void)snprintf(url->address, sizeof url->address, UNIX_SCHEME "%s%s%.*d", url->path, url->db > 0 ? "?db=" : "",
                   url->db > 0 ? 1 : 0, url->db);
    return RELEVE_OK;
}

void releve_redis_url_of_socket(const char *path, struct releve_redis_url *url)
{
    assert(strlen(path) <= RELEVE_REDIS_SOCKET_PATH_MAX);
    *url = (struct releve_redis_url){.where = RELEVE_REDIS_UNIX};
    (void)snprintf(url->path, sizeof url->path, "%s", path);
    (void)snprintf(url->address, sizeof url->address, UNIX_SCHEME "%s", path);
}

enum releve_code releve_redis_url_parse(const char *text, struct releve_redis_url *url, struct releve_error *error)
{
    assert(text != NULL && url != NULL);
    memset(url, 0, sizeof *url);
    if (begins(text, TCP_SCHEME))
        return parse_tcp(text + strlen(TCP_SCHEME), url, error);
    if (begins(text, UNIX_SCHEME))
        return parse_unix(text + strlen(UNIX_SCHEME), url, error);
    if (begins(text, TLS_SCHEME))
        return bad(error, "rediss:// needs a hiredis with TLS, and this one was built without it; use redis:// "
                          "through a tunnel, or a Unix socket");
    if (begins(text, EMBEDDED) && (text[strlen(EMBEDDED)] == '\0' || text[strlen(EMBEDDED)] == ':')) {
        const char *directory = text + strlen(EMBEDDED);
        url->where = RELEVE_REDIS_EMBEDDED;
        if (*directory == ':')
            directory++;
        if (strlen(directory) >= sizeof url->path)
            return bad(error, "the directory after embedded: is too long");
        for (const char *c = directory; *c != '\0'; c++)
            if (iscntrl((unsigned char)*c)) /* it goes into one-line messages */
                return bad(error, "the directory after embedded: holds a control character");
        memcpy(url->path, directory, strlen(directory) + 1);
        (void)snprintf(url->address, sizeof url->address, EMBEDDED);
        return RELEVE_OK;
    }
    return bad(error, "this is no address of a Redis");
}

bool releve_redis_prefix_is_legal(const char *prefix)
{
    size_t legal = strspn(prefix, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:");
    return legal > 0 && prefix[legal] == '\0' && legal < RELEVE_PREFIX_BYTES;
}
