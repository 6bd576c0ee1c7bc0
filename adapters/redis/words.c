/* See words.h. */
#include <adapters/redis/commands.h>
#include <adapters/redis/words.h>
#include <releve/memory.h>
#include <string.h>

#define FIRST_WORDS 32

void releve_words_end(struct releve_words *words)
{
    if (words->count == words->room) {
        words->room = words->room == 0 ? FIRST_WORDS : words->room * 2;
        words->ends = releve_realloc(words->ends, words->room * sizeof *words->ends);
    }
    words->ends[words->count++] = words->text.length;
}

void releve_words_add_bytes(struct releve_words *words, const char *word, size_t bytes)
{
    releve_text_add(&words->text, word, bytes);
    releve_words_end(words);
}

void releve_words_add(struct releve_words *words, const char *word)
{
    releve_words_add_bytes(words, word, strlen(word));
}

void releve_words_format(struct releve_words *words, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    releve_text_vformat(&words->text, format, arguments);
    va_end(arguments);
    releve_words_end(words);
}

void releve_words_append(struct releve_words *words, struct releve_words *more)
{
    for (size_t i = 0, begin = 0; i < more->count; begin = more->ends[i++])
        releve_words_add_bytes(words, more->text.bytes + begin, more->ends[i] - begin);
    releve_words_free(more);
}

void releve_words_run_id(struct releve_words *words)
{
    releve_words_format(words, "%0*d", RELEVE_RUN_ID_BYTES - 1, 0); /* written over by releve_commands */
    words->run_id = words->count;
}

void releve_words_script(struct releve_words *words, const struct releve_script *script, size_t keys)
{
    releve_words_add(words, "EVALSHA");
    releve_words_add(words, script->sha1);
    releve_words_format(words, "%zu", keys);
}

void releve_words_field(struct releve_words *words, const char *name, const char *value)
{
    releve_words_add(words, name);
    releve_words_add(words, value);
}

void releve_words_number_field(struct releve_words *words, const char *name, int64_t value)
{
    releve_words_add(words, name);
    releve_text_number(&words->text, value);
    releve_words_end(words);
}

void releve_words_day_field(struct releve_words *words, const char *name, releve_day day)
{
    releve_words_add(words, name);
    releve_text_day(&words->text, day);
    releve_words_end(words);
}

void releve_words_time_field(struct releve_words *words, const char *name, releve_time at)
{
    char text[RELEVE_TIME_TEXT];
    releve_utc_format(at, text);
    releve_words_field(words, name, text);
}

void releve_words_free(struct releve_words *words)
{
    releve_text_free(&words->text);
    free(words->ends);
    *words = (struct releve_words){.count = 0};
}
