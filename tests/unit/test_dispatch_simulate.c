// SPDX-License-Identifier: Apache-2.0
// Recorded lives under other rules. Under the same data nothing differs, whatever happened and
// however much time passed; other service times move dues and what is overdue; another routing adds
// and drops departments. Fixed seeds.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "client/frame.h"
#include "dispatch/simulate.h"
#include "support/demo_district.h"
#include "support/dispatch_play.h"

#define MONDAY INT64_C(1795399200000) // 2026-11-23 10:00 +08:00
#define ROWS 1024
#define LIVES 150

static struct wh_district *district;
static uint64_t seed;

static size_t below(size_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)((seed >> 33) % n);
}

// ---- recording ----------------------------------------------------------------------------------

static struct {
    size_t n;
    struct simulation_row rows[ROWS];
} journal;

static void hear(void *arg, const struct play *p, const char *identity, const char *officer,
                 const Whistle__V1__DispatchEvent *event)
{
    (void)arg;
    Whistle__V1__Event envelope = WHISTLE__V1__EVENT__INIT;
    Whistle__V1__Actor actor = WHISTLE__V1__ACTOR__INIT;
    size_t inner = protobuf_c_message_get_packed_size(&event->base);
    uint8_t *payload = malloc(inner + 1);
    assert_non_null(payload);
    protobuf_c_message_pack(&event->base, payload);
    actor.identity = (char *)(uintptr_t)identity;
    actor.officer = (char *)(uintptr_t)officer;
    envelope.seq = (int64_t)journal.n + 1;
    envelope.at = p->now;
    envelope.object = p->d.object;
    envelope.actor = identity[0] == '\0' ? NULL : &actor;
    envelope.payload = (ProtobufCBinaryData){inner, payload};
    size_t n = whistle__v1__event__get_packed_size(&envelope);
    uint8_t *body = malloc(n);
    assert_non_null(body);
    assert_true(journal.n < ROWS);
    whistle__v1__event__pack(&envelope, body);
    journal.rows[journal.n++] = (struct simulation_row){body, n};
    free(payload);
}

static void forget(void)
{
    for (size_t i = 0; i < journal.n; i++) {
        free((void *)(uintptr_t)journal.rows[i].body);
    }
    journal.n = 0;
}

// ---- lives --------------------------------------------------------------------------------------

// Joined to the whistle before it, or parted from it again.
static void join_or_split(struct play *p)
{
    Whistle__V1__DedupEvent event = WHISTLE__V1__DEDUP_EVENT__INIT;
    Whistle__V1__WhistleMerged merged = WHISTLE__V1__WHISTLE_MERGED__INIT;
    Whistle__V1__WhistleSplit split = WHISTLE__V1__WHISTLE_SPLIT__INIT;
    char other[WH_NUMBER_MAX];
    (void)wh_number_format(wh_district_prefix(district), p->number - 1, other);
    if (p->state.whistle.stage == STATE(MERGED)) {
        split.from = other;
        event.what_case = WHISTLE__V1__DEDUP_EVENT__WHAT_SPLIT;
        event.split = &split;
    } else {
        merged.into = other;
        merged.by_person = below(2) == 0;
        event.what_case = WHISTLE__V1__DEDUP_EVENT__WHAT_MERGED;
        event.merged = &merged;
    }
    (void)play_dedup(p, &event, true);
}

static void step(struct play *p)
{
    static const char *const departments[] = {"FIRE", "HOUSING", "POLICE", "POWERCO"};
    const char *who = departments[below(4)];
    switch (below(10)) {
    case 9:
        join_or_split(p);
        break;
    case 0:
        (void)play_sign(p, who);
        break;
    case 1:
        (void)play_check_in(p, who);
        break;
    case 2:
        (void)play_report(p, who, below(2) == 0 ? OUTCOME(PROGRESS) : OUTCOME(SOLVED));
        break;
    case 3:
        (void)play_refuse(p, who, "URBAN");
        break;
    case 4:
        (void)play_rule(p, who, below(2) == 0 ? RULED(UPHELD) : RULED(OVERRULED), "URBAN");
        break;
    case 5:
        for (size_t i = 0; i < 4; i++) {
            (void)play_check_in(p, departments[i]);
            (void)play_report(p, departments[i], OUTCOME(SOLVED));
        }
        break;
    case 6:
        (void)play_confirm(p, "990101003", below(2) == 0 ? VERDICT(SOLVED) : VERDICT(NOT_SOLVED),
                           NULL);
        break;
    default:
        play_until(p, p->now + (int64_t)below(below(3) == 0 ? 40000 : 2000) * WH_MS_MINUTE / 10);
        break;
    }
}

static void live(struct play *p, int steps)
{
    static const Whistle__V1__Priority priorities[] = {PRIORITY(P1), PRIORITY(P2), PRIORITY(P3),
                                                       PRIORITY(P4)};
    play_begin(p, district, MONDAY + (int64_t)below(7 * 24 * 60) * WH_MS_MINUTE);
    p->hear = hear;
    play_blow(p, "990101003", "EBIKE_CHARGE", priorities[below(4)], "990101003002", NULL, NULL);
    for (int i = 0; i < steps; i++) {
        step(p);
    }
}

