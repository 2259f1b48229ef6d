// SPDX-License-Identifier: Apache-2.0
// When a service must not start or not go on: a database that would lose commits or spoil Chinese
// text, tables of another version, a torn journal, another owner. And how it stops: nothing that
// was taken stays unanswered.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/tiny.h"

static struct tiny *tiny;

static int setup(void **state)
{
    (void)state;
    tiny = tiny_new();
    tiny_client(tiny, 30000);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tiny_free(tiny);
    return 0;
}

static bool log_has(const char *text)
{
    char command[512];
    snprintf(command, sizeof command, "grep -q '%s' '%s/intake0.log'", text, tiny->dir);
    return system(command) == 0;
}

// Starts it so; it must end by itself and say why.
static void refuses(const char *environment, const char *why)
{
    pid_t pid = tiny_start(tiny, "intake", 0, environment);
    int code = tiny_wait(pid, 5000);
    if (code != 1 || !log_has(why)) {
        kill(pid, SIGKILL);
        fail_msg("%s: ended with %d", why, code);
    }
}

static void set(const char *name, const char *value)
{
    char sql[128];
    snprintf(sql, sizeof sql, "ALTER SYSTEM SET %s = %s", name, value);
    pg_run(tiny->pg, sql);
    pg_run(tiny->pg, "SELECT pg_reload_conf()");
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM pg_settings WHERE name = '%s' AND "
             "setting = '%s'",
             name, value);
    assert_true(tiny_until(tiny, sql, 1, 5000));
}

static void unsafe_database(void **state)
{
    (void)state;
    set("fsync", "off");
    refuses(NULL, "fsync=off");
    set("fsync", "on");
    set("full_page_writes", "off");
    refuses(NULL, "full_page_writes=off");
    set("full_page_writes", "on");
}

static void wrong_letters(void **state)
{
    (void)state;
    char environment[256];
    static const char *const makes[][2] = {
        {"LC_CTYPE 'C' LC_COLLATE 'C' ENCODING 'UTF8'", "lc_ctype is C"},
        {"LC_CTYPE 'C' LC_COLLATE 'C' ENCODING 'SQL_ASCII'", "encoding is SQL_ASCII"},
    };
    for (int i = 0; i < 2; i++) {
        char sql[256];
        snprintf(sql, sizeof sql, "CREATE DATABASE other%d TEMPLATE template0 %s", i, makes[i][0]);
        pg_run(tiny->pg, sql);
        snprintf(environment, sizeof environment,
                 "WHISTLE_DATABASE=host=%s dbname=other%d user=whistle", pg_dir(tiny->pg), i);
        refuses(environment, "schema intake has no tables");
        snprintf(sql, sizeof sql,
                 "psql -qAt -h '%s' -U whistle -d other%d -c 'CREATE SCHEMA intake' -c 'CREATE "
                 "TABLE intake.schema_version (set text, version int4, name text)'",
                 pg_dir(tiny->pg), i);
        assert_int_equal(system(sql), 0);
        refuses(environment, makes[i][1]);
    }
}

static void other_tables(void **state)
{
    (void)state;
    char last[96], *name = pg_text(tiny->pg, "SELECT max(name) FROM intake.schema_version WHERE "
                                             "set = 'intake'");
    snprintf(last, sizeof last, "\"schema.other\".*intake/%s.*knows intake/0001_x.sql", name);
    free(name);
    refuses("TINY_MIGRATION=0099_far.sql", "schema.older.*lack intake/0099_far.sql");
    refuses("TINY_MIGRATION=0001_x.sql", last);
    refuses("TINY_MIGRATION=0000_none.sql", "schema.newer");
}

static void row(const char *set, const char *name, const char *keeps)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "INSERT INTO intake.schema_version (set, version, name, checksum, keeps) VALUES "
             "('%s', left('%s', 4)::int4, '%s', '', %s)",
             set, name, name, keeps);
    pg_run(tiny->pg, sql);
}

