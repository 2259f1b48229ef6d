// SPDX-License-Identifier: Apache-2.0
// Every statement of the runtime and of dispatch, planned as a service session plans it:
// generically, on empty tables and on full ones. No table that grows is read from end to end: no
// sequential scan, and no index walked without a condition but the partial ones over what is open,
// and a few rows off an index' end.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "dispatch/handler_service.h"
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
    static const char *const small[] = {"head",     "cursor",         "follower",    "ownership",
                                        "district", "schema_version", "dead_letter", "noted"};
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
    return strstr(index, "_open") != NULL || strcmp(index, "waiting_pkey") == 0 ||
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

static void test_full(void **state)
{
    (void)state;
    pg_run(pg, "INSERT INTO journal SELECT g, g, 3, g, '{}', 'x', 'h' "
               "FROM generate_series(1, 60000) g");
    pg_run(pg,
           "INSERT INTO whistle (id, submitted_at, version, priority, source, stage, state, "
           "open, times_set, category, title, history) SELECT g, g, 1, 2, 1, 7, 7, g > 19000, "
           "'normal', 'RUBBISH', 'title', ARRAY[g, g + 20000] FROM generate_series(1, 20000) g");
    pg_run(pg,
           "UPDATE whistle SET stage = 6, state = 6, merged_into = id - 1 - id % 7, joined_at = 1, "
           "joined_stage = 7 WHERE id % 10 > 6");
    pg_run(pg, "INSERT INTO task (whistle, body, seq, dispatched_at, ord, part, open) "
               "SELECT g, b, g, g, b - 50, 1, g > 19000 FROM generate_series(1, 20000) g, "
               "generate_series(50, 53) b");
    pg_run(pg, "INSERT INTO answer (request, principal, digest, seq) SELECT gen_random_uuid(), "
               "'x', 'd', g FROM generate_series(1, 20000) g");
    pg_run(pg, "INSERT INTO bundle SELECT 'b' || g, g FROM generate_series(1, 5000) g");
    pg_run(pg,
           "INSERT INTO waiting SELECT g % 20, g, 0, g, 0, 1, g FROM generate_series(1, 500) g");
    pg_run(pg, "INSERT INTO dead_letter (at, cause) SELECT g, 'c' FROM generate_series(1, 100) g");
    pg_run(pg, "ANALYZE");
    check_all();
}

static int setup(void **state)
{
    (void)state;
    static const char *const services[] = {"dispatch", NULL};
    pg = pg_new();
    pg_migrate(pg, services);
    pg_run(pg, "SET search_path = dispatch");
    pg_run(pg, "SET enable_seqscan = off");
    pg_run(pg, "SET enable_mergejoin = off");
    pg_run(pg, "SET enable_hashjoin = off");
    pg_run(pg, "SET jit = off");
    pg_run(pg, "SET plan_cache_mode = force_generic_plan");
    return wh_sql_init(&sql, &dispatch_service);
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
    };
    return cmocka_run_group_tests_name("dispatch plans", tests, setup, teardown);
}
