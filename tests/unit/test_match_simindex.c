// SPDX-License-Identifier: Apache-2.0
// The index against the slow way of saying the same (support/simindex_oracle.h): reports come and
// go at random, every search gives the same hits with the same numbers.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "match/simindex_internal.h"
#include "support/matter_gen.h"
#include "support/matter_internal.h"
#include "support/simindex_oracle.h"

#define HITS 12
#define LEAST SIMINDEX_FLOOR

struct play {
    struct matter_set *set;
    struct match_maker *maker;
    struct simindex *index;
    struct oracle *oracle;
    struct matter_rnd r;
    bool brief; // every other report says the same few words
};

static struct play play_new(uint64_t seed, uint32_t reports, double side_km, uint32_t places)
{
    struct matter_params params = {
        .seed = seed, .reports = reports, .side_km = side_km, .places = places};
    struct play play = {.set = matter_set_new(&params), .maker = match_maker_new(), .r = {seed}};
    play.index = simindex_new(match_model_builtin(), reports);
    play.oracle = oracle_new(match_model_builtin());
    assert_non_null(play.index);
    return play;
}

static void play_done(struct play *play)
{
    simindex_free(play->index);
    oracle_free(play->oracle);
    match_maker_free(play->maker);
    matter_set_free(play->set);
}

// Some stand where there are few: at a pole, on the 180th meridian, with nothing said, with much.
static const struct match_report *made(struct play *play, uint32_t i)
{
    static struct matter_report report;
    static char much[30001];
    const struct match_report *blob;
    matter_set_report(play->set, i, &report);
    struct match_input in = matter_input(&report);
    if (i % 50 == 7) {
        in.lat = i % 100 == 7 ? 89.9999 : -16.5;
        in.lon = i % 3 ? 179.9995 : -179.9995;
        in.radius_m = i % 4 ? 30 : 2500;
    } else if (i % 50 == 8) {
        in.title = in.text = in.address = "";
    } else if (i % 200 == 9) {
        for (size_t k = 0; k + 3 < sizeof much; k += 3)
            memcpy(much + k, in.text + k % (strlen(in.text) / 3 * 3), 3);
        in.text = much;
    } else if (play->brief && i % 2) {
        in.title = "路灯不亮";
        in.text = in.address = "";
        in.located = false;
    } else if (i % 5 == 0) {
        in.reporter = 77; // somebody who reports very much
    }
    assert_int_equal(match_report_make(play->maker, &in, &blob), 0);
    return blob;
}

__attribute__((noinline)) static void same_hits(const struct simindex_hit *a, size_t n,
                                                const struct simindex_hit *b, size_t m)
{
    assert_int_equal(n, m);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(a[i].id, b[i].id);
        assert_int_equal(a[i].score.rule, b[i].score.rule);
        assert_int_equal(a[i].score.section, b[i].score.section);
        assert_true(a[i].score.probability == b[i].score.probability);
        assert_true(a[i].score.likeness == b[i].score.likeness);
        assert_true(a[i].score.logit == b[i].score.logit);
        assert_int_equal(a[i].score.distance_m, b[i].score.distance_m);
        assert_int_equal(a[i].score.minutes, b[i].score.minutes);
    }
}

static size_t search(struct play *play, uint32_t i)
{
    struct simindex_hit hits[HITS], right[HITS];
    size_t max = 1 + matter_below(&play->r, HITS);
    const struct match_report *report = made(play, i);
    static const double leasts[] = {SIMINDEX_FLOOR, 0.30, 0.95};
    double least = leasts[matter_below(&play->r, 3)];
    size_t n = simindex_find(play->index, report, least, hits, max);
    size_t m = oracle_find(play->oracle, report, least, right, max);
    same_hits(hits, n, right, m);
    return n;
}

static void come(struct play *play, uint32_t i)
{
    const struct match_report *report = made(play, i);
    bool there = oracle_has(play->oracle, report->id);
    assert_int_equal(simindex_add(play->index, report), there ? WH_E_EXISTS : 0);
    if (!there)
        oracle_add(play->oracle, report);
    const struct match_report *held = simindex_get(play->index, report->id);
    assert_non_null(held);
    assert_true(match_report_valid(held, match_report_size(held)));
    assert_int_equal(match_report_size(held), report->size);
    assert_memory_equal(held, report, report->size);
}

static void go(struct play *play, uint32_t i)
{
    int64_t id = (int64_t)i + 1;
    assert_int_equal(simindex_remove(play->index, id), oracle_remove(play->oracle, id));
    assert_null(simindex_get(play->index, id));
}

