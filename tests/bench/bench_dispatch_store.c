// SPDX-License-Identifier: Apache-2.0
// What the database alone can take of dispatch's main job: turns of N whistles with four tasks each
// and their journal rows, as dispatch writes them, each turn one synchronous transaction; then the
// same whistles signed. Prints one JSON object, with the machine's fsync rate beside it.
//   bench_dispatch_store [TURNS [WHISTLES_A_TURN]]
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dispatch/dispatch.h"
#include "dispatch/words.h"
#include "support/fake_turn.h"
#include "support/pg.h"

#define JOURNAL PUT_STATEMENTS
#define TASKS 4

static const struct wh_statement journal = {
    "journal", "LLSLABB",
    "INSERT INTO journal (seq, at, kind, object, subjects, body, hash) "
    "SELECT seq, at, kind, object, subjects::int4[], body, hash FROM unnest($1::int8[], "
    "$2::int8[], "
    "$3::int2[], $4::int8[], $5::text[], $6::bytea[], $7::bytea[]) "
    "AS u (seq, at, kind, object, subjects, body, hash)"};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// CPU seconds a backend has used, from /proc.
static double cpu_s(int pid)
{
    char path[64];
    unsigned long user = 0, system = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        (void)fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                     &user, &system);
        (void)fclose(file);
    }
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double fsync_rate(const char *dir)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/fsync", dir);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    double begin = now_s();
    int n = 0;
    while (fd >= 0 && now_s() - begin < 1 && pwrite(fd, "x", 1, 0) == 1 && fdatasync(fd) == 0) {
        n++;
    }
    if (fd >= 0) {
        close(fd);
        unlink(path);
    }
    return n;
}

static void dispatched(struct whistle_room *room, int64_t number, int64_t at)
{
    struct whistle *w = &room->whistle;
    memset(room, 0, sizeof(struct whistle) + TASKS * sizeof(struct task));
    w->number = number;
    w->version = 1;
    w->stage = STAGE_IN_TASKS;
    w->priority = 2;
    w->source = 1;
    w->unit = w->street = 20;
    w->place = 30;
    w->routing_version = 1;
    strcpy(w->times_set, "normal");
    strcpy(w->category, "EBIKE_CHARGE");
    strcpy(w->title, "工人新村7栋多户飞线充电");
    w->submitted_at = w->dispatched_at = at;
    for (int i = 0; i < TASKS; i++) {
        struct task *t = &w->tasks[w->n_tasks++];
        t->department = 100 + i;
        t->part = (uint8_t)(i == 0 ? PART(LEAD) : PART(SUPPORT));
        t->state = TASK(PENDING);
        t->dispatched_at = at;
        for (int c = 0; c <= CLOCK_RESOLVE; c++) {
            t->clocks[c].from = at;
            t->clocks[c].due = at + 1800000 * (c + 1);
        }
    }
}

static void put_event(struct wh_turn *turn, int64_t seq, int64_t number, size_t bytes)
{
    static uint8_t body[2048];
    static const int32_t subjects[] = {20, 30, 100, 101, 102, 103};
    WH_PUT(turn, JOURNAL, WH_L(seq), WH_L(seq), WH_S(3), WH_L(number), WH_A(subjects, 6),
           WH_B(body, bytes), WH_B(body, 32));
}

int main(int argc, char **argv)
{
    int turns = argc > 1 ? atoi(argv[1]) : 400, size = argc > 2 ? atoi(argv[2]) : 128;
    static const char *const services[] = {"dispatch", NULL};
    static struct wh_statement statements[PUT_STATEMENTS + 1];
    static struct whistle_room room, before;
    memcpy(statements, store_statements, sizeof store_statements);
    statements[JOURNAL] = journal;
    struct pg *pg = pg_new();
    pg_migrate(pg, services);
    pg_run(pg, "SET search_path = dispatch");
    pg_run(pg, "SET enable_seqscan = off; SET enable_mergejoin = off; SET enable_hashjoin = off");
    struct fake_turn *fake = fake_turn_new(pg_conn(pg), statements, PUT_STATEMENTS + 1);
    struct wh_turn *turn = fake_turn_handle(fake);
    double syncs = fsync_rate(pg_dir(pg)), begin = now_s();
    int backend = PQbackendPID(pg_conn(pg));
    double cpu = cpu_s(backend);
    int64_t seq = 1, number = INT64_C(202611230000001);
    for (int i = 0; i < turns; i++) {
        for (int k = 0; k < size; k++, number++, seq++) {
            dispatched(&room, number, INT64_C(1795400000000) + seq);
            store_put_whistle(turn, NULL, &room.whistle, seq, 2, seq + 900000);
            put_event(turn, seq, number, 970);
            put_event(turn, ++seq, number, 1700); // its notices
        }
        fake_turn_run(fake);
    }
    double written = now_s() - begin, cpu_new = cpu_s(backend) - cpu;
    cpu = cpu_s(backend);
    number = INT64_C(202611230000001);
    begin = now_s();
    for (int i = 0; i < turns; i++) {
        for (int k = 0; k < size; k++, number++, seq++) {
            dispatched(&before, number, INT64_C(1795400000000) + seq);
            room = before;
            room.whistle.version = 2;
            room.whistle.tasks[k % TASKS].state = TASK(SIGNED);
            room.whistle.tasks[k % TASKS].signed_at = seq;
            store_put_whistle(turn, &before.whistle, &room.whistle, seq, 1, seq + 900000);
            put_event(turn, seq, number, 120);
        }
        fake_turn_run(fake);
    }
    double signed_s = now_s() - begin, cpu_set = cpu_s(backend) - cpu, n = (double)turns * size;
    int64_t bytes = pg_int(pg, "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c WHERE "
                               "c.relname IN ('whistle', 'task')");
    printf("{\"turns\":%d,\"whistles_a_turn\":%d,\"dispatched_per_s\":%.0f,\"signed_per_s\":%.0f,"
           "\"backend_us_a_dispatch\":%.1f,\"backend_us_a_signature\":%.1f,"
           "\"bytes_per_whistle_with_tasks\":%.0f,\"fsync_per_s\":%.0f}\n",
           turns, size, n / written, n / signed_s, cpu_new / n * 1e6, cpu_set / n * 1e6,
           (double)bytes / n, syncs);
    fake_turn_free(fake);
    pg_free(pg);
    return 0;
}
