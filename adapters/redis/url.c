/* RELEVE_REDIS taken apart: redis://, redis+cluster://, redis+sentinel://, unix:// and embedded. Carries law 7 for it:
 * a message quotes a scheme, the name of an option, a number, and a host before such a number; nothing else of the
 * input, as a password may stand in any wrong place. Hosts, numbers and percent-encoding are in url_parts.c. */
#include <adapters/redis/url_parts.h>
#include <assert.h>
#include <ctype.h>
#include <releve/text.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TCP_SCHEME "redis://"
#define CLUSTER_SCHEME "redis+cluster://"
#define SENTINEL_SCHEME "redis+sentinel://"
#define TLS_SCHEME "rediss" /* rediss://, rediss+cluster://, rediss+sentinel:// */
#define UNIX_SCHEME "unix://"
#define EMBEDDED "embedded"
#define SENTINEL_PASSWORD "sentinel-password="
#define REPLICAS_USUAL 1 /* of a cluster, and with sentinels: else a failover loses what was acknowledged */
#define QUOTED_MAX 24    /* bytes of a scheme or of the name of an option */

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

/* --- parts ---------------------------------------------------------------------------------------------- */

/* "/N" or nothing, up to a query, which *rest is left before. */
static enum releve_code parse_database(const char **rest, struct releve_redis_url *url, struct releve_error *error)
{
    if (**rest == '#')
        return releve_url_refuse(error,
                                 "a # stands where / and the database, or ?, may stand; write %%23 in a password");
    if (**rest == '/')
        ++*rest;
    const char *text = *rest;
    size_t bytes = strcspn(text, "?");
    *rest += bytes;
    if (bytes == 0 || releve_url_parse_number(text, bytes, RELEVE_REDIS_DB_MAX, &url->db))
        return RELEVE_OK;
    return releve_url_refuse_number(error, "database", text, bytes, RELEVE_REDIS_DB_MAX);
}

static enum releve_code parse_credentials(const char *text, size_t bytes, struct releve_redis_url *url,
                                          struct releve_error *error)
{
    const char *colon = memchr(text, ':', bytes);
    if (colon == NULL)
        return releve_url_refuse(error,
                                 "what stands before @ is no user:password; write :password@ where there is no user");
    size_t user_bytes = (size_t)(colon - text);
    enum releve_code code = releve_url_decode("the user", text, user_bytes, url->user, sizeof url->user, error);
    if (code == RELEVE_OK)
        code = releve_url_decode("the password", colon + 1, bytes - user_bytes - 1, url->password, sizeof url->password,
                                 error);
    if (code == RELEVE_OK && url->password[0] == '\0')
        return releve_url_refuse(error, "the password before @ is empty; leave out all before @ where none is wanted");
    return code;
}

/* host[:port][,host[:port]...] */
static enum releve_code parse_hosts(const char *text, size_t bytes, const char *scheme, int usual_port,
                                    struct releve_redis_url *url, struct releve_error *error)
{
    const char *end = text + bytes;
    for (;;) {
        const char *comma = memchr(text, ',', (size_t)(end - text));
        const char *host_end = comma != NULL ? comma : end;
        if (url->seeds_count == RELEVE_REDIS_SEEDS_MAX)
            return releve_url_refuse(error, "more than %d hosts are named; some of them are enough",
                                     RELEVE_REDIS_SEEDS_MAX);
        if (host_end == text && (url->seeds_count > 0 || comma != NULL))
            return releve_url_refuse(error, "host %zu is missing; a comma stands between two hosts",
                                     url->seeds_count + 1);
        enum releve_code code = releve_url_parse_host(text, (size_t)(host_end - text), scheme, usual_port,
                                                      &url->seeds[url->seeds_count], error);
        if (code != RELEVE_OK)
            return code;
        url->seeds_count++;
        if (comma == NULL)
            return RELEVE_OK;
        text = comma + 1;
    }
}

