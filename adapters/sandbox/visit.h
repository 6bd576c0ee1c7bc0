/* A visit: one request at the simulator from its first byte to the last of its answer, with its delays and faults:
 * reading, the way in, the arrival, the way out, sending.
 *
 * The arrival is counted after the way in by a timer of its own, also where the client has left by then: what
 * was sent arrives. */
#ifndef RELEVE_SANDBOX_VISIT_H
#define RELEVE_SANDBOX_VISIT_H

#include "gateway.h"
#include <adapters/httpd/httpd.h>

#define SANDBOX_BODY_BYTES_MAX (1024u * 1024u) /* of a request: control with many PRMs is the largest */
#define SANDBOX_WAITING_MAX 10000u             /* requests that wait at once; beyond it 503 */
#define SANDBOX_NEVER_MS 120000u               /* how long a client may wait for an answer that never comes */

struct sandbox_visit;

/* What visits share. */
struct sandbox_hall {
    uv_loop_t *loop;
    struct releve_httpd *httpd;
    struct sandbox_gateway *gateway;
    struct sandbox_visit *visits; /* those that libmicrohttpd knows */
    unsigned waiting;             /* those that are suspended */
    uint64_t drawn;               /* delays drawn so far */
};

/* MHD_AccessHandlerCallback and MHD_RequestCompletedCallback; `hall` is a struct sandbox_hall. */
enum MHD_Result sandbox_visit_handle(void *hall, struct MHD_Connection *connection, const char *url, const char *method,
                                     const char *version, const char *upload, size_t *upload_bytes, void **visit);
void sandbox_visit_completed(void *hall, struct MHD_Connection *connection, void **visit,
                             enum MHD_RequestTerminationCode how);

/* MHD_NotifyConnectionCallback: keeps what is known of a connection as its socket context. */
void sandbox_visit_connected(void *nothing, struct MHD_Connection *connection, void **context,
                             enum MHD_ConnectionNotificationCode what);

/* Ends all waiting, so that the daemon may stop. */
void sandbox_visit_abandon_all(struct sandbox_hall *hall);

#endif
