// SPDX-License-Identifier: Apache-2.0
// Bringing a database's schemas to the state that the files of a folder describe: forward only,
// each file once, in its own transaction, as the service's own role. <dir>/common/*.sql goes into
// every service's schema, <dir>/<service>/*.sql into its own. Blocking: for a program of its own.
#ifndef WH_RUNTIME_MIGRATE_H
#define WH_RUNTIME_MIGRATE_H

#include <stdbool.h>
#include <stddef.h>

#define WH_MIGRATION_NAME_MAX 96

// One file of a set. name: "0001_foundation.sql". keeps: programs that know this version or a newer
// one go on working after the file; its first comment lines say so ("-- keeps: 3"), else it is the
// file's own version: only programs that know it.
struct wh_migration {
    int version;
    int keeps;
    char name[WH_MIGRATION_NAME_MAX];
    unsigned char checksum[32]; // BLAKE2b-256 of the file
    char *sql;                  // owned
};

// A folder's files by version.
struct wh_migration_set {
    struct wh_migration *files;
    size_t n;
};

// Reads <dir>/<set>. Every name must be NNNN_name.sql, numbers run from 0001 without a gap. A
// folder that is not there is an empty set. 0, WH_E_INVALID, WH_E_IO, WH_E_NOMEM; why names file
// and rule.
int wh_migration_set_read(const char *dir, const char *set, struct wh_migration_set *ret_set,
                          char *why, size_t why_n);
void wh_migration_set_done(struct wh_migration_set *set);

struct wh_migrate_options {
    const char *conninfo; // of a role that may create roles and schemas
    const char *dir;
    const char *const *services; // n_services 0: every folder of dir but common
    size_t n_services;
    // For each file applied, after its commit; may be NULL. With check: for each one to come.
    void (*file)(void *arg, const char *schema, const char *set, const struct wh_migration *file);
    void *arg;
    bool check;   // only compare, tell and ask; nothing is changed, no lock is taken
    int table_ms; // how long to try for a locked table; 0: a minute
};

// For each service: schema and login role whistle_<service> where missing, then the sets common and
// <service>. 0; WH_E_INVALID (files), WH_E_IO (folder), WH_E_TIMEOUT (no database), WH_E_CONFLICT
// (the database has other or more migrations than the files), WH_E_DB (a statement failed),
// WH_E_BUSY (not now: a running program would not outlive a file, a table stayed locked, another
// migrator does not end within a minute). Except for a locked or slow table nothing at all was
// changed then. why: one clear line.
int wh_migrate(const struct wh_migrate_options *options, char *why, size_t why_n);

#endif
