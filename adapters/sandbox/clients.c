/* The table of published clients. Activation dates other than those of clients 0 and 1 are invented;
 * the third PRM of client 7 is recent, so that ADAM-ERR0123 is really met. */
#include "clients.h"
#include "chance.h"
#include <stddef.h>

#define TUESDAY 1
#define WEDNESDAY 2

/* Of authorizations: the published clients' are counted from the first one on, the population's from the second. */
#define AUTHORIZATION_PUBLISHED 100000u
#define AUTHORIZATION_POPULATION 200000u

static const struct {
    releve_prm prm;
    bool consumption, production, curve, holes, refused;
    int year, month, day; /* activation */
} published[] = {
    {SANDBOX_CLIENT_0, true, false, true, false, false, 2015, 12, 1},          /* client 0 */
    {UINT64_C(11453290002823), true, false, true, false, false, 2019, 8, 27},  /* client 1 */
    {UINT64_C(32320647321714), true, false, false, false, false, 2018, 3, 14}, /* client 2: no curve */
    {UINT64_C(12345678901234), true, false, true, false, false, 2017, 5, 16},  /* client 3 */
    {UINT64_C(10284856584123), false, true, true, false, false, 2021, 6, 2},
    {UINT64_C(42900589957123), true, false, true, true, false, 2018, 10, 9},  /* client 4: holes */
    {UINT64_C(24880057139941), false, true, true, false, false, 2020, 2, 11}, /* client 5 */
    {UINT64_C(12655648759651), true, true, true, false, false, 2019, 11, 5},  /* client 6: nets both */
    {UINT64_C(64975835695673), true, false, true, false, false, 2018, 1, 23}, /* client 7 */
    {UINT64_C(63695879465986), true, false, true, false, false, 2020, 9, 15},
    {UINT64_C(22315546958763), true, false, true, false, false, 2025, 6, 17},
    {UINT64_C(26584978546985), true, false, true, false, true, 2019, 4, 2}, /* client 8: refused */
};

#define PUBLISHED (sizeof published / sizeof published[0])

/* From the number alone: what a household has subscribed does not depend on the seed. */
static int contracted_va(releve_prm prm)
{
    return 3000 * (1 + (int)(sandbox_chance(0, SANDBOX_TOPIC_CUSTOMER, prm) % 4));
}

static void population_client(releve_prm prm, struct sandbox_client *client)
{
    uint64_t number = prm - SANDBOX_POPULATION_FIRST;
    /* Older than every history: an ordinary PRM never meets its activation. */
    releve_day activation = releve_day_from_civil(2016, 1, 1) + (releve_day)(number % 1000);
    *client = (struct sandbox_client){
        .prm = prm,
        .consumption = true,
        .curve = true,
        .activation = {activation, activation},
        .pace = number % 10 == 7   ? SANDBOX_PACE_10
                : number % 10 == 8 ? SANDBOX_PACE_SWITCHED
                                   : SANDBOX_PACE_30,
        .contracted_va = contracted_va(prm),
    };
}

bool sandbox_client_find(releve_prm prm, uint32_t population, struct sandbox_client *client)
{
    if (prm >= SANDBOX_POPULATION_FIRST && prm - SANDBOX_POPULATION_FIRST < population) {
        population_client(prm, client);
        return true;
    }
    for (size_t i = 0; i < PUBLISHED; i++) {
        if (published[i].prm != prm)
            continue;
        releve_day activation = releve_day_from_civil(published[i].year, published[i].month, published[i].day);
        *client = (struct sandbox_client){
            .prm = prm,
            .consumption = published[i].consumption,
            .production = published[i].production,
            .curve = published[i].curve,
            .holes = published[i].holes,
            .refused = published[i].refused,
            .activation = {activation, activation},
            .pace = SANDBOX_PACE_30,
            .contracted_va = contracted_va(prm),
        };
        return true;
    }
    return false;
}

uint64_t sandbox_client_authorization(releve_prm prm)
{
    for (size_t i = 0; i < PUBLISHED; i++) {
        if (published[i].prm == prm)
            return AUTHORIZATION_PUBLISHED + i;
    }
    return AUTHORIZATION_POPULATION + (prm - SANDBOX_POPULATION_FIRST);
}

bool sandbox_client_by_authorization(uint64_t number, uint32_t population, releve_prm *prm)
{
    if (number >= AUTHORIZATION_POPULATION && number - AUTHORIZATION_POPULATION < population) {
        *prm = SANDBOX_POPULATION_FIRST + (number - AUTHORIZATION_POPULATION);
        return true;
    }
    if (number < AUTHORIZATION_PUBLISHED || number - AUTHORIZATION_PUBLISHED >= PUBLISHED)
        return false;
    *prm = published[number - AUTHORIZATION_PUBLISHED].prm;
    return true;
}

bool sandbox_client_has(const struct sandbox_client *client, enum releve_direction direction)
{
    bool there = direction == RELEVE_PRODUCTION ? client->production : client->consumption;
    return there && client->activation[direction] != SANDBOX_NEVER;
}

bool sandbox_client_hole(const struct sandbox_client *client, releve_day day)
{
    int weekday = releve_day_weekday(day);
    return client->holes && (weekday == TUESDAY || weekday == WEDNESDAY);
}
