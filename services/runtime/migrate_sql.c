// SPDX-License-Identifier: Apache-2.0
// The migrator's few ways to speak to the database, and how its errors become one clear line.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "runtime/migrate_internal.h"

int migrate_fail(struct run *run, int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(run->why, run->why_n, format, args);
    va_end(args);
    return status;
}

int migrate_fail_db(struct run *run, const char *what, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *where = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    (void)snprintf(run->sqlstate, sizeof run->sqlstate, "%.5s", state != NULL ? state : "");
    return migrate_fail(run, WH_E_DB, "%s: %s %s%s%s", what, state != NULL ? state : "",
                        text != NULL ? text : PQerrorMessage(run->conn),
                        where != NULL ? " at character " : "", where != NULL ? where : "");
}

int migrate_execute(struct run *run, const char *what, const char *sql)
{
    PGresult *result = PQexec(run->conn, sql);
    ExecStatusType status = PQresultStatus(result);
    int failed = 0;
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY)
        failed = migrate_fail_db(run, what, result);
    PQclear(result);
    return failed;
}

int migrate_executef(struct run *run, const char *what, const char *format, ...)
{
    char sql[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(sql, sizeof sql, format, args);
    va_end(args);
    return migrate_execute(run, what, sql);
}

int migrate_ask(struct run *run, const char *sql, const char *param, bool *ret_true)
{
    PGresult *result = PQexecParams(run->conn, sql, param != NULL, NULL, &param, NULL, NULL, 0);
    int failed =
        PQresultStatus(result) == PGRES_TUPLES_OK ? 0 : migrate_fail_db(run, "question", result);
    *ret_true = failed == 0 && PQntuples(result) > 0 && PQgetvalue(result, 0, 0)[0] == 't';
    PQclear(result);
    return failed;
}
