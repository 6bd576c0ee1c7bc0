/* THE table: HTTP status, code and message to verdict. Its rows are those of docs/enedis.md, Errors and Quotas. */
#include "errors.h"
#include "reason.h"
#include "throttle.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Codes and phrases are looked for under every status below 500, 200 included: a success status is no proof of data
 * (docs/enedis.md, Quotas). Under 5xx only the quota is believed: a gateway in trouble makes no holes and stops no
 * usage point. In a phrase, '*' stands for a letter that arrives in different encodings; apostrophes are left out for
 * the same reason. The first row that fits counts, so what says more stands before what says less. */
struct row {
    const char *code;   /* or NULL */
    const char *phrase; /* or NULL */
    enum releve_verdict verdict;
    bool quote; /* add upstream's own message */
    const char *text;
};

static const struct row rows[] = {
    /* 401, 2026 */
    {"900901", NULL, RELEVE_TOKEN_STALE, false, "the access token is not valid any more"},
    /* 403. Who is refused, is refused the direction that was asked; ADAM-DC-0007 comes under 400 too. */
    {"900908", "API Subscription validation failed", RELEVE_API_REFUSED, false,
     "the application has not subscribed the API"},
    {"ADAM-DC-0008", "No consent can be found", RELEVE_DIRECTION_REFUSED, false,
     "the customer has not given consent, or has revoked it"},
    {NULL, "pas autoris*", RELEVE_DIRECTION_REFUSED, false, "the customer has not given consent, or has revoked it"},
    {NULL, "token ne permet pas d*acc*der au PRM", RELEVE_DIRECTION_REFUSED, false,
     "the token is not of this usage point"},
    {"ADAM-DC-0007", "pas titulaire", RELEVE_DIRECTION_REFUSED, false,
     "the customer is not the holder of this usage point"},
    {"ADAM-ERR0061", "not the actual meter holder", RELEVE_DIRECTION_REFUSED, false,
     "the customer is not the holder of this meter"},
    {"ADAM-DC-0009", NULL, RELEVE_BEFORE_CONSENT, false, "the range begins before the consent's start"},
    /* 400 */
    {"ADAM-ERR0123", "last activation date", RELEVE_BEFORE_ACTIVATION, false,
     "the range begins before the meter's last activation"},
    {NULL, "ant*rieure * la date de derni*re mise en service", RELEVE_BEFORE_ACTIVATION, false,
     "the range begins before the meter's last activation"},
    {"ADAM-ERR0125", "history deadline", RELEVE_BEYOND_HISTORY, false,
     "the range begins beyond the history that upstream keeps"},
    {"ADAM-DC-0016", NULL, RELEVE_BEYOND_HISTORY, false, "the range begins beyond the history that upstream keeps"},
    {"ADAM-ERR0126", "less than 7 days", RELEVE_TOO_LONG, true, "the range is longer than upstream allows"},
    {"ADAM-DC-0015", "requested period must be less than", RELEVE_TOO_LONG, true,
     "the range is longer than upstream allows"},
    {"ADAM-ERR0069", NULL, RELEVE_NOT_APPLICABLE, false,
     "consumption was asked of a production usage point, or the reverse"},
    {"ADAM-ERR0075", "objected to the load curve", RELEVE_NOT_APPLICABLE, false,
     "the customer objected to the recording of the load curve"},
    {NULL, "end date parameter must be earlier than the current date", RELEVE_END_TOO_RECENT, false,
     "the last day of the range cannot be asked yet"},
    {NULL, "cannot be in the future", RELEVE_END_TOO_RECENT, false, "the last day of the range cannot be asked yet"},
    {"Invalid_request", NULL, RELEVE_BAD_REQUEST, true, "upstream refuses the request"},
    /* 404. The unknown point comes before the phrases: its message may say "no measure" too. */
    {"STM-ERR-0000019", NULL, RELEVE_POINT_REFUSED, false, "upstream does not know this usage point"},
    {NULL, "ou PRM non existant", RELEVE_NOT_APPLICABLE, true,
     "upstream does not know this usage point, or this of it"},
    {NULL, "PRM non existant", RELEVE_POINT_REFUSED, false, "upstream does not know this usage point"},
    {"no_data_found", NULL, RELEVE_NO_DATA, false, "no measure in this range"},
    {"STM-ERR-0000014", NULL, RELEVE_NO_DATA, false, "no measure in this range"},
    {"STM-ERR-0000020", NULL, RELEVE_NO_DATA, false, "no measure in this range"},
    {NULL, "pas de mesure", RELEVE_NO_DATA, false, "no measure in this range"},
    /* 500, met under other statuses */
    {"ADAM-DC-0500", NULL, RELEVE_TRANSIENT, false, "upstream has a technical error"},
    {"STM-ERR-0000001", NULL, RELEVE_TRANSIENT, false, "upstream has a technical error"},
    {"technical_error", NULL, RELEVE_TRANSIENT, false, "upstream has a technical error"},
};

