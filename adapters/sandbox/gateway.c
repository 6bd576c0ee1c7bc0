/* What happens to an arrival, step by step. */
#include "gateway.h"
#include "bodies.h"
#include "chance.h"
#include "conso.h"
#include "documents.h"
#include "rules.h"
#include "services.h"
#include <assert.h>
#include <string.h>
#include <strings.h>

#define BEARER "Bearer "
#define MINUTE_QUOTA_MS RELEVE_MINUTE_MS /* windows from here on are what v5 calls Q4, shorter ones Q3 */
#define GARBAGE_BYTES 96

/* For the fault `wrongprm`: the body names the first of these, or the second if the first was asked for. */
#define OTHER_PRM SANDBOX_CLIENT_0
#define ANOTHER_PRM UINT64_C(11453290002823)
#define NOBODYS_PRM UINT64_C(99999999999990) /* among services of many */

const char *sandbox_parameter_name(enum sandbox_parameter parameter)
{
    static const char *const names[SANDBOX_PARAMETERS] = {
        "usage_point_id", "start", "end", "pointId", "dateDebut", "dateFin", "mesuresPas", "grandeurPhysique"};
    assert(parameter < SANDBOX_PARAMETERS);
    return names[parameter];
}

void sandbox_gateway_init(struct sandbox_gateway *gateway, const struct sandbox_settings *settings)
{
    *gateway = (struct sandbox_gateway){.settings = *settings, .tokens = {.seed = settings->seed}};
    sandbox_clock_set(&gateway->clock, settings->today);
    sandbox_audit_init(&gateway->audit, &settings->quota);
}

void sandbox_gateway_free(struct sandbox_gateway *gateway)
{
    sandbox_audit_free(&gateway->audit);
    sandbox_tokens_expire(&gateway->tokens);
    sandbox_points_free(&gateway->points);
    gateway->stats.in_flight = 0;
    sandbox_stats_reset(&gateway->stats);
}

void sandbox_gateway_reset(struct sandbox_gateway *gateway)
{
    sandbox_audit_reset(&gateway->audit);
    sandbox_stats_reset(&gateway->stats);
    sandbox_points_reset(&gateway->points);
}

void sandbox_gateway_delivered(struct sandbox_gateway *gateway, const struct sandbox_answer *answer)
{
    if (answer->spoiled == SANDBOX_UNSPOILED && answer->served.days > 0)
        sandbox_stats_served(&gateway->stats, &answer->served);
}

/* A fixed choice for the n-th violation, so that every documented form is met. */
static void throttle(struct sandbox_gateway *gateway, const struct releve_window *window, bool v5,
                     struct sandbox_answer *answer)
{
    releve_time now = sandbox_clock_real();
    releve_time until = now - now % window->span_ms + window->span_ms; /* aligned to the clock, as seen */
    uint64_t number = gateway->audit.violations;
    uint64_t chance = sandbox_chance(gateway->settings.seed, SANDBOX_TOPIC_THROTTLE, number);
    enum sandbox_throttle form = SANDBOX_THROTTLE_WSO2;
    if (v5 && number % 2 == 0) {
        form = window->span_ms >= MINUTE_QUOTA_MS ? SANDBOX_THROTTLE_Q4 : SANDBOX_THROTTLE_Q3;
        if (form == SANDBOX_THROTTLE_Q4 && chance % 4 == 0)
            form = SANDBOX_THROTTLE_NONSENSE;
    } else if (!v5 && chance % 4 == 0) {
        form = SANDBOX_THROTTLE_SLA;
    } else if (!v5 && chance % 4 == 1) {
        form = SANDBOX_THROTTLE_WSO2_AND_RETRY_AFTER;
    }
    sandbox_answer_throttle(answer, form, now, until);
}

/* What is no path of an API. */
static void answer_nowhere(struct sandbox_answer *answer)
{
    sandbox_answer_page(answer, 404, "404 Not Found: the requested URL was rejected");
}

