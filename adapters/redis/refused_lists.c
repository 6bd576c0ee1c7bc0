/* See refused_lists.h. */
#include <adapters/redis/refused_lists.h>
#include <stdio.h>
#include <string.h>

static struct releve_refused_list *find(const struct releve_refused_lists *lists, const char *name)
{
    for (size_t i = 0; i < lists->count; i++)
        if (strcmp(lists->of[i].name, name) == 0)
            return (struct releve_refused_list *)&lists->of[i];
    return NULL;
}

/* Where all places are in use, that of the list that refused longest ago is taken. */
static struct releve_refused_list *place_for(struct releve_refused_lists *lists)
{
    struct releve_refused_list *oldest = &lists->of[0];
    if (lists->count < RELEVE_REFUSED_LISTS_MAX)
        return &lists->of[lists->count++];
    for (size_t i = 1; i < lists->count; i++)
        if (lists->of[i].refused_ms < oldest->refused_ms)
            oldest = &lists->of[i];
    return oldest;
}

/* Those that no line was about; from here on one was. */
static size_t count_unsaid(struct releve_refused_lists *lists)
{
    size_t count = 0;
    for (size_t i = 0; i < lists->count; i++) {
        count += lists->of[i].is_unsaid;
        lists->of[i].is_unsaid = false;
    }
    return count;
}

enum releve_refused_lists_news releve_refused_lists_note(struct releve_refused_lists *lists, const char *name,
                                                         bool dropped, releve_time now, size_t *others)
{
    struct releve_refused_list *list = find(lists, name);
    bool is_news = list == NULL || now - list->refused_ms >= RELEVE_REFUSED_LISTS_FORGOTTEN_MS;
    if (list == NULL)
        list = place_for(lists);
    if (is_news) {
        *list = (struct releve_refused_list){.refused_ms = now};
        (void)snprintf(list->name, sizeof list->name, "%s", name);
    }
    list->refused_ms = now;
    bool *said = dropped ? &list->said_dropped : &list->said_refused;
    if (*said)
        return RELEVE_REFUSED_LISTS_OLD;
    if (now < lists->say_ms) { /* it is said when it refuses the next time, or counted by the line that is */
        list->is_unsaid = list->is_unsaid || is_news;
        return RELEVE_REFUSED_LISTS_OLD;
    }
    *said = true;
    list->is_unsaid = false;
    *others = count_unsaid(lists);
    lists->say_ms = now + RELEVE_REFUSED_LISTS_SAY_MS;
    return dropped ? RELEVE_REFUSED_LISTS_DROPPED : RELEVE_REFUSED_LISTS_REFUSED;
}

void releve_refused_lists_remove(struct releve_refused_lists *lists, const char *name)
{
    struct releve_refused_list *list = find(lists, name);
    if (list != NULL)
        *list = lists->of[--lists->count];
}

static bool rests(const struct releve_refused_list *list, releve_time now)
{
    return now - list->refused_ms < RELEVE_REFUSED_LISTS_AGAIN_MS;
}

bool releve_refused_lists_has(const struct releve_refused_lists *lists, const char *name, releve_time now)
{
    const struct releve_refused_list *list = find(lists, name);
    return list != NULL && rests(list, now);
}

const char *releve_refused_lists_next(const struct releve_refused_lists *lists, size_t *at, releve_time now)
{
    while (*at < lists->count) {
        const struct releve_refused_list *list = &lists->of[(*at)++];
        if (rests(list, now))
            return list->name;
    }
    return NULL;
}
