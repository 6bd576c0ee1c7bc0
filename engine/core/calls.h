/* What the files of engine/core ask of each other, a section a file, from the lowest to the highest. Calls run one way
 * (tests/house/test_calls.py):
 *
 *   core.c ──▶ preflight.c ──▶ reach.c
 *         ├──▶ react.c ──▶ refuse.c ──▶ fail.c, reach.c ─┐
 *         │        └──▶ claim.c ─────────────────────────┤
 *         └──▶ claim.c, schedule.c, job.c ───────────────┴▶ cut.c ──▶ series.c ──▶ limits.c ─┐
 *              floor.c, plan.c, freshness.c, result.c, coverage.c ◀──────────────────────────┘
 *
 *   all but the last line ──▶ emit.c, demand.c, flight.c, permit.c
 *
 * What they work on is in state.h. Seen by the files of engine/core only. */
#ifndef RELEVE_CORE_CALLS_H
#define RELEVE_CORE_CALLS_H

#include "state.h"

/* --- emit.c: what leaves the core, and how long it waits ---------------------------------------------- */

/* Appends an action of that type; the caller fills in the rest. */
struct releve_action *releve_emit(struct releve_core *core, enum releve_action_type type);
struct releve_action *releve_emit_notice(struct releve_core *core, enum releve_notice notice, const struct job *job,
                                         const struct releve_reason *reason, releve_time wait_ms);
/* A LEARN action about the job's usage point and kind, learned from asking for `span`; the caller adds what it says. */
struct releve_lesson *releve_emit_lesson(struct releve_core *core, enum releve_lesson_type type, const struct job *job,
                                         struct releve_span span);
releve_handle releve_emit_job_handle(const struct releve_core *core, const struct job *job);
releve_handle releve_emit_chunk_handle(const struct releve_core *core, const struct chunk *chunk);

/* min(BACKOFF_MAX, min_ms * 2^n) */
releve_time releve_emit_doubled(releve_time min_ms, unsigned n);
/* Exponential back-off with full jitter: uniform in [0, doubled(min_ms, n)]. */
releve_time releve_emit_backoff(struct releve_core *core, releve_time min_ms, unsigned n);
releve_time releve_earlier(releve_time a, releve_time b);
releve_time releve_later(releve_time a, releve_time b);
bool releve_failed(const struct releve_error *error);

/* Redis refused a result or days: they are written again some time later, with all that it refuses until then. */
void releve_emit_refusal(struct releve_core *core, const struct job *job, const struct releve_error *error);

/* Nobody gets a permit of that bucket for so long. */
void releve_emit_close(struct releve_core *core, unsigned bucket, releve_time wait_ms);
/* The permit leads to no request: it goes back. */
void releve_emit_return(struct releve_core *core, unsigned bucket, struct permit permit);

/* --- demand.c: what a job asks for next. Pure ------------------------------------------------------------------ */

enum releve_request releve_demand_request(const struct releve_core *core, const struct job *job);
/* The quota bucket that its permit is of; that of any request. */
unsigned releve_demand_bucket(const struct releve_core *core, const struct job *job);
unsigned releve_demand_bucket_of(const struct releve_core *core, enum releve_kind kind, enum releve_request request);

/* --- flight.c: chunks that hold a permit are counted ------------------------------------------------------------ */

/* It holds one from now on; or no more. */
void releve_flight_begin(struct releve_core *core, struct chunk *chunk);
void releve_flight_end(struct releve_core *core, struct chunk *chunk);

/* --- permit.c: how long a permit is good for ------------------------------------------------------- */

struct permit releve_permit_new(struct releve_core *core);
/* Does it leave too little time for a request? */
bool releve_permit_is_late(const struct releve_core *core, struct permit permit);
/* Until when a request under it may be under way, if it is sent now. */
releve_time releve_permit_deadline(const struct releve_core *core, struct permit permit);
/* Where only usage points that fail are left: until when they are tried; else RELEVE_TIME_NEVER. */
releve_time releve_permit_alone_until(const struct releve_core *core);

