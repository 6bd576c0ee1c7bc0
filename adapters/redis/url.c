/* RELEVE_REDIS taken apart: redis://, redis+cluster://, redis+sentinel://, unix:// and embedded. Carries law 7 for it:
 * no message quotes the input. */
#include <adapters/redis/url.h>
#include <assert.h>
#include <ctype.h>
#include <releve/text.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define TCP_SCHEME "redis://"
#define CLUSTER_SCHEME "redis+cluster://"
#define SENTINEL_SCHEME "redis+sentinel://"
#define TLS_SCHEME "rediss" /* rediss://, rediss+cluster://, rediss+sentinel:// */
#define UNIX_SCHEME "unix://"
#define EMBEDDED "embedded"
#define REPLICAS_USUAL 1 /* of a cluster, and with sentinels: else a failover loses what was acknowledged */

/* What may stand behind "?". */
enum {
    QUERY_DB = 1 << 0,
    QUERY_REPLICAS = 1 << 1,
    QUERY_SENTINEL_PASSWORD = 1 << 2,
};

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Undoes %XX. False where it does not fit, is no percent-encoding, or hides a NUL or another control
 * character: addresses go into one-line messages. */
static bool decode(const char *text, size_t bytes, char *out, size_t out_bytes)
{
    size_t used = 0;
    for (size_t i = 0; i < bytes; i++) {
        int c = (unsigned char)text[i];
        if (c == '%') {
            if (bytes - i < 3 || releve_hex_digit(text[i + 1]) < 0 || releve_hex_digit(text[i + 2]) < 0)
                return false;
            c = releve_hex_digit(text[i + 1]) * 16 + releve_hex_digit(text[i + 2]);
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
        "RELEVE_REDIS: %s; write redis://[user:password@]host[:port][/db], unix://[user:password@]/path[?db=N], "
        "redis+sentinel://[user:password@]host[:port][,...]/NAME[/db], "
        "redis+cluster://[user:password@]host[:port][,...] "
        "or embedded[:DIR]",
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
static enum releve_code parse_host(const char *text, size_t bytes, int usual_port, struct releve_redis_seed *seed,
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
    if (host == host_end || !decode(host, (size_t)(host_end - host), seed->host, sizeof seed->host))
        return bad(error, "the host is missing, too long or wrongly percent-encoded");
    seed->port = usual_port;
    if (port != NULL && (!number(port, (size_t)(end - port), 65535, &seed->port) || seed->port == 0))
        return bad(error, "the port is not a number between 1 and 65535");
    return RELEVE_OK;
}

/* host[:port][,host[:port]...] */
static enum releve_code parse_hosts(const char *text, size_t bytes, int usual_port, struct releve_redis_url *url,
                                    struct releve_error *error)
{
    const char *end = text + bytes;
    for (;;) {
        const char *comma = memchr(text, ',', (size_t)(end - text));
        const char *host_end = comma != NULL ? comma : end;
        if (url->seeds_count == RELEVE_REDIS_SEEDS_MAX)
            return bad(error, "more than 16 hosts are named; some of them are enough");
        enum releve_code code =
            parse_host(text, (size_t)(host_end - text), usual_port, &url->seeds[url->seeds_count], error);
        if (code != RELEVE_OK)
            return code;
        url->seeds_count++;
        if (comma == NULL)
            return RELEVE_OK;
        text = comma + 1;
    }
}

/* One "name=value" of a query. False where it is none that may be there. */
static bool parse_option(const char *text, size_t bytes, unsigned allowed, struct releve_redis_url *url)
{
    static const struct {
        const char *name;
        unsigned is;
    } options[] = {{"db=", QUERY_DB}, {"replicas=", QUERY_REPLICAS}, {"sentinel-password=", QUERY_SENTINEL_PASSWORD}};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        size_t name_bytes = strlen(options[i].name);
        if ((allowed & options[i].is) == 0 || bytes <= name_bytes || !begins(text, options[i].name))
            continue;
        text += name_bytes;
        bytes -= name_bytes;
        int replicas;
        if (options[i].is == QUERY_DB)
            return number(text, bytes, RELEVE_REDIS_DB_MAX, &url->db);
        if (options[i].is == QUERY_SENTINEL_PASSWORD)
            return decode(text, bytes, url->sentinel_password, sizeof url->sentinel_password);
        if (!number(text, bytes, RELEVE_REDIS_REPLICAS_MAX, &replicas))
            return false;
        url->replicas = (unsigned)replicas;
        return true;
    }
    return false;
}

/* "" or "?name=value[&name=value...]". */
static enum releve_code parse_query(const char *query, unsigned allowed, const char *wrong,
                                    struct releve_redis_url *url, struct releve_error *error)
{
    while (*query != '\0') {
        size_t bytes = strcspn(query + 1, "&");
        if (!parse_option(query + 1, bytes, allowed, url))
            return bad(error, wrong);
        query += 1 + bytes;
    }
    return RELEVE_OK;
}

/* "user:password@" in front of what is left, where it is there. *rest is what follows the authority. */
static enum releve_code parse_authority(const char **text, const char **rest, struct releve_redis_url *url,
                                        struct releve_error *error)
{
    size_t bytes = strcspn(*text, "/?#");
    const char *at = memrchr(*text, '@', bytes), *credentials = *text;
    *rest = *text + bytes;
    if (at == NULL)
        return RELEVE_OK;
    *text = at + 1;
    return parse_credentials(credentials, (size_t)(at - credentials), url, error);
}

static enum releve_code parse_tcp(const char *text, struct releve_redis_url *url, struct releve_error *error)
{
    static const char wrong[] = "after the database (a number, after /) only ?replicas=N may stand, N from 0 to 5";
    const char *rest;
    struct releve_redis_seed seed = {.port = RELEVE_REDIS_PORT};
    char place[RELEVE_REDIS_SEED_TEXT];
    url->where = RELEVE_REDIS_TCP;
    enum releve_code code = parse_authority(&text, &rest, url, error);
    if (code == RELEVE_OK && memchr(text, ',', (size_t)(rest - text)) != NULL)
        return bad(error, "several hosts are a cluster's, or sentinels");
    if (code == RELEVE_OK)
        code = parse_host(text, (size_t)(rest - text), RELEVE_REDIS_PORT, &seed, error);
    if (code != RELEVE_OK)
        return code;
    memcpy(url->host, seed.host, sizeof url->host);
    url->port = seed.port;
    if (*rest == '/')
        rest++;
    size_t db_bytes = strcspn(rest, "?");
    if (db_bytes > 0 && !number(rest, db_bytes, RELEVE_REDIS_DB_MAX, &url->db))
        return bad(error, "the database (after /) is not a number");
    code = parse_query(rest + db_bytes, QUERY_REPLICAS, wrong, url, error);
    if (code != RELEVE_OK)
        return code;
    (void)snprintf(url->address, sizeof url->address, url->replicas > 0 ? "%s%s/%d?replicas=%u" : "%s%s/%d", TCP_SCHEME,
                   releve_redis_seed_format(&seed, place), url->db, url->replicas);
    return RELEVE_OK;
}

/* The address of several hosts: `tail` follows them, and the replicas where they are not the usual ones. */
static enum releve_code write_address(struct releve_redis_url *url, const char *scheme, const char *tail,
                                      struct releve_error *error)
{
    char seed[RELEVE_REDIS_SEED_TEXT];
    struct releve_text text = {.length = 0};
    releve_text_puts(&text, scheme);
    for (size_t i = 0; i < url->seeds_count; i++)
        releve_text_format(&text, "%s%s", i > 0 ? "," : "", releve_redis_seed_format(&url->seeds[i], seed));
    releve_text_puts(&text, tail);
    if (url->replicas != REPLICAS_USUAL)
        releve_text_format(&text, "?replicas=%u", url->replicas);
    bool fits = text.length < sizeof url->address;
    if (fits)
        memcpy(url->address, text.bytes, text.length); /* which is zeroed */
    releve_text_free(&text);
    return fits ? RELEVE_OK : bad(error, "the hosts are too long together; some of them are enough");
}

static enum releve_code parse_cluster(const char *text, struct releve_redis_url *url, struct releve_error *error)
{
    static const char wrong[] = "after the hosts only ?replicas=N may stand, N from 0 to 5";
    const char *rest;
    url->where = RELEVE_REDIS_CLUSTER;
    url->replicas = REPLICAS_USUAL;
    enum releve_code code = parse_authority(&text, &rest, url, error);
    if (code == RELEVE_OK)
        code = parse_hosts(text, (size_t)(rest - text), RELEVE_REDIS_PORT, url, error);
    if (code != RELEVE_OK)
        return code;
    if (*rest == '/')
        rest++;
    if (*rest != '\0' && *rest != '?')
        return bad(error, "a cluster has no database but 0, so none can be named");
    code = parse_query(rest, QUERY_REPLICAS, wrong, url, error);
    return code == RELEVE_OK ? write_address(url, CLUSTER_SCHEME, "", error) : code;
}

/* /NAME[/db], which *rest is left behind. Names of masters are words of Redis's sentinel.conf: letters, digits
 * and ".-_". */
static enum releve_code parse_master(const char **rest, struct releve_redis_url *url, struct releve_error *error)
{
    const char *name = **rest == '/' ? *rest + 1 : *rest;
    size_t bytes = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");
    if (name == *rest || bytes == 0 || bytes >= sizeof url->master || strchr("/?", name[bytes]) == NULL)
        return bad(error, "the name of the master (after /, as the sentinels know it) is missing, too long, or not of "
                          "letters, digits and . - _");
    memcpy(url->master, name, bytes);
    *rest = name + bytes;
    if (**rest == '/')
        ++*rest;
    bytes = strcspn(*rest, "?");
    if (bytes > 0 && !number(*rest, bytes, RELEVE_REDIS_DB_MAX, &url->db))
        return bad(error, "the database (after the name of the master) is not a number");
    *rest += bytes;
    return RELEVE_OK;
}

static enum releve_code parse_sentinel(const char *text, struct releve_redis_url *url, struct releve_error *error)
{
    static const char wrong[] = "after the name and the database only ?replicas=N, N from 0 to 5, and "
                                "sentinel-password=... may stand, joined by &";
    const char *rest;
    char tail[RELEVE_REDIS_MASTER_BYTES + 16];
    url->where = RELEVE_REDIS_SENTINEL;
    url->replicas = REPLICAS_USUAL;
    enum releve_code code = parse_authority(&text, &rest, url, error);
    if (code == RELEVE_OK)
        code = parse_hosts(text, (size_t)(rest - text), RELEVE_SENTINEL_PORT, url, error);
    if (code == RELEVE_OK)
        code = parse_master(&rest, url, error);
    if (code == RELEVE_OK)
        code = parse_query(rest, QUERY_REPLICAS | QUERY_SENTINEL_PASSWORD, wrong, url, error);
    if (code != RELEVE_OK)
        return code;
    (void)snprintf(tail, sizeof tail, "/%s/%d", url->master, url->db);
    return write_address(url, SENTINEL_SCHEME, tail, error);
}

static enum releve_code parse_unix(const char *text, struct releve_redis_url *url, struct releve_error *error)
{
    static const char wrong[] = "after the path only ?db=NUMBER and replicas=N, N from 0 to 5, may stand, joined by &";
    url->where = RELEVE_REDIS_UNIX;
    size_t authority_bytes = strcspn(text, "/?#");
    if (authority_bytes > 0 && text[authority_bytes - 1] == '@') {
        enum releve_code code = parse_credentials(text, authority_bytes - 1, url, error);
        if (code != RELEVE_OK)
            return code;
        text += authority_bytes;
    }
    size_t path_bytes = strcspn(text, "?");
    if (text[0] != '/')
        return bad(error, "the path of the socket is not absolute: it begins with a slash, and a slash in a password "
                          "is written %2F");
    if (!decode(text, path_bytes, url->path, sizeof url->path))
        return bad(error, "the path of the socket is too long or wrongly percent-encoded");
    if (strlen(url->path) > RELEVE_REDIS_SOCKET_PATH_MAX)
        return bad(error, "the path of the socket is longer than the 107 bytes that Unix allows");
    enum releve_code code = parse_query(text + path_bytes, QUERY_DB | QUERY_REPLICAS, wrong, url, error);
    if (code != RELEVE_OK)
        return code;
    int used = snprintf(url->address, sizeof url->address, UNIX_SCHEME "%s", url->path);
    if (url->db > 0)
        used += snprintf(url->address + used, sizeof url->address - (size_t)used, "?db=%d", url->db);
    if (url->replicas > 0)
        (void)snprintf(url->address + used, sizeof url->address - (size_t)used, "%creplicas=%u",
                       url->db > 0 ? '&' : '?', url->replicas);
    return RELEVE_OK;
}

static enum releve_code parse_embedded(const char *directory, struct releve_redis_url *url, struct releve_error *error)
{
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

static bool wants_tls(const char *text)
{
    return begins(text, TLS_SCHEME "://") || begins(text, TLS_SCHEME "+cluster://") ||
           begins(text, TLS_SCHEME "+sentinel://");
}

bool releve_redis_host_is_plain(const char *host, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (host[i] <= ' ' || host[i] > '~')
            return false;
    return true;
}

const char *releve_redis_seed_format(const struct releve_redis_seed *seed, char out[RELEVE_REDIS_SEED_TEXT])
{
    bool v6 = strchr(seed->host, ':') != NULL;
    (void)snprintf(out, RELEVE_REDIS_SEED_TEXT, v6 ? "[%s]:%u" : "%s:%u", seed->host, (unsigned)seed->port & 0xffff);
    return out;
}

void releve_redis_url_of_seed(const struct releve_redis_url *url, const struct releve_redis_seed *seed,
                              struct releve_redis_url *out)
{
    bool v6 = strchr(seed->host, ':') != NULL;
    *out = *url;
    memcpy(out->host, seed->host, sizeof out->host);
    out->port = seed->port;
    out->db = 0;
    (void)snprintf(out->address, sizeof out->address, "redis://%s%s%s:%d", v6 ? "[" : "", out->host, v6 ? "]" : "",
                   out->port);
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
    if (begins(text, CLUSTER_SCHEME))
        return parse_cluster(text + strlen(CLUSTER_SCHEME), url, error);
    if (begins(text, SENTINEL_SCHEME))
        return parse_sentinel(text + strlen(SENTINEL_SCHEME), url, error);
    if (begins(text, UNIX_SCHEME))
        return parse_unix(text + strlen(UNIX_SCHEME), url, error);
    if (wants_tls(text))
        return bad(error, "rediss:// needs a hiredis with TLS, and this one was built without it; use redis:// "
                          "through a tunnel, or a Unix socket");
    if (begins(text, EMBEDDED) && (text[strlen(EMBEDDED)] == '\0' || text[strlen(EMBEDDED)] == ':'))
        return parse_embedded(text + strlen(EMBEDDED), url, error);
    return bad(error, "this is no address of a Redis");
}

bool releve_redis_prefix_is_legal(const char *prefix)
{
    size_t legal = strspn(prefix, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:");
    return legal > 0 && prefix[legal] == '\0' && legal < RELEVE_PREFIX_BYTES;
}
