// SPDX-License-Identifier: Apache-2.0
// What residents bring: codes that cannot be guessed from one another, limits that hold under a
// flood of addresses, which community is meant, and that a report can set nothing but itself.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/text.h"
#include "gateway/limit.h"
#include "gateway/public_category.h"
#include "gateway/public_code.h"
#include "gateway/public_place.h"
#include "gateway/public_report.h"
#include "support/demo_district.h"

#define S(text) ((char *)(uintptr_t)(text))
#define MINUTE INT64_C(60000)

static struct wh_district *district;
static struct wh_arena arena;

static int set_up(void **state)
{
    (void)state;
    district = demo_district(WH_SOURCE_DIR);
    wh_arena_init(&arena, (size_t)1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    wh_district_free(district);
    wh_arena_done(&arena);
    return 0;
}

// ---- codes --------------------------------------------------------------------------------------

static void codes_of_numbers(void **state)
{
    (void)state;
    uint8_t key[PUBLIC_CODE_KEY] = {1, 2, 3}, other[PUBLIC_CODE_KEY] = {1, 2, 4};
    char code[PUBLIC_CODE_CHARS + 1], again[PUBLIC_CODE_CHARS + 1], typed[16];
    unsigned seen[256] = {0}, same = 0, shown = 0;
    for (int32_t n = 1; n <= 5000; n++) {
        int64_t number = wh_object_make(20261123, n);
        public_code_make(key, number, code);
        public_code_make(key, number, again);
        assert_string_equal(code, again);
        assert_true(public_code_is(key, number, code));
        public_code_make(other, number, again);
        same += strcmp(code, again) == 0;
        public_code_make(key, number + 1, again);
        same += strcmp(code, again) == 0;
        same += public_code_is(key, number + 1, code);
        for (int i = 0; i < PUBLIC_CODE_CHARS; i++)
            seen[(uint8_t)code[i]]++;
    }
    assert_true(same <= 1); // 15,000 pairs of 2^30
    for (int c = 0; c < 256; c++) {
        shown += seen[c] > 0;
        if (seen[c] > 0) // 30,000 characters over 32: 937 each, 5 standard deviations
            assert_in_range(seen[c], 787, 1087);
    }
    assert_int_equal(shown, 32);
    assert_int_equal(seen['0'] + seen['O'] + seen['1'] + seen['I'], 0);
    public_code_make(key, 77, code);
    snprintf(typed, sizeof typed, " %c%c%c-%c%c%c", code[0] | (code[0] > '9' ? 32 : 0), code[1],
             code[2], code[3], code[4], code[5]);
    assert_true(public_code_is(key, 77, typed));
    assert_false(public_code_is(key, 77, ""));
    assert_false(public_code_is(key, 77, "......"));
    assert_false(public_code_is(key, 77, "煤气味煤气"));
    code[5] = 0;
    assert_false(public_code_is(key, 77, code));
}

// ---- limits -------------------------------------------------------------------------------------

static void a_bucket(void **state)
{
    (void)state;
    struct limits *limits = limits_new(64, 7);
    struct limit_rule rule = {.burst = 3, .every_ms = MINUTE};
    uint64_t key = limit_key(limits, "report", "203.0.113.7");
    int64_t now = 1000000;
    for (int i = 0; i < 3; i++)
        assert_int_equal(limit_take(limits, key, rule, now), 0);
    assert_int_equal(limit_take(limits, key, rule, now), MINUTE);
    assert_int_equal(limit_wait(limits, key, rule, now + 1000), MINUTE - 1000);
    assert_int_equal(limit_take(limits, key, rule, now + MINUTE), 0);
    assert_int_equal(limit_take(limits, key, rule, now + MINUTE), MINUTE);
    now += 10 * MINUTE; // full again, not fuller
    for (int i = 0; i < 3; i++)
        assert_int_equal(limit_take(limits, key, rule, now), 0);
    assert_true(limit_take(limits, key, rule, now) > 0);
    assert_int_not_equal(limit_key(limits, "status", "203.0.113.7"), key);
    assert_int_equal(limit_take(limits, limit_key(limits, "status", "203.0.113.7"), rule, now), 0);
    limits_free(limits);
}

// Whoever is limited stays so while a hundred times as many new addresses come as there is room.
static void a_flood_frees_nobody(void **state)
{
    (void)state;
    struct limits *limits = limits_new(256, 99);
    struct limit_rule rule = {.burst = 2, .every_ms = 10 * MINUTE};
    uint64_t key = limit_key(limits, "code", "AL-20261123-0001");
    int64_t now = 0;
    while (limit_take(limits, key, rule, now) == 0)
        continue;
    for (int i = 0; i < 25600; i++) {
        char address[32];
        snprintf(address, sizeof address, "198.51.%d.%d", i / 256, i % 256);
        assert_int_equal(limit_take(limits, limit_key(limits, "code", address), rule, now), 0);
        assert_true(limit_wait(limits, key, rule, now) > 0);
    }
    limits_free(limits);
}

static void addresses(void **state)
{
    (void)state;
    char a[64], b[64];
    limit_address("2001:db8:1:2:3:4:5:6", a);
    limit_address("2001:db8:1:2:ffff::1", b);
    assert_string_equal(a, b);
    limit_address("2001:db8:1:3::1", b);
    assert_string_not_equal(a, b);
    limit_address("192.0.2.1", a);
    assert_string_equal(a, "192.0.2.1");
}

// ---- places -------------------------------------------------------------------------------------

static Whistle__V1__Place place_at(double lat, double lon)
{
    Whistle__V1__Place place = WHISTLE__V1__PLACE__INIT;
    place.lat_is_case = WHISTLE__V1__PLACE__LAT_IS_LAT;
    place.lon_is_case = WHISTLE__V1__PLACE__LON_IS_LON;
    place.lat = lat;
    place.lon = lon;
    return place;
}

static void every_centre_is_its_own_community(void **state)
{
    (void)state;
    size_t n = 0, seen = 0;
    const struct wh_party *parties = wh_district_parties(district, &n);
    for (size_t i = 0; i < n; i++) {
        const struct wh_unit *unit = parties[i].unit, *found = NULL;
        const char *field = NULL;
        if (unit == NULL || !wh_unit_is_community(unit) || !unit->has_place)
            continue;
        Whistle__V1__Place place = place_at(unit->lat, unit->lon);
        assert_int_equal(public_place_find(district, &place, &found, &field), WH_RULE_NONE);
        assert_ptr_equal(found, unit);
        seen++;
    }
    assert_true(seen > 10);
}

static enum wh_rule place_rule(const Whistle__V1__Place *place, const char *field, const char *unit)
{
    const struct wh_unit *found = NULL;
    const char *why = NULL;
    enum wh_rule rule = public_place_find(district, place, &found, &why);
    if (rule == WH_RULE_NONE)
        assert_string_equal(found->row->code, unit);
    else
        assert_string_equal(why, field);
    return rule;
}

static void places_by_name_and_code(void **state)
{
    (void)state;
    Whistle__V1__Place place = WHISTLE__V1__PLACE__INIT;
    assert_int_equal(place_rule(NULL, "place.unit", ""), WH_RULE_FIELD_MISSING);
    assert_int_equal(place_rule(&place, "place.unit", ""), WH_RULE_FIELD_MISSING);
    place.unit = S("990101001"); // a street says too little
    assert_int_equal(place_rule(&place, "place.unit", ""), WH_RULE_FIELD_UNKNOWN);
    place.unit = S("nothing");
    assert_int_equal(place_rule(&place, "place.unit", ""), WH_RULE_FIELD_UNKNOWN);
    const struct wh_unit *community = wh_district_unit(district, "990101001001");
    char address[200];
    snprintf(address, sizeof address, "%s东门", community->row->zh);
    place.unit = S("");
    place.address = address;
    assert_int_equal(place_rule(&place, "", "990101001001"), WH_RULE_NONE);
    place.address = S("月球背面");
    assert_int_equal(place_rule(&place, "place.address", ""), WH_RULE_FIELD_UNKNOWN);
    place = place_at(0, 0);
    assert_int_equal(place_rule(&place, "place.lat", ""), WH_RULE_PLACE_FAR);
    place = place_at(91, 0);
    assert_int_equal(place_rule(&place, "place.lat", ""), WH_RULE_FIELD_RANGE);
}

// ---- reports ------------------------------------------------------------------------------------

static void a_report_sets_only_itself(void **state)
{
    (void)state;
    Whistle__V1__PublicReport report = WHISTLE__V1__PUBLIC_REPORT__INIT;
    Whistle__V1__Place place = WHISTLE__V1__PLACE__INIT;
    Whistle__V1__Reporter reporter = WHISTLE__V1__REPORTER__INIT;
    Whistle__V1__RaiseWhistle *raise = NULL;
    struct public_fault fault;
    report.category = S("FLOODING");
    report.text = S("染坊街下穿桥积水约60厘米。有车熄火\n快来");
    report.place = &place;
    report.reporter = &reporter;
    place.unit = S("990101001001");
    assert_int_equal(
        public_raise(district, &report, WHISTLE__V1__SOURCE__SOURCE_WEB, &arena, &raise, &fault),
        0);
    assert_string_equal(raise->unit, "990101001");
    assert_string_equal(raise->asked_by, "990101001001");
    assert_string_equal(raise->title, "染坊街下穿桥积水约60厘米");
    assert_string_equal(raise->text, report.text);
    assert_int_equal(raise->source, WHISTLE__V1__SOURCE__SOURCE_WEB);
    assert_int_equal(raise->priority, 0);
    assert_string_equal(raise->reason, "");
    assert_int_equal(raise->n_tags + raise->n_needs + raise->n_joint_units + raise->n_to, 0);
    assert_null(raise->reporter); // nobody was named
    assert_false(raise->drill);
    report.text = S("");
    assert_int_equal(
        public_raise(district, &report, WHISTLE__V1__SOURCE__SOURCE_WEB, &arena, &raise, &fault),
        0);
    assert_non_null(strstr(raise->title, "道路积水"));
}

static void closed_categories(void **state)
{
    (void)state;
    static const char *const codes[] = {"ELDER_CARE", "BOUNDARY", "", "NO_SUCH"};
    Whistle__V1__PublicReport report = WHISTLE__V1__PUBLIC_REPORT__INIT;
    Whistle__V1__Place place = WHISTLE__V1__PLACE__INIT;
    Whistle__V1__RaiseWhistle *raise = NULL;
    place.unit = S("990101001001");
    report.place = &place;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct public_fault fault = {.rule = WH_RULE_NONE};
        report.category = S(codes[i]);
        assert_int_equal(public_raise(district, &report, WHISTLE__V1__SOURCE__SOURCE_WEB, &arena,
                                      &raise, &fault),
                         WH_E_INVALID);
        assert_string_equal(fault.field, "category");
    }
}

