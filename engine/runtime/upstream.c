/* Real data and simulated data in one place would pass for each other (law 3). */
#include "upstream.h"
#include <string.h>

const char *releve_upstream_name(const char *url)
{
    if (strncmp(url, RELEVE_UPSTREAM_PRODUCTION, strlen(RELEVE_UPSTREAM_PRODUCTION)) == 0)
        return "production";
    return strncmp(url, RELEVE_UPSTREAM_SANDBOX, strlen(RELEVE_UPSTREAM_SANDBOX)) == 0 ? "sandbox" : "other";
}

enum releve_code releve_upstream_check(const char *url, const char *bound, struct releve_error *error)
{
    const char *name = releve_upstream_name(url);
    if (bound == NULL || strcmp(bound, name) == 0)
        return RELEVE_OK;
    return releve_fail(
        error, RELEVE_E_CONFIG,
        "this Redis holds data that came from another upstream (%s) under this prefix, and it would pass "
        "for data from %s: set another RELEVE_PREFIX or RELEVE_REDIS",
        bound, strcmp(name, "other") == 0 ? url : name);
}
