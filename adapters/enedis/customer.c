/* The shapes in which the two generations speak of a customer, and the form that both get (docs/enedis.md, Customer
 * documents; docs/redis.md, Documents). What upstream does not say is null; what it says in a form that nobody knows is
 * null too, and stands under "raw". */
#include "documents.h"
#include "json.h"
#include "measures.h"
#include <stdlib.h>
#include <string.h>

#define VOLTAMPERES_MAX 1000000000 /* more than any connection */

/* --- members ------------------------------------------------------------------------------------------------------ */

static void open_member(struct releve_text *data, const char *name)
{
    bool first = data->length == 0 || data->bytes[data->length - 1] == '{';
    releve_text_format(data, "%s\"%s\":", first ? "" : ",", name);
}

/* "" is nothing said, as null is. */
static void add_text(struct releve_text *data, const char *name, const char *text)
{
    open_member(data, name);
    if (text && text[0] != '\0')
        releve_text_json(data, text);
    else
        releve_text_puts(data, "null");
}

/* Our name and upstream's, which is NULL where that generation does not say it. */
static void add_texts(struct releve_text *data, const cJSON *object, const char *const (*names)[2], size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_text(data, names[i][0], names[i][1] ? enedis_json_text(object, names[i][1]) : NULL);
}
#define ADD_TEXTS(data, object, names) add_texts(data, object, names, sizeof(names) / sizeof(names)[0])

/* The civil date in front of "2013-08-14+01:00" and "2024-10-12T00:00:00+0200": both are midnights in Paris. */
static bool read_date(const char *text, releve_day *day)
{
    return text && strlen(text) >= RELEVE_DAY_TEXT - 1 && releve_day_parse(text, RELEVE_DAY_TEXT - 1, day);
}

static void add_date(struct releve_text *data, const char *name, const char *text)
{
    releve_day day;
    open_member(data, name);
    if (read_date(text, &day)) {
        releve_text_byte(data, '"');
        releve_text_day(data, day);
        releve_text_byte(data, '"');
    } else {
        releve_text_puts(data, "null");
    }
}

/* A number, or a text that is one. */
static bool read_number(const cJSON *item, double *number)
{
    if (!item)
        return false;
    *number = item->valuedouble;
    if (!cJSON_IsString(item))
        return cJSON_IsNumber(item);
    char *end = item->valuestring;
    *number = strtod(item->valuestring, &end);
    return end != item->valuestring && *end == '\0';
}

static void add_number(struct releve_text *data, const char *name, const cJSON *item)
{
    double number;
    open_member(data, name);
    if (read_number(item, &number) && number > -1e9 && number < 1e9)
        releve_text_format(data, "%.10g", number);
    else
        releve_text_puts(data, "null");
}

/* "9 kVA", or {"unit":"kVA","value":"12"}: in VA. */
static void add_power(struct releve_text *data, const cJSON *item)
{
    const char *text = cJSON_IsString(item) ? item->valuestring : enedis_json_text(item, "value");
    const char *unit = enedis_json_text(item, "unit");
    char *end = NULL;
    double number = text ? strtod(text, &end) : 0;
    bool read = text && end != text;
    if (read && !unit)
        unit = end + strspn(end, " ");
    else if (read)
        read = *end == '\0';
    double factor = read && strcmp(unit, "kVA") == 0 ? 1000 : read && strcmp(unit, "VA") == 0 ? 1 : 0;
    open_member(data, "subscribed_power_va");
    if (factor > 0 && number >= 0 && number * factor <= VOLTAMPERES_MAX)
        releve_text_number(data, (int64_t)(number * factor + 0.5));
    else
        releve_text_puts(data, "null");
}

/* --- off-peak hours ----------------------------------------------------------------------------------------------- */

/* Reads "22H00", "7h30" or "7H"; NULL where it is none. */
static const char *read_hour(const char *at, int *minute)
{
    char *end;
    if (*at < '0' || *at > '9')
        return NULL;
    long hour = strtol(at, &end, 10);
    if (end - at > 2 || hour > 24 || (*end != 'h' && *end != 'H'))
        return NULL;
    at = end + 1;
    long minutes = 0;
    if (*at >= '0' && *at <= '9') {
        minutes = strtol(at, &end, 10);
        if (end - at != 2 || minutes > 59)
            return NULL;
        at = end;
    }
    *minute = (int)(hour * 60 + minutes);
    return *minute <= 24 * 60 ? at : NULL;
}

