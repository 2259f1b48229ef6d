// SPDX-License-Identifier: Apache-2.0
// The fitting and measuring on sets so small that the answer is known: logistic regression against
// closed forms, isotonic regression against every ascending staircase, figures by hand, folds that
// never part an event; a model written and read again is the same.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/fit.h"

static void near(double got, double wanted, double off)
{
    if (!(fabs(got - wanted) <= off))
        fail_msg("%.9f, wanted %.9f", got, wanted);
}

// ---- logistic -----------------------------------------------------------------------------------

// One 0/1 column: without penalty the coefficients are the log odds of the two groups.
static void logistic_of_two_groups(void **state)
{
    (void)state;
    static const float off[] = {1, 0}, on[] = {1, 1};
    struct match_sample samples[40];
    double b[2];
    for (size_t i = 0; i < 40; i++) // 20 off: 5 positive; 20 on: 16 positive
        samples[i] = (struct match_sample){i < 20 ? off : on, 1, i < 20 ? i < 5 : i < 36};
    assert_int_equal(match_logistic(samples, 40, 2, 1e9, b), 0);
    near(b[0], log(5.0 / 15), 1e-4);
    near(b[1], log(16.0 / 4) - log(5.0 / 15), 1e-4);
    for (size_t i = 0; i < 40; i++) // a weight of 3 is three samples
        samples[i].weight = samples[i].positive ? 3 : 1;
    assert_int_equal(match_logistic(samples, 40, 2, 1e9, b), 0);
    near(b[0], log(15.0 / 15), 1e-4);
    near(b[1], log(48.0 / 4), 1e-4);
}

static void logistic_is_held_back(void **state)
{
    (void)state;
    static const float rows[4][3] = {{1, 0, 7}, {1, 1, 7}, {1, 2, 7}, {1, 3, 7}};
    struct match_sample samples[4];
    double loose[3], tight[3];
    for (size_t i = 0; i < 4; i++) // parted completely: only the penalty keeps it finite
        samples[i] = (struct match_sample){rows[i], 1, i >= 2};
    assert_int_equal(match_logistic(samples, 4, 3, 1, loose), 0);
    assert_int_equal(match_logistic(samples, 4, 3, 0.1, tight), 0);
    assert_true(loose[1] > tight[1] && tight[1] > 0 && isfinite(loose[1]));
    assert_true(loose[2] == 0); // a column that never changes says nothing
    near(loose[0] + 1.5 * loose[1], 0, 1e-6);
    assert_int_equal(match_logistic(samples, 0, 3, 1, loose), WH_E_RANGE);
}

// At the maximum the slope of the penalised likelihood is zero, whatever the columns' scale.
static void logistic_stands_at_the_top(void **state)
{
    (void)state;
    enum { N = 300, K = 4 };
    float rows[N][K];
    struct match_sample samples[N];
    double b[K];
    srand(7);
    for (size_t i = 0; i < N; i++) {
        rows[i][0] = 1;
        rows[i][1] = (float)(rand() % 100);
        rows[i][2] = (float)(rand() % 10) / 1000;
        rows[i][3] = (float)(rand() % 2);
        double logit =
            0.05 * (double)rows[i][1] - 200 * (double)rows[i][2] + (double)rows[i][3] - 2;
        bool positive = rand() % 1000 < 1000 / (1 + exp(-logit));
        samples[i] = (struct match_sample){rows[i], 0.5 + rand() % 3, positive};
    }
    assert_int_equal(match_logistic(samples, N, K, 1e12, b), 0);
    for (size_t j = 0; j < K; j++) {
        double slope = 0, size = 0;
        for (size_t i = 0; i < N; i++) {
            double logit = 0;
            for (size_t l = 0; l < K; l++)
                logit += b[l] * (double)rows[i][l];
            double off = samples[i].positive - 1 / (1 + exp(-logit));
            slope += samples[i].weight * off * (double)rows[i][j];
            size += samples[i].weight * (double)rows[i][j];
        }
        near(slope / size, 0, 1e-6);
    }
}

// ---- isotonic -----------------------------------------------------------------------------------

static void isotonic_of_known_answer(void **state)
{
    (void)state;
    double score[] = {1, 2, 3, 4, 5, 6}, value[] = {1, 3, 2, 4, 3.5, 6};
    double weight[] = {1, 1, 1, 1, 1, 1};
    assert_int_equal(match_isotonic(score, value, weight, 6), 4);
    near(value[0], 1, 0);
    near(value[1], 2.5, 1e-12);
    near(value[2], 3.75, 1e-12);
    near(value[3], 6, 0);
    near(score[1], 2.5, 1e-12);
    near(weight[1], 2, 0);
    assert_int_equal(match_isotonic(score, value, weight, 0), 0);
}

