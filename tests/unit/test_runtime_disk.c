// SPDX-License-Identifier: Apache-2.0
// The two floors of the disk, for every free space around them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/disk.h"

static void floors(void **state)
{
    (void)state;
    for (int64_t free_mb = 0; free_mb < 700; free_mb++) {
        enum wh_disk_state expected = free_mb >= 512  ? WH_DISK_AMPLE
                                      : free_mb >= 64 ? WH_DISK_SCARCE
                                                      : WH_DISK_FULL;
        assert_int_equal(wh_disk_judge(free_mb, 512, 64), expected);
        // the lower floor above the other one: it alone counts
        assert_int_equal(wh_disk_judge(free_mb, 64, 512),
                         free_mb >= 512 ? WH_DISK_AMPLE : WH_DISK_FULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(floors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
