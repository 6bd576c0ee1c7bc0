/* See day_csv.h. What is printed is digits, names of the program's own, and texts that steer no terminal. */
#include "day_csv.h"
#include <string.h>

const char *releve_day_csv_header(enum releve_kind kind)
{
    switch (releve_kind_facts(kind)->quantity) {
    case RELEVE_LOAD_CURVE:
        return "prm,kind,start,minutes,value_w,state";
    case RELEVE_MAX_POWER:
        return "prm,kind,start,minutes,value_va,state,at";
    case RELEVE_REGISTERS:
        return "prm,kind,start,register,calendar,class,value_wh,state,at";
    default:
        return "prm,kind,start,minutes,value_wh,state";
    }
}

/* What each row begins with; `minute` elapsed minutes after local midnight. */
static void begin_row(FILE *out, const struct releve_stored_day *day, int minute)
{
    char begin[RELEVE_TIME_TEXT];
    releve_paris_format(releve_paris_midnight(day->day) + minute * RELEVE_MINUTE_MS, begin);
    fprintf(out, RELEVE_PRM_FORMAT ",%s,%s,", day->prm, releve_kind_facts(day->kind)->name, begin);
}

static void print_value(FILE *out, bool has_value, double value)
{
    if (has_value)
        fprintf(out, "%.0f", value);
}

/* A field and the comma behind it (RFC 4180). */
static void print_text(FILE *out, const char *text)
{
    if (strpbrk(text, ",\"") == NULL) {
        fprintf(out, "%s,", text);
        return;
    }
    fputc('"', out);
    for (; *text != '\0'; text++)
        fprintf(out, *text == '"' ? "\"\"" : "%c", *text);
    fputs("\",", out);
}

static void print_curve(FILE *out, const struct releve_stored_day *day)
{
    const cJSON *at = NULL;
    struct releve_stored_interval interval;
    for (int index = 0; releve_stored_day_interval(day, &at, &index, &interval);) {
        begin_row(out, day, interval.minute);
        fprintf(out, "%d,", interval.length_minutes);
        print_value(out, interval.has_value, interval.value_w);
        fprintf(out, ",%s\n", day->state);
    }
}

static void print_registers(FILE *out, const struct releve_stored_day *day)
{
    const cJSON *each;
    cJSON_ArrayForEach(each, day->registers) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(each, "value");
        begin_row(out, day, 0);
        print_text(out, releve_stored_day_words(each, "register"));
        print_text(out, releve_stored_day_words(each, "calendar"));
        print_text(out, releve_stored_day_words(each, "class"));
        print_value(out, cJSON_IsNumber(value), cJSON_IsNumber(value) ? value->valuedouble : 0);
        fprintf(out, ",%s,%s\n", day->state, day->at);
    }
}

/* The row of a daily kind, and of a day without values. */
static void print_whole(FILE *out, const struct releve_stored_day *day)
{
    enum releve_quantity quantity = releve_kind_facts(day->kind)->quantity;
    begin_row(out, day, 0);
    if (quantity == RELEVE_REGISTERS)
        fputs(",,,", out);
    else
        fprintf(out, "%d,", releve_paris_day_minutes(day->day));
    print_value(out, day->has_value && (quantity == RELEVE_ENERGY || quantity == RELEVE_MAX_POWER), day->value);
    fprintf(out, ",%s", day->state);
    if (quantity == RELEVE_MAX_POWER || quantity == RELEVE_REGISTERS)
        fprintf(out, ",%s", day->at);
    fputc('\n', out);
}

void releve_day_csv_print(FILE *out, const struct releve_stored_day *day)
{
    if (cJSON_GetArraySize(day->registers) > 0)
        print_registers(out, day);
    else if (cJSON_GetArraySize(day->values) > 0 || cJSON_GetArraySize(day->points) > 0)
        print_curve(out, day);
    else
        print_whole(out, day);
}
