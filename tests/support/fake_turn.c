// SPDX-License-Identifier: Apache-2.0
// See fake_turn.h.
#include "support/fake_turn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/batch.h"

struct fake_turn {
    PGconn *conn;
    const struct wh_statement *statements;
    size_t n;
    struct wh_batch *batches;
};

static void must(bool good, const char *what, const char *why)
{
    if (!good) {
        fprintf(stderr, "fake_turn: %s: %s\n", what, why);
        abort();
    }
}

static void done(PGconn *conn, PGresult *result, const char *what)
{
    ExecStatusType status = PQresultStatus(result);
    must(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, what, PQerrorMessage(conn));
    PQclear(result);
}

struct fake_turn *fake_turn_new(PGconn *conn, const struct wh_statement *statements, size_t n)
{
    struct fake_turn *turn = calloc(1, sizeof *turn);
    must(turn != NULL, "memory", "");
    *turn = (struct fake_turn){.conn = conn, .statements = statements, .n = n};
    turn->batches = calloc(n, sizeof *turn->batches);
    must(turn->batches != NULL, "memory", "");
    for (size_t i = 0; i < n; i++) {
        const struct wh_statement *s = &statements[i];
        must(wh_batch_init(&turn->batches[i], s->columns) == 0, s->name, "columns");
        done(conn, PQprepare(conn, s->name, s->sql, 0, NULL), s->name);
    }
    return turn;
}

void fake_turn_free(struct fake_turn *turn)
{
    for (size_t i = 0; turn != NULL && i < turn->n; i++) {
        wh_batch_done(&turn->batches[i]);
    }
    if (turn != NULL) {
        done(turn->conn, PQexec(turn->conn, "DEALLOCATE ALL"), "DEALLOCATE");
        free(turn->batches);
    }
    free(turn);
}

struct wh_turn *fake_turn_handle(struct fake_turn *turn)
{
    return (struct wh_turn *)(void *)turn;
}

// Weak: a program that has the engine too (all test programs link the same archives) keeps the real
// one.
__attribute__((weak)) // Weak: a program that has an engine keeps the engine's.
__attribute__((weak)) int
wh_put(struct wh_turn *turn, size_t statement, const struct wh_val *values, size_t n)
{
    struct fake_turn *fake = (struct fake_turn *)(void *)turn;
    int status = wh_batch_add(&fake->batches[statement], values, n);
    must(status == 0, fake->statements[statement].name, "the row does not match its columns");
    return 0;
}

static void run_one(struct fake_turn *turn, size_t i)
{
    struct wh_batch *batch = &turn->batches[i];
    struct wh_db_param params[WH_BATCH_COLUMNS];
    const char *values[WH_BATCH_COLUMNS];
    int lengths[WH_BATCH_COLUMNS], formats[WH_BATCH_COLUMNS];
    wh_batch_params(batch, params);
    for (size_t c = 0; c < batch->n_columns; c++) {
        values[c] = params[c].data;
        lengths[c] = params[c].n;
        formats[c] = params[c].format;
    }
    done(turn->conn,
         PQexecPrepared(turn->conn, turn->statements[i].name, (int)batch->n_columns, values,
                        lengths, formats, 1),
         turn->statements[i].name);
    wh_batch_clear(batch);
}

void fake_turn_run(struct fake_turn *turn)
{
    done(turn->conn, PQexec(turn->conn, "BEGIN"), "BEGIN");
    for (size_t i = 0; i < turn->n; i++) {
        if (turn->batches[i].n_rows > 0) {
            run_one(turn, i);
        }
    }
    done(turn->conn, PQexec(turn->conn, "COMMIT"), "COMMIT");
}

PGresult *fake_select(PGconn *conn, const char *sql, const char *param)
{
    PGresult *result = PQexecParams(conn, sql, 1, NULL, &param, NULL, NULL, 1);
    must(PQresultStatus(result) == PGRES_TUPLES_OK, "select", PQerrorMessage(conn));
    return result;
}
