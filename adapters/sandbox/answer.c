/* The writers of everything that is not data. */
#include "answer.h"
#include <string.h>

#define JSON_TYPE "application/json"
#define PAGE_TYPE "text/html; charset=utf-8"

void sandbox_answer_init(struct sandbox_answer *answer)
{
    *answer = (struct sandbox_answer){.status = 200,
                                      .content_type = JSON_TYPE,
                                      .retry_after_s = SANDBOX_NO_RETRY_AFTER,
                                      .delivery = SANDBOX_DELIVER_WHOLE,
                                      .spoiled = SANDBOX_UNSPOILED,
                                      .disturbed = SANDBOX_UNSPOILED};
}

void sandbox_answer_free(struct sandbox_answer *answer)
{
    releve_text_free(&answer->body);
}

void sandbox_answer_clear(struct sandbox_answer *answer)
{
    sandbox_answer_free(answer);
    sandbox_answer_init(answer);
}

void sandbox_answer_refuse(struct sandbox_answer *answer, const struct sandbox_refusal *refusal,
                           enum sandbox_error_form form)
{
    const char *local = refusal->french != NULL ? refusal->french : refusal->text;
    struct releve_text *body = &answer->body;
    sandbox_answer_clear(answer);
    answer->status = refusal->status;
    switch (form) {
    case SANDBOX_ERROR_LIST200:
        answer->counted_as = refusal->status;
        answer->status = 200;
        /* fall through */
    case SANDBOX_ERROR_LIST:
        releve_text_format(body, "[{\"code\":\"%s\",\"message\":\"%s\"}]", refusal->code, refusal->text);
        return;
    case SANDBOX_ERROR_LIBELLE: /* SGT404, as captured, says the status and no more */
        if (refusal->status == 404)
            releve_text_format(body, "{\"code\":\"SGT404\",\"libelle\":\"%s\"}", local);
        else
            releve_text_format(body, "{\"code\":\"%s\",\"libelle\":\"%s\"}", refusal->code, local);
        return;
    case SANDBOX_ERROR_FRENCH:
        if (refusal->french == NULL)
            break;
        releve_text_format(body, "{\"error\":\"%d\",\"error_description\":\"%s\"}", refusal->status, local);
        return;
    case SANDBOX_ERROR_DOUBLED:
        if (strncmp(refusal->code, "ADAM", 4) != 0)
            break;
        releve_text_format(body, "{\"error\":\"ADAM_%s\",\"error_description\":\"%s\"}", refusal->code, refusal->text);
        return;
    case SANDBOX_ERROR_CLASSIC:
    case SANDBOX_ERROR_FORMS:
        break;
    }
    releve_text_format(body, "{\"error\":\"%s\",\"error_description\":\"%s\"}", refusal->code, refusal->text);
}

void sandbox_answer_gateway(struct sandbox_answer *answer, int status, const char *code, const char *message,
                            const char *description)
{
    sandbox_answer_clear(answer);
    answer->status = status;
    releve_text_format(&answer->body, "{\"code\":\"%s\",\"message\":\"%s\",\"description\":\"%s\"}", code, message,
                       description);
}

void sandbox_answer_page(struct sandbox_answer *answer, int status, const char *title)
{
    sandbox_answer_clear(answer);
    answer->status = status;
    answer->content_type = PAGE_TYPE;
    releve_text_format(&answer->body,
                       "<!DOCTYPE html>\n<html><head><title>%s</title></head>\n"
                       "<body><h1>%s</h1></body></html>\n",
                       title, title);
}

/* "2026-Jul-17 05:00:00+0000 UTC" */
static void write_wso2_time(struct releve_text *text, releve_time at)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char utc[RELEVE_TIME_TEXT]; /* "2026-07-17T05:00:00Z" */
    releve_utc_format(at, utc);
    int month = (utc[5] - '0') * 10 + utc[6] - '0';
    releve_text_format(text, "%.4s-%s-%.2s %.8s+0000 UTC", utc, months[month - 1], utc + 8, utc + 11);
}

static void write_wso2(struct releve_text *body, releve_time until)
{
    releve_text_puts(body, "{\"code\":\"900804\",\"message\":\"Message throttled out\",\"description\":\"You have "
                           "exceeded your quota .You can access API after ");
    write_wso2_time(body, until);
    releve_text_puts(body, "\",\"nextAccessTime\":\"");
    write_wso2_time(body, until);
    releve_text_puts(body, "\"}");
}

static void write_quota(struct releve_text *body, int number, long long wait_s)
{
    releve_text_format(body,
                       "{\"error\":\"429\",\"error_description\":\"Quota Q%d reached  Call threshold allowed on "
                       "%lld:%lld:%lld\"}",
                       number, wait_s / 3600, wait_s / 60 % 60, wait_s % 60);
}

void sandbox_answer_throttle(struct sandbox_answer *answer, enum sandbox_throttle form, releve_time now,
                             releve_time until)
{
    long long wait_s = until > now ? (long long)((until - now + RELEVE_SECOND_MS - 1) / RELEVE_SECOND_MS) : 0;
    until = (until + RELEVE_SECOND_MS - 1) / RELEVE_SECOND_MS * RELEVE_SECOND_MS;
    sandbox_answer_clear(answer);
    answer->status = form == SANDBOX_THROTTLE_UNDER_200 ? 200 : 429;
    switch (form) {
    case SANDBOX_THROTTLE_WSO2_AND_RETRY_AFTER:
        answer->retry_after_s = wait_s;
        write_wso2(&answer->body, until);
        break;
    case SANDBOX_THROTTLE_WSO2:
        write_wso2(&answer->body, until);
        break;
    case SANDBOX_THROTTLE_UNDER_200:
        answer->spoiled = SANDBOX_THROTTLE200;
        write_wso2(&answer->body, until);
        break;
    case SANDBOX_THROTTLE_Q3:
        write_quota(&answer->body, 3, wait_s);
        break;
    case SANDBOX_THROTTLE_Q4:
        write_quota(&answer->body, 4, wait_s);
        break;
    case SANDBOX_THROTTLE_NONSENSE: /* as captured */
        releve_text_puts(&answer->body, "{\"error\":\"429\",\"error_description\":\"Quota Q4 reached  Call threshold "
                                        "allowed on 0:-30:-40\"}");
        break;
    case SANDBOX_THROTTLE_SLA:
        releve_text_puts(&answer->body, "{\"code\":\"429\",\"message\":\"SLA dépassé\"}");
        break;
    case SANDBOX_THROTTLE_RETRY_AFTER:
        answer->retry_after_s = wait_s;
        releve_text_puts(&answer->body, "{\"code\":\"900802\",\"message\":\"Message throttled out\"}");
        break;
    }
}
