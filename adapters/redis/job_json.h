/* Job messages: what producers push into the queues, and the words that a worker keeps a job in. */
#ifndef RELEVE_REDIS_JOB_JSON_H
#define RELEVE_REDIS_JOB_JSON_H

#include <releve/error.h>
#include <releve/job.h>
#include <stddef.h>

#define RELEVE_MESSAGE_BYTES_MAX (16 * 1024) /* longest message that is looked into */
#define RELEVE_MESSAGE_NESTING_MAX 4
#define RELEVE_MESSAGE_ID_MAX 64     /* longest id that a producer may give */
#define RELEVE_BURIED_BYTES_MAX 4096 /* of a message that is no job, kept in the list of dead ones */

/* The members that a job may have. */
#define RELEVE_MESSAGE_FIELDS 9
extern const char *const releve_message_fields[RELEVE_MESSAGE_FIELDS];

/* Reads a message: one job for each of its kinds (at most RELEVE_KINDS). Gives an id where there is none, and
 * "<id>:<kind>" where one message is several jobs. Days are cut to what upstream can serve on `today`; a span that is
 * wholly outside is empty. `now` is the creation time where none is given. `class_` is that of the queue it came from,
 * unless the message names one. RELEVE_E_USAGE and one line where it is no job. `stray` gets the first member that no
 * job has and that is short and printable; "" where there is none. */
#define RELEVE_STRAY_BYTES 41
enum releve_code releve_job_json_read(const char *text, size_t text_bytes, releve_day today, releve_time now,
                                      enum releve_class class_, struct releve_job jobs[RELEVE_KINDS], size_t *count,
                                      char stray[RELEVE_STRAY_BYTES], struct releve_error *error);

/* Can a list of that name get a result? Not where it has a } but no part in braces: then no other key can be made to
 * lie in its slot (releve_hash_tag). */
#define RELEVE_REPLY_TO_RULE \
    "the name of a list, 1 to 256 printable ASCII characters without blanks; where it has a }, also a part in { }"
bool releve_reply_to_is_legal(const char *name);

/* The RELEVE_E_USAGE of a message that is longer than RELEVE_MESSAGE_BYTES_MAX, of which not all need be here. */
enum releve_code releve_job_json_refuse_length(size_t text_bytes, struct releve_error *error);

/* The words of a job: the same bytes for the same job. The caller frees. */
char *releve_job_json_write(const struct releve_job *job);

/* Why a message is no job, and where it was. */
struct releve_burial {
    const char *text; /* `text_bytes` of it */
    size_t text_bytes;
    size_t bytes; /* that it had: more, where it was cut */
    const char *error;
    enum releve_class class_; /* of the queue that it was taken from */
    releve_time at;           /* civil clock */
};

/* {"raw":...,"error":...,"queue":"normal","at":...} for the list of dead messages; bytes that are no text are replaced,
 * and a long message is cut: then "whole":false stands behind "raw". The caller frees. */
char *releve_job_json_bury(const struct releve_burial *burial);

/* What whoever waits is told of it, in the shape of a result, for the list at *reply_to; NULL where the message names
 * none that can be used. The caller frees. */
char *releve_job_json_answer(const struct releve_burial *burial, char reply_to[RELEVE_REPLY_TO_BYTES]);

#endif
