/* Error answers: each row of docs/enedis.md, Errors, quota in each form of docs/enedis.md, Quotas, tokens, targets. */
#include "test_enedis_bodies.h"
#include <cjson/cJSON.h>

#define NOW ((releve_time)1784261400000) /* 2026-07-17T04:10:00Z */
#define TO_FIVE (50 * RELEVE_MINUTE_MS)  /* from then to 05:00:00Z */
#define DAY span_of("2026-07-10", 7)

static const struct releve_dialect *const dialects[] = {&releve_dialect_v5, &releve_dialect_2026};

static struct releve_answer judge_full(size_t dialect, const struct releve_exchange_response *response)
{
    struct releve_answer answer;
    dialects[dialect]->judge(RELEVE_CONSUMPTION_LOAD_CURVE, PRM, DAY, response, NOW, &answer);
    assert_null(answer.readings);
    assert_true(answer.verdict == RELEVE_DATA || answer.reason.code[0] != '\0');
    for (const char *c = answer.reason.text; *c; c++)
        assert_true((unsigned char)*c >= ' ' && *c != 0x7f);
    return answer;
}

static struct releve_answer judge_status(size_t dialect, int status, const char *body)
{
    struct releve_exchange_response response = answered(status, body);
    return judge_full(dialect, &response);
}

struct row {
    int status;
    const char *body;
    enum releve_verdict verdict;
    const char *code;
};

#define V5_ERROR(code, text) "{\"error\":\"" code "\",\"error_description\":\"" text "\"}"
#define NEW_ERROR(code, text) "{\"code\":\"" code "\",\"message\":\"" text "\"}"
#define MESSAGE(text) "{\"message\":\"" text "\"}"
#define PAGE "<!DOCTYPE html><html><body>Request rejected</body></html>"

/* The two encodings of an accent that upstream was seen to use, that of a page, and one that was encoded twice. */
#define ACUTE_UTF8 "\xc3\xa9"
#define ACUTE_LATIN1 "\xe9"
#define ACUTE_TWICE "\xc3\x83\xc2\xa9"
#define ACUTE_ENTITY "&eacute;"
#define ACTIVATION_FRENCH(e, a_grave) \
    MESSAGE("La date de d" e "but est ant" e "rieure " a_grave " la date de derni" e "re mise en service du point")
#define LIBELLE(code, text) "{\"code\":\"" code "\",\"libelle\":\"" text "\"}"
#define CONSO(status, error) \
    "{\"status\":" status ",\"message\":\"The Enedis API returned an error\",\"error\":" error "}"

