// SPDX-License-Identifier: Apache-2.0
// Applying the sets: one migrator at a time (an advisory lock, tried and never waited for), what
// the database has is compared with the files before anything is changed, then each new file runs
// in one transaction together with its row in schema_version. Roles and schemas are made by the
// connecting role; the files run as the service's role, so it owns its schema and nothing else.
#include "runtime/migrate.h"

#include <dirent.h>
#include <libpq-fe.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/error.h"

#define SERVICE_MAX 32
#define SERVICES_MAX 32
#define LOCK_TRIES 240 // of 250 ms

struct run {
    const struct wh_migrate_options *options;
    PGconn *conn;
    char *why;
    size_t why_n;
};

// ---- speaking to the database ----------------------------------------------------------------

static int fail(struct run *run, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int fail(struct run *run, int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(run->why, run->why_n, format, args);
    va_end(args);
    return status;
}

static int fail_db(struct run *run, const char *what, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *where = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    return fail(run, WH_E_DB, "%s: %s %s%s%s", what, state != NULL ? state : "",
                text != NULL ? text : PQerrorMessage(run->conn),
                where != NULL ? " at character " : "", where != NULL ? where : "");
}

// A statement (or several) whose rows nobody wants.
static int execute(struct run *run, const char *what, const char *sql)
{
    PGresult *result = PQexec(run->conn, sql);
    ExecStatusType status = PQresultStatus(result);
    int failed = 0;
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY)
        failed = fail_db(run, what, result);
    PQclear(result);
    return failed;
}

