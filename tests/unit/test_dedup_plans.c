// SPDX-License-Identifier: Apache-2.0
// Every statement of the runtime and of dedup, planned as a service session plans it: generically,
// on empty tables and on full ones. No table that grows is read from end to end: no sequential
// scan, and no index walked without a condition but the partial one over what is open, what persons
// separated (read at the start), and a few rows off an index' end. What changes in a report's row
// keeps its place in the index: a HOT update.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "dedup/handler_service.h"
#include "runtime/sql.h"
#include "support/pg.h"

static struct pg *pg;
static struct wh_sql sql;

static PGresult *run(const char *text, ExecStatusType wanted)
{
    PGresult *result = PQexec(pg_conn(pg), text);
    if (PQresultStatus(result) != wanted) {
        print_error("%s\n%s\n", text, PQerrorMessage(pg_conn(pg)));
        fail();
    }
    return result;
}

static bool grows(const char *table)
{
    static const char *const small[] = {"head",     "cursor",         "follower",   "ownership",
                                        "district", "schema_version", "dead_letter"};
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++) {
        if (strcmp(table, small[i]) == 0) {
            return false;
        }
    }
    return table[0] != '\0' && strncmp(table, "pg_", 3) != 0;
}

static const char *text_of(const json_t *node, const char *key)
{
    const char *text = json_string_value(json_object_get(node, key));
    return text == NULL ? "" : text;
}

// Walking these is walking what is open, waiting or set aside, never what has ended.
static bool is_of_open(const char *index)
{
    return strstr(index, "_open") != NULL || strcmp(index, "apart_pkey") == 0 ||
           strcmp(index, "dead_letter_pkey") == 0;
}

static const char *fault_of(const json_t *node, bool limited)
{
    const char *type = text_of(node, "Node Type"), *table = text_of(node, "Relation Name");
    const char *index = text_of(node, "Index Name");
    bool scan = strstr(type, "Scan") != NULL && grows(table);
    if (scan && strcmp(type, "Seq Scan") == 0) {
        return "a sequential scan";
    }
    if (scan && strncmp(type, "Index", 5) == 0 && json_object_get(node, "Index Cond") == NULL &&
        !limited && !is_of_open(index)) {
        return "a whole index";
    }
    bool below = limited || strcmp(type, "Limit") == 0;
    size_t i;
    json_t *child;
    json_array_foreach(json_object_get(node, "Plans"), i, child)
    {
        bool sorts = strcmp(type, "Sort") == 0 || strcmp(type, "Aggregate") == 0 ||
                     strcmp(type, "Hash") == 0;
        const char *fault = fault_of(child, below && !sorts);
        if (fault != NULL) {
            return fault;
        }
    }
    return NULL;
}

static size_t parameters(void)
{
    return (size_t)pg_int(pg, "SELECT coalesce(cardinality(parameter_types), 0) "
                              "FROM pg_prepared_statements WHERE name = 'p'");
}

static void check(const char *statement)
{
    pg_run(pg, "DEALLOCATE ALL");
    char text[8192], nulls[256] = "";
    (void)snprintf(text, sizeof text, "PREPARE p AS %s", statement);
    PQclear(run(text, PGRES_COMMAND_OK));
    size_t n = parameters();
    for (size_t i = 0; i < n; i++) {
        strcat(nulls, i == 0 ? "(NULL" : ",NULL");
    }
    (void)snprintf(text, sizeof text, "EXPLAIN (FORMAT JSON) EXECUTE p%s%s", nulls,
                   n > 0 ? ")" : "");
    PGresult *result = run(text, PGRES_TUPLES_OK);
    json_t *plan = json_loads(PQgetvalue(result, 0, 0), 0, NULL);
    const char *fault = fault_of(json_object_get(json_array_get(plan, 0), "Plan"), false);
    if (fault != NULL) {
        print_error("%s\n%s\n%s\n", fault, statement, PQgetvalue(result, 0, 0));
        fail();
    }
    json_decref(plan);
    PQclear(result);
}

