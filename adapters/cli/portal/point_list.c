/* Usage points: the list, page by page, and one of them. */
#include "arguments.h"
#include "portal.h"
#include <adapters/cli/point_reading.h>
#include <engine/runtime/clock.h>
#include <releve/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_DEFAULT 10
#define LIMIT_MAX 20

struct points_turn {
    struct releve_turn turn;
    struct releve_portal *portal;
    bool is_page; /* else one usage point */
    char search[RELEVE_PRM_TEXT];
    releve_prm after; /* 0: from the first on */
    size_t limit;
    struct releve_roll_call call;

    releve_prm prms[LIMIT_MAX];
    size_t prms_count, next; /* next: to read */
    size_t matching;         /* in all */
    releve_prm last;         /* there are more behind it; 0: this is the last page */
    struct releve_point_reading point;
    cJSON *list;
};

static void release(struct releve_turn *turn)
{
    struct points_turn *points = (struct points_turn *)turn;
    cJSON_Delete(points->list);
    free(points);
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

static void link_next(struct points_turn *points)
{
    char target[RELEVE_WEB_PATH_BYTES];
    (void)snprintf(target, sizeof target, "/v1/points?search=%s&after=" RELEVE_PRM_FORMAT "&limit=%zu", points->search,
                   points->last, points->limit);
    if (points->turn.asked != NULL)
        releve_web_link_next(points->turn.asked, target);
}

static void answer(struct points_turn *points)
{
    if (!points->is_page) {
        releve_turn_answer_json(&points->turn, cJSON_DetachItemFromArray(points->list, 0));
        return;
    }
    char prm[RELEVE_PRM_TEXT];
    cJSON *json = cJSON_CreateObject();
    cJSON_AddItemToObject(json, "points", points->list);
    points->list = NULL;
    cJSON_AddNumberToObject(json, "count", (double)points->matching);
    cJSON_AddBoolToObject(json, "cut", points->portal->roll.is_cut);
    if (points->last == 0) {
        cJSON_AddNullToObject(json, "next");
    } else {
        releve_prm_format(points->last, prm);
        cJSON_AddStringToObject(json, "next", prm);
        link_next(points);
    }
    releve_turn_answer_json(&points->turn, json);
}

/* --- one after the other ------------------------------------------------------------------------------------------ */

static void read_next(struct points_turn *points);

static void on_point(void *data, const struct releve_error *error)
{
    struct points_turn *points = data;
    if (error->code != RELEVE_OK) {
        releve_turn_fail_redis(&points->turn, error);
        return;
    }
    cJSON_AddItemToArray(points->list, releve_point_look_json(&points->point.look));
    read_next(points);
}

static void read_next(struct points_turn *points)
{
    const struct releve_config *config = points->portal->config;
    if (points->next == points->prms_count || points->turn.asked == NULL)
        answer(points);
    else
        releve_point_reading_begin(&points->point, points->portal->store, points->prms[points->next++],
                                   releve_config_today(config), releve_clock_civil(config->today), on_point, points);
}

/* --- which ones --------------------------------------------------------------------------------------------------- */

static bool matches(const struct points_turn *points, releve_prm prm)
{
    char text[RELEVE_PRM_TEXT];
    if (points->search[0] == '\0')
        return true;
    releve_prm_format(prm, text);
    return strstr(text, points->search) != NULL;
}

static void choose(struct points_turn *points, const struct releve_prm_list *all)
{
    for (size_t i = 0; i < all->count; i++) {
        if (!matches(points, all->prms[i]))
            continue;
        points->matching++;
        if (all->prms[i] <= points->after)
            continue;
        if (points->prms_count < points->limit)
            points->prms[points->prms_count++] = all->prms[i];
        else
            points->last = points->prms[points->prms_count - 1];
    }
}

static void on_roll(void *data, const struct releve_error *error)
{
    struct points_turn *points = data;
    if (error->code != RELEVE_OK) {
        releve_turn_fail_redis(&points->turn, error);
        return;
    }
    choose(points, &points->portal->roll.points);
    read_next(points);
}

static void begin(struct releve_turn *turn)
{
    struct points_turn *points = (struct points_turn *)turn;
    points->list = cJSON_CreateArray();
    if (points->is_page)
        releve_roll_ask(&points->portal->roll, &points->call, on_roll, points);
    else
        read_next(points);
}

/* --- handlers ----------------------------------------------------------------------------------------------------- */

static bool read_limit(struct releve_web_asked *asked, size_t *limit)
{
    const char *text = releve_web_parameter(asked, "limit");
    size_t digits = text != NULL ? strspn(text, "0123456789") : 0;
    *limit = text != NULL ? strtoul(text, NULL, 10) : LIMIT_DEFAULT;
    if (text == NULL || (digits > 0 && digits <= 2 && text[digits] == '\0' && *limit >= 1 && *limit <= LIMIT_MAX))
        return true;
    releve_web_fail(asked, 400, "limit \"%.20s\": a number from 1 to %d.", text, LIMIT_MAX);
    return false;
}

static bool read_page(struct releve_web_asked *asked, struct points_turn *points)
{
    const char *search = releve_web_parameter(asked, "search"), *after = releve_web_parameter(asked, "after");
    search = search != NULL ? search : "";
    if (strlen(search) > RELEVE_PRM_DIGITS || search[strspn(search, "0123456789")] != '\0') {
        releve_web_fail(asked, 400, "search \"%.20s\": digits of a PRM, at most %d.", search, RELEVE_PRM_DIGITS);
        return false;
    }
    (void)snprintf(points->search, sizeof points->search, "%s", search);
    if (after != NULL && !releve_prm_parse(after, strlen(after), &points->after)) {
        releve_web_fail(asked, 400, "after \"%.20s\": a PRM of 14 digits, as next has it.", after);
        return false;
    }
    return read_limit(asked, &points->limit);
}

void releve_portal_points(void *data, struct releve_web_asked *asked)
{
    struct releve_portal *portal = data;
    struct points_turn *points = releve_alloc(1, sizeof *points);
    *points = (struct points_turn){.portal = portal, .is_page = true, .turn.reads_all = true};
    if (!read_page(asked, points)) {
        free(points);
        return;
    }
    releve_turns_add(&portal->turns, &points->turn, asked, (unsigned)points->limit * RELEVE_POINT_QUESTIONS, begin,
                     release);
}

void releve_portal_point(void *data, struct releve_web_asked *asked)
{
    struct releve_portal *portal = data;
    releve_prm prm;
    if (!releve_argument_prm(asked, 0, &prm))
        return;
    struct points_turn *points = releve_alloc(1, sizeof *points);
    *points = (struct points_turn){.portal = portal, .prms = {prm}, .prms_count = 1, .turn.prm = prm};
    releve_turns_add(&portal->turns, &points->turn, asked, RELEVE_POINT_QUESTIONS, begin, release);
}