static int executef(struct run *run, const char *what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int executef(struct run *run, const char *what, const char *format, ...)
{
    char sql[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(sql, sizeof sql, format, args);
    va_end(args);
    return execute(run, what, sql);
}

// The first column of the first row is "t".
static int ask(struct run *run, const char *sql, const char *param, bool *ret_true)
{
    PGresult *result = PQexecParams(run->conn, sql, param != NULL, NULL, &param, NULL, NULL, 0);
    int failed = PQresultStatus(result) == PGRES_TUPLES_OK ? 0 : fail_db(run, "question", result);
    *ret_true = failed == 0 && PQntuples(result) > 0 && PQgetvalue(result, 0, 0)[0] == 't';
    PQclear(result);
    return failed;
}

// ---- role and schema -------------------------------------------------------------------------

static int role_make(struct run *run, const char *service)
{
    char role[SERVICE_MAX + 16];
    bool there, member;
    (void)snprintf(role, sizeof role, "whistle_%s", service);
    int status = ask(run, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role, &there);
    if (status == 0 && !there)
        status = executef(run, role, "CREATE ROLE \"%s\" LOGIN", role);
    if (status == 0)
        status = ask(run, "SELECT pg_has_role(current_user, $1, 'MEMBER')", role, &member);
    if (status == 0 && !member)
        status = executef(run, role, "GRANT \"%s\" TO CURRENT_USER", role);
    return status;
}

static int schema_make(struct run *run, const char *service)
{
    bool there, owned;
    int status =
        ask(run, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)", service, &there);
    if (status == 0 && !there)
        status = executef(run, service, "CREATE SCHEMA \"%s\" AUTHORIZATION \"whistle_%s\"",
                          service, service);
    if (status == 0)
        status = ask(run,
                     "SELECT nspowner = (SELECT oid FROM pg_roles WHERE rolname = 'whistle_' || $1)"
                     " FROM pg_namespace WHERE nspname = $1",
                     service, &owned);
    if (status == 0 && !owned)
        status =
            fail(run, WH_E_CONFLICT, "schema %s is not owned by role whistle_%s", service, service);
    return status;
}

// From here on the connection is the service's role in its schema.
static int service_enter(struct run *run, const char *service)
{
    int status = role_make(run, service);
    if (status == 0)
        status = schema_make(run, service);
    if (status == 0)
        status = executef(run, service, "SET ROLE \"whistle_%s\"", service);
    if (status == 0)
        status = executef(run, service, "SET search_path = \"%s\"", service);
    if (status == 0)
        status = execute(run, service,
                         "CREATE TABLE IF NOT EXISTS schema_version (set text NOT NULL,"
                         " version int4 NOT NULL, name text NOT NULL, checksum bytea NOT NULL,"
                         " applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),"
                         " PRIMARY KEY (set, version))");
    return status;
}

// ---- one set ---------------------------------------------------------------------------------

// Row i of schema_version against the file of the same place.
static int row_check(struct run *run, const char *where, const struct wh_migration_set *set,
                     const PGresult *rows, int row)
{
    int version = atoi(PQgetvalue(rows, row, 0));
    const char *name = PQgetvalue(rows, row, 1);
    char hex[2 * sizeof set->files[0].checksum + 1];
    if (version != row + 1)
        return fail(run, WH_E_CONFLICT, "%s: the database lacks version %04d but has %04d", where,
                    row + 1, version);
    if ((size_t)row >= set->n)
        return fail(run, WH_E_CONFLICT,
                    "%s: the database is newer than the files: it has %s, the last file is %s",
                    where, name, set->n > 0 ? set->files[set->n - 1].name : "none");
    const struct wh_migration *file = &set->files[row];
    for (size_t i = 0; i < sizeof file->checksum; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", file->checksum[i]);
    if (strcmp(name, file->name) != 0)
        return fail(run, WH_E_CONFLICT, "%s: %s was applied, the file is %s", where, name,
                    file->name);
    if (strcmp(PQgetvalue(rows, row, 2), hex) != 0)
        return fail(run, WH_E_CONFLICT, "%s: %s was changed after it was applied", where, name);
    return 0;
}

// How many files of the set the database has; an error if they are not the same ones.
static int applied_check(struct run *run, const char *where, const char *name,
                         const struct wh_migration_set *set, size_t *ret_applied)
{
    PGresult *rows = PQexecParams(run->conn,
                                  "SELECT version, name, encode(checksum, 'hex')"
                                  " FROM schema_version WHERE set = $1 ORDER BY version",
                                  1, NULL, &name, NULL, NULL, 0);
    int status = PQresultStatus(rows) == PGRES_TUPLES_OK ? 0 : fail_db(run, where, rows);
    for (int i = 0; status == 0 && i < PQntuples(rows); i++)
        status = row_check(run, where, set, rows, i);
    *ret_applied = (size_t)PQntuples(rows);
    PQclear(rows);
    return status;
}

static int version_note(struct run *run, const char *set, const struct wh_migration *file)
{
    char version[16];
    (void)snprintf(version, sizeof version, "%d", file->version);
    const char *values[] = {set, version, file->name, (const char *)file->checksum};
    int lengths[] = {0, 0, 0, sizeof file->checksum}, formats[] = {0, 0, 0, 1};
    PGresult *result = PQexecParams(run->conn,
                                    "INSERT INTO schema_version (set, version, name, checksum)"
                                    " VALUES ($1, $2, $3, $4)",
                                    4, NULL, values, lengths, formats, 0);
    int status = PQresultStatus(result) == PGRES_COMMAND_OK ? 0 : fail_db(run, file->name, result);
    PQclear(result);
    return status;
}

static int file_apply(struct run *run, const char *schema, const char *set,
                      const struct wh_migration *file)
{
    char where[SERVICE_MAX * 2 + WH_MIGRATION_NAME_MAX + 8];
    (void)snprintf(where, sizeof where, "%s: %s/%s", schema, set, file->name);
    int status = execute(run, where, "BEGIN; SET LOCAL lock_timeout = '10s'");
    if (status == 0)
        status = execute(run, where, file->sql);
    if (status == 0 && PQtransactionStatus(run->conn) != PQTRANS_INTRANS)
        status = fail(run, WH_E_INVALID, "%s: a migration must not end its transaction", where);
    if (status == 0)
        status = version_note(run, set, file);
    if (status == 0)
        status = execute(run, where, "COMMIT");
    if (status != 0) {
        PQclear(PQexec(run->conn, "ROLLBACK"));
        return status;
    }
    if (run->options->applied != NULL)
        run->options->applied(run->options->arg, schema, set, file->name);
    return 0;
}

static int set_apply(struct run *run, const char *schema, const char *name)
{
    struct wh_migration_set set;
    char where[SERVICE_MAX * 2 + 4];
    size_t applied = 0;
    (void)snprintf(where, sizeof where, "%s: %s", schema, name);
    int status = wh_migration_set_read(run->options->dir, name, &set, run->why, run->why_n);
    if (status != 0)
        return status;
    status = applied_check(run, where, name, &set, &applied);
    for (size_t i = applied; i < set.n && status == 0; i++)
        status = file_apply(run, schema, name, &set.files[i]);
    wh_migration_set_done(&set);
    return status;
}

static int service_migrate(struct run *run, const char *service)
{
    int status = service_enter(run, service);
    if (status == 0)
        status = set_apply(run, service, "common");
    if (status == 0)
        status = set_apply(run, service, service);
    if (status == 0)
        status = execute(run, service, "RESET ROLE; RESET search_path");
    return status;
}

// ---- all -------------------------------------------------------------------------------------

static int lock(struct run *run)
{
    for (int i = 0; i < LOCK_TRIES; i++) {
        bool got;
        int status = ask(run, "SELECT pg_try_advisory_lock(1464353357, 1)", NULL, &got);
        if (status != 0 || got)
            return status;
        nanosleep(&(struct timespec){.tv_nsec = 250000000}, NULL);
    }
    return fail(run, WH_E_BUSY, "another migrator has held the lock for a minute");
}

static void be_quiet(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

static int run_all(struct run *run, const char *const *services, size_t n)
{
    run->conn = PQconnectdb(run->options->conninfo);
    if (PQstatus(run->conn) != CONNECTION_OK)
        return fail(run, WH_E_IO, "database: %.*s", (int)strcspn(PQerrorMessage(run->conn), "\n"),
                    PQerrorMessage(run->conn));
    PQsetNoticeProcessor(run->conn, be_quiet, NULL);
    int status = lock(run);
    for (size_t i = 0; i < n && status == 0; i++)
        status = service_migrate(run, services[i]);
    return status;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

// Every folder of dir but common, in the order of the alphabet.
static int services_find(struct run *run, char names[SERVICES_MAX][SERVICE_MAX + 1], size_t *ret_n)
{
    DIR *folder = opendir(run->options->dir);
    if (folder == NULL)
        return fail(run, WH_E_IO, "%s: cannot be read", run->options->dir);
    *ret_n = 0;
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char path[1024];
        struct stat st;
        (void)snprintf(path, sizeof path, "%s/%s", run->options->dir, entry->d_name);
        if (entry->d_name[0] == '.' || strcmp(entry->d_name, "common") == 0 ||
            stat(path, &st) != 0 || !S_ISDIR(st.st_mode) || *ret_n == SERVICES_MAX)
            continue;
        (void)snprintf(names[(*ret_n)++], SERVICE_MAX + 1, "%.*s", SERVICE_MAX, entry->d_name);
    }
    closedir(folder);
    qsort(names, *ret_n, SERVICE_MAX + 1, by_text);
    return 0;
}

// Names become identifiers in SQL texts: lower case letters only.
static int services_check(struct run *run, const char *const *services, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t length = strlen(services[i]);
        if (length == 0 || length > SERVICE_MAX ||
            strspn(services[i], "abcdefghijklmnopqrstuvwxyz") != length)
            return fail(run, WH_E_INVALID, "service \"%.40s\": a name is 1 to %d letters a-z",
                        services[i], SERVICE_MAX);
    }
    if (n == 0)
        return fail(run, WH_E_INVALID, "%s: there is no service's folder", run->options->dir);
    return 0;
}

int wh_migrate(const struct wh_migrate_options *options, char *why, size_t why_n)
{
    struct run run = {.options = options, .why = why, .why_n = why_n};
    char found[SERVICES_MAX][SERVICE_MAX + 1];
    const char *names[SERVICES_MAX];
    const char *const *services = options->services;
    size_t n = options->n_services;
    int status = 0;
    if (n == 0) {
        status = services_find(&run, found, &n);
        for (size_t i = 0; status == 0 && i < n; i++)
            names[i] = found[i];
        services = names;
    }
    if (status == 0)
        status = services_check(&run, services, n);
    if (status == 0)
        status = run_all(&run, services, n);
    PQfinish(run.conn);
    return status;
}
