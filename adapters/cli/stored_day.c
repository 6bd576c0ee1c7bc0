/* Prints stored days. Reads leniently what it prints, and not at all what it does not. */
#include "stored_day.h"
#include <cjson/cJSON.h>
#include <releve/json_guard.h>
#include <releve/reading.h>
#include <string.h>

#define NESTING_MAX 3           /* a day, its points or registers, one of them */
#define DOCUMENT_NESTING_MAX 40 /* more than a body that was kept */
#define INTERVAL_MINUTES_MAX 60 /* of a load curve */

struct curve {
    const cJSON *values; /* a grid; else NULL */
    const cJSON *points; /* [minute, length, value] each; else NULL */
    int minutes;         /* of the grid */
};

/* A text member without anything that a terminal or a CSV would understand; else "". */
static const char *text_of(const cJSON *day, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(day, name));
    if (text == NULL)
        return "";
    for (const char *at = text; *at != '\0'; at++)
        if (*at < ' ' || *at > '~' || *at == ',' || *at == '"')
            return "";
    return text;
}

/* DEL and the second set of control characters (U+0080 to U+009F); JSON escapes the first. */
static bool steers_a_terminal(const char *text, size_t text_bytes)
{
    for (size_t i = 0; i < text_bytes; i++) {
        unsigned char byte = (unsigned char)text[i], next = i + 1 < text_bytes ? (unsigned char)text[i + 1] : 0;
        if (byte == 0x7F || (byte == 0xC2 && next >= 0x80 && next <= 0x9F))
            return true;
    }
    return false;
}

/* A register's label, which may have any letter; else "". */
static const char *label_of(const cJSON *item)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "label"));
    if (text == NULL || steers_a_terminal(text, strlen(text)))
        return "";
    for (const char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at < ' ')
            return "";
    return text;
}

static bool is_within(const cJSON *number, int least, int most)
{
    return cJSON_IsNumber(number) && number->valueint >= least && number->valueint <= most;
}

/* False where intervals lie outside of any day. A hole has none. */
static bool read_curve(const cJSON *json, struct curve *curve)
{
    *curve = (struct curve){cJSON_GetObjectItemCaseSensitive(json, "values"),
                            cJSON_GetObjectItemCaseSensitive(json, "points"), 0};
    if (curve->values != NULL)
        return cJSON_IsArray(curve->values) && sscanf(text_of(json, "interval"), "PT%4dM", &curve->minutes) == 1 &&
               curve->minutes >= 1 && curve->minutes <= INTERVAL_MINUTES_MAX &&
               cJSON_GetArraySize(curve->values) <= RELEVE_DAY_MINUTES_MAX / curve->minutes;
    const cJSON *point;
    cJSON_ArrayForEach(point, curve->points)
        if (!is_within(cJSON_GetArrayItem(point, 0), 0, RELEVE_DAY_MINUTES_MAX - 1) ||
            !is_within(cJSON_GetArrayItem(point, 1), 1, INTERVAL_MINUTES_MAX))
            return false;
    return true;
}

/* One line of CSV for an interval that begins `minute` elapsed minutes after local midnight. */
static void print_interval(FILE *out, const char *prm, releve_day day, int minute, int length, const cJSON *value)
{
    char begin[RELEVE_TIME_TEXT];
    releve_paris_format(releve_paris_midnight(day) + minute * RELEVE_MINUTE_MS, begin);
    if (cJSON_IsNumber(value))
        fprintf(out, "%s,%s,%d,%.0f\n", prm, begin, length, value->valuedouble);
    else
        fprintf(out, "%s,%s,%d,\n", prm, begin, length);
}

static void print_curve_csv(FILE *out, releve_day day, const cJSON *json, const struct curve *curve)
{
    const char *prm = text_of(json, "prm");
    const cJSON *item;
    int index = 0;
    cJSON_ArrayForEach(item, curve->values)
        print_interval(out, prm, day, index++ * curve->minutes, curve->minutes, item);
    if (curve->values != NULL)
        return;
    cJSON_ArrayForEach(item, curve->points)
        print_interval(out, prm, day, cJSON_GetArrayItem(item, 0)->valueint, cJSON_GetArrayItem(item, 1)->valueint,
                       cJSON_GetArrayItem(item, 2));
}

static void print_csv(FILE *out, enum releve_kind kind, const cJSON *json)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(json, "value");
    fprintf(out, "%s,%s,%s,", text_of(json, "prm"), text_of(json, "date"), text_of(json, "state"));
    if (cJSON_IsNumber(value))
        fprintf(out, "%.0f", value->valuedouble);
    if (releve_kind_facts(kind)->quantity == RELEVE_MAX_POWER)
        fprintf(out, ",%s", text_of(json, "at"));
    fputc('\n', out);
}

