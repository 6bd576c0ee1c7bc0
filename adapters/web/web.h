/* The web service of `releve serve`: HTTP for people and for monitoring. It knows requests, answers and who may ask;
 * what is answered comes from whoever starts it.
 *
 *   httpd ──▶ web.c: a request, its guard, its route ──▶ the handler of that path ──▶ releve_web_answer
 *
 * What a client sends is never believed: GET and HEAD only, no body, a Host that is served, no foreign Origin, limits
 * on everything. One thread. */
#ifndef RELEVE_WEB_H
#define RELEVE_WEB_H

#include <releve/error.h>
#include <releve/text.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <uv.h>

#define RELEVE_WEB_CONNECTIONS_MAX 512u /* at once */
#define RELEVE_WEB_HEADER_BYTES 16384u  /* what one connection may use for its headers */
#define RELEVE_WEB_IDLE_S 20u           /* a silent connection is closed after */
#define RELEVE_WEB_REQUEST_S 10u        /* and one whose request has not come by then, however little at a time */
#define RELEVE_WEB_WAITING_MAX 256u     /* requests that wait for an answer at once; beyond it 503 */
#define RELEVE_WEB_HOSTS_MAX 8          /* names that it may be asked by */

struct releve_web;
struct releve_web_asked; /* a request that waits for its answer */

/* What is under a path, which has no variants: "/metrics". The handler answers with releve_web_answer, once, at once or
 * later. */
struct releve_web_route {
    const char *path;
    void (*handle)(void *data, struct releve_web_asked *asked);
};

struct releve_web_options {
    const struct sockaddr *address; /* to listen on: of loopback; port 0: any that is free */
    const char *const *hosts;       /* names that a Host header may have, besides those of loopback; with no port */
    size_t hosts_count;
    const char *password_hash; /* of the password that whoever asks has to give (password.h); NULL: none is asked for */
    const struct releve_web_route *routes;
    size_t routes_count;
    void *data; /* for the handlers */
};

/* Returns RELEVE_OK and *web, to be stopped with releve_web_stop; else what releve_httpd_start returns. The options are
 * copied, but for what they point to. */
enum releve_code releve_web_start(struct releve_web **web, uv_loop_t *loop, const struct releve_web_options *options,
                                  struct releve_error *error);

unsigned releve_web_port(const struct releve_web *web);

enum releve_web_type { RELEVE_WEB_TEXT, RELEVE_WEB_JSON, RELEVE_WEB_METRICS };

/* `status` is one of HTTP's; with 503 the client is told to come again in some seconds. Copies the body. */
void releve_web_answer(struct releve_web_asked *asked, unsigned status, enum releve_web_type type, const char *body,
                       size_t body_bytes);

/* No request waits any more: all were answered. Breaks off what cannot be sent at once; the memory goes when the loop
 * has closed the handles. */
void releve_web_stop(struct releve_web *web);

#endif
