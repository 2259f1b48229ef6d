// SPDX-License-Identifier: Apache-2.0
// Every statement of the runtime's core as the planner sees it on empty tables, where a plan made
// once would stay for ever: nothing that grows is ever read from end to end.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/sql.h"
#include "support/pg.h"

static struct pg *pg;
static struct wh_sql sql;

static int setup(void **state)
{
    static const char *const services[] = {"intake", NULL};
    static const struct wh_service service = {.name = "intake"};
    (void)state;
    pg = pg_new();
    pg_migrate(pg, services);
    pg_run(pg, "SET search_path = intake; SET enable_seqscan = off; SET jit = off; "
               "SET plan_cache_mode = force_generic_plan");
    return wh_sql_init(&sql, &service);
}

static int teardown(void **state)
{
    (void)state;
    wh_sql_done(&sql);
    pg_free(pg);
    return 0;
}

static int params_of(const char *text)
{
    int most = 0;
    for (const char *at = strchr(text, '$'); at; at = strchr(at + 1, '$'))
        most = atoi(at + 1) > most ? atoi(at + 1) : most;
    return most;
}

static void check(const char *text)
{
    static const char *const growing[] = {"Seq Scan on journal", "Seq Scan on answer", "Hash Join"};
    char *query = malloc(strlen(text) + 64);
    sprintf(query, "PREPARE one AS %s", text);
    pg_run(pg, query);
    strcpy(query, "EXPLAIN EXECUTE one");
    for (int i = 0, n = params_of(text); i < n; i++)
        sprintf(query + strlen(query), "%sNULL%s", i ? ", " : "(", i + 1 == n ? ")" : "");
    PGresult *result = PQexec(pg_conn(pg), query);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", text, PQerrorMessage(pg_conn(pg)));
    for (int i = 0; i < PQntuples(result); i++)
        for (size_t j = 0; j < sizeof growing / sizeof *growing; j++)
            if (strstr(PQgetvalue(result, i, 0), growing[j]))
                fail_msg("%s: %s", text, PQgetvalue(result, i, 0));
    PQclear(result);
    free(query);
    pg_run(pg, "DEALLOCATE one");
}

static void by_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < WH_W_OWN; i++)
        check(sql.writer[i]);
    pg_run(pg, "SET enable_hashjoin = off; SET enable_mergejoin = off");
    for (size_t i = 0; i < WH_R_OWN; i++)
        check(sql.reader[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(by_key)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
