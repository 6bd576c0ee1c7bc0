/* Customer documents of both generations, in one form (docs/redis.md, Documents). */
#ifndef ENEDIS_DOCUMENTS_H
#define ENEDIS_DOCUMENTS_H

#include <cjson/cJSON.h>
#include <releve/judged_answer.h>
#include <releve/text.h>
#include <releve/usage_point.h>

/* The longest body of a document; those that were captured have 1 kB. */
#define ENEDIS_DOCUMENT_BYTES_MAX (64 * 1024)

/* What a generation's answer about that kind says of `kind`, as JSON. NULL where it was written; else why the body is
 * not to be believed, in one line without personal data. `root` is no NULL. */
typedef const char *(*enedis_document_write)(enum releve_kind kind, const cJSON *root, releve_prm prm,
                                             struct releve_text *data);
const char *enedis_document_write_v5(enum releve_kind kind, const cJSON *root, releve_prm prm,
                                     struct releve_text *data);
const char *enedis_document_write_2026(enum releve_kind kind, const cJSON *root, releve_prm prm,
                                       struct releve_text *data);

/* The members of a contract of 2026 of which comptage_auto knows; as they are before it was asked. */
#define ENEDIS_METERING_UNKNOWN "\"meter_type\":null,\"offpeak\":null"
void enedis_document_write_metering(const cJSON *root, struct releve_text *data);

/* How a generation serves a document. */
struct enedis_document_reader {
    const char *api;    /* the first segment of the path: the name of the answer under "raw" */
    releve_kinds kinds; /* that one answer holds, the one that was asked among them */
    enedis_document_write write;
};

/* Makes *answer of a body that came under 200 and is JSON: `bytes` of `body`. */
void enedis_documents_judge(const struct enedis_document_reader *reader, enum releve_kind kind, releve_prm prm,
                            const cJSON *root, const char *body, size_t bytes, struct releve_answer *answer);

/* Makes *answer of `so_far` and of what comptage_auto says: off-peak hours and the kind of meter go into the contract
 * of withdrawal. Where `root` is NULL, of `so_far` alone. */
void enedis_documents_add_metering(const struct releve_answer *so_far, const cJSON *root, const char *body,
                                   size_t bytes, struct releve_answer *answer);

/* What synth_contrat_auto says: the first day of each direction, RELEVE_DAY_NONE where it says none. NULL where it was
 * read; else why the body is not to be believed. */
const char *enedis_document_read_activations(const cJSON *root, releve_day activations[RELEVE_DIRECTIONS]);

void enedis_documents_free(struct releve_answer *answer);

#endif
