// SPDX-License-Identifier: Apache-2.0
// Fills dedup's table with reports of the last 35 days, as if they had come one by one and every
// one had been a matter of its own: generated civic reports (support/matter_gen.h), those of the
// last six days open, the others closed. What was raised stands in no journal, so they can be
// compared and not split. dedup must not be running. Prints one JSON object.
//   bench_hot CONNINFO REPORTS SEED
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/id.h"
#include "dedup/matter.h"
#include "support/matter_gen.h"
#include "whistle/v1/common.pb-c.h"

#define DAY_MS INT64_C(86400000)
#define HOT_MS (35 * DAY_MS - 3600000)
#define OPEN_MS (6 * DAY_MS)
#define UNIT 17
#define LINE (2 * MATCH_REPORT_MAX + 512)
#define BUFFER (1 << 20)

struct filling {
    PGconn *conn;
    struct match_maker *maker;
    int64_t now, first;  // ms UTC; the first generated report's time
    int32_t day, of_day; // of the last row
    char *buffer;
    size_t n;
    int64_t bytes; // of blobs
};

static void die(const struct filling *f, const char *what)
{
    fprintf(stderr, "bench_hot: %s: %s\n", what, PQerrorMessage(f->conn));
    exit(2);
}

static void flush(struct filling *f)
{
    if (f->n > 0 && PQputCopyData(f->conn, f->buffer, (int)f->n) != 1)
        die(f, "COPY");
    f->n = 0;
}

static int64_t next_id(struct filling *f, int64_t at)
{
    struct tm day;
    time_t seconds = at / 1000;
    if (gmtime_r(&seconds, &day) == NULL)
        abort();
    int32_t date = (day.tm_year + 1900) * 10000 + (day.tm_mon + 1) * 100 + day.tm_mday;
    f->of_day = date == f->day ? f->of_day + 1 : 1;
    f->day = date;
    return wh_object_make(date, f->of_day);
}

static void add_hex(struct filling *f, const uint8_t *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        f->buffer[f->n++] = digits[bytes[i] >> 4];
        f->buffer[f->n++] = digits[bytes[i] & 15];
    }
    f->buffer[f->n++] = '\n';
}

static void add(struct filling *f, struct matter_report *report)
{
    const struct match_report *blob;
    int64_t at = f->now - HOT_MS + (report->at - f->first);
    if (at > f->now)
        at = f->now;
    bool open = at > f->now - OPEN_MS;
    struct match_input input = matter_input(report);
    input.id = next_id(f, at);
    input.at = at;
    input.unit = UNIT;
    if (match_report_make(f->maker, &input, &blob) != 0)
        die(f, "memory");
    int moved = open ? 0 : WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_CLOSED;
    f->n += (size_t)sprintf(
        f->buffer + f->n, "%lld\t%lld\t0\t0\t0\t%lld\t0\t0\t%d\t%d\t%d\t%d\t3\t0\t%s\t\\\\x\t\\\\x",
        (long long)input.id, (long long)at, (long long)(open ? 0 : at + 5 * DAY_MS), UNIT, UNIT,
        STAGE_OUT, moved, open ? "t" : "f");
    add_hex(f, (const uint8_t *)blob, match_report_size(blob));
    f->bytes += (int64_t)match_report_size(blob);
    if (f->n > BUFFER - LINE)
        flush(f);
}

static void begin(struct filling *f, const char *conninfo)
{
    struct timespec now;
    f->conn = PQconnectdb(conninfo);
    f->maker = match_maker_new();
    f->buffer = malloc(BUFFER);
    if (PQstatus(f->conn) != CONNECTION_OK || f->maker == NULL || f->buffer == NULL)
        die(f, "begin");
    (void)clock_gettime(CLOCK_REALTIME, &now);
    f->now = (int64_t)now.tv_sec * 1000;
    PGresult *result = PQexec(f->conn, "COPY dedup.report (id, at, told, seq, until_at, "
                                       "resolved_at, asks, raised, unit, street, stage, moved, "
                                       "priority, flags, open, danger, blob) FROM STDIN");
    if (PQresultStatus(result) != PGRES_COPY_IN)
        die(f, "COPY");
    PQclear(result);
}

static void end(struct filling *f)
{
    flush(f);
    PGresult *result = PQputCopyEnd(f->conn, NULL) == 1 ? PQgetResult(f->conn) : NULL;
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        die(f, "COPY");
    PQclear(result);
    PQfinish(f->conn);
}

int main(int argc, char **argv)
{
    static struct matter_report report;
    struct filling f = {0};
    if (argc != 4) {
        fprintf(stderr, "bench_hot CONNINFO REPORTS SEED\n");
        return 2;
    }
    uint32_t n = (uint32_t)strtoul(argv[2], NULL, 10);
    struct matter_set *set =
        matter_set_new(&(struct matter_params){.seed = strtoull(argv[3], NULL, 10), .reports = n});
    begin(&f, argv[1]);
    for (uint32_t i = 0; i < n; i++) {
        matter_set_report(set, i, &report);
        f.first = i == 0 ? report.at : f.first;
        add(&f, &report);
    }
    end(&f);
    printf("{\"reports\":%u,\"blob_bytes\":%.1f}\n", n, n > 0 ? (double)f.bytes / n : 0.0);
    matter_set_free(set);
    return 0;
}
