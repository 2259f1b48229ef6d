// SPDX-License-Identifier: Apache-2.0
// Turns against a real PostgreSQL: what is answered is durable, the same request has the same
// answer for ever, a bad message harms nobody but its sender, timers come once.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/tiny.h"

static struct tiny *tiny;
static pid_t service;

static int setup(void **state)
{
    (void)state;
    tiny = tiny_new();
    service = tiny_start(tiny, "intake", 0, NULL);
    tiny_client(tiny, 30000);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    int code = tiny_stop(service);
    tiny_free(tiny);
    return code;
}

static int64_t counter(int n)
{
    char sql[96];
    snprintf(sql, sizeof sql, "SELECT coalesce(max(n), 0) FROM intake.counter WHERE id = %lld",
             (long long)wh_object_make(20261123, n));
    return pg_int(tiny->pg, sql);
}

static void restart(const char *environment)
{
    tiny_kill(service);
    service = tiny_start(tiny, "intake", 0, environment);
}

static void counts(void **state)
{
    (void)state;
    const struct tiny_answer *answer = tiny_say(tiny, 1, "one", NULL);
    assert_int_equal(answer->status, 0);
    assert_int_equal(answer->error, 0);
    assert_int_equal(answer->seq, 1);
    assert_string_equal(answer->ref, "AL-20261123-0001");
    assert_string_equal(answer->state, "COUNTED");
    for (int i = 0; i < 500; i++)
        tiny_ask(tiny, 1, "more", NULL);
    assert_true(tiny_answered(tiny, 20000));
    assert_int_equal(counter(1), 501);
    assert_int_equal(pg_int(tiny->pg, "SELECT count(*) FROM intake.journal"), 501);
    assert_int_equal(pg_int(tiny->pg, "SELECT count(*) FROM intake.answer"), 501);
    assert_int_equal(pg_int(tiny->pg, "SELECT seq FROM intake.head"), 501);
}

static void same_request(void **state)
{
    (void)state;
    struct wh_uuid id = tiny_id(tiny), refused = tiny_id(tiny), same = tiny_id(tiny);
    struct wh_uuid first = tiny_id(tiny);
    int64_t first_seq = tiny_say(tiny, 19, "first", &first)->seq;
    size_t twice = tiny_ask(tiny, 2, "once", &id);
    tiny_twin(tiny);
    tiny_ask(tiny, 2, "once", &id); // in the same turn, most likely
    assert_true(tiny_answered(tiny, 5000));
    int64_t seq = tiny->answers[twice].seq, at = tiny->answers[twice].at;
    assert_true(seq > 0);
    assert_int_equal(tiny->answers[twice + 1].seq, seq);
    // round 1: found in the way of the turn's answers; round 2: looked up first
    for (int round = 0; round < 3; round++) {
        const struct tiny_answer *answer = tiny_say(tiny, 2, "once", &id);
        assert_int_equal(answer->seq, seq);
        assert_int_equal(answer->at, at);
        assert_string_equal(answer->state, "COUNTED");
        answer = tiny_say(tiny, 2, "refuse", &refused);
        assert_int_equal(answer->error, 409);
        assert_string_equal(answer->rule, "state.conflict");
        answer = tiny_say(tiny, 2, "same", &same);
        assert_string_equal(answer->state, "SAME");
        assert_int_equal(tiny_say(tiny, 2, "other", &id)->error, 422);
        assert_int_equal(counter(2), 1);
        assert_true(first_seq > 0);
        assert_int_equal(tiny_say(tiny, 19, "first", &first)->seq, first_seq);
        assert_int_equal(tiny_say(tiny, 19, "first", NULL)->error, 400);
        restart(round ? "WHISTLE_ASK_MS=60000" : NULL);
    }
    assert_int_equal(pg_int(tiny->pg, "SELECT count(*) FROM intake.answer WHERE seq <= 0"), 2);
}

static void not_kept(void **state)
{
    (void)state;
    int64_t before = pg_int(tiny->pg, "SELECT count(*) FROM intake.answer");
    const struct tiny_answer *answer = tiny_say(tiny, 3, "fine", NULL);
    assert_int_equal(answer->error, 0);
    assert_int_equal(pg_int(tiny->pg, "SELECT count(*) FROM intake.answer"), before + 1);
}

