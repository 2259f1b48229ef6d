// SPDX-License-Identifier: Apache-2.0
// One run of `key`: what its actions share.
#ifndef CLI_KEY_H
#define CLI_KEY_H

#include "cli/cli.h"
#include "cli/fault.h"
#include "cli/keyring.h"

struct keys {
    struct cli *cli;
    const char *ring_path; // NULL: none (new only)
    struct keyring_file ring;
    const char *from, *until; // "-" where open
    const char *label;        // "" none
    bool single;              // one key, told in full
    size_t made, added;
    struct fault fault;
};

// Writes the keyring where it was changed. 0, or -1 with the fault.
int keys_save(struct keys *keys);
// The actions of key_rotate.c. 0, or -1 with the fault.
int key_rotate(struct keys *keys);
int key_tidy(struct keys *keys);

// doors_edit.c: doors files as text; order and comments stay.
// After each line of old_key one with new_key and the same endpoints (replace: in its place).
// Returns how many, -1 (errno).
int doors_add_key(const char *path, const char *old_key, const char *new_key, bool replace);
// Takes lines out whose key `ended` says has ended, unless it is the last line of its kind and
// name.
int doors_drop_keys(const char *path, bool (*ended)(const void *arg, const char *key),
                    const void *arg);

#endif
