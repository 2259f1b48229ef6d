// SPDX-License-Identifier: Apache-2.0
// Replacing a file at once. See file.h.
#include "cli/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t wrote = write(fd, bytes, n);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return -1;
        bytes += wrote;
        n -= (size_t)wrote;
    }
    return 0;
}

static int sync_folder(const char *path, size_t folder_n)
{
    char folder[1024];
    (void)snprintf(folder, sizeof folder, "%.*s", (int)folder_n, folder_n ? path : ".");
    if (!folder_n)
        (void)snprintf(folder, sizeof folder, ".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int r = fsync(fd), kept = errno;
    close(fd);
    errno = kept;
    return r;
}

int file_replace(const char *path, const void *bytes, size_t n, unsigned mode)
{
    char temporary[1100];
    const char *slash = strrchr(path, '/');
    size_t folder_n = slash ? (size_t)(slash - path) + 1 : 0;
    if (snprintf(temporary, sizeof temporary, "%.*s.%s.%ld.tmp", (int)folder_n, path,
                 path + folder_n, (long)getpid()) >= (int)sizeof temporary) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0)
        return -1;
    int r = write_all(fd, bytes, n);
    if (r == 0)
        r = fsync(fd);
    if (close(fd) < 0 || r < 0 || rename(temporary, path) < 0) {
        int kept = errno;
        unlink(temporary);
        errno = kept;
        return -1;
    }
    return sync_folder(path, folder_n);
}
