/* What the runtime asks of Redis, as a table: what is known, claims, days, what was learned, results, and the ledger.
 * Implemented by adapters/redis on hiredis's async interface; keys and JSON are those of docs/redis.md.
 *
 * Connection loss is the store's affair: it reconnects with growing delays and sends again what had no reply (every
 * operation here may be repeated without harm), so a callback comes late rather than wrong. Each callback is called
 * exactly once, never from within the call that names it: with RELEVE_OK; with RELEVE_E_REDIS and one line where Redis
 * answers and refuses (out of memory, read-only, a key of another type); with RELEVE_E_INTERRUPTED when the store is
 * closed. What a callback gets is valid in the call only; what an operation gets may go when the call returns. */
#ifndef RELEVE_RUNTIME_STORE_H
#define RELEVE_RUNTIME_STORE_H

#include "dialect.h"
#include <releve/core.h>
#include <releve/quota.h>

struct releve_store; /* whoever implements the table defines it */

#define RELEVE_BUCKET_BYTES 96 /* longest name of a quota bucket, NUL included */

/* Names a permit, and the claim that is made under it: the process that asked (its number), and the how-manieth of its
 * permits it is. Unique under one prefix. */
struct releve_permit {
    uint64_t process, number;
};

struct releve_day_batch {
    releve_prm prm;
    enum releve_kind kind;
    const char *source;  /* "2026" or "v5" */
    const char *quality; /* "BRUT", ... */
    releve_time fetched_at;
    const struct releve_day_entry *entries;
    size_t count;
    struct releve_permit claim;              /* on these days; it ends when they are stored */
    const struct releve_document *documents; /* of a document's kind: what the entry is, and what came with it */
    size_t documents_count;
    int keep_days; /* each day expires so many days after its date; 0: never */
};

/* How full each window of a bucket is, and when the next permit is due. */
struct releve_ledger_usage {
    uint32_t used[RELEVE_QUOTA_WINDOWS_MAX];
    releve_time next_ms;   /* 0: at once */
    releve_time closed_ms; /* how long the bucket stays closed; 0: open */
};

typedef void (*releve_store_done)(void *data, const struct releve_error *error);
typedef void (*releve_store_known)(void *data, const struct releve_error *error, const struct releve_coverage *coverage,
                                   const struct releve_point_facts *facts);
/* `coverage` has the states of the claimed span where the claim was not granted. */
typedef void (*releve_store_claimed)(void *data, const struct releve_error *error, enum releve_claim claim,
                                     const struct releve_coverage *coverage);
/* When the next permit is due; 0 from permit_ask: it is granted. */
typedef void (*releve_store_permit)(void *data, const struct releve_error *error, releve_time wait_ms);
typedef void (*releve_store_usage)(void *data, const struct releve_error *error,
                                   const struct releve_ledger_usage *usage);
typedef void (*releve_store_bound)(void *data, const struct releve_error *error, const char *bound);
/* `due` has a '1' or a '0' for each of the usage points. */
typedef void (*releve_store_due)(void *data, const struct releve_error *error, const char *due);
typedef void (*releve_store_number)(void *data, const struct releve_error *error, uint64_t number);

struct releve_store_ops {
    /* --- whose data it is ---
     * Which upstream the data under this prefix are of: `upstream` is kept where none was known (and only looked at
     * where it is NULL); `bound` in the reply is the one that was known before, NULL for none. The days of two must
     * never pass for each other. */
    void (*bind)(struct releve_store *store, const char *upstream, releve_store_bound reply, void *data);
    /* A number, not 0, that no other process of this prefix has, also where the store has forgotten those before. */
    void (*number_process)(struct releve_store *store, releve_store_number reply, void *data);

