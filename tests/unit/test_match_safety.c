// SPDX-License-Identifier: Apache-2.0
// Two matters of one category, in one community, within minutes are not one matter because of that:
// the built-in model must hear in the text (or see by the place) that they are the same before it
// joins them by itself. Beside a storm another thing is asked about; where nobody has a location
// and the texts say different places or things, nothing is joined.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "match/simindex.h"

#define START INT64_C(1795400000000)
#define MINUTE INT64_C(60000)
#define MANY 128 // as many as a turn takes after an outage

static struct match_input said(int64_t id, const char *title, const char *text, const char *address)
{
    return (struct match_input){.id = id,
                                .at = START + id * MINUTE / 10,
                                .title = title,
                                .text = text,
                                .address = address,
                                .category = 1,
                                .unit = 7,
                                .radius_m = 100,
                                .window_h = 24};
}

// What stands in the index before: other matters, so that words have their rarity.
static struct simindex *full_index(struct match_maker *maker)
{
    static const char *const things[] = {"路灯不亮", "垃圾没人清", "井盖坏了", "树枝压线",
                                         "水管漏水", "夜里施工吵", "停车堵门", "燃气味很重"};
    static const char *const places[] = {"东堤路", "灯市口", "柳营一村", "南钟楼",
                                         "西门外", "云岭村", "北桥村",   "锦桥花园"};
    struct simindex *index = simindex_new(match_model_builtin(), 256);
    for (int64_t i = 0; i < 64; i++) {
        const struct match_report *made = NULL;
        char title[128];
        snprintf(title, sizeof title, "%s%s", places[i % 8], things[i / 8]);
        struct match_input in = said(1000 + i, title, title, places[i % 8]);
        in.at = START - (i + 1) * 1440 * MINUTE / 4;
        in.unit = (int32_t)(i % 8) + 20;
        in.category = (int32_t)(i / 8) + 1;
        assert_int_equal(match_report_make(maker, &in, &made), 0);
        assert_int_equal(simindex_add(index, made), 0);
    }
    return index;
}

// The best band and score it has against those in the index.
static enum match_band look(struct simindex *index, struct match_maker *maker,
                            const struct match_input *in, struct simindex_hit *ret_hit)
{
    const struct match_report *made = NULL;
    assert_int_equal(match_report_make(maker, in, &made), 0);
    *ret_hit = (struct simindex_hit){.id = 0};
    size_t n = simindex_find(index, made, SIMINDEX_FLOOR, ret_hit, 1);
    return n == 0 ? MATCH_NEW : match_band(match_model_builtin(), &ret_hit->score);
}

static enum match_band add(struct simindex *index, struct match_maker *maker,
                           const struct match_input *in, struct simindex_hit *ret_hit)
{
    const struct match_report *made = NULL;
    enum match_band band = look(index, maker, in, ret_hit);
    assert_int_equal(match_report_make(maker, in, &made), 0);
    assert_int_equal(simindex_add(index, made), 0);
    return band;
}

static void stay_two(bool address)
{
    static const char *const names[] = {"染坊街", "槐荫里",   "望河苑",
                                        "铁狮巷", "东风新村", "纺织厂宿舍"};
    static const char *const kinds[][2] = {
        {"%s楼道里有燃气味", "%s楼道里闻到很浓的燃气味,请马上派人来"},
        {"%s路灯不亮", "%s的路灯坏了好几天,晚上看不见路"},
        {"%s积水", "%s门口积水很深,车过不去"}};
    struct match_maker *maker = match_maker_new();
    for (size_t k = 0; k < 3; k++) {
        struct simindex *index = full_index(maker);
        for (size_t i = 0; i < 6; i++) {
            char title[128], text[256];
            struct simindex_hit hit;
            snprintf(title, sizeof title, kinds[k][0], names[i]);
            snprintf(text, sizeof text, kinds[k][1], names[i]);
            struct match_input in = said((int64_t)i + 1, title, text, address ? names[i] : "");
            enum match_band band = add(index, maker, &in, &hit);
            if (band == MATCH_SAME)
                fail_msg("%s joins report %lld (%.4f)", title, (long long)hit.id,
                         hit.score.probability);
        }
        simindex_free(index);
    }
    match_maker_free(maker);
}

static void other_addresses_stay_two(void **state)
{
    (void)state;
    stay_two(true);
}

static void other_places_stay_two(void **state)
{
    (void)state;
    stay_two(false);
}

// One place, other things, other categories: with points on the map and without.
static void other_things_stay_two(void **state)
{
    (void)state;
    static const char *const names[] = {"染坊街", "铁狮子胡同", "望河苑小区"};
    static const char *const things[][2] = {
        {"东口路面积水没过脚踝", "下雨后积水一直不退,电动车过不去"},
        {"5号院北侧燃气管道被挖断", "施工把管道挖断了,味道很大"},
        {"独居老人两天联系不上", "敲门没有人答应,电话也不接"},
        {"9号院东门第三盏路灯不亮", "晚上回家看不清台阶"},
        {"电梯停在半空有人喊救命", "物业没有人来"},
        {"垃圾堆了三天没人清运", "气味很大,招苍蝇"},
    };
    enum { THINGS = sizeof things / sizeof *things, WAYS = 4 };
    struct match_maker *maker = match_maker_new();
    for (unsigned k = 0; k < 3 * THINGS * THINGS * WAYS; k++) {
        unsigned a = k / 3 % THINGS, b = k / 3 / THINGS % THINGS, way = k / 3 / THINGS / THINGS;
        const char *name = names[k % 3];
        if (a == b)
            continue;
        struct simindex *index = full_index(maker);
        char first[128], second[128];
        struct simindex_hit hit;
        snprintf(first, sizeof first, "%s%s", name, things[a][0]);
        snprintf(second, sizeof second, "%s%s", name, things[b][0]);
        struct match_input in = said(1, first, things[a][1], way & 1 ? name : first);
        in.located = way & 2;
        in.lat = 40.0001, in.lon = 116.0001;
        (void)add(index, maker, &in, &hit);
        struct match_input other = said(2, second, things[b][1], way & 1 ? name : second);
        other.located = way & 2;
        other.lat = 40.0003, other.lon = 116.0003;
        other.category = 2;
        if (add(index, maker, &other, &hit) == MATCH_SAME)
            fail_msg("way %u: %s joins %s (%.4f)", way, second, first, hit.score.probability);
        simindex_free(index);
    }
    match_maker_free(maker);
}