static void write_garbage(struct sandbox_gateway *gateway, struct sandbox_answer *answer)
{
    sandbox_answer_clear(answer);
    releve_text_puts(&answer->body, "%"); /* no JSON value begins so */
    for (uint64_t i = 1; i < GARBAGE_BYTES; i++) {
        char byte = (char)sandbox_chance(gateway->settings.seed, SANDBOX_TOPIC_GARBAGE,
                                         gateway->data_requests * GARBAGE_BYTES + i);
        releve_text_add(&answer->body, &byte, 1);
    }
}

/* Credentials where this endpoint looks for them. */
static bool has_credentials(const struct sandbox_gateway *gateway, const struct sandbox_request *request)
{
    enum sandbox_token_form form = gateway->settings.token_form;
    if (form == SANDBOX_TOKEN_BASIC ? !request->basic : form == SANDBOX_TOKEN_BODY && request->basic)
        return false;
    return request->client_id[0] != '\0' && request->client_secret[0] != '\0' &&
           strcmp(request->client_secret, SANDBOX_SECRET_REFUSED) != 0;
}

static void write_token(struct sandbox_gateway *gateway, struct sandbox_answer *answer)
{
    char token[SANDBOX_TOKEN_BYTES];
    const char *name = gateway->settings.token_answer == SANDBOX_TOKEN_NAMELESS ? "token" : "access_token";
    sandbox_tokens_issue(&gateway->tokens, sandbox_clock_now(&gateway->clock), token);
    gateway->stats.tokens += gateway->settings.token_answer == SANDBOX_TOKEN_GOOD;
    releve_text_format(&answer->body,
                       "{\"%s\":\"%s\",\"scope\":\"am_application_scope default\",\"token_type\":\"Bearer\","
                       "\"expires_in\":%d}",
                       name, token, SANDBOX_TOKEN_LIFE_S);
}

static void answer_token(struct sandbox_gateway *gateway, const struct sandbox_request *request,
                         struct sandbox_answer *answer)
{
    static const struct sandbox_refusal no_grant = {400, "unsupported_grant_type", "Unsupported grant_type value",
                                                    NULL};
    static const struct sandbox_refusal no_client = {401, "invalid_client", "Client Authentication failed.", NULL};
    if (gateway->settings.token_answer == SANDBOX_TOKEN_NOT_FOUND)
        answer_nowhere(answer);
    else if (strcmp(request->method, "POST") != 0)
        sandbox_answer_gateway(answer, 405, "900905", "Method not allowed", "The token endpoint takes POST");
    else if (strcmp(request->grant_type, "client_credentials") != 0)
        sandbox_answer_refuse(answer, &no_grant, SANDBOX_ERROR_CLASSIC);
    else if (!has_credentials(gateway, request))
        sandbox_answer_refuse(answer, &no_client, SANDBOX_ERROR_CLASSIC);
    else if (gateway->settings.token_answer == SANDBOX_TOKEN_GARBAGE)
        write_garbage(gateway, answer);
    else
        write_token(gateway, answer);
}

static bool authorized(const struct sandbox_gateway *gateway, const struct sandbox_request *request)
{
    const char *header = request->authorization;
    return header != NULL && strncasecmp(header, BEARER, strlen(BEARER)) == 0 &&
           sandbox_tokens_valid(&gateway->tokens, header + strlen(BEARER), sandbox_clock_now(&gateway->clock));
}

/* What a data request is about, before anything is judged: the PRM where it is one, for faults of its own. */
static const char *prm_text_of(const struct sandbox_route *route, const struct sandbox_request *request,
                               const char *rest)
{
    if (route->generation == SANDBOX_V5)
        return request->parameters[SANDBOX_USAGE_POINT_ID];
    if (route->service == SANDBOX_MEASURE)
        return request->parameters[SANDBOX_POINT_ID];
    return rest[0] == '/' && rest[1] != '\0' ? rest + 1 : NULL;
}