static const struct row rows[] = {
    {404, LIBELLE("SGT404", "Pas de mesure trouv" ACUTE_UTF8 "e pour ce point"), RELEVE_NO_DATA, "SGT404"},
    {403, LIBELLE("SGT403", "Le client n'est pas autoris" ACUTE_UTF8), RELEVE_DIRECTION_REFUSED, "SGT403"},
    {400, V5_ERROR("ADAM_ADAM-ERR0123", "x"), RELEVE_BEFORE_ACTIVATION, "ADAM-ERR0123"},
    {400, NEW_ERROR("ADAM-ADAM_DC_0008", "x"), RELEVE_DIRECTION_REFUSED, "ADAM-DC-0008"},
    {400, ACTIVATION_FRENCH(ACUTE_UTF8, "\xc3\xa0"), RELEVE_BEFORE_ACTIVATION, "http-400"},
    {400, ACTIVATION_FRENCH(ACUTE_LATIN1, "\xe0"), RELEVE_BEFORE_ACTIVATION, "http-400"},
    {400, ACTIVATION_FRENCH(ACUTE_TWICE, "\xc3\x83\xc2\xa0"), RELEVE_BEFORE_ACTIVATION, "http-400"},
    {400, ACTIVATION_FRENCH(ACUTE_ENTITY, "&agrave;"), RELEVE_BEFORE_ACTIVATION, "http-400"},
    {400, ACTIVATION_FRENCH("e\xcc\x81", "a"), RELEVE_BEFORE_ACTIVATION, "http-400"},
    {400, ACTIVATION_FRENCH("?", "?"), RELEVE_BEFORE_ACTIVATION, "http-400"},
    {400, MESSAGE("La mise en service du point est en cours"), RELEVE_BAD_REQUEST, "http-400"},
    /* Lists: the worst member. */
    {400, "[" NEW_ERROR("ADAM-ERR0123", "x") "]", RELEVE_BEFORE_ACTIVATION, "ADAM-ERR0123"},
    {200, "[" LIBELLE("SGT404", "Pas de mesure") "]", RELEVE_NO_DATA, "SGT404"},
    {200, "[" NEW_ERROR("no_data_found", "x") "," NEW_ERROR("ADAM-DC-0008", "x") "]", RELEVE_DIRECTION_REFUSED,
     "ADAM-DC-0008"},
    {403, "[" NEW_ERROR("ADAM-DC-0008", "x") "," NEW_ERROR("900908", "x") "]", RELEVE_API_REFUSED, "900908"},
    {404, "[" NEW_ERROR("ADAM-DC-0008", "x") "," NEW_ERROR("SGT404", "PRM non existant") "]", RELEVE_POINT_REFUSED,
     "SGT404"},
    {200, "[" NEW_ERROR("no_data_found", "x") "," NEW_ERROR("surprise", "x") "]", RELEVE_TRANSIENT, "surprise"},
    {404, "[" NEW_ERROR("no_data_found", "x") "," NEW_ERROR("surprise", "x") "]", RELEVE_BAD_REQUEST, "surprise"},
    {400, "[" NEW_ERROR("surprise", "x") "," NEW_ERROR("ADAM-ERR0123", "x") "]", RELEVE_BEFORE_ACTIVATION,
     "ADAM-ERR0123"},
    {400, "[" NEW_ERROR("ADAM-ERR0123", "x") "," NEW_ERROR("technical_error", "x") "]", RELEVE_TRANSIENT,
     "technical_error"},
    {400, "[" V5_ERROR("Invalid_request", "x") "," NEW_ERROR("ADAM-ERR0126", "x") "]", RELEVE_TOO_LONG, "ADAM-ERR0126"},
    {500, "[" NEW_ERROR("no_data_found", "x") "]", RELEVE_TRANSIENT, "no_data_found"},
    {403, "[{\"code\":403},{\"code\":900908}]", RELEVE_API_REFUSED, "900908"}, /* numbers */
    {403, "[{\"code\":900908},{\"code\":403}]", RELEVE_API_REFUSED, "900908"},
    {403, "[{\"code\":17}]", RELEVE_BAD_REQUEST, "17"},
    {200, "[]", RELEVE_TRANSIENT, "bad-body"},
    {200, "[" NEW_ERROR("no_data_found", "x") ",{}]", RELEVE_TRANSIENT, "bad-body"},
    {200, "[" NEW_ERROR("no_data_found", "x") ",null]", RELEVE_TRANSIENT, "bad-body"},
    {200, "[" NEW_ERROR("no_data_found", "x") ",\"text\"]", RELEVE_TRANSIENT, "bad-body"},
    {200, "[[" NEW_ERROR("no_data_found", "x") "]]", RELEVE_TRANSIENT, "bad-body"},
    {404, "[]", RELEVE_BAD_REQUEST, "http-404"},
    /* Cut on the way: what it said is not known. */
    {404, "{\"error\":\"no_data_fo", RELEVE_TRANSIENT, "bad-body"},
    {400, "{\"error\":\"ADAM-ERR0123\",\"error_desc", RELEVE_TRANSIENT, "bad-body"},
    {403, "\x01\x02garbage", RELEVE_TRANSIENT, "bad-body"},
    {404, "", RELEVE_BAD_REQUEST, "http-404"},
    {404, "[" NEW_ERROR("no_data_found", "x") ",{}]", RELEVE_BAD_REQUEST, "http-404"},
    /* The gateway for private persons wraps Enedis's body, or a text. */
    {400, CONSO("400", V5_ERROR("ADAM-DC-0007", "x")), RELEVE_DIRECTION_REFUSED, "ADAM-DC-0007"},
    {400, CONSO("400", "[" V5_ERROR("ADAM-ERR0123", "x") "," V5_ERROR("ADAM-ERR0126", "x") "]"), RELEVE_TOO_LONG,
     "ADAM-ERR0126"},
    {404, CONSO("404", "\"Pas de mesure trouv" ACUTE_UTF8 "e pour ce point\""), RELEVE_NO_DATA, "http-404"},
    {400, CONSO("400", "\"ADAM_ADAM-ERR0123\""), RELEVE_BEFORE_ACTIVATION, "ADAM-ERR0123"},
    {403, MESSAGE("Ce token ne permet pas d'acc" ACUTE_UTF8 "der au PRM"), RELEVE_DIRECTION_REFUSED, "http-403"},
    {500,
     "{\"status\":500,\"message\":\"Impossible de rafra\xc3\xae"
     "chir le token\"}",
     RELEVE_TRANSIENT, "http-500"},
    {400,
     "{\"status\":400,\"message\":\"Param\xc3\xa8tres invalides\",\"error\":{\"issues\":[],\"name\":\"ZodError\"}}",
     RELEVE_BAD_REQUEST, "http-400"},
    {400, V5_ERROR("Invalid_request", "end in the future"), RELEVE_BAD_REQUEST, "Invalid_request"},
    {400, NEW_ERROR("invalid_request", "x"), RELEVE_BAD_REQUEST, "Invalid_request"},
    {400, V5_ERROR("ADAM-ERR0123", "x"), RELEVE_BEFORE_ACTIVATION, "ADAM-ERR0123"},
    {400, NEW_ERROR("400", "ADAM-ERR0123: x"), RELEVE_BEFORE_ACTIVATION, "ADAM-ERR0123"},
    {400, MESSAGE("The requested period cannot be anterior to the meter's last activation date"),
     RELEVE_BEFORE_ACTIVATION, "http-400"},
    {400, V5_ERROR("ADAM-ERR0125", "x"), RELEVE_BEYOND_HISTORY, "ADAM-ERR0125"},
    {400, NEW_ERROR("ADAM-DC-0016", "x"), RELEVE_BEYOND_HISTORY, "ADAM-DC-0016"},
    {400, MESSAGE("beyond the history deadline"), RELEVE_BEYOND_HISTORY, "http-400"},
    {400, V5_ERROR("ADAM-ERR0126", "x"), RELEVE_TOO_LONG, "ADAM-ERR0126"},
    {400, NEW_ERROR("ADAM-DC-0015", "x"), RELEVE_TOO_LONG, "ADAM-DC-0015"},
    {400, V5_ERROR("Invalid_request", "The requested period must be less than 7 days for an access to the load curve."),
     RELEVE_TOO_LONG, "Invalid_request"},
    {400, V5_ERROR("Invalid_request", "The end date parameter must be earlier than the current date."),
     RELEVE_END_TOO_RECENT, "Invalid_request"},
    {400, NEW_ERROR("Invalid_request", "dateFin parameter cannot be in the future."), RELEVE_END_TOO_RECENT,
     "Invalid_request"},
    {400, V5_ERROR("ADAM-ERR0069", "x"), RELEVE_NOT_APPLICABLE, "ADAM-ERR0069"},
    {400, V5_ERROR("ADAM-ERR0075", "x"), RELEVE_NOT_APPLICABLE, "ADAM-ERR0075"},
    {400, MESSAGE("The customer objected to the load curve recording"), RELEVE_NOT_APPLICABLE, "http-400"},
    {400, V5_ERROR("ADAM-ERR0061", "x"), RELEVE_DIRECTION_REFUSED, "ADAM-ERR0061"},
    {400, V5_ERROR("ADAM-DC-0007", "Le client n'est pas titulaire du point demand\xc3\xa9."), RELEVE_DIRECTION_REFUSED,
     "ADAM-DC-0007"},
    {401, "", RELEVE_TOKEN_STALE, "http-401"},
    {401, PAGE, RELEVE_TOKEN_STALE, "http-401"},
    {401, NEW_ERROR("900901", "Invalid Credentials"), RELEVE_TOKEN_STALE, "900901"},
    {200, NEW_ERROR("900901", "Invalid Credentials"), RELEVE_TOKEN_STALE, "900901"},
    {403, V5_ERROR("ADAM-DC-0008", "x"), RELEVE_DIRECTION_REFUSED, "ADAM-DC-0008"},
    {403, NEW_ERROR("ADAM_DC_0008", "x"), RELEVE_DIRECTION_REFUSED, "ADAM-DC-0008"},
    {403, MESSAGE("Le client n'est pas autoris\xc3\xa9 pour le point demand\xc3\xa9"), RELEVE_DIRECTION_REFUSED,
     "http-403"},
    {403,
     MESSAGE("Le client n\xe2\x80\x99"
             "est pas autoris\xe9 pour le point demand\xe9"),
     RELEVE_DIRECTION_REFUSED, "http-403"},
    {403, V5_ERROR("ADAM-DC-0007", "x"), RELEVE_DIRECTION_REFUSED, "ADAM-DC-0007"},
    {403, MESSAGE("Le client n'est pas titulaire du point demand\xc3\x83\xc2\xa9"), RELEVE_DIRECTION_REFUSED,
     "http-403"},
    {403, V5_ERROR("ADAM-DC-0009", "x"), RELEVE_BEFORE_CONSENT, "ADAM-DC-0009"},
    {403, "{\"code\":\"900908\",\"message\":\"Resource forbidden \",\"description\":\"x\"}", RELEVE_API_REFUSED,
     "900908"},
    {403, "{\"code\":900908,\"message\":\"Resource forbidden \"}", RELEVE_API_REFUSED, "900908"},
    {404, V5_ERROR("no_data_found", "no measure found for this usage point"), RELEVE_NO_DATA, "no_data_found"},
    {404, "{\"status\":404,\"message\":\"x\",\"error\":{\"error\":\"no_data_found\"}}", RELEVE_NO_DATA,
     "no_data_found"},
    {404, "{\"code\":\"404\",\"error\":\"no_data_found\"}", RELEVE_NO_DATA, "no_data_found"},
    {404, V5_ERROR("STM-ERR-0000014", "x"), RELEVE_NO_DATA, "STM-ERR-0000014"},
    {404, NEW_ERROR("STM-ERR-0000020", "x"), RELEVE_NO_DATA, "STM-ERR-0000020"},
    {404,
     MESSAGE("Pas de mesure trouv\xc3\xa9"
             "e pour ce point"),
     RELEVE_NO_DATA, "http-404"},
    {200, V5_ERROR("no_data_found", "x"), RELEVE_NO_DATA, "no_data_found"},
    {404, V5_ERROR("STM-ERR-0000019", "x"), RELEVE_POINT_REFUSED, "STM-ERR-0000019"},
    {404, NEW_ERROR("SGT404", "PRM non existant"), RELEVE_POINT_REFUSED, "SGT404"},
    {404, LIBELLE("SGT404", "PRM non existant"), RELEVE_POINT_REFUSED, "SGT404"},
    /* One of the two, and nobody knows which: no reason to stop the usage point. */
    {404, NEW_ERROR("SGT404", "Situation comptage ou PRM non existant"), RELEVE_NOT_APPLICABLE, "SGT404"},
    {404, PAGE, RELEVE_BLOCKED, "http-404"},
    {404, "", RELEVE_BAD_REQUEST, "http-404"},
    {404, NEW_ERROR("404", "No matching resource found"), RELEVE_BAD_REQUEST, "404"},
    {403, PAGE, RELEVE_BLOCKED, "http-403"},
    {418, NEW_ERROR("TEA", "x"), RELEVE_BAD_REQUEST, "TEA"},
    {500, V5_ERROR("ADAM-DC-0500", "x"), RELEVE_TRANSIENT, "ADAM-DC-0500"},
    {500, V5_ERROR("technical_error", "Please try later"), RELEVE_TRANSIENT, "technical_error"},
    {500, V5_ERROR("STM-ERR-0000001", "x"), RELEVE_TRANSIENT, "STM-ERR-0000001"},
    {200, V5_ERROR("technical_error", "x"), RELEVE_TRANSIENT, "technical_error"},
    {500, V5_ERROR("no_data_found", "x"), RELEVE_TRANSIENT, "no_data_found"}, /* a gateway in trouble makes no hole */
    {502, PAGE, RELEVE_TRANSIENT, "http-502"},
    {503, "", RELEVE_TRANSIENT, "http-503"},
    {504, "{\"error\":{\"code\":\"CDN-1\"}}", RELEVE_TRANSIENT, "CDN-1"},
    {302, "", RELEVE_BLOCKED, "http-302"},
    {204, "", RELEVE_TRANSIENT, "bad-body"},
    {200, V5_ERROR("surprise", "x"), RELEVE_TRANSIENT, "surprise"},
    {200, MESSAGE("only a message"), RELEVE_TRANSIENT, "http-200"},
};

