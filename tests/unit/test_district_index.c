// SPDX-License-Identifier: Apache-2.0
// The index over a district: codes and integers agree, the tree of units, tables, service times.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "district/codes.h"
#include "support/demo_district.h"

static struct wh_district *district;

static int set_up(void **state)
{
    (void)state;
    district = demo_district(WH_SOURCE_DIR);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    wh_district_free(district);
    return 0;
}

static void codes_and_integers_agree(void **state)
{
    (void)state;
    size_t n = 0;
    const struct wh_party *parties = wh_district_parties(district, &n);
    assert_int_equal(n, wh_district_data(district)->n_units +
                            wh_district_data(district)->n_departments);
    for (size_t i = 0; i < n; i++) {
        assert_true(parties[i].id >= WH_PARTY_FIRST);
        assert_int_equal(wh_district_id(district, parties[i].code), parties[i].id);
        assert_string_equal(wh_district_code(district, parties[i].id), parties[i].code);
        assert_ptr_equal(wh_district_party(district, parties[i].code), &parties[i]);
        assert_ptr_equal(wh_district_party_by_id(district, parties[i].id), &parties[i]);
        assert_int_equal(parties[i].is_unit, parties[i].unit != NULL);
        assert_int_equal(parties[i].is_unit, parties[i].row == NULL);
    }
}

static void unknown_codes_are_unknown(void **state)
{
    (void)state;
    const char *codes[] = {NULL, "", "NOBODY", "99010", "9901010010010010"};
    const int32_t ids[] = {INT32_MIN, -1, 0, 1, 2, 15, 4000, 1000000, INT32_MAX};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        assert_int_equal(wh_district_id(district, codes[i]), 0);
        assert_null(wh_district_party(district, codes[i]));
        assert_null(wh_district_unit(district, codes[i]));
        assert_null(wh_district_category(district, codes[i]));
        assert_null(wh_district_desk(district, codes[i]));
    }
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        assert_null(wh_district_code(district, ids[i]));
        assert_null(wh_district_unit_by_id(district, ids[i]));
    }
    assert_null(wh_district_unit(district, "FIRE"));
}

// By the data's own codes: a grid has 15 digits, its community's 12 and its street's 9 lead it.
static void the_tree_follows_the_codes(void **state)
{
    (void)state;
    size_t n = 0, grids = 0;
    const struct wh_party *parties = wh_district_parties(district, &n);
    const struct wh_unit *root = wh_district_root(district);
    assert_string_equal(root->row->code, "990101");
    assert_null(wh_district_street_of(district, root));
    for (size_t i = 0; i < n; i++) {
        const struct wh_unit *unit = parties[i].unit;
        if (unit == NULL || unit == root)
            continue;
        const struct wh_unit *street = wh_district_street_of(district, unit);
        assert_non_null(street);
        assert_true(wh_unit_is_street(street));
        assert_int_equal(strncmp(parties[i].code, street->row->code, 9), 0);
        assert_true(wh_district_is_within(district, unit, street));
        assert_true(wh_district_is_within(district, unit, root));
        assert_true(wh_district_is_within(district, unit, unit));
        assert_false(wh_district_is_within(district, root, unit));
        grids += strlen(parties[i].code) == 15;
    }
    assert_int_equal(grids, 54);
    assert_false(wh_district_is_within(district, wh_district_unit(district, "990101002001"),
                                       wh_district_unit(district, "990101001")));
}

static void categories_hold_their_routes(void **state)
{
    (void)state;
    size_t n = 0, routes = 0;
    const struct wh_category *categories = wh_district_categories(district, &n);
    for (size_t i = 0; i < n; i++) {
        assert_ptr_equal(wh_district_category(district, categories[i].row->code), &categories[i]);
        for (size_t j = 0; j < categories[i].n_routes; j++)
            assert_string_equal(categories[i].routes[j]->category, categories[i].row->code);
        routes += categories[i].n_routes;
    }
    assert_int_equal(routes, wh_district_data(district)->n_routes);
    const struct wh_category *gas = wh_district_category(district, "GAS_LEAK");
    assert_string_equal(gas->routes[0]->lead, "GASCO");
    assert_true(wh_category_full_address(gas, "FIRE"));
    assert_false(wh_category_full_address(gas, "URBAN"));
}

