/* Answers: a status, a body and how it is delivered; and the bodies of docs/enedis.md, Quotas and Errors. */
#ifndef RELEVE_SANDBOX_ANSWER_H
#define RELEVE_SANDBOX_ANSWER_H

#include "routes.h"
#include <releve/calendar.h>
#include <releve/text.h>
#include <releve/usage_point.h>

enum sandbox_delivery {
    SANDBOX_DELIVER_WHOLE,
    SANDBOX_DELIVER_HALF,    /* the length of the whole, half of the bytes, then the connection is closed */
    SANDBOX_DELIVER_RESET,   /* nothing; the connection is reset */
    SANDBOX_DELIVER_NEVER,   /* nothing, until the client leaves */
    SANDBOX_DELIVER_CUT,     /* half of the bytes, then the connection is reset */
    SANDBOX_DELIVER_LESS,    /* all bytes, fewer than the length says, then the connection is closed */
    SANDBOX_DELIVER_MORE,    /* all bytes, twice as many as the length says; the connection stays open */
    SANDBOX_DELIVER_ENDLESS, /* the body again and again */
    SANDBOX_DELIVER_SLOW     /* in pieces */
};

#define SANDBOX_SERVED_DAYS_MAX 366 /* longest range of one request */

#define SANDBOX_SERVED_BYTES ((SANDBOX_SERVED_DAYS_MAX + 7) / 8)

/* The days that a body has a value for: bit i is day first + i. A day is doubtful where a correct client may keep it
 * and may as well ask again: it is not complete yet, or something is wrong with the body around it. */
struct sandbox_served {
    releve_prm prm;
    enum releve_kind kind;
    enum sandbox_generation generation;
    releve_day first;
    int days; /* 0: none */
    uint8_t bits[SANDBOX_SERVED_BYTES], doubtful[SANDBOX_SERVED_BYTES];
};

#define SANDBOX_NO_RETRY_AFTER (-1)
#define SANDBOX_UNSPOILED SANDBOX_FAULTS

struct sandbox_answer {
    int status;
    const char *content_type;
    struct releve_text body;
    int64_t retry_after_s;
    enum sandbox_delivery delivery;
    enum sandbox_fault spoiled;   /* SANDBOX_UNSPOILED where something can be kept of it */
    enum sandbox_fault disturbed; /* a fault that spoils nothing; SANDBOX_UNSPOILED: none */
    int counted_as;               /* the status that statistics show it under; 0: its own */
    struct sandbox_served served;
};

/* An error: code and text of {"error","error_description"}. */
struct sandbox_refusal {
    int status;
    const char *code, *text;
    const char *french; /* or NULL: no French text of it is known */
};

/* Empty, 200, JSON. */
void sandbox_answer_init(struct sandbox_answer *answer);
void sandbox_answer_free(struct sandbox_answer *answer);

/* The same again, with nothing written into it. */
void sandbox_answer_clear(struct sandbox_answer *answer);

/* ADAM and STM errors, in both generations. That 2026 keeps the classic form is a choice: no capture of a 2026
 * functional error is at hand. */
void sandbox_answer_refuse(struct sandbox_answer *answer, const struct sandbox_refusal *refusal,
                           enum sandbox_error_form form);

/* {"code","message","description"}: the WSO2 gateway. */
void sandbox_answer_gateway(struct sandbox_answer *answer, int status, const char *code, const char *message,
                            const char *description);

/* A page, as security appliances and proxies send it. */
void sandbox_answer_page(struct sandbox_answer *answer, int status, const char *title);

/* The forms in which a quota was seen refused (docs/enedis.md, Quotas). */
enum sandbox_throttle {
    SANDBOX_THROTTLE_WSO2,
    SANDBOX_THROTTLE_Q3, /* v5, per second */
    SANDBOX_THROTTLE_Q4, /* v5, per hour */
    SANDBOX_THROTTLE_SLA,
    SANDBOX_THROTTLE_UNDER_200,
    SANDBOX_THROTTLE_RETRY_AFTER, /* the header, and a body without a time */
    SANDBOX_THROTTLE_WSO2_AND_RETRY_AFTER,
    SANDBOX_THROTTLE_NONSENSE /* v5, with a time that makes none */
};

/* `until`: the real instant from which calls are allowed again; rounded up to a second where written. */
void sandbox_answer_throttle(struct sandbox_answer *answer, enum sandbox_throttle form, releve_time now,
                             releve_time until);

#endif
