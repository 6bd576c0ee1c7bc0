/* releve dead: messages that could not be a job, listed, shown, put back into a queue, or dropped. */
#include "ask.h"
#include "command.h"
#include "json_fields.h"
#include "lookup.h"
#include "stored_day.h"
#include "suggest.h"
#include "terminal.h"
#include <adapters/redis/dead.h>
#include <ctype.h>
#include <inttypes.h>
#include <releve/json_guard.h>
#include <releve/memory.h>
#include <releve/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Six bytes of JSON for each of a message that is kept, and what stands around it. */
#define BURIAL_BYTES_MAX (32 * 1024)
#define NESTING_MAX 4
#define QUESTION_BYTES 80

enum task { LIST, SHOW, REQUEUE, DROP, TASKS };
static const char *const tasks[TASKS] = {"list", "show", "requeue", "drop"};

struct dead {
    enum task task;
    bool json, all, yes;
    struct releve_dead_request request;
    const char *ids[RELEVE_DEAD_IDS_MAX];
    bool seen[RELEVE_DEAD_IDS_MAX];
    struct releve_config config;
    struct releve_lookup lookup;
    struct releve_terminal terminal;
    uint64_t counts[RELEVE_DEAD_FATES];
};

/* --- one message -------------------------------------------------------------------------------------------------- */

/* Anybody can write to the list: what is no object in ASCII, as workers write them, has its text as `raw`. */
static cJSON *read_burial(const char *text, size_t text_bytes)
{
    char *ascii = releve_alloc(text_bytes + 1, 1);
    bool same = true;
    for (size_t i = 0; i < text_bytes; i++) {
        bool is_ascii = text[i] >= ' ' && text[i] <= '~';
        ascii[i] = is_ascii ? text[i] : '?';
        same = same && is_ascii;
    }
    cJSON *burial = same && releve_json_guard(text, text_bytes, BURIAL_BYTES_MAX, NESTING_MAX) == RELEVE_JSON_SOUND
                        ? cJSON_ParseWithLength(text, text_bytes)
                        : NULL;
    if (!cJSON_IsObject(burial)) {
        cJSON_Delete(burial);
        burial = releve_must(cJSON_CreateObject());
        (void)releve_must(cJSON_AddStringToObject(burial, "raw", ascii));
    }
    free(ascii);
    return burial;
}

static bool is_a_line(const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        if (*at < ' ' || *at > '~')
            return false;
    return *text != '\0';
}

/* As it came, so that it can be pushed again, where that is a line of ASCII; else in quotes, as JSON has it: nothing of
 * it steers a terminal. */
static void add_raw(struct releve_text *line, const cJSON *burial)
{
    const cJSON *raw = cJSON_GetObjectItemCaseSensitive(burial, "raw");
    const char *text = cJSON_GetStringValue(raw);
    if (text != NULL && is_a_line(text)) {
        releve_text_puts(line, text);
    } else if (raw != NULL) {
        char *quoted = releve_must(cJSON_PrintUnformatted(raw));
        releve_text_puts(line, quoted);
        cJSON_free(quoted);
    }
}

static void print_cut(const struct dead *dead, const struct releve_text *line)
{
    size_t fits =
        dead->terminal.is_one ? releve_terminal_fit(line->bytes, line->length, dead->terminal.columns) : line->length;
    printf("%.*s\n", (int)fits, line->bytes);
}

/* A line; on a terminal two of them, each cut to fit it. */
static void print_line(const struct dead *dead, const char *id, const cJSON *burial)
{
    struct releve_text line = {.length = 0};
    releve_text_format(&line, "%s  %-20s  %-6s  %s", id, releve_stored_day_text(burial, "at"),
                       releve_stored_day_text(burial, "queue"), releve_stored_day_words(burial, "error"));
    if (dead->terminal.is_one) {
        print_cut(dead, &line);
        line.length = 0;
    }
    releve_text_puts(&line, "  ");
    add_raw(&line, burial);
    print_cut(dead, &line);
    releve_text_free(&line);
}

