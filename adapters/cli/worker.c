/* releve worker: runs the jobs that other services push into Redis. */
#include "command.h"
#include "config.h"
#include "duration.h"
#include "log.h"
#include "session.h"
#include "suggest.h"
#include <adapters/redis/job_json.h>
#include <adapters/redis/queue.h>
#include <adapters/redis/store.h>
#include <assert.h>
#include <engine/runtime/bucket.h>
#include <engine/runtime/clock.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Jobs that were taken and that the core has no room for yet: never more than the queue hands out. */
#define WAITING_MAX \
    (RELEVE_PREFETCH_HIGH + RELEVE_PREFETCH_NORMAL + RELEVE_PREFETCH_LOW + RELEVE_PREFETCH_BESIDE + 3 * RELEVE_KINDS)
static_assert(WAITING_MAX - 3 * RELEVE_KINDS <= RELEVE_CORE_JOBS_MAX, "what is held up leaves room for others");
#define SUFFIX_CHARACTERS 6 /* what makes a worker's name unique */
#define NAME_MAX_CHARACTERS 64
#define BEGIN_AGAIN_MS (10 * RELEVE_SECOND_MS) /* after one that began anew could not */
#define LOOK_MS RELEVE_SECOND_MS               /* how often a drain looks whether anything moves */
#define ACCOUNT_MS (60 * RELEVE_SECOND_MS)     /* how often the log says what was done */
/* What Redis goes on refusing is said again by then: at the second beat after RELEVE_REFUSAL_AGAIN_MS at the latest. */
#define REFUSAL_OVER_MS (RELEVE_REFUSAL_AGAIN_MS + 8 * RELEVE_SECOND_MS)
#define GIVEN_BACK ", and jobs that were not done are back in their queues"

/* What a log says of the work. */
struct account {
    uint64_t jobs, failed, requests; /* `failed`: jobs that ended failed or partial */
};

struct worker {
    struct releve_session session;
    struct releve_config config;
    char given_name[NAME_MAX_CHARACTERS + 1];
    char name[RELEVE_WORKER_NAME_BYTES];
    unsigned concurrency;
    bool drain, adopt;

    struct releve_queue *queue;
    struct releve_job waiting[WAITING_MAX]; /* a ring */
    size_t first, count;
    size_t under_way; /* taken and not ended */
    bool dry, lost;

    uint64_t moves;             /* jobs taken and jobs ended */
    struct account begun, said; /* under this name, and as of the line that was said last */
    struct account whole;       /* under all names that it has had, without this one until its end */
    unsigned looks;
    bool asking;      /* the ledger, for the log */
    uint64_t said_ms; /* when that line was said */
    /* of a drain, at its last look */
    uint64_t work;           /* moves and requests */
    releve_time still_since; /* Redis refuses, and nothing moves */
};

RELEVE_SESSION_FIRST(struct worker);

/* --- jobs, from the queue to the core and out ------------------------------------------------------------- */

static void on_job(void *data, const struct releve_job *job)
{
    struct worker *worker = data;
    if (worker->count == WAITING_MAX)
        abort(); /* the queue hands out no more than it said: see RELEVE_PREFETCH_* */
    worker->waiting[(worker->first + worker->count++) % WAITING_MAX] = *job;
    worker->under_way++;
    worker->moves++;
    worker->dry = false;
    releve_runtime_wake(worker->session.runtime);
}

static bool next_job(void *data, struct releve_job *job)
{
    struct worker *worker = data;
    if (worker->count == 0)
        return false;
    *job = worker->waiting[worker->first];
    worker->first = (worker->first + 1) % WAITING_MAX;
    worker->count--;
    return true;
}