static void play_at_random(uint64_t seed, uint32_t reports, double side_km, uint32_t places)
{
    struct play play = play_new(seed, reports, side_km, places);
    size_t hits = 0;
    for (uint32_t i = 0; i < reports; i++) {
        hits += search(&play, i);
        come(&play, i);
        if (i % 3 == 0)
            go(&play, matter_below(&play.r, i + 1));
        if (i % 7 == 0)
            come(&play, matter_below(&play.r, i + 1));
        if (i % 5 == 0)
            hits += search(&play, matter_below(&play.r, reports));
        assert_int_equal(simindex_count(play.index), oracle_count(play.oracle));
    }
    assert_true(hits > reports / 20); // else nothing was compared
    for (uint32_t i = 0; i < reports; i++)
        go(&play, i);
    assert_int_equal(simindex_count(play.index), 0);
    play_done(&play);
}

static void test_every_search_is_the_slow_one(void **state)
{
    (void)state;
    play_at_random(1, 2500, 3, 60);   // all near each other, words worn out
    play_at_random(2, 1500, 40, 900); // far from each other
}

// Lists longer than what is walked, a reporter of more than is looked at.
static void test_long_lists_are_walked_from_their_newest(void **state)
{
    (void)state;
    struct play play = play_new(3, 4000, 300, 12);
    play.brief = true;
    for (uint32_t i = 0; i < 4000; i++)
        come(&play, i);
    size_t longest = 0;
    for (uint32_t hash = 0; hash < MATCH_GRAMS; hash++)
        longest = play.index->grams[hash].n > longest ? play.index->grams[hash].n : longest;
    assert_true(longest > 2 * SIMINDEX_WALK);
    for (uint32_t i = 0; i < 4000; i += 40)
        search(&play, i);
    play_done(&play);
}

// What came and went leaves nothing behind.
static void test_coming_and_going_is_nothing(void **state)
{
    (void)state;
    struct play a = play_new(4, 1200, 5, 80), b = play_new(4, 1200, 5, 80);
    for (uint32_t i = 0; i < 800; i++) {
        come(&a, i);
        come(&b, i);
        come(&b, 800 + i % 400);
        go(&b, 800 + i % 400);
    }
    match_corpus_reckon(&a.index->corpus); // epochs count comings and goings
    match_corpus_reckon(&b.index->corpus);
    assert_memory_equal(a.index->corpus.df, b.index->corpus.df, MATCH_GRAMS * sizeof(uint32_t));
    for (uint32_t i = 0; i < 1200; i += 3) {
        struct simindex_hit hits[HITS], others[HITS];
        size_t n = simindex_find(a.index, made(&a, i), LEAST, hits, HITS);
        size_t m = simindex_find(b.index, made(&b, i), LEAST, others, HITS);
        same_hits(hits, n, others, m);
    }
    play_done(&a);
    play_done(&b);
}

// Searching changes no answer, and the same calls give the same ones.
static void test_the_same_calls_give_the_same_answers(void **state)
{
    (void)state;
    struct play a = play_new(5, 900, 4, 50), b = play_new(5, 900, 4, 50);
    for (uint32_t i = 0; i < 900; i++) {
        struct simindex_hit hits[HITS], again[HITS], others[HITS];
        size_t n = simindex_find(a.index, made(&a, i), LEAST, hits, HITS);
        same_hits(hits, n, again, simindex_find(a.index, made(&a, i), LEAST, again, HITS));
        (void)simindex_find(a.index, made(&a, (i * 7) % 900), LEAST, again, HITS);
        same_hits(hits, n, others, simindex_find(b.index, made(&b, i), LEAST, others, HITS));
        come(&a, i);
        come(&b, i);
    }
    play_done(&a);
    play_done(&b);
}

static void test_without_memory_nothing_has_changed(void **state)
{
    (void)state;
    struct play play = play_new(6, 9000, 4, 50);
    uint32_t i = 0, refused = 0;
    play.index->pool.limit = 3 << 20; // one chunk
    for (; i < 9000 && refused < 30; i++) {
        const struct match_report *report = made(&play, i);
        int r = simindex_add(play.index, report);
        assert_true(r == 0 || r == WH_E_NOMEM);
        if (r == 0)
            oracle_add(play.oracle, report);
        refused += r != 0;
    }
    assert_int_equal(refused, 30);
    assert_int_equal(simindex_count(play.index), oracle_count(play.oracle));
    for (uint32_t k = 0; k < i; k += 97)
        search(&play, k);
    for (uint32_t k = 0; k < i; k += 2)
        go(&play, k);
    for (uint32_t k = 1; k < i; k += 301)
        search(&play, k);
    play_done(&play);
}

