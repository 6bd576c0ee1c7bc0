/* v5: everything is inside `customer`, values are texts, and dates are days with an offset: 2019-08-27+02:00. */
#include "documents.h"
#include <stdio.h>

/* The one offset of winter, as published, or that of the day. */
static void write_date(const struct sandbox_paper *paper, cJSON *object, const char *name, releve_day day)
{
    char midnight[RELEVE_TIME_TEXT], date[RELEVE_TIME_TEXT]; /* "2019-08-27T00:00:00+02:00" */
    if (day == RELEVE_DAY_NONE || day == SANDBOX_NEVER) {
        sandbox_paper_text(paper, object, name, NULL);
        return;
    }
    releve_paris_format(releve_paris_midnight(day), midnight);
    (void)snprintf(date, sizeof date, "%.10s%.6s", midnight,
                   paper->customer->winter_dates ? "+01:00" : midnight + sizeof "2019-08-27T00:00:00" - 1);
    sandbox_paper_text(paper, object, name, date);
}

/* The one usage point of the customer, in a list. */
static cJSON *write_usage_point(const struct sandbox_paper *paper, cJSON *customer, cJSON **item)
{
    cJSON *points = cJSON_AddArrayToObject(customer, "usage_points");
    *item = cJSON_CreateObject();
    (void)cJSON_AddItemToArray(points, *item);
    cJSON *point = cJSON_AddObjectToObject(*item, "usage_point");
    sandbox_paper_prm(paper, point, "usage_point_id");
    sandbox_paper_text(paper, point, "usage_point_status", "com");
    sandbox_paper_text(paper, point, "meter_type", "AMM");
    return point;
}

static void write_contracts(const struct sandbox_paper *paper, cJSON *customer)
{
    const struct sandbox_customer *who = paper->customer;
    char power[16];
    cJSON *item;
    (void)write_usage_point(paper, customer, &item);
    cJSON *contract = cJSON_AddObjectToObject(item, "contracts");
    (void)cJSON_AddStringToObject(contract, "segment", "C5");
    (void)snprintf(power, sizeof power, "%d kVA", paper->client->contracted_va / 1000);
    sandbox_paper_text(paper, contract, "subscribed_power", power);
    write_date(paper, contract, "last_activation_date", paper->client->activation[RELEVE_CONSUMPTION]);
    sandbox_paper_text(paper, contract, "distribution_tariff", who->offpeak != NULL ? "BTINFMUDT" : "BTINFCUST");
    sandbox_paper_text(paper, contract, "offpeak_hours", who->offpeak);
    (void)cJSON_AddStringToObject(contract, "contract_type", "CRAE");
    sandbox_paper_text(paper, contract, "contract_status", "SERVC");
    write_date(paper, contract, "last_distribution_tariff_change_date", who->tariff_change);
}

static void write_degrees(const struct sandbox_paper *paper, cJSON *object, const char *name, int micro)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%.6f", micro / 1e6);
    sandbox_paper_text(paper, object, name, text);
}

static void write_addresses(const struct sandbox_paper *paper, cJSON *customer)
{
    const struct sandbox_place *place = &paper->customer->meter;
    char altitude[12];
    cJSON *item;
    cJSON *address = cJSON_AddObjectToObject(write_usage_point(paper, customer, &item), "usage_point_addresses");
    sandbox_paper_text(paper, address, "street", place->street);
    sandbox_paper_text(paper, address, "locality", place->locality);
    sandbox_paper_text(paper, address, "postal_code", place->postal_code);
    sandbox_paper_text(paper, address, "insee_code", place->insee_code);
    sandbox_paper_text(paper, address, "city", place->city);
    sandbox_paper_text(paper, address, "country", "France");
    cJSON *points = sandbox_paper_object(paper, address, "geo_points");
    write_degrees(paper, points, "latitude", place->latitude_micro);
    write_degrees(paper, points, "longitude", place->longitude_micro);
    (void)snprintf(altitude, sizeof altitude, "%d", place->altitude_m);
    sandbox_paper_text(paper, points, "altitude", altitude);
}

static void write_identity(const struct sandbox_paper *paper, cJSON *customer)
{
    const struct sandbox_customer *who = paper->customer;
    cJSON *identity = cJSON_AddObjectToObject(customer, "identity");
    if (who->legal) {
        sandbox_paper_company(paper, cJSON_AddObjectToObject(identity, "legal_person"));
        return;
    }
    cJSON *person = cJSON_AddObjectToObject(identity, "natural_person");
    sandbox_paper_text(paper, person, "title", who->title_v5);
    sandbox_paper_text(paper, person, "firstname", who->first_name);
    sandbox_paper_text(paper, person, "lastname", who->last_name);
}

cJSON *sandbox_document_v5(enum sandbox_document document, const struct sandbox_paper *paper)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *customer = cJSON_AddObjectToObject(json, "customer");
    (void)cJSON_AddStringToObject(customer, "customer_id", paper->customer->number);
    if (document == SANDBOX_DOCUMENT_CONTRACTS) {
        write_contracts(paper, customer);
    } else if (document == SANDBOX_DOCUMENT_ADDRESSES) {
        write_addresses(paper, customer);
    } else if (document == SANDBOX_DOCUMENT_IDENTITY) {
        write_identity(paper, customer);
    } else {
        cJSON *contact = cJSON_AddObjectToObject(customer, "contact_data");
        sandbox_paper_text(paper, contact, "phone", paper->customer->phone);
        sandbox_paper_text(paper, contact, "email", paper->customer->email);
    }
    return json;
}
