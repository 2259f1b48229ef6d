// SPDX-License-Identifier: Apache-2.0
// Dispatch's rows against a real PostgreSQL: an aggregate that was put is loaded back byte for
// byte, whatever it holds, however often it changed within a turn; every journal row of it is in
// its history; the columns people read say what the aggregate says. Seeded, so a failure repeats.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "dispatch/dispatch.h"
#include "dispatch/words.h"
#include "runtime/row.h"
#include "support/fake_turn.h"
#include "support/pg.h"

#define FIRST INT64_C(202611230000001)
#define ROUNDS 60
#define BATCH 40

static struct pg *pg;
static uint64_t seed;

static uint64_t rnd(uint64_t bound)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return bound == 0 ? 0 : (seed >> 33) % bound;
}

// A time, or often none.
static int64_t rnd_time(void)
{
    return rnd(3) == 0 ? 0 : INT64_C(1795400000000) + (int64_t)rnd(1u << 30);
}

static void rnd_text(char *text, size_t size)
{
    static const char *const words[] = {"", "染坊街积水", "'; --", "NULL", "{a,\"b\\\"}", "x"};
    memset(text, 0, size);
    const char *word = words[rnd(sizeof words / sizeof words[0])];
    memcpy(text, word, wh_utf8_cut(word, strlen(word), size - 1));
}

static void rnd_clock(struct task_clock *clock)
{
    clock->from = rnd_time();
    clock->due = rnd_time();
    clock->round = (uint16_t)rnd(70000);
    clock->level = (uint8_t)rnd(5);
    clock->reminded = (uint8_t)rnd(256);
}

static void rnd_task(struct task *t, int32_t department)
{
    memset(t, 0, sizeof *t);
    t->department = department;
    t->part = (uint8_t)(1 + rnd(2));
    t->state = (uint8_t)(1 + rnd(10));
    t->dispatched_at = INT64_C(1795400000000) + (int64_t)rnd(1000000);
    if (rnd(3) == 0) { // fresh
        t->state = TASK(PENDING);
        for (int c = CLOCK_SIGN; c <= CLOCK_RESOLVE; c++) {
            t->clocks[c].due = rnd_time();
            t->clocks[c].from = t->clocks[c].due == 0 ? 0 : t->dispatched_at;
        }
        return;
    }
    t->alternative = (int32_t)rnd(100);
    t->outcome = (uint8_t)rnd(6);
    t->rating = (uint8_t)rnd(4);
    t->rework = (uint8_t)rnd(3);
    t->flags = (uint16_t)rnd(1u << 15);
    int64_t *const times[] = {
        &t->signed_at,   &t->checked_in_at, &t->feedback_at,    &t->reported_at, &t->paused_ms,
        &t->asked_until, &t->ledger_from,   &t->extended_until, &t->ledger_left, &t->ledger_until};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        *times[i] = rnd_time();
    }
    for (size_t c = 0; c < CLOCKS; c++) {
        rnd_clock(&t->clocks[c]);
    }
}

static void rnd_rare(struct whistle *w)
{
    w->confirmed = (uint8_t)rnd(256);
    w->resolved_at = rnd_time();
    w->ended_at = rnd_time();
    w->proposer = rnd(2) * (UINT64_MAX - rnd(1000));
    w->proposer_is_district = (uint8_t)rnd(2);
    w->reopened = (uint32_t)rnd(5);
    rnd_clock(&w->confirm);
}

static void rnd_joined(struct whistle *w)
{
    w->merged_into = rnd(2) == 0 ? 0 : FIRST - 1 - (int64_t)rnd(1000);
    w->joined_at = rnd_time();
    w->held_until = rnd_time();
    w->tell_at = rnd_time();
    w->told_at = rnd_time();
    w->untold = (uint32_t)rnd(3) * 700;
    w->joined_stage = (uint8_t)rnd(15);
}