// Tables that went on: what keeps the program is accepted as far as every step keeps it; the first
// step that does not is named.
static void newer_tables(void **state)
{
    static const char *const sets[] = {"intake", "common"};
    char why[96];
    (void)state;
    for (int i = 0; i < 2; i++) {
        snprintf(why, sizeof why, "SELECT max(version) FROM intake.schema_version WHERE set = '%s'",
                 sets[i]);
        char *last = pg_text(tiny->pg, why);
        row(sets[i], "0090_more.sql", last);
        row(sets[i], "0091_more.sql", last);
        pid_t pid = tiny_start(tiny, "intake", 0, NULL);
        assert_int_equal(tiny_say(tiny, 1, "on newer tables", NULL)->error, 0);
        assert_true(log_has("schema.expanded.*0091_more.sql"));
        assert_int_equal(tiny_stop(pid), 0);
        row(sets[i], "0092_gone.sql", "91");
        snprintf(why, sizeof why, "schema.newer.*by %s/0092_gone.sql, which does not", sets[i]);
        refuses(NULL, why);
        pg_run(tiny->pg, "DELETE FROM intake.schema_version WHERE version = 92");
        row(sets[i], "0092_untold.sql", "NULL");
        snprintf(why, sizeof why, "schema.newer.*by %s/0092_untold.sql", sets[i]);
        refuses(NULL, why);
        pg_run(tiny->pg, "DELETE FROM intake.schema_version WHERE version >= 90");
        free(last);
    }
}

// The tables go on while the program has no database: it looks again before it takes the journal.
static void tables_changed_behind_its_back(void **state)
{
    (void)state;
    pid_t pid = tiny_start(tiny, "intake", 0, NULL);
    assert_int_equal(tiny_say(tiny, 1, "before", NULL)->error, 0);
    row("intake", "0093_gone.sql", "93");
    pg_run(tiny->pg, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                     "application_name LIKE 'intake % writer %'");
    assert_int_equal(tiny_wait(pid, 5000), 1);
    assert_true(log_has("schema.newer.*0093_gone.sql"));
    pg_run(tiny->pg, "DELETE FROM intake.schema_version WHERE version = 93");
}

// Made by a migrator that knew nothing of keeping.
static void tables_without_the_column(void **state)
{
    (void)state;
    pg_run(tiny->pg, "ALTER TABLE intake.schema_version DROP COLUMN keeps");
    pid_t pid = tiny_start(tiny, "intake", 0, NULL);
    assert_int_equal(tiny_say(tiny, 1, "as ever", NULL)->error, 0);
    assert_int_equal(tiny_stop(pid), 0);
    refuses("TINY_MIGRATION=0000_two.sql", "schema.newer.*knows up to 0000_two.sql");
    pg_run(tiny->pg, "ALTER TABLE intake.schema_version ADD COLUMN keeps int4");
}

// Each taking leaves a row; the next owner and whoever stands by say who it was. An epoch without a
// row (a program that knows no such table) is told as that.
static void owners_are_named(void **state)
{
    char line[256];
    (void)state;
    pg_run(tiny->pg, "INSERT INTO intake.ownership VALUES (-2000, 0, 0, 1, '', 'ancient', '')");
    pid_t one = tiny_start(tiny, "intake", 0, "WHISTLE_RELEASE=9.1");
    int64_t seq = tiny_say(tiny, 1, "one", NULL)->seq;
    snprintf(line, sizeof line,
             "SELECT count(*) FROM intake.ownership o JOIN intake.head h USING (epoch) WHERE "
             "o.release = '9.1' AND o.pid = %d AND o.seq < %lld AND host <> ''",
             (int)one, (long long)seq);
    assert_int_equal(pg_int(tiny->pg, line), 1);
    assert_int_equal(
        pg_int(tiny->pg, "SELECT count(*) FROM intake.ownership WHERE release = 'ancient'"), 0);
    pid_t two = tiny_start(tiny, "intake", 1, "WHISTLE_RELEASE=9.2");
    snprintf(line, sizeof line, "grep -q 'owner.standby.*release 9.1, pid %d on ' '%s/intake1.log'",
             (int)one, tiny->dir);
    for (int i = 0; i < 50 && system(line) != 0; i++)
        tiny_run(tiny, 100);
    assert_int_equal(system(line), 0);
    assert_int_equal(tiny_stop(two), 0);
    assert_int_equal(tiny_stop(one), 0);
    two = tiny_start(tiny, "intake", 0, "WHISTLE_RELEASE=9.3");
    assert_int_equal(tiny_say(tiny, 1, "two", NULL)->error, 0);
    snprintf(line, sizeof line, "the one before: release 9.1, pid %d on ", (int)one);
    assert_true(log_has(line));
    assert_int_equal(tiny_stop(two), 0);
    pg_run(tiny->pg, "UPDATE intake.head SET epoch = epoch + 1");
    two = tiny_start(tiny, "intake", 0, NULL);
    assert_int_equal(tiny_say(tiny, 1, "three", NULL)->error, 0);
    assert_true(log_has("the one before: a program that left no name"));
    assert_int_equal(tiny_stop(two), 0);
}

