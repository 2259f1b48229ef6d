// SPDX-License-Identifier: Apache-2.0
// Keys, facts and names of places: known answers, and properties over random text of any script:
// the key of a key is itself, nothing grows past its room, cutting the room only shortens.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "match/facts.h"
#include "match/normalise.h"

#define ROOM 256
#define AT INT64_C(1795392000000) // 2026-11-23T00:00:00Z

// UTF-8 of a key.
static void spell(const uint32_t *key, size_t n, char *to)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t c = key[i];
        if (c < 0x80) {
            *to++ = (char)c;
        } else if (c < 0x800) {
            *to++ = (char)(0xC0 | c >> 6);
            *to++ = (char)(0x80 | (c & 0x3F));
        } else if (c < 0x10000) {
            *to++ = (char)(0xE0 | c >> 12);
            *to++ = (char)(0x80 | (c >> 6 & 0x3F));
            *to++ = (char)(0x80 | (c & 0x3F));
        } else {
            *to++ = (char)(0xF0 | c >> 18);
            *to++ = (char)(0x80 | (c >> 12 & 0x3F));
            *to++ = (char)(0x80 | (c >> 6 & 0x3F));
            *to++ = (char)(0x80 | (c & 0x3F));
        }
    }
    *to = '\0';
}

static size_t key_of(const char *text, uint32_t *key)
{
    return match_normalise(text, strlen(text), key, ROOM);
}

static void known_keys(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"染坊街橋下積水!", "染坊街桥下积水"},
        {"Ａ７县,一二三", "a7县 一二三"},
        {"  a…b——c  ", "a b c"},
        {"①②", "12"},
        {"㎡", "m2"},
        {"ﬁ", "fi"},
        {"水\xE2\x80\x8B管\xE2\x80\xAE爆\xE2\x81\xA0裂", "水管爆裂"}, // zero width, bidi, joiner
        {"着火🔥🔥了", "着火 了"},
        {"Straße", "strasse"},
        {"e\xCC\x81"
         "cole",
         "école"},
        {"カﾞス", "ガス"},
        {"!!!", ""},
        {"", ""},
        {"\xFF\xFEx", "x"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        uint32_t key[ROOM];
        char text[4 * ROOM + 1];
        spell(key, key_of(pairs[i][0], key), text);
        assert_string_equal(text, pairs[i][1]);
    }
}

// Random text: letters of many scripts, marks, emoji, controls, broken bytes.
static size_t random_text(char *text, size_t room)
{
    static const uint32_t from[] = {
        0x20,   0x61,   0xC0,   0x300,   0x3A9,   0x430,   0x5D0,   0x627,   0x905,  0xE01,  0x1100,
        0x1E00, 0x200B, 0x2160, 0x3041,  0x30A1,  0x3300,  0x4E00,  0x9000,  0xAC00, 0xF900, 0xFB00,
        0xFE00, 0xFF00, 0xFF61, 0x1D400, 0x1F1E6, 0x1F600, 0x20000, 0x2F800, 0xE0100};
    size_t n = 0, points = (size_t)rand() % 60;
    for (size_t i = 0; i < points && n + 5 < room; i++) {
        uint32_t c = from[(size_t)rand() % (sizeof from / sizeof *from)] + (uint32_t)rand() % 90;
        char one[5];
        spell(&c, 1, one);
        if (rand() % 50 == 0)
            one[0] = (char)rand();
        memcpy(text + n, one, strlen(one));
        n += strlen(one);
    }
    return n;
}

static void the_key_of_a_key_is_itself(void **state)
{
    (void)state;
    srand(3);
    for (int round = 0; round < 200000; round++) {
        char text[512], again[4 * ROOM + 1];
        uint32_t key[ROOM + 1], twice[ROOM], room = round % 3 ? ROOM : 1 + (uint32_t)rand() % 40;
        size_t n = random_text(text, sizeof text);
        key[room] = 0xABCD;
        size_t k = match_normalise(text, n, key, room);
        assert_true(k <= room && key[room] == 0xABCD);
        assert_true(k == 0 || (key[0] != MATCH_SPACE && key[k - 1] != MATCH_SPACE));
        spell(key, k, again);
        size_t m = key_of(again, twice);
        if (m != k || memcmp(key, twice, k * sizeof *key) != 0)
            fail_msg("round %d: \"%s\"", round, again);
    }
}

static void courtesies(void **state)
{
    (void)state;
    static const struct {
        const char *text, *left;
    } of[] = {
        {"尊敬的市政府领导:您好!桥洞积水", "桥洞积水"},
        {"咨询A7县公积金", "a7县公积金"},
        {"反映", "反映"}, // never all of it
        {"桥洞积水,您好", "桥洞积水 您好"},
    };
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        uint32_t key[ROOM];
        char text[4 * ROOM + 1];
        size_t n = key_of(of[i].text, key), from = match_courtesy(key, n);
        spell(key + from, n - from, text);
        assert_string_equal(text, of[i].left);
    }
}

