// SPDX-License-Identifier: Apache-2.0
// A district's validation: the demo passes; every broken copy is refused, naming the field and
// rule.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "district/validate.h"
#include "support/demo_district.h"

#define S(text) ((char *)(uintptr_t)(text))

static void no_unit_code(Whistle__V1__District *d)
{
    d->units[3]->code = S("");
}
static void bad_unit_code(Whistle__V1__District *d)
{
    d->units[3]->code = S("99 01");
}
static void unit_twice(Whistle__V1__District *d)
{
    d->units[3]->code = d->units[2]->code;
}
static void unit_no_name(Whistle__V1__District *d)
{
    d->units[5]->zh = S("");
}
static void unit_no_parent(Whistle__V1__District *d)
{
    d->units[1]->parent = S("nobody");
}
static void unit_own_parent(Whistle__V1__District *d)
{
    d->units[7]->parent = d->units[7]->code;
}
static void unit_level(Whistle__V1__District *d)
{
    d->units[1]->level = WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_UNSPECIFIED;
}
static void unit_half_place(Whistle__V1__District *d)
{
    d->units[1]->lon_is_case = WHISTLE__V1__UNIT__LON_IS__NOT_SET;
}
static void unit_far(Whistle__V1__District *d)
{
    d->units[1]->lat = 91;
}
static void department_as_unit(Whistle__V1__District *d)
{
    d->departments[0]->code = d->units[1]->code;
}
static void desk_of_nobody(Whistle__V1__District *d)
{
    d->desks[0]->body = S("NOBODY");
}
static void desk_twice(Whistle__V1__District *d)
{
    d->desks[1]->body = d->desks[0]->body;
}
static void contact_level(Whistle__V1__District *d)
{
    d->desks[0]->contacts[0]->level = 3;
}
static void sealed(Whistle__V1__District *d)
{
    d->desks[0]->contacts[1]->channels[0] = (char *)"sms:sealed.77.AAAA";
}
static void channel(Whistle__V1__District *d)
{
    d->desks[0]->contacts[1]->channels[0] = S("x");
}
static void category_twice(Whistle__V1__District *d)
{
    d->categories[1]->code = d->categories[0]->code;
}
static void category_priority(Whistle__V1__District *d)
{
    d->categories[0]->priority = WHISTLE__V1__PRIORITY__PRIORITY_UNSPECIFIED;
}
static void full_address(Whistle__V1__District *d)
{
    d->categories[0]->full_address[1] = d->units[1]->code;
}
static void choice_without(Whistle__V1__District *d)
{
    d->categories[0]->questions[0]->n_values = 0;
}
static void min_above_max(Whistle__V1__District *d)
{
    d->categories[0]->questions[2]->min = 501;
}
static void route_category(Whistle__V1__District *d)
{
    d->routes[0]->category = S("NONE");
}
static void route_no_lead(Whistle__V1__District *d)
{
    d->routes[0]->lead = S("");
}
static void route_lead(Whistle__V1__District *d)
{
    d->routes[0]->lead = d->units[1]->code;
}
static void route_support(Whistle__V1__District *d)
{
    d->routes[0]->supports[0] = d->routes[0]->lead;
}
static void route_twice(Whistle__V1__District *d)
{
    *d->routes[1] = *d->routes[0];
}
static void no_p2(Whistle__V1__District *d)
{
    d->service_times[1]->set = S("other");
}
static void bad_span(Whistle__V1__District *d)
{
    d->service_times[2]->checkin = S("1 day");
}
static void no_span(Whistle__V1__District *d)
{
    d->service_times[3]->review = S("");
}
static void times_twice(Whistle__V1__District *d)
{
    d->service_times[1]->priority = WHISTLE__V1__PRIORITY__PRIORITY_P1;
}
static void hours(Whistle__V1__District *d)
{
    d->calendar->work_hours[0]->to_min = 1441;
}
static void off_day(Whistle__V1__District *d)
{
    d->calendar->off_days[0] = 20260230;
}
static void no_calendar(Whistle__V1__District *d)
{
    d->calendar = NULL;
}
static void no_zone(Whistle__V1__District *d)
{
    d->n_zone = 0;
}
static void prefix(Whistle__V1__District *d)
{
    d->number_prefix = S("al");
}
static void no_prefix(Whistle__V1__District *d)
{
    d->number_prefix = S("");
}
static void setting(Whistle__V1__District *d)
{
    d->settings_by_unit[0]->unit = S("990101001001");
}
static void no_units(Whistle__V1__District *d)
{
    d->n_units = 0;
}

