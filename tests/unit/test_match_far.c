// SPDX-License-Identifier: Apache-2.0
// Who is passed over as surely too far would be judged FAR, all over the globe; and near the limit
// nearly everybody is found.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "match/verdict.h"

#define PAIRS 20000

static double between(double from, double to)
{
    return from + (to - from) * rand() / RAND_MAX;
}

static void at(struct match_maker *maker, double lat, double lon, struct match_report **ret)
{
    struct match_input in = {
        .id = 1, .at = 1000, .title = "路灯不亮", .located = true, .lat = lat, .lon = lon};
    const struct match_report *made;
    assert_int_equal(match_report_make(maker, &in, &made), 0);
    *ret = malloc(match_report_size(made));
    memcpy(*ret, made, match_report_size(made));
}

static void surely_far_is_far(void **state)
{
    const struct match_model *model = match_model_builtin();
    struct match_maker *maker = match_maker_new();
    struct match_probe *probe = match_probe_new();
    struct match_corpus corpus;
    unsigned passed = 0, far = 0;
    (void)state;
    srand(20261123);
    assert_int_equal(match_corpus_init(&corpus, model), 0);
    for (int i = 0; i < PAIRS; i++) {
        struct match_report *a, *b;
        struct match_score score;
        double lat = between(-89, 89), lon = between(-180, 180);
        double reach = i % 2 ? 0.1 : 5;
        double east = lon + between(-reach, reach);
        at(maker, lat, lon, &a);
        at(maker, lat + between(-reach, reach) / 2,
           east > 180    ? east - 360
           : east < -180 ? east + 360
                         : east,
           &b);
        match_score(probe, model, &corpus, a, b, &score);
        if (match_surely_far(model, a, b)) {
            assert_int_equal(score.rule, MATCH_RULE_FAR);
            passed++;
        }
        far += score.rule == MATCH_RULE_FAR;
        free(a);
        free(b);
    }
    assert_true(passed <= far && passed > far - far / 8);
    match_corpus_done(&corpus);
    match_probe_free(probe);
    match_maker_free(maker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(surely_far_is_far)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
