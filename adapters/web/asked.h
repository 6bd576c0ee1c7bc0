/* A request, as the files of this folder share it. */
#ifndef RELEVE_WEB_ASKED_H
#define RELEVE_WEB_ASKED_H

#include "files.h"
#include "web.h"
#include <microhttpd.h>

enum stage {
    ARRIVED,   /* its headers are there */
    CHECKING,  /* its password is being checked; suspended */
    ADMITTED,  /* it was right, or is not asked for */
    ASKED,     /* its route is being called */
    WAITING,   /* its route will answer later; suspended */
    ANSWERED,  /* what is to be sent is there */
    STREAMING, /* what is to be sent is a stream */
    SENT
};

struct stream;

struct releve_web_asked {
    struct releve_web *web;
    struct MHD_Connection *connection;
    enum stage stage;
    const struct releve_web_file *file;   /* what it leads to: a file, */
    const struct releve_web_route *route; /* a route, or NULL: nothing */
    char path[RELEVE_WEB_PATH_BYTES];     /* the arguments are parts of it */
    const char *arguments[RELEVE_WEB_ARGUMENTS_MAX];

    unsigned status;
    enum releve_web_type type;
    struct releve_text body, next; /* next: for the Link header; empty: none */
    size_t unsent_bytes;           /* of the body, as the service counts them */
    struct stream *stream;         /* STREAMING */
};

/* answer.c: sends what was answered; the body is gone then. */
enum MHD_Result releve_web_send_answer(struct releve_web_asked *asked);
enum MHD_Result releve_web_send_file(struct releve_web_asked *asked, const struct releve_web_file *file);

/* answer.c: the headers that every answer has. */
enum MHD_Result releve_web_add_common(struct MHD_Response *response);

/* stream.c: the streams of a service. */
struct streams {
    struct stream *all;
    size_t count;
    struct releve_httpd *httpd;
};
bool releve_web_streams_add(struct streams *streams, struct releve_web_asked *asked);
enum MHD_Result releve_web_send_stream(struct releve_web_asked *asked);
void releve_web_streams_push(struct streams *streams, const struct releve_text *text);
void releve_web_streams_end(struct streams *streams);

#endif
