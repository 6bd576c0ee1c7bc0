/* releve sandbox: the Enedis simulator, see adapters/sandbox. */
#include "command.h"
#include <adapters/sandbox/sandbox.h>
#include <stddef.h>

const struct releve_command releve_command_sandbox = {
    .name = "sandbox",
    .summary = "a simulator of the upstream: for a first try, and for tests",
    .help = NULL,
    .ends_by_signal = true,
    .run = releve_sandbox_main,
};
