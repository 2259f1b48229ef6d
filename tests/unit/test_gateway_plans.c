// SPDX-License-Identifier: Apache-2.0
// The gateway's reads of what dispatch publishes, planned as its own role under row-level security,
// on empty tables and on full ones: what has ended is never walked through.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dispatch/handler_service.h"
#include "gateway/store_read.h"
#include "support/plans.h"

static const char *const small[] = {"noted", NULL};
static const char *const walked[] = {"waiting_pkey", NULL};
static struct plans plans = {.service = &dispatch_service, .small = small, .walked = walked};

static void check_all(void)
{
    pg_run(plans.pg, "SET ROLE whistle_gateway");
    for (size_t i = 0; i <= READ_STATEMENTS; i++)
        plans_check_one(read_sql[i]);
    pg_run(plans.pg, "RESET ROLE");
}

static void test_empty(void **state)
{
    (void)state;
    check_all();
}

static void test_full(void **state)
{
    (void)state;
    plans_fill_common();
    pg_run(plans.pg,
           "INSERT INTO whistle (id, submitted_at, version, priority, source, stage, state, "
           "open, times_set, category, title, history, unit, street, place) SELECT g, g, 1, 2, 1, "
           "7, 7, g > 19000, 'normal', 'RUBBISH', 'title', ARRAY[g], g % 90 + 16, g % 9 + 16, "
           "g % 90 + 16 FROM generate_series(1, 20000) g");
    pg_run(plans.pg, "INSERT INTO task (whistle, body, seq, dispatched_at, ord, part, open) "
                     "SELECT g, b, g, g, b - 50, 1, g > 19000 FROM generate_series(1, 20000) g, "
                     "generate_series(50, 53) b");
    pg_run(plans.pg, "INSERT INTO point SELECT g, 1, 1 FROM generate_series(1, 20000) g");
    pg_run(plans.pg, "ANALYZE");
    check_all();
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
    return cmocka_run_group_tests_name("gateway plans", tests, setup, teardown);
}
