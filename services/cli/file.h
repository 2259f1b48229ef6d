// SPDX-License-Identifier: Apache-2.0
// Files that are whole or not there, also after a power cut: temporary name, fsync, rename, fsync
// of the folder.
#ifndef CLI_FILE_H
#define CLI_FILE_H

#include <stddef.h>
#include <stdio.h>

// Puts `n` bytes at `path`, replacing what is there at once. 0, or -1 with errno.
int file_replace(const char *path, const void *bytes, size_t n, unsigned mode);
// The same with what `put` writes; a file that is there keeps its mode and owner.
int file_edit(const char *path, void (*put)(FILE *to, const void *arg), const void *arg);

#endif
