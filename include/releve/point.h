/* What was learned of a usage point and outlives the run that learned it (releve:point:{<prm>}): facts, as they are
 * read; lessons, as they are learned. */
#ifndef RELEVE_POINT_H
#define RELEVE_POINT_H

#include <releve/kind.h>
#include <releve/verdict.h>
#include <stdbool.h>

/* How long what was learned is believed; then it is asked again. */
#define RELEVE_ABSENCE_HOLDS_MS (30 * 24 * RELEVE_HOUR_MS) /* a kind, or production, is not there */
#define RELEVE_REFUSAL_HOLDS_MS (24 * RELEVE_HOUR_MS)      /* consent, holder, an unknown usage point */
#define RELEVE_SERVICES_HOLD_MS (24 * RELEVE_HOUR_MS)      /* which services are subscribed */
#define RELEVE_NEWBORN_HOLDS_MS (24 * RELEVE_HOUR_MS)      /* consumption is not there: a meter of today, most likely */
#define RELEVE_ACTIVATION_HOLDS_MS (30 * 24 * RELEVE_HOUR_MS) /* the newest day that lies before the activation */

/* Where the data of a usage point begins. Upstream refuses a range that begins too early without saying
 * which day would do, so both ends of what is known are kept: the first day is after `after` and not after
 * `first`. It is known exactly where first == after + 1. */
struct releve_floor {
    releve_day after; /* newest day refused as too early; RELEVE_DAY_NONE where none was */
    releve_day first; /* oldest day accepted as a start; RELEVE_DAY_NONE where none was */
    bool doubted;     /* `after` was learned too long ago to be believed: that day itself is asked again */
};

#define RELEVE_FLOOR_UNKNOWN ((struct releve_floor){RELEVE_DAY_NONE, RELEVE_DAY_NONE, false})

/* Is nothing believed to lie before the beginning? */
bool releve_floor_is_bottomless(const struct releve_floor *floor);

enum releve_standing {
    RELEVE_STANDING_OPEN,    /* nothing speaks against asking */
    RELEVE_STANDING_REFUSED, /* consent or holder; holds RELEVE_REFUSAL_HOLDS_MS */
    RELEVE_STANDING_ABSENT   /* there is none: even its newest days lie "before the activation" */
};

/* What upstream said of one direction. It says nothing of the other: a roof may be newer than the meter, and a consent
 * may cover consumption only (docs/enedis.md, Directions). */
struct releve_direction_facts {
    struct releve_floor activation; /* doubted after RELEVE_ACTIVATION_HOLDS_MS */
    struct releve_floor consent;    /* the consent's beginning; holds RELEVE_REFUSAL_HOLDS_MS */
    enum releve_standing standing;
    struct releve_reason reason; /* unless OPEN */
};

struct releve_point_facts {
    struct releve_direction_facts directions[RELEVE_ASPECTS];
    releve_kinds absent_kinds;                 /* kinds it does not have; each holds RELEVE_ABSENCE_HOLDS_MS */
    struct releve_reason absent[RELEVE_KINDS]; /* why, for those */
    releve_kinds unserved; /* measures that none of its services is of; holds RELEVE_SERVICES_HOLD_MS */
    struct releve_reason unserved_reason;
    bool unknown; /* there is no such usage point; holds RELEVE_REFUSAL_HOLDS_MS */
    struct releve_reason unknown_reason;
};

/* Nothing is known. */
extern const struct releve_point_facts releve_facts_unknown;

/* How long "there is no such direction" is believed, in ms. Who consumes nothing has no meter, so a consumption that
 * lies before its activation is one that begins these days; a roof without panels stays so. */
releve_time releve_direction_absent_ms(enum releve_direction direction);

/* Whether the kind of that usage point may be asked, and in *why (may be NULL) why not. */
enum releve_standing releve_facts_standing(const struct releve_point_facts *facts, enum releve_kind kind,
                                           const struct releve_reason **why);

/* Whether none of its services is of that kind. Not where days of it have come before: they may come again, whatever
 * the services are now. */
bool releve_facts_are_unserved(const struct releve_point_facts *facts, enum releve_kind kind, bool has_come);

/* One thing that an answer taught. */
enum releve_lesson_type {
    RELEVE_LESSON_ACTIVATION, /* .floor, of the direction of .kind */
    RELEVE_LESSON_TOLD,       /* likewise; another API told it, and not the days of .span */
    RELEVE_LESSON_CONSENT,    /* .floor, likewise */
    RELEVE_LESSON_REFUSED,    /* .reason: the direction of .kind is refused */
    RELEVE_LESSON_ABSENT,     /* .reason: it has no such direction, and so no activation */
    RELEVE_LESSON_NO_KIND,    /* .reason: it has no such kind */
    RELEVE_LESSON_UNKNOWN,    /* .reason: there is no such usage point */
    RELEVE_LESSON_REFUTED     /* .kind answers after all: none of the four above holds for it */
};

struct releve_lesson {
    enum releve_lesson_type type;
    enum releve_kind kind;   /* that was asked ... */
    struct releve_span span; /* ... for these days: what the lesson was learned from */
    struct releve_floor floor;
    struct releve_reason reason;
};

#endif