static void names_of_places(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name; // name: all characters marked, in order
    } of[] = {
        {"染坊街桥下积水", "染坊街"},
        {"永民中路东侧", "永民中路"},
        {"在锦桥花园2号楼", "锦桥花园"},
        {"望河街道办", ""},
        {"路口堵住路口", ""},
        {"槐荫里3号楼", "槐荫里"},
        {"家里漏水", ""},
    };
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        uint32_t key[ROOM], marked[ROOM];
        char text[4 * ROOM + 1];
        size_t n = key_of(of[i].text, key), m = 0, to = 0;
        for (size_t at = 0; at < n; at++) {
            size_t name = match_place_name(key, n, at);
            to = at + name > to ? at + name : to;
            if (at < to)
                marked[m++] = key[at];
        }
        spell(marked, m, text);
        assert_string_equal(text, of[i].name);
    }
}

static void known_facts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum match_fact_kind kind;
        uint32_t value;
    } of[] = {
        {"槐荫里3号楼煤气味", MATCH_FACT_BUILDING, 3},
        {"三号楼", MATCH_FACT_BUILDING, 3},
        {"二十三栋", MATCH_FACT_BUILDING, 23},
        {"5#楼", MATCH_FACT_BUILDING, 5},
        {"一栋二单元", MATCH_FACT_BUILDING, 1},
        {"2单元", MATCH_FACT_UNIT, 2},
        {"东堤路18号", MATCH_FACT_HOUSE, 18},
        {"城阁东路一百二十二号", MATCH_FACT_HOUSE, 122},
        {"12路公交车", MATCH_FACT_ROUTE, 12},
        {"地铁2号线", MATCH_FACT_ROUTE, 2},
        {"2019年", MATCH_FACT_YEAR, 2019},
        {"影响到二十五户", MATCH_FACT_NUMBER, 25},
        {"一共9个地方", MATCH_FACT_NUMBER, 9},
    };
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        uint32_t key[ROOM];
        struct match_fact facts[8];
        size_t n = match_facts(key, key_of(of[i].text, key), AT, facts, 8), found = 0;
        for (size_t k = 0; k < n; k++)
            found += facts[k].kind == of[i].kind && facts[k].value == of[i].value;
        if (found != 1)
            fail_msg("%s", of[i].text);
    }
}

static void what_is_no_fact(void **state)
{
    (void)state;
    static const char *const none[] = {"一栋小区楼", "积水约60厘米", "找了一次", "您好", "号楼"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        uint32_t key[ROOM];
        struct match_fact facts[8];
        if (match_facts(key, key_of(none[i], key), AT, facts, 8) != 0)
            fail_msg("%s", none[i]);
    }
}

static void since_when(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t date;
        uint32_t about;
    } of[] = {
        {"从11月20日开始", 20261120, 0},
        {"持续了3天", 20261120, MATCH_DAY_ABOUT},
        {"最早是11.20发现的", 20261120, 0},
        {"十二月五号就这样", 20251205, 0}, // not in the future
    };
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        uint32_t key[ROOM];
        struct match_fact facts[4];
        assert_int_equal(match_facts(key, key_of(of[i].text, key), AT, facts, 4), 1);
        assert_int_equal(facts[0].kind, MATCH_FACT_SINCE);
        assert_int_equal(facts[0].value, of[i].about | (uint32_t)wh_days_from_date(of[i].date));
    }
}

static void districts_and_what_they_hold(void **state)
{
    (void)state;
    uint32_t key[ROOM];
    struct match_fact facts[4];
    assert_int_equal(match_facts(key, key_of("A市A7县和B3区", key), AT, facts, 4), 3);
    assert_int_equal(facts[0].value, 1 * MATCH_DISTRICTS);
    assert_int_equal(facts[1].value, 1 * MATCH_DISTRICTS + 8);
    assert_int_equal(facts[2].value, 2 * MATCH_DISTRICTS + 4);
}

static void facts_are_bounded(void **state)
{
    (void)state;
    static const char *const pieces[] = {"号楼", "栋", "单元", "路", "号线", "年",
                                         "月",   "日", "天",   "县", "12",   "三",
                                         "十",   "a",  " ",    "9",  "千",   "百"};
    srand(5);
    for (int round = 0; round < 50000; round++) {
        char text[512] = "";
        uint32_t key[ROOM];
        struct match_fact facts[5];
        size_t room = (size_t)rand() % 5;
        facts[room].value = 0xABCD;
        for (int i = rand() % 20; i > 0; i--)
            strcat(text, pieces[(size_t)rand() % (sizeof pieces / sizeof *pieces)]);
        int64_t at = round % 7 ? AT : ((int64_t)rand() - RAND_MAX / 2) * 100000;
        size_t n = match_facts(key, key_of(text, key), at, facts, room);
        assert_true(n <= room && facts[room].value == 0xABCD);
        for (size_t i = 0; i < n; i++) {
            assert_true(facts[i].kind < MATCH_FACT_KINDS && facts[i].value < 1u << 25);
            for (size_t k = 0; k < i; k++)
                assert_true(facts[i].kind != facts[k].kind || facts[i].value != facts[k].value);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_keys),        cmocka_unit_test(the_key_of_a_key_is_itself),
        cmocka_unit_test(courtesies),        cmocka_unit_test(names_of_places),
        cmocka_unit_test(known_facts),       cmocka_unit_test(what_is_no_fact),
        cmocka_unit_test(since_when),        cmocka_unit_test(districts_and_what_they_hold),
        cmocka_unit_test(facts_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
