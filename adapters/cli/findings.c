/* See findings.h. */
#include "findings.h"
#include <stdarg.h>
#include <stdio.h>

#define TEXT_BYTES 1024
#define AREA_CHARACTERS 9
#define TEXT_COLUMN 21 /* behind the word and the area */

static const struct {
    const char *word;
    enum releve_colour colour;
} words[] = {
    [RELEVE_HEALTH_OK] = {"ok", RELEVE_GOOD},
    [RELEVE_HEALTH_DOUBTFUL] = {"doubtful", RELEVE_DOUBTFUL},
    [RELEVE_HEALTH_BAD] = {"bad", RELEVE_BAD},
};

static void judge(struct releve_findings *findings, enum releve_health health, enum releve_code code)
{
    bool worse = findings->code == RELEVE_OK || findings->code == RELEVE_E_PARTIAL;
    if (health == RELEVE_HEALTH_BAD && worse)
        findings->code = code;
    else if (health == RELEVE_HEALTH_DOUBTFUL && findings->code == RELEVE_OK)
        findings->code = RELEVE_E_PARTIAL;
}

void releve_findings_add(struct releve_findings *findings, enum releve_health health, enum releve_code code,
                         const char *area, const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    judge(findings, health, code);
    if (findings->json == NULL) {
        printf("%s%-8s%s  %-*s  ", releve_terminal_colour(&findings->terminal, words[health].colour),
               words[health].word, releve_terminal_colour(&findings->terminal, RELEVE_PLAIN), AREA_CHARACTERS, area);
        releve_terminal_wrap(stdout, text, TEXT_COLUMN, TEXT_COLUMN, findings->terminal.text_columns);
        (void)fflush(stdout); /* the next may take a while */
        return;
    }
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "finding", words[health].word);
    cJSON_AddStringToObject(item, "area", area);
    cJSON_AddStringToObject(item, "text", text);
    cJSON_AddItemToArray(findings->json, item);
}
