/* 2026: a document for each API, with the names that Enedis gave it (`adress` is one). Dates are midnights with an
 * offset: 2024-10-12T00:00:00+0200. */
#include "documents.h"
#include <stdio.h>
#include <string.h>

/* Capital letters, as for the post; what is not ASCII stays as it is. */
static void shout(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text >= 'a' && *text <= 'z')
            *text = (char)(*text - 'a' + 'A');
    }
}

static void format_date(releve_day day, char date[RELEVE_TIME_TEXT])
{
    char midnight[RELEVE_TIME_TEXT]; /* "2024-10-12T00:00:00+02:00" */
    releve_paris_format(releve_paris_midnight(day), midnight);
    (void)snprintf(date, RELEVE_TIME_TEXT, "%.22s%.2s", midnight, midnight + 23);
}

static void write_date(const struct sandbox_paper *paper, cJSON *object, const char *name, releve_day day)
{
    char date[RELEVE_TIME_TEXT];
    if (day != RELEVE_DAY_NONE)
        format_date(day, date);
    sandbox_paper_text(paper, object, name, day != RELEVE_DAY_NONE ? date : NULL);
}

/* --- situation_contrat_auto ------------------------------------------------------------------------------- */

/* Where the customer lives. */
static void write_home(const struct sandbox_paper *paper, cJSON *contract)
{
    const struct sandbox_place *home = &paper->customer->home;
    char city[SANDBOX_LINE_BYTES];
    cJSON *customer = cJSON_AddObjectToObject(cJSON_AddObjectToObject(contract, "customer"), "customer");
    cJSON *address = sandbox_paper_object(paper, customer, "adress");
    sandbox_paper_text(paper, address, "line1", paper->customer->name);
    sandbox_paper_text(paper, address, "line4", home->street);
    (void)snprintf(city, sizeof city, "%s %s", home->postal_code, home->city);
    shout(city);
    sandbox_paper_text(paper, address, "line6", city);
    sandbox_paper_text(paper, address, "line7", "FRANCE");
}

static void write_holder(const struct sandbox_paper *paper, cJSON *contract)
{
    const struct sandbox_customer *who = paper->customer;
    write_home(paper, contract);
    cJSON *contact = cJSON_AddObjectToObject(contract, "contact_data");
    sandbox_paper_text(paper, contact, "email", who->email);
    sandbox_paper_text(paper, contact, "landline", who->landline);
    sandbox_paper_text(paper, contact, "phone", who->phone);
    if (who->legal) {
        sandbox_paper_company(paper, sandbox_paper_object(paper, contract, "organization"));
        return;
    }
    cJSON *person = sandbox_paper_object(paper, contract, "person");
    sandbox_paper_text(paper, person, "title", who->title_2026);
    sandbox_paper_text(paper, person, "lastname", who->last_name);
    sandbox_paper_text(paper, person, "firstname", who->first_name);
}

static cJSON *contract_of(const struct sandbox_paper *paper, enum releve_direction direction)
{
    const struct sandbox_customer *who = paper->customer;
    bool withdrawal = direction == RELEVE_CONSUMPTION;
    cJSON *contract = cJSON_CreateObject();
    sandbox_paper_prm(paper, contract, "usage_point_id");
    write_date(paper, contract, "contract_start", who->contract_start[direction]);
    (void)cJSON_AddStringToObject(contract, "contract_type", withdrawal ? "Contrat GRD-F" : "Contrat GRD-A");
    if (withdrawal) {
        char power_kva[12];
        (void)snprintf(power_kva, sizeof power_kva, "%d", paper->client->contracted_va / 1000);
        sandbox_paper_text(paper, contract, "contractor", who->contractor);
        sandbox_paper_text(paper, contract, "distribution_tariff",
                           who->offpeak != NULL ? "Tarif BT<=36kVA Moyenne Utilisation heures pleines heures creuses"
                                                : "Tarif BT<=36kVA Courte Utilisation");
        cJSON *power = sandbox_paper_object(paper, contract, "subscribed_power");
        (void)cJSON_AddStringToObject(power, "unit", "kVA");
        (void)cJSON_AddStringToObject(power, "value", power_kva);
    }
    (void)cJSON_AddStringToObject(contract, "segment", withdrawal ? "C5" : "P4");
    write_holder(paper, contract);
    return contract;
}

/* The directions that are there, in the order in which this usage point's contracts come. */
static int directions_of(const struct sandbox_paper *paper, enum releve_direction directions[RELEVE_DIRECTIONS])
{
    int count = 0;
    for (int i = 0; i < RELEVE_DIRECTIONS; i++) {
        enum releve_direction direction =
            (enum releve_direction)(paper->customer->feed_in_first ? RELEVE_DIRECTIONS - 1 - i : i);
        if (sandbox_client_has(paper->client, direction))
            directions[count++] = direction;
    }
    return count;
}