/* Of several errors in one body the worst counts: what forbids most, and so is worst to overlook, stands first. An
 * error that is in no row comes behind those that say something about the request, but before "no data": holes are made
 * where nothing else was said. */
enum { UNKNOWN = RELEVE_VERDICTS };
static const int ranks[] = {
    RELEVE_THROTTLED,         RELEVE_TOKEN_STALE,
    RELEVE_API_REFUSED,       RELEVE_POINT_REFUSED,
    RELEVE_DIRECTION_REFUSED, RELEVE_NOT_APPLICABLE,
    RELEVE_TRANSIENT,         RELEVE_END_TOO_RECENT,
    RELEVE_TOO_LONG,          RELEVE_BEFORE_CONSENT,
    RELEVE_BEFORE_ACTIVATION, RELEVE_BEYOND_HISTORY,
    RELEVE_BAD_REQUEST,       UNKNOWN,
    RELEVE_NO_DATA,
};

/* Quota: the WSO2 gateway's codes, v5's "429", and messages. */
static const struct row throttles[] = {
    {"900800", NULL, RELEVE_THROTTLED, false, NULL},     {"900802", NULL, RELEVE_THROTTLED, false, NULL},
    {"900803", NULL, RELEVE_THROTTLED, false, NULL},     {"900804", NULL, RELEVE_THROTTLED, false, NULL},
    {"900805", NULL, RELEVE_THROTTLED, false, NULL},     {"900806", NULL, RELEVE_THROTTLED, false, NULL},
    {"900807", NULL, RELEVE_THROTTLED, false, NULL},     {"429", "Quota Q", RELEVE_THROTTLED, false, NULL},
    {NULL, "SLA d*pass", RELEVE_THROTTLED, false, NULL}, {NULL, "throttled out", RELEVE_THROTTLED, false, NULL},
};

static const struct row *find(const struct row *table, size_t count, const struct enedis_fault *fault)
{
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &table[i];
        if ((row->code && enedis_fault_has_code(fault, row->code)) ||
            (row->phrase && enedis_fault_says(fault, row->phrase)))
            return row;
    }
    return NULL;
}

static bool is_throttle(const struct enedis_fault *fault)
{
    return fault->next_access_time ||
           (fault->present && find(throttles, sizeof throttles / sizeof throttles[0], fault) != NULL);
}

/* 0 is the worst. */
static size_t rank_of(const struct enedis_fault *fault)
{
    const struct row *row = find(rows, sizeof rows / sizeof rows[0], fault);
    int verdict = is_throttle(fault) ? RELEVE_THROTTLED : row ? (int)row->verdict : UNKNOWN;
    size_t rank = 0;
    while (rank + 1 < sizeof ranks / sizeof ranks[0] && ranks[rank] != verdict)
        rank++;
    assert(ranks[rank] == verdict);
    return rank;
}

void enedis_errors_read(const cJSON *root, struct enedis_fault *fault)
{
    const cJSON *list = enedis_fault_list(root), *item;
    enedis_fault_read(root, fault); /* no error where the root is a list */
    if (!list)
        return;
    struct enedis_fault worst;
    bool found = false;
    cJSON_ArrayForEach(item, list) {
        struct enedis_fault member;
        enedis_fault_read(item, &member);
        if (!member.present)
            return;
        if (!found || rank_of(&member) < rank_of(&worst))
            enedis_fault_copy(&worst, &member);
        found = true;
    }
    if (found)
        enedis_fault_copy(fault, &worst);
}

