/* The words of a command, in one growing text. */
#ifndef RELEVE_REDIS_WORDS_H
#define RELEVE_REDIS_WORDS_H

#include <releve/text.h>

struct releve_script;

/* Zeroed has no word. Given to releve_commands_send, which frees it. */
struct releve_words {
    struct releve_text text;
    size_t *ends; /* of each word in the text */
    size_t count, room;
    size_t run_id; /* which word names the process that runs it, plus one; 0: none does */
};

void releve_words_add(struct releve_words *words, const char *word);
void releve_words_add_bytes(struct releve_words *words, const char *word, size_t bytes);
void releve_words_format(struct releve_words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What was appended to words->text since the last word is a word. */
void releve_words_end(struct releve_words *words);

/* Those of `more`, which is freed. */
void releve_words_append(struct releve_words *words, struct releve_words *more);

/* EVALSHA: as many keys follow, then the script's arguments. */
void releve_words_script(struct releve_words *words, const struct releve_script *script, size_t keys);

/* The run_id of the process that runs the command, whichever that is when the command is sent (again). */
void releve_words_run_id(struct releve_words *words);

/* Two words: a field and its value. */
void releve_words_field(struct releve_words *words, const char *name, const char *value);
void releve_words_number_field(struct releve_words *words, const char *name, int64_t value);
void releve_words_day_field(struct releve_words *words, const char *name, releve_day day);
void releve_words_time_field(struct releve_words *words, const char *name, releve_time at);

void releve_words_free(struct releve_words *words);

#endif
