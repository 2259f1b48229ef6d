// SPDX-License-Identifier: Apache-2.0
// What the demo district says of its own reports holds with the built-in model: the storm's reports
// join sample 4 and the one from elsewhere does not, sample 2 joins sample 1, the gas in another
// building is perhaps the same and never more. Of a matter its first and two newest stand in the
// index, as in dedup.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "match/simindex.h"

#define START INT64_C(1795400000000)
#define SAMPLES 12
#define LOOKED_AT 8 // of a matter the likeliest band counts, as in dedup

struct demo {
    json_t *file;
    struct match_maker *maker;
    struct simindex *index;
};

static const char *word(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static double number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

// Its place in the list of categories or units, from 1.
static int32_t number_of(const struct demo *demo, const char *list, const char *code,
                         const json_t **ret_row)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(demo->file, list), i, row)
    {
        if (strcmp(word(row, "code"), code) != 0)
            continue;
        if (ret_row)
            *ret_row = row;
        return (int32_t)i + 1;
    }
    fail_msg("%s holds no %s", list, code);
    return 0;
}

static struct match_input input(const struct demo *demo, const json_t *raised, int64_t id,
                                int64_t at)
{
    const json_t *place = json_object_get(raised, "place"), *category = NULL;
    struct match_input in = {
        .id = id,
        .at = at,
        .title = word(raised, "title"),
        .text = word(raised, "text"),
        .address = word(place, "address"),
        .located = json_object_get(place, "lat") != NULL,
        .lat = number(place, "lat"),
        .lon = number(place, "lon"),
        .unit = number_of(demo, "units", word(place, "unit"), NULL),
    };
    in.category = number_of(demo, "categories", word(raised, "category"), &category);
    in.radius_m = (int32_t)number(category, "dedup_radius_m");
    in.window_h = (int32_t)number(category, "dedup_window_h");
    return in;
}

static const struct match_report *report(struct demo *demo, const json_t *raised, int64_t id,
                                         int64_t at)
{
    const struct match_report *made = NULL;
    struct match_input in = input(demo, raised, id, at);
    assert_int_equal(match_report_make(demo->maker, &in, &made), 0);
    return made;
}

static enum match_band best(struct demo *demo, const struct match_report *made,
                            struct simindex_hit *ret_hit)
{
    const struct match_model *model = match_model_builtin();
    struct simindex_hit hits[LOOKED_AT];
    enum match_band best = MATCH_NEW;
    size_t n = simindex_find(demo->index, made, SIMINDEX_FLOOR, hits, LOOKED_AT);
    *ret_hit = n > 0 ? hits[0] : (struct simindex_hit){.id = -1};
    for (size_t i = 0; i < n; i++) {
        enum match_band band = match_band(model, &hits[i].score);
        if (band > best) {
            best = band;
            *ret_hit = hits[i];
        }
    }
    return best;
}

static int setup(void **state)
{
    static struct demo demo;
    json_error_t error;
    demo.file = json_load_file(WH_SOURCE_DIR "/deploy/demo/district.json", 0, &error);
    demo.maker = match_maker_new();
    *state = &demo;
    return demo.file && demo.maker ? 0 : -1;
}

static int teardown(void **state)
{
    struct demo *demo = *state;
    json_decref(demo->file);
    match_maker_free(demo->maker);
    return 0;
}

// The samples 1 to `n` but 2, an hour apart before START.
static void open_index(struct demo *demo)
{
    const json_t *samples = json_object_get(demo->file, "whistles");
    demo->index = simindex_new(match_model_builtin(), 100);
    for (size_t i = 0; i < SAMPLES; i++)
        if (i != 1)
            assert_int_equal(simindex_add(demo->index, report(demo, json_array_get(samples, i),
                                                              (int64_t)i + 1, START)),
                             0);
}

static void the_storm_joins_sample_4(void **state)
{
    struct demo *demo = *state;
    int64_t members[2] = {0}, joined = 0, other = 0, wrong = 0;
    size_t i;
    json_t *raised;
    open_index(demo);
    json_array_foreach(json_object_get(demo->file, "storm_reports"), i, raised)
    {
        struct simindex_hit hit;
        int64_t id = 100 + (int64_t)i;
        int64_t at = START + 60000 + 1000 * (int64_t)number(raised, "after_s");
        const struct match_report *made = report(demo, raised, id, at);
        enum match_band band = best(demo, made, &hit);
        bool joins = strncmp(word(raised, "expect"), "JOINS_4", 7) == 0;
        if (band != (joins ? MATCH_SAME : MATCH_NEW))
            print_message("%s: band %d of %lld, likeness %.3f, %d m\n", word(raised, "title"), band,
                          (long long)hit.id, hit.score.likeness, hit.score.distance_m);
        wrong += band != (joins ? MATCH_SAME : MATCH_NEW) || (joins && hit.id != 4 && hit.id < 100);
        other += !joins;
        if (!joins)
            continue;
        assert_int_equal(simindex_add(demo->index, made), 0);
        if (joined++ >= 2)
            assert_true(simindex_remove(demo->index, members[joined % 2]));
        members[joined % 2] = id;
    }
    assert_int_equal(wrong, 0);
    assert_int_equal(joined, 20);
    assert_int_equal(other, 1);
    simindex_free(demo->index);
}

static void gas_in_one_building_and_in_another(void **state)
{
    struct demo *demo = *state;
    struct simindex_hit hit;
    const json_t *samples = json_object_get(demo->file, "whistles");
    open_index(demo);
    const struct match_report *made =
        report(demo, json_array_get(samples, 1), 2, START + 5 * 60000);
    assert_int_equal(best(demo, made, &hit), MATCH_SAME);
    assert_int_equal(hit.id, 1);
    made = report(demo, json_object_get(demo->file, "near_miss"), 50, START + 10 * 60000);
    assert_int_equal(best(demo, made, &hit), MATCH_PERHAPS);
    assert_int_equal(hit.id, 1);
    assert_int_equal(hit.score.rule, MATCH_RULE_NUMBER);
    simindex_free(demo->index);
}

static void samples_are_matters_of_their_own(void **state)
{
    struct demo *demo = *state;
    const json_t *samples = json_object_get(demo->file, "whistles");
    open_index(demo);
    for (size_t i = 0; i < SAMPLES; i++) {
        struct simindex_hit hit;
        if (i != 1)
            assert_int_equal(
                best(demo, report(demo, json_array_get(samples, i), (int64_t)i + 1, START), &hit),
                MATCH_NEW);
    }
    simindex_free(demo->index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_storm_joins_sample_4),
        cmocka_unit_test(gas_in_one_building_and_in_another),
        cmocka_unit_test(samples_are_matters_of_their_own),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
