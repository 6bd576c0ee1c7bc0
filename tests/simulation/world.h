/* A world in virtual time: what happens next, in order; and every random choice, from one seed.
 *
 * Nothing here knows what the events mean. Two runs of one seed are the same to the last bit; `digest` shows it. */
#ifndef RELEVE_SIMULATION_WORLD_H
#define RELEVE_SIMULATION_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORLD_SECOND_US INT64_C(1000000)

struct world_event;

struct world {
    int64_t now_us;
    uint64_t random;
    uint64_t digest;   /* of all that happened so far */
    uint64_t sequence; /* events at one moment happen in the order in which they were planned */
    struct world_event *events;
    size_t count, capacity;
    bool verbose; /* tells on standard output what happens */
    bool broken;
    char what[512]; /* the first law that was broken */
};

/* What happens: `owner` and `thing` as they were given. */
typedef void (*world_happens)(void *owner, void *thing);

void world_init(struct world *world, uint64_t seed);
void world_close(struct world *world);

/* Plans an event. Where `owned`, `thing` came from malloc: the world frees it after the event, or at its end. */
void world_at(struct world *world, int64_t at_us, world_happens happens, void *owner, void *thing, bool owned);

/* Lets the next event happen; false where there is none, or a law is broken. */
bool world_step(struct world *world);

uint64_t world_random(struct world *world);
int64_t world_below(struct world *world, int64_t limit);           /* 0..limit-1; 0 where limit <= 1 */
int64_t world_between(struct world *world, int64_t a, int64_t b);  /* both included */
bool world_chance(struct world *world, unsigned per_ten_thousand); /* draws nothing where it is 0 */

/* The same answer for the same arguments: what is true of this world, whenever it is looked at. */
uint64_t world_hash(uint64_t seed, uint64_t a, uint64_t b, uint64_t c);

/* A law is broken: the run ends. Only the first is kept. */
void world_break(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* To standard output where verbose. */
void world_tell(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
void world_note(struct world *world, uint64_t fact); /* into the digest */

#endif
