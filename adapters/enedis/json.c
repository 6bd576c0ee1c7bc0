/* Parsing with cJSON, whose nodes come from a bump arena: one body makes thousands of small nodes that all
 * die together. Caps size, memory and nesting before anything is built (law 6).
 *
 * cJSON's hooks are global to the process. Ours are installed once and do nothing but malloc and free
 * outside of enedis_json_open: only the thread that is inside it allocates from an arena. Trees that others
 * made before or make later are freed as ever. */
#include "json.h"
#include "engine/runtime/transport.h"
#include <assert.h>
#include <pthread.h>
#include <releve/json_guard.h>
#include <releve/memory.h>
#include <releve/text.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)64 * 1024)
#define ALIGNMENT ((size_t)16)
#define BYTE_ORDER_MARK "\xEF\xBB\xBF" /* that a text is UTF-8; cJSON passes over it too */

struct enedis_json_block {
    struct enedis_json_block *older;
    size_t size, used; /* bytes of memory[] */
    _Alignas(16) char memory[];
};

static _Thread_local struct enedis_json *armed;
static pthread_once_t hooks_once = PTHREAD_ONCE_INIT;

static void *arena_allocate(size_t bytes)
{
    struct enedis_json *json = armed;
    if (!json)
        return malloc(bytes);
    if (bytes > ENEDIS_JSON_MEMORY_BYTES_MAX)
        return NULL;
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct enedis_json_block *block = json->blocks;
    if (!block || block->size - block->used < bytes) {
        size_t size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
        if (size > ENEDIS_JSON_MEMORY_BYTES_MAX - json->blocks_bytes)
            return NULL;
        block = releve_must(malloc(sizeof *block + size));
        *block = (struct enedis_json_block){.older = json->blocks, .size = size};
        json->blocks = block;
        json->blocks_bytes += size;
    }
    void *memory = block->memory + block->used;
    block->used += bytes;
    return memory;
}

static void arena_free(void *memory)
{
    if (!armed) /* while armed, everything that cJSON gives back is the arena's */
        free(memory);
}

static void install_hooks(void)
{
    cJSON_Hooks hooks = {.malloc_fn = arena_allocate, .free_fn = arena_free};
    cJSON_InitHooks(&hooks);
}

static bool arena_has(const struct enedis_json *json, const void *memory)
{
    uintptr_t at = (uintptr_t)memory;
    for (const struct enedis_json_block *block = json->blocks; block; block = block->older)
        if (at >= (uintptr_t)block->memory && at < (uintptr_t)block->memory + block->used)
            return true;
    return false;
}

static bool blank(const char *from, const char *to)
{
    for (; from < to; from++)
        if (*from != ' ' && *from != '\t' && *from != '\r' && *from != '\n')
            return false;
    return true;
}

static const char *build(struct enedis_json *json, const char *text, size_t bytes)
{
    (void)pthread_once(&hooks_once, install_hooks);
    const char *end = NULL;
    armed = json;
    json->root = cJSON_ParseWithLengthOpts(text, bytes + 1, &end, false);
    armed = NULL;
    if (!json->root)
        return "the body is not complete JSON";
    if (!blank(end, text + bytes))
        return "the body goes on after its JSON";
    return NULL;
}

const char *enedis_json_open(struct enedis_json *json, const char *body, size_t bytes)
{
    assert(!armed && body[bytes] == '\0');
    *json = (struct enedis_json){NULL, NULL, 0};
    switch (releve_json_guard(body, bytes, RELEVE_BODY_BYTES_MAX, ENEDIS_JSON_DEPTH_MAX)) {
    case RELEVE_JSON_TOO_LARGE:
        return "the body is too large";
    case RELEVE_JSON_TOO_DEEP:
        return "the body is JSON nested too deep";
    case RELEVE_JSON_HAS_NUL:
        return "the body is not JSON (it holds a NUL)";
    case RELEVE_JSON_SOUND:
        break;
    }
    if (blank(body, body + bytes))
        return "the body is empty";
    return build(json, body, bytes);
}

/* --- lists that are read, and not built --------------------------------------------------------------- */