static void print_whole(const char *id, const cJSON *burial)
{
    struct releve_text raw = {.length = 0};
    bool cut = cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(burial, "whole"));
    add_raw(&raw, burial);
    printf("id     %s\nat     %s\nqueue  %s\nerror  %s\nraw    %.*s%s\n", id, releve_stored_day_text(burial, "at"),
           releve_stored_day_text(burial, "queue"), releve_stored_day_words(burial, "error"), (int)raw.length,
           raw.length > 0 ? raw.bytes : "",
           cut ? "\n       (not all of it: cut, or with bytes that are not ASCII as \"?\")" : "");
    releve_text_free(&raw);
}

/* What a command has done with it. */
static void print_fate(const char *id, enum releve_dead_fate fate)
{
    static const char *const words[RELEVE_DEAD_FATES] = {
        [RELEVE_DEAD_REQUEUED] = "is in its queue again", [RELEVE_DEAD_DROPPED] = "is dropped"};
    if (fate == RELEVE_DEAD_KEPT)
        fprintf(stderr,
                "releve: %s: what is kept of it is not all that was pushed: push it again where it came from, then "
                "drop this one\n",
                id);
    else
        printf("%s %s\n", id, words[fate]);
}

static void print_message(const struct dead *dead, const char *id, enum releve_dead_fate fate, const char *text,
                          size_t text_bytes)
{
    cJSON *burial = read_burial(text, text_bytes);
    if (dead->json) {
        cJSON *json = cJSON_CreateObject();
        cJSON_AddStringToObject(json, "id", id);
        cJSON_DeleteItemFromObjectCaseSensitive(burial, "id"); /* whoever wrote it */
        for (cJSON *member = burial->child; member != NULL; member = burial->child)
            cJSON_AddItemToObject(json, member->string, cJSON_DetachItemViaPointer(burial, member));
        releve_json_print(json);
    } else if (fate != RELEVE_DEAD_FOUND) {
        print_fate(id, fate);
    } else if (dead->task == LIST) {
        print_line(dead, id, burial);
    } else {
        printf("%s", dead->counts[RELEVE_DEAD_FOUND] > 1 ? "\n" : "");
        print_whole(id, burial);
    }
    cJSON_Delete(burial);
}

/* --- all of them -------------------------------------------------------------------------------------------------- */

static void on_message(void *data, const char *id, enum releve_dead_fate fate, const char *json, size_t json_bytes)
{
    struct dead *dead = data;
    dead->counts[fate]++;
    for (size_t i = 0; i < dead->request.ids_count; i++)
        dead->seen[i] = dead->seen[i] || strcmp(dead->ids[i], id) == 0;
    print_message(dead, id, fate, json, json_bytes);
}

static void on_done(void *data, const struct releve_error *error)
{
    struct dead *dead = data;
    releve_lookup_end(&dead->lookup, error);
}

static void start(void *data)
{
    struct dead *dead = data;
    releve_store_dead(dead->lookup.store, &dead->request, on_message, on_done, dead);
}

/* --- before all are dropped --------------------------------------------------------------------------------------- */

static void count_message(void *data, const char *id, enum releve_dead_fate fate, const char *json, size_t json_bytes)
{
    struct dead *dead = data;
    (void)id, (void)fate, (void)json, (void)json_bytes;
    dead->request.oldest++;
}

static void start_counting(void *data)
{
    struct dead *dead = data;
    releve_store_dead(dead->lookup.store, &dead->request, count_message, on_done, dead);
}

/* What is buried while somebody thinks about it is not meant. Redis is let go of meanwhile. */
static enum releve_code confirm(struct dead *dead, struct releve_error *error)
{
    char question[QUESTION_BYTES];
    dead->request.operation = RELEVE_DEAD_LOOK;
    if (releve_lookup_run(&dead->lookup, &dead->config, false, start_counting, dead, error) != RELEVE_OK)
        return error->code;
    (void)snprintf(question, sizeof question, "Drop %" PRIu64 " dead message%s for good?", dead->request.oldest,
                   dead->request.oldest == 1 ? "" : "s");
    if (dead->request.oldest == 0 || releve_ask(question))
        return RELEVE_OK;
    return releve_fail(error, RELEVE_E_INTERRUPTED, "nothing was dropped");
}

