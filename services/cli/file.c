// SPDX-License-Identifier: Apache-2.0
// Replacing a file at once. See file.h.
#include "cli/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/keys.h"

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

// owner: NULL: the process's.
static int replace(const char *path, const void *bytes, size_t n, mode_t mode,
                   const struct stat *owner)
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
    int r = owner && geteuid() == 0 ? fchown(fd, owner->st_uid, owner->st_gid) : 0;
    if (r == 0 && owner)
        r = fchmod(fd, mode);
    if (r == 0)
        r = write_all(fd, bytes, n);
    if (r == 0)
        r = fsync(fd);
    if (close(fd) < 0 || r < 0 || rename(temporary, path) < 0) {
        int kept = errno;
        unlink(temporary);
        errno = kept;
        return -1;
    }
    return wh_folder_sync(path) < 0 ? -1 : 0;
}

int file_replace(const char *path, const void *bytes, size_t n, unsigned mode)
{
    return replace(path, bytes, n, mode, NULL);
}

int file_edit(const char *path, void (*put)(FILE *to, const void *arg), const void *arg)
{
    struct stat before;
    char *bytes = NULL;
    size_t n = 0;
    bool there = stat(path, &before) == 0;
    FILE *to = open_memstream(&bytes, &n);
    if (!to)
        return -1;
    put(to, arg);
    int r = fclose(to) == 0 ? replace(path, bytes, n, there ? before.st_mode & 0777 : 0644,
                                      there ? &before : NULL)
                            : -1;
    free(bytes);
    return r;
}