static void on_ended(void *data, const struct releve_result *result, const struct releve_error *error)
{
    struct worker *worker = data;
    (void)error; /* said by the session; the job is in the worker's list still, and will be taken back from there */
    worker->under_way--;
    worker->moves++;
    worker->begun.jobs++;
    worker->begun.failed += result->state == RELEVE_JOB_FAILED || result->state == RELEVE_JOB_PARTIAL;
    worker->dry = false; /* there is room for another one: the queue looks, and says so again */
    if (worker->queue != NULL)
        releve_queue_release(worker->queue, &result->job);
}

static void on_idle(void *data)
{
    struct worker *worker = data;
    if (worker->drain && worker->dry && worker->under_way == 0)
        releve_session_end(&worker->session);
}

/* What Redis refuses now; NULL for nothing. */
static const char *refusal_of(const struct releve_refusals *refusals, releve_time now)
{
    const char *newest = NULL;
    releve_time said_ms = now - REFUSAL_OVER_MS;
    for (size_t i = 0; i < refusals->count; i++) {
        if (refusals->lines[i].said_ms <= said_ms)
            continue;
        said_ms = refusals->lines[i].said_ms;
        newest = refusals->lines[i].text;
    }
    return newest;
}

/* --- the log: what was done, now and then --------------------------------------------------------------------- */

static void count_requests(struct worker *worker)
{
    worker->begun.requests = releve_runtime_look(worker->session.runtime).requests;
}

static void say_account(struct worker *worker, const char *since, const struct account *done, const char *quota)
{
    releve_session_say(&worker->session,
                       "%s: %" PRIu64 " jobs ended, %" PRIu64 " of them failed or partial; %" PRIu64
                       " requests; %zu jobs under way%s%s",
                       since, done->jobs, done->failed, done->requests, worker->under_way,
                       *quota != '\0' ? "; quota " : "", quota);
}

/* With what is waited for. */
static void on_usage(void *data, const struct releve_error *error, const struct releve_ledger_usage *usage)
{
    struct worker *worker = data;
    char quota[RELEVE_USAGE_TEXT] = "", since[RELEVE_DURATION_TEXT + sizeof "in the last "], last[RELEVE_DURATION_TEXT];
    uint64_t now_ms = uv_now(&worker->session.loop);
    worker->asking = false;
    if (worker->session.closing)
        return;
    if (error->code == RELEVE_OK)
        releve_usage_format(&worker->config.quota, usage->used, usage->next_ms, usage->closed_ms, quota);
    releve_duration_format((releve_time)(now_ms - worker->said_ms), last);
    (void)snprintf(since, sizeof since, "in the last %s", last);
    count_requests(worker);
    say_account(worker, since,
                &(struct account){.jobs = worker->begun.jobs - worker->said.jobs,
                                  .failed = worker->begun.failed - worker->said.failed,
                                  .requests = worker->begun.requests - worker->said.requests},
                quota);
    worker->said = worker->begun;
    worker->said_ms = now_ms;
    releve_session_compare_quotas(&worker->session);
}

/* Silent where nothing is done and nothing waits. */
static void keep_account(struct worker *worker)
{
    bool idle = worker->begun.jobs == worker->said.jobs && worker->under_way == 0;
    bool due = !worker->drain || ++worker->looks % (ACCOUNT_MS / LOOK_MS) == 0;
    if (idle && due)
        worker->said_ms = uv_now(&worker->session.loop);
    if (!due || idle || worker->asking || worker->config.log < RELEVE_LOG_INFO || worker->session.draining)
        return;
    char bucket[RELEVE_BUCKET_BYTES];
    releve_bucket_name(releve_config_dialect(&worker->config)->families[RELEVE_DAILY_CONSUMPTION],
                       worker->config.client_id, bucket);
    worker->asking = true;
    releve_store_bucket_usage(worker->session.store, bucket, &worker->config.quota, on_usage, worker);
}

static struct releve_job_counts count_jobs(void *data)
{
    const struct worker *worker = data;
    return (struct releve_job_counts){.ended = worker->begun.jobs};
}

