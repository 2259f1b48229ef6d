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

static void on_applied(void *arg, const char *schema, const char *set, const char *name)
{
    (void)arg;
    (void)schema;
    (void)set;
    assert_non_null(strstr(name, ".sql"));
    applied++;
}

static int migrate_as(const char *role, char why[1024])
{
    struct wh_migrate_options options = {
        .conninfo = pg_conninfo(pg, role), .dir = dir, .applied = on_applied};
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

static void no_database_is_told(void **state)
{
    (void)state;
    char why[1024] = "";
    struct wh_migrate_options options = {.conninfo = "host=/nonexistent", .dir = dir};
    assert_int_equal(wh_migrate(&options, why, sizeof why), WH_E_IO);
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
        TEST(no_database_is_told),
        TEST(the_shipped_files_apply),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
