/* releve export: what Redis holds, for archives: one file a usage point and kind, or one stream. Never a request. */
#include "command.h"
#include "days.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 4096

struct archive {
    struct releve_selection selection;
    struct releve_config config;
    struct releve_days days;
    const char *dir;                               /* NULL: one stream */
    char path[PATH_BYTES], unfinished[PATH_BYTES]; /* of the file that is written */
};

static const struct option options[] = {
    RELEVE_SELECTION_OPTIONS,
    {"format", required_argument, NULL, 'f'},
    {"out", required_argument, NULL, 'o'},
    {NULL, 0, NULL, 0},
};

static enum releve_code apply_option(void *data, int option, const char *value, struct releve_error *error)
{
    struct archive *archive = data;
    switch (option) {
    case 'f':
        if (strcmp(value, "pretty") == 0)
            return releve_fail(error, RELEVE_E_USAGE, "--format pretty is for people: say json or csv");
        return releve_days_read_format(value, &archive->days.format, error);
    case 'o':
        archive->dir = value;
        return RELEVE_OK;
    default:
        return releve_selection_apply(&archive->selection, option, value, error);
    }
}

static enum releve_code fail_file(const char *path, struct releve_error *error)
{
    return releve_fail(error, RELEVE_E_SYSTEM, "%.300s: cannot be written: %s", path, strerror(errno));
}

/* It gets its name when it is whole. */
static FILE *open_file(void *data, const struct releve_job *job, struct releve_error *error)
{
    struct archive *archive = data;
    const char *suffix = archive->days.format == RELEVE_DAYS_CSV ? "csv" : "ndjson";
    if (releve_kind_is_document(job->kind))
        suffix = "json";
    int length = snprintf(archive->path, sizeof archive->path, "%s/" RELEVE_PRM_FORMAT "-%s.%s", archive->dir, job->prm,
                          releve_kind_facts(job->kind)->name, suffix);
    int more = snprintf(archive->unfinished, sizeof archive->unfinished, "%s.part", archive->path);
    if (length < 0 || (size_t)length >= sizeof archive->path || more < 0 ||
        (size_t)more >= sizeof archive->unfinished) {
        errno = ENAMETOOLONG;
        (void)fail_file(archive->dir, error);
        return NULL;
    }
    (void)unlink(archive->unfinished); /* of a run that was ended in the middle */
    FILE *out = fopen(archive->unfinished, "wx");
    if (out == NULL)
        (void)fail_file(archive->unfinished, error);
    return out;
}

static enum releve_code close_file(void *data, FILE *out, struct releve_error *error)
{
    struct archive *archive = data;
    bool written = fflush(out) == 0 && !ferror(out) && fsync(fileno(out)) == 0;
    int why = errno;
    bool closed = fclose(out) == 0;
    if (written && !closed)
        why = errno;
    if (written && closed && error->code == RELEVE_OK && rename(archive->unfinished, archive->path) == 0)
        return RELEVE_OK;
    if (written && closed && error->code == RELEVE_OK)
        why = errno;
    (void)unlink(archive->unfinished);
    if (error->code != RELEVE_OK)
        return error->code; /* what came before it */
    errno = why;
    return fail_file(archive->path, error);
}

static enum releve_code prepare(struct archive *archive, struct releve_error *error)
{
    archive->days.selection = &archive->selection;
    if (releve_config_load(&archive->config, false, error) != RELEVE_OK ||
        releve_selection_close_stored(&archive->selection, releve_config_today(&archive->config), error) != RELEVE_OK)
        return error->code;
    if (archive->dir == NULL)
        return releve_days_check(&archive->selection, archive->days.format, error);
    struct stat there;
    if (stat(archive->dir, &there) == 0 && !S_ISDIR(there.st_mode))
        return releve_fail(error, RELEVE_E_USAGE, "--out %.300s: that is no directory", archive->dir);
    if (mkdir(archive->dir, 0777) != 0 && errno != EEXIST)
        return releve_fail(error, RELEVE_E_USAGE, "--out %.300s: cannot be made: %s", archive->dir, strerror(errno));
    archive->days.open = open_file;
    archive->days.close = close_file;
    archive->days.data = archive;
    return RELEVE_OK;
}

static int export_main(int argc, char **argv)
{
    static struct archive archive = {.days.format = RELEVE_DAYS_CSV};
    struct releve_error error = {0};
    int wrong = releve_command_parse("export", argc, argv, options, apply_option, &archive);
    if (wrong != 0)
        return wrong;
    if (prepare(&archive, &error) != RELEVE_OK ||
        releve_days_print(&archive.days, &archive.config, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    if (archive.dir != NULL)
        fprintf(stderr, "releve: %zu file%s in %s, %" PRIu64 " day%s\n", archive.days.series,
                archive.days.series == 1 ? "" : "s", archive.dir, archive.days.count,
                archive.days.count == 1 ? "" : "s");
    releve_selection_free(&archive.selection);
    return releve_command_flush(releve_code_exit(archive.days.broken ? RELEVE_E_PARTIAL : RELEVE_OK));
}

const struct releve_command releve_command_export = {
    .name = "export",
    .summary = "what Redis holds, as files: one for each usage point and kind",
    .help = "SELECTION [--format csv|json] [--out DIR]\n"
            "\n"
            "Writes what Redis holds of a selection; never sends a request. With --out each\n"
            "usage point and kind has a file of its own, DIR/PRM-KIND.csv or .ndjson, which\n"
            "gets its name when it is whole; where nothing is stored none is written. A file\n"
            "of that name is replaced; documents are .json. Without it, all goes to standard\n"
            "output, as with releve show.\n"
            "\n" RELEVE_SELECTION_STORED_HELP "\n"
            "options:\n"
            "  --format csv|json  the form. csv (default): a row a value; json: a line a\n"
            "                     day, as stored (documents too)\n"
            "  --out DIR          where the files go; it is made where it is not there\n",
    .run = export_main,
};