/* "HC (22H00-6H00;12H00-14H00)" beside [["22:00","06:00"],["12:00","14:00"]]. */
static void add_offpeak(struct releve_text *data, const char *text)
{
    open_member(data, "offpeak");
    if (!text || text[0] == '\0') {
        releve_text_puts(data, "null");
        return;
    }
    releve_text_puts(data, "{");
    add_text(data, "text", text);
    releve_text_puts(data, ",\"ranges\":[");
    bool first = true;
    for (const char *at = text; *at != '\0'; at++) {
        int from, to;
        bool inside = at > text && at[-1] >= '0' && at[-1] <= '9'; /* of a number */
        const char *dash = inside ? NULL : read_hour(at, &from);
        const char *end = dash && *dash == '-' ? read_hour(dash + 1, &to) : NULL;
        if (!end)
            continue;
        releve_text_format(data, "%s[\"%02d:%02d\",\"%02d:%02d\"]", first ? "" : ",", from / 60, from % 60, to / 60,
                           to % 60);
        first = false;
        at = end - 1;
    }
    releve_text_puts(data, "]}");
}

/* --- what both share ---------------------------------------------------------------------------------------------- */

static void add_person(struct releve_text *data, const cJSON *person)
{
    static const char *const names[][2] = {{"title", "title"}, {"firstname", "firstname"}, {"lastname", "lastname"}};
    open_member(data, "natural_person");
    if (!cJSON_IsObject(person)) {
        releve_text_puts(data, "null");
        return;
    }
    releve_text_puts(data, "{");
    ADD_TEXTS(data, person, names);
    releve_text_puts(data, "}");
}

/* Of a name that each generation may call its own. */
static const char *one_of(const cJSON *object, const char *name, const char *other)
{
    const char *text = enedis_json_text(object, name);
    return text ? text : enedis_json_text(object, other);
}

static void add_organization(struct releve_text *data, const cJSON *organization)
{
    open_member(data, "legal_person");
    if (!cJSON_IsObject(organization)) {
        releve_text_puts(data, "null");
        return;
    }
    releve_text_puts(data, "{");
    add_text(data, "name", enedis_json_text(organization, "name"));
    add_text(data, "commercial_name", enedis_json_text(organization, "commercial_name"));
    add_text(data, "siret", enedis_json_text(organization, "siret_number"));
    add_text(data, "siren", enedis_json_text(organization, "siren_number"));
    add_text(data, "activity_code", one_of(organization, "business_code", "activity_code"));
    releve_text_puts(data, "}");
}

static const char *write_identity(const cJSON *person, const cJSON *organization, struct releve_text *data)
{
    releve_text_puts(data, "{");
    add_person(data, person);
    add_organization(data, organization);
    releve_text_puts(data, "}");
    return NULL;
}

static const char *write_contact(const cJSON *contact, struct releve_text *data)
{
    static const char *const names[][2] = {{"email", "email"}, {"phone", "phone"}, {"landline", "landline"}};
    releve_text_puts(data, "{");
    ADD_TEXTS(data, contact, names);
    releve_text_puts(data, "}");
    return NULL;
}

static void add_direction(struct releve_text *data, const char *direction)
{
    add_text(data, "direction", direction);
}

/* --- v5 ----------------------------------------------------------------------------------------------------------- */

/* The entry about that usage point. */
static const cJSON *find_point(const cJSON *customer, releve_prm prm)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, enedis_json_get(customer, "usage_points")) {
        const cJSON *point = enedis_json_get(item, "usage_point");
        if (enedis_measures_is_prm(enedis_json_get(point, "usage_point_id"), prm))
            return item;
    }
    return NULL;
}

static const char *write_contract_v5(const cJSON *entry, struct releve_text *data)
{
    static const char *const first[][2] = {
        {"type", "contract_type"}, {"status", "contract_status"}, {"segment", "segment"}};
    const cJSON *contract = enedis_json_get(entry, "contracts"), *point = enedis_json_get(entry, "usage_point");
    if (!cJSON_IsObject(contract))
        return "the body has no contract";
    releve_text_puts(data, "{\"contracts\":[{");
    add_direction(data, "consumption"); /* customer data are of consumption only */
    ADD_TEXTS(data, contract, first);
    add_date(data, "start", NULL);
    add_date(data, "last_activation_date", enedis_json_text(contract, "last_activation_date"));
    add_power(data, enedis_json_get(contract, "subscribed_power"));
    add_text(data, "distribution_tariff", enedis_json_text(contract, "distribution_tariff"));
    add_date(data, "distribution_tariff_changed", enedis_json_text(contract, "last_distribution_tariff_change_date"));
    add_text(data, "supplier", NULL);
    add_text(data, "usage_point_status", enedis_json_text(point, "usage_point_status"));
    add_text(data, "meter_type", enedis_json_text(point, "meter_type"));
    add_offpeak(data, enedis_json_text(contract, "offpeak_hours"));
    releve_text_puts(data, "}]}");
    return NULL;
}

