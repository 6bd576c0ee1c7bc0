/* The reason of an answer: one printable line, without secrets and without personal data (law 7). */
#ifndef ENEDIS_REASON_H
#define ENEDIS_REASON_H

#include <releve/judged_answer.h>

#define ENEDIS_REASON_DIGITS_MAX 9 /* in a row; a telephone number has 10, a PRM 14 */

/* Sets verdict, code and text. A text that is too long is cut. Control characters go; so does every word
 * that may be somebody's: a long row of digits (PRM, telephone), an e-mail address, an opaque word (token). */
void enedis_reason(struct releve_answer *answer, enum releve_verdict verdict, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* RELEVE_TRANSIENT, "bad-body": a body that says nothing that may be believed (law 3). */
#define enedis_reason_bad_body(answer, ...) enedis_reason(answer, RELEVE_TRANSIENT, "bad-body", __VA_ARGS__)

#endif
