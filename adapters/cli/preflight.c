/* See preflight.h: a session that ends when its preflight has. */
#include "preflight.h"
#include "session.h"

struct lone_preflight {
    struct releve_session session;
    const struct releve_selection *selection;
};
RELEVE_SESSION_FIRST(struct lone_preflight);

static void on_ready(void *data)
{
    struct lone_preflight *preflight = data;
    const struct releve_selection *selection = preflight->selection;
    releve_runtime_preflight(preflight->session.runtime, selection->prms, selection->prms_count, selection->kinds,
                             releve_selection_newest(selection), 1);
}

enum releve_code releve_preflight_run(struct releve_config *config, const struct releve_selection *selection,
                                      struct releve_error *error)
{
    static struct lone_preflight preflight;
    if (releve_config_dialect(config)->services_family == NULL)
        return releve_fail(error, RELEVE_E_CONFIG,
                           "--preflight: only the interface of 2026 tells who has which kinds; leave it out");
    if (releve_config_start_redis(config, error) != RELEVE_OK)
        return error->code;
    const struct releve_session_options options = {.config = config, .concurrency = 1, .ready = on_ready};
    preflight.selection = selection;
    enum releve_code code = releve_session_run(&preflight.session, &options);
    *error = preflight.session.error;
    return code;
}
