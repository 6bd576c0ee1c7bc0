/* See places.h. */
#include <adapters/redis/places.h>
#include <assert.h>
#include <string.h>

void releve_places_init(struct releve_places *places)
{
    memset(places, 0, sizeof *places);
    for (size_t i = 0; i < RELEVE_SLOTS; i++)
        places->owner[i] = RELEVE_NOBODY;
}

static bool is_at(const struct releve_place *place, const struct releve_redis_seed *seed)
{
    return place->seed.port == seed->port && strcmp(place->seed.host, seed->host) == 0;
}

struct releve_place *releve_places_find(struct releve_places *places, const struct releve_redis_seed *seed)
{
    struct releve_place *room = NULL;
    for (size_t i = 0; i < RELEVE_NODES_MAX; i++) {
        struct releve_place *place = &places->of[i];
        if (place->used && is_at(place, seed))
            return place;
        if (!place->used && room == NULL)
            room = place;
    }
    if (room != NULL)
        *room = (struct releve_place){.seed = *seed, .used = true};
    return room;
}

struct releve_place *releve_places_owner(struct releve_places *places, int slot)
{
    assert(slot >= 0 && slot < RELEVE_SLOTS);
    return places->owner[slot] == RELEVE_NOBODY ? NULL : &places->of[places->owner[slot]];
}

struct releve_place *releve_places_next_master(struct releve_places *places, const struct releve_place *previous)
{
    for (size_t at = previous != NULL ? (size_t)(previous - places->of) + 1 : 0; at < RELEVE_NODES_MAX; at++)
        if (places->of[at].used && places->of[at].master)
            return &places->of[at];
    return NULL;
}

struct releve_place *releve_places_master(struct releve_places *places, size_t i)
{
    struct releve_place *master = releve_places_next_master(places, NULL);
    while (master != NULL && i-- > 0)
        master = releve_places_next_master(places, master);
    return master;
}

static struct releve_place *find_listed(struct releve_places *places, const struct releve_redis_seed *seed)
{
    for (size_t i = 0; i < RELEVE_NODES_MAX; i++)
        if (places->of[i].used && places->of[i].listed && is_at(&places->of[i], seed))
            return &places->of[i];
    return NULL;
}

static bool give(struct releve_places *places, size_t slot, const struct releve_place *place)
{
    uint16_t number = place != NULL ? (uint16_t)(place - places->of) : RELEVE_NOBODY;
    bool differs = places->owner[slot] != number;
    places->owner[slot] = number;
    return differs;
}

bool releve_places_move(struct releve_places *places, int slot, const struct releve_redis_seed *to)
{
    struct releve_place *place = find_listed(places, to);
    if (place == NULL)
        return false;
    place->master = true;
    if (give(places, (size_t)slot, place))
        places->epoch++;
    return true;
}

/* By its id, as its address may be another one by now. */
static bool is_node(const struct releve_place *place, const struct releve_slot_map *map, size_t i)
{
    if (place->id[0] != '\0' && map->ids[i][0] != '\0')
        return strcmp(place->id, map->ids[i]) == 0;
    return is_at(place, &map->nodes[i]);
}

static bool is_alone(const struct releve_places *places, const struct releve_place *place)
{
    for (size_t i = 0; i < RELEVE_NODES_MAX; i++)
        if (places->of[i].used && places->of[i].listed && &places->of[i] != place)
            return false;
    return true;
}

/* Whether it says of itself that it belongs to the cluster. */
static bool speaks_for_itself(const struct releve_places *places, const struct releve_place *place, bool is_master)
{
    return place->master && is_master && (!place->doubted || is_alone(places, place));
}

bool releve_places_recognize(const struct releve_places *places, const struct releve_slot_map *map,
                             const struct releve_redis_seed *asked)
{
    for (size_t i = 0; i < RELEVE_NODES_MAX; i++) {
        const struct releve_place *place = &places->of[i];
        for (size_t j = 0; place->used && place->listed && j < map->count; j++)
            if (is_node(place, map, j) && (!is_at(place, asked) || speaks_for_itself(places, place, map->master[j])))
                return true;
    }
    return false;
}

void releve_places_merge(struct releve_places *places, const struct releve_slot_map *map)
{
    struct releve_place *found[RELEVE_NODES_MAX] = {NULL};
    for (size_t i = 0; i < RELEVE_NODES_MAX; i++) {
        struct releve_place *place = &places->of[i];
        place->was_master = place->node != NULL && (place->was_master || place->master);
        place->master = place->listed = place->doubted = false;
    }
    /* What is known already first: the new ones may want the room of those that go. */
    for (size_t i = 0; i < map->count; i++)
        for (size_t j = 0; j < RELEVE_NODES_MAX; j++)
            places->of[j].listed =
                places->of[j].listed || (places->of[j].used && is_at(&places->of[j], &map->nodes[i]));
    for (size_t i = 0; i < RELEVE_NODES_MAX; i++)
        if (!places->of[i].listed && places->of[i].node == NULL)
            places->of[i].used = false;
    for (size_t i = 0; i < map->count; i++) {
        found[i] = releve_places_find(places, &map->nodes[i]);
        if (found[i] != NULL) {
            memcpy(found[i]->id, map->ids[i], sizeof found[i]->id);
            found[i]->listed = true;
            found[i]->master = map->master[i];
        }
    }
    bool differs = places->epoch == 0;
    for (size_t slot = 0; slot < RELEVE_SLOTS; slot++)
        differs = give(places, slot, map->owner[slot] == RELEVE_NOBODY ? NULL : found[map->owner[slot]]) || differs;
    places->epoch += differs;
}
