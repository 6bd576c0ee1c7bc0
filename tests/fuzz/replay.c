/* Runs a libFuzzer target without libFuzzer: over the files named, then over seeded mutations of them, so that any
 * compiler can run it as an ordinary test.
 *
 *     replay MUTATIONS SEED DICTIONARY FILE...
 *
 * The dictionary has the words that mutations put in, one a line in quotes, as libFuzzer reads them.
 *
 * On a failure the seed and the number of the mutation are on stderr, and the input in the file "crash-input" of the
 * current directory. */
#include "fuzz.h"
#include <signal.h>
#include <unistd.h>

#define INPUT_BYTES_MAX (64 * 1024)
#define FILES_MAX 256
#define WORDS_MAX 128
#define WORD_BYTES_MAX 64
#define CHANGES_MAX 6 /* of one mutation */

struct input {
    uint8_t bytes[INPUT_BYTES_MAX];
    size_t length;
};

struct word {
    char bytes[WORD_BYTES_MAX];
    size_t length;
};

static struct word words[WORDS_MAX];
static size_t words_count;
static struct input *corpus[FILES_MAX];
static size_t corpus_count;
static struct input current;
static unsigned long mutation, seed;
static uint64_t state;

/* splitmix64, public domain, Sebastiano Vigna. */
static uint64_t next(void)
{
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static size_t below(size_t limit)
{
    return limit == 0 ? 0 : (size_t)(next() % limit);
}

static void on_abort(int signal_number)
{
    (void)signal_number;
    (void)fprintf(stderr, "seed %lu, mutation %lu, %zu bytes: see crash-input\n", seed, mutation, current.length);
    FILE *file = fopen("crash-input", "wb");
    if (file) {
        (void)fwrite(current.bytes, 1, current.length, file);
        (void)fclose(file);
    }
    _exit(1);
}

static bool read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct input *input = file ? malloc(sizeof *input) : NULL;
    if (input) {
        input->length = fread(input->bytes, 1, sizeof input->bytes, file);
        corpus[corpus_count++] = input;
    }
    if (file)
        (void)fclose(file);
    return input != NULL;
}

/* One line of a dictionary: "...", with \\, \" and \xHH; false where it is no word. */
static bool read_word(const char *line, struct word *word)
{
    if (*line++ != '"')
        return false;
    for (word->length = 0; *line != '"'; word->length++) {
        if (*line == '\0' || word->length == WORD_BYTES_MAX)
            return false;
        unsigned byte = (unsigned char)*line++;
        if (byte == '\\' && *line == 'x') {
            if (sscanf(line, "x%2x", &byte) != 1)
                return false;
            line += 3;
        } else if (byte == '\\') {
            byte = (unsigned char)*line++;
        }
        word->bytes[word->length] = (char)byte;
    }
    return word->length > 0;
}

static bool read_dictionary(const char *path)
{
    char line[4 * WORD_BYTES_MAX + 4];
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file) && words_count < WORDS_MAX)
        words_count += line[0] != '#' && read_word(line, &words[words_count]);
    if (file)
        (void)fclose(file);
    return words_count > 0;
}

static void replace(size_t at, size_t removed, const void *bytes, size_t added)
{
    if (current.length - removed + added > INPUT_BYTES_MAX)
        return;
    memmove(current.bytes + at + added, current.bytes + at + removed, current.length - at - removed);
    memmove(current.bytes + at, bytes, added);
    current.length += added - removed;
}

static void change(void)
{
    size_t at = below(current.length + 1), left = current.length - at;
    const struct input *other = corpus[below(corpus_count)];
    uint8_t byte = (uint8_t)next();
    const struct word *word = &words[below(words_count)];
    switch (next() % 8) {
    case 0: /* a byte */
        replace(at, left > 0, &byte, 1);
        break;
    case 1: /* a digit: dates and values that nearly fit */
        for (; at < current.length && (current.bytes[at] < '0' || current.bytes[at] > '9'); at++)
            ;
        byte = (uint8_t)('0' + byte % 10);
        replace(at, at < current.length, &byte, at < current.length);
        break;
    case 2: /* something gone */
        replace(at, below(left < 64 ? left + 1 : 64), "", 0);
        break;
    case 3: /* cut */
        current.length = at;
        break;
    case 4: /* a word put in */
        replace(at, 0, word->bytes, word->length);
        break;
    case 5: /* a word over what was there */
        replace(at, left < word->length ? left : word->length, word->bytes, word->length);
        break;
    case 6: { /* something twice */
        uint8_t again[128];
        size_t length = below(left < sizeof again ? left + 1 : sizeof again);
        memcpy(again, current.bytes + at, length);
        replace(at, 0, again, length);
        break;
    }
    default: { /* the end of another */
        size_t from = below(other->length + 1);
        current.length = at;
        replace(at, 0, other->bytes + from, other->length - from);
    }
    }
}

int main(int argc, char **argv)
{
    if (argc < 5 || argc - 4 > FILES_MAX) {
        (void)fprintf(stderr, "usage: %s MUTATIONS SEED DICTIONARY FILE...\n", argv[0]);
        return 2;
    }
    if (!read_dictionary(argv[3])) {
        (void)fprintf(stderr, "%s: is no dictionary\n", argv[3]);
        return 2;
    }
    (void)signal(SIGABRT, on_abort);
    unsigned long mutations = strtoul(argv[1], NULL, 10);
    seed = strtoul(argv[2], NULL, 10);
    state = seed;
    for (int i = 4; i < argc; i++) {
        if (!read_file(argv[i])) {
            perror(argv[i]);
            return 2;
        }
    }
    for (size_t i = 0; i < corpus_count; i++) {
        current = *corpus[i];
        (void)LLVMFuzzerTestOneInput(current.bytes, current.length);
    }
    for (mutation = 1; mutation <= mutations; mutation++) {
        const struct input *from = corpus[below(corpus_count)];
        memcpy(current.bytes, from->bytes, from->length);
        current.length = from->length;
        for (size_t changes = 1 + below(CHANGES_MAX); changes > 0; changes--)
            change();
        (void)LLVMFuzzerTestOneInput(current.bytes, current.length);
    }
    (void)printf("%zu files, %lu mutations, seed %lu\n", corpus_count, mutations, seed);
    for (size_t i = 0; i < corpus_count; i++)
        free(corpus[i]);
    return 0;
}