// One of many is refused by the database: all others count, its sender is told, once for all.
static void poison(void **state)
{
    (void)state;
    struct wh_uuid id = tiny_id(tiny);
    size_t first = tiny->asked;
    int64_t letters = pg_int(tiny->pg, "SELECT count(*) FROM intake.dead_letter");
    for (int i = 0; i < 300; i++)
        tiny_ask(tiny, i == 137 ? 12 : 4 + i % 7, i == 137 ? "poison" : "fine",
                 i == 137 ? &id : NULL);
    assert_true(tiny_answered(tiny, 20000));
    for (int i = 0; i < 300; i++)
        assert_int_equal(tiny->answers[first + (size_t)i].error, i == 137 ? 422 : 0);
    assert_string_equal(tiny->answers[first + 137].rule, "message.parked");
    int64_t sum = 0;
    for (int i = 4; i < 11; i++)
        sum += counter(i);
    assert_int_equal(sum, 299);
    assert_int_equal(pg_int(tiny->pg, "SELECT count(*) FROM intake.dead_letter"), letters + 1);
    assert_int_equal(pg_int(tiny->pg, "SELECT count(*) FROM intake.dead_letter WHERE "
                                      "sqlstate = '23514' AND cause = '' AND why LIKE 'count%'"),
                     letters + 1);
    // two turns after a failed one, and its repeat
    assert_int_equal(tiny_say(tiny, 12, "after", NULL)->error, 0);
    assert_int_equal(tiny_say(tiny, 12, "after", NULL)->error, 0);
    assert_int_equal(tiny_say(tiny, 12, "poison", &id)->error, 422);
    assert_int_equal(pg_int(tiny->pg, "SELECT count(*) FROM intake.dead_letter"), letters + 1);
}

static void timers(void **state)
{
    (void)state;
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT n FROM intake.counter WHERE id = %lld",
             (long long)wh_object_make(20261123, 20));
    assert_int_equal(tiny_say(tiny, 20, "timer", NULL)->error, 0);
    assert_true(tiny_until(tiny, sql, 101, 5000));
    assert_int_equal(tiny_say(tiny, 20, "timer", NULL)->error, 0);
    restart(NULL); // before or after it was due
    assert_true(tiny_until(tiny, sql, 202, 8000));
    tiny_run(tiny, 200);
    assert_int_equal(counter(20), 202);
}

// Turns that are always full still take what is due.
static void a_flood_stops_no_clock(void **state)
{
    (void)state;
    char sql[160];
    restart("WHISTLE_TURN_ITEMS=8");
    snprintf(sql, sizeof sql, "SELECT n FROM intake.counter WHERE id = %lld",
             (long long)wh_object_make(20261123, 21));
    assert_int_equal(tiny_say(tiny, 21, "timer", NULL)->error, 0);
    assert_true(tiny_until(tiny, sql, 101, 8000)); // clocks go from now on
    assert_int_equal(tiny_say(tiny, 21, "timer", NULL)->error, 0);
    for (int i = 0; i < 4000; i++)
        tiny_ask(tiny, 22, "more", NULL);
    assert_true(tiny_answered(tiny, 30000));
    assert_true(tiny_until(tiny, sql, 202, 1000));
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM intake.journal WHERE seq > (SELECT max(seq) FROM intake.journal "
             "WHERE object = %lld)",
             (long long)wh_object_make(20261123, 21));
    assert_true(pg_int(tiny->pg, sql) > 500);
    restart(NULL);
    assert_int_equal(tiny_say(tiny, 22, "more", NULL)->error, 0);
}

// The journal's chain holds over everything above.
static void chain(void **state)
{
    (void)state;
    assert_int_equal(pg_int(tiny->pg, "SELECT count(*) FROM intake.journal") -
                         pg_int(tiny->pg, "SELECT max(seq) FROM intake.journal"),
                     0);
    assert_int_equal(pg_int(tiny->pg, "SELECT count(*) FROM intake.head h, intake.journal j WHERE "
                                      "j.seq = h.seq AND j.hash = h.hash"),
                     1);
    assert_int_equal(pg_int(tiny->pg, "SELECT count(*) FROM (SELECT at, lag(at) OVER (ORDER BY seq)"
                                      " AS before FROM intake.journal) j WHERE at < before"),
                     0);
}

int main(int argc, char **argv)
{
    int code;
    if (tiny_is_service(argc, argv, &code))
        return code;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts),   cmocka_unit_test(same_request),
        cmocka_unit_test(not_kept), cmocka_unit_test(poison),
        cmocka_unit_test(timers),   cmocka_unit_test(a_flood_stops_no_clock),
        cmocka_unit_test(chain),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
