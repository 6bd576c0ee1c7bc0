/* Who has a usage point: invented people and companies, as a pure function of (seed, PRM). What their documents say is
 * drawn here once, so that both generations agree. Writes no document. */
#ifndef RELEVE_SANDBOX_CUSTOMERS_H
#define RELEVE_SANDBOX_CUSTOMERS_H

#include "clients.h"

#define SANDBOX_LINE_BYTES 64

/* An address. */
struct sandbox_place {
    char street[SANDBOX_LINE_BYTES]; /* "12 rue des Lilas" */
    const char *locality, *building, *staircase;
    const char *city, *postal_code, *insee_code;
    int latitude_micro, longitude_micro; /* degrees, in millionths */
    int altitude_m;
};

struct sandbox_customer {
    char number[12];               /* customer_id */
    bool legal;                    /* a company */
    const char *first_name;        /* of a natural person, as are the next two */
    const char *title_v5;          /* "Mr" */
    const char *title_2026;        /* "M." */
    const char *last_name;         /* also in a company's name */
    char name[SANDBOX_LINE_BYTES]; /* of either, as it stands on a letter */
    const char *trade_name;        /* of a company, as are the next three */
    char siren[10], siret[15];
    const char *business_code;
    char email[SANDBOX_LINE_BYTES], phone[12], landline[12];
    struct sandbox_place meter, home; /* where the meter is, and where the customer lives */
    const char *offpeak;              /* "HC (22H00-6H00)"; NULL: the base tariff, which has no such hours */
    const char *contractor;
    char meter_number[16];
    releve_day contract_start[RELEVE_DIRECTIONS]; /* when this customer's contract began; not before the activation */
    releve_day tariff_change, power_change;       /* RELEVE_DAY_NONE: nobody knows */
    bool feed_in_first;                           /* of the two contracts of who has both */
    bool winter_dates;                            /* dates of v5 have the offset of winter all the year */
    bool says_null; /* a direction that is not there has a date that is null, not a missing one */
};

/* Nothing that is drawn is later than `today`, but for activations that control set later. */
void sandbox_customer_find(uint64_t seed, const struct sandbox_client *client, releve_day today,
                           struct sandbox_customer *customer);

#endif
