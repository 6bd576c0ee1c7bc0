/* What the user sets, by flags and while it runs: types, limits and the texts they are read from. */
#ifndef RELEVE_SANDBOX_SETTINGS_H
#define RELEVE_SANDBOX_SETTINGS_H

#include <releve/calendar.h>
#include <releve/quota.h>
#include <stdbool.h>
#include <stdint.h>

/* A set of generations. */
enum sandbox_api { SANDBOX_API_V5 = 1, SANDBOX_API_2026 = 2, SANDBOX_API_BOTH = 3 };

const char *sandbox_api_name(enum sandbox_api api);
bool sandbox_api_parse(const char *text, enum sandbox_api *api);

/* What can happen to an answer. The first ones spoil it: a client can keep nothing of it. Of the others it can keep
 * what is true. */
enum sandbox_fault {
    SANDBOX_ERROR500,     /* technical_error */
    SANDBOX_ERROR502HTML, /* a proxy's page */
    SANDBOX_RESET,        /* the connection is reset without an answer */
    SANDBOX_TIMEOUT,      /* no answer, ever */
    SANDBOX_TRUNCATE,     /* half of the body */
    SANDBOX_THROTTLE200,  /* a throttle body under 200 */
    SANDBOX_WRONGPRM,     /* another usage point's body */
    SANDBOX_GARBAGE,      /* bytes that are no JSON */
    SANDBOX_CUT,          /* the connection is reset in mid-body */
    SANDBOX_WRONGLENGTH,  /* Content-Length larger or smaller than the body */
    SANDBOX_ENDLESS,      /* a body that never ends */
    SANDBOX_SPOILING,     /* how many faults spoil */

    SANDBOX_SLOW = SANDBOX_SPOILING, /* the body comes in pieces, for slow_ms */
    SANDBOX_DUPLICATE,               /* every point twice */
    SANDBOX_MISSING,                 /* a quarter of the points is absent */
    SANDBOX_UNSORTED,                /* the points in any order */
    SANDBOX_EXTRADAY,                /* the day before or behind those that were asked as well */
    SANDBOX_ABSURD,                  /* one value that cannot be */
    SANDBOX_FAULTS
};

const char *sandbox_fault_name(enum sandbox_fault fault);
bool sandbox_fault_parse(const char *text, size_t length, enum sandbox_fault *fault);

/* Probability per data request, 0..1. */
struct sandbox_faults {
    double rate[SANDBOX_FAULTS];
};

#define SANDBOX_LATENCY_MS_MAX 60000

/* Each request takes fixed_ms plus a uniform share of jitter_ms. */
struct sandbox_latency {
    uint32_t fixed_ms, jitter_ms;
};

/* "20" or "20:10". */
bool sandbox_latency_parse(const char *text, struct sandbox_latency *latency);

/* A whole number of at most `max`; only digits. */
bool sandbox_number_parse(const char *text, uint64_t max, uint64_t *number);

#define SANDBOX_LATE_DAYS_MAX 366
#define SANDBOX_LATE_ITEMS_MAX 16
#define SANDBOX_CALL_DAYS_LESS_MAX 5
#define SANDBOX_SERVICES_PAGE 5000 /* services on a page of subscribed_services, at most; upstream does not say */
#define SANDBOX_SLOW_MS 3000
#define SANDBOX_SLOW_MS_MAX 600000

/* Days that appear later than on the next day: `day` on day + `appears_after`. */
struct sandbox_late {
    int count;
    struct {
        releve_day day;
        int appears_after; /* days, from 1 on */
    } items[SANDBOX_LATE_ITEMS_MAX];
};

/* Days that chance picks, by (seed, PRM, kind, day): a share `rate`, each until day + 2 to day + days_max. */
struct sandbox_tardiness {
    double rate;
    int days_max; /* 2..SANDBOX_LATE_DAYS_MAX where the rate is not 0 */
};

/* The forms of an error body (docs/enedis.md, Errors). */
enum sandbox_error_form {
    SANDBOX_ERROR_CLASSIC, /* {"error","error_description"} */
    SANDBOX_ERROR_LIBELLE, /* {"code","libelle"}; no data is SGT404 */
    SANDBOX_ERROR_LIST,    /* [{"code","message"}] */
    SANDBOX_ERROR_LIST200, /* the same under HTTP 200 */
    SANDBOX_ERROR_DOUBLED, /* ADAM_ADAM-... */
    SANDBOX_ERROR_FRENCH,  /* a French text, and no code that says anything */
    SANDBOX_ERROR_FORMS
};

/* What a good body may look like; a set. */
enum sandbox_body_form {
    SANDBOX_BODY_OCTET_STREAM, /* the content type says application/octet-stream */
    SANDBOX_BODY_MILLISECONDS, /* stamps with a time end in .000 */
    SANDBOX_BODY_EMPTY200,     /* an empty list under 200 where a 404 is usual */
    SANDBOX_BODY_AUTUMN_ONCE,  /* the doubled labels of the autumn night come once: an hour is lost */
    SANDBOX_BODY_SHORT_RANGE,  /* the range that a body names ends with the newest day that is published */
    SANDBOX_BODY_FORMS
};

/* Where the token endpoint looks for credentials. */
enum sandbox_token_form { SANDBOX_TOKEN_BOTH, SANDBOX_TOKEN_BASIC, SANDBOX_TOKEN_BODY, SANDBOX_TOKEN_FORMS };

/* How the token endpoint answers a good request. */
enum sandbox_token_answer {
    SANDBOX_TOKEN_GOOD,
    SANDBOX_TOKEN_NAMELESS,  /* 200 without access_token */
    SANDBOX_TOKEN_GARBAGE,   /* 200 and no JSON */
    SANDBOX_TOKEN_NOT_FOUND, /* 404, a page */
    SANDBOX_TOKEN_ANSWERS
};

/* The names of those enums, for releve_name_find. */
extern const char *const sandbox_error_form_names[SANDBOX_ERROR_FORMS];
extern const char *const sandbox_body_form_names[SANDBOX_BODY_FORMS];
extern const char *const sandbox_token_form_names[SANDBOX_TOKEN_FORMS];
extern const char *const sandbox_token_answer_names[SANDBOX_TOKEN_ANSWERS];

struct sandbox_settings {
    enum sandbox_api api;
    struct releve_quota quota;
    releve_day today; /* RELEVE_DAY_NONE: the real Paris clock */
    struct sandbox_latency latency;
    uint32_t population;
    uint64_t seed;
    struct sandbox_faults faults;
    int late_days;         /* the newest days that are not published yet */
    uint32_t unsubscribed; /* bit i: the application has not subscribed the API of route i */
    struct sandbox_late late;
    struct sandbox_tardiness tardy;   /* when days appear */
    struct sandbox_tardiness partial; /* when load curves that are half there are completed */
    bool end_today_refused;           /* a range that ends with today is one day too young */
    int call_days_less;               /* how much shorter than specified the longest range is */
    int slow_ms;                      /* how long a body takes that comes slowly */
    int services_page;                /* services on a page of subscribed_services */
    enum sandbox_error_form error_form;
    uint32_t body_forms; /* bit i: form i */
    enum sandbox_token_form token_form;
    enum sandbox_token_answer token_answer;
};

static inline bool sandbox_settings_body(const struct sandbox_settings *settings, enum sandbox_body_form form)
{
    return settings->body_forms >> form & 1;
}

#endif