/* How it ended, for people; returns the exit code. */
static enum releve_code sum_up(const struct dead *dead)
{
    enum releve_code code = dead->counts[RELEVE_DEAD_KEPT] > 0 ? RELEVE_E_PARTIAL : RELEVE_OK;
    uint64_t all = 0;
    for (int fate = 0; fate < RELEVE_DEAD_FATES; fate++)
        all += dead->counts[fate];
    for (size_t i = 0; i < dead->request.ids_count; i++)
        if (!dead->seen[i]) {
            fprintf(stderr, "releve: no dead message has the id %s; releve dead lists them\n", dead->ids[i]);
            code = RELEVE_E_PARTIAL;
        }
    if (all == 0 && dead->request.ids_count == 0)
        fprintf(stderr, "releve: Redis at %s, prefix %s: no dead messages\n", dead->config.redis.address,
                dead->config.prefix);
    else if (dead->task == LIST && !dead->json && dead->terminal.is_one)
        printf("%" PRIu64 " message%s; releve dead show ID has all of one\n", all, all == 1 ? "" : "s");
    return code;
}

/* --- the command line --------------------------------------------------------------------------------------------- */

static enum releve_code read_id(struct dead *dead, char *word, struct releve_error *error)
{
    size_t length = strlen(word);
    for (size_t i = 0; i < length; i++)
        word[i] = (char)tolower((unsigned char)word[i]);
    if (length != RELEVE_DEAD_ID_CHARACTERS || strspn(word, "0123456789abcdef") != length)
        return releve_fail(error, RELEVE_E_USAGE,
                           "dead %s: \"%.40s\" is no id: it has %d hexadecimal digits, as releve dead lists them",
                           tasks[dead->task], word, RELEVE_DEAD_ID_CHARACTERS);
    if (dead->request.ids_count == RELEVE_DEAD_IDS_MAX)
        return releve_fail(error, RELEVE_E_USAGE, "dead %s: at most %d ids in one command, or --all", tasks[dead->task],
                           RELEVE_DEAD_IDS_MAX);
    dead->ids[dead->request.ids_count++] = word;
    return RELEVE_OK;
}

static enum releve_code read_word(struct dead *dead, bool first, char *word, struct releve_error *error)
{
    char suggestion[RELEVE_SUGGEST_TEXT];
    if (!first)
        return read_id(dead, word, error);
    int task = releve_name_find(tasks, TASKS, word, strlen(word));
    if (task < 0)
        return releve_fail(error, RELEVE_E_USAGE, "dead \"%.40s\": say list, show, requeue or drop%s", word,
                           releve_suggest_format(word, strlen(word), tasks, TASKS, suggestion));
    dead->task = (enum task)task;
    return RELEVE_OK;
}

/* What is to be done, and ids: the words that are no options and no values of them. They are taken out of the command
 * line. */
static enum releve_code read_words(struct dead *dead, int *argc, char **argv, struct releve_error *error)
{
    int kept = 1;
    bool first = true;
    for (int i = 1; i < *argc; i++) {
        bool is_value = strcmp(argv[i - 1], "--queue") == 0;
        if (argv[i][0] == '-' || is_value) {
            argv[kept++] = argv[i];
            continue;
        }
        if (read_word(dead, first, argv[i], error) != RELEVE_OK)
            return error->code;
        first = false;
    }
    *argc = kept;
    return RELEVE_OK;
}

