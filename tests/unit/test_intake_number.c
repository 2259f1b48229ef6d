// SPDX-License-Identifier: Apache-2.0
// Numbers: from 1 up each local day, strictly rising whatever the clock does, never twice, also
// over a restart.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/id.h"
#include "intake/number.h"
#include "support/demo_district.h"
#include "support/intake_sample.h"

#define MIDNIGHT INT64_C(1795449600000) // 2026-11-24T00:00+08:00

static void a_day_begins_at_one(void **state)
{
    (void)state;
    struct wh_district *district = demo_district(WH_SOURCE_DIR);
    struct numbers numbers = {0};
    char text[WH_NUMBER_MAX];
    int64_t id = 0;
    for (int i = 1; i <= 3; i++) {
        int32_t day = wh_district_day(district, MIDNIGHT - 4 + i);
        assert_int_equal(numbers_next(&numbers, day, &id), 0);
        assert_int_equal(id, INT64_C(202611230000000) + i);
    }
    assert_int_equal(wh_number_format(wh_district_prefix(district), id, text), 0);
    assert_string_equal(text, "AL-20261123-0003");
    assert_int_equal(numbers_next(&numbers, wh_district_day(district, MIDNIGHT), &id), 0);
    assert_int_equal(id, INT64_C(202611240000001));
    wh_district_free(district);
}

// Clocks that jump by days in both directions, restarts in between.
static void never_twice_never_back(void **state)
{
    (void)state;
    struct sample_random random = {7};
    struct wh_district *district = demo_district(WH_SOURCE_DIR);
    struct numbers numbers = {0};
    int64_t before = 0, now = MIDNIGHT;
    for (int i = 0; i < 200000; i++) {
        int64_t id = 0;
        uint32_t what = sample_below(&random, 1000);
        if (what == 0)
            now -= (int64_t)sample_below(&random, 5) * WH_MS_DAY;
        else if (what < 3)
            now += (int64_t)sample_below(&random, 3) * WH_MS_DAY;
        else if (what == 3)
            numbers_restore(&numbers, before);
        now += 20;
        assert_int_equal(numbers_next(&numbers, wh_district_day(district, now), &id), 0);
        assert_true(id > before);
        assert_int_equal(wh_object_make(wh_object_day(id), wh_object_n(id)), id);
        before = id;
    }
    wh_district_free(district);
}

static void a_full_day_is_told(void **state)
{
    (void)state;
    struct numbers numbers = {0};
    int64_t id = 0;
    numbers_restore(&numbers, INT64_C(202611239999998));
    assert_int_equal(numbers_next(&numbers, 20261123, &id), 0);
    assert_int_equal(id, INT64_C(202611239999999));
    assert_int_equal(numbers_next(&numbers, 20261123, &id), WH_E_RANGE);
    assert_int_equal(numbers_next(&numbers, 20261122, &id), WH_E_RANGE);
    assert_int_equal(numbers_next(&numbers, 20261124, &id), 0);
    assert_int_equal(id, INT64_C(202611240000001));
}

// After a restore numbers go on behind those that were lost; never back, and the next day from 1.
static void lost_numbers_are_not_given_again(void **state)
{
    (void)state;
    struct numbers numbers = {0};
    int64_t id = 0;
    numbers_restore(&numbers, INT64_C(202611230000041));
    numbers_go_on_after(&numbers, INT64_C(202611231000000));
    assert_int_equal(numbers_next(&numbers, 20261123, &id), 0);
    assert_true(id == INT64_C(202611231000001));
    numbers_go_on_after(&numbers, INT64_C(202611231000000));
    numbers_go_on_after(&numbers, 0);
    assert_int_equal(numbers_next(&numbers, 20261123, &id), 0);
    assert_true(id == INT64_C(202611231000002));
    assert_int_equal(numbers_next(&numbers, 20261124, &id), 0);
    assert_true(id == INT64_C(202611240000001));
    numbers_go_on_after(&numbers, INT64_C(202611231000000));
    assert_int_equal(numbers_next(&numbers, 20261124, &id), 0);
    assert_true(id == INT64_C(202611240000002));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_begins_at_one),
        cmocka_unit_test(never_twice_never_back),
        cmocka_unit_test(a_full_day_is_told),
        cmocka_unit_test(lost_numbers_are_not_given_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
