/* The command: flags, the line that says where it listens, and its lifetime. */
#include "sandbox.h"
#include "clients.h"
#include "gateway.h"
#include "visit.h"
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_LISTEN "127.0.0.1:8750"
#define DEFAULT_QUOTA "5/1s,1000/1h"
#define CONNECTIONS_MAX (SANDBOX_WAITING_MAX + 1000u)
#define CONNECTION_BYTES 16384u /* what one connection may use for its headers */
#define IDLE_S 120u             /* a silent connection is closed after */

static const char help[] = "usage: releve sandbox [OPTION]...\n"
                           "\n"
                           "Simulates Enedis on this machine: both generations of the API, the token\n"
                           "endpoint and the quotas, for trying releve without credentials. Serves until it\n"
                           "is interrupted. Any CLIENT_ID and CLIENT_SECRET will do, but\n"
                           "the secret \"" SANDBOX_SECRET_REFUSED "\" is refused.\n"
                           "\n"
                           "options:\n"
                           "  --listen HOST:PORT        a loopback address; port 0 picks a free one\n"
                           "                            (" DEFAULT_LISTEN ")\n"
                           "  --api v5|2026|both        which generations (both)\n"
                           "  --quota Q                 N/DURATION[,N/DURATION], or none (" DEFAULT_QUOTA ")\n"
                           "  --today D                 pretend that it is noon of this day in Paris\n"
                           "                            (RELEVE_TODAY, else the real clock)\n"
                           "  --latency MS[:JITTER_MS]  how long each request takes (0)\n"
                           "  --population N            N more usage points, 30000000000000 and on; at most\n"
                           "                            1000000 (0)\n"
                           "  --seed N                  of the values, faults and delays (1)\n"
                           "  --fault FAULT=RATE        spoil this share of the answers, 0 to 1; may be\n"
                           "                            given again\n"
                           "  --unsubscribed API[,API]  these answer 403 900908: comptage_auto,\n"
                           "                            synth_contrat_auto, metering_data_dc, ...\n"
                           "\n"
                           "FAULT:\n"
                           "  error500, error502html, reset, timeout, truncate, throttle200, wrongprm,\n"
                           "  garbage, cut, wronglength, endless, slow, duplicate, missing, unsorted,\n"
                           "  extraday, absurd\n"
                           "                            what each does to an answer: docs/sandbox.md, Faults\n"
                           "\n"
                           "GET /__sandbox/stats tells what arrived; POST /__sandbox/control changes\n"
                           "settings and plays what upstream was seen to do (docs/sandbox.md); POST\n"
                           "/__sandbox/reset clears the counts.\n";

struct command {
    struct sandbox_settings settings;
    struct releve_httpd_address address;
    bool help;
};

/* --- flags ------------------------------------------------------------------------------------ */

static enum releve_code read_listen(const char *text, struct command *command, struct releve_error *error)
{
    if (releve_httpd_read_address(text, DEFAULT_LISTEN, &command->address, error) == RELEVE_OK &&
        !command->address.is_loopback)
        return releve_fail(error, RELEVE_E_USAGE,
                           "--listen %.80s: the simulator listens on loopback only: 127.0.0.1, localhost or [::1]",
                           text);
    return error->code;
}

static enum releve_code read_today(const char *text, const char *from, struct command *command,
                                   struct releve_error *error)
{
    if (!releve_day_parse(text, strlen(text), &command->settings.today))
        return releve_fail(error, RELEVE_E_USAGE, "%s %.40s: not a day; write YYYY-MM-DD", from, text);
    return RELEVE_OK;
}

static enum releve_code read_fault(const char *text, struct command *command, struct releve_error *error)
{
    enum sandbox_fault fault;
    size_t length = strcspn(text, "=");
    if (text[length] != '=' || !sandbox_fault_parse(text, length, &fault))
        return releve_fail(error, RELEVE_E_USAGE, "--fault %.60s: write FAULT=RATE; --help names them", text);
    char *end;
    errno = 0;
    double rate = strtod(text + length + 1, &end);
    if (end == text + length + 1 || *end != '\0' || errno != 0 || !(rate >= 0 && rate <= 1))
        return releve_fail(error, RELEVE_E_USAGE, "--fault %.60s: the rate is a number from 0 to 1", text);
    command->settings.faults.rate[fault] = rate;
    return RELEVE_OK;
}

