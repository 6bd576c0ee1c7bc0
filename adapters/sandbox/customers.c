/* What is drawn for a customer. Nobody is meant: telephone numbers are of those that the French regulator reserves for
 * fiction, e-mail addresses of a domain that is nobody's, and no SIREN begins with 000. */
#include "customers.h"
#include "chance.h"
#include <stdio.h>

#define COMPANY_ONE_IN 5
#define ELSEWHERE_ONE_IN 5      /* customers that live elsewhere than their meter is */
#define CONTRACT_LATER_DAYS 300 /* how much younger than the activation a contract is at most */

/* What is drawn, each by itself. */
enum draw {
    DRAW_NUMBER,
    DRAW_LEGAL,
    DRAW_FIRST_NAME,
    DRAW_LAST_NAME,
    DRAW_BUSINESS,
    DRAW_TRADE,
    DRAW_SIREN,
    DRAW_PHONE,
    DRAW_METER,
    DRAW_HOME,
    DRAW_ELSEWHERE,
    DRAW_OFFPEAK,
    DRAW_CONTRACTOR,
    DRAW_SERIAL,
    DRAW_CONTRACT,
    DRAW_CHANGES,
    DRAW_ORDER,
    DRAW_OFFSET,
    DRAWS
};

struct urn {
    uint64_t seed;
    releve_prm prm;
};

static uint64_t draw(const struct urn *urn, enum draw what)
{
    return sandbox_chance(urn->seed, SANDBOX_TOPIC_CUSTOMER, urn->prm * DRAWS + what);
}

static const char *pick(const struct urn *urn, enum draw what, const char *const *names, size_t count)
{
    return names[draw(urn, what) % count];
}

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static void draw_place(const struct urn *urn, enum draw what, struct sandbox_place *place)
{
    static const char *const streets[] = {"rue des Lilas", "avenue de la Gare", "chemin du Moulin", "place du Marché",
                                          "allée de l'Étang"};
    static const char *const localities[] = {"La Grande Haie", "Le Bourg", "Les Quatre Vents"};
    static const char *const staircases[] = {"ESC B", "ETG 3 APT 12", "ESC A ETG 1 APT 4"};
    static const struct {
        const char *city, *postal_code, *insee_code;
        int latitude_micro, longitude_micro, altitude_m;
    } cities[] = {{"Nantes", "44000", "44109", 47218000, -1553600, 18},
                  {"Lyon", "69003", "69383", 45760000, 4849600, 168},
                  {"Rennes", "35000", "35238", 48117300, -1677800, 36},
                  {"Ajaccio", "20000", "2A004", 41919200, 8738600, 12}};
    uint64_t chance = draw(urn, what);
    size_t city = chance % COUNT(cities);
    *place = (struct sandbox_place){
        .locality = localities[(chance >> 8) % COUNT(localities)],
        .building = chance >> 16 & 1 ? "2" : "BATIMENT C",
        .staircase = staircases[(chance >> 20) % COUNT(staircases)],
        .city = cities[city].city,
        .postal_code = cities[city].postal_code,
        .insee_code = cities[city].insee_code,
        .latitude_micro = cities[city].latitude_micro + (int)((chance >> 24) % 20000),
        .longitude_micro = cities[city].longitude_micro + (int)((chance >> 40) % 20000),
        .altitude_m = cities[city].altitude_m,
    };
    (void)snprintf(place->street, sizeof place->street, "%d %s", 1 + (int)((chance >> 32) % 90),
                   streets[(chance >> 48) % COUNT(streets)]);
}

