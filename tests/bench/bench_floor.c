// SPDX-License-Identifier: Apache-2.0
// What the machine gives without Whistle, to stand beside the main job's figures.
//   bench_floor fsync DIR                    8 kB pwrite + fdatasync for one second in DIR
//   bench_floor pipeline CONNINFO N GROUP    the rows that a finished bench left for its first N
//     whistles, written once more by plain libpq into tables of the same shape: GROUP whistles a
//     transaction as arrays, intake's and dispatch's on a connection each, side by side. N whistles
//     stand one after the other in both journals.
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libpq-fe.h>

#define COLUMNS_MAX 40
#define TABLES_MAX 4

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int bench_fsync(const char *folder)
{
    static char page[8192];
    static double took[1000000];
    char path[512];
    (void)snprintf(path, sizeof path, "%s/bench-floor.tmp", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0) {
        perror(path);
        return 2;
    }
    // Written once before, so that the loop overwrites, as PostgreSQL does with its segments.
    for (off_t i = 0; i < 2048; i++)
        if (pwrite(fd, page, sizeof page, i * 8192) != (ssize_t)sizeof page)
            return 2;
    (void)fsync(fd);
    size_t n = 0;
    double begin = now_s(), before = begin;
    while (before - begin < 1.0 && n < 1000000) {
        page[0]++;
        if (pwrite(fd, page, sizeof page, (off_t)(n % 2048) * 8192) < 0 || fdatasync(fd) != 0)
            return 2;
        double after = now_s();
        took[n++] = after - before;
        before = after;
    }
    (void)unlink(path);
    (void)close(fd);
    qsort(took, n, sizeof *took, compare);
    printf("{\"fsyncs_per_s\":%.0f,\"fsync_p50_us\":%.0f,\"fsync_p99_us\":%.0f}\n",
           (double)n / (before - begin), took[n / 2] * 1e6, took[n * 99 / 100] * 1e6);
    return 0;
}

// ---- the same rows by a plain pipeline ----------------------------------------------------------

struct source {
    const char *name;
    const char *order; // whistles in the order they came, so that a group is whole
    int rows_each;     // rows of a whistle
};

struct table {
    PGresult *groups; // one row a group, a binary array a column
    char statement[16];
};

struct side {
    const char *schema;
    const struct source *sources;
    size_t n_tables;
    struct table tables[TABLES_MAX];
    PGconn *conn;
    int n_groups;
};

static const struct source intake_sources[] = {
    {"journal", "seq", 1}, {"answer", "seq", 1}, {"whistle", "id", 1}};
static const struct source dispatch_sources[] = {
    {"journal", "seq", 0}, {"whistle", "id", 1}, {"task", "whistle, ord", 4}};

static PGresult *run(PGconn *conn, const char *sql, int format)
{
    PGresult *result = PQexecParams(conn, sql, 0, NULL, NULL, NULL, NULL, format);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        fprintf(stderr, "bench_floor: %s%s\n", PQerrorMessage(conn), sql);
        exit(2);
    }
    return result;
}

static void drop(PGconn *conn, const char *sql)
{
    PQclear(run(conn, sql, 0));
}

// Columns that hold anything, with their types; arrays travel as text, as in the services.
static PGresult *columns_of(PGconn *conn, const char *schema, const char *name)
{
    char sql[1024];
    (void)snprintf(
        sql, sizeof sql,
        "SELECT quote_ident(a.attname), format_type(a.atttypid, -1), t.typcategory = 'A' "
        "FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid "
        "LEFT JOIN pg_stats s ON s.schemaname = '%s' AND s.tablename = '%s' "
        "AND s.attname = a.attname WHERE a.attrelid = '%s.%s'::regclass "
        "AND a.attnum > 0 AND NOT a.attisdropped AND coalesce(s.null_frac, 0) < 1 "
        "ORDER BY a.attnum",
        schema, name, schema, name);
    return run(conn, sql, 0);
}

struct text {
    char text[8192];
    size_t n;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(t->text + t->n, sizeof t->text - t->n, format, arguments);
    va_end(arguments);
    t->n += (size_t)n;
    if (t->n >= sizeof t->text)
        exit(2);
}

// Reads the groups' arrays and prepares the statement that writes them.
static void load_table(struct side *side, size_t at, int whistles, int group)
{
    const struct source *source = &side->sources[at];
    struct table *table = &side->tables[at];
    PGconn *conn = side->conn;
    struct text sql = {.n = 0}, insert = {.n = 0}, picked = {.n = 0}, arrays = {.n = 0};
    add(&sql, "ANALYZE %s.%s", side->schema, source->name);
    drop(conn, sql.text);
    PGresult *columns = columns_of(conn, side->schema, source->name);
    int n = PQntuples(columns), each = source->rows_each;
    if (each == 0) { // a journal: as many rows as it has for a whistle
        sql.n = 0;
        add(&sql,
            "SELECT round((SELECT count(*) FROM %s.%s)::numeric / (SELECT count(*) FROM "
            "%s.whistle))",
            side->schema, source->name, side->schema);
        PGresult *ratio = run(conn, sql.text, 0);
        each = atoi(PQgetvalue(ratio, 0, 0));
        PQclear(ratio);
    }
    sql.n = 0;
    add(&sql, "SELECT ");
    add(&insert, "INSERT INTO floor_%s.%s (", side->schema, source->name);
    for (int i = 0; i < n; i++) {
        const char *name = PQgetvalue(columns, i, 0), *type = PQgetvalue(columns, i, 1);
        bool array = PQgetvalue(columns, i, 2)[0] == 't';
        add(&sql, "%sarray_agg(%s%s ORDER BY nth)", i ? ", " : "", name, array ? "::text" : "");
        add(&insert, "%s%s", i ? ", " : "", name);
        add(&picked, "%sc%d%s%s", i ? ", " : "", i, array ? "::" : "", array ? type : "");
        add(&arrays, "%s$%d::%s[]", i ? ", " : "", i + 1, array ? "text" : type);
    }
    add(&sql,
        " FROM (SELECT *, row_number() OVER (ORDER BY %s) AS nth FROM %s.%s ORDER BY %s LIMIT %d) "
        "AS x GROUP BY (nth - 1) / %d ORDER BY (nth - 1) / %d",
        source->order, side->schema, source->name, source->order, whistles * each, group * each,
        group * each);
    add(&insert, ") SELECT %s FROM unnest(%s) AS t(", picked.text, arrays.text);
    for (int i = 0; i < n; i++)
        add(&insert, "%sc%d", i ? ", " : "", i);
    add(&insert, ")");
    table->groups = run(conn, sql.text, 1);
    struct text create = {.n = 0};
    add(&create, "CREATE TABLE floor_%s.%s (LIKE %s.%s INCLUDING ALL)", side->schema, source->name,
        side->schema, source->name);
    drop(conn, create.text);
    (void)snprintf(table->statement, sizeof table->statement, "t%zu", at);
    PQclear(PQprepare(conn, table->statement, insert.text, 0, NULL));
    PQclear(columns);
    if (side->n_groups == 0 || PQntuples(table->groups) < side->n_groups)
        side->n_groups = PQntuples(table->groups);
}