static enum releve_code read_unsubscribed(const char *text, struct command *command, struct releve_error *error)
{
    for (const char *at = text;; at++) {
        size_t length = strcspn(at, ",");
        uint32_t routes = sandbox_routes_of_family(at, length);
        if (routes == 0)
            return releve_fail(error, RELEVE_E_USAGE,
                               "--unsubscribed %.60s: write names of APIs, such as comptage_auto,synth_contrat_auto",
                               text);
        command->settings.unsubscribed |= routes;
        at += length;
        if (*at == '\0')
            return RELEVE_OK;
    }
}

static enum releve_code read_number(const char *flag, const char *text, uint64_t max, uint64_t *number,
                                    struct releve_error *error)
{
    if (!sandbox_number_parse(text, max, number))
        return releve_fail(error, RELEVE_E_USAGE, "%s %.40s: a whole number of at most %llu", flag, text,
                           (unsigned long long)max);
    return RELEVE_OK;
}

static enum releve_code read_flag(int flag, const char *text, struct command *command, struct releve_error *error)
{
    struct sandbox_settings *settings = &command->settings;
    uint64_t number = settings->population;
    enum releve_code code = RELEVE_OK;
    switch (flag) {
    case 'l':
        return read_listen(text, command, error);
    case 'a':
        if (!sandbox_api_parse(text, &settings->api))
            return releve_fail(error, RELEVE_E_USAGE, "--api %.40s: v5, 2026 or both", text);
        return RELEVE_OK;
    case 'q':
        return releve_quota_parse(text, &settings->quota, error);
    case 't':
        return read_today(text, "--today", command, error);
    case 'm':
        if (!sandbox_latency_parse(text, &settings->latency))
            return releve_fail(error, RELEVE_E_USAGE, "--latency %.40s: write MS or MS:JITTER_MS, each at most %d",
                               text, SANDBOX_LATENCY_MS_MAX);
        return RELEVE_OK;
    case 'p':
        code = read_number("--population", text, SANDBOX_POPULATION_MAX, &number, error);
        settings->population = (uint32_t)number;
        return code;
    case 's':
        return read_number("--seed", text, UINT64_MAX, &settings->seed, error);
    case 'f':
        return read_fault(text, command, error);
    case 'u':
        return read_unsubscribed(text, command, error);
    default:
        command->help = true;
        return RELEVE_OK;
    }
}

