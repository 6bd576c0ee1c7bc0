/* releve: finds the command and runs it. */
#include "command.h"
#include "interrupt.h"
#include "suggest.h"
#include <getopt.h>
#include <malloc.h>
#include <poll.h>
#include <releve/core.h>
#include <releve/usage_point.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct releve_command *const commands[] = {
    &releve_command_backfill, &releve_command_plan,        &releve_command_get,     &releve_command_show,
    &releve_command_export,   &releve_command_coverage,    &releve_command_verify,  &releve_command_points,
    &releve_command_forget,   &releve_command_consent_url, &releve_command_consent, &releve_command_enqueue,
    &releve_command_worker,   &releve_command_status,      &releve_command_serve,   &releve_command_dead,
    &releve_command_token,    &releve_command_doctor,      &releve_command_bench,   &releve_command_sandbox,
};
#define KEPT_BYTES (16 * 1024 * 1024) /* free memory that is not given back to the kernel */
#define COMMANDS (sizeof commands / sizeof commands[0])

static const char introduction[] = "releve: fetches Linky data from Enedis for many usage points, within the\n"
                                   "quotas, into Redis.\n"
                                   "\n"
                                   "usage: releve COMMAND [OPTION]...\n"
                                   "       releve help COMMAND\n"
                                   "\n"
                                   "What fetches can be interrupted at any time: what came is kept, and the same\n"
                                   "command goes on from there. Results go to standard output, everything else to\n"
                                   "standard error.\n"
                                   "\n"
                                   "options:\n"
                                   "  -h, --help                this text; behind a COMMAND: what it does, and its\n"
                                   "                            options\n"
                                   "  -V, --version             the version\n"
                                   "\n"
                                   "commands:\n";

static const char configuration[] = "\n"
                                    "configuration (in the environment, which wins, or in a .env file):\n"
                                    "  CLIENT_ID, CLIENT_SECRET  the application's credentials; CLIENT_SECRET_FILE\n"
                                    "                            instead of CLIENT_SECRET names a file whose first\n"
                                    "                            line is the secret; both at once are refused\n"
                                    "  CONSO_TOKEN               for private persons: the token that conso.boris.sh\n"
                                    "                            gives; no CLIENT_ID then\n"
                                    "  RELEVE_UPSTREAM           production, sandbox (Enedis's own), conso, or a\n"
                                    "                            base URL such as http://127.0.0.1:8750\n"
                                    "  RELEVE_API                2026, v5 or conso (default 2026; conso for that\n"
                                    "                            upstream)\n"
                                    "  RELEVE_QUOTA              N/DURATION[,N/DURATION] or none (default\n"
                                    "                            5/1s,1000/1h; conso: 1/1s,200/1h)\n"
                                    "  RELEVE_REDIS              redis://[user:password@]host[:port][/db],\n"
                                    "                            unix://[user:password@]/path[?db=N],\n"
                                    "                            redis+sentinel://[user:password@]HOSTS/NAME[/db],\n"
                                    "                            redis+cluster://[user:password@]HOSTS (HOSTS is\n"
                                    "                            host[:port][,host[:port]...]), or embedded[:DIR]\n"
                                    "                            (default; DIR is ~/.local/share/releve).\n"
                                    "                            ?replicas=N at the end: how many replicas must have\n"
                                    "                            what is written (default 1 with sentinels and of a\n"
                                    "                            cluster, else 0). sentinel-password=...: what the\n"
                                    "                            sentinels want themselves. In a password /, ?, #\n"
                                    "                            and % are %2F, %3F, %23 and %25. One application,\n"
                                    "                            one Redis and prefix: two of them are two quotas\n"
                                    "  RELEVE_PREFIX             prefix of every key (default releve); belongs to\n"
                                    "                            the RELEVE_UPSTREAM that used it first\n"
                                    "  RELEVE_KEEP               how long days are kept: KIND:DAYSd[,KIND:DAYSd],\n"
                                    "                            30d or more; older ones are not fetched (default:\n"
                                    "                            for ever)\n"
                                    "  RELEVE_TODAY              pretend that today is this day, YYYY-MM-DD\n"
                                    "  RELEVE_LOG                error, warn, info or debug (default info)\n"
                                    "\n"
                                    "exit codes: 0 everything obtained; 1 some days failed, or upstream cannot be\n"
                                    "            used; 2 wrong usage or configuration (another sort of Redis than\n"
                                    "            RELEVE_REDIS says, too); 3 credentials refused; 4 Redis cannot be\n"
                                    "            used (not there, or it refuses); 130 interrupted (the same command\n"
                                    "            resumes)\n";