static void test_each_error_means_what_the_table_says_in_both_generations(void **state)
{
    (void)state;
    for (size_t d = 0; d < 2; d++) {
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            struct releve_answer answer = judge_status(d, rows[i].status, rows[i].body);
            if (answer.verdict != rows[i].verdict || strcmp(answer.reason.code, rows[i].code) != 0)
                fail_msg("%d %s: verdict %d, code %s", rows[i].status, rows[i].body, (int)answer.verdict,
                         answer.reason.code);
            assert_true(answer.reason.text[0] != '\0');
            assert_int_equal(answer.retry_after_ms, RELEVE_RETRY_UNKNOWN);
        }
    }
}

static void test_a_code_that_begins_a_longer_one_is_not_it(void **state)
{
    (void)state;
    assert_int_equal(judge_status(0, 400, V5_ERROR("ADAM-ERR01234", "x")).verdict, RELEVE_BAD_REQUEST);
    assert_int_equal(judge_status(0, 400, V5_ERROR("x", "900804 is not its code")).verdict, RELEVE_BAD_REQUEST);
}

static void test_a_refused_api_is_named(void **state)
{
    (void)state;
    static const char body[] = NEW_ERROR("900908", "Resource forbidden ");
    assert_non_null(strstr(judge_status(0, 403, body).reason.text, "metering_data_clc"));
    assert_non_null(strstr(judge_status(1, 403, body).reason.text, "mesure_synchrone_auto"));
}