static void service_times_by_set_and_priority(void **state)
{
    (void)state;
    const struct wh_times *p1 =
        wh_district_times(district, NULL, WHISTLE__V1__PRIORITY__PRIORITY_P1);
    const struct wh_times *p3 =
        wh_district_times(district, "normal", WHISTLE__V1__PRIORITY__PRIORITY_P3);
    const struct wh_times *hard =
        wh_district_times(district, "emergency", WHISTLE__V1__PRIORITY__PRIORITY_P3);
    assert_int_equal(p1->sign.unit, WH_SPAN_ELAPSED);
    assert_int_equal(p1->sign.n, 5 * WH_MS_MINUTE);
    assert_int_equal(p1->n_escalate, 4);
    assert_int_equal(p1->n_remind, 3);
    assert_int_equal(p1->remind[1], 80);
    assert_int_equal(p3->sign.unit, WH_SPAN_WORK_HOURS);
    assert_int_equal(p3->sign.n, 4);
    assert_int_equal(p3->checkin.unit, WH_SPAN_WORK_DAYS);
    assert_int_equal(hard->sign.unit, WH_SPAN_WORK_DAYS);
    assert_ptr_equal(wh_district_times(district, "emergency", WHISTLE__V1__PRIORITY__PRIORITY_P1),
                     p1);
}

static void days_are_the_zone_s(void **state)
{
    (void)state;
    int64_t at = 0;
    assert_int_equal(wh_rfc3339_parse("2026-11-23T15:59:59Z", &at), 0);
    assert_int_equal(wh_district_day(district, at), 20261123);
    assert_int_equal(wh_district_day(district, at + 1000), 20261124);
    assert_non_null(wh_district_danger_word(district, "有两人被困在里面"));
    assert_null(wh_district_danger_word(district, "路灯不亮"));
}

// A code keeps its integer through versions, also when it left for a while.
static void integers_stay(void **state)
{
    (void)state;
    struct wh_codes *codes = NULL;
    struct wh_arena arena;
    wh_arena_init(&arena, (size_t)32 << 20);
    Whistle__V1__District *data = demo_district_data(WH_SOURCE_DIR, &arena);
    assert_int_equal(wh_codes_new(&codes), 0);
    assert_int_equal(wh_codes_learn_all(codes, data), 0);
    assert_int_equal(wh_codes_learn_all(codes, data), 0);
    int32_t last = data->departments[data->n_departments - 1]->id;
    assert_int_equal(last, 16 + (int32_t)(data->n_units + data->n_departments) - 1);

    Whistle__V1__Body *gone = data->departments[0];
    int32_t gone_id = gone->id;
    Whistle__V1__Body fresh = *data->departments[1];
    fresh.code = (char *)(uintptr_t) "NEWBODY";
    data->departments[0] = &fresh;
    wh_codes_number(codes, data);
    assert_int_equal(fresh.id, last + 1);
    assert_int_equal(wh_codes_learn_all(codes, data), 0);

    data->departments[0] = gone;
    gone->id = 0;
    wh_codes_number(codes, data);
    assert_int_equal(gone->id, gone_id);
    assert_int_equal(wh_codes_learn(codes, "NEWBODY", last + 2), WH_E_INVALID);
    assert_int_equal(wh_codes_learn(codes, "OTHER", last + 1), WH_E_INVALID);
    assert_int_equal(wh_codes_learn(codes, "OTHER", 15), WH_E_INVALID);
    wh_codes_free(codes);
    wh_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_and_integers_agree),
        cmocka_unit_test(unknown_codes_are_unknown),
        cmocka_unit_test(the_tree_follows_the_codes),
        cmocka_unit_test(categories_hold_their_routes),
        cmocka_unit_test(service_times_by_set_and_priority),
        cmocka_unit_test(days_are_the_zone_s),
        cmocka_unit_test(integers_stay),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