static bool find_prm(const struct sandbox_route *route, const struct sandbox_request *request, const char *rest,
                     releve_prm *prm)
{
    const char *text = prm_text_of(route, request, rest);
    return text != NULL && releve_prm_parse(text, strlen(text), prm);
}

static void count_request(struct sandbox_gateway *gateway, const struct sandbox_route *route,
                          const struct sandbox_request *request, const char *rest)
{
    releve_prm prm;
    if (find_prm(route, request, rest, &prm))
        sandbox_points_count(&gateway->points, prm,
                             route->service == SANDBOX_MEASURE ? (int)route->kind : RELEVE_MEASURES);
}

/* The faults that this usage point has of its own for such a request; NULL: none. */
static const struct sandbox_faults *own_faults(const struct sandbox_gateway *gateway, const struct sandbox_route *route,
                                               const struct sandbox_request *request, const char *rest)
{
    releve_prm prm;
    enum sandbox_aspect aspect = SANDBOX_DOCUMENTED;
    if (route->service == SANDBOX_MEASURE)
        aspect = (enum sandbox_aspect)releve_kind_facts(route->kind)->direction;
    return find_prm(route, request, rest, &prm) ? &sandbox_points_find(&gateway->points, prm)->faults[aspect] : NULL;
}

/* The fault that this data request meets, or SANDBOX_UNSPOILED. */
static enum sandbox_fault draw_fault(struct sandbox_gateway *gateway, const struct sandbox_faults *own)
{
    uint64_t number = gateway->data_requests++;
    for (int i = 0; i < SANDBOX_FAULTS; i++) {
        double rate = gateway->settings.faults.rate[i];
        if (own != NULL && own->rate[i] > rate)
            rate = own->rate[i];
        uint64_t chance =
            sandbox_chance(gateway->settings.seed, SANDBOX_TOPIC_FAULT, number * SANDBOX_FAULTS + (uint64_t)i);
        if (sandbox_fraction(chance) < rate)
            return (enum sandbox_fault)i;
    }
    return SANDBOX_UNSPOILED;
}

static void refuse(const struct sandbox_gateway *gateway, const struct sandbox_refusal *refusal,
                   struct sandbox_answer *answer)
{
    sandbox_answer_refuse(answer, refusal, gateway->settings.error_form);
}

static releve_prm other_prm(releve_prm prm)
{
    return prm != OTHER_PRM ? OTHER_PRM : ANOTHER_PRM;
}

static struct sandbox_scene scene_of(const struct sandbox_gateway *gateway)
{
    return (struct sandbox_scene){sandbox_clock_today(&gateway->clock), &gateway->settings, &gateway->points};
}

static void answer_measure(struct sandbox_gateway *gateway, const struct sandbox_route *route,
                           const struct sandbox_request *request, enum sandbox_fault fault,
                           struct sandbox_answer *answer)
{
    bool v5 = route->generation == SANDBOX_V5;
    const char *const *parameters = request->parameters;
    struct sandbox_ask ask = {
        .generation = route->generation,
        .kind = route->kind,
        .prm = parameters[v5 ? SANDBOX_USAGE_POINT_ID : SANDBOX_POINT_ID],
        .start = parameters[v5 ? SANDBOX_START : SANDBOX_DATE_DEBUT],
        .end = parameters[v5 ? SANDBOX_END : SANDBOX_DATE_FIN],
        .step = parameters[SANDBOX_MESURES_PAS],
        .quantity = parameters[SANDBOX_GRANDEUR_PHYSIQUE],
    };
    struct sandbox_scene scene = scene_of(gateway);
    struct sandbox_measure measure = {
        .generation = route->generation,
        .kind = route->kind,
        .settings = &gateway->settings,
        .fault = fault,
        .number = gateway->data_requests,
    };
    const struct sandbox_refusal *refusal = sandbox_rules_measure(&ask, &scene, &measure.asked);
    if (refusal != NULL) {
        refuse(gateway, refusal, answer);
        return;
    }
    releve_day late_end = scene.today - gateway->settings.late_days;
    measure.published_end = sandbox_clock_published_end(&gateway->clock);
    if (late_end < measure.published_end)
        measure.published_end = late_end;
    releve_prm prm = measure.asked.client.prm;
    measure.own = sandbox_points_find(&gateway->points, prm);
    measure.label = fault == SANDBOX_WRONGPRM ? other_prm(prm) : prm;
    if (!sandbox_body_write(&measure, answer))
        refuse(gateway, sandbox_rules_no_data(route->generation), answer);
    else if (fault == SANDBOX_WRONGPRM)
        answer->spoiled = fault;
}

