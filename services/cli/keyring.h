// SPDX-License-Identifier: Apache-2.0
// The keyring file as text to be edited: comments and order stay, the whole file is replaced at
// once (temporary name, fsync, rename), so that a service that reads it never sees half of it.
#ifndef CLI_KEYRING_H
#define CLI_KEYRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct keyring_line {
    char *text;                            // as in the file
    char *public_key;                      // NULL: a comment or an empty line
    char *identity, *roles, *from, *until; // "-" where open
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
bool keyring_file_has(const struct keyring_file *file, const char *public_key);
void keyring_file_add(struct keyring_file *file, const char *public_key, const char *identity,
                      const char *roles, const char *from, const char *until);
// Ends every line of this identity or public key that has no earlier end. Returns how many.
size_t keyring_file_end(struct keyring_file *file, const char *who, const char *until);
// Is the line valid at `now` (ms)?
bool keyring_line_live(const struct keyring_line *line, int64_t now);

#endif
