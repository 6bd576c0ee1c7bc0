/* See prm_file.h. Bad input gets one line with file and line number. */
#include "prm_file.h"
#include "suggest.h"
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LINE_BYTES_MAX 4096 /* longest line of a PRM file */
#define WRONG_NAMED_MAX 12  /* lines of it that are named, where several are wrong */

/* Quotes at most 40 printable characters of a text, for an error. */
static void quote(const char *text, size_t length, char out[48])
{
    size_t used = 0;
    for (; used < length && used < 40; used++)
        out[used] = isprint((unsigned char)text[used]) ? text[used] : '?';
    (void)snprintf(out + used, 48 - used, "%s", length > used ? "..." : "");
}

/* A field of a line, without quotes and blanks around it; a quoted one may hold separators, and its quotes stand twice.
 * Moves *at behind it and its separator. False at the end of the line. */
static bool next_field(char **at, const char *separators, const char **field, size_t *length)
{
    char *begin = *at + strspn(*at, " \r\n");
    if (**at == '\0')
        return false;
    char *end = *begin == '"' ? strchr(begin + 1, '"') : NULL;
    while (end != NULL && end[1] == '"')
        end = strchr(end + 2, '"');
    bool quoted = end != NULL;
    char *rest = quoted ? end + 1 : begin;
    rest += strcspn(rest, separators);
    if (quoted)
        begin++;
    else
        end = rest;
    while (begin < end && isspace((unsigned char)*begin))
        begin++;
    while (end > begin && isspace((unsigned char)end[-1]))
        end--;
    *field = begin;
    *length = (size_t)(end - begin);
    *at = *rest == '\0' ? rest : rest + 1;
    return true;
}

/* A file of usage points while it is read. */
struct prm_file {
    const char *name; /* for people */
    int line;         /* number of the line that is read, from 1 */
    size_t column;    /* number of the one that holds usage points */
    bool any;         /* a line that is neither empty nor a comment was read: a header can only be the first one */
    const char *separators;
    bool headed;        /* the first line named columns */
    const char *wanted; /* the column, by its name; NULL: the first one */
    releve_prm_file_add add;
    void *data;
    bool found;   /* a usage point */
    size_t wrong; /* lines that hold no usage point ... */
    struct releve_error first_wrong;
    int more_wrong[WRONG_NAMED_MAX]; /* ... and those behind the first one */
};

/* A line is wrong: the first one is said with what is wrong, others by their numbers, all at the end of the file. */
static enum releve_code note_wrong(struct prm_file *file, const char *field, size_t length)
{
    char quoted[48];
    size_t before = file->wrong++;
    quote(field, length, quoted);
    if (before == 0)
        (void)releve_fail(&file->first_wrong, RELEVE_E_USAGE,
                          "%.300s, line %d: \"%s\" is no PRM: write its 14 digits%s", file->name, file->line, quoted,
                          file->headed && file->wanted == NULL
                              ? "; where another column has them, say --column NAME before --prms"
                              : "");
    else if (before <= WRONG_NAMED_MAX)
        file->more_wrong[before - 1] = file->line;
    return RELEVE_OK;
}

static enum releve_code refuse_wrong(const struct prm_file *file, struct releve_error *error)
{
    char more[WRONG_NAMED_MAX * 12 + 40] = "";
    size_t length = 0, named = file->wrong - 1 < WRONG_NAMED_MAX ? file->wrong - 1 : WRONG_NAMED_MAX;
    for (size_t i = 0; i < named; i++)
        length += (size_t)snprintf(more + length, sizeof more - length, "%s%d", i == 0 ? "; likewise line " : ", ",
                                   file->more_wrong[i]);
    if (file->wrong - 1 > named)
        (void)snprintf(more + length, sizeof more - length, " and %zu more", file->wrong - 1 - named);
    return releve_fail(error, RELEVE_E_USAGE, "%s%s", file->first_wrong.text, more);
}

/* The field that holds the usage point; an empty one where the line is shorter. */
static const char *point_field(const struct prm_file *file, char *line, size_t *length)
{
    const char *field = line;
    *length = 0;
    for (size_t i = 0; next_field(&line, file->separators, &field, length); i++)
        if (i == file->column)
            return field;
    *length = 0;
    return line;
}

/* The number of the column of that name, as a CSV's first line has it. */
static bool find_column(struct prm_file *file, char *line, const char *name)
{
    const char *field;
    size_t length;
    for (file->column = 0; next_field(&line, file->separators, &field, &length); file->column++)
        if (strlen(name) == length && memcmp(name, field, length) == 0)
            return true;
    return false;
}

/* With columns that are named, the first line shows what separates them: a comma may stand in a field that a semicolon
 * ends. */
static const char *separators_of(const char *header)
{
    return strchr(header, ';') != NULL ? ";" : strchr(header, '\t') != NULL ? "\t" : ",";
}