// Against all ascending staircases over values of a grid.
static double best_staircase(const double *value, const double *weight, size_t n, double least)
{
    if (n == 0)
        return 0;
    double best = HUGE_VAL;
    for (double level = least; level <= 1.0001; level += 0.125) {
        double off = value[0] - level;
        double cost = weight[0] * off * off + best_staircase(value + 1, weight + 1, n - 1, level);
        best = fmin(best, cost);
    }
    return best;
}

static void isotonic_is_the_nearest(void **state)
{
    (void)state;
    srand(11);
    for (int round = 0; round < 200; round++) {
        enum { N = 5 };
        double score[N], value[N], weight[N], was[N], weighed[N], cost = 0;
        for (size_t i = 0; i < N; i++) {
            score[i] = (double)i;
            value[i] = was[i] = (rand() % 9) / 8.0;
            weight[i] = weighed[i] = 1 + rand() % 3;
        }
        size_t left = match_isotonic(score, value, weight, N), at = 0;
        for (size_t p = 0; p < left; p++) {
            double taken = 0;
            assert_true(p == 0 || value[p] > value[p - 1]);
            for (; at < N && taken < weight[p] - 1e-9; at++) {
                taken += weighed[at];
                cost += weighed[at] * (was[at] - value[p]) * (was[at] - value[p]);
            }
        }
        assert_int_equal(at, N);
        assert_true(cost <= best_staircase(was, weighed, N, 0) + 1e-9);
    }
}

// ---- figures ------------------------------------------------------------------------------------

static void figures_by_hand(void **state)
{
    (void)state;
    struct match_row at[6] = {0};
    struct match_rows rows = {at, 6, NULL, 0};
    const int64_t event[6] = {1, 1, 2, 1, 3, 2};
    int64_t twice;
    for (size_t i = 0; i < 6; i++) {
        at[i].in.id = (int64_t)i + 1;
        at[i].in.at = 1000 - (int64_t)i; // the order is turned round
        at[i].event = event[5 - i];
    }
    assert_int_equal(match_rows_order(&rows, &twice), 0);
    assert_int_equal(at[0].in.id, 6);
    assert_true(at[1].earlier && !at[2].earlier && at[3].earlier && at[5].earlier);
    near(at[0].weight, 0.5, 0); // three of event 1
    near(at[4].weight, 1, 0);
    const struct match_found found[6] = {
        {.other = -1},
        {.other = 6, .probability = 0.9, .same = true},
        {.other = 6, .probability = 0.3, .same = false},
        {.other = 6, .probability = 0.8, .same = true},
        {.other = 6, .probability = 0.7, .same = false},
        {.other = 4, .probability = 0.6, .same = true},
    };
    struct match_figures figures;
    assert_int_equal(match_measure(&rows, found, &figures), 0);
    assert_int_equal(figures.with_earlier, 3);
    near(figures.recall_at_p99, 2.0 / 3, 1e-12); // 0.9 and 0.8
    near(figures.recall_at_p95, 2.0 / 3, 1e-12);
    near(figures.best_f1, 6.0 / 7, 1e-12); // down to 0.6: 3 of 4, all 3
    near(figures.threshold, 0.6, 0);
    near(figures.precision, 0.75, 1e-12);
    near(figures.recall, 1, 1e-12);
    assert_int_equal(figures.bins[9].n, 1);
    near(figures.calibration_gap, 0, 0); // no bin of 100
    at[3].in.id = 6;
    assert_int_equal(match_rows_order(&rows, &twice), WH_E_EXISTS);
    assert_int_equal(twice, 6);
}

static void calibration_of_full_bins(void **state)
{
    (void)state;
    enum { N = 200 };
    struct match_row at[N] = {0};
    struct match_found found[N];
    struct match_rows rows = {at, N, NULL, 0};
    struct match_figures figures;
    for (size_t i = 0; i < N; i++)
        found[i] = (struct match_found){.other = 1, .probability = 0.75, .same = i < 120};
    assert_int_equal(match_measure(&rows, found, &figures), 0);
    assert_int_equal(figures.bins[7].n, N);
    near(figures.calibration_gap, 0.15, 1e-12);
}

static void folds_never_part_an_event(void **state)
{
    (void)state;
    enum { N = 1000, FOLDS = 5 };
    struct match_row *at = calloc(N, sizeof *at);
    struct match_rows rows = {at, N, NULL, 0};
    size_t sizes[FOLDS] = {0}, moved = 0;
    uint32_t before[N];
    for (size_t i = 0; i < N; i++)
        at[i].event = (int64_t)(i % 400) - 100;
    assert_int_equal(match_rows_deal(&rows, FOLDS, 1), 0);
    for (size_t i = 0; i < N; i++) {
        assert_true(at[i].fold < FOLDS && at[i].fold == at[i % 400].fold);
        sizes[at[i].fold] += i < 400;
        before[i] = at[i].fold;
    }
    for (size_t f = 0; f < FOLDS; f++)
        assert_int_equal(sizes[f], 80);
    assert_int_equal(match_rows_deal(&rows, FOLDS, 2), 0);
    for (size_t i = 0; i < N; i++)
        moved += at[i].fold != before[i];
    assert_true(moved > N / 2);
    free(at);
}

