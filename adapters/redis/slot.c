/* See slot.h. */
#include <adapters/redis/slot.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_LOOKED_AT 4       /* EVALSHA <sha> <keys> <first key> */
#define CRC16_POLYNOMIAL 0x1021 /* CRC-16/XMODEM: starts with 0, highest bit first */

struct word {
    const char *text;
    size_t bytes;
};

static unsigned crc16(const char *text, size_t bytes)
{
    unsigned crc = 0;
    for (size_t i = 0; i < bytes; i++) {
        crc ^= (unsigned)(unsigned char)text[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 0x8000) != 0 ? crc << 1 ^ CRC16_POLYNOMIAL : crc << 1;
        crc &= 0xffff;
    }
    return crc;
}

int releve_slot_of_key(const char *key, size_t bytes)
{
    const char *open = memchr(key, '{', bytes);
    if (open != NULL) {
        const char *tag = open + 1, *close = memchr(tag, '}', bytes - (size_t)(tag - key));
        if (close != NULL && close > tag)
            return (int)(crc16(tag, (size_t)(close - tag)) % RELEVE_SLOTS);
    }
    return (int)(crc16(key, bytes) % RELEVE_SLOTS);
}

static bool is(const struct word *word, const char *name)
{
    return word->bytes == strlen(name) && memcmp(word->text, name, word->bytes) == 0;
}

static int slot_of(const struct word words[WORDS_LOOKED_AT], size_t count)
{
    static const char *const of_any[] = {"PING", "CONFIG", "PUBLISH", "TIME"};
    static const char *const of_node[] = {"SCAN", "DBSIZE", "INFO", "CLUSTER"};
    for (size_t i = 0; i < sizeof of_any / sizeof of_any[0]; i++)
        if (count < 1 || is(&words[0], of_any[i]))
            return RELEVE_SLOT_ANY;
    for (size_t i = 0; i < sizeof of_node / sizeof of_node[0]; i++)
        if (is(&words[0], of_node[i]))
            return RELEVE_SLOT_NODE;
    if (is(&words[0], "EVALSHA")) {
        if (count < 4 || is(&words[2], "0"))
            return RELEVE_SLOT_NODE;
        return releve_slot_of_key(words[3].text, words[3].bytes);
    }
    return count < 2 ? RELEVE_SLOT_ANY : releve_slot_of_key(words[1].text, words[1].bytes);
}

int releve_slot_of_words(const struct releve_words *words)
{
    struct word found[WORDS_LOOKED_AT];
    size_t count = 0;
    for (size_t begin = 0; count < words->count && count < WORDS_LOOKED_AT; begin = words->ends[count++])
        found[count] = (struct word){words->text.bytes + begin, words->ends[count] - begin};
    return slot_of(found, count);
}

/* "*<words>\r\n", then "$<bytes>\r\n<word>\r\n" for each. */
int releve_slot_of_wire(const char *wire)
{
    struct word found[WORDS_LOOKED_AT];
    size_t count = 0, words = (size_t)strtoull(wire + 1, NULL, 10);
    const char *at = strchr(wire, '\n') + 1;
    for (; count < words && count < WORDS_LOOKED_AT; count++) {
        char *end;
        size_t bytes = (size_t)strtoull(at + 1, &end, 10);
        found[count] = (struct word){end + 2, bytes};
        at = end + 2 + bytes + 2;
    }
    return slot_of(found, count);
}