struct throttle {
    const char *body, *retry_after;
    int64_t wait_ms;
};

#define GATEWAY(code, rest) "{\"code\":\"" code "\",\"message\":\"Message throttled out\"" rest "}"
#define AFTER "You have exceeded your quota .You can access API after 2026-Jul-17 05:00:00+0000 UTC"

static const struct throttle throttles[] = {
    {GATEWAY("900800", ",\"nextAccessTime\":\"2026-Jul-17 05:00:00+0000 UTC\""), "", TO_FIVE},
    {GATEWAY("900802", ",\"description\":\"" AFTER "\""), "", TO_FIVE},
    {GATEWAY("900803", ",\"nextAccessTime\":\"2026-Jul-17 07:00:00+0200 UTC\""), "", TO_FIVE},
    {GATEWAY("900804", ",\"nextAccessTime\":\"2026-Jul-17 03:00:00+0000 UTC\""), "", -70 * RELEVE_MINUTE_MS},
    {GATEWAY("900804", ",\"nextAccessTime\":\"soon\",\"description\":\"" AFTER "\""), "7", TO_FIVE},
    {GATEWAY("900804", ",\"nextAccessTime\":\"soon\""), "7", 7000},
    {GATEWAY("900805", ""), "", RELEVE_RETRY_UNKNOWN},
    {GATEWAY("900806", ""), "Fri, 17 Jul 2026 05:00:00 GMT", TO_FIVE},
    {GATEWAY("900807", ""), "whenever", RELEVE_RETRY_UNKNOWN},
    {"{\"code\":900804}", "99999999999999999999", RELEVE_RETRY_UNKNOWN},
    {"{\"fault\":{\"code\":900802,\"message\":\"Message throttled out\"}}", "", RELEVE_RETRY_UNKNOWN},
    {"{\"nextAccessTime\":\"2026-Jul-17 05:00:00+0000 UTC\"}", "", TO_FIVE},
    {V5_ERROR("429", "Quota Q3 reached  Call threshold allowed on 0:0:1"), "", 1000},
    {V5_ERROR("429", "Quota Q4 reached  Call threshold allowed on 0:-30:-40"), "", -1840000},
    {V5_ERROR("429", "Quota Q4 reached  Call threshold allowed on 0:-30:-40"), "12", 12000},
    {V5_ERROR("429", "Quota Q4 reached  Call threshold allowed on 1:2"), "", RELEVE_RETRY_UNKNOWN},
    {"{\"error\":429}", "", RELEVE_RETRY_UNKNOWN},
    {V5_ERROR("quota", "Quota Q3 reached"), "", RELEVE_RETRY_UNKNOWN},
    {NEW_ERROR("ERR-SLA", "SLA d\xc3\xa9pass\xc3\xa9"), "3", 3000},
    {NEW_ERROR("ERR-SLA", "SLA d\xe9pass\xe9"), "", RELEVE_RETRY_UNKNOWN},
    {"{\"error\":{\"code\":\"900804\",\"nextAccessTime\":\"2026-Jul-17 05:00:00+0000 UTC\"}}", "", TO_FIVE},
};

