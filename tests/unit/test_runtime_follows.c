// SPDX-License-Identifier: Apache-2.0
// One service follows another's feed: each event has its effect once whoever is killed, an event
// that the database refuses is set aside with all later ones of its object, and goes through in
// order when it is tried again. A delayed feed's events come when they are old enough, each once;
// a service that pauses takes nothing but what came elsewhere too.
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

// ---- delay and pause -------------------------------------------------------------------------

#define LATER_MS 2000
#define COUNTED_LATER \
    "SELECT coalesce(sum(n), 0)::int8 FROM dispatch.counter WHERE id > 202611230500000"
#define LATER_CURSOR "SELECT coalesce(max(seq), 0) FROM dispatch.cursor WHERE feed = 'p1'"
#define HEAD "SELECT max(seq) FROM intake.journal"
// Rows that the delayed feed made of what was said since `from`, and how old that was then.
#define MADE_LATER                                                                               \
    "FROM dispatch.journal d JOIN intake.journal i ON d.object = i.object + 500000 AND i.seq > " \
    "(SELECT n FROM later_from)"

static void start_dispatch(void)
{
    dispatch = tiny_start(tiny, "dispatch", 0, NULL);
    for (int i = 0; i < 1000 && !tiny_bound(tiny, "dispatch", 0); i++)
        tiny_run(tiny, 20);
}

// From here on dispatch follows p1 too, after all that is there already.
static void begin_later(const char *seconds)
{
    assert_int_equal(tiny_stop(dispatch), 0);
    setenv("WHISTLE_LATER_S", seconds, 1);
    pg_run(tiny->pg,
           "DROP TABLE IF EXISTS later_from; CREATE TABLE later_from AS SELECT (" HEAD ") AS n;"
           "DELETE FROM dispatch.cursor WHERE feed = 'p1';"
           "INSERT INTO dispatch.cursor (feed, seq, hash) SELECT 'p1', seq, hash FROM "
           "intake.journal ORDER BY seq DESC LIMIT 1");
    start_dispatch();
}

static void say_some(int64_t first, int n)
{
    for (int i = 0; i < n; i++)
        tiny_ask(tiny, first + i, "later too", NULL);
    assert_true(tiny_answered(tiny, 20000));
}

// Every event of p1 waits until it is old enough; the cursor stays with it, also where the process
// ends or is killed meanwhile, and every event has its effect once.
static void delayed_events(void **state)
{
    (void)state;
    begin_later("2");
    int64_t before = pg_int(tiny->pg, LATER_CURSOR);
    say_some(1000, 300);
    assert_true(
        tiny_until(tiny,
                   "SELECT count(*) FROM dispatch.counter WHERE id BETWEEN 202611230001000 AND "
                   "202611230001299",
                   300, 10000)); // the other feed is not held up
    bool young = pg_int(tiny->pg, COUNTED_LATER) == 0;
    assert_true(!young || pg_int(tiny->pg, LATER_CURSOR) == before);
    int64_t asked = tiny_now();
    assert_int_equal(tiny_stop(dispatch), 0); // does not wait for what is too young
    assert_true(tiny_now() - asked < 10000);
    start_dispatch();
    say_some(1300, 100);
    tiny_kill(dispatch);
    start_dispatch();
    say_some(1400, 100);
    assert_true(tiny_until(tiny, COUNTED_LATER, 500, 20000));
    assert_int_equal(pg_int(tiny->pg, "SELECT count(*) " MADE_LATER), 500);
    assert_int_equal(pg_int(tiny->pg, "SELECT count(*) " MADE_LATER " WHERE d.at - i.at < 2000"),
                     0);
    assert_int_equal(pg_int(tiny->pg, "SELECT count(*) FROM (SELECT i.seq, lag(i.seq) OVER (ORDER "
                                      "BY d.seq) AS before " MADE_LATER ") x WHERE seq < before"),
                     0);
    assert_true(tiny_until(tiny, LATER_CURSOR, pg_int(tiny->pg, HEAD), 5000));
}

// Timers wait for the feeds after a start; a delayed one does not hold them up for its delay.
static void delayed_feed_is_caught_up(void **state)
{
    (void)state;
    begin_later("3600");
    say_some(2000, 10);
    assert_true(
        tiny_until(tiny,
                   "SELECT count(*) FROM dispatch.counter WHERE id BETWEEN 202611230002000 AND "
                   "202611230002009",
                   10, 10000));
    assert_int_equal(tiny_stop(dispatch), 0);
    pg_run(tiny->pg, "UPDATE dispatch.counter SET due = 1 WHERE id = 202611230002000");
    start_dispatch();
    assert_true(
        tiny_until(tiny, "SELECT n FROM dispatch.counter WHERE id = 202611230002000", 101, 20000));
    assert_int_equal(pg_int(tiny->pg, "SELECT count(*) " MADE_LATER), 0);
}

// The publisher's clock is an hour ahead: its events are not kept for an hour.
static void event_of_the_future(void **state)
{
    (void)state;
    begin_later("2");
    assert_int_equal(tiny_stop(intake), 0);
    pg_run(tiny->pg, "UPDATE intake.journal SET at = at + 3600000 WHERE seq = (" HEAD ")");
    intake = tiny_start(tiny, "intake", 0, NULL);
    say_some(3000, 5);
    assert_int_equal(pg_int(tiny->pg, "SELECT count(*) FROM intake.journal WHERE at > (extract("
                                      "epoch FROM clock_timestamp()) * 1000)::int8 + 3000000"),
                     6);
    assert_true(tiny_until(tiny, "SELECT count(*) " MADE_LATER, 5, 20000));
}

// What is brought elsewhere too goes on, the rest waits, within the credit, and then comes once.
static void pause_(void **state)
{
    (void)state;
    char file[96];
    snprintf(file, sizeof file, "%s/pause", tiny->dir);
    setenv("TINY_PAUSE", file, 1);
    begin_later("0");
    int64_t from = pg_int(tiny->pg, HEAD);
    char seen[128];
    snprintf(seen, sizeof seen, "SELECT max(seq) FROM dispatch.cursor WHERE feed = 'intake'");
    assert_true(tiny_until(tiny, seen, from, 10000));
    close(open(file, O_CREAT | O_WRONLY, 0600));
    for (int i = 0; i < 3000; i++)
        tiny_ask(tiny, 4000 + i % 10, "later too", NULL);
    assert_true(tiny_answered(tiny, 30000));
    assert_true(tiny_until(tiny, LATER_CURSOR, from + 3000, 20000));
    assert_int_equal(pg_int(tiny->pg, seen), from);
    assert_int_equal(tiny_stop(dispatch), 0); // does not wait for the pause's end
    start_dispatch();
    tiny_run(tiny, 1000);
    assert_int_equal(pg_int(tiny->pg, seen), from);
    assert_int_equal(unlink(file), 0);
    assert_true(tiny_until(tiny, seen, from + 3000, 20000));
    assert_int_equal(pg_int(tiny->pg, "SELECT sum(n)::int8 FROM dispatch.counter WHERE id BETWEEN "
                                      "202611230004000 AND 202611230004009"),
                     3000);
    unsetenv("TINY_PAUSE");
    unsetenv("WHISTLE_LATER_S");
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
        cmocka_unit_test(delayed_events),
        cmocka_unit_test(delayed_feed_is_caught_up),
        cmocka_unit_test(event_of_the_future),
        cmocka_unit_test(pause_),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
