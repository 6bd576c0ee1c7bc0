/* What happens on the way and people may want to know: no error, and no result. `wait_ms` and the like are of the
 * struct that tells it: releve_engine_notice for a host program. */
#ifndef RELEVE_NOTICE_H
#define RELEVE_NOTICE_H

enum releve_notice {
    RELEVE_NOTICE_RETRY,         /* a chunk failed and is tried again in wait_ms */
    RELEVE_NOTICE_GIVEN_UP,      /* a chunk failed for good */
    RELEVE_NOTICE_PAUSED,        /* a usage point is paused for wait_ms */
    RELEVE_NOTICE_THROTTLED,     /* a bucket is closed for wait_ms */
    RELEVE_NOTICE_TOKEN_RETRY,   /* no token; tried again in wait_ms */
    RELEVE_NOTICE_UNREACHED,     /* upstream cannot be reached, or fails for all; nothing is sent for wait_ms */
    RELEVE_NOTICE_REACHED,       /* it answers again */
    RELEVE_NOTICE_ANSWERED,      /* .span of the job was asked for, and answered as .reason says */
    RELEVE_NOTICE_SICK,          /* it fails again and again: given up for this run */
    RELEVE_NOTICE_POINT_REFUSED, /* nothing more is asked of this direction of the usage point, or of all of it */
    RELEVE_NOTICE_API_REFUSED,   /* nothing more is asked of this kind */
    RELEVE_NOTICE_PART_MISSING,  /* an API that adds to this document says nothing: it stands without that */
    RELEVE_NOTICE_NOT_TOLD,      /* no API tells when usage points were activated: it is searched for, in all of them */
    RELEVE_NOTICE_NO_PREFLIGHT,  /* nobody tells who has which kinds: all are asked */
    RELEVE_NOTICE_DEMOTED,       /* the job goes on in class low */
    RELEVE_NOTICE_REDIS_REFUSED, /* Redis answered and refused; tried again in wait_ms */
    /* What the engine as a whole says besides (releve/engine.h). */
    RELEVE_NOTICE_REDIS_GONE,  /* the connection is lost; nothing is sent until it is back. Of a cluster, that to one
                                  node: what lies there waits until it is back or replaced */
    RELEVE_NOTICE_REDIS_BACK,  /* it is back, and all goes on */
    RELEVE_NOTICE_NOT_DURABLE, /* Redis keeps nothing on disk: its restart forgets days and how much is used */
    RELEVE_NOTICE_IN_CLEAR,    /* the secret goes to upstream in clear, over a network */
    RELEVE_NOTICE_ADOPTED,     /* the data under the prefix were another upstream's, and count as this one's now */
    RELEVE_NOTICE_FORGOTTEN,   /* Redis has forgotten what was sent; nothing is sent for wait_ms, when it counts no more
                                */
    RELEVE_NOTICE_REDIS_AWAITED, /* a cluster is not complete at the beginning, or does not serve yet: waited for */
    RELEVE_NOTICES
};

/* How much it matters. DEBUG comes for every request. */
enum releve_notice_level { RELEVE_LEVEL_ERROR, RELEVE_LEVEL_WARN, RELEVE_LEVEL_INFO, RELEVE_LEVEL_DEBUG };

#endif