static const struct option options[] = {
    {"all", no_argument, NULL, 'a'},
    {"queue", required_argument, NULL, 'q'},
    {"yes", no_argument, NULL, 'y'},
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

static enum releve_code apply_option(void *data, int option, const char *value, struct releve_error *error)
{
    struct dead *dead = data;
    if (option == 'q') {
        dead->request.has_class = true;
        if (!releve_class_parse(value, strlen(value), &dead->request.class_))
            return releve_fail(error, RELEVE_E_USAGE, "--queue \"%.40s\": say high, normal or low", value);
    }
    dead->all = dead->all || option == 'a';
    dead->yes = dead->yes || option == 'y';
    dead->json = dead->json || option == 'j';
    return RELEVE_OK;
}

static enum releve_code check(const struct dead *dead, struct releve_error *error)
{
    const char *task = tasks[dead->task];
    bool changes = dead->task == REQUEUE || dead->task == DROP;
    if (dead->task == LIST && dead->request.ids_count > 0)
        return releve_fail(error, RELEVE_E_USAGE, "dead list: has all of them: releve dead show ID has one");
    if (dead->task == SHOW && dead->request.ids_count == 0)
        return releve_fail(error, RELEVE_E_USAGE, "dead show: say which: an id, as releve dead lists them");
    if (changes && dead->all == (dead->request.ids_count > 0))
        return releve_fail(error, RELEVE_E_USAGE, "dead %s: say which: ids, as releve dead lists them, or --all", task);
    const struct {
        bool wrong;
        const char *option, *tasks;
    } options_for[] = {{dead->all && !changes, "all", "requeue and drop"},
                       {dead->yes && dead->task != DROP, "yes", "drop"},
                       {dead->request.has_class && dead->task != REQUEUE, "queue", "requeue"},
                       {dead->json && changes, "json", "list and show"}};
    for (size_t i = 0; i < sizeof options_for / sizeof options_for[0]; i++)
        if (options_for[i].wrong)
            return releve_fail(error, RELEVE_E_USAGE, "dead %s: --%s is for %s", task, options_for[i].option,
                               options_for[i].tasks);
    if (dead->task == DROP && dead->all && !dead->yes && !releve_ask_can())
        return releve_fail(error, RELEVE_E_USAGE,
                           "dead drop --all: they are gone then, and there is no terminal to ask on: say --yes");
    return RELEVE_OK;
}

static int dead_main(int argc, char **argv)
{
    static const enum releve_dead_operation operations[TASKS] = {RELEVE_DEAD_LOOK, RELEVE_DEAD_LOOK,
                                                                 RELEVE_DEAD_REQUEUE, RELEVE_DEAD_DROP};
    static struct dead dead;
    struct releve_error error = {0};
    if (read_words(&dead, &argc, argv, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    int wrong = releve_command_parse("dead", argc, argv, options, apply_option, &dead);
    if (wrong != 0)
        return wrong;
    if (check(&dead, &error) != RELEVE_OK || releve_config_load(&dead.config, false, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    dead.request.ids = dead.ids;
    if (dead.task == DROP && dead.all && !dead.yes && confirm(&dead, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    dead.request.operation = operations[dead.task];
    dead.terminal = releve_terminal_look(STDOUT_FILENO);
    if (releve_lookup_run(&dead.lookup, &dead.config, false, start, &dead, &error) != RELEVE_OK) {
        (void)fflush(stdout);
        return releve_command_fail(&error);
    }
    return releve_command_flush(releve_code_exit(sum_up(&dead)));
}

const struct releve_command releve_command_dead = {
    .name = "dead",
    .summary = "messages that could not be a job: list, show, put back, drop",
    .help = "[list] [--json]\n"
            "       releve dead show ID... [--json]\n"
            "       releve dead requeue ID...|--all [--queue high|normal|low]\n"
            "       releve dead drop ID...|--all [--yes]\n"
            "\n"
            "What a worker finds in a queue and cannot read as a job lies in\n"
            "{releve}:jobs:dead, with the reason (docs/redis.md). Lists these messages,\n"
            "newest first, shows all of one, puts some back into the queue that they came\n"
            "from (where what was wrong is put right; else they come back), or drops them. An\n"
            "id is made from what the message is: equal ones share it. Of a message that was\n"
            "too long or not ASCII not all is kept: it is not put back. Never sends a\n"
            "request.\n"
            "\n"
            "options:\n"
            "  --all              all of them\n"
            "  --queue high|normal|low  put them into that queue\n"
            "  --yes              do not ask before all are dropped; required where there is\n"
            "                     no terminal\n"
            "  --json             one JSON object a line: id, raw, error, queue, at; whole:\n"
            "                     false where raw is not all\n"
            "\n"
            "exit codes: 0 done; 1 an id is not there, or a message could not be put back;\n"
            "            2, 4 as in releve --help; 130 not confirmed\n",
    .run = dead_main,
};
