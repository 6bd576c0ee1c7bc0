/* The files of the page and the description of the interface, built into the program (embed_files.py). */
#ifndef RELEVE_WEB_FILES_H
#define RELEVE_WEB_FILES_H

#include <stddef.h>

struct releve_web_file {
    const char *path; /* "/page/app.js" */
    const char *type; /* for Content-Type */
    const char *etag; /* in quotes */
    const char *bytes;
    size_t length;
};

extern const struct releve_web_file releve_web_files[];
extern const size_t releve_web_files_count;

#endif