static void print_help(FILE *out)
{
    fputs(introduction, out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-11s  %s\n", commands[i]->name, commands[i]->summary);
    fputs(configuration, out);
}

int releve_command_fail(const struct releve_error *error)
{
    fprintf(stderr, "releve: %s\n", error->text);
    return releve_code_exit(error->code);
}

/* A wrong command line, with where to find help. */
static int __attribute__((format(printf, 2, 3))) refuse_usage(const char *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "releve %s: ", command);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "; see releve %s --help\n", command);
    va_end(arguments);
    return releve_code_exit(RELEVE_E_USAGE);
}

/* An argument that is no option. */
static int refuse_stray(const char *command, const struct option *options, const char *word)
{
    releve_prm prm;
    if (releve_prm_parse(word, strlen(word), &prm))
        return refuse_usage(command, "a usage point is given as --prm %.40s", word);
    releve_kinds kinds;
    for (; options->name != NULL; options++)
        if (strcmp(options->name, "kind") == 0 && releve_kinds_parse(word, strcspn(word, ","), &kinds))
            return refuse_usage(command, "a kind is given as --kind %.60s", word);
    return refuse_usage(command, "\"%.40s\" is no option", word);
}

enum releve_code releve_command_priority(const char *value, enum releve_class *class_, struct releve_error *error)
{
    if (releve_class_parse(value, strlen(value), class_))
        return RELEVE_OK;
    return releve_fail(error, RELEVE_E_USAGE, "--priority \"%.40s\": say high, normal or low", value);
}

enum releve_code releve_command_concurrency(const char *value, unsigned *concurrency, struct releve_error *error)
{
    char *end;
    unsigned long number = strtoul(value, &end, 10);
    if (*value < '0' || *value > '9' || *end != '\0' || strlen(value) > 4 || number < 1 ||
        number > RELEVE_CONCURRENCY_MAX)
        return releve_fail(error, RELEVE_E_USAGE, "--concurrency \"%.40s\": say a number from 1 to %d", value,
                           RELEVE_CONCURRENCY_MAX);
    *concurrency = (unsigned)number;
    return RELEVE_OK;
}

bool releve_command_is_unread(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO};
    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

int releve_command_flush(int code)
{
    struct releve_error error;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    if (releve_command_is_unread()) /* as a program ends that does not ignore the signal */
        return 128 + SIGPIPE;
    releve_fail(&error, RELEVE_E_SYSTEM, "standard output cannot be written");
    return releve_command_fail(&error);
}

/* getopt's '?' and ':' in one clear line. */
static int refuse_option(const char *command, int argc, char **argv, const struct option *options, int result)
{
    const char *word = optind > 0 && optind <= argc ? argv[optind - 1] : "", *words[RELEVE_SUGGEST_WORDS_MAX];
    if (result == ':')
        return refuse_usage(command, "option %s needs a value", word);
    size_t count = 0;
    for (; count < RELEVE_SUGGEST_WORDS_MAX && options[count].name != NULL; count++)
        words[count] = options[count].name;
    const char *meant =
        strncmp(word, "--", 2) == 0 ? releve_suggest(word + 2, strcspn(word + 2, "="), words, count) : NULL;
    if (meant != NULL)
        return refuse_usage(command, "unknown option %.60s (did you mean --%s?)", word, meant);
    return refuse_usage(command, "unknown option %.60s", word);
}

