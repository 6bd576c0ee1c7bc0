/* The table of refusals. Its rows are those of docs/enedis.md, Errors; the words of the gateway are from its sources
 * (docs/enedis.md, Conso API). */
#include "conso_refusal.h"
#include <assert.h>
#include <string.h>

#define NO_MEASURE "Pas de mesure trouvée pour ce point"
#define NOT_AUTHORIZED "Le client n'est pas autorisé pour le point demandé"
#define NOT_OWNER "Le client n'est pas titulaire du point demandé"

#define SHAPES 2

struct refusal {
    unsigned status;
    struct {
        const char *code, *text;
    } words[SHAPES]; /* of Enedis, by shape; no code: those of v5 */
};

static const struct refusal refusals[RELEVE_CONSO_REFUSALS] = {
    [RELEVE_CONSO_START_NOT_BEFORE_END] = {400, {{"Invalid_request", "Start date should be before end date."}}},
    [RELEVE_CONSO_END_TOO_RECENT] = {400,
                                     {{"Invalid_request",
                                       "The end date parameter must be earlier than the current date"}}},
    [RELEVE_CONSO_TOO_LONG] = {400,
                               {{"ADAM-ERR0126", "The requested period must be less than 365 days"},
                                {"ADAM-DC-0015", "The requested period must be less than 365 days"}}},
    [RELEVE_CONSO_BEYOND_HISTORY] = {400,
                                     {{"ADAM-ERR0125", "The start date must be greater than the history deadline."},
                                      {"ADAM-DC-0016", "The start date must be greater than the history deadline."}}},
    [RELEVE_CONSO_BEFORE_ACTIVATION] = {400,
                                        {{"ADAM-ERR0123", "The requested period cannot be anterior to the meter's "
                                                          "last activation date"}}},
    [RELEVE_CONSO_BEFORE_CONSENT] = {403,
                                     {{"ADAM-DC-0009",
                                       "The requested start date is anterior to the start of the consent"}}},
    [RELEVE_CONSO_NO_DATA] = {404,
                              {{"no_data_found", "no measure found for this usage point"},
                               {"STM-ERR-0000014", NO_MEASURE}}},
    [RELEVE_CONSO_NO_CONSENT] = {403,
                                 {{"ADAM-DC-0008", "No consent can be found for this customer and this usage point"},
                                  {"ADAM_DC_0008", NOT_AUTHORIZED}}},
    [RELEVE_CONSO_NOT_OWNER] = {403,
                                {{"ADAM-DC-0007", "The customer is not the owner of this usage point"},
                                 {"ADAM_DC_0007", NOT_OWNER}}},
    [RELEVE_CONSO_NOT_HOLDER] = {400, {{"ADAM-ERR0061", "The customer is not the actual meter holder"}}},
    [RELEVE_CONSO_WRONG_DIRECTION] = {400,
                                      {{"ADAM-ERR0069", "The requested measure does not exist for this usage point"}}},
    [RELEVE_CONSO_CURVE_OBJECTED] = {400, {{"ADAM-ERR0075", "The customer objected to the load curve recording"}}},
    [RELEVE_CONSO_UNKNOWN_POINT] = {404,
                                    {{"STM-ERR-0000019", "Unknown usage point"},
                                     {"STM-ERR-0000019", "PRM non existant"}}},
    [RELEVE_CONSO_API_REFUSED] = {403,
                                  {{"900908", "User is NOT authorized to access the Resource. API Subscription "
                                              "validation failed."}}},
    [RELEVE_CONSO_NOT_SERVED] = {400, {{"Invalid_request", "This measure cannot be asked for here"}}},
    [RELEVE_CONSO_TECHNICAL] = {500, {{"technical_error", "Technical error. Please try later."}}},
};

/* --- in the words of the gateway ---------------------------------------------------------------------------------- */

static void begin(struct releve_conso_answer *answer, unsigned status, const char *message)
{
    answer->status = status;
    releve_text_format(&answer->body, "{\"status\":%u,\"message\":", status);
    releve_text_json(&answer->body, message);
}