static void draw_person(const struct urn *urn, struct sandbox_customer *customer)
{
    static const char *const first_names[] = {"Camille", "Dominique", "Claude", "Sacha", "Maxime", "Andréa"};
    static const char *const last_names[] = {"Martin", "Bernard", "Petit", "Durand", "Moreau", "Lefèvre", "D'Orgeval"};
    static const char *const businesses[] = {"1071C", "4711B", "6820A", "0111Z"};
    static const char *const trades[] = {"Au Bon Exemple", "Épicerie du Marché", "Garage de l'Étang"};
    bool madam = draw(urn, DRAW_FIRST_NAME) >> 32 & 1;
    unsigned line = (unsigned)(draw(urn, DRAW_PHONE) % 10000);
    customer->legal = urn->prm != SANDBOX_CLIENT_0 && draw(urn, DRAW_LEGAL) % COMPANY_ONE_IN == 0;
    customer->first_name = pick(urn, DRAW_FIRST_NAME, first_names, COUNT(first_names));
    customer->last_name = pick(urn, DRAW_LAST_NAME, last_names, COUNT(last_names));
    customer->title_v5 = madam ? "Mrs" : "Mr";
    customer->title_2026 = madam ? "Mme" : "M.";
    customer->business_code = pick(urn, DRAW_BUSINESS, businesses, COUNT(businesses));
    customer->trade_name = pick(urn, DRAW_TRADE, trades, COUNT(trades));
    (void)snprintf(customer->number, sizeof customer->number, "1%09u", (unsigned)(draw(urn, DRAW_NUMBER) % 1000000000));
    (void)snprintf(customer->siren, sizeof customer->siren, "000%06u", (unsigned)(draw(urn, DRAW_SIREN) % 1000000));
    (void)snprintf(customer->siret, sizeof customer->siret, "%s%05u", customer->siren, 10 + line % 90);
    (void)snprintf(customer->email, sizeof customer->email, "client%u@example.com", line);
    (void)snprintf(customer->phone, sizeof customer->phone, "063998%04u", line);
    (void)snprintf(customer->landline, sizeof customer->landline, "053649%04u", line);
    if (customer->legal)
        (void)snprintf(customer->name, sizeof customer->name, "SARL %s & Fils", customer->last_name);
    else
        (void)snprintf(customer->name, sizeof customer->name, "%s %s %s", customer->title_2026, customer->first_name,
                       customer->last_name);
}

/* So many days after the activation, as far as today is beyond that. */
static releve_day later(releve_day activation, int days, releve_day today)
{
    if (activation == SANDBOX_NEVER)
        return RELEVE_DAY_NONE;
    if (activation >= today)
        return activation;
    return activation + days < today ? activation + days : today;
}

static void draw_contract(const struct urn *urn, const struct sandbox_client *client, releve_day today,
                          struct sandbox_customer *customer)
{
    static const char *const offpeak[] = {"HC (22H00-6H00)",
                                          "HC (23h30-7h30)",
                                          "HC (22H00-6H00;12H00-14H00)",
                                          "HC (1H30-7H30;12H30-14H30)",
                                          "HC (0H00-8H00)",
                                          NULL};
    static const char *const contractors[] = {"ELECTRICITE DES LILAS", "COOPERATIVE DU MOULIN", "ENERGIE DU BOURG"};
    uint64_t changes = draw(urn, DRAW_CHANGES);
    releve_day activation = client->activation[RELEVE_CONSUMPTION];
    size_t form = urn->prm == SANDBOX_CLIENT_0 ? 0 : draw(urn, DRAW_OFFPEAK) % COUNT(offpeak);
    customer->offpeak = client->consumption ? offpeak[form] : NULL;
    customer->contractor = pick(urn, DRAW_CONTRACTOR, contractors, COUNT(contractors));
    (void)snprintf(customer->meter_number, sizeof customer->meter_number, "%06u",
                   (unsigned)(draw(urn, DRAW_SERIAL) % 1000000));
    for (int i = 0; i < RELEVE_DIRECTIONS; i++) {
        bool first = draw(urn, DRAW_CONTRACT) % 2 == 0; /* nobody had that usage point before */
        int days = first ? 0 : (int)((draw(urn, DRAW_CONTRACT) >> 8) % CONTRACT_LATER_DAYS);
        customer->contract_start[i] = later(client->activation[i], days, today);
    }
    customer->tariff_change = later(activation, (int)(changes % 30), today);
    if (urn->prm == SANDBOX_CLIENT_0 || changes >> 16 & 1)
        customer->power_change = later(activation, (int)((changes >> 8) % 60), today);
    customer->feed_in_first = draw(urn, DRAW_ORDER) & 1;
    customer->winter_dates = draw(urn, DRAW_OFFSET) & 1;
    customer->says_null = draw(urn, DRAW_OFFSET) >> 1 & 1;
}

void sandbox_customer_find(uint64_t seed, const struct sandbox_client *client, releve_day today,
                           struct sandbox_customer *customer)
{
    const struct urn urn = {seed, client->prm};
    bool elsewhere = draw(&urn, DRAW_ELSEWHERE) % ELSEWHERE_ONE_IN == 0;
    *customer = (struct sandbox_customer){.power_change = RELEVE_DAY_NONE};
    draw_person(&urn, customer);
    draw_contract(&urn, client, today, customer);
    draw_place(&urn, DRAW_METER, &customer->meter);
    draw_place(&urn, elsewhere ? DRAW_HOME : DRAW_METER, &customer->home);
}
