/* Usage points from a file: one a line with # comments, or a column of a CSV. */
#ifndef RELEVE_CLI_PRM_FILE_H
#define RELEVE_CLI_PRM_FILE_H

#include <releve/error.h>
#include <releve/usage_point.h>

/* RELEVE_OK, or why it cannot be had: then no more is read. */
typedef enum releve_code (*releve_prm_file_add)(void *data, releve_prm prm, struct releve_error *error);

/* Calls `add` for each usage point of the file `path` ("-": standard input), in its order. `column` is the name of the
 * one that has them, where its first line names columns; NULL is the first one. Errors: RELEVE_E_USAGE, one line that
 * names the lines that are wrong: what came before them has been added. */
enum releve_code releve_prm_file_read(const char *path, const char *column, releve_prm_file_add add, void *data,
                                      struct releve_error *error);

#endif