/* Somebody waits for a drain (a cron job), so it does not ask for ever for what Redis refuses: permits, days, results,
 * or the jobs themselves, of which the core knows nothing. Jobs that were not done stay in Redis. */
static void on_tick(void *data)
{
    struct worker *worker = data;
    struct releve_session *session = &worker->session;
    keep_account(worker);
    if (!worker->drain)
        return;
    releve_time now = (releve_time)uv_now(&session->loop);
    struct releve_core_view view = releve_runtime_look(session->runtime);
    uint64_t work = worker->moves + view.requests;
    const char *refusal = refusal_of(&session->refusals, now);
    if (refusal == NULL || work != worker->work || session->draining) {
        worker->work = work;
        worker->still_since = now;
        return;
    }
    if (now - worker->still_since < RELEVE_REFUSED_MAX_MS || view.in_flight > 0)
        return;
    releve_session_say(session, "Redis has let nothing through for %d s; jobs that were not done stay there",
                       (int)(RELEVE_REFUSED_MAX_MS / RELEVE_SECOND_MS));
    releve_fail(&session->error, RELEVE_E_REDIS, "%s", refusal);
    releve_session_end(session);
}

/* --- the queue ------------------------------------------------------------------------------------------------ */

static releve_time civil(void *data)
{
    struct worker *worker = data;
    return releve_clock_civil(worker->config.today);
}

static void on_dry(void *data)
{
    struct worker *worker = data;
    worker->dry = true;
    releve_runtime_wake(worker->session.runtime); /* -> on_idle, when all is written */
}

/* Silent for too long (stopped, suspended): the jobs are others' now. Forget them, and begin anew under another name.
 */
static void on_lost(void *data)
{
    struct worker *worker = data;
    releve_session_say(&worker->session, "this worker was silent for so long that its jobs were given to others");
    worker->lost = true;
    releve_session_end(&worker->session);
}

static void on_taken_over(void *data, size_t count)
{
    struct worker *worker = data;
    releve_session_say(&worker->session, "%zu jobs of workers that died or stood still are back in their queues",
                       count);
}

/* What is near to a field is most likely a misspelt one, and not something of the producer's own. */
static void on_stray(void *data, const char *field)
{
    struct worker *worker = data;
    char line[RELEVE_LOG_LINE_BYTES];
    const char *meant = releve_suggest(field, strlen(field), releve_message_fields, RELEVE_MESSAGE_FIELDS);
    if (meant == NULL)
        return;
    (void)snprintf(line, sizeof line, "a job has the field \"%s\", which is ignored: did its producer mean %s?", field,
                   meant);
    if (releve_refusals_note(&worker->session.told, line, (releve_time)uv_now(&worker->session.loop)))
        releve_session_say(&worker->session, "%s", line);
}

static void on_buried(void *data, const char *why)
{
    struct worker *worker = data;
    releve_session_say(&worker->session, "a message that is no job was moved to the dead ones: %s", why);
}

static void on_undelivered(void *data, const char *line)
{
    struct worker *worker = data;
    releve_session_say(&worker->session, "%s", line); /* no refusal for which anything else waits */
}

static void on_refused(void *data, const char *why)
{
    struct worker *worker = data;
    releve_session_say_refused(&worker->session, why);
}

static void on_link(void *data, bool up, const char *why)
{
    struct worker *worker = data;
    if (!up && worker->config.log >= RELEVE_LOG_DEBUG)
        releve_session_say(&worker->session, "queue: %s", why);
}

static void on_queue_ready(void *data, const struct releve_error *error)
{
    struct worker *worker = data;
    if (error->code == RELEVE_OK) {
        releve_session_say(&worker->session, "worker %s takes jobs from {%s}:jobs:high, {%s}:jobs and {%s}:jobs:low",
                           worker->name, worker->config.prefix, worker->config.prefix, worker->config.prefix);
        return;
    }
    worker->session.error = *error;
    releve_session_end(&worker->session);
}

