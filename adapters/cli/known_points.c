/* See known_points.h. */
#include "known_points.h"
#include <stdio.h>

static bool on_point(void *data, releve_prm prm)
{
    struct releve_known_points *known = data;
    known->too_many = !releve_prm_list_add(&known->list, prm, RELEVE_SELECTION_POINTS_MAX);
    return !known->too_many;
}

static void on_all(void *data, const struct releve_error *error)
{
    struct releve_known_points *known = data;
    struct releve_error failure = *error;
    releve_prm_list_close(&known->list);
    if (failure.code == RELEVE_OK && (known->too_many || known->list.count > RELEVE_SELECTION_POINTS_MAX))
        releve_fail(&failure, RELEVE_E_USAGE, "Redis knows more than %d usage points: name some with --prm or --prms",
                    RELEVE_SELECTION_POINTS_MAX);
    known->selection->prms = known->list.prms;
    known->selection->prms_count = known->list.count;
    if (failure.code != RELEVE_OK) {
        releve_lookup_end(known->lookup, &failure);
        return;
    }
    if (known->list.count == 0)
        fprintf(stderr, "releve: %s, prefix %s: no usage point is known\n", known->lookup->config->redis.address,
                known->lookup->config->prefix);
    known->found(known->data);
}

void releve_known_points_find(struct releve_known_points *known, struct releve_lookup *lookup,
                              struct releve_selection *selection, void (*found)(void *data), void *data)
{
    *known = (struct releve_known_points){.lookup = lookup, .selection = selection, .found = found, .data = data};
    if (selection->prms_count > 0)
        found(data);
    else
        releve_store_known_points(lookup->store, on_point, on_all, known);
}