static const struct {
    void (*break_it)(Whistle__V1__District *data);
    const char *field;
    enum wh_rule rule;
} broken[] = {
    {no_unit_code, "units[3].code", WH_RULE_FIELD_MISSING},
    {bad_unit_code, "units[3].code", WH_RULE_FIELD_FORMAT},
    {unit_twice, "units[3].code", WH_RULE_FIELD_TWICE},
    {unit_no_name, "units[5].zh", WH_RULE_FIELD_MISSING},
    {unit_no_parent, "units[1].parent", WH_RULE_FIELD_UNKNOWN},
    {unit_own_parent, "units[7].parent", WH_RULE_DISTRICT_LEVEL},
    {unit_level, "units[1].level", WH_RULE_FIELD_ENUM},
    {unit_half_place, "units[1].lon", WH_RULE_FIELD_MISSING},
    {unit_far, "units[1].lat", WH_RULE_FIELD_RANGE},
    {department_as_unit, "departments[0].code", WH_RULE_FIELD_TWICE},
    {desk_of_nobody, "desks[0].body", WH_RULE_FIELD_UNKNOWN},
    {desk_twice, "desks[1].body", WH_RULE_FIELD_TWICE},
    {contact_level, "desks[0].contacts[0].level", WH_RULE_FIELD_RANGE},
    {channel, "desks[0].contacts[1].channels[0]", WH_RULE_FIELD_FORMAT},
    {sealed, "desks[0].contacts[1].channels[0]", WH_RULE_DISTRICT_SEALED},
    {category_twice, "categories[1].code", WH_RULE_FIELD_TWICE},
    {category_priority, "categories[0].priority", WH_RULE_FIELD_ENUM},
    {full_address, "categories[0].full_address[1]", WH_RULE_FIELD_UNKNOWN},
    {choice_without, "categories[0].questions[0].values", WH_RULE_FIELD_MISSING},
    {min_above_max, "categories[0].questions[2].min", WH_RULE_FIELD_RANGE},
    {route_category, "routes[0].category", WH_RULE_FIELD_UNKNOWN},
    {route_no_lead, "routes[0].lead", WH_RULE_FIELD_MISSING},
    {route_lead, "routes[0].lead", WH_RULE_FIELD_UNKNOWN},
    {route_support, "routes[0].supports[0]", WH_RULE_FIELD_TWICE},
    {route_twice, "routes[1]", WH_RULE_FIELD_TWICE},
    {no_p2, "service_times", WH_RULE_FIELD_MISSING},
    {bad_span, "service_times[2].checkin", WH_RULE_FIELD_FORMAT},
    {no_span, "service_times[3].review", WH_RULE_FIELD_MISSING},
    {times_twice, "service_times[1]", WH_RULE_FIELD_TWICE},
    {hours, "calendar.work_hours[0]", WH_RULE_FIELD_RANGE},
    {off_day, "calendar", WH_RULE_FIELD_FORMAT},
    {no_calendar, "calendar", WH_RULE_FIELD_MISSING},
    {no_zone, "zone", WH_RULE_FIELD_MISSING},
    {prefix, "number_prefix", WH_RULE_FIELD_FORMAT},
    {no_prefix, "number_prefix", WH_RULE_FIELD_FORMAT},
    {setting, "settings_by_unit[0].unit", WH_RULE_FIELD_UNKNOWN},
    {no_units, "units", WH_RULE_FIELD_MISSING},
};

static void every_fault_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct wh_district_fault faults[64];
        struct wh_arena arena;
        wh_arena_init(&arena, (size_t)32 << 20);
        Whistle__V1__District *data = demo_district_data(WH_SOURCE_DIR, &arena);
        broken[i].break_it(data);
        size_t n = wh_district_validate(data, NULL, faults, 64), hit = 0;
        for (size_t k = 0; k < n && k < 64; k++)
            hit +=
                faults[k].rule == broken[i].rule && strcmp(faults[k].field, broken[i].field) == 0;
        if (hit == 0)
            fail_msg("case %zu: %s not among %zu faults, first %s", i, broken[i].field, n,
                     n > 0 ? faults[0].field : "none");
        wh_arena_done(&arena);
    }
}

static void code_and_prefix_stay(void **state)
{
    (void)state;
    struct wh_district_fault faults[4];
    struct wh_arena arena;
    wh_arena_init(&arena, (size_t)32 << 20);
    Whistle__V1__District *before = demo_district_data(WH_SOURCE_DIR, &arena);
    Whistle__V1__District *after = demo_district_data(WH_SOURCE_DIR, &arena);
    assert_int_equal(wh_district_validate(after, before, faults, 4), 0);
    after->number_prefix = S("BB");
    assert_int_equal(wh_district_validate(after, before, faults, 4), 1);
    assert_int_equal(faults[0].rule, WH_RULE_DISTRICT_OTHER);
    assert_string_equal(faults[0].field, "number_prefix");
    assert_int_equal(wh_district_validate(after, before, faults, 0), 1);
    after = demo_district_data(WH_SOURCE_DIR, &arena); // and nobody who was adopted disappears
    Whistle__V1__Unit *gone = after->units[after->n_units - 1];
    after->n_units--;
    assert_int_equal(wh_district_validate(after, NULL, faults, 4), 0);
    assert_int_equal(wh_district_validate(after, before, faults, 4), 1);
    assert_int_equal(faults[0].rule, WH_RULE_DISTRICT_KEEPS);
    assert_string_equal(faults[0].detail, gone->code);
    wh_arena_done(&arena);
}

// What was not validated is refused, never indexed wrongly.
static void an_index_is_of_fit_data_only(void **state)
{
    (void)state;
    struct wh_arena arena;
    struct wh_district *district = NULL;
    wh_arena_init(&arena, (size_t)32 << 20);
    Whistle__V1__District *data = demo_district_data(WH_SOURCE_DIR, &arena);
    int32_t id = data->units[4]->id;
    data->units[4]->id = data->units[3]->id;
    assert_int_equal(wh_district_new(data, &district), WH_E_INVALID);
    data->units[4]->id = 0;
    assert_int_equal(wh_district_new(data, &district), WH_E_INVALID);
    data->units[4]->id = id;
    data->units[4]->parent = S("nobody");
    assert_int_equal(wh_district_new(data, &district), WH_E_INVALID);
    assert_null(district);
    wh_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_is_named),
        cmocka_unit_test(code_and_prefix_stay),
        cmocka_unit_test(an_index_is_of_fit_data_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
