/* Which of a cluster's hash slots a key is in, and a command's first key. Pure.
 * https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#key-distribution-model */
#ifndef RELEVE_REDIS_SLOT_H
#define RELEVE_REDIS_SLOT_H

#include <adapters/redis/words.h>

#define RELEVE_SLOTS 16384
#define RELEVE_SLOT_ANY (-1) /* no key: any node can answer */
#define RELEVE_SLOT_NODE                                                                              \
    (-2) /* no key, and the answer is about the node that gives it: SCAN, INFO, a script without keys \
          */

/* CRC16 of the hash tag, which stands between the first { and the next }, or of the whole key where there is none. */
int releve_slot_of_key(const char *key, size_t bytes);

/* By the first key: of EVALSHA the first of its KEYS, of other commands the word behind their name (which is right for
 * all that are sent here; XREAD and its like would be others). */
int releve_slot_of_words(const struct releve_words *words);

/* The same of a command as hiredis formatted it. */
int releve_slot_of_wire(const char *wire);

#endif
