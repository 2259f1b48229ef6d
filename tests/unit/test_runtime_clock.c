// SPDX-License-Identifier: Apache-2.0
// Time for turns: with any jumps of the wall clock it never goes back, runs at least at three
// quarters of the true speed, and is the wall clock's again once that has caught up.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/time.h"
#include "runtime/clock.h"

static void follows_the_wall(void **state)
{
    struct wh_clock clock = {0};
    (void)state;
    wh_clock_stood(&clock, 1000000, 500);
    assert_int_equal(wh_clock_now(&clock, 1000100, 600), 1000100);
    assert_int_equal(wh_clock_now(&clock, 1000000 + WH_MS_DAY, 700), 1000000 + WH_MS_DAY);
}

// A day back: five minutes later five minutes times 3/4 have passed, four days later all is well.
static void goes_on_after_a_jump_back(void **state)
{
    struct wh_clock clock = {0};
    const int64_t day = WH_MS_DAY, at = 1000 * WH_MS_DAY;
    (void)state;
    wh_clock_stood(&clock, at, 0);
    assert_int_equal(wh_clock_now(&clock, at - day, 0), at);
    assert_int_equal(wh_clock_now(&clock, at - day + 400000, 400000), at + 300000);
    assert_int_equal(wh_clock_now(&clock, at + 3 * day, 4 * day), at + 3 * day);
    assert_int_equal(wh_clock_now(&clock, at + 4 * day, 5 * day), at + 4 * day);
}

static void never_back_for_random_jumps(void **state)
{
    struct wh_clock clock = {0};
    int64_t mono = 1, offset = 1000 * WH_MS_DAY, last = 0;
    (void)state;
    srand(7);
    wh_clock_stood(&clock, offset, mono);
    for (int i = 0; i < 100000; i++) {
        int64_t step = rand() % 5000;
        mono += step;
        if (rand() % 50 == 0)
            offset += (rand() % 3 - 1) * (rand() % 2 ? WH_MS_HOUR : WH_MS_DAY);
        int64_t now = wh_clock_now(&clock, offset + mono, mono);
        assert_true(now >= last);
        assert_true(now >= offset + mono);
        if (rand() % 3 == 0) { // a commit
            assert_true(now >= clock.stood_at + (mono - clock.stood_mono) * 3 / 4);
            wh_clock_stood(&clock, now, mono);
            last = now;
        }
    }
}

static void jumps_are_seen(void **state)
{
    struct wh_clock clock = {0};
    (void)state;
    assert_int_equal(wh_clock_jump(&clock, 1000, 10), 0);
    assert_int_equal(wh_clock_jump(&clock, 2000, 1010), 0);
    assert_int_equal(wh_clock_jump(&clock, 3000 + WH_MS_HOUR, 2010), WH_MS_HOUR);
    assert_int_equal(wh_clock_jump(&clock, 4000 + WH_MS_HOUR, 3010), 0);
    assert_int_equal(wh_clock_jump(&clock, 5000, 4010), -WH_MS_HOUR);
}

static void what_is_left_of_a_delay(void **state)
{
    const int64_t now = 1000 * WH_MS_DAY, delay = 60000;
    (void)state;
    assert_int_equal(wh_clock_rest(now, delay, now), delay);
    assert_int_equal(wh_clock_rest(now - 20000, delay, now), 40000);
    assert_int_equal(wh_clock_rest(now - delay, delay, now), 0);
    assert_int_equal(wh_clock_rest(now - WH_MS_DAY, delay, now), 0);
    assert_int_equal(wh_clock_rest(now + WH_MS_DAY, delay, now), delay); // of a clock ahead of ours
    assert_int_equal(wh_clock_rest(now, 0, now), 0);
    assert_int_equal(wh_clock_rest(INT64_MAX, delay, now), delay);
    assert_int_equal(wh_clock_rest(INT64_MIN, delay, now), 0);
    srand(11);
    for (int i = 0; i < 100000; i++) {
        int64_t at = now + (rand() % 200001 - 100000), rest = wh_clock_rest(at, delay, now);
        assert_true(rest >= 0 && rest <= delay);
        if (at <= now)
            assert_true(now + rest - at >= delay); // old enough when it is handed over
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_the_wall),
        cmocka_unit_test(goes_on_after_a_jump_back),
        cmocka_unit_test(never_back_for_random_jumps),
        cmocka_unit_test(jumps_are_seen),
        cmocka_unit_test(what_is_left_of_a_delay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
