/* What a process says of itself, kept where overview.lua finds it. */
#include <adapters/redis/store_internal.h>

#define PULSES_MAX 256 /* processes that are remembered at once; more are not shown */

void releve_store_say_pulse(struct releve_store *store, const char *name, const char *json, releve_store_done done,
                            void *data)
{
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_pulse, 1);
    releve_words_format(&words, "%s:pulses", store->prefix);
    releve_words_add(&words, name);
    releve_words_add(&words, json != NULL ? json : "");
    releve_words_format(&words, "%d", (int)RELEVE_PULSE_SILENT_MS);
    releve_words_format(&words, "%d", PULSES_MAX);
    releve_call_done(store, "say what this process does", &releve_script_pulse, &words, done, data);
}
