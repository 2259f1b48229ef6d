// SPDX-License-Identifier: Apache-2.0
// The keyring file as text to be edited: comments and order stay, the whole file is replaced at
// once (temporary name, fsync, rename, fsync of the folder), so that a service that reads it never
// sees half of it, and who edits holds a lock on its folder. A key's label (who holds it, for
// operators) is a comment "#label KEY TEXT", which services pass over.
#ifndef CLI_KEYRING_H
#define CLI_KEYRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct keyring_line {
    char *text;                            // as in the file
    char *public_key;                      // NULL: a comment or an empty line
    char *identity, *roles, *from, *until; // "-" where open
    char *label;                           // "" where none
};

struct keyring_file {
    struct keyring_line *lines;
    size_t n, room;
    bool changed;
};

// A file that is not there is an empty one. 0 or -1 (errno).
int keyring_file_read(const char *path, struct keyring_file *ret_file);
void keyring_file_done(struct keyring_file *file);
int keyring_file_write(const char *path, const struct keyring_file *file);
// Nobody else edits files of this file's folder until the process ends. 0 or -1 (errno).
int keyring_lock(const char *path);
bool keyring_file_has(const struct keyring_file *file, const char *public_key);
void keyring_file_add(struct keyring_file *file, const struct keyring_line *line);
// The key's line, NULL where there is none.
struct keyring_line *keyring_file_find(const struct keyring_file *file, const char *public_key);
// Whether `who` means this key: its identity, its label, its public key or at least 8 characters of
// its beginning.
bool keyring_line_means(const struct keyring_line *line, const char *who);
// Ends the line unless it ends earlier. Whether it changed.
bool keyring_line_end(struct keyring_file *file, struct keyring_line *line, const char *until);
// Is the line valid at `now` (ms)?
bool keyring_line_live(const struct keyring_line *line, int64_t now);

#endif