static void test_same_rules_change_nothing(void **state)
{
    (void)state;
    static struct play p;
    struct simulation *simulation;
    seed = 3;
    for (int i = 0; i < LIVES; i++) {
        live(&p, 25);
        assert_int_equal(simulation_new(district, district, p.now, 10, &simulation), 0);
        assert_int_equal(simulation_add(simulation, journal.rows, journal.n), 0);
        const Whistle__V1__SimulationResult *result = simulation_result(simulation);
        assert_int_equal(result->whistles, 1);
        if (result->changed != 0 || result->overdue_before != result->overdue_after) {
            fail_msg("life %d differs", i);
        }
        simulation_free(simulation);
        forget();
        play_end(&p);
    }
}

// ---- other data ---------------------------------------------------------------------------------

static struct wh_district *altered(void (*alter)(Whistle__V1__District *data))
{
    struct wh_arena arena;
    struct wh_district *other;
    wh_arena_init(&arena, (size_t)16 << 20);
    Whistle__V1__District *data = demo_district_data(WH_SOURCE_DIR, &arena);
    alter(data);
    assert_int_equal(wh_district_new(data, &other), 0);
    wh_arena_done(&arena);
    return other;
}

static void sign_in_a_minute(Whistle__V1__District *data)
{
    for (size_t i = 0; i < data->n_service_times; i++) {
        data->service_times[i]->sign = (char *)"PT1M";
    }
}

static void housing_leads(Whistle__V1__District *data)
{
    static char *supports[] = {(char *)"FIRE", (char *)"URBAN"};
    for (size_t i = 0; i < data->n_routes; i++) {
        Whistle__V1__RouteRule *rule = data->routes[i];
        if (strcmp(rule->category, "EBIKE_CHARGE") == 0) {
            rule->lead = (char *)"HOUSING";
            rule->supports = supports;
            rule->n_supports = 2;
        }
    }
}

// One whistle: everybody signs after ten minutes.
static void signed_in_ten_minutes(struct play *p)
{
    play_begin(p, district, MONDAY);
    p->hear = hear;
    play_blow(p, "990101003", "EBIKE_CHARGE", PRIORITY(P2), "990101003002", NULL, NULL);
    play_until(p, MONDAY + 10 * WH_MS_MINUTE);
    assert_int_equal(play_sign(p, "FIRE"), WH_RULE_NONE);
    assert_int_equal(play_sign(p, "HOUSING"), WH_RULE_NONE);
}

static void test_other_times(void **state)
{
    (void)state;
    static struct play p;
    struct simulation *simulation;
    struct wh_district *other = altered(sign_in_a_minute);
    signed_in_ten_minutes(&p);
    assert_int_equal(simulation_new(district, other, p.now, 10, &simulation), 0);
    assert_int_equal(simulation_add(simulation, journal.rows, journal.n), 0);
    const Whistle__V1__SimulationResult *result = simulation_result(simulation);
    assert_int_equal(result->changed, 1);
    assert_int_equal(result->dues_earlier, 4);
    assert_int_equal(result->dues_later, 0);
    assert_int_equal(result->overdue_before, 0);
    assert_int_equal(result->overdue_after, 2); // the two that have not signed
    assert_int_equal(result->departments_added + result->departments_dropped, 0);
    assert_int_equal(result->n_lines, 1);
    assert_int_equal(result->lines[0]->n_dues, 4);
    assert_int_equal(result->lines[0]->dues[0]->clock, CLOCK(SIGN));
    assert_int_equal(result->lines[0]->dues[0]->due_after, MONDAY + WH_MS_MINUTE);
    simulation_free(simulation);
    wh_district_free(other);
    forget();
    play_end(&p);
}

static void test_other_routing(void **state)
{
    (void)state;
    static struct play p;
    struct simulation *simulation;
    struct wh_district *other = altered(housing_leads);
    signed_in_ten_minutes(&p);
    assert_int_equal(simulation_new(district, other, p.now, 10, &simulation), 0);
    assert_int_equal(simulation_add(simulation, journal.rows, journal.n), 0);
    const Whistle__V1__SimulationResult *result = simulation_result(simulation);
    assert_int_equal(result->changed, 1);
    assert_int_equal(result->leads_changed, 1);
    assert_int_equal(result->departments_added, 1);
    assert_int_equal(result->departments_dropped, 2);
    assert_string_equal(result->lines[0]->lead_before, "FIRE");
    assert_string_equal(result->lines[0]->lead_after, "HOUSING");
    assert_string_equal(result->lines[0]->added[0], "URBAN");
    assert_int_equal(result->unrouted, 0);
    simulation_free(simulation);
    wh_district_free(other);
    forget();
    play_end(&p);
}

static void test_garbage_is_left_out(void **state)
{
    (void)state;
    struct simulation *simulation;
    const struct simulation_row rows[] = {{(const uint8_t *)"\xff\xff", 2}};
    assert_int_equal(simulation_new(district, district, MONDAY, 10, &simulation), 0);
    assert_int_equal(simulation_add(simulation, rows, 1), WH_E_INVALID);
    assert_int_equal(simulation_result(simulation)->whistles, 0);
    simulation_free(simulation);
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_rules_change_nothing),
        cmocka_unit_test(test_other_times),
        cmocka_unit_test(test_other_routing),
        cmocka_unit_test(test_garbage_is_left_out),
    };
    return cmocka_run_group_tests_name("dispatch simulate", tests, setup, teardown);
}
