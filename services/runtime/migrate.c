// SPDX-License-Identifier: Apache-2.0
// Applying the sets: one migrator at a time (an advisory lock, tried and never waited for). First
// everything is compared and asked (migrate_plan.c), then each new file runs in one transaction
// together with its row in schema_version. Roles and schemas are made by the connecting role; the
// files run as the service's role, so it owns its schema and nothing else. No file waits long for a
// table: whoever comes behind a waiting ALTER TABLE waits too, and that would be the live service.
#include "runtime/migrate.h"

#include <dirent.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/error.h"
#include "runtime/migrate_internal.h"

#define LOCK_TRIES 240 // of 250 ms
#define TABLE_WAIT "250ms"
#define TABLE_PAUSE_MS 1000
#define TABLE_PATIENCE_MS 60000
#define STATEMENT_LIMIT "3s" // while programs run; they give the database 5 s

// ---- role and schema -------------------------------------------------------------------------

static int role_make(struct run *run, const char *service)
{
    char role[SERVICE_MAX + 16];
    bool there, member;
    (void)snprintf(role, sizeof role, "whistle_%s", service);
    int status =
        migrate_ask(run, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role, &there);
    if (status == 0 && !there)
        status = migrate_executef(run, role, "CREATE ROLE \"%s\" LOGIN", role);
    if (status == 0)
        status = migrate_ask(run, "SELECT pg_has_role(current_user, $1, 'MEMBER')", role, &member);
    if (status == 0 && !member)
        status = migrate_executef(run, role, "GRANT \"%s\" TO CURRENT_USER", role);
    return status;
}

static int schema_make(struct run *run, const char *service)
{
    bool there, owned;
    int status = migrate_ask(run, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)",
                             service, &there);
    if (status == 0 && !there)
        status = migrate_executef(run, service, "CREATE SCHEMA \"%s\" AUTHORIZATION \"whistle_%s\"",
                                  service, service);
    if (status == 0)
        status = migrate_ask(
            run,
            "SELECT nspowner = (SELECT oid FROM pg_roles WHERE rolname = 'whistle_' || $1)"
            " FROM pg_namespace WHERE nspname = $1",
            service, &owned);
    if (status == 0 && !owned)
        status = migrate_fail(run, WH_E_CONFLICT, "schema %s is not owned by role whistle_%s",
                              service, service);
    return status;
}

// A table made before files could keep older programs has no such column.
static int keeps_column(struct run *run, const char *service)
{
    bool there;
    int status = migrate_ask(run,
                             "SELECT EXISTS (SELECT FROM pg_attribute WHERE attname = 'keeps' AND "
                             "attrelid = to_regclass($1 || '.schema_version'))",
                             service, &there);
    return status != 0 || there
               ? status
               : migrate_execute(run, service, "ALTER TABLE schema_version ADD COLUMN keeps int4");
}

// From here on the connection is the service's role in its schema.
static int service_enter(struct run *run, const char *service)
{
    int status = role_make(run, service);
    if (status == 0)
        status = schema_make(run, service);
    if (status == 0)
        status = migrate_executef(run, service, "SET ROLE \"whistle_%s\"", service);
    if (status == 0)
        status = migrate_executef(run, service, "SET search_path = \"%s\"", service);
    if (status == 0)
        status =
            migrate_execute(run, service,
                            "CREATE TABLE IF NOT EXISTS schema_version (set text NOT NULL,"
                            " version int4 NOT NULL, name text NOT NULL, checksum bytea NOT NULL,"
                            " applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),"
                            " keeps int4, PRIMARY KEY (set, version))");
    return status == 0 ? keeps_column(run, service) : status;
}

// ---- one set ---------------------------------------------------------------------------------

