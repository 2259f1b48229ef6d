// SPDX-License-Identifier: Apache-2.0
// Every SQL text of the runtime's core. What changes the head divides one by the number of rows it
// found, so that a head that is not the known one fails the whole transaction.
#include "runtime/sql.h"

#include <stdlib.h>

#include "base/error.h"
#include "runtime/feed.h"
#include "runtime/runtime.h"

static const char *const writer[WH_W_OWN] = {
    [WH_W_LOCK] = "SELECT pg_try_advisory_lock($1::int8)",
    [WH_W_UNLOCK] = "SELECT pg_advisory_unlock($1::int8)",
    [WH_W_HEAD] = "SELECT h.epoch, h.seq, h.touched, o.instance, o.release, o.host, o.pid, o.at "
                  "FROM head h LEFT JOIN ownership o ON o.epoch = h.epoch",
    [WH_W_TAKE] =
        "WITH h AS (UPDATE head SET epoch = epoch + 1, touched = greatest($1::int8, touched + 1) "
        "RETURNING epoch, seq, hash), o AS (INSERT INTO ownership (epoch, seq, at, pid, instance, "
        "release, host) SELECT epoch, seq, $1::int8, $2::int8, $3::text, $4::text, $5::text FROM h "
        "ON CONFLICT (epoch) DO UPDATE SET seq = EXCLUDED.seq, at = EXCLUDED.at, pid = "
        "EXCLUDED.pid, instance = EXCLUDED.instance, release = EXCLUDED.release, host = "
        "EXCLUDED.host), d AS (DELETE FROM ownership WHERE epoch < (SELECT epoch - 1000 FROM h)) "
        "SELECT h.epoch, h.seq, h.hash, b.instance, b.release, b.host, b.pid, b.at FROM h "
        "LEFT JOIN ownership b ON b.epoch = h.epoch - 1",
    [WH_W_TOUCH] = "WITH u AS (UPDATE head SET touched = greatest($3::int8, touched + 1) "
                   "WHERE epoch = $1::int8 AND seq = $2::int8 RETURNING 1) "
                   "SELECT 1 / count(*) FROM u",
    [WH_W_TERMINATE] =
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
        "AND objsubid = 1 AND (classid::int8 << 32 | objid::int8) = $1::int8 "
        "AND pid <> pg_backend_pid()",
    [WH_W_TRIM] = "DELETE FROM answer a USING (SELECT request, principal FROM answer "
                  "WHERE request < $1::uuid ORDER BY request, principal LIMIT 1000) o "
                  "WHERE a.request = o.request AND a.principal = o.principal",
    [WH_W_SET_HEAD] = "WITH u AS (UPDATE head SET seq = $3::int8, hash = $4::bytea, "
                      "touched = greatest($5::int8, touched + 1) WHERE epoch = $1::int8 "
                      "AND seq = $2::int8 AND hash = $6::bytea RETURNING 1) "
                      "SELECT 1 / count(*) FROM u",
    // unnest in the list of columns: half the cost of unnest in FROM, which stores every column
    // first
    [WH_W_JOURNAL] = "INSERT INTO journal (seq, at, kind, object, subjects, body, hash) SELECT "
                     "unnest($1::int8[]), unnest($2::int8[]), unnest($3::int2[]), "
                     "unnest($4::int8[]), unnest($5::text[])::int4[], unnest($6::bytea[]), "
                     "unnest($7::bytea[])",
    [WH_W_ANSWER] = "INSERT INTO answer (request, principal, digest, seq, refusal) SELECT "
                    "unnest($1::uuid[]), unnest($2::text[]), unnest($3::bytea[]), "
                    "unnest($4::int8[]), unnest($5::bytea[])",
    [WH_W_CURSOR] = "INSERT INTO cursor (feed, seq, hash) SELECT * FROM "
                    "unnest($1::text[], $2::int8[], $3::bytea[]) ON CONFLICT (feed) DO UPDATE "
                    "SET seq = EXCLUDED.seq, hash = EXCLUDED.hash",
    [WH_W_DEAD] = "INSERT INTO dead_letter (at, feed, seq, object, principal, request, cause, "
                  "sqlstate, why) SELECT * FROM unnest($1::int8[], $2::text[], $3::int8[], "
                  "$4::int8[], $5::text[], $6::uuid[], $7::bytea[], $8::text[], $9::text[])",
    [WH_W_RETRIED] = "UPDATE dead_letter d SET retried_at = u.at FROM "
                     "unnest($1::int8[], $2::int8[]) AS u (id, at) WHERE d.id = u.id",
};

