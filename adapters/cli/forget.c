/* releve forget: erases everything that Redis holds of usage points. Looks first, asks, erases, and looks again: what
 * came back meanwhile is said. */
#include "ask.h"
#include "command.h"
#include "lookup.h"
#include "pulse.h"
#include "selection.h"
#include <adapters/redis/erase.h>
#include <adapters/redis/mark.h>
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <releve/memory.h>
#include <releve/text.h>
#include <stdio.h>
#include <stdlib.h>

/* A command speaks every 5 s (pulse.h): one that was silent for longer was killed, as its claims are over by then. */
#define COMMAND_SILENT_MS (2 * RELEVE_PULSE_MS + 2 * RELEVE_SECOND_MS)

struct forget {
    struct releve_selection selection;
    struct releve_config config;
    bool yes, json;
    struct releve_lookup lookup;
    /* One for each usage point. */
    struct releve_traces *found, *erased, *left;
    int commands; /* that fetch days of whatever usage points */
};

/* --- in words ------------------------------------------------------------------------------------------------ */

static const struct {
    const char *one, *several; /* `several` NULL: without a number */
} words[RELEVE_TRACES_ERASED] = {
    [RELEVE_TRACE_DAYS] = {"day", "days"},          [RELEVE_TRACE_DOCUMENTS] = {"document", "documents"},
    [RELEVE_TRACE_JOBS] = {"job", "jobs"},          [RELEVE_TRACE_MESSAGES] = {"queue entry", "queue entries"},
    [RELEVE_TRACE_RESULTS] = {"result", "results"}, [RELEVE_TRACE_FACTS] = {"what was learned of it", NULL},
    [RELEVE_TRACE_CLAIMS] = {"claim", "claims"},
};

static uint64_t total(const struct releve_traces *traces)
{
    uint64_t sum = 0;
    for (int i = 0; i < RELEVE_TRACES_ERASED; i++)
        sum += traces->of[i];
    return sum;
}

static bool any(const struct forget *forget, const struct releve_traces *traces)
{
    for (size_t i = 0; i < forget->selection.prms_count; i++)
        if (total(&traces[i]) > 0)
            return true;
    return false;
}

/* "795 days, 1 job, what was learned of it", or "nothing". */
static void print_traces(FILE *out, const struct releve_traces *traces)
{
    const char *comma = "";
    for (int i = 0; i < RELEVE_TRACES_ERASED; i++) {
        uint64_t count = traces->of[i];
        if (count == 0)
            continue;
        fputs(comma, out);
        if (words[i].several != NULL)
            fprintf(out, "%" PRIu64 " ", count);
        fputs(count == 1 || words[i].several == NULL ? words[i].one : words[i].several, out);
        comma = ", ";
    }
    fputs(*comma == '\0' ? "nothing" : "", out);
}

static void print_lines(const struct forget *forget)
{
    for (size_t i = 0; i < forget->selection.prms_count; i++) {
        printf(RELEVE_PRM_FORMAT ": erased ", forget->selection.prms[i]);
        print_traces(stdout, &forget->erased[i]);
        putchar('\n');
    }
}

static void print_json(const struct forget *forget)
{
    struct releve_text text = {.length = 0};
    releve_text_puts(&text, "{\"points\":[");
    for (size_t i = 0; i < forget->selection.prms_count; i++) {
        releve_text_format(&text, "%s{\"prm\":\"" RELEVE_PRM_FORMAT "\"", i > 0 ? "," : "", forget->selection.prms[i]);
        for (enum releve_trace trace = 0; trace < RELEVE_TRACES_ERASED; trace++)
            releve_text_format(&text, ",\"%s\":%" PRIu64, releve_trace_name(trace), forget->erased[i].of[trace]);
        releve_text_format(&text, ",\"left\":%" PRIu64 "}", total(&forget->left[i]));
    }
    releve_text_puts(&text, "]}\n");
    (void)fwrite(text.bytes, 1, text.length, stdout);
    releve_text_free(&text);
}

/* --- what stands in the way ------------------------------------------------------------------------------------ */

/* Whoever works on a usage point would store its days again. */
static bool report_work(const struct forget *forget, const struct releve_traces *traces)
{
    bool works = false;
    for (size_t i = 0; i < forget->selection.prms_count; i++) {
        uint64_t running = traces[i].of[RELEVE_TRACE_RUNNING], asked = traces[i].of[RELEVE_TRACE_ASKED];
        works = works || running + asked > 0;
        if (running > 0)
            fprintf(stderr,
                    "releve: " RELEVE_PRM_FORMAT ": workers have %" PRIu64 " of its jobs, and would store its days "
                    "again: wait for their end (releve status shows them) or stop the workers, then say it again\n",
                    forget->selection.prms[i], running);
        else if (asked > 0)
            fprintf(stderr,
                    "releve: " RELEVE_PRM_FORMAT ": its days are being asked for (or were, less than 15 s ago), and "
                    "would be stored again: wait for the end of the backfill or interrupt it, then say it again\n",
                    forget->selection.prms[i]);
    }
    return works;
}

