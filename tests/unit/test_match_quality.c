// SPDX-License-Identifier: Apache-2.0
// The bench of the matcher, small: fails when joining gets worse, candidates get lost, memory
// grows. Figures of 20,000 reports; what the sizes that count give is printed by bench_match.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/match_bench.h"

static void test_twenty_thousand_reports(void **state)
{
    (void)state;
    struct match_bench_options options = {.params = {.reports = 18000}, .steady = 2000};
    struct match_bench_result result;
    match_bench_run(&options, &result);
    match_bench_print(&options, &result, stdout);
    const struct match_quality *q = &result.quality;
    assert_in_range(q->with_earlier, 1900, 2500);
    assert_true(q->best_f1 >= 0.975);
    assert_true(q->recall_at_p95 >= 0.975);
    assert_true(q->recall_at_p99 >= 0.96);
    assert_true(q->false_per_10000 <= 60);
    assert_true(result.bytes * 18000 - 25.4e6 <= 18000 * (result.blob_bytes + 270));
    assert_true(result.rebuild_s < 10);
}

// Another city, seven times as dense: a smaller one of the same places and people.
static void test_a_dense_city(void **state)
{
    (void)state;
    struct match_bench_options options = {
        .params = {.seed = 2, .reports = 9000, .side_km = 18, .places = 3600}, .steady = 1000};
    struct match_bench_result result;
    match_bench_run(&options, &result);
    match_bench_print(&options, &result, stdout);
    assert_true(result.quality.best_f1 >= 0.965);
    assert_true(result.quality.recall_at_p95 >= 0.965);
    assert_true(result.quality.recall_at_p99 >= 0.93);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twenty_thousand_reports),
        cmocka_unit_test(test_a_dense_city),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
