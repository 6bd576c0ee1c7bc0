/* Which writes a WAIT speaks for, what its answer means for them, and how replicas are looked for that do not answer
 * (docs/design.md, Failover). It decides only: no clock, no connection, no list of commands. acknowledge.c acts on it
 * over hiredis, tests/simulation in virtual time. Laws 1, 3 and 4 rest on it where Redis has replicas.
 *
 * One of these for each connection. One WAIT at most is under way on it. That one is about all that this connection has
 * written before it, and about nothing that is written behind it: that waits for the next one. */
#ifndef RELEVE_REDIS_WAITS_H
#define RELEVE_REDIS_WAITS_H

#include <adapters/redis/replicas.h>
#include <releve/calendar.h>
#include <stdbool.h>
#include <stdint.h>

#define RELEVE_WAITS_REFUSED (-1) /* in place of a number of replicas: Redis refused the WAIT */

/* Zeroed is a connection on which nothing was written. Times are of one clock that never goes back. */
struct releve_waits {
    /* Commands that want replicas are numbered from 1 on, as they are written to this connection. */
    uint64_t written;    /* the latest one's number */
    uint64_t asked;      /* the latest one's that a WAIT was written behind */
    uint64_t judged;     /* the latest one's whose WAIT was answered; less than `asked`: a WAIT is under way */
    bool away;           /* too few replicas acknowledged the last of them */
    bool missed;         /* ... and that was said */
    bool pauses;         /* ... and nothing looks for them until releve_waits_resume */
    releve_time away_ms; /* since when, or since the connection is up again */
    const void *probe;   /* the one command that looks for them; NULL for none */
};

/* What is done with a command that wants replicas. */
enum releve_waits_turn {
    RELEVE_WAITS_WRITE, /* it is written now */
    RELEVE_WAITS_KEEP,  /* it is kept back until one that was written finds the replicas */
    RELEVE_WAITS_TELL   /* it is told at once that they are away */
};

/* What the answer of a WAIT means for the writes that it is about. */
enum releve_waits_verdict {
    RELEVE_WAITS_ENOUGH,  /* what Redis said of each holds */
    RELEVE_WAITS_TOO_FEW, /* each has its turn again */
    RELEVE_WAITS_NONE     /* the WAIT was refused, and so is each of them */
};

/* `command` is only compared. While replicas are away one command at a time looks for them, as a connection that waits
 * does nothing else. */
enum releve_waits_turn releve_waits_turn(struct releve_waits *waits, enum releve_replicas replicas,
                                         const void *command);

/* The number of a command that wants replicas and is written now. */
uint64_t releve_waits_write(struct releve_waits *waits);

/* True where a WAIT is to be written now; it counts as under way until releve_waits_end. */
bool releve_waits_ask(struct releve_waits *waits);

/* Whether the WAIT that is under way is about the write with that number; 0 is none. */
bool releve_waits_cover(const struct releve_waits *waits, uint64_t number);

/* The WAIT is answered: so many replicas of those `wanted` have what it is about, or RELEVE_WAITS_REFUSED. `any`: there
 * is still something that it is about; else it says nothing of the replicas. The verdict is for all that it covers.
 * TOO_FEW begins a pause of RELEVE_UNACKNOWLEDGED_MS. ENOUGH ends one, and what was kept back is written. */
enum releve_waits_verdict releve_waits_judge(struct releve_waits *waits, bool any, long long acknowledged,
                                             unsigned wanted, releve_time now);

/* All that the WAIT was about has heard of it: the next one may be asked. */
void releve_waits_end(struct releve_waits *waits);

/* True once, when too few have acknowledged for so long that it is to be said. */
bool releve_waits_miss(struct releve_waits *waits, releve_time now);

/* True once, when that was said and is over. */
bool releve_waits_find(struct releve_waits *waits);

/* It has lasted so long that what is kept back is refused, where somebody waits for the end. */
bool releve_waits_is_over(const struct releve_waits *waits, releve_time now);

/* The pause is over: the first command that is kept back has its turn. */
void releve_waits_resume(struct releve_waits *waits);

/* That command looks for the replicas no more. `pauses`: one that is kept back has its turn after a pause. */
void releve_waits_end_probe(struct releve_waits *waits, const void *command, bool pauses);

/* The connection is lost, and its WAIT with it: no write has a number any more. */
void releve_waits_cut(struct releve_waits *waits);

/* It is up again. */
void releve_waits_begin(struct releve_waits *waits, releve_time now);

#endif