static void test_quota_is_quota_in_every_form_and_under_every_status(void **state)
{
    (void)state;
    static const int statuses[] = {200, 400, 403, 429, 500, 503};
    for (size_t d = 0; d < 2; d++) {
        for (size_t i = 0; i < sizeof throttles / sizeof throttles[0]; i++) {
            for (size_t s = 0; s < sizeof statuses / sizeof statuses[0]; s++) {
                struct releve_exchange_response response = answered(statuses[s], throttles[i].body);
                response.retry_after = throttles[i].retry_after;
                struct releve_answer answer = judge_full(d, &response);
                if (answer.verdict != RELEVE_THROTTLED || answer.retry_after_ms != throttles[i].wait_ms)
                    fail_msg("%d %s: verdict %d, %lld ms", statuses[s], throttles[i].body, (int)answer.verdict,
                             (long long)answer.retry_after_ms);
            }
        }
    }
}

static void test_quota_in_a_list_of_errors_is_the_worst_of_it(void **state)
{
    (void)state;
    for (size_t d = 0; d < 2; d++) {
        struct releve_answer answer =
            judge_status(d, 200,
                         "[" NEW_ERROR("900908", "x") "," GATEWAY(
                             "900804", ",\"description\":\"" AFTER "\"") "," NEW_ERROR("no_data_found", "x") "]");
        assert_int_equal(answer.verdict, RELEVE_THROTTLED);
        assert_string_equal(answer.reason.code, "900804");
        assert_int_equal(answer.retry_after_ms, TO_FIVE);
    }
}

/* No two orders of the same members may lead to different reactions. */
static void test_the_worst_member_of_a_list_is_the_same_in_every_order(void **state)
{
    (void)state;
    static const char *const members[] = {GATEWAY("900804", ""),
                                          NEW_ERROR("900901", "x"),
                                          NEW_ERROR("900908", "x"),
                                          NEW_ERROR("STM-ERR-0000019", ""),
                                          NEW_ERROR("ADAM-DC-0008", "x"),
                                          NEW_ERROR("ADAM-ERR0069", "x"),
                                          NEW_ERROR("technical_error", ""),
                                          MESSAGE("cannot be in the future"),
                                          NEW_ERROR("ADAM-ERR0126", "x"),
                                          NEW_ERROR("ADAM-DC-0009", "x"),
                                          NEW_ERROR("ADAM-ERR0123", "x"),
                                          NEW_ERROR("ADAM-ERR0125", "x"),
                                          NEW_ERROR("Invalid_request", ""),
                                          NEW_ERROR("surprise", "x"),
                                          NEW_ERROR("no_data_found", "x")};
    size_t count = sizeof members / sizeof members[0];
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i; j < count; j++) {
            char body[512];
            (void)snprintf(body, sizeof body, "[%s,%s]", members[i], members[j]);
            struct releve_answer one = judge_status(0, 400, body);
            (void)snprintf(body, sizeof body, "[%s,%s]", members[j], members[i]);
            struct releve_answer other = judge_status(1, 400, body);
            struct releve_answer worse = judge_status(0, 400, members[i]);
            assert_int_equal(one.verdict, other.verdict);
            assert_string_equal(one.reason.code, other.reason.code);
            assert_int_equal(one.verdict, worse.verdict); /* they stand in the order of their rank */
        }
    }
}

static void test_status_429_is_quota_whatever_its_body(void **state)
{
    (void)state;
    static const char *const bodies[] = {"", PAGE, "{}", "[]", "{\"co", V5_ERROR("no_data_found", "x")};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct releve_exchange_response response = answered(429, bodies[i]);
        response.retry_after = "2";
        struct releve_answer answer = judge_full(i % 2, &response);
        assert_int_equal(answer.verdict, RELEVE_THROTTLED);
        assert_int_equal(answer.retry_after_ms, 2000);
    }
}

static void test_an_exchange_without_an_answer_is_transient_or_was_not_sent(void **state)
{
    (void)state;
    static const struct {
        enum releve_exchange_outcome outcome;
        const char *code;
    } outcomes[] = {{RELEVE_EXCHANGE_TIMEOUT, "timeout"},
                    {RELEVE_EXCHANGE_UNREACHED, "unreached"},
                    {RELEVE_EXCHANGE_BROKEN, "broken"},
                    {RELEVE_EXCHANGE_TOO_LARGE, "too-large"},
                    {RELEVE_EXCHANGE_CANCELLED, "cancelled"}};
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        struct releve_exchange_response response = {.outcome = outcomes[i].outcome, .detail = "why\nso"};
        bool unreached = outcomes[i].outcome == RELEVE_EXCHANGE_UNREACHED;
        char token[RELEVE_TOKEN_BYTES];
        for (int judge = 0; judge < 3; judge++) { /* both generations, and tokens */
            struct releve_answer answer;
            if (judge < 2)
                answer = judge_full((size_t)judge, &response);
            else
                releve_dialect_judge_token(&response, NOW, &answer, token);
            assert_int_equal(answer.verdict, unreached ? RELEVE_UNREACHED : RELEVE_TRANSIENT);
            assert_string_equal(answer.reason.code, outcomes[i].code);
            assert_non_null(strstr(answer.reason.text, "why so"));
        }
    }
}

