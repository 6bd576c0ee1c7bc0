/* A desk at which the test hands out permits one by one. The store answers at once; upstream says what the test says.
 */
#ifndef RELEVE_SIMULATION_DESK_H
#define RELEVE_SIMULATION_DESK_H

#include <releve/core.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TODAY 20636 /* 2026-07-02 */
#define NOON (releve_paris_midnight(TODAY) + 12 * RELEVE_HOUR_MS)
#define FIRST_PRM UINT64_C(30000000000000)
#define SENDS_MAX 4096
#define RESULTS_MAX 2048
#define LESSONS_MAX 256

struct sending {
    releve_handle handle;
    releve_prm prm;
    enum releve_kind kind;
    enum releve_class class_; /* as submitted */
    struct releve_span span;
    enum releve_request request;
};

struct desk {
    struct releve_core *core;
    struct releve_actions actions;
    releve_time now;
    releve_time civil; /* noon of TODAY, at first */
    struct releve_event pending[RELEVE_CORE_JOBS_MAX * 2];
    size_t pending_count;
    bool asked[RELEVE_BUCKETS_MAX];
    int looks;         /* asks that were not known to be granted */
    bool silent_store; /* begun jobs hear nothing, until the test tells them */
    releve_handle begun;
    bool slow_store; /* stored days hear nothing, until the test tells them */
    releve_handle storing;
    releve_time claim_takes_ms; /* until its reply */
    /* The store does not say that about that usage point (KNOWN, CLAIMED, STORED) before desk_come_back; NULL: it does.
     */
    bool (*is_away)(releve_prm prm, enum releve_event_type reply);
    struct releve_event owed[RELEVE_CORE_CHUNKS_MAX];
    struct releve_job owed_jobs[RELEVE_CORE_CHUNKS_MAX];
    size_t owed_count;
    int returns, unclaims, tokens, stops, preflights;
    bool refuses_token, fails_token; /* the credentials are refused; there is no token now */
    struct sending sends[SENDS_MAX];
    size_t sends_count;
    struct releve_result results[RESULTS_MAX];
    size_t results_count;
    int demoted;
    struct releve_lesson lessons[LESSONS_MAX];
    size_t lessons_count;
    struct releve_coverage known; /* told to each job that begins */
    const struct releve_point_facts *facts;
    enum releve_verdict (*judge)(const struct sending *sending);
    enum releve_reading_state (*read)(releve_day day); /* NULL: every day is usable */
};

extern struct desk desk;

/* As set-up and tear-down of cmocka. */
int desk_open(void **state);
int desk_close(void **state);
void desk_open_with(const struct releve_core_options *options);

void desk_step(struct releve_event event);
/* A job about FIRST_PRM + point. */
void desk_submit(unsigned point, enum releve_kind kind, releve_day first, releve_day end, enum releve_class class_);
void desk_submit_job(const struct releve_job *job);
/* Grants the permit that is asked for; the sending that it led to, or NULL where it was not needed. */
struct sending *desk_grant(unsigned bucket);
/* RELEVE_DATA: every asked day, complete. */
void desk_answer(const struct sending *sending, enum releve_verdict verdict);
void desk_get_token(void);
/* Permit after permit, each answered at once as desk.judge says (with data, where it is NULL), until `sends` more have
 * left or nobody asks for one. */
void desk_serve(size_t sends);
/* Until all jobs have ended: where nobody asks for a permit, time goes on to the core's next deadline. */
void desk_serve_to_the_end(void);
size_t desk_sends_of(unsigned point);
/* The part of the store that was away answers, with everything, in its order. */
void desk_come_back(void);

#endif