/* One "name=value" of a query, of those that are allowed here, which `allows` says to people. */
static enum releve_code parse_option(const char *text, size_t bytes, unsigned allowed, const char *allows,
                                     struct releve_redis_url *url, struct releve_error *error)
{
    static const struct {
        const char *name;
        unsigned is;
    } options[] = {{"db=", QUERY_DB}, {"replicas=", QUERY_REPLICAS}, {SENTINEL_PASSWORD, QUERY_SENTINEL_PASSWORD}};
    size_t name_bytes = strspn(text, RELEVE_URL_SMALL_LETTERS "-_");
    name_bytes = name_bytes < bytes && name_bytes <= QUOTED_MAX && text[name_bytes] == '=' ? name_bytes + 1 : 0;
    const char *value = text + name_bytes;
    size_t value_bytes = bytes - name_bytes;
    unsigned is = 0;
    int replicas;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (name_bytes == strlen(options[i].name) && begins(text, options[i].name))
            is = options[i].is & allowed;
    switch (is) {
    case QUERY_DB:
        if (!releve_url_parse_number(value, value_bytes, RELEVE_REDIS_DB_MAX, &url->db))
            return releve_url_refuse_number(error, "db=", value, value_bytes, RELEVE_REDIS_DB_MAX);
        return RELEVE_OK;
    case QUERY_REPLICAS:
        if (!releve_url_parse_number(value, value_bytes, RELEVE_REDIS_REPLICAS_MAX, &replicas))
            return releve_url_refuse_number(error, "replicas=", value, value_bytes, RELEVE_REDIS_REPLICAS_MAX);
        url->replicas = (unsigned)replicas;
        return RELEVE_OK;
    case QUERY_SENTINEL_PASSWORD:
        if (value_bytes == 0)
            return releve_url_refuse(error, SENTINEL_PASSWORD " is empty; leave it out where sentinels want none");
        return releve_url_decode("the value of " SENTINEL_PASSWORD, value, value_bytes, url->sentinel_password,
                                 sizeof url->sentinel_password, error);
    default:
        break;
    }
    if (url->sentinel_password[0] != '\0') /* this may be the rest of it: it is not quoted */
        return releve_url_refuse(error, "what stands behind " SENTINEL_PASSWORD " and & cannot; in a password, write "
                                        "%%26 for &");
    return releve_url_refuse(error, "%s%.*s cannot stand behind ?; %s", name_bytes > 0 ? "" : "what is no name=value",
                             (int)name_bytes, text, allows);
}

