// SPDX-License-Identifier: Apache-2.0
// What two reports say of each other beyond their words: where at the place, since when, and which
// section judges them. All of it the same for the two changed over.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "match/facts.h"
#include "match/features.h"
#include "match/model.h"
#include "match/verdict.h"

#define NOON INT64_C(1795406400000) // 2026-11-23 12:00 in UTC+8
#define DAY INT64_C(86400000)

static struct match_pair pair_of(const struct match_input *a, const struct match_input *b)
{
    struct match_maker *makers[2] = {match_maker_new(), match_maker_new()};
    struct match_probe *probe = match_probe_new();
    struct match_corpus corpus;
    const struct match_report *one, *other;
    struct match_pair pair, back;
    assert_int_equal(match_corpus_init(&corpus, match_model_builtin()), 0);
    assert_int_equal(match_report_make(makers[0], a, &one), 0);
    assert_int_equal(match_report_make(makers[1], b, &other), 0);
    match_probe_set(probe, &corpus, one);
    match_probe_pair(probe, other, NULL, &pair);
    match_probe_set(probe, &corpus, other);
    match_probe_pair(probe, one, NULL, &back);
    assert_int_equal(pair.section, back.section);
    for (size_t i = 0; i < MATCH_FEATURES; i++)
        if (pair.at[i] < back.at[i] - 1e-4F || pair.at[i] > back.at[i] + 1e-4F)
            fail_msg("%s: %f and %f", match_feature_name(i), (double)pair.at[i],
                     (double)back.at[i]);
    match_probe_free(probe);
    match_corpus_done(&corpus);
    match_maker_free(makers[0]);
    match_maker_free(makers[1]);
    return pair;
}

static struct match_pair said(const char *a, const char *b)
{
    return pair_of(&(struct match_input){.id = 1, .at = NOON, .title = "路灯不亮", .text = a},
                   &(struct match_input){.id = 2, .at = NOON, .title = "路灯不亮", .text = b});
}

static void where_at_the_place(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        enum match_feature is; // MATCH_BIAS: none of them
    } of[] = {
        {"翠竹苑东门的路灯", "路灯在翠竹苑东大门", MATCH_SPOT},
        {"翠竹苑东门的路灯", "翠竹苑西侧门路灯", MATCH_SPOT_OTHER},
        {"翠竹苑3号楼的路灯", "翠竹苑快递柜旁的路灯", MATCH_SPOT_OTHER},
        {"翠竹苑3号楼的路灯", "翠竹苑的路灯", MATCH_SPOT_ONE},
        {"翠竹苑的路灯", "路灯坏了", MATCH_BIAS},
        {"翠竹苑3号楼的路灯", "翠竹苑三栋路灯", MATCH_BIAS},    // PLACE_NUMBER
        {"翠竹苑3号楼的路灯", "翠竹苑5号楼的路灯", MATCH_BIAS}, // a veto
        {"学府路与友谊路交叉口", "友谊路和学府路路口", MATCH_SPOT},
        {"学府路与友谊路交叉口", "我们这里和友谊路路口", MATCH_SPOT},
        {"学府路与友谊路交叉口", "学府路与清泉路路口", MATCH_SPOT_OTHER},
        {"学校门口的路灯", "小学门前路灯", MATCH_SPOT},
        {"学校门口的路灯", "医院对面的路灯", MATCH_SPOT_OTHER},
        {"学校食堂的路灯", "医院的路灯", MATCH_BIAS}, // things, not where they are
    };
    static const enum match_feature spots[] = {MATCH_SPOT, MATCH_SPOT_OTHER, MATCH_SPOT_ONE};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        struct match_pair pair = said(of[i].a, of[i].b);
        for (size_t k = 0; k < 3; k++)
            if ((pair.at[spots[k]] > 0) != (spots[k] == of[i].is))
                fail_msg("%s, %s: %s", of[i].a, of[i].b, match_feature_name(spots[k]));
    }
}

static void since_when(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        int64_t later; // days the second is reported after the first
        enum match_feature is;
    } of[] = {
        {"从11月20日开始", "最早是11.20发现的", 2, MATCH_SINCE},
        {"从11月20日开始", "最早是11月21日发现的", 2, MATCH_SINCE_NEXT},
        {"从11月20日开始", "持续了4天", 2, MATCH_SINCE}, // the 21st, reckoned
        {"从11月20日开始", "从11月10日开始", 2, MATCH_SINCE_OTHER},
        {"从11月20日开始", "不知道从什么时候", 2, MATCH_BIAS},
        {"不知道从什么时候", "从11月24日开始", 2, MATCH_SINCE_LATE},
        {"不知道从什么时候", "从11月23日开始", 2, MATCH_BIAS}, // the day of the other's report
    };
    static const enum match_feature all[] = {MATCH_SINCE, MATCH_SINCE_NEXT, MATCH_SINCE_OTHER,
                                             MATCH_SINCE_LATE};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        struct match_input a = {.id = 1, .at = NOON, .title = "停水", .text = of[i].a};
        struct match_input b = {.id = 2, .title = "停水", .text = of[i].b};
        b.at = NOON + of[i].later * DAY;
        struct match_pair pair = pair_of(&a, &b);
        for (size_t k = 0; k < 4; k++)
            if ((pair.at[all[k]] > 0) != (all[k] == of[i].is))
                fail_msg("%s, %s: %s", of[i].a, of[i].b, match_feature_name(all[k]));
    }
}

// A day begins at midnight of those who report, not of Greenwich.
static void a_day_is_theirs(void **state)
{
    (void)state;
    assert_int_equal(match_day(NOON), match_day(NOON - DAY / 2));
    assert_int_equal(match_day(NOON), match_day(NOON + DAY / 2 - 1));
    assert_int_equal(match_day(NOON) + 1, match_day(NOON + DAY / 2));
    assert_int_equal(match_day(NOON) - 1, match_day(NOON - DAY / 2 - 1));
    assert_true(match_day(INT64_MIN) < match_day(INT64_MAX));
}

static void which_section(void **state)
{
    (void)state;
    const char *long_text = "路灯已经坏了三天,晚上一片漆黑,请派人来修";
    struct match_input a = {.id = 1, .at = NOON, .title = "路灯不亮", .text = long_text};
    struct match_input b = {.id = 2, .at = NOON, .title = "路灯不亮", .text = long_text};
    assert_int_equal(pair_of(&a, &b).section, MATCH_TEXT);
    a.category = b.category = 3;
    assert_int_equal(pair_of(&a, &b).section, MATCH_AREA);
    a.located = b.located = true;
    a.lat = b.lat = 39.1;
    a.lon = b.lon = 115.9;
    assert_int_equal(pair_of(&a, &b).section, MATCH_PLACED);
    b.text = "快来";
    assert_int_equal(pair_of(&a, &b).section, MATCH_BRIEF);
    b.located = false;
    assert_int_equal(pair_of(&a, &b).section, MATCH_AREA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_at_the_place),
        cmocka_unit_test(since_when),
        cmocka_unit_test(a_day_is_theirs),
        cmocka_unit_test(which_section),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
