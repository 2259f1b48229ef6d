// SPDX-License-Identifier: Apache-2.0
// Statements out, results in: libpq's pipeline mode. All between two Syncs is one transaction; a
// transaction's outcome is known when its Sync's result has been read, not earlier.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "runtime/db_internal.h"

#define PARAMS_MAX 32

static struct db_job *job_take(struct wh_db *db, size_t n)
{
    struct db_job *job = db->spare;
    if (job)
        db->spare = job->next;
    else if (!(job = calloc(1, sizeof *job)))
        return NULL;
    PGresult **results = job->results;
    size_t cap = job->cap;
    if (cap < n) {
        PGresult **more = realloc(results, n * sizeof(PGresult *));
        if (!more) {
            job->next = db->spare;
            db->spare = job;
            return NULL;
        }
        results = more;
        cap = n;
    }
    *job = (struct db_job){.n = n, .results = results, .cap = cap};
    return job;
}

static void job_release(struct wh_db *db, struct db_job *job)
{
    for (size_t i = 0; i < job->got; i++)
        PQclear(job->results[i]);
    job->got = 0;
    job->next = db->spare;
    db->spare = job;
}

static void job_queue(struct wh_db *db, struct db_job *job)
{
    if (db->tail)
        db->tail->next = job;
    else
        db->head = job;
    db->tail = job;
    db->queued++;
}

static void name_of(size_t index, char name[16])
{
    (void)snprintf(name, 16, "s%u", (unsigned)index);
}

int db_pipe_start(struct wh_db *db)
{
    struct db_job *job = job_take(db, db->options.n_sql);
    if (!job)
        return WH_E_NOMEM;
    job_queue(db, job);
    for (size_t i = 0; i < db->options.n_sql; i++) {
        char name[16];
        name_of(i, name);
        if (!PQsendPrepare(db->conn, name, db->options.sql[i], 0, NULL))
            return WH_E_IO;
    }
    if (!PQpipelineSync(db->conn))
        return WH_E_IO;
    db_pipe_flush(db);
    return 0;
}

static int send_step(struct wh_db *db, const struct wh_db_step *step)
{
    const char *values[PARAMS_MAX];
    int lengths[PARAMS_MAX], formats[PARAMS_MAX];
    char name[16];
    if (step->n_params > PARAMS_MAX)
        return WH_E_INVALID;
    for (size_t i = 0; i < step->n_params; i++) {
        values[i] = step->params[i].data;
        lengths[i] = step->params[i].n;
        formats[i] = step->params[i].format;
    }
    name_of(step->statement, name);
    return PQsendQueryPrepared(db->conn, name, (int)step->n_params, values, lengths, formats, 1)
               ? 0
               : WH_E_IO;
}

int wh_db_run(struct wh_db *db, const struct wh_db_step *steps, size_t n, wh_db_done_fn done,
              void *arg)
{
    if (!wh_db_ready(db))
        return WH_E_DB;
    struct db_job *job = job_take(db, n);
    if (!job)
        return WH_E_NOMEM;
    job->done = done;
    job->arg = arg;
    job_queue(db, job);
    for (size_t i = 0; i < n; i++) {
        if (send_step(db, &steps[i]) != 0) {
            db_break_later(db, PQerrorMessage(db->conn));
            return 0;
        }
    }
    if (db->options.before_sync) {
        PQsendFlushRequest(db->conn);
        db_pipe_flush(db);
        db->options.before_sync(db->options.arg);
    }
    if (!PQpipelineSync(db->conn))
        db_break_later(db, PQerrorMessage(db->conn));
    else
        db_pipe_flush(db);
    return 0;
}

void db_pipe_flush(struct wh_db *db)
{
    int left = PQflush(db->conn);
    if (left < 0)
        db_break_later(db, PQerrorMessage(db->conn));
    else
        db_want(db, left > 0 ? UV_READABLE | UV_WRITABLE : UV_READABLE);
}

static void note_error(struct db_job *job, const PGresult *result)
{
    if (job->outcome.status != 0)
        return;
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    job->outcome.status = WH_E_DB;
    job->outcome.step = job->got;
    (void)snprintf(job->outcome.sqlstate, sizeof job->outcome.sqlstate, "%s",
                   sqlstate ? sqlstate : "");
    (void)snprintf(job->message, sizeof job->message, "%s",
                   text ? text : PQresultErrorMessage(result));
}

static void finish(struct wh_db *db, struct db_job *job)
{
    job->outcome.results = job->results;
    job->outcome.n_results = job->got;
    job->outcome.message = job->message;
    if (job->done)
        job->done(job->arg, &job->outcome);
    else if (!db->closing && db->state == DB_PREPARING)
        db_prepared(db, &job->outcome);
    job_release(db, job);
}

// One result of the transaction at the head. false: something that cannot be (the connection ends).
static bool take(struct wh_db *db, PGresult *result)
{
    struct db_job *job = db->head;
    if (!result) {
        bool fine = job->mid;
        job->mid = false;
        return fine;
    }
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_PIPELINE_SYNC) {
        PQclear(result);
        db->head = job->next;
        if (!db->head)
            db->tail = NULL;
        db->queued--;
        finish(db, job);
        return true;
    }
    job->mid = true;
    if (status == PGRES_FATAL_ERROR)
        note_error(job, result);
    if (job->got < job->n)
        job->results[job->got++] = result;
    else
        PQclear(result);
    return true;
}

bool db_pipe_read(struct wh_db *db)
{
    unsigned generation = db->generation;
    while (db->head && !PQisBusy(db->conn)) {
        if (!take(db, PQgetResult(db->conn))) {
            db_lost(db, PQstatus(db->conn) == CONNECTION_BAD ? PQerrorMessage(db->conn)
                                                             : "results out of step");
            return false;
        }
        if (db->generation != generation)
            return false;
    }
    return true;
}

void db_pipe_fail(struct wh_db *db, struct db_job *first, const char *why)
{
    while (first) {
        struct db_job *job = first;
        first = job->next;
        job->outcome = (struct wh_db_outcome){.status = WH_E_IO, .message = why};
        if (job->done)
            job->done(job->arg, &job->outcome);
        job_release(db, job);
    }
}

void db_pipe_done(struct wh_db *db)
{
    while (db->spare) {
        struct db_job *job = db->spare;
        db->spare = job->next;
        free(job->results);
        free(job);
    }
}

size_t wh_db_queued(const struct wh_db *db)
{
    return db->queued;
}
