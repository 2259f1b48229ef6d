// SPDX-License-Identifier: Apache-2.0
// A district's JSON: the demo in full, faults with their paths, zones with and without summer time.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client/district_json.h"

static struct wh_arena arena;
static json_t *demo;

static int setup(void **state)
{
    (void)state;
    wh_arena_init(&arena, (size_t)16 << 20);
    demo = json_load_file(WH_SOURCE_DIR "/deploy/demo/district.json", 0, NULL);
    return demo == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    json_decref(demo);
    wh_arena_done(&arena);
    return 0;
}

static const Whistle__V1__RouteRule *rule_of(const Whistle__V1__District *d, const char *category,
                                             const char *tag)
{
    for (size_t i = 0; i < d->n_routes; i++)
        if (strcmp(d->routes[i]->category, category) == 0 && strcmp(d->routes[i]->tag, tag) == 0)
            return d->routes[i];
    return NULL;
}

static void test_demo(void **state)
{
    (void)state;
    struct wh_wire_fault fault;
    Whistle__V1__District *d = wh_district_from_json(demo, &arena, &fault);
    assert_non_null(d);
    assert_string_equal(d->code, "990101");
    assert_string_equal(d->number_prefix, "AL");
    assert_int_equal(d->n_zone, 1);
    assert_int_equal(d->zone[0]->offset_min, 480);
    assert_int_equal(d->n_units, 79);
    assert_int_equal(d->n_departments, 31);
    assert_int_equal(d->n_desks, 37);
    assert_int_equal(d->n_categories, 31);
    assert_int_equal(d->n_service_times, 5);
    assert_int_equal(d->calendar->n_work_hours, 2);
    assert_int_equal(d->calendar->work_hours[0]->from_min, 540);
    assert_int_equal(d->calendar->n_off_days, 3 + 9 + 3 + 5 + 3 + 3 + 7);
    assert_int_equal(d->calendar->n_work_days, 6);
    assert_int_equal(d->calendar->weekend[1], 7);
    const Whistle__V1__RouteRule *rule = rule_of(d, "PIPE_BURST", "");
    assert_string_equal(rule->lead, "TAPCO");
    assert_int_equal(rule->n_supports, 3);
    assert_string_equal(rule_of(d, "PIPE_BURST", "停水影响养老院")->supports[0], "CIVIL");
    assert_int_equal(d->settings_by_unit[0]->review_below_p1, 1);
    assert_int_equal(d->n_danger_words, 9);
    assert_string_equal(d->service_times[3]->ledger_max, "P180D");
}

static void expect_fault(json_t *json, const char *field, enum wh_rule rule)
{
    struct wh_wire_fault fault = {0};
    assert_null(wh_district_from_json(json, &arena, &fault));
    assert_string_equal(fault.field, field);
    assert_int_equal(fault.rule, rule);
    json_decref(json);
}

static json_t *row(json_t *json, const char *table, size_t index)
{
    return json_array_get(json_object_get(json, table), index);
}

static void test_faults(void **state)
{
    (void)state;
    json_t *j = json_deep_copy(demo);
    json_object_set_new(row(j, "categories", 3), "priority", json_string("P9"));
    expect_fault(j, "categories[3].priority", WH_RULE_FIELD_ENUM);
    j = json_deep_copy(demo);
    json_object_del(row(j, "units", 7), "zh");
    expect_fault(j, "units[7].zh", WH_RULE_FIELD_MISSING);
    j = json_deep_copy(demo);
    json_object_set_new(row(row(j, "desks", 2), "contacts", 1), "channels", json_integer(4));
    expect_fault(j, "desks[2].contacts[1].channels", WH_RULE_FIELD_FORMAT);
    j = json_deep_copy(demo);
    json_object_set_new(row(j, "units", 1), "lat", json_integer(200));
    expect_fault(j, "units[1].lat", WH_RULE_FIELD_RANGE);
    j = json_deep_copy(demo);
    json_object_set_new(json_object_get(j, "district"), "timezone", json_string("Nowhere/City"));
    expect_fault(j, "district.timezone", WH_RULE_FIELD_UNKNOWN);
    j = json_deep_copy(demo);
    json_object_set_new(json_object_get(j, "district"), "timezone",
                        json_string("../../etc/passwd"));
    expect_fault(j, "district.timezone", WH_RULE_FIELD_FORMAT);
    j = json_deep_copy(demo);
    json_array_set_new(row(json_object_get(j, "calendar"), "work_hours", 0), 1,
                       json_string("noon"));
    expect_fault(j, "calendar.work_hours[0]", WH_RULE_FIELD_FORMAT);
}

static void test_zones(void **state)
{
    (void)state;
    Whistle__V1__ZoneShift **shifts;
    size_t n;
    assert_int_equal(wh_zone_shifts("Asia/Shanghai", &arena, &shifts, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(shifts[0]->from_at, 1577836800000); // 2020-01-01T00:00Z
    assert_int_equal(wh_zone_shifts("UTC", &arena, &shifts, &n), 0);
    assert_int_equal(shifts[0]->offset_min, 0);
    if (wh_zone_shifts("Europe/Berlin", &arena, &shifts, &n) == WH_E_NOTFOUND)
        return;                      // no zone files here
    assert_int_equal(n, 1 + 2 * 21); // twice a year, 2020 to 2040
    assert_int_equal(shifts[0]->offset_min, 60);
    assert_int_equal(shifts[1]->offset_min, 120);
    assert_int_equal(shifts[1]->from_at, 1585443600000);  // 2020-03-29T01:00Z
    assert_int_equal(shifts[42]->from_at, 2234998800000); // 2040-10-28T01:00Z
    assert_int_equal(wh_zone_shifts("", &arena, &shifts, &n), WH_E_INVALID);
    assert_int_equal(wh_zone_shifts("Mars/Olympus", &arena, &shifts, &n), WH_E_NOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_demo), cmocka_unit_test(test_faults),
                                       cmocka_unit_test(test_zones)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
