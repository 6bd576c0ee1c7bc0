/* What goes on, all together, as Redis has it: for releve status and releve serve. Never a request to upstream. */
#ifndef RELEVE_CLI_SITUATION_H
#define RELEVE_CLI_SITUATION_H

#include "config.h"
#include "pace.h"
#include <adapters/redis/store.h>
#include <engine/runtime/bucket.h>
#include <engine/runtime/upstream.h>

#define RELEVE_SITUATION_UNRECORDED "unknown" /* whose a prefix is that an earlier release bound */
#define RELEVE_SITUATION_BUCKETS_MAX 256      /* of the ledger, that permits were counted of */

struct releve_situation {
    const struct releve_config *config;
    struct releve_store *store;
    bool counts; /* the counters of all processes are read too */
    /* A look has ended: RELEVE_OK, and what stands below is of now, until the next look begins; or why not. */
    void (*found)(void *data, const struct releve_error *error);
    void *data;

    /* Whose the prefix is: a name, a URL, UNRECORDED; "" for nobody's. */
    char upstream[RELEVE_UPSTREAM_BYTES];
    struct releve_error mismatch; /* RELEVE_OK, or that this is not RELEVE_UPSTREAM ... */
    bool mismatch_is_news;        /* ... and was not so at the look before */
    const char *families[RELEVE_FAMILIES_MAX];
    int families_count; /* 0 without a CLIENT_ID: whose quota it is is not known then */
    struct releve_ledger_usage usages[RELEVE_FAMILIES_MAX];
    struct releve_pace pace;
    cJSON *overview;              /* of releve_store_overview */
    struct releve_meter meter;    /* what all processes have counted; their permits stand below */
    struct releve_count *granted; /* by bucket */
    size_t granted_count;

    /* while it looks */
    int family; /* that is asked for */
    releve_time *over_ms;
    size_t permits;
};

/* `config`, `store`, `counts`, `found` and `data` are set. */
void releve_situation_open(struct releve_situation *situation);

/* Begins a look; `found` follows. One at a time. */
void releve_situation_look(struct releve_situation *situation);

/* As releve status --json prints it (docs/operations.md); the caller's. What was found stays as it is. */
cJSON *releve_situation_json(const struct releve_situation *situation);

void releve_situation_free(struct releve_situation *situation);

#endif
