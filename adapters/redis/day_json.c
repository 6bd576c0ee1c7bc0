/* One day as others read it (law 3: what upstream said, no more). The curve is written as a grid where it has
 * one: one length through the day, each interval where a clock with that tick has it. */
#include <adapters/redis/day_json.h>
#include <assert.h>

static void add_member(struct releve_text *json, const char *name, const char *value)
{
    releve_text_puts(json, ",\"");
    releve_text_puts(json, name);
    releve_text_puts(json, "\":");
    releve_text_json(json, value);
}

static void add_value(struct releve_text *json, int32_t value)
{
    if (value == RELEVE_NO_VALUE)
        releve_text_puts(json, "null");
    else
        releve_text_number(json, value);
}

/* The length that all intervals share, where they also sit on its grid; else 0. */
static int grid_minutes(const struct releve_reading *reading)
{
    if (reading->intervals_count == 0)
        return 0;
    int length = reading->intervals[0].length_minutes;
    if (length <= 0 || releve_paris_day_minutes(reading->day) % length != 0)
        return 0;
    for (size_t i = 0; i < reading->intervals_count; i++) {
        if (reading->intervals[i].length_minutes != length || reading->intervals[i].minute % length != 0)
            return 0;
    }
    return length;
}

static void add_grid(struct releve_text *json, const struct releve_reading *reading, int length)
{
    releve_text_format(json, ",\"interval\":\"PT%dM\",\"values\":[", length);
    int slots = releve_paris_day_minutes(reading->day) / length;
    size_t next = 0;
    for (int slot = 0; slot < slots; slot++) {
        int32_t value = RELEVE_NO_VALUE;
        if (next < reading->intervals_count && reading->intervals[next].minute == slot * length)
            value = reading->intervals[next++].value_w;
        if (slot > 0)
            releve_text_byte(json, ',');
        add_value(json, value);
    }
    assert(next == reading->intervals_count); /* ascending, inside the day */
    releve_text_byte(json, ']');
}

static void add_points(struct releve_text *json, const struct releve_reading *reading)
{
    releve_text_puts(json, ",\"points\":[");
    for (size_t i = 0; i < reading->intervals_count; i++) {
        const struct releve_interval *interval = &reading->intervals[i];
        releve_text_puts(json, i > 0 ? ",[" : "[");
        releve_text_number(json, interval->minute);
        releve_text_byte(json, ',');
        releve_text_number(json, interval->length_minutes);
        releve_text_byte(json, ',');
        add_value(json, interval->value_w);
        releve_text_byte(json, ']');
    }
    releve_text_byte(json, ']');
}

static void add_at(struct releve_text *json, releve_time time)
{
    char at[RELEVE_TIME_TEXT];
    releve_paris_format(time, at);
    add_member(json, "at", at);
}

static void add_text_or_null(struct releve_text *json, const char *text)
{
    if (text != NULL)
        releve_text_json(json, text);
    else
        releve_text_puts(json, "null");
}

static void add_registers(struct releve_text *json, const struct releve_reading *reading)
{
    add_at(json, reading->at);
    releve_text_puts(json, ",\"registers\":[");
    for (size_t i = 0; i < reading->registers_count; i++) {
        const struct releve_register *each = &reading->registers[i];
        releve_text_puts(json, i > 0 ? ",{\"register\":" : "{\"register\":");
        add_text_or_null(json, each->name);
        releve_text_puts(json, ",\"calendar\":");
        add_text_or_null(json, each->calendar);
        releve_text_puts(json, ",\"class\":");
        add_text_or_null(json, each->class_);
        releve_text_puts(json, ",\"label\":");
        add_text_or_null(json, each->label);
        releve_text_puts(json, ",\"value\":");
        add_value(json, each->value_wh);
        releve_text_byte(json, '}');
    }
    releve_text_byte(json, ']');
}

static void add_reading(struct releve_text *json, enum releve_kind kind, const struct releve_reading *reading)
{
    const struct releve_kind_facts *facts = releve_kind_facts(kind);
    add_member(json, "unit", facts->unit);
    if (facts->quantity == RELEVE_LOAD_CURVE) {
        int length = grid_minutes(reading);
        if (length != 0)
            add_grid(json, reading, length);
        else
            add_points(json, reading);
        return;
    }
    if (facts->quantity == RELEVE_REGISTERS) {
        add_registers(json, reading);
        return;
    }
    releve_text_puts(json, ",\"value\":");
    add_value(json, reading->value);
    if (facts->quantity == RELEVE_MAX_POWER)
        add_at(json, reading->at);
}

static void add_source(struct releve_text *json, const struct releve_day_batch *batch)
{
    char time[RELEVE_TIME_TEXT];
    releve_utc_format(batch->fetched_at, time);
    add_member(json, "source", batch->source);
    add_member(json, "fetched_at", time);
}

void releve_day_json_document(struct releve_text *json, const struct releve_day_batch *batch,
                              const struct releve_document *document)
{
    bool there = document->members != NULL;
    releve_text_puts(json, "{\"prm\":\"");
    releve_text_prm(json, batch->prm);
    releve_text_puts(json, "\"");
    add_member(json, "kind", releve_kind_facts(document->kind)->name);
    add_member(json, "state", releve_day_state_name(there ? RELEVE_DAY_COMPLETE : RELEVE_DAY_HOLE));
    add_source(json, batch);
    releve_text_puts(json, ",");
    releve_text_puts(json, there ? document->members : "\"data\":null,\"raw\":null");
    releve_text_puts(json, "}");
}

void releve_day_json_write(struct releve_text *json, const struct releve_day_batch *batch,
                           const struct releve_day_entry *entry)
{
    assert(batch->kind < RELEVE_MEASURES && batch->source != NULL);
    bool has_reading = entry->state == RELEVE_DAY_COMPLETE || entry->state == RELEVE_DAY_PARTIAL;
    assert(has_reading || entry->state == RELEVE_DAY_HOLE || entry->state == RELEVE_DAY_PENDING);
    assert(has_reading == (entry->reading != NULL));
    assert(!has_reading || (entry->reading->day == entry->day && batch->quality != NULL));
    char time[RELEVE_TIME_TEXT];
    releve_text_puts(json, "{\"prm\":\"");
    releve_text_prm(json, batch->prm);
    releve_text_puts(json, "\"");
    add_member(json, "kind", releve_kind_facts(batch->kind)->name);
    releve_text_puts(json, ",\"date\":\"");
    releve_text_day(json, entry->day);
    releve_text_puts(json, "\"");
    add_member(json, "state", releve_day_state_name(entry->state));
    if (entry->recheck_after != RELEVE_TIME_NEVER) {
        releve_utc_format(entry->recheck_after, time);
        add_member(json, "recheck_after", time);
    }
    if (has_reading) {
        add_reading(json, batch->kind, entry->reading);
        add_member(json, "quality", batch->quality);
    }
    add_source(json, batch);
    releve_text_puts(json, "}");
}
