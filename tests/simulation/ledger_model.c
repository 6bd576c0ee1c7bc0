/* See ledger_model.h; function by function the same as ledger.lua. */
#include "ledger_model.h"
#include <stdlib.h>
#include <string.h>

void ledger_model_init(struct ledger_model *ledger)
{
    *ledger = (struct ledger_model){.news_ms = -1};
}

void ledger_model_close(struct ledger_model *ledger)
{
    free(ledger->entries);
    *ledger = (struct ledger_model){.news_ms = -1};
}

void ledger_model_copy(struct ledger_model *copy, const struct ledger_model *ledger)
{
    *copy = *ledger;
    copy->capacity = copy->count;
    copy->entries = malloc((copy->count + 1) * sizeof *copy->entries);
    if (copy->entries == NULL)
        abort();
    for (size_t i = 0; i < copy->count; i++)
        copy->entries[i] = ledger->entries[i];
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t wait_ms(int64_t at_us, int64_t now_us)
{
    return (at_us - now_us + 999) / 1000;
}

/* --- the sorted set --------------------------------------------------------------------------------- */

/* Permits in flight are among the last: looked for from there. */
static struct ledger_entry *find(struct ledger_model *ledger, uint64_t permit)
{
    for (size_t i = ledger->count; i-- > 0;)
        if (ledger->entries[i].permit == permit)
            return &ledger->entries[i];
    return NULL;
}

static void take_out(struct ledger_model *ledger, struct ledger_entry *entry)
{
    size_t after = (size_t)(ledger->entries + ledger->count - entry) - 1;
    memmove(entry, entry + 1, after * sizeof *entry);
    ledger->count--;
}

static void put_in(struct ledger_model *ledger, int64_t latest_us, uint64_t permit)
{
    if (ledger->count == ledger->capacity) {
        ledger->capacity = ledger->capacity == 0 ? 64 : ledger->capacity * 2;
        ledger->entries = realloc(ledger->entries, ledger->capacity * sizeof *ledger->entries);
        if (ledger->entries == NULL)
            abort();
    }
    size_t at = ledger->count++;
    for (; at > 0 && ledger->entries[at - 1].latest_us > latest_us; at--)
        ledger->entries[at] = ledger->entries[at - 1];
    ledger->entries[at] = (struct ledger_entry){latest_us, permit};
}

/* How many entries are older than that. */
static size_t older_than(const struct ledger_model *ledger, int64_t us)
{
    size_t low = 0, high = ledger->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (ledger->entries[middle].latest_us < us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* --- the script ------------------------------------------------------------------------------------- */

static int64_t due_us(const struct ledger_model *ledger, const struct releve_quota *quota, int64_t now_us)
{
    int64_t at = most(now_us, ledger->open_at_us);
    for (size_t i = 0; i < quota->windows_count; i++) {
        const struct releve_window *window = &quota->windows[i];
        if (ledger->count >= window->limit)
            at = most(at, ledger->entries[ledger->count - window->limit].latest_us + window->span_ms * 1000 +
                              LEDGER_MARGIN_US + 1);
    }
    return at;
}

bool ledger_model_remembers(const struct ledger_model *ledger, int64_t now_us)
{
    return ledger->told_us > 0 && now_us < ledger->told_until_us;
}

static void tell(struct ledger_model *ledger, int64_t at_us, int64_t now_us)
{
    ledger->told_us = at_us;
    ledger->news_ms = wait_ms(at_us, now_us);
}

static int64_t tell_if_earlier(struct ledger_model *ledger, const struct releve_quota *quota, int64_t now_us)
{
    int64_t at = due_us(ledger, quota, now_us);
    if (ledger_model_remembers(ledger, now_us) && at < ledger->told_us)
        tell(ledger, at, now_us);
    return wait_ms(at, now_us);
}

/* A set that nobody touched for long is gone with its key. */
static void begin(struct ledger_model *ledger, int64_t now_us)
{
    ledger->news_ms = -1;
    if (now_us >= ledger->entries_gone_us)
        ledger->count = 0;
}

void ledger_model_serve(struct ledger_model *ledger, uint64_t node, int64_t now_us)
{
    bool other = ledger->node != 0 && ledger->node != node;
    ledger->node = node;
    if (!other)
        return;
    begin(ledger, now_us);
    if (!ledger_model_remembers(ledger, now_us))
        ledger->told_us = ledger->told_until_us = 0;
    for (size_t i = 0; i < ledger->count; i++)
        ledger->entries[i].latest_us += LEDGER_CLOCK_DIFFERENCE_US;
    int64_t *moments[] = {&ledger->open_at_us, &ledger->told_us, &ledger->told_until_us, &ledger->entries_gone_us};
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++)
        if (*moments[i] > 0)
            *moments[i] += LEDGER_CLOCK_DIFFERENCE_US;
}

int64_t ledger_model_ask(struct ledger_model *ledger, const struct releve_quota *quota, uint64_t permit,
                         int64_t life_ms, int64_t now_us)
{
    begin(ledger, now_us);
    struct ledger_entry *own = find(ledger, permit);
    int64_t own_us = own != NULL ? own->latest_us : 0;
    int64_t at = own != NULL && own_us >= now_us ? most(now_us, ledger->open_at_us) : due_us(ledger, quota, now_us);
    if (at > now_us) {
        ledger->told_us = at;
        ledger->told_until_us = now_us + life_ms * 1000;
        return wait_ms(at, now_us);
    }
    if (quota->windows_count == 0)
        return 0;
    int64_t longest_us = releve_quota_longest_ms(quota) * 1000;
    if (own != NULL)
        take_out(ledger, own);
    size_t old = older_than(ledger, now_us - longest_us - LEDGER_MARGIN_US);
    if (old > 0)
        memmove(ledger->entries, ledger->entries + old, (ledger->count - old) * sizeof *ledger->entries);
    ledger->count -= old;
    put_in(ledger, most(own_us, now_us + life_ms * 1000), permit);
    ledger->entries_gone_us = now_us + longest_us + (life_ms + 1000) * 1000;
    if (ledger->node != 0) /* the clock of another may be ahead */
        ledger->entries_gone_us += LEDGER_CLOCK_DIFFERENCE_US;
    return 0;
}

int64_t ledger_model_settle(struct ledger_model *ledger, const struct releve_quota *quota, uint64_t permit,
                            int64_t way_ms, int64_t now_us)
{
    begin(ledger, now_us);
    int64_t arrived_us = now_us + way_ms * 1000;
    struct ledger_entry *own = find(ledger, permit);
    if (own != NULL && own->latest_us > arrived_us) {
        take_out(ledger, own);
        put_in(ledger, arrived_us, permit);
    }
    return tell_if_earlier(ledger, quota, now_us);
}

int64_t ledger_model_return(struct ledger_model *ledger, const struct releve_quota *quota, uint64_t permit,
                            int64_t now_us)
{
    begin(ledger, now_us);
    struct ledger_entry *own = find(ledger, permit);
    if (own != NULL)
        take_out(ledger, own);
    return tell_if_earlier(ledger, quota, now_us);
}

int64_t ledger_model_shut(struct ledger_model *ledger, const struct releve_quota *quota, int64_t length_ms,
                          int64_t now_us)
{
    begin(ledger, now_us);
    int64_t at = now_us + length_ms * 1000;
    if (length_ms > 0 && at > ledger->open_at_us)
        ledger->open_at_us = at;
    if (ledger->open_at_us <= now_us)
        ledger->open_at_us = 0; /* the key is gone with that moment */
    if (ledger_model_remembers(ledger, now_us) && ledger->open_at_us > ledger->told_us)
        tell(ledger, ledger->open_at_us, now_us);
    return wait_ms(due_us(ledger, quota, now_us), now_us);
}

int64_t ledger_model_used(const struct ledger_model *ledger, int64_t span_ms, int64_t now_us)
{
    return (int64_t)(ledger->count - older_than(ledger, now_us - span_ms * 1000 - LEDGER_MARGIN_US));
}
