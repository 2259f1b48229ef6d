// SPDX-License-Identifier: Apache-2.0
// The migrator against a real PostgreSQL: files once and in order, safe to repeat, what was changed
// or is missing is refused, a failing file leaves nothing, roles own their schema and nothing else.
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/error.h"
#include "runtime/migrate.h"
#include "support/pg.h"

static struct pg *pg;
static char dir[64];
static unsigned applied;
static bool check; // only ask

static void write_file(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void remove_file(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(unlink(path), 0);
}

static void make_dir(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(mkdir(path, 0755), 0);
}

static int setup(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/wh-migrate-XXXXXX");
    assert_non_null(mkdtemp(dir));
    make_dir("common");
    make_dir("alpha");
    make_dir("beta");
    write_file("common/0001_base.sql",
               "CREATE TABLE head (seq int8); INSERT INTO head VALUES (1);");
    write_file("alpha/0001_things.sql", "-- 注释\nCREATE TABLE thing (id int8 PRIMARY KEY);");
    write_file("alpha/0002_more.sql", "ALTER TABLE thing ADD name text;");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    pg_run(pg, "DROP SCHEMA IF EXISTS alpha CASCADE; DROP SCHEMA IF EXISTS beta CASCADE;"
               " DROP ROLE IF EXISTS whistle_alpha; DROP ROLE IF EXISTS whistle_beta");
    return system(command);
}

static void on_file(void *arg, const char *schema, const char *set, const struct wh_migration *file)
{
    (void)arg;
    (void)schema;
    (void)set;
    assert_non_null(strstr(file->name, ".sql"));
    applied++;
}

static int migrate_as(const char *role, char why[1024])
{
    struct wh_migrate_options options = {.conninfo = pg_conninfo(pg, role),
                                         .dir = dir,
                                         .file = on_file,
                                         .check = check,
                                         .table_ms = 1};
    applied = 0;
    why[0] = '\0';
    return wh_migrate(&options, why, 1024);
}

static void expect(int status, const char *part)
{
    char why[1024];
    assert_int_equal(migrate_as("whistle", why), status);
    if (strstr(why, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", why, part);
}

static void done(unsigned files)
{
    char why[1024];
    if (migrate_as("whistle", why) != 0)
        fail_msg("%s", why);
    assert_int_equal(applied, files);
}

static void applies_once_and_in_order(void **state)
{
    (void)state;
    done(4); // common twice, alpha two
    done(0);
    write_file("alpha/0003_last.sql", "INSERT INTO thing VALUES (3, 'three');");
    done(1);
    assert_int_equal(pg_int(pg, "SELECT count(*) FROM alpha.thing"), 1);
    assert_int_equal(pg_int(pg, "SELECT count(*) FROM beta.head"), 1);
    assert_int_equal(
        pg_int(pg, "SELECT max(version) FROM alpha.schema_version WHERE set = 'alpha'"), 3);
    assert_int_equal(pg_int(pg, "SELECT min(octet_length(checksum)) FROM alpha.schema_version"),
                     32);
}

static void what_was_changed_is_refused(void **state)
{
    (void)state;
    done(4);
    write_file("alpha/0001_things.sql", "CREATE TABLE thing (id int8 PRIMARY KEY, other text);");
    expect(WH_E_CONFLICT, "alpha: alpha: 0001_things.sql was changed after it was applied");
    write_file("alpha/0001_things.sql", "-- 注释\nCREATE TABLE thing (id int8 PRIMARY KEY);");
    done(0);
    remove_file("alpha/0002_more.sql");
    expect(WH_E_CONFLICT, "the database is newer than the files: it has 0002_more.sql");
    write_file("alpha/0002_other.sql", "ALTER TABLE thing ADD name text;");
    expect(WH_E_CONFLICT, "0002_more.sql was applied, the file is 0002_other.sql");
    pg_run(pg, "DELETE FROM alpha.schema_version WHERE set = 'alpha' AND version = 1");
    expect(WH_E_CONFLICT, "the database lacks version 0001 but has 0002");
}

static void bad_files_are_named(void **state)
{
    (void)state;
    write_file("alpha/0004_gap.sql", "SELECT 1;");
    expect(WH_E_INVALID, "alpha: version 0003 is missing");
    remove_file("alpha/0004_gap.sql");
    write_file("alpha/0002_twin.sql", "SELECT 1;");
    expect(WH_E_INVALID, "there twice");
    remove_file("alpha/0002_twin.sql");
    write_file("alpha/notes.txt", "SELECT 1;");
    expect(WH_E_INVALID, "alpha/notes.txt: the name must be");
    remove_file("alpha/notes.txt");
    write_file("alpha/0003_Upper.sql", "SELECT 1;");
    expect(WH_E_INVALID, "0003_Upper.sql");
    remove_file("alpha/0003_Upper.sql");
    make_dir("Bad-Name");
    expect(WH_E_INVALID, "service \"Bad-Name\"");
}

static void a_failing_file_leaves_nothing(void **state)
{
    (void)state;
    done(4);
    write_file("alpha/0003_fails.sql", "CREATE TABLE half (a int); SELECT 1/0;");
    expect(WH_E_DB, "alpha: alpha/0003_fails.sql: 22012");
    assert_int_equal(pg_int(pg, "SELECT count(*) FROM pg_tables WHERE tablename = 'half'"), 0);
    write_file("alpha/0003_fails.sql", "CREATE TABLE half (a int); COMMIT;");
    expect(WH_E_INVALID, "must not end its transaction");
    remove_file("alpha/0003_fails.sql");
    pg_run(pg, "DROP TABLE IF EXISTS alpha.half");
    done(0);
}

static bool allowed(const char *role, const char *sql)
{
    PGconn *conn = PQconnectdb(pg_conninfo(pg, role));
    assert_int_equal(PQstatus(conn), CONNECTION_OK);
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    PQfinish(conn);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

static void a_role_owns_its_schema_and_nothing_else(void **state)
{
    (void)state;
    done(4);
    assert_true(allowed("whistle_alpha", "INSERT INTO alpha.thing VALUES (1, 'x')"));
    assert_true(allowed("whistle_alpha", "UPDATE alpha.head SET seq = 2"));
    assert_false(allowed("whistle_alpha", "SELECT * FROM beta.head"));
    assert_false(allowed("whistle_alpha", "CREATE SCHEMA gamma"));
    assert_false(allowed("whistle_alpha", "CREATE ROLE gamma"));
    assert_false(allowed("whistle_alpha", "CREATE TABLE public.mine (a int)"));
    assert_false(allowed("whistle_alpha", "SELECT pg_read_file('/etc/passwd')"));
    assert_int_equal(pg_int(pg,
                            "SELECT count(*) FROM pg_tables WHERE schemaname IN ('alpha', 'beta')"
                            " AND tableowner <> 'whistle_' || schemaname"),
                     0);
}

static void it_needs_no_superuser(void **state)
{
    (void)state;
    char why[1024];
    pg_run(pg, "CREATE ROLE deployer LOGIN CREATEROLE;"
               " GRANT CREATE ON DATABASE whistle TO deployer");
    if (migrate_as("deployer", why) != 0)
        fail_msg("%s", why);
    assert_int_equal(applied, 4);
    assert_int_equal(migrate_as("deployer", why), 0);
    pg_run(pg, "DROP SCHEMA alpha CASCADE; DROP SCHEMA beta CASCADE;"
               " DROP OWNED BY deployer; DROP ROLE deployer");
}

static void a_foreign_schema_is_refused(void **state)
{
    (void)state;
    pg_run(pg, "CREATE SCHEMA alpha");
    expect(WH_E_CONFLICT, "schema alpha is not owned by role whistle_alpha");
}

// ---- programs that run meanwhile -------------------------------------------------------------

// A program's session, as check.c names it; NULL: none.
static PGconn *session(const char *application)
{
    char conninfo[256];
    snprintf(conninfo, sizeof conninfo, "%s application_name='%s'",
             pg_conninfo(pg, "whistle_alpha"), application);
    PGconn *conn = PQconnectdb(conninfo);
    assert_int_equal(PQstatus(conn), CONNECTION_OK);
    return conn;
}

static int64_t tables(void)
{
    return pg_int(pg, "SELECT count(*) FROM pg_tables WHERE schemaname = 'alpha'");
}

static void what_a_file_keeps_is_noted(void **state)
{
    (void)state;
    done(4);
    write_file("alpha/0003_wide.sql",
               "-- SPDX\n-- keeps: 2\nALTER TABLE thing ADD more int8;\n-- keeps: 1");
    write_file("alpha/0004_narrow.sql", "ALTER TABLE thing DROP more;\n-- keeps: 1\n");
    done(2);
    assert_int_equal(
        pg_int(pg, "SELECT keeps FROM alpha.schema_version WHERE set = 'alpha' AND version = 3"),
        2);
    assert_int_equal(
        pg_int(pg, "SELECT keeps FROM alpha.schema_version WHERE set = 'alpha' AND version = 4"),
        4); // only the comment that the file begins with counts
    static const char *const bad[] = {"0", "5", "-1", "x", "", "2 or so"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[64];
        snprintf(text, sizeof text, "-- keeps: %s\nSELECT 1;", bad[i]);
        write_file("alpha/0005_bad.sql", text);
        expect(WH_E_INVALID, "alpha/0005_bad.sql: \"-- keeps: N\" must be 1 to 4");
    }
}

static void a_check_changes_nothing(void **state)
{
    (void)state;
    check = true;
    done(4);
    assert_int_equal(pg_int(pg, "SELECT count(*) FROM pg_namespace WHERE nspname = 'alpha'"), 0);
    assert_int_equal(pg_int(pg, "SELECT count(*) FROM pg_roles WHERE rolname = 'whistle_beta'"), 0);
    check = false;
    done(4);
    write_file("alpha/0003_more.sql", "CREATE TABLE more (a int);");
    check = true;
    done(1);
    assert_int_equal(tables(), 3); // head, thing, schema_version
    write_file("alpha/0002_more.sql", "ALTER TABLE thing ADD other text;");
    expect(WH_E_CONFLICT, "was changed after it was applied");
    check = false;
}

// Who runs decides whether a file may come: known, kept, neither.
static void running_programs_are_not_broken(void **state)
{
    (void)state;
    done(4);
    PGconn *conn = session("alpha 1.2 writer a");
    write_file("alpha/0003_wide.sql", "-- keeps: 2\nCREATE TABLE wide (a int);");
    done(1);
    write_file("alpha/0004_narrow.sql", "-- keeps: 3\nDROP TABLE wide;");
    write_file("beta/0001_first.sql", "CREATE TABLE first (a int);");
    for (int i = 0; i < 2; i++) {
        check = i == 0;
        expect(WH_E_BUSY, "alpha: alpha/0004_narrow.sql keeps only programs that know 0003");
        expect(WH_E_BUSY, "alpha 1.2 writer a");
    }
    assert_int_equal(pg_int(pg, "SELECT count(*) FROM pg_tables WHERE tablename = 'first'"), 0);
    PQfinish(conn);
    conn = session("alpha 1.3 standby b");
    done(2);
    write_file("common/0002_all.sql", "CREATE TABLE everywhere (a int);");
    expect(WH_E_BUSY, "alpha: common/0002_all.sql");
    PQfinish(conn);
    conn = session("alpha writer of long ago");
    expect(WH_E_BUSY, "one that knows 0000 runs");
    PQfinish(conn);
    conn = session("alphabet 0.0 writer of something else");
    done(2);
    PQfinish(conn);
}

// A transaction that holds a table: the file waits a moment at a time, others pass in between, and
// in the end it says who was in the way. Nothing of it remains.
static void a_locked_table_is_not_queued_for(void **state)
{
    (void)state;
    done(4);
    PGconn *conn = session("a long report");
    PQclear(PQexec(conn, "BEGIN; SELECT * FROM alpha.thing"));
    write_file("alpha/0003_wide.sql",
               "-- keeps: 2\nCREATE TABLE wide (a int); ALTER TABLE thing ADD more int8;");
    expect(WH_E_BUSY, "alpha: alpha/0003_wide.sql: a table it changes stayed locked");
    expect(WH_E_BUSY, "of whistle_alpha, a long report");
    assert_int_equal(tables(), 3);
    PQclear(PQexec(conn, "COMMIT"));
    done(1);
    PQfinish(conn);
}

static void a_slow_file_waits_for_nobody_to_run(void **state)
{
    (void)state;
    done(4);
    PGconn *conn = session("alpha 1.2 writer a");
    write_file("alpha/0003_slow.sql",
               "-- keeps: 2\nCREATE TABLE wide (a int); SELECT pg_sleep(4);");
    expect(WH_E_BUSY, "takes longer than 3s and programs of alpha run");
    PQfinish(conn);
    done(1);
}

// The bookkeeping of a migrator that knew nothing of keeping.
static void an_older_bookkeeping_gets_its_column(void **state)
{
    (void)state;
    done(4);
    pg_run(pg, "ALTER TABLE alpha.schema_version DROP COLUMN keeps");
    write_file("alpha/0003_wide.sql", "-- keeps: 2\nCREATE TABLE wide (a int);");
    check = true;
    done(1);
    check = false;
    done(1);
    assert_int_equal(pg_int(pg, "SELECT keeps FROM alpha.schema_version WHERE version = 3"), 2);
    assert_int_equal(pg_int(pg, "SELECT count(*) FROM alpha.schema_version WHERE keeps IS NULL"),
                     3);
}

static void no_database_is_told(void **state)
{
    (void)state;
    char why[1024] = "";
    struct wh_migrate_options options = {.conninfo = "host=/nonexistent", .dir = dir};
    assert_int_equal(wh_migrate(&options, why, sizeof why), WH_E_TIMEOUT);
    assert_non_null(strstr(why, "database: "));
    options.dir = "/nonexistent";
    assert_int_equal(wh_migrate(&options, why, sizeof why), WH_E_IO);
    assert_non_null(strstr(why, "/nonexistent"));
}

static void the_shipped_files_apply(void **state)
{
    (void)state;
    static const char *const services[] = {"intake", "dispatch", NULL};
    pg_migrate(pg, services);
    pg_migrate(pg, services);
    static const char *const tables[] = {"head",   "journal",  "answer",
                                         "cursor", "follower", "dead_letter"};
    for (size_t i = 0; i < 6; i++) {
        char sql[160];
        snprintf(sql, sizeof sql,
                 "SELECT count(*) FROM pg_tables WHERE tablename = '%s' AND schemaname IN"
                 " ('intake', 'dispatch')",
                 tables[i]);
        assert_int_equal(pg_int(pg, sql), 2);
    }
    assert_int_equal(pg_int(pg, "SELECT count(*) FROM pg_index WHERE indrelid ="
                                " 'intake.journal'::regclass"),
                     1); // the primary key is the only index
    assert_int_equal(pg_int(pg, "SELECT count(*) FROM intake.head"), 1);
}

static int group_setup(void **state)
{
    (void)state;
    pg = pg_new();
    return sodium_init() < 0;
}

static int group_teardown(void **state)
{
    (void)state;
    pg_free(pg);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(applies_once_and_in_order),
        TEST(what_was_changed_is_refused),
        TEST(bad_files_are_named),
        TEST(a_failing_file_leaves_nothing),
        TEST(a_role_owns_its_schema_and_nothing_else),
        TEST(it_needs_no_superuser),
        TEST(a_foreign_schema_is_refused),
        TEST(what_a_file_keeps_is_noted),
        TEST(a_check_changes_nothing),
        TEST(running_programs_are_not_broken),
        TEST(a_locked_table_is_not_queued_for),
        TEST(a_slow_file_waits_for_nobody_to_run),
        TEST(an_older_bookkeeping_gets_its_column),
        TEST(no_database_is_told),
        TEST(the_shipped_files_apply),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
