/* The usage points that a command is about: those of its selection or, where it names none, all that Redis has facts or
 * days of under the prefix. */
#ifndef RELEVE_CLI_KNOWN_POINTS_H
#define RELEVE_CLI_KNOWN_POINTS_H

#include "lookup.h"
#include "prm_list.h"
#include "selection.h"

/* While it is looked for. */
struct releve_known_points {
    struct releve_lookup *lookup;
    struct releve_selection *selection;
    void (*found)(void *data);
    void *data;
    struct releve_prm_list list;
    bool too_many;
};

/* `found` is called when the selection has its usage points, ascending where they were looked for; at once where it has
 * some already. Where there is none that is said on standard error. Where it cannot be found out the lookup ends.
 * `known` lives until then. */
void releve_known_points_find(struct releve_known_points *known, struct releve_lookup *lookup,
                              struct releve_selection *selection, void (*found)(void *data), void *data);

#endif