static void check_all(void)
{
    for (size_t i = 0; i < sql.n_writer; i++) {
        check(sql.writer[i]);
    }
    for (size_t i = 0; i < sql.n_reader; i++) {
        check(sql.reader[i]);
    }
    for (size_t i = 0; i < sql.n_viewer; i++) {
        check(sql.viewer[i]);
    }
}

static void test_empty(void **state)
{
    (void)state;
    check_all();
}

// Reports of the last 200 days, a hundred a day; every seventh is joined to the one before.
static void fill(void)
{
    pg_run(pg,
           "INSERT INTO report (id, at, told, seq, until_at, resolved_at, asks, raised, unit, "
           "street, stage, moved, priority, flags, open, danger, blob) SELECT "
           "to_char(now() - d * interval '1 day', 'YYYYMMDD')::int8 * 10000000 + n, 0, n, n, 0, 0, "
           "0, 0, 17, 17, 2, 0, 3, 0, d < 3, '', decode(repeat('00', 300), 'hex') "
           "FROM generate_series(0, 199) d, generate_series(1, 100) n ORDER BY 1");
    pg_run(pg, "INSERT INTO membership (child, seq, parent, parted_seq) SELECT id, id, id - 1, "
               "CASE id % 3 WHEN 0 THEN 9 ELSE 0 END FROM report WHERE id % 7 = 0");
    pg_run(pg, "INSERT INTO apart SELECT id, id + 1, 1, 0 FROM report WHERE id % 50 = 0");
}

static void test_full(void **state)
{
    (void)state;
    pg_run(pg, "INSERT INTO journal SELECT g, g, 3, g, '{}', 'x', 'h' "
               "FROM generate_series(1, 60000) g");
    fill();
    pg_run(pg, "INSERT INTO answer (request, principal, digest, seq) SELECT gen_random_uuid(), "
               "'x', 'd', g FROM generate_series(1, 20000) g");
    pg_run(pg, "INSERT INTO dead_letter (at, cause) SELECT g, 'c' FROM generate_series(1, 100) g");
    pg_run(pg, "ANALYZE");
    check_all();
}

// Joins, moves and ends change no indexed column; a HOT update leaves the indexes alone.
static void test_hot(void **state)
{
    (void)state;
    pg_run(pg, "TRUNCATE report, membership, apart");
    fill();
    pg_run(pg, "SELECT pg_stat_reset()");
    pg_run(pg, "UPDATE report SET stage = 3, priority = 2, flags = 2 WHERE id % 20 = 0");
    pg_run(pg, "UPDATE report SET moved = 11, resolved_at = 5 WHERE id % 20 = 3");
    pg_run(pg, "UPDATE membership SET parted_seq = 12 WHERE child % 140 = 0");
    pg_run(pg, "SELECT pg_stat_force_next_flush()");
    int64_t all = pg_int(pg, "SELECT sum(n_tup_upd)::int8 FROM pg_stat_user_tables WHERE relname "
                             "IN ('report', 'membership')");
    int64_t hot = pg_int(pg, "SELECT sum(n_tup_hot_upd)::int8 FROM pg_stat_user_tables WHERE "
                             "relname IN ('report', 'membership')");
    assert_true(all > 2000);
    if (hot * 10 < all * 9) // a page may be full
        fail_msg("%lld of %lld updates were HOT", (long long)hot, (long long)all);
}

static int setup(void **state)
{
    (void)state;
    static const char *const services[] = {"dedup", NULL};
    pg = pg_new();
    pg_migrate(pg, services);
    pg_run(pg, "SET search_path = dedup");
    pg_run(pg, "SET enable_seqscan = off");
    pg_run(pg, "SET enable_mergejoin = off");
    pg_run(pg, "SET enable_hashjoin = off");
    pg_run(pg, "SET jit = off");
    pg_run(pg, "SET plan_cache_mode = force_generic_plan");
    return wh_sql_init(&sql, &dedup_service);
}

static int teardown(void **state)
{
    (void)state;
    wh_sql_done(&sql);
    pg_free(pg);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_hot),
    };
    return cmocka_run_group_tests_name("dedup plans", tests, setup, teardown);
}