// Anything an aggregate may hold; a change keeps the tasks it had and may add some.
static void rnd_whistle(struct whistle_room *room, int64_t number)
{
    struct whistle *w = &room->whistle;
    size_t had = w->n_tasks;
    memset(w, 0, sizeof *w);
    w->number = number;
    w->version = (int32_t)rnd(1000);
    w->stage = (uint8_t)(1 + rnd(14));
    w->priority = (uint8_t)(1 + rnd(4));
    w->source = (uint8_t)rnd(8);
    w->flags = (uint8_t)rnd(8);
    w->unit = (int32_t)(16 + rnd(100));
    w->street = (int32_t)rnd(100);
    w->place = (int32_t)rnd(100);
    w->asked_by = (int32_t)rnd(2) * 40;
    w->n_joint = (uint8_t)rnd(JOINT_MAX + 1);
    for (size_t i = 0; i < w->n_joint; i++) {
        w->joint[i] = (int32_t)(16 + rnd(100));
    }
    w->routing_version = (int32_t)rnd(9);
    rnd_text(w->times_set, sizeof w->times_set);
    rnd_text(w->category, sizeof w->category);
    rnd_text(w->title, sizeof w->title);
    w->submitted_at = INT64_C(1795400000000);
    w->dispatched_at = rnd_time();
    w->due_review = rnd_time();
    if (rnd(2) == 0) {
        rnd_rare(w);
    }
    if (rnd(3) == 0) {
        rnd_joined(w);
    }
    w->n_tasks = (uint16_t)(had + rnd(rnd(20) == 0 ? TASKS_MAX - had : 5));
    w->n_tasks = w->n_tasks > TASKS_MAX ? TASKS_MAX : w->n_tasks;
    for (size_t i = 0; i < w->n_tasks; i++) {
        if (i >= had || rnd(2) == 0) {
            rnd_task(&room->whistle.tasks[i], (int32_t)(1000 + i));
        }
    }
}

static int64_t history_length(int64_t number)
{
    char sql[128];
    (void)snprintf(sql, sizeof sql, "SELECT cardinality(history) FROM whistle WHERE id = %lld",
                   (long long)number);
    return pg_int(pg, sql);
}

static void check_loaded(const struct whistle_room *wanted, size_t n)
{
    static struct store_gather gather;
    char ids[BATCH * 24] = "{";
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(ids + strlen(ids), sizeof ids - strlen(ids), "%s%lld", i == 0 ? "" : ",",
                       (long long)wanted[i].whistle.number);
    }
    strcat(ids, "}");
    PGresult *result = fake_select(pg_conn(pg), store_load_whistle, ids);
    size_t found = 0;
    gather.room.whistle.number = 0;
    for (int r = 0; r < PQntuples(result); r++) {
        struct wh_row row = {result, r};
        const struct whistle *w = store_take(&gather, &row);
        if (w == NULL) {
            continue;
        }
        const struct whistle *is = &wanted[w->number - wanted[0].whistle.number].whistle;
        assert_int_equal(whistle_size(w), whistle_size(is));
        assert_memory_equal(w, is, whistle_size(is));
        found++;
    }
    PQclear(result);
    assert_int_equal(found, n);
}

static void test_round_trip(void **state)
{
    (void)state;
    static struct whistle_room was[BATCH], is[BATCH];
    struct fake_turn *turn = fake_turn_new(pg_conn(pg), store_statements, PUT_STATEMENTS);
    int64_t seq = 1, number = FIRST;
    seed = 7;
    for (int round = 0; round < ROUNDS; round++, number += BATCH) {
        int64_t events[BATCH] = {0};
        memset(is, 0, sizeof is);
        for (int step = 0; step < 3; step++) {
            for (size_t i = 0; i < BATCH; i++) {
                for (int again = 0; again < 1 + (int)rnd(3); again++) {
                    bool fresh = is[i].whistle.number == 0;
                    size_t n = 1 + rnd(3);
                    was[i] = is[i];
                    rnd_whistle(&is[i], number + (int64_t)i);
                    assert_int_equal(store_put_whistle(fake_turn_handle(turn),
                                                       fresh ? NULL : &was[i].whistle,
                                                       &is[i].whistle, seq, n, rnd_time()),
                                     0);
                    seq += (int64_t)n;
                    events[i] += (int64_t)n;
                }
            }
            fake_turn_run(turn);
            check_loaded(is, BATCH);
        }
        for (size_t i = 0; i < BATCH; i++) {
            assert_int_equal(history_length(number + (int64_t)i), events[i]);
        }
    }
    fake_turn_free(turn);
}