int releve_command_parse(const char *command, int argc, char **argv, const struct option *options,
                         enum releve_code (*apply)(void *data, int option, const char *value,
                                                   struct releve_error *error),
                         void *data)
{
    struct releve_error error;
    int option;
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (option == '?' || option == ':')
            return refuse_option(command, argc, argv, options, option);
        if (optarg != NULL && optarg == argv[optind - 1] && strncmp(optarg, "--", 2) == 0) /* no value begins so */
            return refuse_usage(command, "option %.60s needs a value", argv[optind - 2]);
        if (apply(data, option, optarg, &error) != RELEVE_OK)
            return releve_command_fail(&error);
    }
    return optind < argc ? refuse_stray(command, options, argv[optind]) : 0;
}

static int print_help_of(const struct releve_command *command)
{
    printf("usage: releve %s %s", command->name, command->help);
    return releve_command_flush(0);
}

static int run(const struct releve_command *command, int argc, char **argv)
{
    for (int i = 1; command->help != NULL && i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return print_help_of(command);
    releve_interrupt_at_once(command);
    opterr = 0; /* getopt prints nothing: the message is ours, and one line */
    optind = 1;
    return command->run(argc, argv);
}

/* No core dump of this process or of what it starts: its memory holds secrets and tokens. With a limit of one byte the
 * kernel writes no file, which takes a page at least, and starts no handler either, which a limit of zero would not
 * prevent (core(5)). Where the hard limit is zero it stays. */
static void forbid_core_dumps(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max >= 1)
        (void)setrlimit(RLIMIT_CORE, &(struct rlimit){.rlim_cur = 1, .rlim_max = 1}); /* lowering is always allowed */
}

/* Answers come and go at the top of the heap. By default glibc gives that back to the kernel after each of them, and
 * faults it in again for the next. */
static void keep_memory(void)
{
#ifdef M_TRIM_THRESHOLD
    (void)mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    (void)mallopt(M_TOP_PAD, KEPT_BYTES / 16);
#endif
}

static const struct releve_command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i]->name) == 0)
            return commands[i];
    const char *words[COMMANDS + 3] = {"help", "--help", "--version"};
    char suggestion[RELEVE_SUGGEST_TEXT];
    for (size_t i = 0; i < COMMANDS; i++)
        words[3 + i] = commands[i]->name;
    fprintf(stderr, "releve: unknown %s \"%.40s\"%s; see releve --help\n", name[0] == '-' ? "option" : "command", name,
            releve_suggest_format(name, strlen(name), words, COMMANDS + 3, suggestion));
    return NULL;
}

/* releve help COMMAND. Of a command that has a --help of its own: that. */
static int help_about(const char *name)
{
    char *arguments[] = {(char *)(uintptr_t)name, (char *)(uintptr_t) "--help", NULL};
    const struct releve_command *command = find_command(name);
    if (command == NULL)
        return releve_code_exit(RELEVE_E_USAGE);
    return command->help != NULL ? print_help_of(command) : run(command, 2, arguments);
}

static bool is_one_of(const char *word, const char *a, const char *b, const char *c)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0;
}

int main(int argc, char **argv)
{
    releve_interrupt_at_once(NULL);
    forbid_core_dumps();
    keep_memory();
    (void)signal(SIGPIPE, SIG_IGN); /* a peer that goes away is an error code, not the end */
    if (argc < 2) {
        print_help(stderr);
        return releve_code_exit(RELEVE_E_USAGE);
    }
    if (is_one_of(argv[1], "--help", "-h", "help")) {
        if (argc > 2 && strcmp(argv[1], "help") == 0)
            return help_about(argv[2]);
        print_help(stdout);
        return releve_command_flush(0);
    }
    if (is_one_of(argv[1], "--version", "-V", "version")) {
        printf("releve %s\n", RELEVE_VERSION);
        return releve_command_flush(0);
    }
    const struct releve_command *command = find_command(argv[1]);
    return command != NULL ? run(command, argc - 1, argv + 1) : releve_code_exit(RELEVE_E_USAGE);
}