static const char *write_address_v5(const cJSON *entry, struct releve_text *data)
{
    static const char *const names[][2] = {{"street", "street"},
                                           {"staircase_floor_apartment", NULL},
                                           {"building", NULL},
                                           {"locality", "locality"},
                                           {"postal_code", "postal_code"},
                                           {"city", "city"},
                                           {"insee_code", "insee_code"},
                                           {"country", "country"}};
    const cJSON *address = enedis_json_get(enedis_json_get(entry, "usage_point"), "usage_point_addresses");
    if (!cJSON_IsObject(address))
        return "the body has no address";
    const cJSON *place = enedis_json_get(address, "geo_points");
    releve_text_puts(data, "{");
    ADD_TEXTS(data, address, names);
    add_number(data, "latitude", enedis_json_get(place, "latitude"));
    add_number(data, "longitude", enedis_json_get(place, "longitude"));
    add_number(data, "altitude_m", enedis_json_get(place, "altitude"));
    releve_text_puts(data, "}");
    return NULL;
}

const char *enedis_document_write_v5(enum releve_kind kind, const cJSON *root, releve_prm prm, struct releve_text *data)
{
    const cJSON *customer = enedis_json_get(root, "customer"), *entry = find_point(customer, prm);
    const cJSON *identity = enedis_json_get(customer, "identity"), *contact = enedis_json_get(customer, "contact_data");
    if (!cJSON_IsObject(customer))
        return "the body has no customer";
    if ((kind == RELEVE_CONTRACTS || kind == RELEVE_ADDRESSES) && !entry)
        return "the body is not of the usage point that was asked";
    switch (kind) {
    case RELEVE_CONTRACTS:
        return write_contract_v5(entry, data);
    case RELEVE_ADDRESSES:
        return write_address_v5(entry, data);
    case RELEVE_IDENTITY:
        if (!cJSON_IsObject(identity))
            return "the body has no identity";
        return write_identity(enedis_json_get(identity, "natural_person"), enedis_json_get(identity, "legal_person"),
                              data);
    default:
        return cJSON_IsObject(contact) ? write_contact(contact, data) : "the body has no contact data";
    }
}

/* --- 2026 --------------------------------------------------------------------------------------------------------- */

/* Withdrawal (GRD-F, segments C1 to C5) or feed-in (GRD-A, P1 to P4); NULL where upstream does not say. */
static const char *direction_of(const cJSON *contract)
{
    const char *type = enedis_json_text(contract, "contract_type"), *segment = enedis_json_text(contract, "segment");
    if (type && strstr(type, "GRD-F"))
        return "consumption";
    if (type && strstr(type, "GRD-A"))
        return "production";
    return !segment ? NULL : segment[0] == 'C' ? "consumption" : segment[0] == 'P' ? "production" : NULL;
}

static bool is_withdrawal(const cJSON *contract)
{
    const char *direction = direction_of(contract);
    return direction && strcmp(direction, "consumption") == 0;
}

static void write_contract_2026(const cJSON *contract, struct releve_text *data)
{
    releve_text_puts(data, data->bytes[data->length - 1] == '[' ? "{" : ",{");
    add_direction(data, direction_of(contract));
    add_text(data, "type", enedis_json_text(contract, "contract_type"));
    add_text(data, "status", NULL);
    add_text(data, "segment", enedis_json_text(contract, "segment"));
    add_date(data, "start", enedis_json_text(contract, "contract_start"));
    add_date(data, "last_activation_date", NULL);
    add_power(data, enedis_json_get(contract, "subscribed_power"));
    add_text(data, "distribution_tariff", enedis_json_text(contract, "distribution_tariff"));
    add_date(data, "distribution_tariff_changed", NULL);
    add_text(data, "supplier", enedis_json_text(contract, "contractor"));
    add_text(data, "usage_point_status", NULL);
    releve_text_puts(data, "," ENEDIS_METERING_UNKNOWN "}");
}

