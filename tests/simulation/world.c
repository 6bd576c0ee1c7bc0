/* The event heap, the random numbers and the first broken law. */
#include "world.h"
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct world_event {
    int64_t at_us;
    uint64_t sequence;
    world_happens happens;
    void *owner, *thing;
    bool owned;
};

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void world_init(struct world *world, uint64_t seed)
{
    *world = (struct world){.random = mix(seed + UINT64_C(0x9e3779b97f4a7c15))};
}

void world_close(struct world *world)
{
    for (size_t i = 0; i < world->count; i++)
        if (world->events[i].owned)
            free(world->events[i].thing);
    free(world->events);
    world->events = NULL;
    world->count = world->capacity = 0;
}

static bool comes_before(const struct world_event *a, const struct world_event *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->sequence < b->sequence;
}

void world_at(struct world *world, int64_t at_us, world_happens happens, void *owner, void *thing, bool owned)
{
    assert(at_us >= world->now_us);
    if (world->count == world->capacity) {
        world->capacity = world->capacity == 0 ? 256 : world->capacity * 2;
        world->events = realloc(world->events, world->capacity * sizeof *world->events);
        if (world->events == NULL)
            abort();
    }
    struct world_event event = {at_us, ++world->sequence, happens, owner, thing, owned};
    size_t at = world->count++;
    while (at > 0 && comes_before(&event, &world->events[(at - 1) / 2])) {
        world->events[at] = world->events[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    world->events[at] = event;
}

static struct world_event take_first(struct world *world)
{
    struct world_event first = world->events[0], last = world->events[--world->count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= world->count)
            break;
        if (child + 1 < world->count && comes_before(&world->events[child + 1], &world->events[child]))
            child++;
        if (!comes_before(&world->events[child], &last))
            break;
        world->events[at] = world->events[child];
        at = child;
    }
    if (world->count > 0)
        world->events[at] = last;
    return first;
}

bool world_step(struct world *world)
{
    if (world->broken || world->count == 0)
        return false;
    struct world_event event = take_first(world);
    assert(event.at_us >= world->now_us);
    world->now_us = event.at_us;
    world_note(world, (uint64_t)event.at_us);
    event.happens(event.owner, event.thing);
    if (event.owned)
        free(event.thing);
    return !world->broken;
}

uint64_t world_random(struct world *world)
{
    return mix(world->random += UINT64_C(0x9e3779b97f4a7c15));
}

int64_t world_below(struct world *world, int64_t limit)
{
    return limit <= 1 ? 0 : (int64_t)(world_random(world) % (uint64_t)limit);
}

int64_t world_between(struct world *world, int64_t a, int64_t b)
{
    assert(a <= b);
    return a + world_below(world, b - a + 1);
}

bool world_chance(struct world *world, unsigned per_ten_thousand)
{
    return per_ten_thousand > 0 && world_below(world, 10000) < (int64_t)per_ten_thousand;
}

uint64_t world_hash(uint64_t seed, uint64_t a, uint64_t b, uint64_t c)
{
    return mix(mix(mix(mix(seed + 1) + a) + b * UINT64_C(0x9e3779b97f4a7c15)) + c);
}

void world_break(struct world *world, const char *format, ...)
{
    if (world->broken)
        return;
    world->broken = true;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(world->what, sizeof world->what, format, arguments);
    va_end(arguments);
}

void world_note(struct world *world, uint64_t fact)
{
    world->digest = mix(world->digest + fact + UINT64_C(0x9e3779b97f4a7c15));
}

void world_tell(struct world *world, const char *format, ...)
{
    if (!world->verbose)
        return;
    (void)printf("%14.6f  ", (double)world->now_us / 1e6);
    va_list arguments;
    va_start(arguments, format);
    (void)vprintf(format, arguments);
    va_end(arguments);
    (void)putchar('\n');
}
