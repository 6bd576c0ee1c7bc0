/* See holdings.h. The same bytes may be in the list more than once, and from different queues. */
#include <adapters/redis/holdings.h>
#include <assert.h>
#include <releve/memory.h>
#include <uthash.h>

struct holding {
    char *message;
    unsigned of[RELEVE_CLASSES]; /* how often, by the queue that it came from */
    UT_hash_handle hh;
};

static struct holding *find(const struct releve_holdings *holdings, const char *message, size_t bytes)
{
    struct holding *holding;
    HASH_FIND(hh, holdings->by_message, message, bytes, holding);
    return holding;
}

void releve_holdings_add(struct releve_holdings *holdings, enum releve_class from, const char *message, size_t bytes)
{
    struct holding *holding = find(holdings, message, bytes);
    if (holding == NULL) {
        holding = releve_alloc(1, sizeof *holding);
        holding->message = releve_alloc(bytes + 1, 1);
        memcpy(holding->message, message, bytes);
        HASH_ADD_KEYPTR(hh, holdings->by_message, holding->message, bytes, holding);
    }
    holding->of[from]++;
}

bool releve_holdings_has(const struct releve_holdings *holdings, const char *message, size_t bytes)
{
    return find(holdings, message, bytes) != NULL;
}

static void forget(struct releve_holdings *holdings, struct holding *holding)
{
    HASH_DEL(holdings->by_message, holding); /* its table has it once. NOLINT(clang-analyzer-unix.Malloc) */
    free(holding->message);
    free(holding);
}

void releve_holdings_remove(struct releve_holdings *holdings, enum releve_class from, const char *message, size_t bytes)
{
    struct holding *holding = find(holdings, message, bytes);
    assert(holding != NULL && holding->of[from] > 0);
    holding->of[from]--;
    for (int i = 0; i < RELEVE_CLASSES; i++)
        if (holding->of[i] > 0)
            return;
    forget(holdings, holding);
}

void releve_holdings_free(struct releve_holdings *holdings)
{
    struct holding *holding, *next;
    HASH_ITER(hh, holdings->by_message, holding, next)
        forget(holdings, holding);
}