static void test_reasons_quote_no_person_and_no_token(void **state)
{
    (void)state;
    static const char body[] =
        NEW_ERROR("22516914714270",
                  "no\\u0007 \\nwith 22516914714270, 0601020304 jean@example.org "
                  "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIyMjUxNjkxNDcxNDI3MCJ9.c2lnbmF0dXJl caf\xc3\xa9 \xe2\x80\xae");
    struct releve_answer answer = judge_status(1, 418, body);
    assert_string_equal(answer.reason.code, "http-418");
    assert_string_equal(answer.reason.text, "HTTP 418: no with [hidden] [hidden] [hidden] [hidden] caf\xc3\xa9 ???");
}

static void test_a_long_message_is_cut_and_not_inside_a_letter(void **state)
{
    (void)state;
    for (int shift = 0; shift < 2; shift++) {
        char body[2048] = "{\"code\":\"X\",\"message\":\"a";
        for (int i = 0; i < 300; i++)
            strcat(body, "\xc3\xa9 ");
        strcpy(body + strlen(body), "\"}");
        memmove(body + 23, body + 23 + shift, strlen(body + 23 + shift) + 1); /* with and without the a */
        struct releve_answer answer = judge_status(0, 400, body);
        size_t length = strlen(answer.reason.text);
        assert_true(length >= RELEVE_REASON_TEXT_BYTES - 2);
        assert_int_not_equal((unsigned char)answer.reason.text[length - 1], 0xc3);
    }
}

static struct releve_answer judge_token(int status, const char *body, char token[RELEVE_TOKEN_BYTES])
{
    struct releve_exchange_response response = answered(status, body);
    struct releve_answer answer;
    releve_dialect_judge_token(&response, NOW, &answer, token);
    assert_null(strstr(answer.reason.text, "s3cr3t"));
    return answer;
}

static void test_a_token_is_taken_with_its_lifetime(void **state)
{
    (void)state;
    char token[RELEVE_TOKEN_BYTES];
    struct releve_answer answer =
        judge_token(200, "{\"access_token\":\"s3cr3t\",\"token_type\":\"Bearer\",\"expires_in\":12600}", token);
    assert_int_equal(answer.verdict, RELEVE_TOKEN);
    assert_string_equal(token, "s3cr3t");
    assert_int_equal(answer.expires_in_s, 12600);
    answer = judge_token(200, "{\"access_token\":\"s3cr3t\",\"expires_in\":\"3600\"}", token);
    assert_int_equal(answer.verdict, RELEVE_TOKEN);
    assert_int_equal(answer.expires_in_s, 3600);
}

static void test_a_token_that_cannot_be_used_is_not_taken(void **state)
{
    (void)state;
    static const char *const bodies[] = {"{\"access_token\":\"\",\"expires_in\":1}",
                                         "{\"access_token\":\"s3cr3t x\",\"expires_in\":1}",
                                         "{\"access_token\":\"s3cr3t\\n\",\"expires_in\":1}",
                                         "{\"access_token\":\"s3cr3t\xc3\xa9\",\"expires_in\":1}",
                                         "{\"access_token\":12,\"expires_in\":1}",
                                         "{\"access_token\":\"s3cr3t\",\"expires_in\":0}",
                                         "{\"access_token\":\"s3cr3t\",\"expires_in\":-5}",
                                         "{\"access_token\":\"s3cr3t\"}",
                                         "{\"expires_in\":1}",
                                         "{\"access_token\":\"s3cr3t\",",
                                         "",
                                         PAGE};
    char token[RELEVE_TOKEN_BYTES];
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct releve_answer answer = judge_token(200, bodies[i], token);
        assert_int_equal(answer.verdict, RELEVE_TRANSIENT);
        assert_string_equal(answer.reason.code, "bad-body");
        assert_string_equal(token, "");
    }
    for (size_t length = RELEVE_TOKEN_BYTES - 1; length <= RELEVE_TOKEN_BYTES; length++) { /* the last that fits */
        char body[RELEVE_TOKEN_BYTES + 64], text[RELEVE_TOKEN_BYTES + 1] = "";
        memset(text, 'x', length);
        (void)snprintf(body, sizeof body, "{\"access_token\":\"%s\",\"expires_in\":9}", text);
        struct releve_answer answer = judge_token(200, body, token);
        assert_int_equal(answer.verdict, length < RELEVE_TOKEN_BYTES ? RELEVE_TOKEN : RELEVE_TRANSIENT);
    }
}

/* It goes into a header line, where a line break would begin a header of its own. */
static void test_a_token_holds_visible_ascii_only(void **state)
{
    (void)state;
    char token[RELEVE_TOKEN_BYTES], body[96];
    for (unsigned c = 0; c <= 0x100; c++) {
        static const char *const places[] = {"\\u%04xs3cr3t", "s3cr3t\\u%04xs3cr3t", "s3cr3t\\u%04x"};
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
            int length = snprintf(body, sizeof body, "{\"expires_in\":9,\"access_token\":\"");
            length += snprintf(body + length, sizeof body - (size_t)length, places[i], c);
            (void)snprintf(body + length, sizeof body - (size_t)length, "\"}");
            enum releve_verdict verdict = judge_token(200, body, token).verdict;
            assert_int_equal(verdict, c > ' ' && c <= '~' ? RELEVE_TOKEN : RELEVE_TRANSIENT);
            assert_int_equal(token[0] != '\0', verdict == RELEVE_TOKEN);
        }
    }
}

