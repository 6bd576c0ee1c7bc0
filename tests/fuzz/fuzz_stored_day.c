/* Days as they stand in Redis, where others may write: what is printed of them is lines of the promised form, and
 * nothing is printed of what is refused.
 *
 * The first byte of the input says kind and form, the rest is the day. */
#include "adapters/cli/day_csv.h"
#include "adapters/cli/picture.h"
#include "fuzz.h"

enum form { PRETTY, CSV, JSON, FORMS };

static size_t columns(const char *line, size_t length)
{
    size_t count = 1;
    for (size_t i = 0; i < length; i++)
        count += line[i] == ',';
    return count;
}

/* Letters beyond ASCII come from labels and bars; no control character does. */
static bool is_shown(unsigned char byte)
{
    return byte >= ' ' && byte != 0x7F;
}

static void check_lines(const char *text, size_t length, enum releve_kind kind, enum form form)
{
    const char *header = releve_day_csv_header(kind);
    bool plain = releve_kind_facts(kind)->quantity != RELEVE_REGISTERS; /* their names may hold commas, in quotes */
    for (const char *line = text, *end; line < text + length; line = end + 1) {
        end = memchr(line, '\n', (size_t)(text + length - line));
        MUST(end != NULL); /* no line is begun and not ended */
        for (const char *at = line; at < end; at++)
            MUST(is_shown((unsigned char)*at) && (form != CSV || !plain || (unsigned char)*at < 0x7F));
        MUST(form != CSV || !plain || columns(header, strlen(header)) == columns(line, (size_t)(end - line)));
    }
}

static void print(FILE *out, enum form form, const struct releve_stored_day *day, const char *text, size_t length)
{
    const struct releve_terminal terminal = {.columns = RELEVE_TERMINAL_COLUMNS};
    struct releve_picture picture;
    switch (form) {
    case PRETTY:
        releve_picture_begin(&picture, out, &terminal, day->prm, day->kind);
        releve_picture_add(&picture, day);
        releve_picture_end(&picture);
        break;
    case CSV:
        releve_day_csv_print(out, day);
        break;
    default:
        releve_stored_day_print_json(out, day, text, length);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    enum releve_kind kind = (enum releve_kind)(data[0] / FORMS % RELEVE_MEASURES);
    enum form form = (enum form)(data[0] % FORMS);
    char *text = fuzz_string(data + 1, size - 1), *printed = NULL;
    size_t length = 0;
    struct releve_stored_day day;
    FILE *out = open_memstream(&printed, &length);
    MUST(out != NULL);
    bool sound =
        releve_stored_day_read(10000000000018, kind, releve_day_from_civil(2026, 10, 25), text, size - 1, &day);
    if (sound) {
        print(out, form, &day, text, size - 1);
        releve_stored_day_free(&day);
    }
    (void)fclose(out);
    check_lines(printed, length, kind, form);
    MUST(!sound || length > 0);
    free(printed);
    free(text);
    return 0;
}
