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
    bool known[RELEVE_FAMILIES_MAX]; /* of each usage; false: the node of a cluster that has it is away */
    struct releve_pace pace;
    cJSON *overview;              /* of releve_store_overview */
    struct releve_meter meter;    /* what all processes have counted; their permits stand below */
    struct releve_count *granted; /* by bucket */
    size_t granted_count;

    /* while it looks */
    enum {
        RELEVE_SITUATION_NEEDED, /* nothing, or what it cannot be without: the queue's node */
        RELEVE_SITUATION_NAMES,  /* whose data, and whether keys have old names: any node, once */
        RELEVE_SITUATION_USAGES, /* of `family`: its node */
        RELEVE_SITUATION_PERMITS /* the node of measures */
    } asks;
    uint64_t question; /* its number: who answers another one comes too late */
    int family;        /* that is asked for */
    releve_time *over_ms;
    size_t permits;
};

/* `config`, `store`, `counts`, `found` and `data` are set. */
void releve_situation_open(struct releve_situation *situation);

/* Begins a look; `found` follows. One at a time. */
void releve_situation_look(struct releve_situation *situation);

/* A look waits, or a connection was lost: what a node that is away was asked for is left out, where the queue is there.
 * False: it waits as before. */
bool releve_situation_go_on(struct releve_situation *situation);

/* As releve status --json prints it (docs/operations.md); the caller's. What was found stays as it is. */
cJSON *releve_situation_json(const struct releve_situation *situation);

void releve_situation_free(struct releve_situation *situation);

#endif
