/* The environment decides, by the conventions that other programs keep to: NO_COLOR (no-color.org), TERM, LC_CTYPE. */
#include "terminal.h"
#include <ctype.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define EIGHTHS 8

static const char *const heights[EIGHTHS] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const plain_heights[EIGHTHS] = {"_", ".", ":", "-", "=", "+", "*", "#"};
static const char *const bars[EIGHTHS + 1] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};

struct releve_terminal releve_terminal_look(int fd)
{
    struct winsize size = {.ws_col = 0};
    struct releve_terminal terminal = {.columns = RELEVE_TERMINAL_COLUMNS,
                                       .text_columns = INT_MAX,
                                       .rows = RELEVE_TERMINAL_ROWS,
                                       .is_one = isatty(fd) == 1};
    const char *plain = getenv("NO_COLOR"), *kind = getenv("TERM");
    (void)setlocale(LC_CTYPE, "");
    terminal.unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    terminal.colours =
        terminal.is_one && (plain == NULL || *plain == '\0') && kind != NULL && strcmp(kind, "dumb") != 0;
    if (terminal.is_one && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        terminal.columns = size.ws_col;
    if (terminal.is_one && size.ws_col > 0 && size.ws_row > 0)
        terminal.rows = size.ws_row;
    terminal.width = terminal.columns;
    if (terminal.rows < RELEVE_TERMINAL_ROWS_MIN)
        terminal.rows = RELEVE_TERMINAL_ROWS_MIN;
    if (terminal.columns < RELEVE_TERMINAL_COLUMNS_MIN)
        terminal.columns = RELEVE_TERMINAL_COLUMNS_MIN;
    if (terminal.columns > RELEVE_TERMINAL_COLUMNS_MAX)
        terminal.columns = RELEVE_TERMINAL_COLUMNS_MAX;
    if (terminal.is_one)
        terminal.text_columns = terminal.columns;
    return terminal;
}

/* Of UTF-8; the bytes that go on with a letter take no column. */
static bool begins_letter(char byte)
{
    return ((unsigned char)byte & 0xC0) != 0x80;
}

size_t releve_terminal_fit(const char *text, size_t bytes, int cells)
{
    int width = 0;
    for (size_t i = 0; i < bytes; i++) {
        if (begins_letter(text[i]) && width++ == cells)
            return i;
    }
    return bytes;
}

/* Those of ASCII, and the second byte of those beyond: U+0080 to U+009F steer a terminal too. */
static bool is_control(const char *text, size_t at)
{
    unsigned char byte = (unsigned char)text[at];
    return iscntrl(byte) || (byte >= 0x80 && byte <= 0x9F && (at == 0 || (unsigned char)text[at - 1] == 0xC2));
}

void releve_terminal_wrap(FILE *out, const char *text, int at, int indent, int columns)
{
    for (bool first = true; *text != '\0'; first = false) {
        size_t bytes = strcspn(text, " ");
        int cells = 0;
        for (size_t i = 0; i < bytes; i++)
            cells += begins_letter(text[i]);
        if (!first && at >= columns - cells)
            at = fprintf(out, "\n%*s", indent, "") - 1;
        else if (!first)
            at += fprintf(out, " ");
        for (size_t i = 0; i < bytes; i++)
            fputc(is_control(text, i) ? '?' : text[i], out);
        at += cells;
        text += bytes + strspn(text + bytes, " ");
    }
    fputc('\n', out);
}

const char *releve_terminal_colour(const struct releve_terminal *terminal, enum releve_colour colour)
{
    static const char *const sequences[] = {
        [RELEVE_PLAIN] = "\x1b[0m",     [RELEVE_DIM] = "\x1b[2m",  [RELEVE_GOOD] = "\x1b[32m",
        [RELEVE_DOUBTFUL] = "\x1b[33m", [RELEVE_BAD] = "\x1b[31m",
    };
    return terminal->colours ? sequences[colour] : "";
}

/* How many eighths of `cells` that is. */
static int eighths_of(double share, int cells)
{
    double sane = share > 0 ? share < 1 ? share : 1 : 0; /* 0 where it is no number */
    return (int)(sane * cells * EIGHTHS + 0.5);
}

void releve_terminal_bar(const struct releve_terminal *terminal, double share, int cells, char *out)
{
    int eighths = eighths_of(share, cells);
    out[0] = '\0';
    if (!terminal->unicode) {
        int whole = (eighths + EIGHTHS / 2) / EIGHTHS;
        memset(out, '#', (size_t)whole);
        out[whole] = '\0';
        return;
    }
    for (; eighths > 0; eighths -= EIGHTHS) {
        const char *cell = bars[eighths < EIGHTHS ? eighths : EIGHTHS];
        size_t bytes = strlen(cell);
        memcpy(out, cell, bytes + 1);
        out += bytes;
    }
}

const char *releve_terminal_column(const struct releve_terminal *terminal, double share)
{
    int height = eighths_of(share, 1);
    return (terminal->unicode ? heights : plain_heights)[height > 0 ? height - 1 : 0];
}
