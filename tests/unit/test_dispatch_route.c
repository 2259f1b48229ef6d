// SPDX-License-Identifier: Apache-2.0
// Routing: the demo's sample whistles reach exactly the departments the data say; deeper rules,
// tags and the backstop; the proof that everybody can be reached.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "dispatch/check.h"
#include "dispatch/route.h"
#include "dispatch/words.h"
#include "support/demo_district.h"

static struct wh_district *district;

static int setup(void **state)
{
    (void)state;
    district = demo_district(WH_SOURCE_DIR);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    wh_district_free(district);
    return 0;
}

static bool stands_in(const struct route *route, const char *code)
{
    int32_t party = wh_district_id(district, code);
    for (size_t i = 0; i < route->n; i++)
        if (route->choices[i].party == party)
            return true;
    return false;
}

static void check_sample(const json_t *sample)
{
    Whistle__V1__WhistleFacts facts = WHISTLE__V1__WHISTLE_FACTS__INIT;
    Whistle__V1__Place place = WHISTLE__V1__PLACE__INIT;
    struct route route;
    char *tags[8];
    const json_t *list = json_object_get(sample, "tags"), *where = json_object_get(sample, "place");
    const json_t *expected = json_object_get(sample, "expect_departments");
    for (size_t i = 0; i < json_array_size(list); i++)
        tags[facts.n_tags++] = (char *)(uintptr_t)json_string_value(json_array_get(list, i));
    facts.tags = tags;
    facts.unit = (char *)(uintptr_t)json_string_value(json_object_get(sample, "unit"));
    facts.category = (char *)(uintptr_t)json_string_value(json_object_get(sample, "category"));
    place.unit = (char *)(uintptr_t)json_string_value(json_object_get(where, "unit"));
    facts.place = &place;
    route_whistle(district, &facts, &route);
    assert_int_equal(route.n, json_array_size(expected));
    for (size_t i = 0; i < json_array_size(expected); i++)
        assert_true(stands_in(&route, json_string_value(json_array_get(expected, i))));
    assert_int_equal(route.choices[0].part, PART(LEAD));
    assert_string_equal(wh_district_code(district, route.choices[0].party),
                        json_string_value(json_object_get(sample, "lead")));
    for (size_t i = 1; i < route.n; i++)
        assert_int_equal(route.choices[i].part, PART(SUPPORT));
}

static void test_samples(void **state)
{
    (void)state;
    json_t *json = json_load_file(WH_SOURCE_DIR "/deploy/demo/district.json", 0, NULL);
    const json_t *samples = json_object_get(json, "whistles");
    size_t checked = 0;
    for (size_t i = 0; i < json_array_size(samples); i++) {
        const json_t *sample = json_array_get(samples, i);
        if (json_object_get(sample, "duplicate_of") != NULL)
            continue; // merged by another service; alone it would reach the same departments
        check_sample(sample);
        checked++;
    }
    assert_int_equal(json_array_size(samples), 12);
    assert_int_equal(checked, 11);
    json_decref(json);
}

static void test_backstop(void **state)
{
    (void)state;
    struct route route;
    route_match(district, "NO_SUCH_CATEGORY", 0, NULL, 0, 0, &route);
    assert_int_equal(route.n, 1);
    assert_string_equal(wh_district_code(district, route.choices[0].party), "DISTRICT");
    assert_int_equal(route.choices[0].part, PART(LEAD));
    assert_string_equal(route.choices[0].rule, "BACKSTOP");
    // Who raises never handles: the backstop leads what the lead itself raised.
    route_match(district, "GAS_LEAK", 0, NULL, 0, wh_district_id(district, "GASCO"), &route);
    assert_false(stands_in(&route, "GASCO"));
    assert_string_equal(wh_district_code(district, route.choices[0].party), "DISTRICT");
    assert_int_equal(route.n, 5);
}