static void refuse_itself(struct releve_conso_answer *answer, unsigned status, const char *message)
{
    begin(answer, status, message);
    releve_text_byte(&answer->body, '}');
}

void releve_conso_refuse_token(enum releve_tokens_answer answered, struct releve_conso_answer *answer)
{
    assert(answered != RELEVE_TOKENS_RIGHT);
    if (answered == RELEVE_TOKENS_NONE)
        refuse_itself(answer, 400, "Le header 'Authorization' est manquant ou invalide");
    else
        refuse_itself(answer, 401, "Votre token est invalide ou ne permet pas d'accéder à ce PRM");
}

void releve_conso_refuse_for_now(const char *message, struct releve_conso_answer *answer)
{
    refuse_itself(answer, 503, message);
}

void releve_conso_refuse_parameters(const struct releve_conso_issue *issues, size_t count,
                                    struct releve_conso_answer *answer)
{
    struct releve_text *body = &answer->body;
    begin(answer, 400, "Paramètres invalides");
    releve_text_puts(body, ",\"error\":{\"issues\":[");
    for (size_t i = 0; i < count; i++) {
        releve_text_format(body, "%s{\"code\":\"%s\",\"path\":[", i > 0 ? "," : "", issues[i].code);
        if (issues[i].path != NULL)
            releve_text_json(body, issues[i].path);
        releve_text_puts(body, "],\"message\":");
        releve_text_json(body, issues[i].message);
        releve_text_byte(body, '}');
    }
    releve_text_puts(body, "],\"name\":\"ZodError\"}}");
}

/* --- in the words of Enedis --------------------------------------------------------------------------------------- */

/* The gateway in front of Enedis's own has another form. */
static void write_enedis(struct releve_text *body, const char *code, const char *text, bool gateway)
{
    releve_text_puts(body, gateway ? "{\"code\":" : "{\"error\":");
    releve_text_json(body, code);
    releve_text_puts(body,
                     gateway ? ",\"message\":\"Resource forbidden \",\"description\":" : ",\"error_description\":");
    releve_text_json(body, text);
    releve_text_byte(body, '}');
}

void releve_conso_refuse(const struct releve_conso_ask *ask, enum releve_conso_refusal refusal,
                         struct releve_conso_answer *answer)
{
    assert(refusal < RELEVE_CONSO_REFUSALS);
    if (refusal == RELEVE_CONSO_NO_CREDENTIALS) {
        refuse_itself(answer, 500, "Impossible de rafraîchir le token. Réessayez plus tard");
        return;
    }
    const struct refusal *row = &refusals[refusal];
    int shape = row->words[ask->shape].code != NULL ? (int)ask->shape : RELEVE_CONSO_V5;
    const char *text = row->words[shape].text;
    if (refusal == RELEVE_CONSO_TOO_LONG && releve_kind_facts(ask->kind)->quantity == RELEVE_LOAD_CURVE)
        text = "The requested period must be less than 7 days for an access to the load curve";
    begin(answer, row->status, "The Enedis API returned an error");
    releve_text_puts(&answer->body, ",\"error\":");
    write_enedis(&answer->body, row->words[shape].code, text, refusal == RELEVE_CONSO_API_REFUSED);
    releve_text_byte(&answer->body, '}');
}

/* --- which one ---------------------------------------------------------------------------------------------------- */

