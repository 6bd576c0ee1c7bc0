/* HTTP: libmicrohttpd with its own epoll set, driven by a libuv loop; one thread.
 *
 * Brings requests to the gateway after their way in, and its answers back after their way out. */
#ifndef RELEVE_SANDBOX_SERVER_H
#define RELEVE_SANDBOX_SERVER_H

#include "gateway.h"
#include <releve/error.h>
#include <uv.h>

struct sandbox_server;

/* Listens on `address` (a loopback address; port 0: any). The gateway outlives the server. On an error
 * nothing is left behind. */
enum releve_code sandbox_server_start(struct sandbox_server **server, uv_loop_t *loop, const struct sockaddr *address,
                                      struct sandbox_gateway *gateway, struct releve_error *error);

unsigned sandbox_server_port(const struct sandbox_server *server);

/* Drops what is under way and closes the handles; the memory goes when the loop has closed them. */
void sandbox_server_stop(struct sandbox_server *server);

#endif
