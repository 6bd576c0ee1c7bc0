/* Reads leniently what will be printed, and not at all what will not. */
#include "stored_day.h"
#include <releve/json_guard.h>
#include <releve/reading.h>
#include <string.h>

#define NESTING_MAX 3           /* a day, its points or registers, one of them */
#define DOCUMENT_NESTING_MAX 40 /* more than a body that was kept */
#define INTERVAL_MINUTES_MAX 60 /* of a load curve */

const char *releve_stored_day_text(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
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

const char *releve_stored_day_words(const cJSON *item, const char *name)
{
    return releve_stored_day_harmless(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, name)));
}

const char *releve_stored_day_harmless(const char *text)
{
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
static bool read_curve(struct releve_stored_day *day)
{
    day->values = cJSON_GetObjectItemCaseSensitive(day->json, "values");
    day->points = day->values == NULL ? cJSON_GetObjectItemCaseSensitive(day->json, "points") : NULL;
    if (day->values != NULL)
        return cJSON_IsArray(day->values) &&
               sscanf(releve_stored_day_text(day->json, "interval"), "PT%4dM", &day->minutes) == 1 &&
               day->minutes >= 1 && day->minutes <= INTERVAL_MINUTES_MAX &&
               cJSON_GetArraySize(day->values) <= RELEVE_DAY_MINUTES_MAX / day->minutes;
    const cJSON *point;
    cJSON_ArrayForEach(point, day->points)
        if (!is_within(cJSON_GetArrayItem(point, 0), 0, RELEVE_DAY_MINUTES_MAX - 1) ||
            !is_within(cJSON_GetArrayItem(point, 1), 1, INTERVAL_MINUTES_MAX))
            return false;
    return true;
}

/* The number of a value; false where it has none. */
static bool read_number(const cJSON *item, double *number)
{
    *number = cJSON_IsNumber(item) ? item->valuedouble : 0;
    return cJSON_IsNumber(item);
}

struct releve_stored_day releve_stored_day_missing(releve_prm prm, enum releve_kind kind, releve_day day)
{
    return (struct releve_stored_day){
        .prm = prm, .kind = kind, .day = day, .state = "missing", .at = "", .recheck_after = ""};
}

bool releve_stored_day_read(releve_prm prm, enum releve_kind kind, releve_day day, const char *text, size_t text_bytes,
                            struct releve_stored_day *out)
{
    *out = releve_stored_day_missing(prm, kind, day);
    if (releve_json_guard(text, text_bytes, RELEVE_STORED_DAY_BYTES_MAX, NESTING_MAX) != RELEVE_JSON_SOUND)
        return false;
    out->json = cJSON_ParseWithLength(text, text_bytes);
    if (!cJSON_IsObject(out->json) || (releve_kind_facts(kind)->quantity == RELEVE_LOAD_CURVE && !read_curve(out))) {
        cJSON_Delete(out->json);
        return false;
    }
    out->state = releve_stored_day_text(out->json, "state");
    out->at = releve_stored_day_text(out->json, "at");
    out->recheck_after = releve_stored_day_text(out->json, "recheck_after");
    out->has_value = read_number(cJSON_GetObjectItemCaseSensitive(out->json, "value"), &out->value);
    if (releve_kind_facts(kind)->quantity == RELEVE_REGISTERS)
        out->registers = cJSON_GetObjectItemCaseSensitive(out->json, "registers");
    return true;
}

void releve_stored_day_free(struct releve_stored_day *day)
{
    cJSON_Delete(day->json);
    day->json = NULL;
}

bool releve_stored_day_interval(const struct releve_stored_day *day, const cJSON **next, int *index,
                                struct releve_stored_interval *interval)
{
    const cJSON *list = day->values != NULL ? day->values : day->points;
    bool first = *next == NULL;
    *index = first ? 0 : *index + 1;
    *next = first ? (list != NULL ? list->child : NULL) : (*next)->next;
    if (*next == NULL)
        return false;
    const cJSON *value = *next;
    if (day->values != NULL) {
        interval->minute = *index * day->minutes;
        interval->length_minutes = day->minutes;
    } else {
        interval->minute = cJSON_GetArrayItem(*next, 0)->valueint;
        interval->length_minutes = cJSON_GetArrayItem(*next, 1)->valueint;
        value = cJSON_GetArrayItem(*next, 2);
    }
    interval->has_value = read_number(value, &interval->value_w);
    return true;
}

double releve_stored_day_energy_wh(const struct releve_stored_day *day)
{
    const cJSON *at = NULL;
    struct releve_stored_interval interval;
    double watt_minutes = 0;
    for (int index = 0; releve_stored_day_interval(day, &at, &index, &interval);)
        if (interval.has_value)
            watt_minutes += interval.value_w * interval.length_minutes;
    return watt_minutes / 60.0;
}

void releve_stored_day_name_broken(releve_prm prm, enum releve_kind kind, releve_day day)
{
    char date[RELEVE_DAY_TEXT];
    bool document = releve_kind_is_document(kind);
    releve_day_format(day, date);
    fprintf(stderr, "releve: " RELEVE_PRM_FORMAT " %s%s%s: what is stored is no %s\n", prm,
            releve_kind_facts(kind)->name, document ? "" : " ", document ? "" : date,
            document ? "document" : "day of this kind");
}

void releve_stored_day_write_json(struct releve_text *out, const struct releve_stored_day *day, const char *text,
                                  size_t text_bytes)
{
    bool one_line = true;
    for (size_t i = 0; i < text_bytes; i++)
        one_line = one_line && (unsigned char)text[i] >= ' ';
    char *line = one_line ? NULL : cJSON_PrintUnformatted(day->json); /* which escapes what is below a blank */
    if (line != NULL)
        text_bytes = strlen(text = line);
    for (size_t i = 0; i < text_bytes; i++) {
        unsigned char byte = (unsigned char)text[i], next = i + 1 < text_bytes ? (unsigned char)text[i + 1] : 0;
        if (byte == 0x7F)
            releve_text_puts(out, "\\u007f");
        else if (byte == 0xC2 && next >= 0x80 && next <= 0x9F)
            releve_text_format(out, "\\u%04x", (unsigned)(unsigned char)text[++i]);
        else
            releve_text_byte(out, text[i]);
    }
    cJSON_free(line);
}

void releve_stored_day_print_json(FILE *out, const struct releve_stored_day *day, const char *text, size_t text_bytes)
{
    struct releve_text line = {.length = 0};
    releve_stored_day_write_json(&line, day, text, text_bytes);
    releve_text_byte(&line, '\n');
    (void)fwrite(line.bytes, 1, line.length, out);
    releve_text_free(&line);
}

bool releve_stored_document_write(struct releve_text *out, bool indented, const char *text, size_t text_bytes)
{
    if (steers_a_terminal(text, text_bytes) || releve_json_guard(text, text_bytes, RELEVE_STORED_DOCUMENT_BYTES_MAX,
                                                                 DOCUMENT_NESTING_MAX) != RELEVE_JSON_SOUND)
        return false;
    cJSON *json = cJSON_ParseWithLength(text, text_bytes);
    if (indented) /* what it was read from has more, and not only what was asked for */
        cJSON_DeleteItemFromObjectCaseSensitive(json, "raw");
    char *lines = cJSON_IsObject(json) ? indented ? cJSON_Print(json) : cJSON_PrintUnformatted(json) : NULL;
    if (lines != NULL)
        releve_text_format(out, "%s\n", lines);
    cJSON_free(lines);
    cJSON_Delete(json);
    return lines != NULL;
}

bool releve_stored_document_print(FILE *out, bool indented, const char *text, size_t text_bytes)
{
    struct releve_text lines = {.length = 0};
    bool sound = releve_stored_document_write(&lines, indented, text, text_bytes);
    if (sound)
        (void)fwrite(lines.bytes, 1, lines.length, out);
    releve_text_free(&lines);
    return sound;
}