static void count_held_up(void *data, size_t counts[RELEVE_CLASSES])
{
    const struct worker *worker = data;
    releve_runtime_count_held_up(worker->session.runtime, counts);
}

/* --- the session ------------------------------------------------------------------------------------------------ */

static void on_ready(void *data)
{
    struct worker *worker = data;
    worker->said_ms = uv_now(&worker->session.loop);
    struct releve_queue_options options = {
        .redis = &worker->config.redis,
        .prefix = worker->config.prefix,
        .worker = worker->name,
        .drain = worker->drain,
        .data = worker,
        .civil = civil,
        .job = on_job,
        .dry = on_dry,
        .lost = on_lost,
        .taken_over = on_taken_over,
        .stray = on_stray,
        .buried = on_buried,
        .undelivered = on_undelivered,
        .refused = on_refused,
        .link = on_link,
        .held_up = count_held_up,
    };
    worker->queue = releve_queue_open(&worker->session.loop, &options, on_queue_ready);
}

static void on_drain(void *data)
{
    struct worker *worker = data;
    if (worker->queue != NULL)
        releve_queue_stop(worker->queue);
}

static void on_closing(void *data)
{
    struct worker *worker = data;
    if (worker->session.runtime != NULL)
        count_requests(worker);
    worker->whole.jobs += worker->begun.jobs;
    worker->whole.failed += worker->begun.failed;
    worker->whole.requests += worker->begun.requests;
    if (!worker->lost && worker->whole.jobs > 0 && worker->config.log >= RELEVE_LOG_INFO)
        say_account(worker, "in all", &worker->whole, "");
    if (worker->queue != NULL)
        releve_queue_close(worker->queue, NULL, NULL);
    worker->queue = NULL;
}

static enum releve_code run_once(struct worker *worker)
{
    char id[RELEVE_JOB_ID_BYTES];
    releve_job_id_new(id);
    (void)snprintf(worker->name, sizeof worker->name, "%s.%.*s", worker->given_name, SUFFIX_CHARACTERS, id);
    worker->first = worker->count = worker->under_way = 0;
    worker->dry = worker->lost = false;
    worker->moves = worker->work = 0;
    worker->begun = worker->said = (struct account){0};
    struct releve_session_options options = {
        .config = &worker->config,
        .concurrency = worker->concurrency,
        .worker = worker->name,
        .command = "worker",
        .adopt = worker->adopt,
        .patient = true,
        .drains = worker->drain,
        .tick_ms = worker->drain ? LOOK_MS : ACCOUNT_MS,
        .count = count_jobs,
        .tick = on_tick,
        .next = next_job,
        .ended = on_ended,
        .idle = on_idle,
        .ready = on_ready,
        .drain = on_drain,
        .closing = on_closing,
    };
    worker->adopt = false; /* once: what is adopted by somebody else later is his */
    return releve_session_run(&worker->session, &options);
}

/* --- the command ------------------------------------------------------------------------------------------------ */

static enum releve_code parse_name(struct worker *worker, const char *value, struct releve_error *error)
{
    size_t length = strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");
    if (length == 0 || value[length] != '\0' || length > NAME_MAX_CHARACTERS)
        return releve_fail(error, RELEVE_E_USAGE, "--name \"%.80s\": 1 to %d letters, digits, and _ - .", value,
                           NAME_MAX_CHARACTERS);
    (void)snprintf(worker->given_name, sizeof worker->given_name, "%s", value);
    return RELEVE_OK;
}

/* The host's name, as far as it is one. */
static void name_by_host(struct worker *worker)
{
    struct releve_error ignored;
    char host[NAME_MAX_CHARACTERS + 1] = "";
    if (gethostname(host, sizeof host - 1) != 0 || parse_name(worker, host, &ignored) != RELEVE_OK)
        (void)snprintf(worker->given_name, sizeof worker->given_name, "worker");
}