static void answer_customer(struct sandbox_gateway *gateway, const struct sandbox_route *route, const char *prm_text,
                            enum sandbox_fault fault, struct sandbox_answer *answer)
{
    struct sandbox_scene scene = scene_of(gateway);
    struct sandbox_client client;
    const struct sandbox_refusal *refusal = sandbox_rules_customer(route->generation, prm_text, &scene, &client);
    if (refusal != NULL) {
        refuse(gateway, refusal, answer);
        return;
    }
    bool wrong = fault == SANDBOX_WRONGPRM && sandbox_document_names_point(route->document);
    sandbox_document_write(route->document, gateway->settings.seed, &client, wrong ? other_prm(client.prm) : client.prm,
                           scene.today, &answer->body);
    if (wrong)
        answer->spoiled = fault;
}

static void answer_services(struct sandbox_gateway *gateway, const struct sandbox_request *request,
                            enum sandbox_fault fault, struct sandbox_answer *answer)
{
    struct sandbox_scene scene = scene_of(gateway);
    struct sandbox_inquiry inquiry;
    if (request->body == NULL ||
        !sandbox_inquiry_read(request->body, request->body_bytes, gateway->settings.population, &inquiry)) {
        refuse(gateway, sandbox_rules_technical(), answer);
        return;
    }
    bool wrong = fault == SANDBOX_WRONGPRM && !inquiry.by_authorization; /* who asks so, knows no usage point */
    if (sandbox_services_write(&inquiry, &scene, wrong ? NOBODYS_PRM : 0, &answer->body) > 0 && wrong)
        answer->spoiled = fault;
}

/* Every fault but those that are made while the body is written. */
static void spoil(struct sandbox_gateway *gateway, enum sandbox_fault fault, struct sandbox_answer *answer)
{
    releve_time now = sandbox_clock_real();
    switch (fault) {
    case SANDBOX_ERROR500:
        sandbox_answer_refuse(answer, sandbox_rules_technical(), SANDBOX_ERROR_CLASSIC);
        break;
    case SANDBOX_ERROR502HTML:
        sandbox_answer_page(answer, 502, "502 Bad Gateway");
        break;
    case SANDBOX_RESET:
        answer->delivery = SANDBOX_DELIVER_RESET;
        break;
    case SANDBOX_TIMEOUT:
        answer->delivery = SANDBOX_DELIVER_NEVER;
        break;
    case SANDBOX_TRUNCATE: /* alternately a connection that breaks off, and a short body that looks whole */
        if (gateway->data_requests % 2 == 0)
            answer->delivery = SANDBOX_DELIVER_HALF;
        else
            answer->body.length /= 2;
        break;
    case SANDBOX_THROTTLE200:
        sandbox_answer_throttle(answer, SANDBOX_THROTTLE_UNDER_200, now, now - now % RELEVE_HOUR_MS + RELEVE_HOUR_MS);
        break;
    case SANDBOX_GARBAGE:
        write_garbage(gateway, answer);
        break;
    case SANDBOX_CUT:
        answer->delivery = SANDBOX_DELIVER_CUT;
        break;
    case SANDBOX_WRONGLENGTH: /* in turn */
        answer->delivery = gateway->data_requests % 2 == 0 ? SANDBOX_DELIVER_LESS : SANDBOX_DELIVER_MORE;
        break;
    case SANDBOX_ENDLESS:
        answer->delivery = SANDBOX_DELIVER_ENDLESS;
        break;
    case SANDBOX_SLOW: /* the client may lose its patience and the answer be whole all the same */
        answer->delivery = SANDBOX_DELIVER_SLOW;
        answer->disturbed = fault;
        memcpy(answer->served.doubtful, answer->served.bits, sizeof answer->served.bits);
        return;
    case SANDBOX_WRONGPRM:
    default:
        return;
    }
    answer->spoiled = fault;
}