static void load_side(struct side *side, const char *conninfo, int whistles, int group)
{
    side->conn = PQconnectdb(conninfo);
    if (PQstatus(side->conn) != CONNECTION_OK) {
        fprintf(stderr, "bench_floor: %s", PQerrorMessage(side->conn));
        exit(2);
    }
    struct text sql = {.n = 0};
    drop(side->conn, "SET client_min_messages = error");
    add(&sql, "DROP SCHEMA IF EXISTS floor_%s CASCADE", side->schema);
    drop(side->conn, sql.text);
    sql.n = 0;
    add(&sql, "CREATE SCHEMA floor_%s", side->schema);
    drop(side->conn, sql.text);
    for (size_t i = 0; i < side->n_tables; i++)
        load_table(side, i, whistles, group);
    sql.n = 0;
    add(&sql, "CREATE TABLE floor_%s.head AS SELECT * FROM %s.head", side->schema, side->schema);
    drop(side->conn, sql.text);
    sql.n = 0;
    add(&sql, "UPDATE floor_%s.head SET seq = seq + 1", side->schema);
    PQclear(PQprepare(side->conn, "head", sql.text, 0, NULL));
    drop(side->conn, "SET plan_cache_mode = force_generic_plan");
    if (PQenterPipelineMode(side->conn) != 1)
        exit(2);
}

static void send_table(struct side *side, const struct table *table, int group)
{
    const char *values[COLUMNS_MAX];
    int lengths[COLUMNS_MAX], formats[COLUMNS_MAX];
    int n = PQnfields(table->groups);
    for (int i = 0; i < n; i++) {
        values[i] = PQgetvalue(table->groups, group, i);
        lengths[i] = PQgetlength(table->groups, group, i);
        formats[i] = 1;
    }
    if (PQsendQueryPrepared(side->conn, table->statement, n, values, lengths, formats, 1) != 1)
        exit(2);
}

static void finish_group(PGconn *conn)
{
    for (;;) {
        PGresult *result = PQgetResult(conn);
        if (result == NULL)
            continue; // between two statements
        ExecStatusType status = PQresultStatus(result);
        PQclear(result);
        if (status == PGRES_PIPELINE_SYNC)
            return;
        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
            fprintf(stderr, "bench_floor: %s\n", PQerrorMessage(conn));
            exit(2);
        }
    }
}

static void *write_side(void *arg)
{
    struct side *side = arg;
    for (int group = 0; group < side->n_groups; group++) {
        if (PQsendQueryPrepared(side->conn, "head", 0, NULL, NULL, NULL, 1) != 1)
            exit(2);
        for (size_t i = 0; i < side->n_tables; i++)
            send_table(side, &side->tables[i], group);
        if (PQpipelineSync(side->conn) != 1)
            exit(2);
        finish_group(side->conn);
    }
    return NULL;
}

static int bench_pipeline(const char *conninfo, int whistles, int group)
{
    struct side sides[2] = {{.schema = "intake", .sources = intake_sources, .n_tables = 3},
                            {.schema = "dispatch", .sources = dispatch_sources, .n_tables = 3}};
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++)
        load_side(&sides[i], conninfo, whistles, group);
    double begin = now_s();
    for (size_t i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, write_side, &sides[i]) != 0)
            return 2;
    for (size_t i = 0; i < 2; i++)
        (void)pthread_join(threads[i], NULL);
    int groups = sides[0].n_groups < sides[1].n_groups ? sides[0].n_groups : sides[1].n_groups;
    int wrote = groups * group < whistles ? groups * group : whistles;
    printf("{\"whistles_per_s\":%.0f,\"whistles\":%d,\"group\":%d}\n",
           (double)wrote / (now_s() - begin), wrote, group);
    for (size_t i = 0; i < 2; i++) {
        for (size_t at = 0; at < sides[i].n_tables; at++)
            PQclear(sides[i].tables[at].groups);
        PQfinish(sides[i].conn);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "fsync") == 0)
        return bench_fsync(argv[2]);
    if (argc == 5 && strcmp(argv[1], "pipeline") == 0)
        return bench_pipeline(argv[2], atoi(argv[3]), atoi(argv[4]));
    fprintf(stderr, "usage: bench_floor fsync DIR | pipeline CONNINFO WHISTLES GROUP\n");
    return 2;
}