/* A backfill that waits for the quota claims no days, and nobody knows what it is about. */
static bool report_commands(const struct forget *forget)
{
    if (forget->commands > 0)
        fprintf(stderr,
                "releve: %d command%s (releve status): where that fetches one of these usage points its days come "
                "back: when it has ended, or is interrupted, say it again\n",
                forget->commands, forget->commands == 1 ? " fetches days now" : "s fetch days now");
    return forget->commands > 0;
}

/* They were erased while something worked on them after all. */
static bool report_left(const struct forget *forget)
{
    bool left = report_work(forget, forget->left);
    left = report_commands(forget) || left;
    for (size_t i = 0; i < forget->selection.prms_count; i++) {
        if (total(&forget->left[i]) == 0)
            continue;
        left = true;
        fprintf(stderr, "releve: " RELEVE_PRM_FORMAT ": ", forget->selection.prms[i]);
        print_traces(stderr, &forget->left[i]);
        fprintf(stderr, " came while it was erased: end what works on it (workers, a backfill), then say it again\n");
    }
    return left;
}

static void report_found(const struct forget *forget)
{
    fprintf(stderr, "releve: Redis at %s, prefix %s, holds of\n", forget->config.redis.address, forget->config.prefix);
    for (size_t i = 0; i < forget->selection.prms_count; i++) {
        fprintf(stderr, "  " RELEVE_PRM_FORMAT "  ", forget->selection.prms[i]);
        print_traces(stderr, &forget->found[i]);
        fputc('\n', stderr);
    }
}

static bool confirm(const struct forget *forget)
{
    report_found(forget);
    return releve_ask("Erase all of it for good?");
}

/* --- Redis ---------------------------------------------------------------------------------------------------- */

static void sweep(struct forget *forget, enum releve_sweep mode, struct releve_traces *traces, releve_store_done done)
{
    releve_store_sweep(forget->lookup.store, forget->selection.prms, forget->selection.prms_count, mode, traces, done,
                       forget);
}

/* A step that is repeated, as no replica had it in time, counts what it still finds: what was there and is not any more
 * was erased all the same. */
static void correct_erased(struct forget *forget)
{
    for (size_t i = 0; forget->config.redis.replicas > 0 && i < forget->selection.prms_count; i++)
        for (int trace = 0; trace < RELEVE_TRACES_ERASED; trace++) {
            uint64_t found = forget->found[i].of[trace], left = forget->left[i].of[trace];
            if (found > left && found - left > forget->erased[i].of[trace])
                forget->erased[i].of[trace] = found - left;
        }
}

static void on_swept(void *data, const struct releve_error *error)
{
    struct forget *forget = data;
    releve_lookup_end(&forget->lookup, error);
}

static void on_overview(void *data, const struct releve_error *error, const char *text)
{
    struct forget *forget = data;
    if (error->code != RELEVE_OK || forget->lookup.ended) {
        releve_lookup_end(&forget->lookup, error);
        return;
    }
    cJSON *overview = cJSON_Parse(text);
    const cJSON *command, *commands = cJSON_GetObjectItemCaseSensitive(overview, "commands");
    cJSON_ArrayForEach(command, commands) {
        const cJSON *age_ms = cJSON_GetObjectItemCaseSensitive(command, "age_ms");
        forget->commands += cJSON_IsNumber(age_ms) && age_ms->valuedouble <= (double)COMMAND_SILENT_MS;
    }
    cJSON_Delete(overview);
    sweep(forget, RELEVE_SWEEP_LOOK, forget->left, on_swept);
}

static void on_erased(void *data, const struct releve_error *error)
{
    struct forget *forget = data;
    if (error->code != RELEVE_OK || forget->lookup.ended)
        releve_lookup_end(&forget->lookup, error);
    else
        releve_store_overview(forget->lookup.store, on_overview, forget);
}

static void on_replicas(void *data, const struct releve_error *error)
{
    struct forget *forget = data;
    if (error->code != RELEVE_OK || forget->lookup.ended)
        releve_lookup_end(&forget->lookup, error);
    else
        sweep(forget, RELEVE_SWEEP_LOOK, forget->left, on_swept);
}

/* Nothing is left at the masters, perhaps as it was erased a moment ago, and no replica knows that. Then it is looked
 * again: one that does not know it may be the master by now. */
static void start_waiting(void *data)
{
    struct forget *forget = data;
    releve_store_await_replicas(forget->lookup.store, "erase a usage point", forget->selection.prms,
                                forget->selection.prms_count, on_replicas, forget);
}

static void start_look(void *data)
{
    struct forget *forget = data;
    sweep(forget, RELEVE_SWEEP_LOOK, forget->found, on_swept);
}

static void start_erase(void *data)
{
    struct forget *forget = data;
    sweep(forget, RELEVE_SWEEP_ERASE, forget->erased, on_erased);
}