/* A CSV's first line may name its columns. */
static bool is_header(const char *line, const char *column, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (isdigit((unsigned char)column[i]))
            return false;
    return length > 0 && (strpbrk(line, ",;\t") != NULL || strncasecmp(column, "prm", 3) == 0 ||
                          strncasecmp(column, "usage_point", 11) == 0);
}

#define NAMED_MAX 20 /* columns that are named where another one was asked for */

/* Where no column has that name: which one may be meant, and what they are called. */
static enum releve_code refuse_column(const struct prm_file *file, char *line, const char *column,
                                      struct releve_error *error)
{
    char names[NAMED_MAX][48], all[400] = "", suggestion[RELEVE_SUGGEST_TEXT];
    const char *words[NAMED_MAX], *field;
    size_t length, count = 0, used = 0;
    while (count < NAMED_MAX && next_field(&line, file->separators, &field, &length)) {
        quote(field, length, names[count]);
        words[count] = names[count];
        if (strcasecmp(names[count], column) == 0)
            column = names[count]; /* which differs by its letters' case only: the nearest there is */
        used += (size_t)snprintf(all + used, used < sizeof all ? sizeof all - used : 0, "%s%s", count > 0 ? ", " : "",
                                 names[count]);
        used = used < sizeof all ? used : sizeof all - 1;
        count++;
    }
    return releve_fail(error, RELEVE_E_USAGE, "%s, line %d: has no column \"%.40s\" (--column)%s; it has: %s",
                       file->name, file->line, file->wanted,
                       releve_suggest_format(column, strlen(column), words, count, suggestion), all);
}

static enum releve_code parse_header(struct prm_file *file, char *line, struct releve_error *error)
{
    file->separators = separators_of(line);
    return find_column(file, line, file->wanted) ? RELEVE_OK : refuse_column(file, line, file->wanted, error);
}

static enum releve_code parse_line(struct prm_file *file, char *line, struct releve_error *error)
{
    if (file->line == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0)
        line += 3; /* a byte order mark */
    /* In a CSV of several columns another one may hold a #. */
    char *comment = file->wanted == NULL ? strchr(line, '#') : *line == '#' ? line : NULL;
    if (comment != NULL)
        *comment = '\0';
    if (line[strspn(line, " \t\r\n")] == '\0')
        return RELEVE_OK;
    bool first = !file->any;
    file->any = true;
    if (first && file->wanted != NULL)
        return parse_header(file, line, error);
    size_t length;
    const char *field = point_field(file, line, &length);
    releve_prm prm;
    if (releve_prm_parse(field, length, &prm)) {
        file->found = true;
        return file->add(file->data, prm, error);
    }
    if (first && is_header(line, field, length)) {
        file->headed = true;
        return RELEVE_OK;
    }
    return note_wrong(file, field, length);
}

/* Reads the next line. False at the end of the file; *problem says where it cannot be one of text. */
static bool read_line(FILE *file, char line[LINE_BYTES_MAX], const char **problem)
{
    size_t length = 0;
    *problem = NULL;
    for (int byte = 0; byte != '\n' && (byte = getc_unlocked(file)) != EOF;) {
        if (byte == '\0')
            *problem = "holds a NUL";
        else if (length == LINE_BYTES_MAX - 1)
            *problem = "longer than 4 kB";
        if (*problem != NULL)
            return true;
        line[length++] = (char)byte;
    }
    line[length] = '\0';
    return length > 0;
}

enum releve_code releve_prm_file_read(const char *path, const char *column, releve_prm_file_add add, void *data,
                                      struct releve_error *error)
{
    bool standard = strcmp(path, "-") == 0;
    const char *name = standard ? "standard input" : path;
    FILE *file = standard ? stdin : fopen(path, "r");
    if (file == NULL)
        return releve_fail(error, RELEVE_E_USAGE, "%.300s: cannot be read: %s", path, strerror(errno));
    enum releve_code code = RELEVE_OK;
    char line[LINE_BYTES_MAX] = "";
    const char *problem;
    struct prm_file read = {.name = name, .line = 1, .separators = ",;\t", .wanted = column, .add = add, .data = data};
    for (; code == RELEVE_OK && read_line(file, line, &problem); read.line++) {
        if (problem != NULL)
            code = releve_fail(error, RELEVE_E_USAGE, "%.300s, line %d: %s, so this is no list of PRMs", name,
                               read.line, problem);
        else
            code = parse_line(&read, line, error);
    }
    if (code == RELEVE_OK && ferror(file))
        code = releve_fail(error, RELEVE_E_USAGE, "%.300s: cannot be read: %s", name, strerror(errno));
    if (!standard)
        (void)fclose(file);
    if (code == RELEVE_OK && read.wrong > 0)
        code = refuse_wrong(&read, error);
    if (code == RELEVE_OK && !read.found)
        code =
            releve_fail(error, RELEVE_E_USAGE, "%.300s: holds no usage point: write one PRM of 14 digits a line", name);
    return code;
}