/* --- floor.c: where data begins. Pure ------------------------------------------------------------------ */

/* Says it something? */
bool releve_floor_is_known(const struct releve_floor *floor);
/* The first day that it does not forbid; RELEVE_DAY_NONE where it forbids none. */
releve_day releve_floor_earliest(const struct releve_floor *floor);
/* Is a range that begins with `first` known to begin too early? `floor` may be NULL: nothing is known. */
bool releve_floor_forbids(const struct releve_floor *floor, releve_day first);
/* May a range that begins with `first` still be refused as too early? Likewise. */
bool releve_floor_doubts(const struct releve_floor *floor, releve_day first);
/* A range that begins with `first` was refused as too early, or was not; what came later counts. The second is true
 * where it says more than was known. */
void releve_floor_refuse(struct releve_floor *floor, releve_day first);
bool releve_floor_accept(struct releve_floor *floor, releve_day first);

/* --- limits.c: the ranges that upstream accepts at present. Pure --------------------------------------------- */

/* The end of what can be asked: today, or the day before while upstream refuses that. */
releve_day releve_limits_latest(const struct releve_core *core);
/* What is worth asking for: what upstream has, and what is kept. */
struct releve_span releve_limits_history(const struct releve_core *core, enum releve_kind kind);
struct releve_plan_limits releve_limits_of(const struct releve_core *core, const struct series *series);
/* Is the chunk planned for more than that? Then it is to be planned anew. */
bool releve_limits_forbid(const struct releve_core *core, const struct chunk *chunk);

/* --- freshness.c: "not yet" and "never". Pure ---------------------------------------------------------------- */

/* Is the day so old that it stays as it is? */
bool releve_freshness_is_settled(const struct releve_core *core, releve_day day);
/* When the newest days are usually published next. */
releve_time releve_freshness_next_morning(const struct releve_core *core);
/* When a day that is not settled is worth another question, on the civil clock. */
releve_time releve_freshness_recheck_after(const struct releve_core *core, releve_day day);

/* --- result.c: what a job comes to. Pure ----------------------------------------------------------------- */

/* Days of `part` that are in state `from` have failed: marked so, and listed with the reason. */
void releve_result_fail(struct releve_result *result, struct releve_coverage *coverage, struct releve_span part,
                        enum releve_day_state from, const struct releve_reason *reason);
/* Counts, state and reason from the coverage; failures in order. `absent`: not applicable. */
void releve_result_sum_up(struct releve_result *result, const struct releve_coverage *coverage, bool absent);

/* --- series.c: open chunks, and what becomes of their days in every job that wants them --------------------- */

/* Plans a chunk: its missing days are under way from now on. */
struct chunk *releve_series_open(struct releve_core *core, struct job *job, const struct releve_chunk_span *span,
                                 bool searching);
/* What the chunk owns. */
void releve_series_free_chunk(struct chunk *chunk);
/* The chunk ends; its days become `state` in every job that wants them. */
void releve_series_dissolve(struct releve_core *core, struct chunk *chunk, enum releve_day_state state);
/* While a chunk is under way or waits for its next try, its days may come from elsewhere: from a chunk that reaches
 * over it, or from another worker. What is left of such a waiting chunk is planned anew. */
void releve_series_replan_overtaken(struct releve_core *core, struct chunk *chunk);
/* Ends what that job has waiting for another try, or where it is NULL, what any job has; its days are missing again. */
void releve_series_stop_waiting(struct releve_core *core, struct series *series, const struct job *job);

/* Redis refused days, and has taken none since: nothing is sent meanwhile, also not while they are written again. */
bool releve_series_are_refused(const struct releve_core *core);
/* Stores chunk->entries. Stores again all that Redis refused. */
void releve_series_store(struct releve_core *core, struct chunk *chunk);
void releve_series_store_again(struct releve_core *core);
/* Its days are stored: they are what chunk->outcomes says. The chunk ends, or goes on for days that could not be used.
 */
