// SPDX-License-Identifier: Apache-2.0
// Shared by the migrator's files: migrate.c (all of it in order, roles, applying), migrate_plan.c
// (what is to be done and may it be done now), migrate_sql.c (speaking to the database).
#ifndef WH_RUNTIME_MIGRATE_INTERNAL_H
#define WH_RUNTIME_MIGRATE_INTERNAL_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "runtime/migrate.h"

#define SERVICE_MAX 32
#define SERVICES_MAX 32

struct run {
    const struct wh_migrate_options *options;
    PGconn *conn;
    char *why;
    size_t why_n;
    char sqlstate[6]; // of the last statement that failed
};

enum { SET_COMMON, SET_OWN, SETS };

// One service's sets, how many files of each the database has, and whether programs of it run now.
struct plan {
    const char *service;
    struct wh_migration_set sets[SETS];
    size_t applied[SETS];
    bool running;
};

// Writes why; returns status.
int migrate_fail(struct run *run, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int migrate_fail_db(struct run *run, const char *what, const PGresult *result);
// A statement (or several) whose rows nobody wants; what: its name in an error. 0, WH_E_DB.
int migrate_execute(struct run *run, const char *what, const char *sql);
int migrate_executef(struct run *run, const char *what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// Is the first column of the first row "t"? param: $1 or NULL.
int migrate_ask(struct run *run, const char *sql, const char *param, bool *ret_true);

const char *plan_set_name(const struct plan *plan, int set);
// Reads the files, compares them with the database (changes nothing). 0 or an error; done in any
// case.
int plan_read(struct run *run, const char *service, struct plan *ret_plan);
// WH_E_BUSY where a file that is to be applied does not keep a program that runs now.
int plan_running(struct run *run, struct plan *plan);
void plan_done(struct plan *plan);

#endif
