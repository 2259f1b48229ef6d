// SPDX-License-Identifier: Apache-2.0
// Every statement of the runtime and of dispatch, planned as a service session plans it:
// generically, on empty tables and on full ones. No table that grows is read from end to end: no
// sequential scan, and no index walked without a condition but the partial ones over what is open,
// and a few rows off an index' end.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dispatch/handler_service.h"
#include "support/plans.h"

static const char *const small[] = {"noted", NULL};
static const char *const walked[] = {"waiting_pkey", NULL};
static struct plans plans = {.service = &dispatch_service, .small = small, .walked = walked};

static void test_empty(void **state)
{
    (void)state;
    plans_check();
}

static void test_full(void **state)
{
    (void)state;
    plans_fill_common();
    pg_run(plans.pg,
           "INSERT INTO whistle (id, submitted_at, version, priority, source, stage, state, "
           "open, times_set, category, title, history) SELECT g, g, 1, 2, 1, 7, 7, g > 19000, "
           "'normal', 'RUBBISH', 'title', ARRAY[g, g + 20000] FROM generate_series(1, 20000) g");
    pg_run(plans.pg,
           "UPDATE whistle SET stage = 6, state = 6, merged_into = id - 1 - id % 7, joined_at = 1, "
           "joined_stage = 7 WHERE id % 10 > 6");
    pg_run(plans.pg, "INSERT INTO task (whistle, body, seq, dispatched_at, ord, part, open) "
                     "SELECT g, b, g, g, b - 50, 1, g > 19000 FROM generate_series(1, 20000) g, "
                     "generate_series(50, 53) b");
    pg_run(plans.pg, "INSERT INTO bundle SELECT 'b' || g, g FROM generate_series(1, 5000) g");
    pg_run(plans.pg,
           "INSERT INTO waiting SELECT g % 20, g, 0, g, 0, 1, g FROM generate_series(1, 500) g");
    pg_run(plans.pg, "ANALYZE");
    plans_check();
}

static int setup(void **state)
{
    (void)state;
    return plans_begin(&plans);
}

static int teardown(void **state)
{
    (void)state;
    plans_end();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_full),
    };
    return cmocka_run_group_tests_name("dispatch plans", tests, setup, teardown);
}