// Never below the logit, neither at its first look, nor by the card alone, nor by the title too.
static void is_bound(const struct match_model *model, const struct simindex_bound *bound,
                     const struct match_probe *probe, const struct match_corpus *corpus,
                     const struct match_report *b)
{
    float none[MATCH_SECTIONS], all[MATCH_SECTIONS];
    struct simindex_card card;
    struct simindex_topics topics;
    struct match_pair pair;
    simindex_card_make(b, &card, &topics);
    simindex_card_weigh(corpus, b, &card);
    match_probe_pair(probe, b, NULL, &pair);
    for (unsigned s = 0; s < MATCH_SECTIONS; s++) {
        none[s] = -INFINITY;
        all[s] = INFINITY;
    }
    double logit = match_model_logit(model, &pair);
    struct simindex_bounded first = simindex_bound_of(bound, &card, all);
    struct simindex_bounded by = simindex_bound_of(bound, &card, none);
    assert_int_equal(first.section, pair.section);
    assert_int_equal(by.section, pair.section);
    assert_true((double)first.bound >= logit);
    assert_true((double)by.bound >= logit);
    assert_true((double)simindex_bound_closer(bound, &by, &card, &topics) >= logit);
}

// The bound is never below what it bounds, whatever the coefficients.
static void test_the_bound_is_one(void **state)
{
    (void)state;
    struct play play = play_new(7, 400, 4, 40);
    struct match_probe *probe = match_probe_new();
    struct match_corpus *corpus = &play.index->corpus;
    for (uint32_t i = 0; i < 400; i++)
        come(&play, i);
    match_corpus_reckon(corpus);
    for (uint32_t round = 0; round < 120; round++) {
        struct match_model model = *match_model_builtin();
        uint32_t few = round % 4 ? 12 : 1; // alone a feature cannot hide behind others
        for (unsigned s = 0; s < MATCH_SECTIONS; s++)
            for (unsigned f = 0; f < MATCH_FEATURES; f++)
                model.part[s].weight[f] =
                    matter_below(&play.r, few) ? 0 : 20 * matter_unit(&play.r) - 10;
        struct simindex_bound *bound = simindex_bound_new(&model);
        const struct match_report *a = made(&play, matter_below(&play.r, 400));
        match_probe_set(probe, corpus, a);
        simindex_bound_set(bound, corpus, a);
        for (int64_t id = 1; id <= 400; id++)
            is_bound(&model, bound, probe, corpus, simindex_get(play.index, id));
        simindex_bound_free(bound);
    }
    match_probe_free(probe);
    play_done(&play);
}

// What cards keep of the weights is never above them, in no moment of an epoch.
static void test_cards_are_weighed_in_time(void **state)
{
    (void)state;
    struct play play = play_new(9, 3000, 4, 40);
    const struct simindex *index = play.index;
    uint32_t epochs = index->corpus.epoch;
    for (uint32_t i = 0; i < 3000; i++) {
        come(&play, i);
        if (i % 3 == 0)
            go(&play, matter_below(&play.r, i + 1));
        for (uint32_t slot = i % 7; slot < index->slots; slot += i % 50 ? 71 : 1) {
            const struct simindex_card *card = simindex_card(index, slot);
            struct match_weights weights;
            if (!card->blob)
                continue;
            match_weigh(&index->corpus, simindex_blob(index, slot), &weights);
            assert_true(simindex_floor_of(card->topic) <= weights.topic);
            assert_true(simindex_floor_of(card->norm) <= sqrtf(weights.all_2));
            assert_true((float)card->name * SIMINDEX_NAME_STEP <= weights.name);
        }
    }
    assert_true(index->corpus.epoch > epochs + 2);
    play_done(&play);
}

static void test_a_report_takes_little_room(void **state)
{
    (void)state;
    struct matter_params params = {.reports = 32000};
    struct play play = play_new(8, 1, 4, 40);
    struct matter_set *set = matter_set_new(&params);
    double before = (double)simindex_bytes(play.index), blobs = 0;
    matter_set_free(play.set);
    play.set = set;
    for (uint32_t i = 0; i < params.reports; i++) {
        const struct match_report *report = made(&play, i);
        blobs += report->size;
        assert_int_equal(simindex_add(play.index, report), 0);
    }
    double each = ((double)simindex_bytes(play.index) - before) / params.reports;
    print_message("%.0f bytes a report, its blob %.0f; %.1f MB before the first\n", each,
                  blobs / params.reports, before / 1e6);
    assert_true(each < blobs / params.reports + 300);
    play_done(&play);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_search_is_the_slow_one),
        cmocka_unit_test(test_long_lists_are_walked_from_their_newest),
        cmocka_unit_test(test_coming_and_going_is_nothing),
        cmocka_unit_test(test_the_same_calls_give_the_same_answers),
        cmocka_unit_test(test_without_memory_nothing_has_changed),
        cmocka_unit_test(test_the_bound_is_one),
        cmocka_unit_test(test_cards_are_weighed_in_time),
        cmocka_unit_test(test_a_report_takes_little_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