/* Those of releve itself stand in lower case. */
static const struct {
    const char *code;
    enum releve_conso_refusal refusal;
} codes[] = {
    {"ADAM-DC-0007", RELEVE_CONSO_NOT_OWNER},
    {"ADAM-DC-0008", RELEVE_CONSO_NO_CONSENT},
    {"ADAM-DC-0009", RELEVE_CONSO_BEFORE_CONSENT},
    {"ADAM-DC-0015", RELEVE_CONSO_TOO_LONG},
    {"ADAM-DC-0016", RELEVE_CONSO_BEYOND_HISTORY},
    {"ADAM-ERR0061", RELEVE_CONSO_NOT_HOLDER},
    {"ADAM-ERR0069", RELEVE_CONSO_WRONG_DIRECTION},
    {"ADAM-ERR0075", RELEVE_CONSO_CURVE_OBJECTED},
    {"ADAM-ERR0123", RELEVE_CONSO_BEFORE_ACTIVATION},
    {"ADAM-ERR0125", RELEVE_CONSO_BEYOND_HISTORY},
    {"ADAM-ERR0126", RELEVE_CONSO_TOO_LONG},
    {"STM-ERR-0000014", RELEVE_CONSO_NO_DATA},
    {"STM-ERR-0000019", RELEVE_CONSO_UNKNOWN_POINT},
    {"STM-ERR-0000020", RELEVE_CONSO_NO_DATA},
    {"900908", RELEVE_CONSO_API_REFUSED},
    {"no_data_found", RELEVE_CONSO_NO_DATA},
    {"beyond-history", RELEVE_CONSO_BEYOND_HISTORY},
    {"not-kept", RELEVE_CONSO_BEYOND_HISTORY},
    {"not-yet", RELEVE_CONSO_NO_DATA},
    {"not-served", RELEVE_CONSO_NOT_SERVED},
};

static const enum releve_conso_refusal by_verdict[RELEVE_VERDICTS] = {
    [RELEVE_DATA] = RELEVE_CONSO_TECHNICAL, /* no answer said so */
    [RELEVE_NO_DATA] = RELEVE_CONSO_NO_DATA,
    [RELEVE_BEFORE_ACTIVATION] = RELEVE_CONSO_BEFORE_ACTIVATION,
    [RELEVE_BEFORE_CONSENT] = RELEVE_CONSO_BEFORE_CONSENT,
    [RELEVE_BEYOND_HISTORY] = RELEVE_CONSO_BEYOND_HISTORY,
    [RELEVE_END_TOO_RECENT] = RELEVE_CONSO_END_TOO_RECENT,
    [RELEVE_TOO_LONG] = RELEVE_CONSO_TOO_LONG,
    [RELEVE_NOT_APPLICABLE] = RELEVE_CONSO_WRONG_DIRECTION,
    [RELEVE_DIRECTION_REFUSED] = RELEVE_CONSO_NO_CONSENT,
    [RELEVE_POINT_REFUSED] = RELEVE_CONSO_UNKNOWN_POINT,
    [RELEVE_API_REFUSED] = RELEVE_CONSO_API_REFUSED,
    [RELEVE_TOKEN_STALE] = RELEVE_CONSO_NO_CREDENTIALS,
    [RELEVE_CREDENTIALS_REFUSED] = RELEVE_CONSO_NO_CREDENTIALS,
    [RELEVE_THROTTLED] = RELEVE_CONSO_TECHNICAL,
    [RELEVE_UNREACHED] = RELEVE_CONSO_TECHNICAL,
    [RELEVE_TRANSIENT] = RELEVE_CONSO_TECHNICAL,
    [RELEVE_BAD_REQUEST] = RELEVE_CONSO_TECHNICAL, /* the question was good: so it was ours */
    [RELEVE_BLOCKED] = RELEVE_CONSO_TECHNICAL,
    [RELEVE_TOKEN] = RELEVE_CONSO_TECHNICAL,
};

enum releve_conso_refusal releve_conso_refusal_of(const struct releve_conso_ask *ask,
                                                  const struct releve_reason *reason)
{
    /* Where no subscribed service is of a curve, it was not activated; else the whole direction is not there. */
    if (strcmp(reason->code, "no-service") == 0)
        return releve_kind_facts(ask->kind)->quantity == RELEVE_LOAD_CURVE ? RELEVE_CONSO_NO_DATA
                                                                           : RELEVE_CONSO_WRONG_DIRECTION;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (strcmp(codes[i].code, reason->code) == 0)
            return codes[i].refusal;
    return reason->verdict < RELEVE_VERDICTS ? by_verdict[reason->verdict] : RELEVE_CONSO_TECHNICAL;
}
