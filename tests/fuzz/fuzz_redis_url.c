/* RELEVE_REDIS: what is accepted names one place, and the address for people names the same one without user and
 * password. */
#include "adapters/redis/url.h"
#include "fuzz.h"

/* Is the address free of what percent-encoding is for? Then it is an URL again. */
static bool is_plain(const char *text)
{
    return text[strcspn(text, "%@/?#[],")] == '\0';
}

static bool is_plain_path(const char *text)
{
    return text[strcspn(text, "%@?#")] == '\0';
}

static bool is_plain_place(const struct releve_redis_url *url)
{
    for (size_t i = 0; i < url->seeds_count; i++)
        if (!is_plain(url->seeds[i].host))
            return false;
    return is_plain(url->host) && is_plain_path(url->path);
}

static bool has_seeds(const struct releve_redis_url *url)
{
    return url->where == RELEVE_REDIS_CLUSTER || url->where == RELEVE_REDIS_SENTINEL;
}

static void check_seeds(const struct releve_redis_url *url)
{
    MUST(has_seeds(url) == (url->seeds_count > 0) && url->seeds_count <= RELEVE_REDIS_SEEDS_MAX);
    MUST((url->where == RELEVE_REDIS_SENTINEL) == (url->master[0] != '\0'));
    MUST(url->where != RELEVE_REDIS_CLUSTER || url->db == 0);
    MUST(url->where == RELEVE_REDIS_SENTINEL || url->sentinel_password[0] == '\0');
    MUST(url->replicas <= RELEVE_REDIS_REPLICAS_MAX);
    for (size_t i = 0; i < url->seeds_count; i++)
        MUST(url->seeds[i].host[0] != '\0' && url->seeds[i].port >= 1 && url->seeds[i].port <= 65535);
}

static void check_same_seeds(const struct releve_redis_url *one, const struct releve_redis_url *other)
{
    MUST(one->seeds_count == other->seeds_count && one->replicas == other->replicas);
    MUST(strcmp(one->master, other->master) == 0);
    for (size_t i = 0; i < one->seeds_count; i++)
        MUST(strcmp(one->seeds[i].host, other->seeds[i].host) == 0 && one->seeds[i].port == other->seeds[i].port);
}

static void check_address(const struct releve_redis_url *url)
{
    struct releve_redis_url again;
    struct releve_error error;
    MUST(fuzz_is_line(url->address));
    if (url->where == RELEVE_REDIS_EMBEDDED) {
        MUST(strcmp(url->address, "embedded") == 0);
        return;
    }
    if (!is_plain_place(url))
        return;
    MUST(releve_redis_url_parse(url->address, &again, &error) == RELEVE_OK);
    MUST(again.where == url->where && again.port == url->port && again.db == url->db);
    MUST(strcmp(again.host, url->host) == 0 && strcmp(again.path, url->path) == 0);
    check_same_seeds(&again, url);
    MUST(again.user[0] == '\0' && again.password[0] == '\0' && again.sentinel_password[0] == '\0');
    MUST(strcmp(again.address, url->address) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct releve_redis_url url;
    struct releve_error error = {.code = RELEVE_OK};
    char *text = fuzz_string(data, size);
    if (releve_redis_url_parse(text, &url, &error) == RELEVE_OK) {
        MUST(url.where != RELEVE_REDIS_TCP || (url.host[0] != '\0' && url.port >= 1 && url.port <= 65535));
        MUST(url.where != RELEVE_REDIS_UNIX ||
             (url.path[0] == '/' && strlen(url.path) <= RELEVE_REDIS_SOCKET_PATH_MAX));
        MUST(url.db >= 0 && url.db <= RELEVE_REDIS_DB_MAX);
        MUST(url.user[0] == '\0' || url.password[0] != '\0');
        check_seeds(&url);
        check_address(&url);
    } else {
        MUST(error.code == RELEVE_E_CONFIG && fuzz_is_line(error.text));
        MUST(strncmp(error.text, "RELEVE_REDIS: ", 14) == 0);
        MUST(strstr(error.text, "; releve --help has all forms") != NULL); /* nothing is cut */
    }
    free(text);
    return 0;
}
