/* Reply lists that take nothing, as something else lies there or their user may not be written to: remembered, so that
 * each is said once, and its results are not tried one by one. Bounded, and forgotten after a while (law 6). */
#ifndef RELEVE_REDIS_REFUSED_LISTS_H
#define RELEVE_REDIS_REFUSED_LISTS_H

#include <releve/calendar.h>
#include <releve/job.h>
#include <stdbool.h>
#include <stddef.h>

#define RELEVE_REFUSED_LISTS_MAX 64                            /* that are remembered */
#define RELEVE_REFUSED_LISTS_AGAIN_MS (30 * RELEVE_SECOND_MS)  /* then its results are tried again */
#define RELEVE_REFUSED_LISTS_FORGOTTEN_MS (1 * RELEVE_HOUR_MS) /* since it refused last: the next time is news */
#define RELEVE_REFUSED_LISTS_SAY_MS (10 * RELEVE_SECOND_MS)    /* between two lines, of whatever lists */

/* One of them. */
struct releve_refused_list {
    char name[RELEVE_REPLY_TO_BYTES];
    releve_time refused_ms;          /* when it refused last */
    bool said_refused, said_dropped; /* to people */
    bool is_unsaid;                  /* nor counted: no line yet, of its own or as one of `others` */
};

/* Zeroed is empty. Times are of one clock that never goes back. */
struct releve_refused_lists {
    struct releve_refused_list of[RELEVE_REFUSED_LISTS_MAX];
    size_t count;
    releve_time say_ms; /* no line before */
};

/* What is to be said of a refusal. */
enum releve_refused_lists_news {
    RELEVE_REFUSED_LISTS_OLD,     /* nothing: it was said, or another line has just been said */
    RELEVE_REFUSED_LISTS_REFUSED, /* the list takes nothing */
    RELEVE_REFUSED_LISTS_DROPPED  /* what it did not take is dropped */
};

/* The list has refused a result, which is `dropped` or stays. `others`: how many more of
 * those that are remembered were not said, nor counted by an earlier line. */
enum releve_refused_lists_news releve_refused_lists_note(struct releve_refused_lists *lists, const char *name,
                                                         bool dropped, releve_time now, size_t *others);

/* It has taken one. */
void releve_refused_lists_remove(struct releve_refused_lists *lists, const char *name);

/* Whether it has refused so lately that it is not tried now. */
bool releve_refused_lists_has(const struct releve_refused_lists *lists, const char *name, releve_time now);

/* The names of those, one after the other: `at` is 0 at first; NULL behind the last. */
const char *releve_refused_lists_next(const struct releve_refused_lists *lists, size_t *at, releve_time now);

#endif
