/* See consent.h. */
#include "consent.h"
#include <releve/memory.h>
#include <releve/text.h>

#define HOST "https://mon-compte-particulier.enedis.fr"

static const char *const pages[] = {
    [RELEVE_API_2026] = HOST "/dataconnect/v2/oauth2/authorize?response_type=code",
    [RELEVE_API_V5] = HOST "/dataconnect/v1/oauth2/authorize?response_type=code",
};

bool releve_consent_has_redirect(enum releve_api api)
{
    return api == RELEVE_API_V5;
}

static char *write_parameter(char *out, const char *name, const char *value)
{
    return releve_escape(stpcpy(stpcpy(stpcpy(out, "&"), name), "="), value);
}

char *releve_consent_url(enum releve_api api, const struct releve_consent *consent)
{
    static const char names[] = "&client_id=&state=&duration=&redirect_uri=";
    bool back = consent->redirect != NULL && releve_consent_has_redirect(api);
    size_t values = strlen(consent->client_id) + strlen(consent->state) + strlen(consent->duration) +
                    (back ? strlen(consent->redirect) : 0);
    char *url = releve_alloc(strlen(pages[api]) + sizeof names + 3 * values, 1);
    char *end = write_parameter(stpcpy(url, pages[api]), "client_id", consent->client_id);
    end = write_parameter(end, "state", consent->state);
    end = write_parameter(end, "duration", consent->duration);
    if (back)
        (void)write_parameter(end, "redirect_uri", consent->redirect);
    return url;
}