/* A line of CSV a register; one without any for a day that has none. */
static void print_registers_csv(FILE *out, const cJSON *json)
{
    const cJSON *each, *registers = cJSON_GetObjectItemCaseSensitive(json, "registers");
    if (cJSON_GetArraySize(registers) == 0)
        fprintf(out, "%s,%s,%s,,,,,\n", text_of(json, "prm"), text_of(json, "date"), text_of(json, "state"));
    cJSON_ArrayForEach(each, registers) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(each, "value");
        fprintf(out, "%s,%s,%s,%s,%s,%s,%s,", text_of(json, "prm"), text_of(json, "date"), text_of(json, "state"),
                text_of(json, "at"), text_of(each, "register"), text_of(each, "calendar"), text_of(each, "class"));
        if (cJSON_IsNumber(value))
            fprintf(out, "%.0f", value->valuedouble);
        fputc('\n', out);
    }
}

/* A line a register, below its day. */
static void print_registers(FILE *out, const cJSON *json)
{
    const cJSON *each;
    cJSON_ArrayForEach(each, cJSON_GetObjectItemCaseSensitive(json, "registers")) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(each, "value");
        fprintf(out, "  %-11s  %-8s  %-4s  ", text_of(each, "register"), text_of(each, "calendar"),
                text_of(each, "class"));
        if (cJSON_IsNumber(value))
            fprintf(out, "%10.0f %s", value->valuedouble, text_of(json, "unit"));
        else
            fputs("no value", out);
        fprintf(out, "  %s\n", label_of(each));
    }
}

/* A curve's day: its energy, and its lowest and highest power. */
static void print_curve(FILE *out, const struct curve *curve)
{
    const cJSON *item, *slots_of_day = curve->values != NULL ? curve->values : curve->points;
    int given = 0, slots = 0;
    double energy = 0, low = 0, high = 0;
    cJSON_ArrayForEach(item, slots_of_day) {
        const cJSON *value = curve->values != NULL ? item : cJSON_GetArrayItem(item, 2);
        int minutes = curve->values != NULL ? curve->minutes : cJSON_GetArrayItem(item, 1)->valueint;
        slots++;
        if (!cJSON_IsNumber(value))
            continue;
        double power = value->valuedouble;
        energy += power * minutes / 60.0;
        low = given == 0 || power < low ? power : low;
        high = given == 0 || power > high ? power : high;
        given++;
    }
    if (slots > 0)
        fprintf(out, "  %8.0f Wh  %6.0f to %6.0f W  %d of %d values", energy, low, high, given, slots);
}

static void print_pretty(FILE *out, const cJSON *json, const struct curve *curve)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(json, "value");
    fprintf(out, "%s  %-8s", text_of(json, "date"), text_of(json, "state"));
    if (curve != NULL)
        print_curve(out, curve);
    else if (cJSON_IsNumber(value))
        fprintf(out, "  %8.0f %s", value->valuedouble, text_of(json, "unit"));
    if (*text_of(json, "at") != '\0')
        fprintf(out, "  at %s", text_of(json, "at"));
    if (*text_of(json, "recheck_after") != '\0')
        fprintf(out, "  asked again after %s", text_of(json, "recheck_after"));
    fputc('\n', out);
    print_registers(out, json);
}

const char *releve_stored_day_header(enum releve_kind kind)
{
    switch (releve_kind_facts(kind)->quantity) {
    case RELEVE_LOAD_CURVE:
        return "prm,begin,minutes,value_w";
    case RELEVE_MAX_POWER:
        return "prm,date,state,value_va,at";
    case RELEVE_REGISTERS:
        return "prm,date,state,at,register,calendar,class,value_wh";
    default:
        return "prm,date,state,value_wh";
    }
}

/* As JSON, indented. */
static bool print_document(FILE *out, const char *text, size_t text_bytes)
{
    if (steers_a_terminal(text, text_bytes) || releve_json_guard(text, text_bytes, RELEVE_STORED_DOCUMENT_BYTES_MAX,
                                                                 DOCUMENT_NESTING_MAX) != RELEVE_JSON_SOUND)
        return false;
    cJSON *json = cJSON_ParseWithLength(text, text_bytes);
    char *lines = cJSON_IsObject(json) ? cJSON_Print(json) : NULL;
    bool sound = lines != NULL && fprintf(out, "%s\n", lines) > 0;
    cJSON_free(lines);
    cJSON_Delete(json);
    return sound;
}

bool releve_stored_day_print(FILE *out, enum releve_stored_day_form form, enum releve_kind kind, releve_day day,
                             const char *text, size_t text_bytes)
{
    if (releve_kind_is_document(kind))
        return print_document(out, text, text_bytes);
    if (releve_json_guard(text, text_bytes, RELEVE_STORED_DAY_BYTES_MAX, NESTING_MAX) != RELEVE_JSON_SOUND)
        return false;
    cJSON *json = cJSON_ParseWithLength(text, text_bytes);
    struct curve curve;
    bool has_curve = releve_kind_facts(kind)->quantity == RELEVE_LOAD_CURVE;
    bool has_registers = releve_kind_facts(kind)->quantity == RELEVE_REGISTERS;
    bool sound = cJSON_IsObject(json) && (!has_curve || read_curve(json, &curve));
    if (sound && form == RELEVE_STORED_DAY_PRETTY)
        print_pretty(out, json, has_curve ? &curve : NULL);
    else if (sound && has_curve)
        print_curve_csv(out, day, json, &curve);
    else if (sound && has_registers)
        print_registers_csv(out, json);
    else if (sound)
        print_csv(out, kind, json);
    cJSON_Delete(json);
    return sound;
}