// ---- the whole ----------------------------------------------------------------------------------

enum { EVENTS = 60, EACH = 3, ROWS = EVENTS * EACH };
static char titles[ROWS][64];

// Sixty matters, each told three times in other words around the same two.
static struct match_rows make_rows(struct match_row *at)
{
    static const char *const things[] = {"路灯", "井盖", "垃圾", "水管", "暖气", "电梯"};
    static const char *const ends[] = {"坏了没人修", "的问题请处理", "很久了请尽快"};
    struct match_rows rows = {at, ROWS, NULL, 0};
    int64_t twice;
    for (int i = 0; i < ROWS; i++) {
        int event = i % EVENTS;
        (void)snprintf(titles[i], sizeof titles[i], "%c%c%c%c小区%s%s", 'a' + event % 26,
                       'a' + event * 7 % 26, 'a' + event * 11 % 26, 'a' + event / 3,
                       things[event % 6], ends[i / EVENTS]);
        at[i] = (struct match_row){.in = {.id = i + 1, .at = i * 1000, .title = titles[i]},
                                   .event = event};
    }
    assert_int_equal(match_rows_order(&rows, &twice), 0);
    return rows;
}

static char *written(const struct match_model *model, size_t *ret_n)
{
    char *text = NULL;
    FILE *to = open_memstream(&text, ret_n);
    match_model_write(model, to);
    (void)fclose(to);
    return text;
}

static void a_fitted_model_finds_and_is_read_again(void **state)
{
    (void)state;
    struct match_row *at = calloc(ROWS, sizeof *at);
    struct match_rows rows = make_rows(at);
    struct match_found *found = calloc(ROWS, sizeof *found);
    struct match_model *model = NULL, *same = NULL, *again = NULL;
    struct match_fit_counts counts;
    struct match_figures figures;
    char why[128];
    size_t n, m;
    assert_int_equal(match_fit(match_model_builtin(), &rows, 1, UINT32_MAX, 7, &model, &counts), 0);
    assert_int_equal(counts.reports, ROWS);
    assert_true(counts.fitted[MATCH_TEXT] && !counts.fitted[MATCH_PLACED]);
    assert_int_equal(match_find_all(model, &rows, UINT32_MAX, found), 0);
    assert_int_equal(match_measure(&rows, found, &figures), 0);
    assert_int_equal(figures.with_earlier, ROWS - EVENTS);
    assert_true(figures.best_f1 > 0.99);
    char *text = written(model, &n);
    assert_int_equal(match_fit(match_model_builtin(), &rows, 1, UINT32_MAX, 7, &same, &counts), 0);
    char *other = written(same, &m);
    assert_int_equal(n, m);
    assert_memory_equal(text, other, n); // without chance
    free(other);
    assert_int_equal(match_model_parse(text, n, &again, why, sizeof why), 0);
    assert_int_equal(match_model_version(again), 7);
    other = written(again, &m);
    assert_string_equal(text, other);
    match_model_free(model);
    match_model_free(same);
    match_model_free(again);
    free(other);
    free(text);
    free(found);
    free(at);
}

static void wrong_models_are_named_by_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } wrong[] = {
        {"MODEL(version, 1)\nBANDS(TEXT, 0.5, 0.9)\n", "line 2"},
        {"MODEL(version, 1)\n\n// a remark\nWEIGHT(TEXT, NOTHING, 1)\n", "line 4"},
        {"WEIGHT(NOWHERE, BIAS, 1)", "no such section"},
        {"POINTS(TEXT, 2)\nPOINT(TEXT, 0, 1, 0.5)\nPOINT(TEXT, 1, 2, 0.4)\n", "ascend"},
        {"POINT(TEXT, 0, 1, 0.5)\n", "no such point"},
        {"COMMON(1048576, 3)\n", "hash"},
        {"MODEL(version, nan)\n", "line 1"},
        {"MODEL(version, 1) x\n", "line 1"},
        {"", "version"},
        {"MODEL(version, 1)\n", "BANDS"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct match_model *model = NULL;
        char why[128];
        assert_int_equal(
            match_model_parse(wrong[i].text, strlen(wrong[i].text), &model, why, sizeof why),
            WH_E_INVALID);
        assert_null(model);
        if (!strstr(why, wrong[i].why))
            fail_msg("%zu: %s", i, why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logistic_of_two_groups),
        cmocka_unit_test(logistic_is_held_back),
        cmocka_unit_test(logistic_stands_at_the_top),
        cmocka_unit_test(isotonic_of_known_answer),
        cmocka_unit_test(isotonic_is_the_nearest),
        cmocka_unit_test(figures_by_hand),
        cmocka_unit_test(calibration_of_full_bins),
        cmocka_unit_test(folds_never_part_an_event),
        cmocka_unit_test(a_fitted_model_finds_and_is_read_again),
        cmocka_unit_test(wrong_models_are_named_by_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