static void wait_ms(int ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

static int version_note(struct run *run, const char *set, const struct wh_migration *file)
{
    char version[16], keeps[16];
    (void)snprintf(version, sizeof version, "%d", file->version);
    (void)snprintf(keeps, sizeof keeps, "%d", file->keeps);
    const char *values[] = {set, version, file->name, (const char *)file->checksum, keeps};
    int lengths[] = {0, 0, 0, sizeof file->checksum, 0}, formats[] = {0, 0, 0, 1, 0};
    PGresult *result = PQexecParams(run->conn,
                                    "INSERT INTO schema_version (set, version, name, checksum, "
                                    "keeps) VALUES ($1, $2, $3, $4, $5)",
                                    5, NULL, values, lengths, formats, 0);
    int status =
        PQresultStatus(result) == PGRES_COMMAND_OK ? 0 : migrate_fail_db(run, file->name, result);
    PQclear(result);
    return status;
}

static int file_try(struct run *run, const struct plan *plan, const char *set,
                    const struct wh_migration *file, const char *where)
{
    int status = migrate_execute(run, where, "BEGIN");
    if (status == 0 && plan->running)
        status = migrate_execute(run, where, "SET LOCAL statement_timeout = '" STATEMENT_LIMIT "'");
    if (status == 0)
        status = migrate_execute(run, where, file->sql);
    if (status == 0 && PQtransactionStatus(run->conn) != PQTRANS_INTRANS)
        status =
            migrate_fail(run, WH_E_INVALID, "%s: a migration must not end its transaction", where);
    if (status == 0)
        status = version_note(run, set, file);
    if (status == 0)
        status = migrate_execute(run, where, "COMMIT");
    if (status != 0)
        PQclear(PQexec(run->conn, "ROLLBACK"));
    return status;
}

// Who holds a lock on one of the schema's tables, the longest transaction first.
static int tables_busy(struct run *run, const char *schema, const char *where)
{
    PGresult *rows = PQexecParams(
        run->conn,
        "SELECT a.pid, a.application_name, a.usename FROM pg_locks l JOIN pg_class c ON c.oid = "
        "l.relation JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_stat_activity a ON "
        "a.pid = l.pid WHERE n.nspname = $1 AND l.granted AND a.pid <> pg_backend_pid() "
        "ORDER BY a.xact_start NULLS LAST LIMIT 1",
        1, NULL, &schema, NULL, NULL, 0);
    bool known = PQresultStatus(rows) == PGRES_TUPLES_OK && PQntuples(rows) == 1;
    int status = migrate_fail(
        run, WH_E_BUSY,
        "%s: a table it changes stayed locked (session %s of %s, %s); nothing of it was applied, "
        "run it again",
        where, known ? PQgetvalue(rows, 0, 0) : "?", known ? PQgetvalue(rows, 0, 2) : "?",
        known ? PQgetvalue(rows, 0, 1) : "?");
    PQclear(rows);
    return status;
}

static int file_apply(struct run *run, const struct plan *plan, int set,
                      const struct wh_migration *file)
{
    const char *name = plan_set_name(plan, set);
    char where[SERVICE_MAX * 2 + WH_MIGRATION_NAME_MAX + 8];
    int left = run->options->table_ms > 0 ? run->options->table_ms : TABLE_PATIENCE_MS;
    (void)snprintf(where, sizeof where, "%s: %s/%s", plan->service, name, file->name);
    int status = file_try(run, plan, name, file, where);
    for (; status == WH_E_DB && strcmp(run->sqlstate, "55P03") == 0; left -= TABLE_PAUSE_MS) {
        if (left <= 0)
            return tables_busy(run, plan->service, where);
        wait_ms(TABLE_PAUSE_MS);
        status = file_try(run, plan, name, file, where);
    }
    if (status == WH_E_DB && strcmp(run->sqlstate, "57014") == 0)
        return migrate_fail(run, WH_E_BUSY,
                            "%s: takes longer than " STATEMENT_LIMIT
                            " and programs of %s run: end them first, nothing of it was applied",
                            where, plan->service);
    if (status == 0 && run->options->file != NULL)
        run->options->file(run->options->arg, plan->service, name, file);
    return status;
}

static int service_migrate(struct run *run, const struct plan *plan)
{
    int status = service_enter(run, plan->service);
    for (int set = 0; set < SETS; set++)
        for (size_t i = plan->applied[set]; i < plan->sets[set].n && status == 0; i++)
            status = file_apply(run, plan, set, &plan->sets[set].files[i]);
    if (status == 0)
        status = migrate_execute(run, plan->service, "RESET ROLE; RESET search_path");
    return status;
}

// ---- all -------------------------------------------------------------------------------------

static int lock(struct run *run)
{
    for (int i = 0; i < LOCK_TRIES; i++) {
        bool got;
        int status = migrate_ask(run, "SELECT pg_try_advisory_lock(1464353357, 1)", NULL, &got);
        if (status != 0 || got)
            return status;
        wait_ms(250);
    }
    return migrate_fail(run, WH_E_BUSY, "another migrator has held the lock for a minute");
}

static void be_quiet(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

// What is to come, for who only asks.
static void tell(const struct run *run, const struct plan *plan)
{
    for (int set = 0; set < SETS && run->options->file != NULL; set++)
        for (size_t i = plan->applied[set]; i < plan->sets[set].n; i++)
            run->options->file(run->options->arg, plan->service, plan_set_name(plan, set),
                               &plan->sets[set].files[i]);
}

// Everything is compared before anything is told or asked, and all of that before anything is
// changed.
static int plan_all(struct run *run, const char *const *services, size_t n, struct plan *plans)
{
    int status = 0;
    for (size_t i = 0; i < n && status == 0; i++)
        status = plan_read(run, services[i], &plans[i]);
    for (size_t i = 0; i < n && status == 0 && run->options->check; i++)
        tell(run, &plans[i]);
    for (size_t i = 0; i < n && status == 0; i++)
        status = plan_running(run, &plans[i]);
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
        return migrate_fail(run, WH_E_IO, "%s: cannot be read", run->options->dir);
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
static bool is_name(const char *service)
{
    size_t length = strlen(service);
    return length > 0 && length <= SERVICE_MAX &&
           strspn(service, "abcdefghijklmnopqrstuvwxyz") == length;
}

// The roles of every service there is come first: a file may grant another service's what it
// publishes.
static int roles_make(struct run *run)
{
    char names[SERVICES_MAX][SERVICE_MAX + 1];
    size_t n = 0;
    int status = services_find(run, names, &n);
    for (size_t i = 0; i < n && status == 0; i++)
        if (is_name(names[i]))
            status = role_make(run, names[i]);
    return status;
}

static int run_all(struct run *run, const char *const *services, size_t n)
{
    struct plan plans[SERVICES_MAX] = {0};
    run->conn = PQconnectdb(run->options->conninfo);
    if (PQstatus(run->conn) != CONNECTION_OK)
        return migrate_fail(run, WH_E_TIMEOUT, "database: %.*s",
                            (int)strcspn(PQerrorMessage(run->conn), "\n"),
                            PQerrorMessage(run->conn));
    PQsetNoticeProcessor(run->conn, be_quiet, NULL);
    int status = migrate_execute(run, "session", "SET lock_timeout = '" TABLE_WAIT "'");
    if (status == 0 && !run->options->check)
        status = lock(run);
    if (status == 0)
        status = plan_all(run, services, n, plans);
    if (status == 0 && !run->options->check)
        status = roles_make(run);
    for (size_t i = 0; i < n && status == 0 && !run->options->check; i++)
        status = service_migrate(run, &plans[i]);
    for (size_t i = 0; i < n; i++)
        plan_done(&plans[i]);
    return status;
}

static int services_check(struct run *run, const char *const *services, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!is_name(services[i]))
            return migrate_fail(run, WH_E_INVALID,
                                "service \"%.40s\": a name is 1 to %d letters a-z", services[i],
                                SERVICE_MAX);
    }
    if (n == 0 || n > SERVICES_MAX)
        return migrate_fail(run, WH_E_INVALID, "%s: there is no service's folder",
                            run->options->dir);
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
