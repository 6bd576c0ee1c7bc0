/* The web service of `releve serve`: HTTP for people and for monitoring. It knows requests, answers, files and the
 * password; what is answered comes from whoever starts it.
 *
 *   httpd ──▶ web.c: a request, its guard, its password ──▶ a file of the page (files.h)
 *                                                      └──▶ the handler of its route ──▶ releve_web_answer
 *                                                                                   └──▶ releve_web_stream
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
#define RELEVE_WEB_IDLE_S 20u           /* an answer of which nothing is taken is broken off after */
#define RELEVE_WEB_REQUEST_S 10u        /* a connection is closed whose next request has not come by then */
#define RELEVE_WEB_ANSWER_S 60u         /* and one whose answer is not read by then, which may be 1.6 MB */
#define RELEVE_WEB_WAITING_MAX 256u     /* requests that wait for an answer at once; beyond it 503 */
#define RELEVE_WEB_UNSENT_BYTES_MAX ((size_t)64 * 1024 * 1024) /* of answers that are not read yet; beyond it 503 */
#define RELEVE_WEB_SMALL_BYTES 4096                            /* an answer that is sent all the same */
#define RELEVE_WEB_STREAMS_MAX 64u                             /* streams at once; beyond it 503 */
#define RELEVE_WEB_HOSTS_MAX 8                                 /* names that it may be asked by */
#define RELEVE_WEB_PATH_BYTES 256                              /* of a request; a longer one leads nowhere */
#define RELEVE_WEB_ARGUMENTS_MAX 4                             /* in a path */
#define RELEVE_WEB_PARAMETERS_MAX 8                            /* of a route */

struct releve_web;
struct releve_web_asked; /* a request that waits for its answer */

struct releve_web_route {
    const char *path; /* "/v1/points/{}/days/{}": each {} stands for one segment, an argument */
    /* Answers with releve_web_answer or releve_web_fail, once, at once or later; or with releve_web_stream, at once. */
    void (*handle)(void *data, struct releve_web_asked *asked);
    /* What the query may have, each once; ended by NULL. Others are refused. NULL: the query is not looked at. */
    const char *const *parameters;
    bool is_open; /* no password is asked for: the handler judges the client */
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

/* --- what is asked ----------------------------------------------------------------------------------------------- */

/* The segment of the path that the n-th {} of the route stands for, decoded. Valid until the answer. */
const char *releve_web_argument(const struct releve_web_asked *asked, unsigned n);

/* A parameter of the query, decoded; NULL where it is not there, "" where it has no value. Valid until the answer. */
const char *releve_web_parameter(const struct releve_web_asked *asked, const char *name);

/* Calls `each` for every parameter of the query in its order, the same name again too, until it returns false. */
void releve_web_each_parameter(const struct releve_web_asked *asked,
                               bool (*each)(void *data, const char *name, const char *value), void *data);

/* A header; NULL where it is not there. Valid until the answer. */
const char *releve_web_header(const struct releve_web_asked *asked, const char *name);

/* --- what is answered -------------------------------------------------------------------------------------------- */

/* A good answer in JSON carries an ETag of its body, and is not sent again to a client that has it (If-None-Match). */
enum releve_web_type {
    RELEVE_WEB_TEXT,
    RELEVE_WEB_JSON,
    RELEVE_WEB_NDJSON,  /* a JSON document a line */
    RELEVE_WEB_PROBLEM, /* RFC 9457 */
    RELEVE_WEB_METRICS,
    RELEVE_WEB_TYPES
};

/* Path and query of what follows behind this answer, for a Link header (RFC 8288). Before the answer. */
void releve_web_link_next(struct releve_web_asked *asked, const char *target);

/* `status` is one of HTTP's; with 503 the client is told to come again in some seconds. Copies the body. */
void releve_web_answer(struct releve_web_asked *asked, unsigned status, enum releve_web_type type, const char *body,
                       size_t body_bytes);

/* The same for what cannot be answered: a problem (RFC 9457) whose detail is one line. */
void releve_web_fail(struct releve_web_asked *asked, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* --- streams ----------------------------------------------------------------------------------------------------- */

/* Answers with a stream of server-sent events, which stays open. False, and nothing is answered, where there are too
 * many. */
bool releve_web_stream(struct releve_web_asked *asked);

/* Sends an event to all streams: `data` in one line. Who reads too slowly misses all but the latest one. With
 * NULL, a comment, which shows who has gone. */
void releve_web_push(struct releve_web *web, const char *event, const char *data, size_t data_bytes);

size_t releve_web_streams(const struct releve_web *web);

/* --- the end ----------------------------------------------------------------------------------------------------- */

/* No request waits any more: all were answered. Breaks off what cannot be sent at once; the memory goes when the loop
 * has closed the handles. */
void releve_web_stop(struct releve_web *web);

#endif
