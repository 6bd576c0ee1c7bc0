/* The registers of a meter to readings (docs/enedis.md, Registers): what each showed, mostly when the day began. A
 * register is one in the meter for one class of hours of one tariff; the body has a list of values for each. */
#include "point.h"
#include <assert.h>
#include <releve/memory.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES_MAX 100 /* of a register's name, calendar, class or label: captured ones have 33 at most */

/* --- reading ------------------------------------------------------------------------------------------- */

static bool same_text(const char *left, const char *right)
{
    return left && right ? strcmp(left, right) == 0 : left == right;
}

/* Its number. One that is named in several readings of the meter is the same. */
static bool find_register(struct enedis_measures *measures, const struct enedis_register *wanted, int *number)
{
    const char *const texts[] = {wanted->name, wanted->calendar, wanted->class_, wanted->label};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i] && strlen(texts[i]) >= TEXT_BYTES_MAX)
            return enedis_problem(measures, "a register has a name of more than %d bytes", TEXT_BYTES_MAX - 1);
    if (!wanted->name && !wanted->class_)
        return enedis_problem(measures, "a register has no name");
    for (*number = 0; *number < measures->registers_count; ++*number) {
        const struct enedis_register *known = &measures->registers[*number];
        if (same_text(known->name, wanted->name) && same_text(known->calendar, wanted->calendar) &&
            same_text(known->class_, wanted->class_))
            return true;
    }
    if (measures->registers_count == ENEDIS_REGISTERS_MAX)
        return enedis_problem(measures, "the body has more than %d registers", ENEDIS_REGISTERS_MAX);
    measures->registers[measures->registers_count++] = *wanted;
    return true;
}

static bool take_register(struct enedis_measures *measures, const cJSON *class_, const char *calendar)
{
    const struct enedis_register wanted = {enedis_json_text(class_, "codeCadran"), calendar,
                                           enedis_json_text(class_, "idClasseTemporelle"),
                                           enedis_json_text(class_, "libelleClasseTemporelle")};
    size_t before = measures->points_count;
    int number = 0;
    if (!enedis_measures_take(measures, enedis_json_get(class_, "valeur")) ||
        !find_register(measures, &wanted, &number))
        return false;
    for (size_t i = before; i < measures->points_count; i++)
        measures->points[i].series = (uint8_t)number;
    return true;
}

/* What is there and not understood is no empty list: nothing is taken to be a hole because of it. */
static bool refuse_form(struct enedis_measures *measures)
{
    return enedis_problem(measures, "registers in a form that is not known");
}

static bool take_calendar(struct enedis_measures *measures, const cJSON *calendar)
{
    const cJSON *class_, *classes = enedis_json_get(calendar, "classeTemporelle");
    if (!cJSON_IsArray(classes))
        return refuse_form(measures);
    cJSON_ArrayForEach(class_, classes)
        if (!take_register(measures, class_, enedis_json_text(calendar, "idCalendrier")))
            return false;
    return true;
}

static bool take_calendars(struct enedis_measures *measures, const cJSON *list)
{
    const cJSON *calendar;
    cJSON_ArrayForEach(calendar, list)
        if (!take_calendar(measures, calendar))
            return false;
    return true;
}

bool enedis_registers_take(struct enedis_measures *measures, const cJSON *quantity)
{
    const cJSON *member;
    bool known = false;
    cJSON_ArrayForEach(member, quantity) {
        bool total = strcmp(member->string, "cadranTotalisateur") == 0;
        bool calendars = strcmp(member->string, "calendrier") == 0;
        bool points = strcmp(member->string, "points") == 0; /* those of other measures: empty here */
        if (!total && !calendars && !points)
            continue;
        known = true;
        if (cJSON_IsNull(member))
            continue;
        if (total ? !cJSON_IsObject(member) : !cJSON_IsArray(member) || (points && cJSON_GetArraySize(member) > 0))
            return refuse_form(measures);
        if (total ? !take_register(measures, member, NULL) : calendars && !take_calendars(measures, member))
            return false;
    }
    return known || refuse_form(measures);
}

/* --- days ---------------------------------------------------------------------------------------------- */