    /* --- what is known ---
     * Coverage of the job's span (states . c p h w; a day whose recheck_after lies before `now` is missing) and the
     * facts of its usage point. Marks the job as running where job->id is not "". A day that could be lost with the
     * Redis that has it is not handed over before it is safe: a job may end with it. */
    void (*begin)(struct releve_store *store, const struct releve_job *job, releve_time now, releve_store_known known,
                  void *data);
    /* Claims `span` of the job's usage point and kind. Busy where another process has a claim that overlaps; a process
     * minds its own chunks itself. What a refused claim says of days is as safe as what `begin` says. */
    void (*claim)(struct releve_store *store, const struct releve_job *job, struct releve_span span,
                  enum releve_claim_ends ends, struct releve_permit claim, releve_time now,
                  releve_store_claimed claimed, void *data);
    void (*unclaim)(struct releve_store *store, releve_prm prm, enum releve_kind kind, struct releve_permit claim,
                    releve_store_done done, void *data);

    /* --- what was obtained ---
     * Writes all days of the batch, or its documents, and ends its claim, in one step: whoever claims next finds them.
     * Documents are kept for RELEVE_DOCUMENT_KEEP_S. */
    void (*put_days)(struct releve_store *store, const struct releve_day_batch *batch, releve_store_done done,
                     void *data);
    /* Keeps the lesson in releve:point:{<prm>}, with `now` and with what was asked. */
    void (*learn)(struct releve_store *store, releve_prm prm, const struct releve_lesson *lesson, releve_time now,
                  releve_store_done done, void *data);
    /* Of which of these usage points is it worth asking who has which of `kinds`? Not where that was asked within
     * RELEVE_SERVICES_HOLD_MS, nor where each of the kinds was there then, is known to be absent, or has the day
     * `newest`. At most RELEVE_SERVICES_POINTS_MAX. */
    void (*services_due)(struct releve_store *store, const releve_prm *prms, size_t count, releve_kinds kinds,
                         releve_day newest, releve_time now, releve_store_due reply, void *data);
    /* Keeps in releve:point:{<prm>}, with `now`, which kinds each has by its services. Each usage point once. */
    void (*put_services)(struct releve_store *store, const struct releve_service *services, size_t count,
                         releve_time now, releve_store_done done, void *data);
    /* Job hash, result stream, reply lists, and out of the worker's list, in one step; nothing where the job had ended
     * before, or is another worker's by now. */
    void (*finish)(struct releve_store *store, const struct releve_result *result, releve_store_done done, void *data);
    /* Forgets a job that is under way and will not be ended: as if it had never been. */
    void (*forget_job)(struct releve_store *store, const char *id, releve_store_done done, void *data);

    /* --- the ledger (law 1; docs/design.md, Ledger) ---
     * Asks for the right to send one request. Asking twice under one name is one permit. One that could be lost with
     * the Redis that granted it is not handed over: it is asked for again, as after a refusal. Where an `urgent` asker
     * is refused, the next permit is kept for his process; of ten in a row at least one goes to others. */
    void (*permit_ask)(struct releve_store *store, const char *bucket, const struct releve_quota *quota, bool urgent,
                       struct releve_permit permit, releve_store_permit reply, void *data);
    /* The request has arrived by now, or will have in `way_ms`: 0 where the first byte of its answer was seen. */
    void (*permit_settle)(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                          struct releve_permit permit, releve_time way_ms, releve_store_permit reply, void *data);
    /* The permit was not used: nothing was sent. */
    void (*permit_return)(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                          struct releve_permit permit, releve_store_permit reply, void *data);
    /* Nobody gets a permit of that bucket for the next wait_ms (a later end that is set already stays). */
    void (*bucket_close)(struct releve_store *store, const char *bucket, releve_time wait_ms, releve_store_done done,
                         void *data);
    void (*bucket_usage)(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                         releve_store_usage reply, void *data);
    /* `due` is called when the moment that refused askers of the bucket were told has come nearer (another worker's
     * permit landed early or was given back) or farther (the bucket was closed): ask again in wait_ms. Also with 0
     * whenever the subscription begins anew, as news may have been missed: it is a hint to ask, never a permit. Until
     * the store is closed. */
    void (*bucket_watch)(struct releve_store *store, const char *bucket,
                         void (*due)(void *data, const char *bucket, releve_time wait_ms), void *data);
};

#endif
