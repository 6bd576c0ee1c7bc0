/* The days of a selection, read from Redis series after series (a usage point and kind each) and printed as they come.
 * What show, get and export have in common. Never a request. */
#ifndef RELEVE_CLI_DAYS_H
#define RELEVE_CLI_DAYS_H

#include "config.h"
#include "lookup.h"
#include "picture.h"
#include "selection.h"

enum releve_days_format { RELEVE_DAYS_PRETTY, RELEVE_DAYS_JSON, RELEVE_DAYS_CSV };

#define RELEVE_DAYS_SILENT_MAX 20 /* series of which nothing is stored, that it says why of */

struct releve_days {
    enum releve_days_format format;
    const struct releve_selection *selection;
    const char *remedy; /* what is said behind "nothing is stored of these days"; NULL: nothing */

    /* Where a series goes, from its first day on; both NULL: standard output, as one stream. `close` is called for each
     * that was opened; where it fails, or `open` does, everything ends. */
    FILE *(*open)(void *data, const struct releve_job *job, struct releve_error *error);
    enum releve_code (*close)(void *data, FILE *out, struct releve_error *error);
    void *data;

    /* What it comes to. */
    size_t series;  /* with days */
    size_t silent;  /* of which nothing is stored */
    size_t named;   /* of those: it was said why */
    size_t absent;  /* likewise: the usage point has no such kind, which is said once for all of several */
    uint64_t count; /* days that are stored; a document has none */
    bool broken;    /* something that is no day stood in Redis, and was named */

    /* While it runs. */
    struct releve_config *config;
    struct releve_lookup lookup;
    struct releve_terminal terminal;
    struct releve_picture picture;
    struct releve_job job; /* the series that is read */
    size_t next;
    FILE *out;          /* NULL: no day of the series was printed yet */
    releve_day reached; /* days before it are printed, or not to be */
    uint64_t found;     /* days of the series */
};

/* The kinds that are the first word of a command line, where it has one that is no option: as --kind has them. *taken
 * is how many words that was. */
enum releve_code releve_days_read_kinds(int argc, char **argv, struct releve_selection *selection, int *taken,
                                        struct releve_error *error);
/* A form in which the kinds can be printed; those of a CSV have one table. */
enum releve_code releve_days_check(const struct releve_selection *selection, enum releve_days_format format,
                                   struct releve_error *error);
/* Reads the value of --format. */
enum releve_code releve_days_read_format(const char *value, enum releve_days_format *format,
                                         struct releve_error *error);

/* Prints what Redis holds of the selection; where that is nothing, why on standard error. */
enum releve_code releve_days_print(struct releve_days *days, struct releve_config *config, struct releve_error *error);

#define RELEVE_DAYS_KIND_HELP "  --kind KIND[,...]  the same as KIND in front\n"

#define RELEVE_DAYS_FORMAT_HELP                                                         \
    "  --format pretty|json|csv  the form. pretty (default): a line a day, with a\n"    \
    "                     bar or the curve in small; json: a line a day, as stored;\n"  \
    "                     csv: a row a value (beginning of its interval in Paris\n"     \
    "                     time, minutes, value, state; kinds with the same columns).\n" \
    "                     Days that were never asked for are \"missing\" in each\n"

#endif
