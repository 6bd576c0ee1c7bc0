/* An answer of upstream with its verdict, as the dialects (adapters/enedis) make it and the core reads it. */
#ifndef RELEVE_JUDGED_ANSWER_H
#define RELEVE_JUDGED_ANSWER_H

#include <releve/document.h>
#include <releve/reading.h>
#include <releve/verdict.h>
#include <stdint.h>

/* Copies both, cut to size. */
void releve_reason_set(struct releve_reason *reason, const char *code, const char *text);

#define RELEVE_RETRY_UNKNOWN (-1)

/* A judged answer. Readings are there for RELEVE_DATA only: ascending by day, each day once, all
 * inside the asked span. */
struct releve_answer {
    enum releve_verdict verdict;
    struct releve_reason reason;        /* DATA: why the first day that is not usable is so; code "" where all are */
    int64_t retry_after_ms;             /* THROTTLED: as upstream says, may be nonsense; or RELEVE_RETRY_UNKNOWN */
    int64_t expires_in_s;               /* TOKEN: how long it is good for */
    char quality[RELEVE_QUALITY_BYTES]; /* DATA: "BRUT", ... */
    const struct releve_reading *readings;
    size_t readings_count;
    /* DATA for a document: that one, and those that came with it. Its reading is complete, of RELEVE_DOCUMENT_DAY. */
    struct releve_document documents[RELEVE_DOCUMENTS_MAX];
    size_t documents_count;
    /* DATA for a document: another API says more of it, and is to be asked next. */
    bool wants_supplement;
    /* DATA for an activation: the first day of each direction; RELEVE_DAY_NONE where nothing is said of it. */
    releve_day activations[RELEVE_DIRECTIONS];
};

#endif
