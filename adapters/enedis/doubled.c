/* Labels that a clock in Paris shows twice: in the autumn night, from 02:00 to before 03:00 (docs/enedis.md, Bodies).
 *
 * Which of the two hours a point is of is known from the order of the body alone: the first is summer time, the second
 * winter time. So what is not certain has no value (law 3):
 * - A label that comes once: nobody knows which of the two hours is missing.
 * - Two, in a body without order, or whose doubled labels do not run through the hour twice, one run after the other.
 * - Two that say the same, where another label comes once or the body repeats itself: they may be one, told twice.
 * A stamp that carries its offset is certain, and is none of these. */
#include "point.h"
#include <releve/memory.h>
#include <stdlib.h>

#define LABEL_COMES_AT_MOST 2

/* What the body as a whole says for and against the order of its points. */
struct order {
    bool repeats;     /* it tells some point twice */
    bool lost;        /* some doubled label comes once */
    bool shuffled;    /* labels of other hours go back: it is in no order at all */
    bool interleaved; /* those of the doubled hour do not run through the hour twice, one run after the other */
};

static bool is_doubled(struct enedis_date *date, const struct enedis_point *point)
{
    releve_time at[2];
    return !point->stamp.has_offset && enedis_stamp_instants(&point->stamp, date, at) == 2;
}

static bool any_doubled(struct enedis_measures *measures)
{
    for (size_t i = 0; i < measures->points_count; i++)
        if (is_doubled(&measures->date, &measures->points[i]))
            return true;
    return false;
}

static bool same(const struct enedis_point *a, const struct enedis_point *b)
{
    return a->value == b->value && a->length_minutes == b->length_minutes && !a->wrong && !b->wrong;
}

/* Marks those of `group`, which have one label, that only repeat what another says; returns how many are left. */
static size_t mark_repeated(struct enedis_point **group, size_t count, bool doubled)
{
    size_t left = count;
    if (doubled && count <= LABEL_COMES_AT_MOST)
        return left;
    for (size_t i = 1; i < count; i++) {
        group[i]->repeated = same(group[i], group[doubled ? i - 1 : 0]);
        left -= group[i]->repeated;
    }
    /* The whole body twice: summer, winter, summer, winter. */
    if (doubled && count == 4 && left == 4 && same(group[0], group[2]) && same(group[1], group[3])) {
        group[2]->repeated = group[3]->repeated = true;
        left = 2;
    }
    return left;
}

/* The points by label, in the order of the body where that is one. The caller frees it. */
static struct enedis_point **by_label(struct enedis_measures *measures)
{
    struct enedis_point **sorted = releve_alloc(measures->points_count, sizeof(struct enedis_point *));
    for (size_t i = 0; i < measures->points_count; i++)
        sorted[i] = &measures->points[i];
    qsort(sorted, measures->points_count, sizeof(struct enedis_point *), enedis_compare_labels);
    return sorted;
}

/* Where the group that begins at `first` ends. Points with an offset stand for themselves. */
static size_t group_end(struct enedis_point *const *sorted, size_t first, size_t count)
{
    size_t end = first + 1;
    while (end < count && !sorted[first]->stamp.has_offset && !sorted[end]->stamp.has_offset &&
           enedis_label(sorted[end]) == enedis_label(sorted[first]))
        end++;
    return end;
}

/* Points are in the order of the body, or where it tells the newest first, in the reverse of it. */
static void look_at_order(struct enedis_measures *measures, struct order *order)
{
    int64_t last = INT64_MIN, last_doubled = INT64_MIN;
    int rounds = 0;
    bool descending = measures->points_count > 1 && measures->points[0].order > measures->points[1].order;
    for (size_t i = 0; i < measures->points_count; i++) {
        const struct enedis_point *point = &measures->points[descending ? measures->points_count - 1 - i : i];
        if (point->repeated || point->stamp.has_offset)
            continue;
        int64_t at = enedis_label(point);
        if (is_doubled(&measures->date, point)) {
            rounds += at <= last_doubled;
            last_doubled = at;
            at -= point->stamp.second % ENEDIS_HOUR_SECONDS; /* all of the hour stands at its beginning */
        }
        order->shuffled = order->shuffled || at < last;
        last = at;
    }
    order->interleaved = rounds > 1;
}

/* Decides about the points that have one doubled label; `left` of `count` do not repeat another. */
static void settle_group(struct enedis_point **group, size_t count, size_t left, const struct order *order)
{
    const struct enedis_point *pair[LABEL_COMES_AT_MOST];
    const char *wrong = NULL;
    bool certain = true;
    if (count == 1) {
        certain = false;
    } else if (left != LABEL_COMES_AT_MOST) {
        wrong = "a doubled label comes three times";
    } else {
        size_t found = 0;
        for (size_t i = 0; i < count; i++)
            if (!group[i]->repeated)
                pair[found++] = group[i];
        bool equal = same(pair[0], pair[1]);
        certain = !order->interleaved && !(equal && order->lost);
        if (order->shuffled)
            wrong = "a doubled label comes twice in a body without order";
        else if (equal && order->repeats)
            wrong = "a doubled label comes twice in a body that repeats itself";
    }
    int which = 0;
    for (size_t i = 0; i < count; i++) {
        group[i]->which = certain && !group[i]->repeated ? which++ : ENEDIS_WHICH_UNKNOWN;
        if (wrong && !group[i]->wrong)
            group[i]->wrong = wrong;
    }
}

void enedis_doubled_settle(struct enedis_measures *measures)
{
    if (!any_doubled(measures))
        return;
    struct order order = {false, false, false, false};
    struct enedis_point **sorted = by_label(measures);
    size_t count = measures->points_count, end;
    for (size_t first = 0; first < count; first = end) {
        end = group_end(sorted, first, count);
        bool doubled = is_doubled(&measures->date, sorted[first]);
        size_t left = mark_repeated(&sorted[first], end - first, doubled);
        order.repeats = order.repeats || left < end - first;
        order.lost = order.lost || (doubled && left == 1);
    }
    look_at_order(measures, &order);
    for (size_t first = 0; first < count; first = end) {
        end = group_end(sorted, first, count);
        size_t left = 0;
        for (size_t i = first; i < end; i++)
            left += !sorted[i]->repeated;
        if (is_doubled(&measures->date, sorted[first]))
            settle_group(&sorted[first], end - first, left, &order);
    }
    free(sorted);
}
