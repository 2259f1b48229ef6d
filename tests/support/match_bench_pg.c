// SPDX-License-Identifier: Apache-2.0
// The same reports in a real PostgreSQL with pg_trgm, one connection, warm: a GIN index and its
// similarity operator; and a btree of cell and time, similarity() over what it finds (9 squares of
// 500 m and the window; without a place nothing). The best earlier report of each sampled one.
#include <libpq-fe.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/match_bench.h"
#include "support/pg.h"

#define BUDGET_S 60.0 // of each way; who is slower is sampled less
#define SQUARE 45000.0

static double seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct rival {
    const struct matter_set *set;
    struct pg *pg;
    struct matter_report *report; // large
    double *times;
    struct match_outcome *outcomes;
    uint32_t n, sample;
};

static long long square(double degrees)
{
    return (long long)floor(degrees * 1e7 / SQUARE);
}

static long long cell_of(const struct matter_report *r, int dx, int dy)
{
    return (square(r->lat) + dy) * 1000000 + square(r->lon) + dx;
}

static void load(struct rival *rival)
{
    static char line[sizeof(struct matter_report)];
    PGconn *conn = pg_conn(rival->pg);
    pg_run(rival->pg, "CREATE EXTENSION pg_trgm");
    pg_run(rival->pg, "CREATE TABLE report(id int, cell bigint, at bigint, words text)");
    PQclear(PQexec(conn, "COPY report FROM STDIN"));
    for (uint32_t i = 0; i < rival->n; i++) {
        struct matter_report *r = rival->report;
        matter_set_report(rival->set, i, r);
        int n = snprintf(line, sizeof line, "%lld\t%lld\t%lld\t%s %s %s\n", (long long)r->id,
                         r->located ? cell_of(r, 0, 0) : -1, (long long)r->at, r->title, r->text,
                         r->address);
        if (PQputCopyData(conn, line, n) != 1)
            abort();
    }
    if (PQputCopyEnd(conn, NULL) != 1)
        abort();
    PGresult *result;
    while ((result = PQgetResult(conn)) != NULL) {
        if (PQresultStatus(result) != PGRES_COMMAND_OK)
            abort();
        PQclear(result);
    }
}

static const char gin[] = "SELECT id, similarity(words, $1) FROM report WHERE words % $1 AND id < "
                          "$2::int ORDER BY 2 DESC, 1 LIMIT 1";
static const char btree[] =
    "SELECT id, similarity(words, $1) FROM report WHERE cell = ANY($3::bigint[]) AND at BETWEEN "
    "$4::bigint AND $5::bigint AND id < $2::int ORDER BY 2 DESC, 1 LIMIT 1";

static PGresult *ask(struct rival *rival, const char *sql)
{
    static char words[sizeof(struct matter_report)];
    char id[24], cells[400] = "{", from[24], to[24];
    const struct matter_report *r = rival->report;
    const char *values[] = {words, id, cells, from, to};
    size_t at = 1;
    (void)snprintf(words, sizeof words, "%s %s %s", r->title, r->text, r->address);
    (void)snprintf(id, sizeof id, "%lld", (long long)r->id);
    for (int d = 0; d < 9 && r->located; d++)
        at += (size_t)snprintf(cells + at, sizeof cells - at, "%s%lld", d ? "," : "",
                               cell_of(r, d % 3 - 1, d / 3 - 1));
    (void)snprintf(cells + at, sizeof cells - at, "}");
    (void)snprintf(from, sizeof from, "%lld", (long long)(r->at - r->window_h * 3600000LL));
    (void)snprintf(to, sizeof to, "%lld", (long long)r->at);
    PGresult *result =
        PQexecParams(pg_conn(rival->pg), sql, sql == gin ? 2 : 5, NULL, values, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        abort();
    return result;
}

static int by_size(const void *a, const void *b)
{
    double p = *(const double *)a, q = *(const double *)b;
    return p < q ? -1 : p > q;
}

// The sampled ones lie evenly in the last half; every second one has an earlier report.
static uint32_t sampled(const struct rival *rival, uint32_t k)
{
    uint32_t i = rival->n / 2 + (uint32_t)((uint64_t)k * (rival->n / 2) / rival->sample);
    while (k % 2 == 0 && i + 1 < rival->n && !matter_set_has_earlier(rival->set, i))
        i++;
    return i;
}

static void race(struct rival *rival, const char *sql, struct match_rival *ret)
{
    double sum = 0;
    uint32_t k = 0;
    for (; k < rival->sample && sum < BUDGET_S; k++) {
        uint32_t i = sampled(rival, k);
        struct match_outcome *outcome = &rival->outcomes[k];
        matter_set_report(rival->set, i, rival->report);
        double start = seconds();
        PGresult *result = ask(rival, sql);
        rival->times[k] = seconds() - start;
        sum += rival->times[k];
        *outcome = (struct match_outcome){.has_earlier = matter_set_has_earlier(rival->set, i)};
        if (PQntuples(result) > 0) {
            uint32_t best = (uint32_t)atoi(PQgetvalue(result, 0, 0)) - 1;
            outcome->score = (float)atof(PQgetvalue(result, 0, 1));
            outcome->right = matter_set_event(rival->set, best) == matter_set_event(rival->set, i);
        }
        PQclear(result);
    }
    match_quality_of(rival->outcomes, k, &ret->quality);
    qsort(rival->times, k, sizeof *rival->times, by_size);
    ret->sample = k;
    ret->per_s = (double)k / sum;
    ret->p50_ms = rival->times[k / 2] * 1e3;
    ret->p99_ms = rival->times[k - 1 - k / 100] * 1e3;
}

static void indexed(struct rival *rival, const char *index, const char *query,
                    struct match_rival *ret)
{
    double start = seconds();
    pg_run(rival->pg, index);
    pg_run(rival->pg, "ANALYZE report");
    ret->load_s = seconds() - start;
    race(rival, query, ret);
}

void match_bench_pg(const struct matter_set *set, const struct match_bench_options *options,
                    struct match_bench_result *ret)
{
    struct rival rival = {.set = set,
                          .pg = pg_new(),
                          .report = calloc(1, sizeof *rival.report),
                          .times = calloc(options->trgm, sizeof *rival.times),
                          .outcomes = calloc(options->trgm, sizeof *rival.outcomes),
                          .n = options->params.reports,
                          .sample = options->trgm};
    if (!rival.report || !rival.times || !rival.outcomes)
        abort();
    load(&rival);
    indexed(&rival, "CREATE INDEX near ON report(cell, at)", btree, &ret->btree);
    pg_run(rival.pg, "DROP INDEX near");
    indexed(&rival, "CREATE INDEX alike ON report USING gin(words gin_trgm_ops)", gin, &ret->gin);
    free(rival.report);
    free(rival.times);
    free(rival.outcomes);
    pg_free(rival.pg);
}
