// SPDX-License-Identifier: Apache-2.0
// The timers against a plain table of times: set, replaced, cleared and taken in any order
// (seeded).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/timers.h"

#define KEYS 200

static uint64_t state;

static uint32_t next(void)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33);
}

static int64_t plain_first(const int64_t *at, size_t *ret_key)
{
    int64_t best = 0;
    for (size_t i = 0; i < KEYS; i++)
        if (at[i] && (!best || at[i] < best)) {
            best = at[i];
            *ret_key = i;
        }
    return best;
}

static void like_a_table(void **unused)
{
    (void)unused;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct wh_timers *timers = wh_timers_new();
        int64_t at[KEYS] = {0};
        size_t count = 0;
        state = seed;
        for (int step = 0; step < 4000; step++) {
            size_t key = next() % KEYS;
            int64_t when = next() % 4 ? 1 + next() % 500 : 0;
            count += (when != 0) - (size_t)(at[key] != 0);
            at[key] = when;
            assert_int_equal(wh_timers_set(timers, (int64_t)key, when), 0);
            assert_int_equal(wh_timers_get(timers, (int64_t)key), when);
            assert_int_equal(wh_timers_count(timers), count);
            struct wh_timer first;
            size_t earliest = 0;
            int64_t best = plain_first(at, &earliest);
            assert_int_equal(wh_timers_first(timers, &first), best != 0);
            if (!best)
                continue;
            assert_int_equal(first.at, best);
            assert_int_equal(first.key, earliest); // equal times: the smaller key
        }
        wh_timers_clear(timers);
        assert_int_equal(wh_timers_count(timers), 0);
        assert_int_equal(wh_timers_set(timers, 7, 5), 0);
        assert_int_equal(wh_timers_get(timers, 7), 5);
        wh_timers_free(timers);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(like_a_table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
