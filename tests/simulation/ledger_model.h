/* The ledger of one bucket, as adapters/redis/ledger.lua keeps it: the same words, the same answers, in C.
 *
 * A pure thing: the clock comes in with each call (microseconds, as in the script). That script and model answer
 * alike is shown against a real Redis by tests/integration/test_ledger_model.c. Law 1. */
#ifndef RELEVE_SIMULATION_LEDGER_MODEL_H
#define RELEVE_SIMULATION_LEDGER_MODEL_H

#include <releve/quota.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEDGER_MARGIN_US 1000
#define LEDGER_CLOCK_DIFFERENCE_US 1000000

struct ledger_entry {
    int64_t latest_us; /* the latest moment at which the permit's request can have arrived */
    uint64_t permit;
};

struct ledger_model {
    struct ledger_entry *entries; /* ascending */
    size_t count, capacity;
    int64_t open_at_us;      /* 0: was never closed */
    int64_t told_us;         /* what the last refused asker was told; 0: nobody was */
    int64_t told_until_us;   /* forgotten after */
    int64_t news_ms;         /* of the last call: what is published to everybody; -1: nothing */
    int64_t entries_gone_us; /* when Redis drops the whole set */
    uint64_t node;           /* that noted itself last; 0: none did */
};

void ledger_model_init(struct ledger_model *ledger);
void ledger_model_close(struct ledger_model *ledger);

/* Another one with the same content, of its own memory. */
void ledger_model_copy(struct ledger_model *copy, const struct ledger_model *ledger);

/* Before each operation below: the node that carries it out. Where another one had noted itself, its clock may have
 * been ahead: all moments are put later by what clocks may differ. */
void ledger_model_serve(struct ledger_model *ledger, uint64_t node, int64_t now_us);

/* Each answers as the script does: ms until the next permit is due; for ask, 0 is the permit. */
int64_t ledger_model_ask(struct ledger_model *ledger, const struct releve_quota *quota, uint64_t permit,
                         int64_t life_ms, int64_t now_us);
int64_t ledger_model_settle(struct ledger_model *ledger, const struct releve_quota *quota, uint64_t permit,
                            int64_t way_ms, int64_t now_us);
int64_t ledger_model_return(struct ledger_model *ledger, const struct releve_quota *quota, uint64_t permit,
                            int64_t now_us);
int64_t ledger_model_shut(struct ledger_model *ledger, const struct releve_quota *quota, int64_t length_ms,
                          int64_t now_us);

/* Permits that count in a window of that length now. */
int64_t ledger_model_used(const struct ledger_model *ledger, int64_t span_ms, int64_t now_us);

/* Does it still remember what it told the last refused asker? */
bool ledger_model_remembers(const struct ledger_model *ledger, int64_t now_us);

#endif