static void answer_data(struct sandbox_gateway *gateway, const struct sandbox_route *route, int number,
                        const struct sandbox_request *request, const char *rest, struct sandbox_answer *answer)
{
    if (route->bucket == SANDBOX_BUCKET_CONSO) {
        if (!sandbox_conso_admit(request->authorization, request->parameters[SANDBOX_POINT_ID], answer))
            return;
    } else if (!authorized(gateway, request)) {
        sandbox_answer_gateway(answer, 401, "900901", "Invalid Credentials",
                               "Access failure for API: invalid or expired access token");
        return;
    }
    if (gateway->settings.unsubscribed >> number & 1) {
        sandbox_answer_gateway(answer, 403, "900908", "Resource forbidden ",
                               "User is NOT authorized to access the Resource. API Subscription validation failed.");
        return;
    }
    bool posted = route->service == SANDBOX_SERVICES;
    if (strcmp(request->method, posted ? "POST" : "GET") != 0) {
        sandbox_answer_gateway(answer, 405, "900905", "Method not allowed",
                               posted ? "This resource takes POST" : "This resource takes GET");
        return;
    }
    const char *prm_text = prm_text_of(route, request, rest);
    enum sandbox_fault fault = draw_fault(gateway, own_faults(gateway, route, request, rest));
    if (route->service == SANDBOX_MEASURE)
        answer_measure(gateway, route, request, fault, answer);
    else if (posted)
        answer_services(gateway, request, fault, answer);
    else
        answer_customer(gateway, route, prm_text, fault, answer);
    spoil(gateway, fault, answer);
}

void sandbox_gateway_arrive(struct sandbox_gateway *gateway, const struct sandbox_request *request, bool busy,
                            struct sandbox_answer *answer)
{
    const char *rest = "";
    int number = sandbox_route_find(gateway->settings.api, request->path, &rest);
    const struct sandbox_route *route = number < 0 ? NULL : sandbox_route(number);
    bool v5_only = gateway->settings.api == SANDBOX_API_V5;
    enum sandbox_bucket bucket = v5_only ? SANDBOX_BUCKET_V5 : route != NULL ? route->bucket : SANDBOX_BUCKET_UNKNOWN;
    const struct releve_window *violated = sandbox_audit_arrive(&gateway->audit, bucket, sandbox_clock_monotonic_us());
    releve_time now = gateway->closed_until > 0 ? sandbox_clock_real() : 0;

    sandbox_answer_init(answer);
    if (route != NULL && route->service != SANDBOX_TOKEN)
        count_request(gateway, route, request, rest);
    if (violated != NULL)
        throttle(gateway, violated, bucket == SANDBOX_BUCKET_V5, answer);
    else if (now < gateway->closed_until)
        sandbox_answer_throttle(answer, gateway->closed_form, now, gateway->closed_until);
    else if (busy)
        sandbox_answer_page(answer, 503, "503 Service Unavailable");
    else if (route == NULL)
        answer_nowhere(answer);
    else if (route->service == SANDBOX_TOKEN)
        answer_token(gateway, request, answer);
    else
        answer_data(gateway, route, number, request, rest, answer);
    if (route != NULL && route->bucket == SANDBOX_BUCKET_CONSO)
        sandbox_conso_wrap(answer);
    sandbox_stats_answer(&gateway->stats, number, answer);
}
