/* Where members are left out. */
#include "paper.h"
#include "chance.h"

#define GAP_ONE_IN 12 /* members that are null; as many are missing */

enum presence { THERE, ABSENT, NOTHING };

/* One name is null or missing in all documents of a usage point alike. */
static enum presence presence(const struct sandbox_paper *paper, const char *name)
{
    uint64_t hash = paper->client->prm;
    if (paper->client->prm == SANDBOX_CLIENT_0)
        return THERE;
    for (const char *at = name; *at != '\0'; at++)
        hash = sandbox_mix(hash ^ (unsigned char)*at);
    switch (sandbox_chance(paper->seed, SANDBOX_TOPIC_GAP, hash) % GAP_ONE_IN) {
    case 0:
        return ABSENT;
    case 1:
        return NOTHING;
    default:
        return THERE;
    }
}

void sandbox_paper_text(const struct sandbox_paper *paper, cJSON *object, const char *name, const char *value)
{
    enum presence how = presence(paper, name);
    if (how == ABSENT)
        return;
    if (how == NOTHING || value == NULL)
        (void)cJSON_AddNullToObject(object, name);
    else
        (void)cJSON_AddStringToObject(object, name, value);
}

cJSON *sandbox_paper_object(const struct sandbox_paper *paper, cJSON *object, const char *name)
{
    enum presence how = presence(paper, name);
    if (how == THERE)
        return cJSON_AddObjectToObject(object, name);
    if (how == NOTHING)
        (void)cJSON_AddNullToObject(object, name);
    return NULL;
}

void sandbox_paper_prm(const struct sandbox_paper *paper, cJSON *object, const char *name)
{
    char prm[RELEVE_PRM_TEXT];
    releve_prm_format(paper->label, prm);
    (void)cJSON_AddStringToObject(object, name, prm);
}

void sandbox_paper_company(const struct sandbox_paper *paper, cJSON *object)
{
    const struct sandbox_customer *who = paper->customer;
    sandbox_paper_text(paper, object, "name", who->name);
    sandbox_paper_text(paper, object, "commercial_name", who->trade_name);
    sandbox_paper_text(paper, object, "siret_number", who->siret);
    sandbox_paper_text(paper, object, "siren_number", who->siren);
    sandbox_paper_text(paper, object, "business_code", who->business_code);
}