void releve_series_conclude(struct releve_core *core, struct chunk *chunk);
/* The same: its days are given up. */
void releve_series_fail(struct releve_core *core, struct chunk *chunk, const struct releve_reason *reason);

/* A job whose known days have come joins the others: what they have under way is under way for it too, and what the
 * store knew when it began they learn too. */
void releve_series_join(struct releve_core *core, struct job *job);
void releve_series_leave(struct job *job);
/* Days of `part` that the store knows: somebody else has stored them. Jobs that refresh want them all the same. */
void releve_series_learn(struct series *series, const struct releve_coverage *known, struct releve_span part);
/* Does a job that refreshes wait for a day of that chunk? Does any job wait for that day? */
bool releve_series_refreshes(const struct chunk *chunk);
bool releve_series_waits_for(const struct series *series, releve_day day);
/* Is that day known for now only, in some job? A request that is due anyway takes such days along. */
bool releve_series_rides_along(const struct series *series, releve_day day);
/* The most that the store knew of a day when a job that wants it began. */
enum releve_day_state releve_series_best_known(const struct series *series, releve_day day);
/* How much a state says of a day: 2 all, 1 a part, 0 no value. */
int releve_day_worth(enum releve_day_state state);

/* Why nothing is asked of that series at present; NULL where it may be asked. */
const struct releve_reason *releve_series_refusal(const struct releve_core *core, const struct series *series);
/* All that is not under way is given up: missing days, and chunks that wait for another try; of one job, of all jobs.
 */
void releve_series_give_up(struct releve_core *core, struct job *job, const struct releve_reason *reason);
void releve_series_give_up_all(struct releve_core *core, struct series *series, const struct releve_reason *reason);

/* --- cut.c: days that upstream cannot have ---------------------------------------------------------------------- */

/* The floor that forbids most; NULL where none forbids anything. */
const struct releve_floor *releve_cut_floor(const struct series *series);
/* Cuts what lies before the floor and before the history from this job; what is too recent waits for another day. */
void releve_cut_job(struct releve_core *core, struct job *job);
/* A range was refused as beginning too early: what is too early is cut from every job that it concerns. */
void releve_cut_early(struct releve_core *core, struct job *job, enum floor_cause cause, struct releve_span asked);
/* A range was accepted: what a floor cut is missing again where that was wrong. */
void releve_cut_accept(struct releve_core *core, struct job *job, struct releve_span asked);
/* Another API tells the first day of a direction of the job's usage point; what days have shown counts more. */
void releve_cut_told(struct releve_core *core, struct job *job, enum releve_direction which, releve_day first);
/* The usage point has no such kind: of one job, of all jobs of a series. */
void releve_cut_absent_job(struct releve_core *core, struct job *job, const struct releve_reason *reason);
void releve_cut_absent(struct releve_core *core, struct series *series, const struct releve_reason *reason);
/* It has that kind after all. */
void releve_cut_present(struct releve_core *core, struct series *series);
/* The missing days before `end` wait for another run, in all jobs of a direction: the recent ones are not there yet, of
 * the others nobody knows. */
void releve_cut_put_off(struct releve_core *core, struct direction *direction, releve_day end,
                        const struct releve_reason *reason);

/* --- job.c: jobs from arrival to result ----------------------------------------------------------------- */

void releve_job_arrive(struct releve_core *core, const struct releve_job *submitted);
void releve_job_known(struct releve_core *core, struct job *job, const struct releve_event *event);
/* Ends each job that has nothing left to ask; gives back the others where the core drains. */
void releve_jobs_settle(struct releve_core *core);
/* Its result is written, or refused. */
void releve_job_finished(struct releve_core *core, struct job *job, const struct releve_error *error);
/* What has not begun will not: it is given back. */
void releve_jobs_begin_none(struct releve_core *core);
/* Looks up and writes again what Redis refused. */
void releve_jobs_try_again(struct releve_core *core);

/* --- schedule.c: what is asked next -------------------------------------------------------------------- */

