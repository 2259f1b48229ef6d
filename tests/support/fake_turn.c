// SPDX-License-Identifier: Apache-2.0
// See fake_turn.h.
#include "support/fake_turn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/engine.h"

// The rows go where the real wh_put puts them; of a turn there is nothing else.
struct fake_turn {
    struct wh_turn turn;
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
    turn->turn.own = turn->batches;
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
    return &turn->turn;
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
