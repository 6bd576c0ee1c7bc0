/* See duty.h. Each turn plans the next one. */
#include "duty.h"

static int64_t moment_us(const struct simulation *simulation, releve_time civil)
{
    return (civil - simulation->scenario.civil_ms) * 1000;
}

static void submit_turn(struct simulation *simulation, releve_day today)
{
    struct world *world = &simulation->world;
    const struct duty *duty = &simulation->scenario.duty;
    for (unsigned point = 0; point < simulation->scenario.points; point++)
        for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++) {
            if ((simulation->scenario.kinds & RELEVE_KIND_BIT(kind)) == 0)
                continue;
            struct releve_span history = releve_kind_history(kind, today);
            int days = world_chance(world, duty->deep) ? duty->deep_days : duty->reach_days;
            releve_day first = today - days > history.first ? today - days : history.first;
            (void)simulation_submit(simulation, point, kind, (struct releve_span){first, today}, RELEVE_NORMAL,
                                    world_chance(world, duty->refresh), world->now_us);
        }
}

static void on_turn(void *owner, void *thing);

/* The first turn after `civil`; none where the duty ends before. */
static void plan_turn(struct simulation *simulation, releve_time civil)
{
    const struct duty *duty = &simulation->scenario.duty;
    releve_time next = RELEVE_TIME_NEVER;
    for (releve_day day = releve_paris_day(civil); day <= releve_paris_day(civil) + 1; day++)
        for (unsigned i = 0; i < duty->turns; i++) {
            releve_time turn = releve_paris_midnight(day) + duty->turn_ms[i];
            if (turn > civil && turn < next)
                next = turn;
        }
    simulation->on_duty = next < simulation->scenario.civil_ms + duty->days * 24 * RELEVE_HOUR_MS;
    if (simulation->on_duty)
        world_at(&simulation->world, moment_us(simulation, next), on_turn, simulation, NULL, false);
}

static void on_turn(void *owner, void *thing)
{
    struct simulation *simulation = owner;
    (void)thing;
    submit_turn(simulation, upstream_today(&simulation->upstream));
    plan_turn(simulation, upstream_civil(&simulation->upstream));
}

void duty_begin(struct simulation *simulation)
{
    plan_turn(simulation, upstream_civil(&simulation->upstream));
}
