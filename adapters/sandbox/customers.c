/* Invented customers. The v5 shapes follow Enedis's published examples; those of 2026 are an approximation,
 * since no captured body was at hand: the members of docs/enedis.md, Customer documents are there (a list of contracts,
 * person, contact_data), the others may differ. */
#include "customers.h"
#include "chance.h"
#include <stdio.h>

struct customer {
    char prm[RELEVE_PRM_TEXT];
    char activation[RELEVE_DAY_TEXT + 6]; /* "2019-08-27+02:00" */
    const char *first_name, *last_name, *street, *city, *postal_code, *insee_code;
    int number; /* of the house, and in the e-mail address */
    int kva;
};

static struct customer customer_of(const struct sandbox_client *client, releve_prm label)
{
    static const char *const first_names[] = {"Camille", "Dominique", "Claude", "Sacha", "Maxime", "Andrea"};
    static const char *const last_names[] = {"Martin", "Bernard", "Petit", "Durand", "Moreau", "Laurent", "Garnier"};
    static const char *const streets[] = {"rue des Lilas", "avenue de la Gare", "chemin du Moulin", "place du Marché"};
    static const struct {
        const char *city, *postal_code, *insee_code;
    } cities[] = {{"NANTES", "44000", "44109"}, {"LYON", "69003", "69383"}, {"RENNES", "35000", "35238"}};
    uint64_t chance = sandbox_chance(1, SANDBOX_TOPIC_CUSTOMER, client->prm);
    struct customer customer = {
        .first_name = first_names[chance % 6],
        .last_name = last_names[(chance >> 8) % 7],
        .street = streets[(chance >> 16) % 4],
        .city = cities[(chance >> 24) % 3].city,
        .postal_code = cities[(chance >> 24) % 3].postal_code,
        .insee_code = cities[(chance >> 24) % 3].insee_code,
        .number = 1 + (int)((chance >> 32) % 90),
        .kva = client->contracted_va / 1000,
    };
    releve_prm_format(label, customer.prm);
    char midnight[RELEVE_TIME_TEXT]; /* "2019-08-27T00:00:00+02:00" */
    releve_paris_format(releve_paris_midnight(client->activation[RELEVE_CONSUMPTION]), midnight);
    (void)snprintf(customer.activation, sizeof customer.activation, "%.10s%.6s", midnight, midnight + 19);
    return customer;
}

static void write_usage_point(const struct customer *customer, struct releve_text *body)
{
    releve_text_format(body,
                       "\"usage_point\":{\"usage_point_id\":\"%s\",\"usage_point_status\":\"com\",\"meter_type\":"
                       "\"AMM\"",
                       customer->prm);
}

static void write_contract(const struct customer *customer, struct releve_text *body)
{
    releve_text_format(body,
                       "{\"segment\":\"C5\",\"subscribed_power\":\"%d kVA\",\"last_activation_date\":\"%s\","
                       "\"distribution_tariff\":\"BTINFCUST\",\"offpeak_hours\":\"HC (23H00-7H00)\","
                       "\"contract_status\":\"SERVC\",\"contract_type\":\"Contrat GRD-F\","
                       "\"last_distribution_tariff_change_date\":\"%s\"}",
                       customer->kva, customer->activation, customer->activation);
}

static void write_address(const struct customer *customer, struct releve_text *body)
{
    releve_text_format(body,
                       "{\"street\":\"%d %s\",\"locality\":\"\",\"postal_code\":\"%s\",\"insee_code\":\"%s\","
                       "\"city\":\"%s\",\"country\":\"France\"}",
                       customer->number, customer->street, customer->postal_code, customer->insee_code, customer->city);
}

static void write_person(const struct customer *customer, struct releve_text *body)
{
    releve_text_format(body, "{\"title\":\"M\",\"firstname\":\"%s\",\"lastname\":\"%s\"}", customer->first_name,
                       customer->last_name);
}

/* Numbers of 06 39 98 are reserved for fiction by the French regulator. */
static void write_contact(const struct customer *customer, struct releve_text *body)
{
    releve_text_format(body, "{\"phone\":\"+336399800%02d\",\"email\":\"client%d@example.com\"}", customer->number,
                       customer->number);
}

static void write_v5(enum sandbox_document document, const struct customer *customer, struct releve_text *body)
{
    releve_text_format(body, "{\"customer\":{\"customer_id\":\"-%s\",", customer->prm);
    switch (document) {
    case SANDBOX_DOCUMENT_CONTRACTS:
        releve_text_puts(body, "\"usage_points\":[{");
        write_usage_point(customer, body);
        releve_text_puts(body, "},\"contracts\":");
        write_contract(customer, body);
        releve_text_puts(body, "}]");
        break;
    case SANDBOX_DOCUMENT_ADDRESSES:
        releve_text_puts(body, "\"usage_points\":[{");
        write_usage_point(customer, body);
        releve_text_puts(body, ",\"usage_point_addresses\":");
        write_address(customer, body);
        releve_text_puts(body, "}}]");
        break;
    case SANDBOX_DOCUMENT_IDENTITY:
        releve_text_puts(body, "\"identity\":{\"natural_person\":");
        write_person(customer, body);
        releve_text_puts(body, "}");
        break;
    default:
        releve_text_puts(body, "\"contact_data\":");
        write_contact(customer, body);
        break;
    }
    releve_text_puts(body, "}}");
}

static void write_situation(const struct customer *customer, struct releve_text *body)
{
    releve_text_format(body, "[{\"idPrm\":\"%s\",\"contract\":", customer->prm);
    write_contract(customer, body);
    releve_text_puts(body, ",\"person\":");
    write_person(customer, body);
    releve_text_puts(body, ",\"contact_data\":");
    write_contact(customer, body);
    releve_text_puts(body, "}]");
}

void sandbox_customer_write(enum sandbox_document document, const struct sandbox_client *client, releve_prm label,
                            struct releve_text *body)
{
    struct customer customer = customer_of(client, label);
    switch (document) {
    case SANDBOX_DOCUMENT_SITUATION:
        write_situation(&customer, body);
        break;
    case SANDBOX_DOCUMENT_GENERAL:
        releve_text_format(body, "{\"idPrm\":\"%s\",\"address\":", customer.prm);
        write_address(&customer, body);
        releve_text_puts(body, "}");
        break;
    case SANDBOX_DOCUMENT_SYNTHESIS:
        releve_text_format(body, "{\"idPrm\":\"%s\",\"contract\":", customer.prm);
        write_contract(&customer, body);
        releve_text_puts(body, "}");
        break;
    case SANDBOX_DOCUMENT_METER:
        releve_text_format(body, "{\"idPrm\":\"%s\",\"meter_type\":\"AMM\",\"offpeak_hours\":\"HC (23H00-7H00)\"}",
                           customer.prm);
        break;
    default:
        write_v5(document, &customer, body);
        break;
    }
}
