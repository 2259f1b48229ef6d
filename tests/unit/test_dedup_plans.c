// SPDX-License-Identifier: Apache-2.0
// Every statement of the runtime and of dedup, planned as a service session plans it: generically,
// on empty tables and on full ones. No table that grows is read from end to end: no sequential
// scan, and no index walked without a condition but the partial one over what is open, what persons
// separated (read at the start), and a few rows off an index' end. What changes in a report's row
// keeps its place in the index: a HOT update.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "dedup/handler_service.h"
#include "support/plans.h"

static const char *const small[] = {NULL};
static const char *const walked[] = {"apart_pkey", NULL};
static struct plans plans = {.service = &dedup_service, .small = small, .walked = walked};

static void test_empty(void **state)
{
    (void)state;
    plans_check();
}

// Reports of the last 200 days, a hundred a day; every seventh is joined to the one before.
static void fill(void)
{
    pg_run(plans.pg,
           "INSERT INTO report (id, at, told, seq, until_at, resolved_at, asks, raised, unit, "
           "street, stage, moved, priority, flags, open, danger, blob) SELECT "
           "to_char(now() - d * interval '1 day', 'YYYYMMDD')::int8 * 10000000 + n, 0, n, n, 0, 0, "
           "0, 0, 17, 17, 2, 0, 3, 0, d < 3, '', decode(repeat('00', 300), 'hex') "
           "FROM generate_series(0, 199) d, generate_series(1, 100) n ORDER BY 1");
    pg_run(plans.pg,
           "INSERT INTO membership (child, seq, parent, parted_seq) SELECT id, id, id - 1, "
           "CASE id % 3 WHEN 0 THEN 9 ELSE 0 END FROM report WHERE id % 7 = 0");
    pg_run(plans.pg, "INSERT INTO apart SELECT id, id + 1, 1, 0 FROM report WHERE id % 50 = 0");
}

static void test_full(void **state)
{
    (void)state;
    plans_fill_common();
    fill();
    pg_run(plans.pg, "ANALYZE");
    plans_check();
}

// Joins, moves and ends change no indexed column; a HOT update leaves the indexes alone.
static void test_hot(void **state)
{
    (void)state;
    pg_run(plans.pg, "TRUNCATE report, membership, apart");
    fill();
    pg_run(plans.pg, "SELECT pg_stat_reset()");
    pg_run(plans.pg, "UPDATE report SET stage = 3, priority = 2, flags = 2 WHERE id % 20 = 0");
    pg_run(plans.pg, "UPDATE report SET moved = 11, resolved_at = 5 WHERE id % 20 = 3");
    pg_run(plans.pg, "UPDATE membership SET parted_seq = 12 WHERE child % 140 = 0");
    pg_run(plans.pg, "SELECT pg_stat_force_next_flush()");
    int64_t all =
        pg_int(plans.pg, "SELECT sum(n_tup_upd)::int8 FROM pg_stat_user_tables WHERE relname "
                         "IN ('report', 'membership')");
    int64_t hot = pg_int(plans.pg, "SELECT sum(n_tup_hot_upd)::int8 FROM pg_stat_user_tables WHERE "
                                   "relname IN ('report', 'membership')");
    assert_true(all > 2000);
    if (hot * 10 < all * 9) // a page may be full
        fail_msg("%lld of %lld updates were HOT", (long long)hot, (long long)all);
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
        cmocka_unit_test(test_hot),
    };
    return cmocka_run_group_tests_name("dedup plans", tests, setup, teardown);
}
