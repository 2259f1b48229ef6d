// SPDX-License-Identifier: Apache-2.0
// A matter with supporters comes to its end, by a ruling or by being solved; and messages about
// joined reports over days: collected, never more often than said, none about what has ended or
// left, none lost. Time is passed in.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"
#include "dispatch/escalate.h"
#include "support/demo_district.h"
#include "support/dispatch_join.h"

#define MONDAY INT64_C(1795399200000) // 2026-11-23 10:00 +08:00
#define FIRST_MS INT64_C(120000)      // the player's settings
#define EVERY_MS INT64_C(600000)
#define MATTER 0

static struct wh_district *district;
static struct world world;

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

static struct play *matter(void)
{
    return &world.plays[MATTER];
}

static void begin(size_t n, Whistle__V1__Priority priority)
{
    world_begin(&world, district, MONDAY, n, priority);
    world_clear(&world, MATTER);
}

// Notices about joined reports in the matter's latest decision.
static size_t told(void)
{
    size_t n = 0;
    for (size_t e = 0; e < matter()->d.n; e++)
        for (size_t i = 0; i < matter()->d.events[e].event->n_notices; i++)
            n += strcmp(matter()->d.events[e].event->notices[i]->kind, "SUPPORT") == 0;
    return n;
}

static bool hears(uint32_t what, int32_t party)
{
    for (size_t e = 0; e < matter()->d.n; e++)
        for (size_t i = 0; i < matter()->d.events[e].n_subjects; i++)
            if (matter()->d.events[e].event->what_case == what &&
                matter()->d.events[e].subjects[i] == party)
                return true;
    return false;
}

static void rule_closed(void)
{
    struct command why = {.reason = "产权纠纷,转诉讼"};
    assert_int_equal(play(matter(), STREET_OF_WORLD, COMMAND(RULE_CLOSE), &why), WH_RULE_NONE);
    assert_int_equal(play(matter(), "DISTRICT", COMMAND(RULE_CLOSE), &why), WH_RULE_NONE);
    assert_int_equal(whistle_state(&matter()->state.whistle), STATE(RULED_CLOSED));
}

// ---- a ruling -----------------------------------------------------------------------------------

// Whoever stands behind it hears; what was joined stays joined, but for who works on; parted it
// lives again; nothing new is joined.
static void test_ruled_closed_with_supporters(void **state)
{
    (void)state;
    struct audience audience = {.supporters = 2};
    int32_t street = wh_district_id(district, "990101003");
    begin(4, PRIORITY(P2));
    world_clear(&world, 1);
    world_clear(&world, 2);
    const char *lead = wh_district_code(district, world.plays[1].state.whistle.tasks[0].department);
    assert_int_equal(play_check_in(&world.plays[1], lead), WH_RULE_NONE);
    assert_true(world_join(&world, 1, MATTER, true));
    assert_true(world_join(&world, 2, MATTER, true));
    audience_add_unit(&audience, street);
    matter()->audience = &audience;
    rule_closed();
    assert_true(hears(EVENT(ENDED), street));
    assert_true(hears(EVENT(ENDED), SUBJECT_ENDS));
    assert_int_equal(next_timer(&matter()->state.whistle, district), 0);
    for (size_t i = 1; i <= 2; i++)
        assert_int_equal(whistle_state(&world.plays[i].state.whistle), STATE(MERGED));
    assert_int_equal(play_report(&world.plays[1], lead, OUTCOME(SOLVED)), WH_RULE_NONE);
    assert_int_equal(play_confirm(&world.plays[1], STREET_OF_WORLD, VERDICT(SOLVED), NULL),
                     WH_RULE_NONE);
    assert_false(world_join(&world, 3, MATTER, false));
    assert_int_equal(whistle_state(&world.plays[3].state.whistle), STATE(DISPATCHED));
    world_pass(&world, WH_MS_DAY);
    assert_true(world_split(&world, 2));
    assert_int_equal(whistle_state(&world.plays[2].state.whistle), STATE(DISPATCHED));
    assert_true(next_timer(&world.plays[2].state.whistle, district) != 0);
    assert_int_equal(whistle_state(&matter()->state.whistle), STATE(RULED_CLOSED));
    world_end(&world);
}

// The ruling is the matter's: a split brings the whistle back as it was.
static void test_parted_from_a_ruled_closed_one_as_it_was(void **state)
{
    (void)state;
    struct whistle_room was;
    begin(2, PRIORITY(P1));
    world_clear(&world, 1);
    whistle_copy(&was, &world.plays[1].state.whistle);
    assert_true(world_join(&world, 1, MATTER, true));
    rule_closed();
    assert_true(world_split(&world, 1));
    struct whistle_room is;
    whistle_copy(&is, &world.plays[1].state.whistle);
    was.whistle.version = is.whistle.version = 0;
    assert_memory_equal(&was, &is, whistle_size(&was.whistle));
    world_end(&world);
}