static cJSON *situation_of(const struct sandbox_paper *paper)
{
    enum releve_direction directions[RELEVE_DIRECTIONS];
    int count = directions_of(paper, directions);
    cJSON *json = cJSON_CreateArray();
    for (int i = 0; i < count; i++)
        (void)cJSON_AddItemToArray(json, contract_of(paper, directions[i]));
    return json;
}

/* --- the others ------------------------------------------------------------------------------------------- */

/* A direction that is not there has no date: the member is null or missing. */
static void write_activation(const struct sandbox_paper *paper, cJSON *json, enum releve_direction direction)
{
    static const char *const names[RELEVE_DIRECTIONS] = {"consumption_last_activation_date",
                                                         "generation_last_activation_date"};
    char date[RELEVE_TIME_TEXT];
    releve_day told = paper->client->told[direction];
    if (sandbox_client_has(paper->client, direction) && told != SANDBOX_NEVER) {
        format_date(told, date);
        (void)cJSON_AddStringToObject(json, names[direction], date);
    } else if (paper->customer->says_null) {
        (void)cJSON_AddNullToObject(json, names[direction]);
    }
}

static cJSON *synthesis_of(const struct sandbox_paper *paper)
{
    enum releve_direction directions[RELEVE_DIRECTIONS];
    int count = directions_of(paper, directions);
    cJSON *json = cJSON_CreateObject();
    cJSON *segments = cJSON_AddArrayToObject(json, "segments");
    for (int i = 0; i < count; i++) {
        cJSON *segment = cJSON_CreateObject();
        (void)cJSON_AddStringToObject(segment, "segment", directions[i] == RELEVE_CONSUMPTION ? "C5" : "P4");
        (void)cJSON_AddItemToArray(segments, segment);
    }
    write_activation(paper, json, RELEVE_PRODUCTION);
    write_activation(paper, json, RELEVE_CONSUMPTION);
    if (sandbox_client_has(paper->client, RELEVE_CONSUMPTION))
        write_date(paper, json, "last_subscribed_power_change_date", paper->customer->power_change);
    sandbox_paper_text(paper, json, "services_level", "Communicant (ouvert aux services)");
    return json;
}

/* Where the meter is. */
static cJSON *general_of(const struct sandbox_paper *paper)
{
    const struct sandbox_place *place = &paper->customer->meter;
    char street[SANDBOX_LINE_BYTES], locality[SANDBOX_LINE_BYTES], city[SANDBOX_LINE_BYTES];
    (void)snprintf(street, sizeof street, "%s", place->street);
    (void)snprintf(locality, sizeof locality, "%s", place->locality);
    (void)snprintf(city, sizeof city, "%s %s", place->postal_code, place->city);
    shout(street);
    shout(locality);
    shout(city);
    cJSON *json = cJSON_CreateObject();
    cJSON *address = cJSON_AddObjectToObject(json, "address");
    sandbox_paper_text(paper, address, "staircase_floor_apartment", place->staircase);
    sandbox_paper_text(paper, address, "building", place->building);
    sandbox_paper_text(paper, address, "number_street_name", street);
    sandbox_paper_text(paper, address, "locality", locality);
    sandbox_paper_text(paper, address, "postal_code_city", city);
    sandbox_paper_text(paper, address, "insee_code", place->insee_code);
    return json;
}

static void write_code(cJSON *object, const char *code, const char *label)
{
    (void)cJSON_AddStringToObject(object, "code", code);
    (void)cJSON_AddStringToObject(object, "libelle", label);
}

static cJSON *meter_of(const struct sandbox_paper *paper)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *device = cJSON_AddObjectToObject(json, "dispositifComptage");
    write_code(sandbox_paper_object(paper, device, "typeComptage"), "AMM", "Compteur Linky");
    cJSON *meter = cJSON_CreateObject();
    (void)cJSON_AddItemToArray(cJSON_AddArrayToObject(json, "compteurs"), meter);
    sandbox_paper_text(paper, meter, "numeroSerie", paper->customer->meter_number);
    write_code(sandbox_paper_object(paper, meter, "regimePropriete"), "LOUE", "Loué");
    cJSON *relays = sandbox_paper_object(paper, json, "relais");
    sandbox_paper_text(paper, relays, "plageHeuresCreuses", paper->customer->offpeak);
    return json;
}

cJSON *sandbox_document_2026(enum sandbox_document document, const struct sandbox_paper *paper)
{
    switch (document) {
    case SANDBOX_DOCUMENT_SITUATION:
        return situation_of(paper);
    case SANDBOX_DOCUMENT_SYNTHESIS:
        return synthesis_of(paper);
    case SANDBOX_DOCUMENT_GENERAL:
        return general_of(paper);
    default:
        return meter_of(paper);
    }
}
