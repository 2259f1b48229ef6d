// SPDX-License-Identifier: Apache-2.0
#include "support/plans.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static struct plans *of;

static PGresult *run(const char *text, ExecStatusType wanted)
{
    PGresult *result = PQexec(pg_conn(of->pg), text);
    if (PQresultStatus(result) != wanted) {
        print_error("%s\n%s\n", text, PQerrorMessage(pg_conn(of->pg)));
        fail();
    }
    return result;
}

static bool is_among(const char *name, const char *const *names)
{
    while (*names != NULL && strcmp(*names, name) != 0) {
        names++;
    }
    return *names != NULL;
}

static bool grows(const char *table)
{
    static const char *const small[] = {"head",     "cursor",         "follower",    "ownership",
                                        "district", "schema_version", "dead_letter", NULL};
    if (is_among(table, small) || is_among(table, of->small)) {
        return false;
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
    return strstr(index, "_open") != NULL || strcmp(index, "dead_letter_pkey") == 0 ||
           is_among(index, of->walked);
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
    return (size_t)pg_int(of->pg, "SELECT coalesce(cardinality(parameter_types), 0) "
                                  "FROM pg_prepared_statements WHERE name = 'p'");
}

void plans_check_one(const char *statement)
{
    pg_run(of->pg, "DEALLOCATE ALL");
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

void plans_check(void)
{
    for (size_t i = 0; i < of->sql.n_writer; i++) {
        plans_check_one(of->sql.writer[i]);
    }
    for (size_t i = 0; i < of->sql.n_reader; i++) {
        plans_check_one(of->sql.reader[i]);
    }
    for (size_t i = 0; i < of->sql.n_viewer; i++) {
        plans_check_one(of->sql.viewer[i]);
    }
}

void plans_fill_common(void)
{
    pg_run(of->pg, "INSERT INTO journal SELECT g, g, 3, g, '{}', 'x', 'h' "
                   "FROM generate_series(1, 60000) g");
    pg_run(of->pg, "INSERT INTO answer (request, principal, digest, seq) SELECT gen_random_uuid(), "
                   "'x', 'd', g FROM generate_series(1, 20000) g");
    pg_run(of->pg,
           "INSERT INTO dead_letter (at, cause) SELECT g, 'c' FROM generate_series(1, 100) g");
}

int plans_begin(struct plans *plans)
{
    const char *const services[] = {plans->service->name, NULL};
    char path[64];
    of = plans;
    of->pg = pg_new();
    pg_migrate(of->pg, services);
    (void)snprintf(path, sizeof path, "SET search_path = %s", of->service->name);
    pg_run(of->pg, path);
    pg_run(of->pg, "SET enable_seqscan = off");
    pg_run(of->pg, "SET enable_mergejoin = off");
    pg_run(of->pg, "SET enable_hashjoin = off");
    pg_run(of->pg, "SET jit = off");
    pg_run(of->pg, "SET plan_cache_mode = force_generic_plan");
    return wh_sql_init(&of->sql, of->service);
}

void plans_end(void)
{
    wh_sql_done(&of->sql);
    pg_free(of->pg);
}
