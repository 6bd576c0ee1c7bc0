/* See findings.h. */
#include "findings.h"
#include <stdarg.h>
#include <stdio.h>

#define TEXT_BYTES 1024
#define AREA_CHARACTERS 9

static const struct {
    const char *word;
    enum releve_colour colour;
} words[] = {
    [RELEVE_FINDING_OK] = {"ok", RELEVE_GOOD},
    [RELEVE_FINDING_DOUBTFUL] = {"doubtful", RELEVE_DOUBTFUL},
    [RELEVE_FINDING_BAD] = {"bad", RELEVE_BAD},
};

static void judge(struct releve_findings *findings, enum releve_finding finding, enum releve_code code)
{
    bool worse = findings->code == RELEVE_OK || findings->code == RELEVE_E_PARTIAL;
    if (finding == RELEVE_FINDING_BAD && worse)
        findings->code = code;
    else if (finding == RELEVE_FINDING_DOUBTFUL && findings->code == RELEVE_OK)
        findings->code = RELEVE_E_PARTIAL;
}

void releve_findings_add(struct releve_findings *findings, enum releve_finding finding, enum releve_code code,
                         const char *area, const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    judge(findings, finding, code);
    if (findings->json == NULL) {
        printf("%s%-8s%s  %-*s  %s\n", releve_terminal_colour(&findings->terminal, words[finding].colour),
               words[finding].word, releve_terminal_colour(&findings->terminal, RELEVE_PLAIN), AREA_CHARACTERS, area,
               text);
        (void)fflush(stdout); /* the next may take a while */
        return;
    }
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "finding", words[finding].word);
    cJSON_AddStringToObject(item, "area", area);
    cJSON_AddStringToObject(item, "text", text);
    cJSON_AddItemToArray(findings->json, item);
}