static const struct option options[] = {
    {"name", required_argument, NULL, 'n'},
    {"concurrency", required_argument, NULL, 'c'},
    {"drain", no_argument, NULL, 'd'},
    {"adopt", no_argument, NULL, 'a'},
    {NULL, 0, NULL, 0},
};

static enum releve_code apply_option(void *data, int option, const char *value, struct releve_error *error)
{
    struct worker *worker = data;
    if (option == 'n')
        return parse_name(worker, value, error);
    if (option == 'c')
        return releve_command_concurrency(value, &worker->concurrency, error);
    worker->drain = worker->drain || option == 'd';
    worker->adopt = worker->adopt || option == 'a';
    return RELEVE_OK;
}

/* Who has begun once does not end because Redis is not there, or is not whole, when he begins anew. Nothing is held
 * meanwhile: a signal may end the process at once. */
static void run_until_done(struct worker *worker)
{
    bool anew = false;
    for (;;) {
        enum releve_code code = run_once(worker);
        if (worker->lost && code == RELEVE_OK) {
            anew = true;
            continue;
        }
        if (!anew || worker->drain || code != RELEVE_E_REDIS)
            return;
        fprintf(stderr, "releve: %s; it begins anew in %d s\n", worker->session.error.text,
                (int)(BEGIN_AGAIN_MS / RELEVE_SECOND_MS));
        uv_sleep(BEGIN_AGAIN_MS);
    }
}

static int worker_main(int argc, char **argv)
{
    static struct worker worker = {.concurrency = RELEVE_CONCURRENCY_DEFAULT};
    struct releve_error error = {0};
    name_by_host(&worker);
    int wrong = releve_command_parse("worker", argc, argv, options, apply_option, &worker);
    if (wrong != 0)
        return wrong;
    if (releve_config_load(&worker.config, true, &error) != RELEVE_OK ||
        releve_config_start_redis(&worker.config, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    run_until_done(&worker);
    explicit_bzero(worker.config.client_secret, sizeof worker.config.client_secret);
    const struct releve_error *end = &worker.session.error;
    if (end->code == RELEVE_OK)
        return 0;
    if (end->code != RELEVE_E_INTERRUPTED)
        return releve_command_fail(end);
    fprintf(stderr, "releve: %s" GIVEN_BACK "\n", end->text);
    return worker.drain ? releve_code_exit(end->code) : 0; /* else being told to is how a worker ends */
}

const struct releve_command releve_command_worker = {
    .name = "worker",
    .summary = "run the jobs that other services push into Redis",
    .help = "[--name NAME] [--concurrency N] [--drain] [--adopt]\n"
            "\n"
            "Takes jobs from {releve}:jobs:high, {releve}:jobs and {releve}:jobs:low, and\n"
            "writes days, results and replies (see docs/redis.md). Any number of workers may\n"
            "run, on any number of machines: they share the quota, and the jobs of one that\n"
            "dies are taken over within 30 s. SIGTERM: no new requests, what is in flight is\n"
            "stored, the rest goes back to its queue.\n"
            "\n"
            "options:\n"
            "  --name NAME        how it is called in releve status (default: the host's\n"
            "                     name); a suffix makes it unique\n"
            "  --concurrency N    requests in flight, 1 to 256 (default 16); the quota holds\n"
            "                     whatever it is\n"
            "  --drain            end when the queues are empty; with 4 where Redis refuses,\n"
            "                     and nothing moves for 20 s. What another worker holds is\n"
            "                     its own, also for 15 s after it died\n" RELEVE_ADOPT_HELP "\n"
            "exit codes: 0 told to end, or with --drain nothing is left (how each job ended\n"
            "            stands in its result); 2, 3, 4 as in releve --help; 130 --drain was\n"
            "            interrupted\n",
    .interrupted = RELEVE_KEPT GIVEN_BACK,
    .ends_by_signal = true,
    .run = worker_main,
};
