/* See keys.h. The only place that knows how a key is called, but for ledger.c, which has those of a bucket. */
#include <adapters/redis/keys.h>
#include <string.h>

static void begin_of_queue(struct releve_words *words, const char *prefix)
{
    releve_text_puts(&words->text, "{");
    releve_text_puts(&words->text, prefix);
    releve_text_puts(&words->text, "}:");
}

void releve_key_of_queue(struct releve_words *words, const char *prefix, const char *name)
{
    begin_of_queue(words, prefix);
    releve_words_add(words, name);
}

static const char *jobs_of(enum releve_class class_)
{
    static const char *const names[RELEVE_CLASSES] = {
        [RELEVE_HIGH] = "jobs:high", [RELEVE_NORMAL] = "jobs", [RELEVE_LOW] = "jobs:low"};
    return names[class_];
}

void releve_key_jobs(struct releve_words *words, const char *prefix, enum releve_class class_)
{
    releve_key_of_queue(words, prefix, jobs_of(class_));
}

void releve_key_moving(struct releve_words *words, const char *prefix, enum releve_class class_)
{
    begin_of_queue(words, prefix);
    releve_words_format(words, "%s:moving", jobs_of(class_));
}

void releve_key_job(struct releve_words *words, const char *prefix, const char *id)
{
    begin_of_queue(words, prefix);
    releve_text_puts(&words->text, "job:");
    releve_words_add(words, id);
}

void releve_key_holding(struct releve_words *words, const char *prefix, const char *worker)
{
    begin_of_queue(words, prefix);
    releve_words_format(words, "worker:%s:jobs", worker);
}

void releve_key_counted(struct releve_words *words, const char *prefix, const char *process)
{
    begin_of_queue(words, prefix);
    releve_words_format(words, "counted:%s", process);
}

void releve_key_missing(struct releve_words *words, const char *prefix, releve_prm prm, enum releve_kind kind)
{
    begin_of_queue(words, prefix);
    releve_words_format(words, "missing:" RELEVE_PRM_FORMAT ":%s", prm, releve_kind_facts(kind)->name);
}

/* "releve:day:{<prm>}" */
static void begin_of_point(struct releve_words *words, const char *prefix, const char *what, releve_prm prm)
{
    releve_text_puts(&words->text, prefix);
    releve_text_puts(&words->text, what);
    releve_text_prm(&words->text, prm);
    releve_text_puts(&words->text, "}");
}

static void add_kind(struct releve_words *words, enum releve_kind kind)
{
    releve_text_puts(&words->text, ":");
    releve_text_puts(&words->text, releve_kind_facts(kind)->name);
}

void releve_key_point(struct releve_words *words, const char *prefix, releve_prm prm)
{
    begin_of_point(words, prefix, ":point:{", prm);
    releve_words_end(words);
}

void releve_key_mark(struct releve_words *words, const char *prefix, releve_prm prm)
{
    begin_of_point(words, prefix, ":" RELEVE_KEY_MARK ":{", prm);
    releve_words_end(words);
}

void releve_key_claims(struct releve_words *words, const char *prefix, releve_prm prm, enum releve_kind kind)
{
    begin_of_point(words, prefix, ":claim:{", prm);
    add_kind(words, kind);
    releve_words_end(words);
}

void releve_key_day(struct releve_words *words, const char *prefix, releve_prm prm, enum releve_kind kind,
                    releve_day day)
{
    bool is_document = releve_kind_is_document(kind);
    begin_of_point(words, prefix, is_document ? ":doc:{" : ":day:{", prm);
    add_kind(words, kind);
    if (!is_document) {
        releve_text_puts(&words->text, ":");
        releve_text_day(&words->text, day);
    }
    releve_words_end(words);
}

bool releve_hash_tag(const char *name, const char **tag, size_t *tag_bytes)
{
    const char *open = strchr(name, '{'), *close = open != NULL ? strchr(open, '}') : NULL;
    *tag = name;
    *tag_bytes = strlen(name);
    if (close != NULL && close > open + 1) {
        *tag = open + 1;
        *tag_bytes = (size_t)(close - open - 1);
        return true;
    }
    return strchr(name, '}') == NULL;
}