// A district with one more rule.
static struct wh_district *with_rule(const char *unit, const char *tag, const char *lead,
                                     char **supports, size_t n_supports)
{
    struct wh_district *changed = NULL;
    struct wh_arena arena;
    Whistle__V1__RouteRule rule = WHISTLE__V1__ROUTE_RULE__INIT;
    wh_arena_init(&arena, (size_t)16 << 20);
    Whistle__V1__District *data = demo_district_data(WH_SOURCE_DIR, &arena);
    Whistle__V1__RouteRule **rules =
        wh_arena_calloc(&arena, data->n_routes + 1, sizeof(Whistle__V1__RouteRule *));
    memcpy(rules, data->routes, data->n_routes * sizeof *rules);
    rule.category = (char *)(uintptr_t) "RUBBISH";
    rule.unit = (char *)(uintptr_t)unit;
    rule.tag = (char *)(uintptr_t)tag;
    rule.lead = (char *)(uintptr_t)lead;
    rule.supports = supports;
    rule.n_supports = n_supports;
    rules[data->n_routes++] = &rule;
    data->routes = rules;
    assert_int_equal(wh_district_new(data, &changed), 0);
    wh_arena_done(&arena);
    return changed;
}

static void test_deepest_unit_wins(void **state)
{
    (void)state;
    char *supports[] = {(char *)(uintptr_t) "POLICE"};
    struct wh_district *d = with_rule("990101001001", "", "CHENGGUAN", supports, 1);
    struct route route;
    route_match(d, "RUBBISH", wh_district_id(d, "990101001001002"), NULL, 0, 0, &route);
    assert_int_equal(route.n, 2);
    assert_string_equal(wh_district_code(d, route.choices[0].party), "CHENGGUAN");
    assert_string_equal(route.choices[0].rule, "UNIT");
    route_match(d, "RUBBISH", wh_district_id(d, "990101001002"), NULL, 0, 0, &route);
    assert_string_equal(wh_district_code(d, route.choices[0].party), "URBAN");
    wh_district_free(d);
}

static void test_tag_takes_the_lead(void **state)
{
    (void)state;
    char *tags[] = {(char *)(uintptr_t) "医疗废物"};
    struct wh_district *d = with_rule("", "医疗废物", "HEALTH", NULL, 0);
    struct route route;
    route_match(d, "RUBBISH", wh_district_id(d, "990101002001"), tags, 1, 0, &route);
    assert_string_equal(wh_district_code(d, route.choices[0].party), "HEALTH");
    assert_int_equal(route.n, 3);
    size_t leads = 0;
    for (size_t i = 0; i < route.n; i++)
        leads += route.choices[i].part == PART(LEAD);
    assert_int_equal(leads, 1);
    struct wh_arena arena;
    wh_arena_init(&arena, 1 << 16);
    Whistle__V1__RouteExplained *why =
        route_explain(d, &arena, "RUBBISH", wh_district_id(d, "990101002001"), tags, 1);
    assert_string_equal(why->lead, "HEALTH");
    assert_string_equal(why->reasons[0]->rule, "TAG");
    assert_string_equal(why->reasons[0]->tag, "医疗废物");
    assert_int_equal(why->n_supports, 2);
    wh_arena_done(&arena);
    wh_district_free(d);
}

// ---- reach --------------------------------------------------------------------------------------
static bool no_key(void *arg, const char *identity)
{
    (void)arg;
    (void)identity;
    return false;
}

static bool channel_but(void *arg, const char *channel)
{
    return strstr(channel, arg) == NULL;
}

static void test_reach(void **state)
{
    (void)state;
    struct wh_arena arena;
    wh_arena_init(&arena, 1 << 20);
    struct check_liveness live = {
        .arg = (void *)(uintptr_t) "none", .key = no_key, .channel = channel_but};
    int64_t now = 1795399200000; // 2026-11-23 10:00 +08:00
    Whistle__V1__RoutingChecked *r = check_routing(district, &arena, now, &live);
    assert_non_null(r);
    assert_int_equal(r->pairs, 31 * 6);
    for (size_t i = 0; i < r->n_holes; i++)
        printf("hole %s %s %s %s\n", r->holes[i]->category, r->holes[i]->unit, r->holes[i]->rule,
               r->holes[i]->department);
    assert_int_equal(r->n_holes, 0);
    live.arg = (void *)(uintptr_t) "GASCO"; // nobody sends GASCO's channels, and it has no key
    r = check_routing(district, &arena, now, &live);
    assert_int_equal(r->n_holes, 6); // it leads GAS_LEAK in six streets
    assert_string_equal(r->holes[0]->rule, "check.no_live_key_or_channel");
    assert_true(r->n_warnings >= 6); // and supports ROAD_COLLAPSE
    wh_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_backstop),
        cmocka_unit_test(test_deepest_unit_wins),
        cmocka_unit_test(test_tag_takes_the_lead),
        cmocka_unit_test(test_reach),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