/* "" or "?name=value[&name=value...]". */
static enum releve_code parse_query(const char *query, unsigned allowed, const char *allows,
                                    struct releve_redis_url *url, struct releve_error *error)
{
    while (*query != '\0') {
        size_t bytes = strcspn(query + 1, "&");
        enum releve_code code = parse_option(query + 1, bytes, allowed, allows, url, error);
        if (code != RELEVE_OK)
            return code;
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
    const char *late = strchr(*rest, '@'), *other = strstr(*rest, SENTINEL_PASSWORD);
    if (late != NULL && (other == NULL || late < other))
        return releve_url_refuse(
            error, "an @ stands behind a /, ? or #; in a password, write %%2F for /, %%3F for ? and %%23 for #");
    if (at == NULL)
        return RELEVE_OK;
    *text = at + 1;
    return parse_credentials(credentials, (size_t)(at - credentials), url, error);
}

/* --- each form ------------------------------------------------------------------------------------------ */

static enum releve_code parse_tcp(const char *text, struct releve_redis_url *url, struct releve_error *error)
{
    const char *rest;
    struct releve_redis_seed seed = {.port = RELEVE_REDIS_PORT};
    char place[RELEVE_REDIS_SEED_TEXT];
    url->where = RELEVE_REDIS_TCP;
    enum releve_code code = parse_authority(&text, &rest, url, error);
    if (code == RELEVE_OK && memchr(text, ',', (size_t)(rest - text)) != NULL)
        return releve_url_refuse(error, "several hosts are a cluster or sentinels; write redis+cluster://host,host or "
                                        "redis+sentinel://host,host/NAME");
    if (code == RELEVE_OK)
        code = releve_url_parse_host(text, (size_t)(rest - text), TCP_SCHEME, RELEVE_REDIS_PORT, &seed, error);
    if (code != RELEVE_OK)
        return code;
    memcpy(url->host, seed.host, sizeof url->host);
    url->port = seed.port;
    code = parse_database(&rest, url, error);
    if (code == RELEVE_OK)
        code = parse_query(rest, QUERY_REPLICAS, "only ?replicas=N may, behind the database (/N)", url, error);
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
    return fits ? RELEVE_OK : releve_url_refuse(error, "the hosts are too long together; some of them are enough");
}

static enum releve_code parse_cluster(const char *text, struct releve_redis_url *url, struct releve_error *error)
{
    const char *rest;
    url->where = RELEVE_REDIS_CLUSTER;
    url->replicas = REPLICAS_USUAL;
    enum releve_code code = parse_authority(&text, &rest, url, error);
    if (code == RELEVE_OK)
        code = parse_hosts(text, (size_t)(rest - text), CLUSTER_SCHEME, RELEVE_REDIS_PORT, url, error);
    if (code != RELEVE_OK)
        return code;
    if (*rest == '/')
        rest++;
    if (*rest != '\0' && *rest != '?')
        return releve_url_refuse(error, "a cluster has no database but 0; leave out what stands behind the hosts");
    code = parse_query(rest, QUERY_REPLICAS, "only ?replicas=N may", url, error);
    return code == RELEVE_OK ? write_address(url, CLUSTER_SCHEME, "", error) : code;
}

/* /NAME[/db], which *rest is left behind. Names of masters are words of Redis's sentinel.conf: letters, digits
 * and ".-_". */
static enum releve_code parse_master(const char **rest, struct releve_redis_url *url, struct releve_error *error)
{
    const char *name = **rest == '/' ? *rest + 1 : *rest;
    size_t bytes = strcspn(name, "/?");
    if (name == *rest || bytes == 0)
        return releve_url_refuse(error,
                                 "the name of the master is missing; write it behind the sentinels and /, as their "
                                 "sentinel.conf does (sentinel monitor NAME)");
    if (strspn(name, RELEVE_URL_LETTERS RELEVE_URL_DIGITS ".-_") < bytes)
        return releve_url_refuse(error, "the name of the master has other characters than letters, digits and . - _");
    if (bytes >= sizeof url->master)
        return releve_url_refuse(error, "the name of the master is longer than %zu bytes", sizeof url->master - 1);
    memcpy(url->master, name, bytes);
    *rest = name + bytes;
    return parse_database(rest, url, error);
}

static enum releve_code parse_sentinel(const char *text, struct releve_redis_url *url, struct releve_error *error)
{
    static const char allows[] = "only ?replicas=N and ?" SENTINEL_PASSWORD "... may, joined by &";
    const char *rest;
    char tail[RELEVE_REDIS_MASTER_BYTES + 16];
    url->where = RELEVE_REDIS_SENTINEL;
    url->replicas = REPLICAS_USUAL;
    enum releve_code code = parse_authority(&text, &rest, url, error);
    if (code == RELEVE_OK)
        code = parse_hosts(text, (size_t)(rest - text), SENTINEL_SCHEME, RELEVE_SENTINEL_PORT, url, error);
    if (code == RELEVE_OK)
        code = parse_master(&rest, url, error);
    if (code == RELEVE_OK)
        code = parse_query(rest, QUERY_REPLICAS | QUERY_SENTINEL_PASSWORD, allows, url, error);
    if (code != RELEVE_OK)
        return code;
    (void)snprintf(tail, sizeof tail, "/%s/%d", url->master, url->db);
    return write_address(url, SENTINEL_SCHEME, tail, error);
}

static enum releve_code parse_unix(const char *text, struct releve_redis_url *url, struct releve_error *error)
{
    static const char allows[] = "only ?db=N and ?replicas=N may, joined by &";
    url->where = RELEVE_REDIS_UNIX;
    size_t authority_bytes = strcspn(text, "/?#");
    enum releve_code code = RELEVE_OK;
    if (authority_bytes > 0 && text[authority_bytes - 1] == '@') {
        code = parse_credentials(text, authority_bytes - 1, url, error);
        text += authority_bytes;
    }
    size_t path_bytes = strcspn(text, "?");
    if (code == RELEVE_OK && text[0] != '/')
        return releve_url_refuse(error, "the path of the socket is not absolute; write " UNIX_SCHEME
                                        "/path, and %%2F for a / in a "
                                        "password");
    if (code == RELEVE_OK)
        code = releve_url_decode("the path of the socket", text, path_bytes, url->path, sizeof url->path, error);
    if (code == RELEVE_OK && strlen(url->path) > RELEVE_REDIS_SOCKET_PATH_MAX)
        return releve_url_refuse(error, "the path of the socket is longer than the %d bytes that Unix allows",
                                 RELEVE_REDIS_SOCKET_PATH_MAX);
    if (code == RELEVE_OK)
        code = parse_query(text + path_bytes, QUERY_DB | QUERY_REPLICAS, allows, url, error);
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
        return releve_url_refuse(error, "the directory behind embedded: is too long: longer than %zu bytes",
                                 sizeof url->path - 1);
    for (const char *c = directory; *c != '\0'; c++)
        if (iscntrl((unsigned char)*c)) /* it goes into one-line messages */
            return releve_url_refuse(error, "the directory behind embedded: holds a control character");
    memcpy(url->path, directory, strlen(directory) + 1);
    (void)snprintf(url->address, sizeof url->address, EMBEDDED);
    return RELEVE_OK;
}

static bool wants_tls(const char *text)
{
    return begins(text, TLS_SCHEME "://") || begins(text, TLS_SCHEME "+cluster://") ||
           begins(text, TLS_SCHEME "+sentinel://");
}

/* Whether the scheme is one, but for large letters. */
static bool is_loud(const char *text)
{
    static const char *const schemes[] = {TCP_SCHEME, CLUSTER_SCHEME, SENTINEL_SCHEME, UNIX_SCHEME, EMBEDDED};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (!begins(text, schemes[i]) && strncasecmp(text, schemes[i], strlen(schemes[i])) == 0)
            return true;
    return false;
}

/* It begins with nothing that is known. */
static enum releve_code refuse_scheme(const char *text, struct releve_error *error)
{
    size_t bytes = strspn(text, RELEVE_URL_LETTERS RELEVE_URL_DIGITS "+-.");
    bool has_scheme = bytes > 0 && bytes <= QUOTED_MAX && begins(text + bytes, "://");
    if (*text == '\0')
        return releve_url_refuse(error, "it is empty; name a Redis (redis://host), or leave it out for a private one");
    if (wants_tls(text))
        return releve_url_refuse(error,
                                 "rediss:// needs a hiredis with TLS, and this one was built without it; use redis:// "
                                 "through a tunnel, or a Unix socket");
    if (is_loud(text))
        return releve_url_refuse(error, "its beginning is written in small letters, as in redis://");
    if (begins(text, EMBEDDED))
        return releve_url_refuse(error, "behind embedded only : and a directory may stand");
    if (*text == '/')
        return releve_url_refuse(error, "a path alone is no address of a Redis; write unix:///path for a socket");
    return releve_url_refuse(error,
                             "%.*s is no address of a Redis; begin it with " TCP_SCHEME ", " CLUSTER_SCHEME
                             ", " SENTINEL_SCHEME ", " UNIX_SCHEME " or embedded",
                             has_scheme ? (int)bytes + 3 : 4, has_scheme ? text : "this");
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
    if (begins(text, EMBEDDED) && (text[strlen(EMBEDDED)] == '\0' || text[strlen(EMBEDDED)] == ':'))
        return parse_embedded(text + strlen(EMBEDDED), url, error);
    return refuse_scheme(text, error);
}

bool releve_redis_prefix_is_legal(const char *prefix)
{
    size_t legal = strspn(prefix, RELEVE_URL_LETTERS RELEVE_URL_DIGITS "_-.:");
    return legal > 0 && prefix[legal] == '\0' && legal < RELEVE_PREFIX_BYTES;
}
