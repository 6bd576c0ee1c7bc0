/* See prm_list.h. Whenever the array is full it is sorted and freed of repetitions; it grows only where half of it is
 * left then. */
#include "prm_list.h"
#include <releve/memory.h>

static int compare(const void *a, const void *b)
{
    const releve_prm left = *(const releve_prm *)a, right = *(const releve_prm *)b;
    return left < right ? -1 : left > right;
}

void releve_prm_list_close(struct releve_prm_list *list)
{
    size_t kept = 0;
    if (list->count > 0)
        qsort(list->prms, list->count, sizeof *list->prms, compare);
    for (size_t i = 0; i < list->count; i++)
        if (kept == 0 || list->prms[i] != list->prms[kept - 1])
            list->prms[kept++] = list->prms[i];
    list->count = kept;
}

bool releve_prm_list_add(struct releve_prm_list *list, releve_prm prm, size_t most)
{
    if (list->count == list->room) {
        releve_prm_list_close(list);
        if (list->count > most)
            return false;
        if (list->count >= list->room / 2) {
            list->room = list->room == 0 ? RELEVE_PRM_LIST_FIRST : list->room * 2;
            list->prms = releve_realloc(list->prms, list->room * sizeof *list->prms);
        }
    }
    list->prms[list->count++] = prm;
    return true;
}
