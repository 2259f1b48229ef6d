// SPDX-License-Identifier: Apache-2.0
// One service follows another's feed: each event has its effect once whoever is killed, an event
// that the database refuses is set aside with all later ones of its object, and goes through in
// order when it is tried again.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/tiny.h"

static struct tiny *tiny;
static pid_t intake, dispatch;

static int setup(void **state)
{
    (void)state;
    tiny = tiny_new();
    intake = tiny_start(tiny, "intake", 0, NULL);
    dispatch = tiny_start(tiny, "dispatch", 0, NULL);
    tiny_client(tiny, 60000);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    int code = tiny_stop(dispatch) | tiny_stop(intake);
    tiny_free(tiny);
    return code;
}

#define FOLLOWED "SELECT coalesce(sum(n), 0)::int8 FROM dispatch.counter"

static void every_event_once(void **state)
{
    (void)state;
    for (int round = 0; round < 6; round++) {
        size_t heard = tiny->heard;
        for (int i = 0; i < 1500; i++)
            tiny_ask(tiny, 1 + i % 50, "event", NULL);
        while (tiny->heard < heard + 700)
            tiny_run(tiny, 1);
        if (round % 3 != 1) {
            tiny_kill(dispatch);
            dispatch = tiny_start(tiny, "dispatch", 0, NULL);
        }
        if (round % 3 != 0) {
            tiny_kill(intake);
            intake = tiny_start(tiny, "intake", 0, NULL);
        }
        assert_true(tiny_answered(tiny, 30000));
    }
    assert_true(tiny_until(tiny, FOLLOWED, 9000, 20000));
    assert_int_equal(pg_int(tiny->pg, "SELECT count(*) FROM dispatch.journal"), 9000);
    assert_int_equal(pg_int(tiny->pg, "SELECT count(*) FROM dispatch.counter d, intake.counter i "
                                      "WHERE d.id = i.id AND d.n = i.n"),
                     50);
    assert_int_equal(pg_int(tiny->pg, "SELECT count(*) FROM intake.journal j, dispatch.cursor c "
                                      "WHERE c.feed = 'intake' AND j.seq = c.seq AND "
                                      "j.hash = c.hash AND j.seq = 9000"),
                     1);
}

static void poisoned_event(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        tiny_ask(tiny, 60, i == 3 ? "poison later" : "in order", NULL);
        tiny_ask(tiny, 61, "unharmed", NULL);
    }
    assert_true(tiny_answered(tiny, 10000));
    assert_true(tiny_until(
        tiny, "SELECT coalesce(max(n), 0) FROM dispatch.counter WHERE id = 202611230000061", 20,
        10000));
    assert_true(tiny_until(tiny, "SELECT count(*) FROM dispatch.dead_letter", 17, 5000));
    assert_int_equal(
        pg_int(tiny->pg,
               "SELECT coalesce(max(n), 0) FROM dispatch.counter WHERE id = 202611230000060"),
        3);
    assert_int_equal(pg_int(tiny->pg, "SELECT count(*) FROM dispatch.dead_letter WHERE "
                                      "sqlstate = '23514' AND object = 202611230000060"),
                     1);
    // the set of parked objects is there again after a restart
    tiny_kill(dispatch);
    dispatch = tiny_start(tiny, "dispatch", 0, NULL);
    tiny_say(tiny, 60, "behind", NULL);
    assert_true(tiny_until(tiny, "SELECT count(*) FROM dispatch.dead_letter", 18, 5000));
    assert_int_equal(pg_int(tiny->pg, "SELECT count(*) FROM (SELECT seq, lag(seq) OVER (ORDER BY "
                                      "id) AS before FROM dispatch.dead_letter) d "
                                      "WHERE seq < before"),
                     0);
}

// The cause is repaired, the letters are tried again (SIGUSR1 asks the counting service to).
static void tried_again(void **state)
{
    (void)state;
    pg_run(tiny->pg, "ALTER TABLE dispatch.word DROP CONSTRAINT word_word_check");
    tiny_retry(dispatch);
    tiny_say(tiny, 61, "a turn", NULL);
    assert_true(tiny_until(
        tiny, "SELECT count(*) FROM dispatch.dead_letter WHERE retried_at IS NULL", 0, 10000));
    assert_int_equal(
        pg_int(tiny->pg,
               "SELECT coalesce(max(n), 0) FROM dispatch.counter WHERE id = 202611230000060"),
        21);
    tiny_say(tiny, 60, "free again", NULL);
    assert_true(tiny_until(
        tiny, "SELECT coalesce(max(n), 0) FROM dispatch.counter WHERE id = 202611230000060", 22,
        5000));
    assert_int_equal(pg_int(tiny->pg, "SELECT count(*) FROM dispatch.dead_letter"), 18);
}

int main(int argc, char **argv)
{
    int code;
    if (tiny_is_service(argc, argv, &code))
        return code;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_once),
        cmocka_unit_test(poisoned_event),
        cmocka_unit_test(tried_again),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