static void test_refused_credentials_are_told_from_quota_trouble_and_a_wrong_address(void **state)
{
    (void)state;
    static const struct row answers[] = {
        {401, V5_ERROR("invalid_client", "Client authentication failed"), RELEVE_CREDENTIALS_REFUSED, "invalid_client"},
        {200, V5_ERROR("invalid_client", "x"), RELEVE_CREDENTIALS_REFUSED, "invalid_client"},
        {500, V5_ERROR("invalid_client", "x"), RELEVE_CREDENTIALS_REFUSED, "invalid_client"},
        {400, V5_ERROR("invalid_request", "x"), RELEVE_CREDENTIALS_REFUSED, "invalid_request"},
        {401, "{}", RELEVE_CREDENTIALS_REFUSED, "http-401"},
        {403, NEW_ERROR("900908", "Resource forbidden"), RELEVE_CREDENTIALS_REFUSED, "900908"},
        {401, "", RELEVE_TRANSIENT, "http-401"}, /* nobody says why: not the API */
        {401, "{\"error\":\"invalid_cl", RELEVE_TRANSIENT, "http-401"},
        {400, PAGE, RELEVE_BLOCKED, "http-400"},
        {401, PAGE, RELEVE_BLOCKED, "http-401"},
        {403, PAGE, RELEVE_BLOCKED, "http-403"},
        {404, "", RELEVE_BLOCKED, "http-404"},
        {404, NEW_ERROR("404", "No matching resource found"), RELEVE_BLOCKED, "404"},
        {404, V5_ERROR("invalid_client", "x"), RELEVE_CREDENTIALS_REFUSED, "invalid_client"},
        {403, GATEWAY("900804", ""), RELEVE_THROTTLED, "900804"},
        {200, GATEWAY("900804", ""), RELEVE_THROTTLED, "900804"},
        {429, "", RELEVE_THROTTLED, "http-429"},
        {404, PAGE, RELEVE_BLOCKED, "http-404"},
        {500, "", RELEVE_TRANSIENT, "http-500"},
        {502, PAGE, RELEVE_TRANSIENT, "http-502"},
        {200, V5_ERROR("odd", "x"), RELEVE_TRANSIENT, "odd"},
        {500, "{\"error\":\"odd\",\"message\":\"s3cr3t\",\"access_token\":\"s3cr3t\"}", RELEVE_TRANSIENT, "odd"},
    };
    char token[RELEVE_TOKEN_BYTES];
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct releve_answer answer = judge_token(answers[i].status, answers[i].body, token);
        if (answer.verdict != answers[i].verdict || strcmp(answer.reason.code, answers[i].code) != 0)
            fail_msg("%d %s: verdict %d, code %s", answers[i].status, answers[i].body, (int)answer.verdict,
                     answer.reason.code);
        assert_string_equal(token, "");
        assert_true(answer.verdict != RELEVE_BLOCKED || strstr(answer.reason.text, "check RELEVE_UPSTREAM"));
    }
    struct releve_exchange_response response = {.outcome = RELEVE_EXCHANGE_TIMEOUT};
    struct releve_answer answer;
    releve_dialect_judge_token(&response, NOW, &answer, token);
    assert_int_equal(answer.verdict, RELEVE_TRANSIENT);
    assert_string_equal(answer.reason.code, "timeout");
}

static void assert_target(const struct releve_dialect *dialect, enum releve_kind kind, const char *expected)
{
    char target[RELEVE_TARGET_BYTES];
    dialect->target(kind, PRM, span_of("2026-09-29", 2), target);
    assert_string_equal(target, expected);
}