void enedis_errors_judge_outcome(const struct releve_exchange_response *response, struct releve_answer *answer)
{
    static const struct {
        enum releve_verdict verdict;
        const char *code, *text;
    } outcomes[] = {
        [RELEVE_EXCHANGE_TIMEOUT] = {RELEVE_TRANSIENT, "timeout", "no complete answer in time"},
        [RELEVE_EXCHANGE_UNREACHED] = {RELEVE_UNREACHED, "unreached", "upstream cannot be reached"},
        [RELEVE_EXCHANGE_BROKEN] = {RELEVE_TRANSIENT, "broken", "the connection broke"},
        [RELEVE_EXCHANGE_TOO_LARGE] = {RELEVE_TRANSIENT, "too-large", "the answer is too large"},
        [RELEVE_EXCHANGE_CANCELLED] = {RELEVE_TRANSIENT, "cancelled", "the request was given up"},
    };
    assert(response->outcome > RELEVE_EXCHANGE_ANSWERED && response->outcome <= RELEVE_EXCHANGE_CANCELLED);
    enedis_reason(answer, outcomes[response->outcome].verdict, outcomes[response->outcome].code, "%s%s%s",
                  outcomes[response->outcome].text, response->detail[0] ? ": " : "", response->detail);
}

bool enedis_errors_judge_throttle(const struct releve_exchange_response *response, const struct enedis_fault *fault,
                                  releve_time now, struct releve_answer *answer)
{
    if (response->status != 429 && !is_throttle(fault))
        return false;
    char code[RELEVE_REASON_CODE_BYTES];
    enedis_fault_code(fault, response->status, code);
    enedis_reason(answer, RELEVE_THROTTLED, code, "the quota is exceeded (HTTP %d)", response->status);
    answer->retry_after_ms = enedis_throttle_wait_ms(fault, response->retry_after, now);
    return true;
}

bool enedis_errors_is_page(const struct releve_exchange_response *response)
{
    if (response->content_type && strcasestr(response->content_type, "html"))
        return true;
    return response->body_bytes > 0 && response->body[strspn(response->body, " \t\r\n")] == '<';
}

/* What the status alone says. */
static void judge_status(const struct releve_exchange_response *response, const struct enedis_fault *fault,
                         struct releve_answer *answer)
{
    int status = response->status;
    const char *message = enedis_fault_message(fault);
    const char *colon = message[0] ? ": " : "";
    char code[RELEVE_REASON_CODE_BYTES];
    enedis_fault_code(fault, status, code);
    if (status == 401)
        enedis_reason(answer, RELEVE_TOKEN_STALE, code, "the access token is not valid any more");
    else if (status >= 400 && status < 500 && !fault->present && enedis_errors_is_page(response))
        enedis_reason(answer, RELEVE_BLOCKED, code,
                      "HTTP %d with a web page: a security appliance refused the address; check the configuration",
                      status);
    else if (status >= 300 && status < 400)
        enedis_reason(answer, RELEVE_BLOCKED, code, "HTTP %d: redirects are not followed; check the configuration",
                      status);
    else if (status == 408) /* the server gave up waiting for the request: RFC 9110, 15.5.9 */
        enedis_reason(answer, RELEVE_TRANSIENT, code, "HTTP %d%s%s", status, colon, message);
    else if (status >= 400 && status < 500)
        enedis_reason(answer, RELEVE_BAD_REQUEST, code, "HTTP %d%s%s", status, colon, message);
    else if (status >= 500)
        enedis_reason(answer, RELEVE_TRANSIENT, code, "HTTP %d%s%s", status, colon, message);
    else if (fault->present)
        enedis_reason(answer, RELEVE_TRANSIENT, code, "an error under HTTP %d%s%s", status, colon, message);
    else
        enedis_reason_bad_body(answer, "HTTP %d where 200 was expected", status);
}

void enedis_errors_judge(const struct releve_exchange_response *response, const struct enedis_fault *fault,
                         const char *api, releve_time now, struct releve_answer *answer)
{
    if (enedis_errors_judge_throttle(response, fault, now, answer))
        return;
    const struct row *row = NULL;
    if (fault->present && response->status < 500 && response->status != 401)
        row = find(rows, sizeof rows / sizeof rows[0], fault);
    if (!row) {
        judge_status(response, fault, answer);
        return;
    }
    char code[RELEVE_REASON_CODE_BYTES];
    if (row->code && enedis_fault_has_code(fault, row->code))
        (void)snprintf(code, sizeof code, "%s", row->code);
    else
        enedis_fault_code(fault, response->status, code);
    if (row->verdict == RELEVE_API_REFUSED)
        enedis_reason(answer, row->verdict, code, "%s %s", row->text, api);
    else
        enedis_reason(answer, row->verdict, code, "%s%s%s", row->text, row->quote ? ": " : "",
                      row->quote ? enedis_fault_message(fault) : "");
}