// A title's head in common, the rest has nothing to do with it.
static void a_common_head_is_not_enough(void **state)
{
    (void)state;
    struct match_maker *maker = match_maker_new();
    struct simindex *index = full_index(maker);
    unsigned joined = 0, seed = 20261123;
    for (int64_t i = 1; i <= MANY; i++) {
        char title[128], *end = title + snprintf(title, sizeof title, "演练第2组");
        struct simindex_hit hit;
        for (int k = 0; k < 12; k++) {
            seed = seed * 1103515245U + 12345U;
            unsigned point = 0x4e00 + (seed >> 12) % 0x5000;
            *end++ = (char)(0xe0 | point >> 12);
            *end++ = (char)(0x80 | (point >> 6 & 0x3f));
            *end++ = (char)(0x80 | (point & 0x3f));
        }
        *end = '\0';
        struct match_input in = said(i, title, "", "");
        in.at = START + i;
        if (add(index, maker, &in, &hit) == MATCH_SAME) {
            if (joined++ == 0)
                print_message("%s joins report %lld (%.4f)\n", title, (long long)hit.id,
                              hit.score.probability);
        }
    }
    simindex_free(index);
    match_maker_free(maker);
    assert_int_equal(joined, 0);
}

// A report of a storm, told in a short title where somebody stands.
static struct match_input in_storm(int64_t id, const char *title, double lat)
{
    struct match_input in = said(id, title, "", "");
    in.located = true;
    in.lat = lat;
    in.lon = 115.9 + 0.0001 * (double)(id % 2);
    in.radius_m = 200;
    return in;
}

// Many tell of one flooded underpass within minutes. What lies 95 m from it and is another thing
// does not join it by itself, however soon; whether it is the same is asked.
static void another_thing_beside_a_storm(void **state)
{
    (void)state;
    static const char *const storm[] = {"地下通道积水", "地下通道水很深", "地下通道积水过不去了",
                                        "通道里积水半米", "地下通道被水淹了"};
    static const char *const others[] = {"车库进水", "小区车库倒灌", "地下车库进水了"};
    static const char *const strange[] = {"树倒了", "楼道停电", "路灯不亮"};
    struct match_maker *maker = match_maker_new();
    struct simindex *index = full_index(maker);
    struct simindex_hit hit;
    for (int64_t i = 0; i < 5; i++) {
        struct match_input in = in_storm(i + 1, storm[i], 39.1 + 0.00008 * (double)(i % 3));
        if (add(index, maker, &in, &hit) != MATCH_SAME && i > 0)
            fail_msg("%s stays alone (%.4f)", in.title, hit.score.probability);
    }
    for (int64_t i = 0; i < 3; i++) {
        struct match_input in = in_storm(i + 6, others[i], 39.10095);
        if (look(index, maker, &in, &hit) != MATCH_PERHAPS)
            fail_msg("%s: %.4f, %d m", in.title, hit.score.probability, hit.score.distance_m);
        in = in_storm(i + 6, strange[i], 39.10095);
        in.category = 2;
        if (look(index, maker, &in, &hit) == MATCH_SAME)
            fail_msg("%s joins (%.4f)", in.title, hit.score.probability);
    }
    simindex_free(index);
    match_maker_free(maker);
}

// Within one turn, one community, one category: things that have nothing in common.
static void a_storm_of_unlike_texts(void **state)
{
    (void)state;
    static const char *const things[] = {"车库", "楼顶",   "窗户",    "路灯", "大树",
                                         "围墙", "电梯",   "广告牌",  "井盖", "地下室",
                                         "阳台", "配电箱", "自行车棚"};
    static const char *const states[] = {"进水",   "漏雨", "被刮开", "倒了",     "断电",
                                         "掉下来", "松动", "冒水",   "晃得厉害", "打不开"};
    struct match_maker *maker = match_maker_new();
    struct simindex *index = full_index(maker);
    for (int64_t i = 0; i < MANY; i++) {
        char title[64], text[128];
        struct simindex_hit hit;
        snprintf(title, sizeof title, "%s%s", things[i % 13], states[i % 10]);
        snprintf(text, sizeof text, "%s%s,快来人", things[i % 13], states[i % 10]);
        struct match_input in = said(i + 1, title, i % 2 ? text : "", "");
        in.at = START + i;
        if (add(index, maker, &in, &hit) == MATCH_SAME)
            fail_msg("%s joins report %lld (%.4f)", title, (long long)hit.id,
                     hit.score.probability);
    }
    simindex_free(index);
    match_maker_free(maker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_addresses_stay_two),
        cmocka_unit_test(other_places_stay_two),
        cmocka_unit_test(other_things_stay_two),
        cmocka_unit_test(a_common_head_is_not_enough),
        cmocka_unit_test(another_thing_beside_a_storm),
        cmocka_unit_test(a_storm_of_unlike_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
