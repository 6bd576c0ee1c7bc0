/* Files in memory, for parsers that open a path. */
#ifndef FUZZ_FUZZ_FILE_H
#define FUZZ_FUZZ_FILE_H

#include "fuzz.h"
#include <sys/mman.h>
#include <unistd.h>

#define FUZZ_PATH_BYTES 32

/* A file of these bytes, and a path under which it can be opened any number of times; close the descriptor. */
static inline int fuzz_file_open(const void *bytes, size_t size, char path[FUZZ_PATH_BYTES])
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    MUST(fd >= 0);
    MUST(size == 0 || write(fd, bytes, size) == (ssize_t)size);
    (void)snprintf(path, FUZZ_PATH_BYTES, "/proc/self/fd/%d", fd);
    return fd;
}

#endif
