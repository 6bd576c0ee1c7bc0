/* See conso_registers.h. Names and order of members: docs/enedis.md, Registers. */
#include "conso_registers.h"
#include <releve/memory.h>
#include <stdbool.h>

struct row {
    char *name, *calendar, *class_, *label; /* NULL: upstream said nothing */
    struct releve_text values;
};

struct releve_conso_registers {
    struct row rows[RELEVE_CONSO_REGISTERS_MAX];
    size_t count;
};

static bool same_text(const char *left, const char *right)
{
    return left != NULL && right != NULL ? strcmp(left, right) == 0 : left == right;
}

static char *copy(const char *text)
{
    return text != NULL ? releve_strdup(text) : NULL;
}

/* NULL where there are too many. */
static struct row *find_row(struct releve_conso_registers *registers, const struct releve_register *wanted)
{
    for (size_t i = 0; i < registers->count; i++) {
        struct row *row = &registers->rows[i];
        if (same_text(row->name, wanted->name) && same_text(row->calendar, wanted->calendar) &&
            same_text(row->class_, wanted->class_))
            return row;
    }
    if (registers->count == RELEVE_CONSO_REGISTERS_MAX)
        return NULL;
    struct row *added = &registers->rows[registers->count++];
    *added = (struct row){copy(wanted->name), copy(wanted->calendar), copy(wanted->class_), copy(wanted->label), {0}};
    return added;
}

struct releve_conso_registers *releve_conso_registers_open(void)
{
    return releve_alloc(1, sizeof(struct releve_conso_registers));
}

size_t releve_conso_registers_add(struct releve_conso_registers *registers, const struct releve_reading *reading,
                                  const char *at)
{
    size_t added = 0;
    for (size_t i = 0; i < reading->registers_count; i++) {
        const struct releve_register *each = &reading->registers[i];
        struct row *row = each->value_wh != RELEVE_NO_VALUE ? find_row(registers, each) : NULL;
        if (row == NULL)
            continue;
        releve_text_format(&row->values, "%s{\"d\":\"%s\",\"v\":\"%d\",\"iv\":\"0\"}",
                           row->values.length > 0 ? "," : "", at, (int)each->value_wh);
        added++;
    }
    return added;
}

static void write_member(struct releve_text *out, const char *name, const char *text)
{
    if (text == NULL)
        return;
    releve_text_format(out, "\"%s\":", name);
    releve_text_json(out, text);
    releve_text_byte(out, ',');
}

static void write_row(struct releve_text *out, const struct row *row)
{
    releve_text_byte(out, '{');
    write_member(out, "idClasseTemporelle", row->class_);
    write_member(out, "libelleClasseTemporelle", row->label);
    write_member(out, "codeCadran", row->name);
    releve_text_puts(out, "\"valeur\":[");
    releve_text_add(out, row->values.bytes, row->values.length);
    releve_text_puts(out, "]}");
}

/* The one of no calendar counts always; NULL where there is none. */
static const struct row *find_total(const struct releve_conso_registers *registers)
{
    for (size_t i = 0; i < registers->count; i++)
        if (registers->rows[i].calendar == NULL)
            return &registers->rows[i];
    return NULL;
}

/* Whether an earlier one is of its calendar too. */
static bool is_continued(const struct releve_conso_registers *registers, size_t number, const struct row *total)
{
    for (size_t i = 0; i < number; i++)
        if (&registers->rows[i] != total && same_text(registers->rows[i].calendar, registers->rows[number].calendar))
            return true;
    return false;
}

static void write_calendar(struct releve_text *out, const struct releve_conso_registers *registers, size_t first)
{
    const char *comma = "";
    releve_text_byte(out, '{');
    write_member(out, "idCalendrier", registers->rows[first].calendar);
    releve_text_puts(out, "\"classeTemporelle\":[");
    for (size_t i = first; i < registers->count; i++) {
        if (!same_text(registers->rows[i].calendar, registers->rows[first].calendar))
            continue;
        releve_text_puts(out, comma);
        write_row(out, &registers->rows[i]);
        comma = ",";
    }
    releve_text_puts(out, "]}");
}

void releve_conso_registers_write(struct releve_text *out, const struct releve_conso_registers *registers)
{
    const struct row *total = find_total(registers);
    const char *comma = "";
    releve_text_puts(out, "\"calendrier\":[");
    for (size_t i = 0; i < registers->count; i++) {
        if (&registers->rows[i] == total || is_continued(registers, i, total))
            continue;
        releve_text_puts(out, comma);
        write_calendar(out, registers, i);
        comma = ",";
    }
    releve_text_byte(out, ']');
    if (total == NULL)
        return;
    releve_text_puts(out, ",\"cadranTotalisateur\":");
    write_row(out, total);
}

void releve_conso_registers_close(struct releve_conso_registers *registers)
{
    for (size_t i = 0; i < registers->count; i++) {
        struct row *row = &registers->rows[i];
        free(row->name);
        free(row->calendar);
        free(row->class_);
        free(row->label);
        releve_text_free(&row->values);
    }
    free(registers);
}
