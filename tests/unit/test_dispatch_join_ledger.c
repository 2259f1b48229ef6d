// SPDX-License-Identifier: Apache-2.0
// A matter on the ledger whose priority a join raises: the ledger is for P4, so the entry ends; the
// split that takes the priority back gives the entry back, with its dates, or what was asked. What
// was said meanwhile by a person counts more.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/demo_district.h"
#include "support/dispatch_join.h"

#define MONDAY INT64_C(1795399200000) // 2026-11-23 10:00 +08:00
#define DAY INT64_C(86400000)
#define UNTIL (MONDAY + 90 * DAY)

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

static const struct task *lead(void)
{
    return whistle_lead(&world.plays[0].state.whistle);
}

static enum wh_rule ledger(uint32_t what, int64_t until, uint32_t choice)
{
    const char *department = wh_district_code(district, lead()->department);
    struct command c = {.department = lead()->department,
                        .until_at = until,
                        .text = "逐户协商",
                        .reason = "等会商",
                        .choice = (int)choice};
    return play(&world.plays[0], what == COMMAND(DECIDE_LEDGER) ? "DISTRICT" : department, what,
                &c);
}

// A matter whose lead is checked in and asked for the ledger; approved: and has it.
static void begin(bool approved)
{
    world_begin(&world, district, MONDAY, 4, PRIORITY(P4));
    world_clear(&world, 0);
    assert_int_equal(play_check_in(&world.plays[0], wh_district_code(district, lead()->department)),
                     WH_RULE_NONE);
    assert_int_equal(ledger(COMMAND(LEDGER), UNTIL, 0), WH_RULE_NONE);
    if (approved)
        assert_int_equal(ledger(COMMAND(DECIDE_LEDGER), 0, DECIDED(APPROVED)), WH_RULE_NONE);
    assert_int_equal(whistle_state(&world.plays[0].state.whistle),
                     approved ? STATE(ON_LEDGER) : STATE(ACTIVE));
}

static void join(size_t i, Whistle__V1__Priority raise_to)
{
    world.raise_to = raise_to;
    assert_true(world_join(&world, i, 0, true));
    assert_int_equal(world.plays[0].state.whistle.priority, raise_to);
}

static void split(size_t i, Whistle__V1__Priority lower_to)
{
    world.lower_to = lower_to;
    assert_true(world_split(&world, i));
    assert_int_equal(world.plays[0].state.whistle.priority, lower_to);
}

static void set_priority(Whistle__V1__Priority to)
{
    Whistle__V1__IntakeEvent event = WHISTLE__V1__INTAKE_EVENT__INIT;
    Whistle__V1__PriorityChanged changed = WHISTLE__V1__PRIORITY_CHANGED__INIT;
    changed.to = to;
    event.what_case = WHISTLE__V1__INTAKE_EVENT__WHAT_PRIORITY_CHANGED;
    event.priority_changed = &changed;
    assert_true(play_intake(&world.plays[0], &event) > 0);
}

static void test_the_entry_comes_back(void **state)
{
    (void)state;
    begin(true);
    struct task was = *lead();
    join(1, PRIORITY(P2));
    assert_int_equal(whistle_state(&world.plays[0].state.whistle), STATE(ACTIVE));
    assert_true(lead()->clocks[CLOCK_RESOLVE].due < UNTIL);
    world_pass(&world, DAY);
    split(1, PRIORITY(P4));
    assert_int_equal(whistle_state(&world.plays[0].state.whistle), STATE(ON_LEDGER));
    struct task is = *lead();
    for (int c = 0; c < CLOCKS; c++)
        is.clocks[c].round = was.clocks[c].round;
    assert_memory_equal(&is, &was, sizeof is);
    assert_int_equal(ledger(COMMAND(DECIDE_LEDGER), 0, DECIDED(DENIED)), WH_RULE_NONE); // ended
    assert_int_equal(lead()->clocks[CLOCK_RESOLVE].due, world.now + was.ledger_left);
    world_end(&world);
}

// Step by step up, and down in another order of steps.
static void test_in_steps(void **state)
{
    (void)state;
    begin(true);
    join(1, PRIORITY(P3));
    join(2, PRIORITY(P1));
    split(2, PRIORITY(P3));
    assert_false(lead()->flags & TASK_ON_LEDGER);
    split(1, PRIORITY(P4));
    assert_true(lead()->flags & TASK_ON_LEDGER);
    assert_int_equal(lead()->clocks[CLOCK_RESOLVE].due, UNTIL);
    world_end(&world);
}

