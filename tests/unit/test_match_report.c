// SPDX-License-Identifier: Apache-2.0
// Keys, blobs and scores of reports: bounded, the same bytes always, alike texts alike.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "match/verdict.h"

static struct match_report *make(const char *title, const char *text)
{
    struct match_maker *maker = match_maker_new();
    struct match_input in = {.id = 1, .at = 1000, .title = title, .text = text};
    const struct match_report *made;
    assert_int_equal(match_report_make(maker, &in, &made), 0);
    size_t n = match_report_size(made);
    assert_true(n <= MATCH_REPORT_MAX);
    struct match_report *copy = malloc(n);
    memcpy(copy, made, n);
    assert_true(match_report_valid(copy, n));
    match_maker_free(maker);
    return copy;
}

static double likeness(const char *title, const char *text, const char *title_2, const char *text_2)
{
    const struct match_model *model = match_model_builtin();
    struct match_report *a = make(title, text), *b = make(title_2, text_2);
    struct match_probe *probe = match_probe_new();
    struct match_corpus corpus;
    struct match_score score, back;
    assert_int_equal(match_corpus_init(&corpus, model), 0);
    match_corpus_add(&corpus, a);
    match_score(probe, model, &corpus, a, b, &score);
    match_score(probe, model, &corpus, b, a, &back);
    assert_true(score.logit - back.logit < 1e-4 && back.logit - score.logit < 1e-4);
    match_corpus_done(&corpus);
    match_probe_free(probe);
    free(a);
    free(b);
    return score.likeness;
}

static void alike_is_alike(void **state)
{
    (void)state;
    double same = likeness("桥洞積水,請封路", "水很深", "桥洞积水请封路!", "水很深。");
    double other = likeness("桥洞积水请封路", "水很深", "小区停车难", "车位太少");
    assert_true(same > 0.9);
    assert_true(other < 0.1);
}

static void blobs_are_bounded_and_the_same(void **state)
{
    (void)state;
    char *text = malloc(30001);
    for (int i = 0; i < 10000; i++) {
        uint32_t point = 0x4E00 + (uint32_t)(i * 7919 % 20000);
        text[3 * i] = (char)(0xE0 | point >> 12);
        text[3 * i + 1] = (char)(0x80 | (point >> 6 & 0x3F));
        text[3 * i + 2] = (char)(0x80 | (point & 0x3F));
    }
    text[30000] = '\0';
    struct match_report *a = make(text, text), *b = make(text, text);
    assert_int_equal(match_report_size(a), match_report_size(b));
    assert_memory_equal(a, b, match_report_size(a));
    free(a);
    free(b);
    text[3 * 80] = '\0';
    a = make("", text);
    assert_true(match_report_size(a) <= 304);
    free(a);
    free(text);
}

static void shared_words_are_raw_text(void **state)
{
    (void)state;
    struct match_maker *maker = match_maker_new();
    struct match_input in = {.title = "染坊街下穿橋积水,很深", .text = "车熄火了"};
    struct match_report *other = make("下穿桥积水", "有车熄火");
    char words[64];
    match_shared_words(maker, &in, other, words, sizeof words);
    assert_string_equal(words, "下穿橋积水 车熄火");
    match_shared_words(maker, &in, other, words, 8);
    assert_string_equal(words, "下穿");
    free(other);
    match_maker_free(maker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alike_is_alike),
        cmocka_unit_test(blobs_are_bounded_and_the_same),
        cmocka_unit_test(shared_words_are_raw_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
