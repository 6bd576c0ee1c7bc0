/* CLUSTER NODES, for the slots that are on their way: no more than there are words, and of one line only. */
#include <adapters/redis/moves.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct releve_moves moves = {.moving = 0};
    char *text = fuzz_string(data, size);
    bool understood = releve_moves_add(&moves, text);
    MUST(understood || (moves.moving == 0 && moves.config == 0));
    MUST(moves.moving <= strlen(text));
    MUST(moves.moving == 0 || (strstr(text, "myself") != NULL && strchr(text, '[') != NULL));
    free(text);
    return 0;
}