static enum releve_code read_flags(int argc, char **argv, struct command *command, struct releve_error *error)
{
    static const struct option flags[] = {{"listen", required_argument, NULL, 'l'},
                                          {"api", required_argument, NULL, 'a'},
                                          {"quota", required_argument, NULL, 'q'},
                                          {"today", required_argument, NULL, 't'},
                                          {"latency", required_argument, NULL, 'm'},
                                          {"population", required_argument, NULL, 'p'},
                                          {"seed", required_argument, NULL, 's'},
                                          {"fault", required_argument, NULL, 'f'},
                                          {"unsubscribed", required_argument, NULL, 'u'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    enum releve_code code = read_listen(DEFAULT_LISTEN, command, error);
    assert(code == RELEVE_OK);
    (void)releve_quota_parse(DEFAULT_QUOTA, &command->settings.quota, error);

    optind = 0; /* glibc: begin anew, whatever the caller parsed before */
    for (;;) {
        int before = optind > 0 ? optind : 1;
        int flag = getopt_long(argc, argv, ":h", flags, NULL);
        if (flag == -1)
            break;
        if (flag == ':')
            return releve_fail(error, RELEVE_E_USAGE, "%.60s needs a value; see --help", argv[before]);
        if (flag == '?')
            return releve_fail(error, RELEVE_E_USAGE, "%.60s: no such option; see --help", argv[before]);
        code = read_flag(flag, optarg, command, error);
        if (code != RELEVE_OK)
            return code;
    }
    if (optind < argc)
        return releve_fail(error, RELEVE_E_USAGE, "%.60s: sandbox takes options only; see --help", argv[optind]);
    const char *today = getenv("RELEVE_TODAY");
    if (command->settings.today == RELEVE_DAY_NONE && today != NULL && today[0] != '\0')
        return read_today(today, "RELEVE_TODAY", command, error);
    return RELEVE_OK;
}

/* --- lifetime --------------------------------------------------------------------------------- */

static void on_signal(uv_signal_t *signal, int number)
{
    (void)number;
    uv_stop(signal->loop);
}

static void print_address(const struct command *command, const struct sandbox_gateway *gateway, unsigned port)
{
    char quota[RELEVE_QUOTA_TEXT], today[RELEVE_DAY_TEXT];
    releve_quota_format(&command->settings.quota, quota);
    releve_day_format(sandbox_clock_today(&gateway->clock), today);
    (void)printf("releve sandbox listening on http://%s:%u (api %s, quota %s, today %s)\n", command->address.host, port,
                 sandbox_api_name(command->settings.api), quota, today);
    (void)fflush(stdout);
}

static enum releve_code serve(uv_loop_t *loop, const struct command *command, struct releve_error *error)
{
    static const int numbers[2] = {SIGINT, SIGTERM};
    uv_signal_t signals[2];
    struct sandbox_gateway gateway;
    struct sandbox_hall hall = {.loop = loop, .gateway = &gateway};
    const struct releve_httpd_options options = {.address = (const struct sockaddr *)&command->address.socket,
                                                 .connections_max = CONNECTIONS_MAX,
                                                 .connection_bytes = CONNECTION_BYTES,
                                                 .idle_s = IDLE_S,
                                                 .handle = sandbox_visit_handle,
                                                 .completed = sandbox_visit_completed,
                                                 .connected = sandbox_visit_connected,
                                                 .data = &hall};

    sandbox_gateway_init(&gateway, &command->settings);
    enum releve_code code = releve_httpd_start(&hall.httpd, loop, &options, error);
    if (code != RELEVE_OK) {
        sandbox_gateway_free(&gateway);
        return code;
    }
    for (int i = 0; i < 2; i++) {
        (void)uv_signal_init(loop, &signals[i]);
        (void)uv_signal_start(&signals[i], on_signal, numbers[i]);
    }
    print_address(command, &gateway, releve_httpd_port(hall.httpd));
    (void)uv_run(loop, UV_RUN_DEFAULT);

    for (int i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&signals[i], NULL);
    sandbox_visit_abandon_all(&hall);
    releve_httpd_stop(hall.httpd);
    assert(hall.visits == NULL);
    (void)uv_run(loop, UV_RUN_DEFAULT); /* until every handle is closed */
    sandbox_gateway_free(&gateway);
    return RELEVE_OK;
}

int releve_sandbox_main(int argc, char **argv)
{
    struct command command = {.settings = {.api = SANDBOX_API_BOTH,
                                           .today = RELEVE_DAY_NONE,
                                           .seed = 1,
                                           .services_page = SANDBOX_SERVICES_PAGE,
                                           .slow_ms = SANDBOX_SLOW_MS}};
    struct releve_error error = {.text = ""};
    uv_loop_t loop;

    (void)signal(SIGPIPE, SIG_IGN);
    enum releve_code code = read_flags(argc, argv, &command, &error);
    if (code == RELEVE_OK && command.help) {
        (void)fputs(help, stdout);
        return 0;
    }
    if (code == RELEVE_OK && uv_loop_init(&loop) != 0)
        code = releve_fail(&error, RELEVE_E_SYSTEM, "no event loop: out of memory or descriptors");
    else if (code == RELEVE_OK) {
        code = serve(&loop, &command, &error);
        int busy = uv_loop_close(&loop);
        assert(busy == 0);
        (void)busy;
    }
    if (code != RELEVE_OK)
        (void)fprintf(stderr, "releve sandbox: %s\n", error.text);
    return releve_code_exit(code);
}