/* The way through a body. What is no list goes into `rest`, for cJSON; a list becomes [its number] there. */
struct walk {
    struct enedis_scan scan;
    const struct enedis_json_lists *lists;
    int lists_count;
    struct releve_text rest;
    const char *copied; /* the body up to here is in `rest` */
};

static void read_list(struct walk *walk)
{
    if (walk->lists_count == ENEDIS_JSON_LISTS_MAX) {
        walk->scan.wrong = "the body has too many lists of points";
        return;
    }
    releve_text_add(&walk->rest, walk->copied, (size_t)(walk->scan.at - walk->copied));
    releve_text_format(&walk->rest, "[%d]", walk->lists_count);
    walk->lists->read(walk->lists->data, &walk->scan, walk->lists_count++);
    walk->copied = walk->scan.at;
}

static void walk_value(struct walk *walk);

static void walk_object(struct walk *walk)
{
    struct enedis_scan *scan = &walk->scan;
    for (bool more = enedis_scan_enter(scan, '{'); more; more = enedis_scan_more(scan, '}')) {
        struct enedis_scanned name;
        if (!enedis_scan_name(scan, &name))
            return;
        if (enedis_scan_peek(scan) == '[' && enedis_scanned_is(&name, walk->lists->name))
            read_list(walk);
        else
            walk_value(walk);
    }
}

/* Nests as deep as the scanner lets it: ENEDIS_JSON_DEPTH_MAX. */
static void walk_value(struct walk *walk)
{
    struct enedis_scan *scan = &walk->scan;
    struct enedis_scanned ignored;
    switch (enedis_scan_peek(scan)) {
    case '{':
        walk_object(walk);
        break;
    case '[':
        for (bool more = enedis_scan_enter(scan, '['); more; more = enedis_scan_more(scan, ']'))
            walk_value(walk);
        break;
    default:
        (void)enedis_scan_value(scan, &ignored);
    }
}

const char *enedis_json_open_lists(struct enedis_json *json, const char *body, size_t bytes,
                                   const struct enedis_json_lists *lists)
{
    assert(!armed && body[bytes] == '\0');
    *json = (struct enedis_json){NULL, NULL, 0};
    if (bytes > RELEVE_BODY_BYTES_MAX)
        return "the body is too large";
    bool marked = strncmp(body, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0;
    struct walk walk = {.scan = {.at = marked ? body + strlen(BYTE_ORDER_MARK) : body}, .lists = lists, .copied = body};
    walk_value(&walk);
    const char *problem = walk.scan.wrong;
    if (!problem && !blank(walk.scan.at, body + bytes))
        problem = "the body goes on after its JSON";
    if (!problem) {
        releve_text_add(&walk.rest, walk.copied, (size_t)(body + bytes - walk.copied));
        releve_text_add(&walk.rest, "", 1);
        problem = build(json, walk.rest.bytes, walk.rest.length - 1);
    }
    releve_text_free(&walk.rest);
    return problem;
}

int enedis_json_list_number(const cJSON *item)
{
    const cJSON *number = cJSON_IsArray(item) ? cJSON_GetArrayItem(item, 0) : NULL;
    return number && cJSON_IsNumber(number) ? (int)number->valuedouble : -1;
}

void enedis_json_close(struct enedis_json *json, bool secret)
{
    /* Where the program has installed hooks of its own after ours, the tree came from those. */
    if (json->root && !arena_has(json, json->root))
        cJSON_Delete((cJSON *)(uintptr_t)json->root);
    for (struct enedis_json_block *block = json->blocks, *older; block; block = older) {
        older = block->older;
        if (secret)
            explicit_bzero(block->memory, block->used);
        free(block);
    }
    *json = (struct enedis_json){NULL, NULL, 0};
}

const cJSON *enedis_json_get(const cJSON *object, const char *name)
{
    if (!cJSON_IsObject(object))
        return NULL;
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNull(item) ? NULL : item;
}

const char *enedis_json_text(const cJSON *object, const char *name)
{
    const cJSON *item = enedis_json_get(object, name);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}
