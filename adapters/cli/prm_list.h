/* Usage points, each once and ascending, from a source that names some of them many times. */
#ifndef RELEVE_CLI_PRM_LIST_H
#define RELEVE_CLI_PRM_LIST_H

#include <releve/usage_point.h>
#include <stdbool.h>
#include <stddef.h>

/* Zeroed is empty. */
struct releve_prm_list {
    releve_prm *prms;
    size_t count;
    size_t room; /* at most twice what is different in it, or RELEVE_PRM_LIST_FIRST: so memory is bounded by that */
};

#define RELEVE_PRM_LIST_FIRST 4096 /* usage points that there is room for at first; 8 bytes each */

/* False, and nothing added, where it is full and has more than `most` different ones: memory ends there. That there are
 * more than `most` may show only when it is closed. */
bool releve_prm_list_add(struct releve_prm_list *list, releve_prm prm, size_t most);

/* Brings them into order. The memory is that of whoever has the list: free(list->prms). */
void releve_prm_list_close(struct releve_prm_list *list);

#endif