static void test_targets_are_those_of_the_specification(void **state)
{
    (void)state;
    const struct releve_dialect *v5 = &releve_dialect_v5, *new = &releve_dialect_2026;
#define Q "?usage_point_id=10000000000018&start=2026-09-29&end=2026-10-01"
#define P "?pointId=10000000000018&dateDebut=2026-09-29&dateFin=2026-10-01"
    assert_target(v5, RELEVE_DAILY_CONSUMPTION, "/metering_data_dc/v5/daily_consumption" Q);
    assert_target(v5, RELEVE_CONSUMPTION_LOAD_CURVE, "/metering_data_clc/v5/consumption_load_curve" Q);
    assert_target(v5, RELEVE_DAILY_CONSUMPTION_MAX_POWER, "/metering_data_dcmp/v5/daily_consumption_max_power" Q);
    assert_target(v5, RELEVE_DAILY_PRODUCTION, "/metering_data_dp/v5/daily_production" Q);
    assert_target(v5, RELEVE_PRODUCTION_LOAD_CURVE, "/metering_data_plc/v5/production_load_curve" Q);
    assert_target(v5, RELEVE_CONTRACTS, "/customers_upc/v5/usage_points/contracts?usage_point_id=10000000000018");
    assert_target(v5, RELEVE_ADDRESSES, "/customers_upa/v5/usage_points/addresses?usage_point_id=10000000000018");
    assert_target(v5, RELEVE_IDENTITY, "/customers_i/v5/identity?usage_point_id=10000000000018");
    assert_target(v5, RELEVE_CONTACT_DATA, "/customers_cd/v5/contact_data?usage_point_id=10000000000018");
    assert_target(new, RELEVE_DAILY_CONSUMPTION, "/mesure_synchrone_auto/v2/consommation_quotidienne" P);
    assert_target(new, RELEVE_CONSUMPTION_LOAD_CURVE, "/mesure_synchrone_auto/v2/courbe_de_charge_consommation" P);
    assert_target(new, RELEVE_DAILY_CONSUMPTION_MAX_POWER,
                  "/mesure_synchrone_auto/v2/puissance_conso_max_quotidienne" P "&mesuresPas=P1D&grandeurPhysique=PMA");
    assert_target(new, RELEVE_DAILY_PRODUCTION, "/mesure_synchrone_auto/v2/production_quotidienne" P);
    assert_target(new, RELEVE_PRODUCTION_LOAD_CURVE, "/mesure_synchrone_auto/v2/courbe_de_charge_production" P);
    assert_target(new, RELEVE_INDEX_CONSUMPTION, "/mesure_synchrone_auto/v2/index_consommation" P);
    assert_target(new, RELEVE_INDEX_PRODUCTION, "/mesure_synchrone_auto/v2/index_production" P);
    assert_target(new, RELEVE_CONTRACTS, "/situation_contrat_auto/v1/10000000000018");
    assert_target(new, RELEVE_ADDRESSES, "/donnees_generales_auto/v1/10000000000018");
    assert_target(new, RELEVE_IDENTITY, "/situation_contrat_auto/v1/10000000000018");
    assert_target(new, RELEVE_CONTACT_DATA, "/situation_contrat_auto/v1/10000000000018");
}

static void test_buckets_are_one_in_v5_and_one_for_each_api_in_2026(void **state)
{
    (void)state;
    for (enum releve_kind kind = 0; kind < RELEVE_KINDS; kind++)
        if (releve_kind_facts(kind)->quantity == RELEVE_REGISTERS)
            assert_null(releve_dialect_v5.families[kind]); /* there are none */
        else
            assert_string_equal(releve_dialect_v5.families[kind], "v5");
    assert_string_equal(releve_dialect_v5.token_family, "v5");
    for (int kind = 0; kind < RELEVE_MEASURES; kind++)
        assert_string_equal(releve_dialect_2026.families[kind], "mesure_synchrone_auto");
    assert_string_equal(releve_dialect_2026.families[RELEVE_CONTRACTS], "situation_contrat_auto");
    assert_string_equal(releve_dialect_2026.families[RELEVE_IDENTITY], "situation_contrat_auto");
    assert_string_equal(releve_dialect_2026.families[RELEVE_CONTACT_DATA], "situation_contrat_auto");
    assert_string_equal(releve_dialect_2026.families[RELEVE_ADDRESSES], "donnees_generales_auto");
    assert_string_equal(releve_dialect_2026.token_family, "oauth2");
    assert_int_equal(releve_dialect_v5.days_min, 2);
    assert_int_equal(releve_dialect_2026.days_min, 1);
}

/* The arena lives behind cJSON's global hooks: others must not notice. */
static void test_json_of_others_survives_a_judgement(void **state)
{
    (void)state;
    cJSON *mine = cJSON_Parse("{\"a\":[1,2,{\"b\":\"c\"}]}");
    (void)judge_status(0, 404, V5_ERROR("no_data_found", "x"));
    assert_non_null(cJSON_AddStringToObject(mine, "d", "e"));
    char *text = cJSON_PrintUnformatted(mine);
    (void)judge_status(1, 200, "{\"grandeur\":[");
    assert_string_equal(text, "{\"a\":[1,2,{\"b\":\"c\"}],\"d\":\"e\"}");
    cJSON_free(text);
    cJSON_Delete(mine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_error_means_what_the_table_says_in_both_generations),
        cmocka_unit_test(test_a_code_that_begins_a_longer_one_is_not_it),
        cmocka_unit_test(test_a_refused_api_is_named),
        cmocka_unit_test(test_quota_is_quota_in_every_form_and_under_every_status),
        cmocka_unit_test(test_quota_in_a_list_of_errors_is_the_worst_of_it),
        cmocka_unit_test(test_the_worst_member_of_a_list_is_the_same_in_every_order),
        cmocka_unit_test(test_status_429_is_quota_whatever_its_body),
        cmocka_unit_test(test_an_exchange_without_an_answer_is_transient_or_was_not_sent),
        cmocka_unit_test(test_reasons_quote_no_person_and_no_token),
        cmocka_unit_test(test_a_long_message_is_cut_and_not_inside_a_letter),
        cmocka_unit_test(test_a_token_is_taken_with_its_lifetime),
        cmocka_unit_test(test_a_token_that_cannot_be_used_is_not_taken),
        cmocka_unit_test(test_a_token_holds_visible_ascii_only),
        cmocka_unit_test(test_refused_credentials_are_told_from_quota_trouble_and_a_wrong_address),
        cmocka_unit_test(test_targets_are_those_of_the_specification),
        cmocka_unit_test(test_buckets_are_one_in_v5_and_one_for_each_api_in_2026),
        cmocka_unit_test(test_json_of_others_survives_a_judgement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
