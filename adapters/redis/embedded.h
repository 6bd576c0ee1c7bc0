/* `RELEVE_REDIS=embedded[:DIR]`: a private redis-server for people who have none.
 *
 * Append-only file with fsync always, Unix socket, no TCP port. Shared by every process of the user
 * that names the same directory; a keeper process stops it when the last of them is gone, however they
 * went. */
#ifndef RELEVE_REDIS_EMBEDDED_H
#define RELEVE_REDIS_EMBEDDED_H

#include <adapters/redis/url.h>

/* Finds or starts the server in the directory of `url` ("": $XDG_DATA_HOME/releve, else ~/.local/share/releve), waits
 * until it serves, and makes `url` the address of its socket. Blocks; forks: call it before the loop and before any
 * thread exists. The process is counted as a user of the server until it ends. */
enum releve_code releve_embedded_start(struct releve_redis_url *url, struct releve_error *error);

#endif
