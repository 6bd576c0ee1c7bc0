/* How fast answers are parsed and judged: bodies as the simulator writes them, through both dialects, one core.
 *
 *     bodies [MILLISECONDS]      how long each kind of body is judged, 2000 unless told
 *
 * The bodies are those of the largest requests: 7 days of a load curve, 365 days of energy and of maximum power. There
 * is no bound: 1000 bodies an hour is what the quota lets in. */
#include "adapters/sandbox/bodies.h"
#include "adapters/enedis/enedis.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define PRM ((releve_prm)30000000000000)
#define RUN_MS_DEFAULT 2000
#define RUN_MS_MAX 600000
#define BATCH 64 /* bodies between two looks at the clock */

static const struct {
    const char *title;
    enum releve_kind kind;
    int days;
} shapes[] = {
    {"7 days of a load curve", RELEVE_CONSUMPTION_LOAD_CURVE, 7},
    {"365 days of energy", RELEVE_DAILY_CONSUMPTION, 365},
    {"365 days of maximum power", RELEVE_DAILY_CONSUMPTION_MAX_POWER, 365},
};

static void write_body(enum sandbox_generation generation, enum releve_kind kind, struct releve_span span,
                       struct sandbox_answer *answer)
{
    const struct sandbox_settings settings = {.seed = 1};
    const struct sandbox_points nobody = {NULL};
    struct sandbox_measure measure = {.generation = generation,
                                      .kind = kind,
                                      .settings = &settings,
                                      .own = sandbox_points_find(&nobody, PRM),
                                      .published_end = span.end,
                                      .label = PRM,
                                      .fault = SANDBOX_UNSPOILED};
    measure.asked.span = span;
    sandbox_answer_init(answer);
    if (!sandbox_client_find(PRM, 1, &measure.asked.client) || !sandbox_body_write(&measure, answer)) {
        fprintf(stderr, "bodies: the simulator wrote no body\n");
        exit(1);
    }
}

/* Judges the body once; ends the program where a day is lost, for then its speed means nothing. */
static void judge(const struct releve_dialect *dialect, enum releve_kind kind, struct releve_span span,
                  const struct releve_exchange_response *response)
{
    struct releve_answer answer;
    dialect->judge(kind, PRM, span, response, 0, &answer);
    if (answer.verdict != RELEVE_DATA || answer.readings_count != (size_t)releve_span_days(span)) {
        fprintf(stderr, "bodies: %s: %zu of %d days: %s\n", dialect->name, answer.readings_count,
                releve_span_days(span), answer.reason.text);
        exit(1);
    }
    releve_dialect_answer_free(&answer);
}

static void measure_shape(size_t shape, enum sandbox_generation generation, uint64_t run_ms)
{
    const struct releve_dialect *dialect = generation == SANDBOX_V5 ? &releve_dialect_v5 : &releve_dialect_2026;
    releve_day end = releve_day_from_civil(2026, 7, 1);
    struct releve_span span = {end - shapes[shape].days, end};
    struct sandbox_answer answer;
    write_body(generation, shapes[shape].kind, span, &answer);
    char *body = strndup(answer.body.bytes, answer.body.length); /* the transport ends bodies with a NUL */
    if (body == NULL)
        abort();
    struct releve_exchange_response response = {.outcome = RELEVE_EXCHANGE_ANSWERED,
                                                .status = 200,
                                                .body = body,
                                                .body_bytes = answer.body.length,
                                                .content_type = answer.content_type,
                                                .retry_after = ""};
    uint64_t begin = uv_hrtime(), now = begin, bodies = 0;
    while (now - begin < run_ms * 1000000) {
        for (int i = 0; i < BATCH; i++)
            judge(dialect, shapes[shape].kind, span, &response);
        bodies += BATCH;
        now = uv_hrtime();
    }
    double seconds = (double)(now - begin) / 1e9;
    char title[80];
    (void)snprintf(title, sizeof title, "%s, %s, %zu bytes", shapes[shape].title, dialect->name, response.body_bytes);
    printf("%-58s %10.0f bodies/s, %.0f MB/s\n", title, (double)bodies / seconds,
           (double)bodies * (double)response.body_bytes / seconds / 1e6);
    free(body);
    sandbox_answer_free(&answer);
}

int main(int argc, char **argv)
{
    unsigned long run_ms = argc > 1 ? strtoul(argv[1], NULL, 10) : RUN_MS_DEFAULT;
    if (argc > 2 || run_ms < 1 || run_ms > RUN_MS_MAX) {
        fprintf(stderr, "usage: bodies [MILLISECONDS]\n");
        return 2;
    }
    for (size_t shape = 0; shape < sizeof shapes / sizeof shapes[0]; shape++) {
        measure_shape(shape, SANDBOX_V5, run_ms);
        measure_shape(shape, SANDBOX_2026, run_ms);
    }
    return 0;
}