static const char *const reader[WH_R_OWN] = {
    [WH_R_SCHEMA] = WH_CHECK_SCHEMA,
    [WH_R_KEPT] = "SELECT request, principal, digest, seq, refusal, (SELECT body FROM journal j "
                  "WHERE j.seq = a.seq) FROM answer a WHERE request = ANY ($1::uuid[])",
    [WH_R_TAKEN] = "SELECT h.epoch, h.seq, h.hash, (SELECT j.hash FROM journal j WHERE j.seq = "
                   "h.seq), (SELECT j.at FROM journal j WHERE j.seq = h.seq), "
                   "coalesce((SELECT max(j.seq) FROM journal j), 0) FROM head h",
    [WH_R_JOURNAL] = "SELECT seq, at, kind, object, subjects, body, hash FROM journal "
                     "WHERE seq >= $1::int8 AND seq <= $2::int8 ORDER BY seq",
    [WH_R_CURSORS] = "SELECT feed, seq, hash FROM cursor",
    [WH_R_PARKED] = "SELECT object, count(*) FROM dead_letter WHERE retried_at IS NULL "
                    "AND feed <> '' AND object <> 0 GROUP BY object",
};

static const char *const viewer[WH_V_OWN] = {
    [WH_V_PARKED] =
        "SELECT d.id, d.feed, d.cause, d.object FROM dead_letter d, (SELECT id, object FROM "
        "dead_letter WHERE id = $1::int8) o WHERE d.retried_at IS NULL AND d.feed <> '' AND "
        "(d.id = o.id OR (d.object = o.object AND d.object <> 0)) ORDER BY d.id LIMIT 1000",
};

static const char **table_new(const char *const *own, size_t n_own, size_t n)
{
    const char **table = calloc(n, sizeof *table);
    for (size_t i = 0; table && i < n_own; i++)
        table[i] = own[i];
    return table;
}

int wh_sql_init(struct wh_sql *sql, const struct wh_service *service)
{
    *sql = (struct wh_sql){0};
    sql->loaders = WH_R_OWN + service->n_rebuild;
    sql->feed = WH_V_OWN + service->n_selects;
    sql->n_writer = WH_W_OWN + service->n_statements;
    sql->n_reader = sql->loaders + service->n_loaders;
    sql->n_viewer = sql->feed + wh_feed_sql_n;
    sql->writer = table_new(writer, WH_W_OWN, sql->n_writer);
    sql->reader = table_new(reader, WH_R_OWN, sql->n_reader);
    sql->viewer = table_new(viewer, WH_V_OWN, sql->n_viewer);
    if (!sql->writer || !sql->reader || !sql->viewer) {
        wh_sql_done(sql);
        return WH_E_NOMEM;
    }
    for (size_t i = 0; i < service->n_statements; i++)
        sql->writer[WH_W_OWN + i] = service->statements[i].sql;
    for (size_t i = 0; i < service->n_rebuild; i++)
        sql->reader[WH_R_OWN + i] = service->rebuild[i].sql;
    for (size_t i = 0; i < service->n_loaders; i++)
        sql->reader[sql->loaders + i] = service->loaders[i].sql;
    for (size_t i = 0; i < service->n_selects; i++)
        sql->viewer[WH_V_OWN + i] = service->selects[i].sql;
    for (size_t i = 0; i < wh_feed_sql_n; i++)
        sql->viewer[sql->feed + i] = wh_feed_sql[i];
    return 0;
}

void wh_sql_done(struct wh_sql *sql)
{
    free(sql->writer);
    free(sql->reader);
    free(sql->viewer);
    *sql = (struct wh_sql){0};
}
