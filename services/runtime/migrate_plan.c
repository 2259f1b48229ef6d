// SPDX-License-Identifier: Apache-2.0
// What is to be done for one service, and may it be done now: the files against what the database
// says was applied, and the files to come against the programs that run (their sessions' names say
// which migrations they know). Changes nothing.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "runtime/migrate_internal.h"

const char *plan_set_name(const struct plan *plan, int set)
{
    return set == SET_COMMON ? "common" : plan->service;
}

// Row i of schema_version against the file of the same place.
static int row_check(struct run *run, const char *where, const struct wh_migration_set *set,
                     const PGresult *rows, int row)
{
    int version = atoi(PQgetvalue(rows, row, 0));
    const char *name = PQgetvalue(rows, row, 1);
    char hex[2 * sizeof set->files[0].checksum + 1];
    if (version != row + 1)
        return migrate_fail(run, WH_E_CONFLICT, "%s: the database lacks version %04d but has %04d",
                            where, row + 1, version);
    if ((size_t)row >= set->n)
        return migrate_fail(
            run, WH_E_CONFLICT,
            "%s: the database is newer than the files: it has %s, the last file is %s", where, name,
            set->n > 0 ? set->files[set->n - 1].name : "none");
    const struct wh_migration *file = &set->files[row];
    for (size_t i = 0; i < sizeof file->checksum; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", file->checksum[i]);
    if (strcmp(name, file->name) != 0)
        return migrate_fail(run, WH_E_CONFLICT, "%s: %s was applied, the file is %s", where, name,
                            file->name);
    if (strcmp(PQgetvalue(rows, row, 2), hex) != 0)
        return migrate_fail(run, WH_E_CONFLICT, "%s: %s was changed after it was applied", where,
                            name);
    return 0;
}

// How many files of the set the database has; an error if they are not the same ones.
static int applied_check(struct run *run, struct plan *plan, int set)
{
    char sql[256], where[SERVICE_MAX * 2 + 4];
    const char *name = plan_set_name(plan, set);
    (void)snprintf(where, sizeof where, "%s: %s", plan->service, name);
    (void)snprintf(sql, sizeof sql,
                   "SELECT version, name, encode(checksum, 'hex') FROM \"%s\".schema_version"
                   " WHERE set = $1 ORDER BY version",
                   plan->service);
    PGresult *rows = PQexecParams(run->conn, sql, 1, NULL, &name, NULL, NULL, 0);
    int status = PQresultStatus(rows) == PGRES_TUPLES_OK ? 0 : migrate_fail_db(run, where, rows);
    for (int i = 0; status == 0 && i < PQntuples(rows); i++)
        status = row_check(run, where, &plan->sets[set], rows, i);
    plan->applied[set] = (size_t)PQntuples(rows);
    PQclear(rows);
    return status;
}

int plan_read(struct run *run, const char *service, struct plan *ret_plan)
{
    bool there = false;
    *ret_plan = (struct plan){.service = service};
    int status = migrate_ask(run, "SELECT to_regclass($1 || '.schema_version') IS NOT NULL",
                             service, &there);
    for (int set = 0; set < SETS && status == 0; set++) {
        status = wh_migration_set_read(run->options->dir, plan_set_name(ret_plan, set),
                                       &ret_plan->sets[set], run->why, run->why_n);
        if (status == 0 && there)
            status = applied_check(run, ret_plan, set);
    }
    return status;
}

void plan_done(struct plan *plan)
{
    for (int set = 0; set < SETS; set++)
        wh_migration_set_done(&plan->sets[set]);
}

// ---- who runs now ----------------------------------------------------------------------------

// The first file to come of the set that a program which knows `knows` does not outlive; NULL.
static const struct wh_migration *breaks(const struct plan *plan, int set, int knows)
{
    for (size_t i = plan->applied[set]; i < plan->sets[set].n; i++)
        if (plan->sets[set].files[i].keeps > knows)
            return &plan->sets[set].files[i];
    return NULL;
}

// application: "<service> <common>.<own> <role> <instance>" (check.c writes it). One that says
// nothing of the kind knows nothing.
static int session_check(struct run *run, const struct plan *plan, const char *application,
                         const char *pid)
{
    int knows[SETS] = {0, 0};
    if (sscanf(application + strlen(plan->service), " %d.%d ", &knows[0], &knows[1]) != SETS)
        knows[0] = knows[1] = 0;
    for (int set = 0; set < SETS; set++) {
        const struct wh_migration *file = breaks(plan, set, knows[set]);
        if (file != NULL)
            return migrate_fail(
                run, WH_E_BUSY,
                "%s: %s/%s keeps only programs that know %04d and newer, and one that knows %04d "
                "runs (session %s, %s): end it first, nothing was changed",
                plan->service, plan_set_name(plan, set), file->name, file->keeps, knows[set], pid,
                application);
    }
    return 0;
}

int plan_running(struct run *run, struct plan *plan)
{
    PGresult *rows = PQexecParams(run->conn,
                                  "SELECT application_name, pid FROM pg_stat_activity WHERE "
                                  "datname = current_database() AND application_name LIKE "
                                  "$1 || ' %' ORDER BY pid",
                                  1, NULL, &plan->service, NULL, NULL, 0);
    int status =
        PQresultStatus(rows) == PGRES_TUPLES_OK ? 0 : migrate_fail_db(run, "sessions", rows);
    plan->running = PQntuples(rows) > 0;
    for (int i = 0; status == 0 && i < PQntuples(rows); i++)
        status = session_check(run, plan, PQgetvalue(rows, i, 0), PQgetvalue(rows, i, 1));
    PQclear(rows);
    return status;
}