// The history of one whistle names every row once, in order of seq, also across a turn with
// several.
static void test_history_in_order(void **state)
{
    (void)state;
    assert_int_equal(pg_int(pg, "SELECT count(*) FROM whistle WHERE history <> "
                                "ARRAY(SELECT DISTINCT s FROM unnest(history) s ORDER BY s)"),
                     0);
    assert_int_equal(pg_int(pg, "SELECT count(*) FROM (SELECT unnest(history) s FROM whistle) x "
                                "GROUP BY s HAVING count(*) > 1 UNION ALL SELECT 0 LIMIT 1"),
                     0);
}

// What stands in columns is what the aggregate derives.
static void test_columns_for_people(void **state)
{
    (void)state;
    assert_int_equal(pg_int(pg, "SELECT count(*) FROM whistle WHERE drill <> (flags & 1 <> 0)"), 0);
    assert_int_equal(pg_int(pg, "SELECT count(*) FROM task WHERE open AND state IN (9, 10)"), 0);
    assert_int_equal(pg_int(pg, "SELECT count(*) FROM task t JOIN whistle w ON w.id = t.whistle "
                                "WHERE t.open AND w.stage IN (11, 12, 13, 14)"),
                     0);
    assert_int_equal(pg_int(pg, "SELECT count(*) FROM task WHERE due_next IS NOT NULL AND "
                                "due_next NOT IN (coalesce(due_sign, 0), coalesce(due_checkin, 0), "
                                "coalesce(due_report, 0), coalesce(due_resolve, 0), "
                                "coalesce(due_ruling, 0), coalesce(due_ledger, 0))"),
                     0);
    assert_true(pg_int(pg, "SELECT count(*) FROM task WHERE clocks IS NULL") > 100);
}

// A release takes what waited up to its own seq, and nothing that came behind it.
static void test_waiting(void **state)
{
    (void)state;
    struct fake_turn *turn = fake_turn_new(pg_conn(pg), store_statements, PUT_STATEMENTS);
    struct wh_turn *t = fake_turn_handle(turn);
    for (int64_t seq = 10; seq <= 14; seq++) {
        WH_PUT(t, PUT_WAITING, WH_I(40), WH_L(seq), WH_S(0), WH_L(FIRST), WH_I(0), WH_S(1),
               WH_L(5));
    }
    WH_PUT(t, PUT_RELEASED, WH_I(40), WH_L(12));
    WH_PUT(t, PUT_BUNDLE, WH_T("AL/BUNDLE/1"), WH_L(12));
    WH_PUT(t, PUT_BUNDLE_ANSWERED, WH_T("AL/BUNDLE/1"));
    fake_turn_run(turn);
    assert_int_equal(pg_int(pg, "SELECT sum(seq) FROM waiting"), 13 + 14);
    assert_int_equal(pg_int(pg, "SELECT count(*) FROM bundle WHERE answered"), 1);
    WH_PUT(t, PUT_TOLD, WH_L(FIRST), WH_I(1000));
    WH_PUT(t, PUT_TOLD, WH_L(FIRST), WH_I(1000));
    WH_PUT(t, PUT_HISTORY, WH_L(FIRST), WH_L(INT64_C(1) << 40));
    fake_turn_run(turn);
    assert_int_equal(pg_int(pg, "SELECT count(*) FROM task WHERE told"), 1);
    assert_int_equal(pg_int(pg, "SELECT max(s) FROM whistle, unnest(history) s"), INT64_C(1) << 40);
    fake_turn_free(turn);
}

static int setup(void **state)
{
    (void)state;
    static const char *const services[] = {"dispatch", NULL};
    pg = pg_new();
    pg_migrate(pg, services);
    pg_run(pg, "SET search_path = dispatch");
    pg_run(pg, "SET enable_seqscan = off");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pg_free(pg);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_history_in_order),
        cmocka_unit_test(test_columns_for_people),
        cmocka_unit_test(test_waiting),
    };
    return cmocka_run_group_tests_name("dispatch store", tests, setup, teardown);
}
