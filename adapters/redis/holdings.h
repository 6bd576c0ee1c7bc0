/* What is in a worker's list and known here: messages that are being accepted, and the messages that jobs are kept in.
 */
#ifndef RELEVE_REDIS_HOLDINGS_H
#define RELEVE_REDIS_HOLDINGS_H

#include <releve/job.h>
#include <stdbool.h>
#include <stddef.h>

struct holding;

/* Zeroed is empty. */
struct releve_holdings {
    struct holding *by_message;
};

/* Once more, from the queue of that class. */
void releve_holdings_add(struct releve_holdings *holdings, enum releve_class from, const char *message, size_t bytes);
bool releve_holdings_has(const struct releve_holdings *holdings, const char *message, size_t bytes);
/* Once less; it must be there, from that queue. */
void releve_holdings_remove(struct releve_holdings *holdings, enum releve_class from, const char *message,
                            size_t bytes);
void releve_holdings_free(struct releve_holdings *holdings);

#endif