static void test_what_was_asked_waits_again(void **state)
{
    (void)state;
    begin(false);
    join(1, PRIORITY(P3));
    assert_int_equal(ledger(COMMAND(DECIDE_LEDGER), 0, DECIDED(APPROVED)),
                     WH_RULE_TASK_LEDGER_NONE);
    split(1, PRIORITY(P4));
    assert_int_equal(ledger(COMMAND(DECIDE_LEDGER), 0, DECIDED(APPROVED)), WH_RULE_NONE);
    assert_int_equal(lead()->clocks[CLOCK_RESOLVE].due, UNTIL);
    world_end(&world);
}

// An extension asked meanwhile takes the place of what was asked, and moves the entry if it is
// later.
static void test_more_time_given_meanwhile(void **state)
{
    (void)state;
    begin(false);
    join(1, PRIORITY(P3));
    int64_t until = lead()->clocks[CLOCK_RESOLVE].due + DAY;
    assert_int_equal(ledger(COMMAND(EXTEND), until, 0), WH_RULE_NONE);
    split(1, PRIORITY(P4));
    assert_int_equal(lead()->asked_until, until);
    assert_int_equal(ledger(COMMAND(DECIDE_LEDGER), 0, DECIDED(APPROVED)),
                     WH_RULE_TASK_LEDGER_NONE);
    world_end(&world);

    begin(true);
    join(1, PRIORITY(P3));
    int64_t later = lead()->clocks[CLOCK_RESOLVE].due + 120 * DAY;
    assert_int_equal(ledger(COMMAND(EXTEND), later, 0), WH_RULE_NONE);
    struct command c = {.department = lead()->department, .choice = DECIDED(APPROVED)};
    assert_int_equal(play(&world.plays[0], STREET_OF_WORLD, COMMAND(DECIDE_EXTENSION), &c),
                     WH_RULE_NONE);
    split(1, PRIORITY(P4));
    assert_true(lead()->flags & TASK_ON_LEDGER);
    assert_int_equal(lead()->clocks[CLOCK_RESOLVE].due, later);
    world_end(&world);
}

// Reported: it is done. A person's own word on the priority: the ledger is asked for anew.
static void test_what_ends_it(void **state)
{
    (void)state;
    begin(true);
    join(1, PRIORITY(P3));
    assert_int_equal(play_report(&world.plays[0], wh_district_code(district, lead()->department),
                                 OUTCOME(SOLVED)),
                     WH_RULE_NONE);
    split(1, PRIORITY(P4));
    assert_false(lead()->flags & TASK_ON_LEDGER);
    world_end(&world);

    begin(true);
    set_priority(PRIORITY(P3));
    set_priority(PRIORITY(P4));
    assert_false(lead()->flags & TASK_ON_LEDGER);
    join(1, PRIORITY(P3));
    split(1, PRIORITY(P4));
    assert_false(lead()->flags & TASK_ON_LEDGER);
    world_end(&world);
}

// One question of a task at a time: what waits for its approver has one date.
static void test_one_question_at_a_time(void **state)
{
    (void)state;
    begin(false);
    assert_int_equal(ledger(COMMAND(EXTEND), lead()->clocks[CLOCK_RESOLVE].due + DAY, 0),
                     WH_RULE_TASK_LEDGER_PENDING);
    assert_int_equal(ledger(COMMAND(DECIDE_LEDGER), 0, DECIDED(DENIED)), WH_RULE_NONE);
    assert_int_equal(ledger(COMMAND(EXTEND), lead()->clocks[CLOCK_RESOLVE].due + DAY, 0),
                     WH_RULE_NONE);
    assert_int_equal(ledger(COMMAND(LEDGER), UNTIL, 0), WH_RULE_TASK_EXTEND_PENDING);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_entry_comes_back),
        cmocka_unit_test(test_in_steps),
        cmocka_unit_test(test_what_was_asked_waits_again),
        cmocka_unit_test(test_more_time_given_meanwhile),
        cmocka_unit_test(test_what_ends_it),
        cmocka_unit_test(test_one_question_at_a_time),
    };
    return cmocka_run_group_tests_name("dispatch join on the ledger", tests, setup, teardown);
}
