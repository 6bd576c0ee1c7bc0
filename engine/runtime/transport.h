/* What the runtime asks of an HTTP client. Implemented by adapters/http on libcurl's multi interface.
 *
 * One exchange is one request on one connection: HTTP/1.1, no redirects, http and https only. */
#ifndef RELEVE_RUNTIME_TRANSPORT_H
#define RELEVE_RUNTIME_TRANSPORT_H

#include <releve/calendar.h>
#include <stddef.h>

/* A body larger than this is not read further: 365 daily values take about 40 kB, 7 days of PT5M curve
 * about 300 kB. */
#define RELEVE_BODY_BYTES_MAX (4u * 1024u * 1024u)

struct releve_transport; /* whoever implements the table defines it */

struct releve_exchange_request {
    const char *url;
    const char *bearer;          /* access token; NULL for none */
    const char *user, *password; /* Basic credentials; NULL for none */
    const char *form;            /* body of a POST, application/x-www-form-urlencoded; NULL for none */
    const char *json;            /* likewise, application/json; with neither it is a GET */
    releve_time deadline_ms; /* hard, on the clock of releve_clock_boot: nothing of it leaves after that, however long
                              * the process was stopped meanwhile (law 1) */
};

enum releve_exchange_outcome {
    RELEVE_EXCHANGE_ANSWERED,  /* a complete response: look at status */
    RELEVE_EXCHANGE_TIMEOUT,   /* the hard time-out */
    RELEVE_EXCHANGE_UNREACHED, /* name, connection or TLS: nothing was sent */
    RELEVE_EXCHANGE_BROKEN,    /* reset, truncated, not HTTP */
    RELEVE_EXCHANGE_TOO_LARGE, /* body beyond RELEVE_BODY_BYTES_MAX */
    RELEVE_EXCHANGE_CANCELLED  /* the transport was closed */
};

struct releve_exchange_response {
    enum releve_exchange_outcome outcome;
    char detail[160]; /* one line for people where outcome is not ANSWERED */
    int status;       /* HTTP status, where ANSWERED */
    const char *body; /* decoded (gzip), NUL-terminated after body_bytes; valid in the callback only */
    size_t body_bytes;
    const char *content_type; /* "" where none; valid in the callback only */
    const char *retry_after;  /* value of the Retry-After header, or ""; valid in the callback only */
    releve_time date_ms;      /* the Date header: upstream's clock, UTC, to the second; 0 where none can be read */
};

/* `first_byte` is called at most once, when the first byte of the answer is seen, always before `done`.
 * `done` is called exactly once for each request, never from within the call that sends it. */
typedef void (*releve_exchange_first_byte)(void *data);
typedef void (*releve_exchange_done)(void *data, const struct releve_exchange_response *response);

struct releve_transport_ops {
    /* Sends one request. Never fails here: what cannot be sent (no URL, no socket, too late) ends as UNREACHED. */
    void (*send)(struct releve_transport *transport, const struct releve_exchange_request *request,
                 releve_exchange_first_byte first_byte, releve_exchange_done done, void *data);
};

#endif
