/* How ledger.lua is called, for tests that run it without the store: the script and its keys, in their order. */
#ifndef RELEVE_TESTS_LEDGER_CALL_H
#define RELEVE_TESTS_LEDGER_CALL_H

#include <adapters/redis/commands.h>

#define LEDGER_CALL_WORDS 12

/* The first words of the command; `bucket` is the name of the ledger, a literal. What follows are its arguments. */
#define LEDGER_CALL(bucket)                                                                                    \
    "EVALSHA", releve_script_ledger.sha1, "9", bucket, bucket ":closed", bucket ":waiting", bucket ":longest", \
        bucket ":windows", bucket ":first", bucket ":streak", bucket ":node", bucket ":forgotten"

#endif
