/* How the body of an answer leaves: as it is, or hurt on the way. */
#ifndef RELEVE_SANDBOX_PARCEL_H
#define RELEVE_SANDBOX_PARCEL_H

#include "answer.h"
#include <microhttpd.h>

struct sandbox_parcel {
    struct sandbox_answer *answer;
    int socket;
    int slow_ms; /* for the whole of a slow body */
    /* Lets the connection rest for `delay_ms`; the reading goes on after it. False where that cannot be. */
    bool (*rest)(void *visit, uint64_t delay_ms);
    void *visit;
    uint64_t released; /* bytes that may leave by now, of a slow body */
};

/* The response, with its length where that is a lie; NULL where memory is short. It takes the body of the answer, or
 * reads it until it is destroyed: the answer and the parcel outlive it. */
struct MHD_Response *sandbox_parcel_response(struct sandbox_parcel *parcel);

/* The response has left whole, and the connection is still open: what it did not announce follows. False where there is
 * nothing of the kind. */
bool sandbox_parcel_sent(const struct sandbox_parcel *parcel);

/* Resets the connection, now. */
void sandbox_parcel_reset(int socket);

#endif