void enedis_document_write_metering(const cJSON *root, struct releve_text *data)
{
    const cJSON *meter = enedis_json_get(enedis_json_get(root, "dispositifComptage"), "typeComptage");
    add_text(data, "meter_type", enedis_json_text(meter, "code"));
    add_offpeak(data, enedis_json_text(enedis_json_get(root, "relais"), "plageHeuresCreuses"));
}

const char *enedis_document_read_activations(const cJSON *root, releve_day activations[RELEVE_DIRECTIONS])
{
    static const char *const names[RELEVE_DIRECTIONS] = {
        [RELEVE_CONSUMPTION] = "consumption_last_activation_date",
        [RELEVE_PRODUCTION] = "generation_last_activation_date",
    };
    if (!cJSON_IsObject(root))
        return "the body is no synthesis of contracts";
    for (enum releve_direction i = 0; i < RELEVE_DIRECTIONS; i++)
        if (!read_date(enedis_json_text(root, names[i]), &activations[i]))
            activations[i] = RELEVE_DAY_NONE;
    return NULL;
}

/* All contracts, those of withdrawal first. */
static const char *write_contracts_2026(const cJSON *list, struct releve_text *data)
{
    const cJSON *contract;
    releve_text_puts(data, "{\"contracts\":[");
    for (int pass = 0; pass < 2; pass++)
        cJSON_ArrayForEach(contract, list)
            if (is_withdrawal(contract) == (pass == 0))
                write_contract_2026(contract, data);
    releve_text_puts(data, "]}");
    return NULL;
}

/* The contract that says who the customer is, one of withdrawal if there is one: two contracts may have two holders,
 * and what is said of one is not said of the other. */
static const cJSON *find_holder(const cJSON *list)
{
    const cJSON *contract, *found = NULL;
    cJSON_ArrayForEach(contract, list) {
        bool says = enedis_json_get(contract, "person") || enedis_json_get(contract, "organization");
        if (says && (!found || (is_withdrawal(contract) && !is_withdrawal(found))))
            found = contract;
    }
    return found ? found : list->child;
}

static const char *write_situation(enum releve_kind kind, const cJSON *root, releve_prm prm, struct releve_text *data)
{
    const cJSON *contract;
    if (!cJSON_IsArray(root))
        return "the body is no list of contracts";
    cJSON_ArrayForEach(contract, root)
        if (!enedis_measures_is_prm(enedis_json_get(contract, "usage_point_id"), prm))
            return "the body is not of the usage point that was asked";
    const cJSON *holder = find_holder(root);
    switch (kind) {
    case RELEVE_CONTRACTS:
        return write_contracts_2026(root, data);
    case RELEVE_IDENTITY:
        return write_identity(enedis_json_get(holder, "person"), enedis_json_get(holder, "organization"), data);
    default:
        return write_contact(enedis_json_get(holder, "contact_data"), data);
    }
}

/* "32400 EXEMPLEVILLE" */
static void add_city(struct releve_text *data, const char *text)
{
    char code[6] = "";
    if (text && strspn(text, "0123456789") == 5 && text[5] == ' ') {
        memcpy(code, text, 5);
        text += 6;
    }
    add_text(data, "postal_code", code);
    add_text(data, "city", text);
}

static const char *write_address_2026(const cJSON *root, struct releve_text *data)
{
    static const char *const names[][2] = {{"street", "number_street_name"},
                                           {"staircase_floor_apartment", "staircase_floor_apartment"},
                                           {"building", "building"},
                                           {"locality", "locality"}};
    static const char *const more[][2] = {{"insee_code", "insee_code"}, {"country", "country"}};
    const cJSON *address = enedis_json_get(root, "address");
    if (!cJSON_IsObject(address))
        return "the body has no address";
    releve_text_puts(data, "{");
    ADD_TEXTS(data, address, names);
    add_city(data, enedis_json_text(address, "postal_code_city"));
    ADD_TEXTS(data, address, more);
    add_number(data, "latitude", NULL);
    add_number(data, "longitude", NULL);
    add_number(data, "altitude_m", NULL);
    releve_text_puts(data, "}");
    return NULL;
}

const char *enedis_document_write_2026(enum releve_kind kind, const cJSON *root, releve_prm prm,
                                       struct releve_text *data)
{
    return kind == RELEVE_ADDRESSES ? write_address_2026(root, data) : write_situation(kind, root, prm, data);
}
