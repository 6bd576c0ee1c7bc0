/* HTTP on a libuv loop, by libcurl: what engine/runtime/transport.h asks for. */
#ifndef RELEVE_HTTP_TRANSPORT_H
#define RELEVE_HTTP_TRANSPORT_H

#include <engine/runtime/transport.h>
#include <releve/error.h>
#include <uv.h>

extern const struct releve_transport_ops releve_http_transport_ops;

/* The library and its TLS: "libcurl/7.88.1 OpenSSL/3.0.17 ...". */
const char *releve_transport_version(void);

/* connections_max: how many exchanges may be under way at once (1..1024). RELEVE_E_SYSTEM where libcurl cannot start.
 */
enum releve_code releve_transport_open(struct releve_transport **transport, uv_loop_t *loop, unsigned connections_max,
                                       struct releve_error *error);

/* As releve_transport_ops.send. At most connections_max at once. */
void releve_transport_send(struct releve_transport *transport, const struct releve_exchange_request *request,
                           releve_exchange_first_byte first_byte, releve_exchange_done done, void *data);

/* Ends what is under way (each `done` is called with CANCELLED), then closes its handles on the loop;
 * `closed` is called when the memory is gone. */
void releve_transport_close(struct releve_transport *transport, void (*closed)(void *data), void *data);

#endif
