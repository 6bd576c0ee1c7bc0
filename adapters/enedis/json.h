/* A JSON body, parsed into memory of its own that goes in one piece. */
#ifndef ENEDIS_JSON_H
#define ENEDIS_JSON_H

#include "scan.h"
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

/* Captured bodies nest five deep; nobody needs more than this. */
#define ENEDIS_JSON_DEPTH_MAX 32

/* Memory for one body. Seven days of PT5M curve take about 3 MB. */
#define ENEDIS_JSON_MEMORY_BYTES_MAX (48u * 1024u * 1024u)

/* Lists that are long, and not built: whoever knows their elements reads them from the scanner. */
struct enedis_json_lists {
    const char *name; /* of the members that are such lists */
    /* Reads the whole array that comes next; `number` counts from 0. What is wrong with its elements is no matter of
     * the scanner's. */
    void (*read)(void *data, struct enedis_scan *scan, int number);
    void *data;
};

#define ENEDIS_JSON_LISTS_MAX 256 /* in one body; captured ones have one, of registers nine */

struct enedis_json {
    const cJSON *root;
    struct enedis_json_block *blocks; /* the newest first */
    size_t blocks_bytes;
};

/* Parses the whole of `body` (`bytes` long, and a NUL after them). Returns NULL, or one line that says
 * what is wrong with it. Close it in both cases. Not to be called twice without a close between. */
const char *enedis_json_open(struct enedis_json *json, const char *body, size_t bytes);

/* Likewise, but that arrays of the name lists->name are read by lists->read; in the tree they are what
 * enedis_json_list_number knows. The whole is strict JSON then. */
const char *enedis_json_open_lists(struct enedis_json *json, const char *body, size_t bytes,
                                   const struct enedis_json_lists *lists);

/* The number of a list that was read, or -1 where `item` is none. */
int enedis_json_list_number(const cJSON *item);

/* Frees everything; `secret` overwrites it first. */
void enedis_json_close(struct enedis_json *json, bool secret);

/* The item of that name (exact case), or NULL; also where `object` is no object or NULL, and where the
 * item is a JSON null. */
const cJSON *enedis_json_get(const cJSON *object, const char *name);

/* The text of a string item of that name, or NULL. */
const char *enedis_json_text(const cJSON *object, const char *name);

#endif
