// SPDX-License-Identifier: Apache-2.0
// A service killed exactly between two steps, at each of the runtime's fail points: every command
// has its effect once, whoever asks again hears the same. Only in builds with fail points.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/tiny.h"

static struct tiny *tiny;

static int setup(void **state)
{
    (void)state;
    tiny = tiny_new();
    tiny_client(tiny, 60000);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tiny_free(tiny);
    return 0;
}

static int64_t count_of(int counter)
{
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT coalesce(max(n), 0) FROM intake.counter WHERE id = %lld",
             (long long)wh_object_make(20261123, counter));
    return pg_int(tiny->pg, sql);
}

// 600 commands, one of them poison, over a service that is to die on the way.
static void over(const char *point, int counter, bool dies)
{
    char environment[96];
    size_t first = tiny->asked;
    snprintf(environment, sizeof environment, "WHISTLE_FAILPOINT=%s", point);
    pid_t pid = tiny_start(tiny, "intake", 0, environment);
    for (int i = 0; i < 600; i++)
        tiny_ask(tiny, counter, i == 300 ? "poison" : "count", NULL);
    if (dies) {
        int code = 1000;
        for (int i = 0; i < 300 && code == 1000; i++) {
            tiny_run(tiny, 20);
            code = tiny_wait(pid, 1);
        }
        if (code != -SIGKILL)
            fail_msg("%s: ended with %d", point, code);
        pid = tiny_start(tiny, "intake", 0, NULL);
    }
    assert_true(tiny_answered(tiny, 60000));
    for (size_t i = 0; i < 600; i++)
        assert_int_equal(tiny->answers[first + i].error, i == 300 ? 422 : 0);
    assert_int_equal(count_of(counter), 599);
    assert_int_equal(tiny_stop(pid), 0);
    assert_int_equal(pg_int(tiny->pg, "SELECT count(*) - max(seq) FROM intake.journal"), 0);
}

static void every_point(void **state)
{
    (void)state;
#ifndef WHISTLE_FAILPOINTS
    skip();
#endif
    static const char *const points[] = {
        "turn.before_load:1", "turn.after_load:2", "turn.before_commit:1", "commit.sent:1",
        "commit.sent:3",      "commit.done:2",     "answers.sent_half:1",  "answers.sent_half:3",
        "feed.before_moved",  "owner.after_lock",  "owner.after_epoch",    "rebuild.half",
        "deadletter.before",
    };
    for (size_t i = 0; i < sizeof points / sizeof *points; i++)
        over(points[i], (int)i + 1, true);
    assert_int_equal(pg_int(tiny->pg, "SELECT count(*) FROM intake.dead_letter"), 13);
}

// The step fails without killing: memory is void, and built again.
static void void_and_back(void **state)
{
    (void)state;
#ifndef WHISTLE_FAILPOINTS
    skip();
#endif
    over("turn.before_load:2=error", 101, false);
    over("turn.after_load:1=error", 102, false);
}

int main(int argc, char **argv)
{
    int code;
    if (tiny_is_service(argc, argv, &code))
        return code;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_point),
        cmocka_unit_test(void_and_back),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
