/* What a worker's list holds, as entry.lua writes it: a message that was not read yet, behind a line "<class>
 * <bytes>\n", or the words of a job. */
#ifndef RELEVE_REDIS_ENTRY_H
#define RELEVE_REDIS_ENTRY_H

#include <releve/job.h>
#include <stdbool.h>
#include <stddef.h>

struct releve_entry {
    const char *message;  /* in what was parsed */
    size_t message_bytes; /* that are there */
    size_t bytes;         /* that it had: more, where it was cut */
    enum releve_class class_;
    bool is_read; /* the words of a job: without a line, and so of class NORMAL */
};

struct releve_entry releve_entry_parse(const char *text, size_t bytes);

#endif
