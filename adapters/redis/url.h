/* Where Redis is: the text of RELEVE_REDIS, taken apart. Pure: connects to nothing.
 *
 * Law 7: no error text quotes the input, as it may hold a password, and `address` never holds one. */
#ifndef RELEVE_REDIS_URL_H
#define RELEVE_REDIS_URL_H

#include <releve/error.h>
#include <stdbool.h>
#include <stddef.h>

enum releve_redis_where {
    RELEVE_REDIS_TCP,      /* host and port */
    RELEVE_REDIS_UNIX,     /* path is a socket */
    RELEVE_REDIS_EMBEDDED, /* path is a directory, "" for the default one */
    RELEVE_REDIS_CLUSTER,  /* seeds are some of its nodes */
    RELEVE_REDIS_SENTINEL  /* seeds are sentinels, which know where `master` is */
};

#define RELEVE_PREFIX_BYTES 49 /* longest prefix of keys, NUL included */

#define RELEVE_REDIS_PORT 6379      /* where none is given */
#define RELEVE_SENTINEL_PORT 26379  /* likewise, of a sentinel */
#define RELEVE_REDIS_HOST_BYTES 256 /* longest DNS name and NUL */
#define RELEVE_REDIS_PATH_BYTES 1024
#define RELEVE_REDIS_SOCKET_PATH_MAX 107 /* bytes, NUL not counted: sun_path of unix(7) */
#define RELEVE_REDIS_SECRET_BYTES 512
#define RELEVE_REDIS_DB_MAX 65535
#define RELEVE_REDIS_ADDRESS_BYTES 300
#define RELEVE_REDIS_SEEDS_MAX 16     /* nodes or sentinels that are named */
#define RELEVE_REDIS_MASTER_BYTES 128 /* longest name of a master that sentinels watch, and NUL */
#define RELEVE_REDIS_REPLICAS_MAX 5   /* acknowledgements that can be wanted of a write */
#define RELEVE_REDIS_SEED_TEXT (RELEVE_REDIS_HOST_BYTES + 8) /* "[host]:65535" and NUL */

/* Where a node of a cluster or a sentinel listens. */
struct releve_redis_seed {
    char host[RELEVE_REDIS_HOST_BYTES];
    int port;
};

struct releve_redis_url {
    enum releve_redis_where where;
    char host[RELEVE_REDIS_HOST_BYTES]; /* TCP; "" else */
    int port;
    char path[RELEVE_REDIS_PATH_BYTES];
    char user[RELEVE_REDIS_SECRET_BYTES];     /* "" for none */
    char password[RELEVE_REDIS_SECRET_BYTES]; /* "" for none */
    int db;
    struct releve_redis_seed seeds[RELEVE_REDIS_SEEDS_MAX];
    size_t seeds_count;
    char master[RELEVE_REDIS_MASTER_BYTES];            /* SENTINEL: its name */
    char sentinel_password[RELEVE_REDIS_SECRET_BYTES]; /* SENTINEL: of the sentinels themselves; "" for none */
    bool any_server;                          /* whatever sort of Redis answers there is meant; never as parsed */
    unsigned replicas;                        /* that must have a write before it counts; 0: none is waited for */
    char address[RELEVE_REDIS_ADDRESS_BYTES]; /* for people: no user, no password */
};

/* Reads one of
 *   redis://[user:password@]host[:port][/db][?replicas=N]
 *   redis+cluster://[user:password@]host[:port][,host[:port]...][?replicas=N]
 *   redis+sentinel://[user:password@]host[:port][,host[:port]...]/NAME[/db][?replicas=N][&sentinel-password=...]
 *   unix://[user:password@]/path[?db=N][&replicas=N]
 *   embedded[:DIR]
 * user, passwords, hosts and path may be percent-encoded. With sentinels, user and password are those of the Redis that
 * they watch. `replicas` is 1 for a cluster and with sentinels where it is not given. RELEVE_E_CONFIG and one line on
 * anything else, also where the hosts together do not fit into `address`. */
enum releve_code releve_redis_url_parse(const char *text, struct releve_redis_url *url, struct releve_error *error);

/* Whether a host that a Redis names can be one, and be shown: no blank, no control character, ASCII. */
bool releve_redis_host_is_plain(const char *host, size_t bytes);

/* "host:port" or "[v6]:port", into `out`, which is returned. */
const char *releve_redis_seed_format(const struct releve_redis_seed *seed, char out[RELEVE_REDIS_SEED_TEXT]);

/* What every key begins with: 1 to RELEVE_PREFIX_BYTES - 1 of RELEVE_PREFIX_LEGAL. */
#define RELEVE_PREFIX_LEGAL "letters, digits, and _ - . :"
bool releve_redis_prefix_is_legal(const char *prefix);

/* One Redis there, with user, password and replicas as in `url`. */
void releve_redis_url_of_seed(const struct releve_redis_url *url, const struct releve_redis_seed *seed,
                              struct releve_redis_url *out);

/* The address of a socket at `path`, shorter than RELEVE_REDIS_SOCKET_PATH_MAX. */
void releve_redis_url_of_socket(const char *path, struct releve_redis_url *url);

#endif
