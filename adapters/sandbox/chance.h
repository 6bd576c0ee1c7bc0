/* Chance that can be repeated: a hash of (seed, what it is about), never a state of its own. */
#ifndef RELEVE_SANDBOX_CHANCE_H
#define RELEVE_SANDBOX_CHANCE_H

#include <stdint.h>

/* The finalizer of splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators"). */
static inline uint64_t sandbox_mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* `topic` keeps uses of the same seed and number apart. */
static inline uint64_t sandbox_chance(uint64_t seed, uint64_t topic, uint64_t number)
{
    return sandbox_mix(sandbox_mix(seed ^ sandbox_mix(topic)) ^ number);
}

/* 0 <= result < 1. */
static inline double sandbox_fraction(uint64_t hash)
{
    return (double)(hash >> 11) * 0x1.0p-53;
}

enum {
    SANDBOX_TOPIC_LOAD = 1,
    SANDBOX_TOPIC_HOUSE,
    SANDBOX_TOPIC_WEATHER,
    SANDBOX_TOPIC_CLOUD,
    SANDBOX_TOPIC_PEAK,
    SANDBOX_TOPIC_FAULT,
    SANDBOX_TOPIC_GARBAGE,
    SANDBOX_TOPIC_DELAY,
    SANDBOX_TOPIC_SHARE,
    SANDBOX_TOPIC_THROTTLE,
    SANDBOX_TOPIC_TOKEN,
    SANDBOX_TOPIC_CUSTOMER,
    SANDBOX_TOPIC_LATE,
    SANDBOX_TOPIC_PARTIAL,
    SANDBOX_TOPIC_AUTUMN,
    SANDBOX_TOPIC_MISSING,
    SANDBOX_TOPIC_BODY,
    SANDBOX_TOPIC_GAP,
    SANDBOX_TOPIC_CONSENT,
    SANDBOX_TOPIC_REGISTERS
};

#endif
