/* A preflight without jobs: for commands that send nothing else. */
#ifndef RELEVE_CLI_PREFLIGHT_H
#define RELEVE_CLI_PREFLIGHT_H

#include "config.h"
#include "selection.h"

#define RELEVE_PREFLIGHT_OPTION             \
    {                                       \
        "preflight", no_argument, NULL, 'P' \
    }
#define RELEVE_PREFLIGHT_HELP                                                           \
    "  --preflight        first asks Enedis (2026) who of them has which kinds, 1000\n" \
    "                     in one request, in a quota of its own: kinds that a usage\n"  \
    "                     point lacks cost no request then. Believed for a day\n"

/* Asks who of the selection's usage points has which of its kinds, and keeps it, as `backfill` does. Needs an upstream
 * and credentials. */
enum releve_code releve_preflight_run(struct releve_config *config, const struct releve_selection *selection,
                                      struct releve_error *error);

#endif
