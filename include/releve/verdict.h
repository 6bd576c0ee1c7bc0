/* What an upstream answer means for the work: the whole vocabulary of reactions.
 *
 * The dialects (adapters/enedis) map answers to verdicts; the core reacts to nothing else.
 * Source: docs/enedis.md, Errors. */
#ifndef RELEVE_VERDICT_H
#define RELEVE_VERDICT_H

#include <releve/calendar.h>
#include <releve/declare.h>

RELEVE_DECLARE_BEGIN

enum releve_verdict {
    RELEVE_DATA,                /* readings; days that are absent from them have no data */
    RELEVE_NO_DATA,             /* no measure in the whole range: holes, or not there yet */
    RELEVE_BEFORE_ACTIVATION,   /* range begins before the meter's activation */
    RELEVE_BEFORE_CONSENT,      /* range begins before the consent's start */
    RELEVE_BEYOND_HISTORY,      /* range begins beyond the history that upstream keeps */
    RELEVE_END_TOO_RECENT,      /* range ends too late: its last day cannot be asked yet */
    RELEVE_TOO_LONG,            /* range is longer than upstream accepts at present */
    RELEVE_NOT_APPLICABLE,      /* this usage point has no such kind: permanent */
    RELEVE_DIRECTION_REFUSED,   /* no consent, not the holder: stop that direction of the PRM; the other may work */
    RELEVE_POINT_REFUSED,       /* there is no such usage point: stop the PRM */
    RELEVE_API_REFUSED,         /* the application has not subscribed this API: stop the kind */
    RELEVE_TOKEN_STALE,         /* 401 on a data request: renew once for all, repeat */
    RELEVE_CREDENTIALS_REFUSED, /* the token endpoint refuses the credentials */
    RELEVE_THROTTLED,           /* quota: close the bucket until the time given */
    RELEVE_UNREACHED,           /* nothing was sent: name, connection, TLS or a proxy failed */
    RELEVE_TRANSIENT,           /* worth another try: 5xx, time-out, reset, unusable body */
    RELEVE_BAD_REQUEST,         /* our request is wrong: never repeated */
    RELEVE_BLOCKED,             /* a security appliance answered: configuration, never a hole */
    RELEVE_TOKEN,               /* the token endpoint gave a token */
    RELEVE_VERDICTS
};

/* "data", "no_data", ...: for logs. A constant; `verdict` is below RELEVE_VERDICTS. May be called from anywhere. */
const char *releve_verdict_name(enum releve_verdict verdict);

#define RELEVE_REASON_CODE_BYTES 40
#define RELEVE_REASON_TEXT_BYTES 200

/* Why: upstream's own code where it gave one ("ADAM-ERR0123", "900804"), else ours ("http-502",
 * "timeout", "reset", "bad-body"), and one printable line. Never a token, never personal data. */
struct releve_reason {
    char code[RELEVE_REASON_CODE_BYTES];
    char text[RELEVE_REASON_TEXT_BYTES];
    enum releve_verdict verdict; /* of the answer that said so; RELEVE_DATA where none did */
    /* Where it was learned by an earlier run: when, and until when it is believed; else 0. */
    releve_time since, until;
};

RELEVE_DECLARE_END

#endif