/* The best chunk of that bucket, opened if it is new; NULL where there is none. */
struct chunk *releve_schedule_choose(struct releve_core *core, unsigned bucket);
/* Asks for permits where there is work, and sets core->deadline. */
void releve_schedule_ask(struct releve_core *core);

/* --- claim.c: the days of a chunk are claimed before it is sent ------------------------------------------------ */

void releve_claim_days(struct releve_core *core, struct chunk *chunk, struct permit permit);
/* A claim that has had no reply for long keeps its place in flight no more, and its permit goes back. */
void releve_claims_look(struct releve_core *core);
/* It has a reply. False where that came late: the chunk waits already, and can be tried again at once. */
bool releve_claim_is_in_time(struct releve_core *core, struct chunk *chunk);

/* --- preflight.c: who has which kinds -------------------------------------------------------------------- */

void releve_preflight_begin(struct releve_core *core);
/* Does the next part of it wait for a permit? */
bool releve_preflight_is_due(const struct releve_core *core);
void releve_preflight_send(struct releve_core *core, struct permit permit);
void releve_preflight_answer(struct releve_core *core, const struct releve_answer *answer, bool more);
/* Jobs begin without what has not been asked yet. */
void releve_preflight_end(struct releve_core *core);

/* --- reach.c: upstream as a whole ------------------------------------------------------------------------- */

/* A throttle answer closes the bucket. */
void releve_reach_close(struct releve_core *core, unsigned index, const struct releve_answer *answer);
/* It cannot be reached, or fails for all; it answered. */
void releve_reach_note_failure(struct releve_core *core, const struct releve_answer *answer);
void releve_reach_note_answer(struct releve_core *core);
/* A series failed: is that part of an outage? */
bool releve_reach_is_outage(struct releve_core *core, struct series *series);
void releve_reach_token(struct releve_core *core, const struct releve_answer *answer);
/* The token is refused: another one is asked for; where it was given, there is none. */
void releve_reach_discard_token(struct releve_core *core, const struct releve_answer *answer);

/* --- fail.c: what failed and may work again --------------------------------------------------------------- */

/* Upstream answered: the failures in a row of the job's usage point and kind are over. */
void releve_fail_end(struct job *job);
/* And it is known that the usage point may be asked: not one request at a time any more. */
void releve_fail_end_heard(struct job *job);
/* The chunk's days are given up. */
void releve_fail_give_up(struct releve_core *core, struct chunk *chunk, const struct releve_reason *reason);
/* The chunk is tried again, later; or its usage point has failed too often. */
void releve_fail_for_now(struct releve_core *core, struct chunk *chunk, const struct releve_reason *reason);
/* Redis refused the chunk's claim: it is tried again, later. */
void releve_fail_wait_for_redis(struct releve_core *core, struct chunk *chunk, const struct releve_error *error);
/* Where a command has nothing left but usage points that fail, they are given up after a while. Returns when, or
 * RELEVE_TIME_NEVER. */
releve_time releve_fail_alone(struct releve_core *core);

/* --- refuse.c: what a refusal means ------------------------------------------------------------------------ */

/* What was refused before is answered now, whatever the answer says of days. */
void releve_refuse_take_back(struct releve_core *core, struct job *job, const struct chunk *chunk);
void releve_refuse_early(struct releve_core *core, struct chunk *chunk, enum floor_cause cause,
                         const struct releve_answer *answer);
void releve_refuse_end(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer);
void releve_refuse_length(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer);
void releve_refuse_kind_of_point(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer);
void releve_refuse_direction(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer);
void releve_refuse_point(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer);
void releve_refuse_kind(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer);
void releve_refuse_unserved(struct releve_core *core, enum releve_kind kind);

/* --- react.c: what an answer means for the work ----------------------------------------------------------- */

void releve_react_answer(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer);
/* The days of the chunk are claimed, and it is sent; or they are not. */
void releve_react_claimed(struct releve_core *core, struct chunk *chunk, const struct releve_event *event);
void releve_react_stored(struct releve_core *core, struct chunk *chunk, const struct releve_event *event);

#endif
