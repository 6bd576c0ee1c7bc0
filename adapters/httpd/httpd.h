/* HTTP for whoever serves it: libmicrohttpd with its own epoll set, driven by a libuv loop; one thread. What a request
 * means and what is answered is not known here. */
#ifndef RELEVE_HTTPD_H
#define RELEVE_HTTPD_H

#include <microhttpd.h>
#include <releve/error.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <uv.h>

struct releve_httpd;

/* The value of --listen, HOST:PORT: an address of this machine, IPv6 in brackets, or localhost. */
#define RELEVE_HTTPD_HOST_BYTES 64
struct releve_httpd_address {
    struct sockaddr_storage socket;
    char host[RELEVE_HTTPD_HOST_BYTES]; /* as it was written */
    bool is_loopback;                   /* only this machine reaches it */
};
/* Errors: RELEVE_E_USAGE, with `example` as what to write. */
enum releve_code releve_httpd_read_address(const char *text, const char *example, struct releve_httpd_address *address,
                                           struct releve_error *error);

struct releve_httpd_options {
    const struct sockaddr *address; /* to listen on; IPv4 or IPv6; port 0: any that is free */
    unsigned connections_max;       /* at once; fewer where the system allows fewer descriptors */
    size_t connection_bytes;        /* what one may use for its headers */
    unsigned idle_s;                /* a silent connection is closed after */
    unsigned request_s;             /* a request whose headers have not all come is closed after; 0: no such limit,
                                     * and none of those below. With it, `connected` is NULL: what is known of a
                                     * connection is kept here, and when most are taken, the one of which nothing
                                     * has come for the longest time makes room */
    unsigned answer_s;              /* an answer that is not read to its end is broken off after */
    MHD_AccessHandlerCallback handle;
    MHD_RequestCompletedCallback completed;
    MHD_NotifyConnectionCallback connected; /* may be NULL */
    void *data;                             /* for `handle` and `completed`; outlives it */
};

/* Returns RELEVE_OK and *httpd, to be stopped with releve_httpd_stop. Else nothing is left behind:
 *
 * - RELEVE_E_USAGE: the address cannot be listened on
 * - RELEVE_E_SYSTEM: out of memory or descriptors */
enum releve_code releve_httpd_start(struct releve_httpd **httpd, uv_loop_t *loop,
                                    const struct releve_httpd_options *options, struct releve_error *error);

unsigned releve_httpd_port(const struct releve_httpd *httpd);

/* A connection that `handle` has suspended goes on before the loop sleeps. */
void releve_httpd_resume(struct releve_httpd *httpd, struct MHD_Connection *connection);

/* The answer to the connection's request is there, and is no stream: from now on `answer_s` counts. */
void releve_httpd_send(struct releve_httpd *httpd, struct MHD_Connection *connection);

/* Breaks off the answer that has been sent for the longest time, where there is one. */
void releve_httpd_drop_slowest(struct releve_httpd *httpd);

/* Drops what is under way and closes the handles; the memory goes when the loop has closed them. No connection may be
 * suspended any more. */
void releve_httpd_stop(struct releve_httpd *httpd);

#endif
