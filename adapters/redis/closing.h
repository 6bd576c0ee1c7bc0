/* Counts what is still open of a thing that closes: libuv gives handles back one by one, and the thing is gone with the
 * last of them. */
#ifndef RELEVE_REDIS_CLOSING_H
#define RELEVE_REDIS_CLOSING_H

#include <stddef.h>

struct releve_closing {
    int open; /* handles and parts that are not closed yet */
    void (*closed)(void *data);
    void *data;
};

/* One of them is closed; the last one calls `closed`, in which the memory of `closing` may go. */
static inline void releve_closing_one(struct releve_closing *closing)
{
    if (--closing->open == 0 && closing->closed != NULL)
        closing->closed(closing->data);
}

#endif
