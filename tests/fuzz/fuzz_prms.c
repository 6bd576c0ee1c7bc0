/* Files of usage points (--prms): what is read, written one a line, is read again as the same list; anything else gets
 * one line that names the file. */
#include "adapters/cli/selection.h"
#include "fuzz_file.h"
#include <releve/text.h>

#define OPTION_PRMS (RELEVE_SELECTION_OPTION + 1)

static enum releve_code read_bytes(const void *bytes, size_t size, struct releve_selection *selection,
                                   struct releve_error *error)
{
    char path[FUZZ_PATH_BYTES];
    int fd = fuzz_file_open(bytes, size, path);
    enum releve_code code = releve_selection_apply(selection, OPTION_PRMS, path, error);
    MUST(code == RELEVE_OK || (error->code == code && strncmp(error->text, path, strlen(path)) == 0));
    (void)close(fd);
    return code;
}

static void check_list(const struct releve_selection *selection)
{
    struct releve_text lines = {.length = 0};
    for (size_t i = 0; i < selection->prms_count; i++) {
        MUST(selection->prms[i] < 100000000000000u);
        releve_text_format(&lines, RELEVE_PRM_FORMAT "\n", selection->prms[i]);
    }
    struct releve_selection again = {.prms = NULL};
    struct releve_error error;
    MUST(read_bytes(lines.bytes, lines.length, &again, &error) == RELEVE_OK);
    MUST(again.prms_count == selection->prms_count);
    MUST(memcmp(again.prms, selection->prms, again.prms_count * sizeof *again.prms) == 0);
    releve_selection_free(&again);
    releve_text_free(&lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct releve_selection selection = {.prms = NULL};
    struct releve_error error = {.code = RELEVE_OK};
    if (read_bytes(data, size, &selection, &error) == RELEVE_OK) {
        MUST(selection.prms_count > 0);
        MUST(size == 0 || !memchr(data, '\0', size));
        check_list(&selection);
    } else {
        MUST(error.code == RELEVE_E_USAGE && fuzz_is_line(error.text));
    }
    releve_selection_free(&selection);
    return 0;
}
