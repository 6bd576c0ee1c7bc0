/* See reasons.h. */
#include "reasons.h"
#include <stdio.h>
#include <string.h>

bool releve_reasons_is_status(const char *code, size_t characters)
{
    return characters == 3 && strspn(code, "0123456789") >= 3;
}

void releve_reasons_code(const struct releve_reason *reason, char out[RELEVE_REASONS_CODE_TEXT])
{
    const char *code = reason->code;
    if (strncmp(code, "http-", 5) == 0)
        code += 5;
    bool status = releve_reasons_is_status(code, strlen(code));
    (void)snprintf(out, RELEVE_REASONS_CODE_TEXT, "%s%s", status ? "HTTP " : "", status ? code : reason->code);
}

bool releve_reasons_is_wide(const struct releve_reason *reason)
{
    return reason->verdict == RELEVE_DIRECTION_REFUSED || reason->verdict == RELEVE_POINT_REFUSED;
}

bool releve_reasons_is_refusal(const struct releve_reason *reason)
{
    return releve_reasons_is_wide(reason) || reason->verdict == RELEVE_API_REFUSED;
}

const struct releve_reason *releve_reasons_find(const struct releve_point_facts *facts, enum releve_kind kind,
                                                bool has_come)
{
    const struct releve_reason *why = NULL;
    if (releve_facts_standing(facts, kind, &why) != RELEVE_STANDING_OPEN)
        return why;
    return releve_facts_are_unserved(facts, kind, has_come) ? &facts->unserved_reason : NULL;
}

void releve_reasons_format(const struct releve_reason *reason, enum releve_kind kind, char out[RELEVE_REASONS_TEXT])
{
    char code[RELEVE_REASONS_CODE_TEXT], since[RELEVE_TIME_TEXT], until[RELEVE_TIME_TEXT], memory[100] = "";
    bool is_there = releve_reasons_is_refusal(reason);
    const char *what = releve_kind_facts(kind)->name, *verb = " is refused";
    if (reason->verdict == RELEVE_DIRECTION_REFUSED || reason->verdict == RELEVE_BEFORE_ACTIVATION)
        what = releve_direction_name(releve_kind_facts(kind)->direction);
    if (reason->verdict == RELEVE_DIRECTION_REFUSED && releve_kind_is_document(kind))
        verb = " are refused";
    if (reason->verdict == RELEVE_POINT_REFUSED)
        what = "the usage point";
    if (reason->since != 0) {
        releve_utc_format(reason->since, since);
        releve_utc_format(reason->until, until);
        (void)snprintf(memory, sizeof memory, "; remembered since %s, not asked again before %s", since, until);
    }
    releve_reasons_code(reason, code);
    (void)snprintf(out, RELEVE_REASONS_TEXT, "%s%s%s (%s: %s)%s", is_there ? "" : "there is no ", what,
                   is_there ? verb : "", code, reason->text, memory);
}