/* Also where the prefix is another upstream's than the configured one: whose it was does not matter any more. */
static enum releve_code run(struct forget *forget, void (*start)(void *data), struct releve_error *error)
{
    return releve_lookup_run(&forget->lookup, &forget->config, false, start, forget, error);
}

/* --- the command ---------------------------------------------------------------------------------------------- */

static const struct option options[] = {
    {"prm", required_argument, NULL, RELEVE_SELECTION_OPTION},
    {"yes", no_argument, NULL, 'y'},
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

static enum releve_code apply_option(void *data, int option, const char *value, struct releve_error *error)
{
    struct forget *forget = data;
    switch (option) {
    case 'y':
        forget->yes = true;
        return RELEVE_OK;
    case 'j':
        forget->json = true;
        return RELEVE_OK;
    default:
        return releve_selection_apply(&forget->selection, option, value, error);
    }
}

static enum releve_code check(struct forget *forget, struct releve_error *error)
{
    struct releve_selection *selection = &forget->selection;
    if (selection->prms_count == 0)
        return releve_fail(error, RELEVE_E_USAGE, "forget: no usage point: give --prm PRM");
    if (selection->prms_count > RELEVE_SWEEP_POINTS_MAX)
        return releve_fail(error, RELEVE_E_USAGE, "forget: %zu usage points: at most %d in one command",
                           selection->prms_count, RELEVE_SWEEP_POINTS_MAX);
    if (!forget->yes && !releve_ask_can())
        return releve_fail(error, RELEVE_E_USAGE,
                           "forget: erases for good, and there is no terminal to ask on: say --yes");
    if (releve_config_load(&forget->config, false, error) != RELEVE_OK)
        return error->code;
    return releve_selection_close(selection, releve_config_today(&forget->config), error);
}

/* Looks, asks and erases; returns the exit code. */
static int look_and_erase(struct forget *forget)
{
    struct releve_error error;
    bool left = false;
    if (run(forget, start_look, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    if (report_work(forget, forget->found))
        return releve_code_exit(RELEVE_E_PARTIAL);
    bool has_replicas = forget->config.redis.replicas > 0, nothing = !any(forget, forget->found);
    if (nothing && has_replicas && run(forget, start_waiting, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    if (nothing) {
        left = report_left(forget);
        if (!left)
            fprintf(stderr, "releve: Redis at %s, prefix %s, holds nothing of this\n", forget->config.redis.address,
                    forget->config.prefix);
    } else if (!forget->yes && !confirm(forget)) {
        fputs("releve: nothing was erased\n", stderr);
        return releve_code_exit(RELEVE_E_INTERRUPTED);
    } else {
        if (run(forget, start_erase, &error) != RELEVE_OK)
            return releve_command_fail(&error);
        correct_erased(forget);
        left = report_left(forget);
    }
    if (!nothing || has_replicas) /* in the second case they name it once more (mark.h) */
        fputs("releve: the files of Redis keep what was erased until they are rewritten (BGREWRITEAOF)\n", stderr);
    if (forget->json)
        print_json(forget);
    else
        print_lines(forget);
    return releve_command_flush(releve_code_exit(left ? RELEVE_E_PARTIAL : RELEVE_OK));
}

static int forget_main(int argc, char **argv)
{
    static struct forget forget;
    struct releve_error error = {0};
    int wrong = releve_command_parse("forget", argc, argv, options, apply_option, &forget);
    if (wrong != 0)
        return wrong;
    if (check(&forget, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    size_t count = forget.selection.prms_count;
    struct releve_traces *traces = releve_alloc(3 * count, sizeof *traces);
    forget.found = traces;
    forget.erased = traces + count;
    forget.left = traces + 2 * count;
    int code = look_and_erase(&forget);
    free(traces);
    releve_selection_free(&forget.selection);
    return code;
}

const struct releve_command releve_command_forget = {
    .name = "forget",
    .summary = "erase everything that Redis holds of a usage point",
    .interrupted = ": what was erased is gone; the same command erases the rest",
    .help = "--prm PRM [--prm PRM]... [--yes] [--json]\n"
            "\n"
            "Erases everything under RELEVE_PREFIX that names the usage point: days,\n"
            "documents, what was learned of it, jobs, their messages in the queues, results.\n"
            "Shows what that is and asks; any answer but y ends it with 130. It refuses with\n"
            "1 while a worker or a backfill works on the usage point, as that would store\n"
            "its days again; and it ends with 1, erased, where some command fetches days of\n"
            "which nobody knows whose they are. What others keep is theirs to erase: the\n"
            "lists that reply_to named, files, copies, backups (docs/operations.md, Erasing\n"
            "a usage point). Sends no request.\n"
            "\n"
            "options:\n"
            "  --prm PRM          a usage point, 14 digits; may be given again\n"
            "  --yes              do not ask; required where there is no terminal\n"
            "  --json             one JSON document: for each usage point how much of what\n"
            "                     was erased, and what is left because it came meanwhile\n",
    .run = forget_main,
};