static int compare_registers(const void *left, const void *right)
{
    const struct enedis_point *a = left, *b = right;
    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    if (a->series != b->series)
        return a->series < b->series ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

/* What is wrong with a point, beside the last one that stays of that day and register (NULL: there is none), and the
 * first of that day; NULL: nothing. None beside a value says nothing. */
static const char *fault_of(struct enedis_point *point, struct enedis_point *last, const struct enedis_point *first)
{
    if (point->wrong)
        return point->wrong;
    if (point->at != first->at)
        return "registers that were read at different times";
    point->repeated = last != NULL;
    if (last == NULL || point->value == RELEVE_NO_VALUE)
        return NULL;
    if (last->value != RELEVE_NO_VALUE && last->value != point->value)
        return "two values of one register";
    last->value = point->value;
    return NULL;
}

/* Points are sorted. Of those that say the same, one stays. */
static void settle(struct enedis_measures *measures)
{
    const struct enedis_point *first = NULL;
    struct enedis_point *last = NULL; /* that stays */
    size_t kept = 0, of_day = 0;
    for (size_t i = 0; i < measures->points_count; i++) {
        struct enedis_point *point = &measures->points[i];
        releve_time at[2] = {0, 0}; /* of a doubled label, the earlier one */
        if (enedis_stamp_instants(&point->stamp, &measures->date, at) == 0 && !point->wrong)
            point->wrong = "a register was read at a time that this day does not have";
        point->at = at[0];
        if (!first || first->day != point->day) {
            first = point;
            of_day = 0;
        }
        if (last && (last->day != point->day || last->series != point->series))
            last = NULL;
        const char *fault = fault_of(point, last, first);
        last = point->repeated ? last : point;
        if (!fault && !point->repeated && ++of_day > RELEVE_REGISTERS_MAX)
            fault = "more registers than a meter has";
        if (fault)
            enedis_spoil(measures, point->day, fault);
    }
    for (size_t i = 0; i < measures->points_count; i++)
        if (!measures->points[i].repeated)
            enedis_keep(measures, i, &kept);
    measures->points_count = kept;
}

/* How many points, from the first one of `points`, are of its day; 0 in *valued where none has a value. */
static size_t count_day(const struct enedis_point *points, size_t count, size_t *valued)
{
    size_t used = 0;
    *valued = 0;
    for (; used < count && points[used].day == points[0].day; used++)
        *valued += points[used].value != RELEVE_NO_VALUE;
    return used;
}

/* Copies a text to *room, and moves that on. */
static const char *copy_text(const char *text, char **room)
{
    if (!text)
        return NULL;
    char *copy = *room;
    size_t bytes = strlen(text) + 1;
    memcpy(copy, text, bytes);
    *room += bytes;
    return copy;
}

static size_t text_bytes(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

/* From when until when the body tells of each register. The total is there always where it is at all. */
struct terms {
    releve_day first[ENEDIS_REGISTERS_MAX], last[ENEDIS_REGISTERS_MAX];
};

static void find_terms(const struct enedis_measures *measures, struct terms *terms)
{
    for (int i = 0; i < measures->registers_count; i++) {
        bool total = measures->registers[i].calendar == NULL;
        terms->first[i] = total ? measures->span.first : measures->span.end;
        terms->last[i] = total ? measures->span.end - 1 : measures->span.first - 1;
    }
    for (size_t i = 0; i < measures->points_count; i++) {
        const struct enedis_point *point = &measures->points[i];
        if (point->day < terms->first[point->series])
            terms->first[point->series] = point->day;
        if (point->day > terms->last[point->series])
            terms->last[point->series] = point->day;
    }
}

/* How many registers a day has to have. */
static size_t count_due(const struct enedis_measures *measures, const struct terms *terms, releve_day day)
{
    size_t due = 0;
    for (int i = 0; i < measures->registers_count; i++)
        due += terms->first[i] <= day && day <= terms->last[i];
    return due;
}

/* One block: the readings, behind them the registers of all, and the texts of these. */
static void build(struct enedis_measures *measures, const struct releve_reading **out, size_t *count)
{
    size_t days = (size_t)releve_span_days(measures->span), texts = 0, used = 0, next = 0, valued = 0;
    struct enedis_register names[ENEDIS_REGISTERS_MAX];
    struct terms terms;
    find_terms(measures, &terms);
    for (int i = 0; i < measures->registers_count; i++) {
        const struct enedis_register *each = &measures->registers[i];
        texts +=
            text_bytes(each->name) + text_bytes(each->calendar) + text_bytes(each->class_) + text_bytes(each->label);
    }
    static_assert(_Alignof(struct releve_reading) >= _Alignof(struct releve_register), "registers follow readings");
    struct releve_reading *readings =
        releve_alloc(1, days * sizeof *readings + measures->points_count * sizeof(struct releve_register) + texts + 1);
    struct releve_register *registers = (struct releve_register *)(void *)(readings + days);
    char *room = (char *)(registers + measures->points_count);
    for (int i = 0; i < measures->registers_count; i++) {
        const struct enedis_register *each = &measures->registers[i];
        names[i] = (struct enedis_register){copy_text(each->name, &room), copy_text(each->calendar, &room),
                                            copy_text(each->class_, &room), copy_text(each->label, &room)};
    }
    for (releve_day day = measures->span.first; day < measures->span.end; day++) {
        if (enedis_state(measures, day) != RELEVE_READING_USABLE) {
            readings[used++] = (struct releve_reading){.day = day, .state = enedis_state(measures, day)};
            continue;
        }
        if (next == measures->points_count || measures->points[next].day != day)
            continue; /* there may be no points at all */
        const struct enedis_point *points = &measures->points[next];
        size_t of_day = count_day(points, measures->points_count - next, &valued);
        for (size_t i = 0; i < of_day; i++) {
            const struct enedis_register *name = &names[points[i].series];
            registers[next + i] =
                (struct releve_register){name->name, name->calendar, name->class_, name->label, points[i].value};
        }
        if (valued > 0)
            readings[used++] = (struct releve_reading){.day = day,
                                                       .complete = valued == count_due(measures, &terms, day),
                                                       .at = points->at,
                                                       .registers = &registers[next],
                                                       .registers_count = of_day};
        next += of_day;
    }
    assert(next == measures->points_count);
    if (used == 0) {
        free(readings);
        readings = NULL;
    }
    *out = readings;
    *count = used;
}

bool enedis_registers_finish(struct enedis_measures *measures, const struct releve_reading **readings, size_t *count)
{
    if (!enedis_inside(measures))
        return false;
    enedis_measures_sort(measures, compare_registers);
    settle(measures);
    enedis_mark_unsaid(measures);
    enedis_drop_unusable(measures);
    build(measures, readings, count);
    return true;
}