// ---- collected messages -------------------------------------------------------------------------

// Goes on to `at`; returns how many rounds of messages came, and checks that none came too soon.
static size_t rounds_until(int64_t at, int64_t *last)
{
    size_t rounds = 0;
    for (;;) {
        int64_t next = next_timer(&matter()->state.whistle, district);
        if (next == 0 || next > at)
            break;
        world_pass(&world, next > world.now ? next - world.now : 0);
        assert_true(play_timer(matter()) > 0);
        if (told() == 0)
            continue;
        assert_true(*last == 0 || world.now - *last >= EVERY_MS);
        *last = world.now;
        rounds++;
    }
    world_pass(&world, at - world.now);
    return rounds;
}

// One report every three minutes for three hours, of four that come and go: everything is told,
// never later than the longer of the two spans, never more often.
static void test_collected_over_hours(void **state)
{
    (void)state;
    int64_t last = 0, oldest = 0;
    size_t rounds = 0;
    begin(5, PRIORITY(P1));
    play_all_report(matter()); // its own clocks are quiet: only what is joined is told
    for (size_t k = 0; k < 60; k++) {
        size_t i = 1 + k % 4;
        if (world.into[i] != NOBODY)
            assert_true(world_split(&world, i));
        assert_true(world_join(&world, i, MATTER, true));
        const struct whistle *w = &matter()->state.whistle;
        oldest = w->untold == 1 ? world.now : oldest;
        assert_true(w->untold >= 1 && w->untold <= 4);
        assert_true(w->tell_at - oldest <= EVERY_MS && w->tell_at - oldest >= 0);
        rounds += rounds_until(world.now + 3 * WH_MS_MINUTE, &last);
    }
    rounds += rounds_until(world.now + WH_MS_HOUR, &last);
    assert_int_equal(matter()->state.whistle.untold, 0);
    assert_true(rounds >= 15 && rounds <= 19); // three hours, ten minutes apart at least
    world_end(&world);
}

// Who left before it was told of is not told of; the last one takes the message with it.
static void test_who_left_is_not_told_of(void **state)
{
    (void)state;
    int64_t last = 0;
    begin(4, PRIORITY(P2));
    for (size_t i = 1; i <= 3; i++)
        assert_true(world_join(&world, i, MATTER, false));
    assert_int_equal(matter()->state.whistle.untold, 3);
    assert_true(world_split(&world, 2));
    assert_int_equal(matter()->state.whistle.untold, 2);
    assert_int_equal(matter()->state.whistle.tell_at, MONDAY + FIRST_MS);
    assert_true(world_split(&world, 1));
    assert_true(world_split(&world, 3));
    assert_int_equal(matter()->state.whistle.untold, 0);
    assert_int_equal(matter()->state.whistle.tell_at, 0);
    assert_int_equal(rounds_until(MONDAY + 30 * WH_MS_MINUTE, &last), 0);
    world_end(&world);
}

// What ends takes its message along; opened again it is told at once.
static void test_ended_before_it_was_told(void **state)
{
    (void)state;
    int64_t last = 0;
    begin(2, PRIORITY(P2));
    assert_true(world_join(&world, 1, MATTER, false));
    play_all_report(matter());
    assert_int_equal(play_confirm(matter(), STREET_OF_WORLD, VERDICT(SOLVED), NULL), WH_RULE_NONE);
    assert_int_equal(rounds_until(MONDAY + WH_MS_DAY, &last), 0);
    assert_int_equal(
        play(matter(), STREET_OF_WORLD, COMMAND(REOPEN), &(struct command){.reason = "又来了"}),
        WH_RULE_NONE);
    assert_int_equal(rounds_until(world.now + 1000, &last), 1);
    world_end(&world);

    begin(2, PRIORITY(P2));
    assert_true(world_join(&world, 1, MATTER, false));
    rule_closed();
    last = 0;
    assert_int_equal(rounds_until(MONDAY + WH_MS_DAY, &last), 0);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ruled_closed_with_supporters),
        cmocka_unit_test(test_parted_from_a_ruled_closed_one_as_it_was),
        cmocka_unit_test(test_collected_over_hours),
        cmocka_unit_test(test_who_left_is_not_told_of),
        cmocka_unit_test(test_ended_before_it_was_told),
    };
    return cmocka_run_group_tests_name("dispatch join ends", tests, setup, teardown);
}