static void torn_journal(void **state)
{
    (void)state;
    pid_t pid = tiny_start(tiny, "intake", 0, NULL);
    for (int i = 0; i < 3; i++)
        assert_int_equal(tiny_say(tiny, 1, "one", NULL)->error, 0);
    assert_int_equal(tiny_stop(pid), 0);
    pg_run(tiny->pg, "UPDATE intake.head SET seq = seq - 1");
    refuses(NULL, "journal.torn");
    pg_run(tiny->pg,
           "UPDATE intake.head SET seq = seq + 1, hash = decode(repeat('00', 32), 'hex')");
    refuses(NULL, "journal.torn");
    pg_run(tiny->pg, "UPDATE intake.head SET hash = (SELECT hash FROM intake.journal "
                     "ORDER BY seq DESC LIMIT 1)");
}

static void fenced(void **state)
{
    (void)state;
    pid_t pid = tiny_start(tiny, "intake", 0, NULL);
    assert_int_equal(tiny_say(tiny, 1, "one", NULL)->error, 0);
    int64_t rows = pg_int(tiny->pg, "SELECT count(*) FROM intake.journal");
    pg_run(tiny->pg, "UPDATE intake.head SET epoch = epoch + 1");
    tiny_ask(tiny, 1, "by a zombie", NULL);
    tiny_run(tiny, 300);
    assert_int_equal(tiny_wait(pid, 5000), 1);
    assert_true(log_has("fenced"));
    assert_int_equal(pg_int(tiny->pg, "SELECT count(*) FROM intake.journal"), rows);
    pid = tiny_start(tiny, "intake", 0, NULL);
    assert_true(tiny_answered(tiny, 10000));
    assert_int_equal(tiny_stop(pid), 0);
}

// Asked to stop in the middle of the stream: what was taken is answered, the rest is told to come
// again, and does; nothing counts twice.
static void drained(void **state)
{
    (void)state;
    pid_t pid = tiny_start(tiny, "intake", 0, NULL);
    for (int round = 0; round < 5; round++) {
        size_t heard = tiny->heard;
        for (int i = 0; i < 1500; i++)
            tiny_ask(tiny, 2, "stream", NULL);
        while (tiny->heard < heard + 500)
            tiny_run(tiny, 1);
        kill(pid, SIGTERM);
        int code = 1000;
        for (int i = 0; i < 200 && code == 1000; i++) {
            tiny_run(tiny, 10);
            code = tiny_wait(pid, 1);
        }
        assert_int_equal(code, 0);
        pid = tiny_start(tiny, "intake", 0, NULL);
        assert_true(tiny_answered(tiny, 20000));
    }
    assert_int_equal(pg_int(tiny->pg, "SELECT n FROM intake.counter WHERE id = 202611230000002"),
                     7500);
    assert_int_equal(tiny_stop(pid), 0);
}

int main(int argc, char **argv)
{
    int code;
    if (tiny_is_service(argc, argv, &code))
        return code;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unsafe_database),
        cmocka_unit_test(wrong_letters),
        cmocka_unit_test(other_tables),
        cmocka_unit_test(newer_tables),
        cmocka_unit_test(tables_changed_behind_its_back),
        cmocka_unit_test(tables_without_the_column),
        cmocka_unit_test(owners_are_named),
        cmocka_unit_test(torn_journal),
        cmocka_unit_test(fenced),
        cmocka_unit_test(drained),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
