/* Days as they stand in Redis, where others may write: what is printed of them is lines of the promised form, and
 * nothing is printed of what is refused.
 *
 * The first byte of the input says kind and form, the rest is the day. */
#include "adapters/cli/stored_day.h"
#include "fuzz.h"

static size_t columns(const char *line, size_t length)
{
    size_t count = 1;
    for (size_t i = 0; i < length; i++)
        count += line[i] == ',';
    return count;
}

static void check_lines(const char *text, size_t length, enum releve_kind kind, enum releve_stored_day_form form)
{
    const char *header = releve_stored_day_header(kind);
    for (const char *line = text, *end; line < text + length; line = end + 1) {
        end = memchr(line, '\n', (size_t)(text + length - line));
        MUST(end != NULL); /* no line is begun and not ended */
        for (const char *at = line; at < end; at++)
            MUST(*at >= ' ' && *at <= '~');
        size_t wanted = columns(header, strlen(header)), got = columns(line, (size_t)(end - line));
        MUST(form == RELEVE_STORED_DAY_PRETTY || got == wanted);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    enum releve_kind kind = (enum releve_kind)(data[0] / 2 % RELEVE_MEASURES);
    enum releve_stored_day_form form = data[0] % 2 ? RELEVE_STORED_DAY_CSV : RELEVE_STORED_DAY_PRETTY;
    char *text = fuzz_string(data + 1, size - 1), *printed = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&printed, &length);
    MUST(out != NULL);
    bool sound = releve_stored_day_print(out, form, kind, releve_day_from_civil(2026, 10, 25), text, size - 1);
    (void)fclose(out);
    MUST(sound || length == 0);
    check_lines(printed, length, kind, form);
    free(printed);
    free(text);
    return 0;
}