// A title made of any text is a valid line of it.
static void titles_are_cut_at_characters(void **state)
{
    (void)state;
    Whistle__V1__PublicReport report = WHISTLE__V1__PUBLIC_REPORT__INIT;
    Whistle__V1__Place place = WHISTLE__V1__PLACE__INIT;
    Whistle__V1__RaiseWhistle *raise = NULL;
    struct public_fault fault;
    char text[1024];
    place.unit = S("990101001001");
    report.place = &place;
    report.category = S("FLOODING");
    report.text = text;
    srand(5);
    for (int round = 0; round < 2000; round++) {
        static const char *const pieces[] = {"水", "a", "\n", "。", "𠀀", " ", "!", "?", "桥"};
        size_t n = 0;
        for (int i = rand() % 120; i > 0; i--)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s", pieces[rand() % 9]);
        text[n] = 0;
        wh_arena_reset(&arena);
        assert_int_equal(public_raise(district, &report, WHISTLE__V1__SOURCE__SOURCE_WEB, &arena,
                                      &raise, &fault),
                         0);
        assert_int_equal(wh_text_check(raise->title, strlen(raise->title), 100, NULL), 0);
        assert_true(raise->title[0] != 0 && strchr(raise->title, '\n') == NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_of_numbers),
        cmocka_unit_test(a_bucket),
        cmocka_unit_test(a_flood_frees_nobody),
        cmocka_unit_test(addresses),
        cmocka_unit_test(every_centre_is_its_own_community),
        cmocka_unit_test(places_by_name_and_code),
        cmocka_unit_test(a_report_sets_only_itself),
        cmocka_unit_test(closed_categories),
        cmocka_unit_test(titles_are_cut_at_characters),
    };
    return cmocka_run_group_tests_name("gateway public", tests, set_up, tear_down);
}
