// SPDX-License-Identifier: Apache-2.0
// What time does to tasks and what moves time: extension, ledger, escalation, the late street, a
// change of priority. Every step is checked by the player.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"
#include "dispatch/escalate.h"
#include "support/demo_district.h"
#include "support/dispatch_play.h"

#define MONDAY INT64_C(1795399200000) // 2026-11-23 10:00 +08:00, a working Monday
#define MINUTE WH_MS_MINUTE
#define HOUR WH_MS_HOUR
#define DAY WH_MS_DAY
#define STREET "990101001"
#define COMMUNITY "990101001001"

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

static void begin(struct play *p, const char *category, Whistle__V1__Priority priority)
{
    play_begin(p, district, MONDAY);
    play_blow(p, STREET, category, priority, COMMUNITY, NULL, NULL);
}

static Whistle__V1__WhistleState state_of(const struct play *p)
{
    return whistle_state(&p->state.whistle);
}

static const Whistle__V1__Notice *first_notice(const struct play *p)
{
    const Whistle__V1__DispatchEvent *last = p->d.events[p->d.n - 1].event;
    return last->n_notices > 0 ? last->notices[0] : NULL;
}

static void test_extension_and_ledger(void **state)
{
    (void)state;
    struct play p;
    begin(&p, "LIFT_RETROFIT", PRIORITY(P4));
    int32_t housing = play_party(&p, "HOUSING");
    int64_t due = play_task(&p, "HOUSING")->clocks[CLOCK_RESOLVE].due;
    struct command c = {.department = housing, .until_at = due + 3 * DAY, .reason = "等会商"};
    assert_int_equal(play(&p, "HOUSING", COMMAND(EXTEND), &c), WH_RULE_NONE);
    assert_int_equal(play(&p, "HOUSING", COMMAND(EXTEND), &c), WH_RULE_TASK_EXTEND_PENDING);
    c.choice = DECIDED(APPROVED);
    assert_int_equal(play(&p, "HOUSING", COMMAND(DECIDE_EXTENSION), &c), WH_RULE_RAISER_ONLY);
    assert_int_equal(play(&p, STREET, COMMAND(DECIDE_EXTENSION), &c), WH_RULE_NONE);
    assert_int_equal(play_task(&p, "HOUSING")->clocks[CLOCK_RESOLVE].due, due + 3 * DAY);

    c = (struct command){.department = housing, .until_at = MONDAY + 90 * DAY, .text = "逐户协商"};
    assert_int_equal(play(&p, "HOUSING", COMMAND(LEDGER), &c), WH_RULE_TASK_LEDGER_EARLY);
    assert_int_equal(play_check_in(&p, "HOUSING"), WH_RULE_NONE);
    assert_int_equal(play(&p, "HOUSING", COMMAND(LEDGER), &c), WH_RULE_NONE);
    c.choice = DECIDED(APPROVED);
    assert_int_equal(play(&p, STREET, COMMAND(DECIDE_LEDGER), &c), WH_RULE_ROLE_NOT_ALLOWED);
    assert_int_equal(play(&p, "DISTRICT", COMMAND(DECIDE_LEDGER), &c), WH_RULE_NONE);
    assert_int_equal(state_of(&p), STATE(ON_LEDGER));
    assert_int_equal(play_task(&p, "HOUSING")->clocks[CLOCK_RESOLVE].due, MONDAY + 90 * DAY);
    for (size_t i = 0; i < p.state.whistle.n_tasks; i++)
        if (p.state.whistle.tasks[i].checked_in_at == 0)
            (void)play_check_in(&p,
                                wh_district_code(district, p.state.whistle.tasks[i].department));
    size_t before = p.n_escalated;
    play_until(&p, MONDAY + 31 * DAY); // the monthly look has come and set the next one
    assert_true(p.n_escalated > before);
    assert_true(play_task(&p, "HOUSING")->clocks[CLOCK_LEDGER].due > p.now);
    assert_int_equal(play_report(&p, "HOUSING", OUTCOME(SOLVED)), WH_RULE_NONE);
    assert_int_equal(state_of(&p), STATE(ACTIVE));
    play_end(&p);
}

static void test_escalation(void **state)
{
    (void)state;
    struct play p;
    begin(&p, "ELDER_CARE", PRIORITY(P1));
    play_until(&p, MONDAY + 4 * MINUTE);
    const struct whistle *w = &p.state.whistle;
    assert_int_equal(p.n_escalated, 0);
    assert_true(p.n_notices > 3); // called, and reminded at 50 and 80 %
    play_until(&p, MONDAY + 5 * MINUTE);
    assert_int_equal(task_escalation(w, play_task(&p, "CIVIL")), 1);
    assert_int_equal(task_overdue(w, play_task(&p, "CIVIL"), p.now), 1U << CLOCK_SIGN);
    play_until(&p, MONDAY + 15 * MINUTE);
    assert_int_equal(task_escalation(w, play_task(&p, "CIVIL")), 3);
    assert_int_equal(play_sign(&p, "CIVIL"), WH_RULE_NONE);
    assert_int_equal(task_escalation(w, play_task(&p, "CIVIL")), 0); // flags follow due times
    play_until(&p, MONDAY + 30 * MINUTE);
    assert_int_equal(task_escalation(w, play_task(&p, "HEALTH")), 4);
    assert_true(play_task(&p, "HEALTH")->flags & TASK_SUPERVISED);
    assert_int_equal(task_escalation(w, play_task(&p, "CIVIL")), 1); // the check-in's 100 %
    play_end(&p);
}

static void test_late_street(void **state)
{
    (void)state;
    struct play p;
    begin(&p, "RUBBISH", PRIORITY(P3));
    play_all_report(&p);
    int64_t due = p.state.whistle.confirm.due;
    assert_int_equal(due, MONDAY + 2 * DAY + 7 * HOUR + 30 * MINUTE); // Wednesday 17:30
    play_until(&p, due);
    assert_int_equal(p.state.whistle.confirm.level, 3);
    assert_string_equal(first_notice(&p)->receiver, "DISTRICT");
    assert_int_equal(state_of(&p), STATE(REPORTED)); // never automatic
    play_end(&p);
}

static void change_priority(struct play *p, Whistle__V1__Priority to)
{
    Whistle__V1__IntakeEvent event = WHISTLE__V1__INTAKE_EVENT__INIT;
    Whistle__V1__PriorityChanged changed = WHISTLE__V1__PRIORITY_CHANGED__INIT;
    changed.to = to;
    changed.reason = (char *)(uintptr_t) "升级";
    event.what_case = WHISTLE__V1__INTAKE_EVENT__WHAT_PRIORITY_CHANGED;
    event.priority_changed = &changed;
    (void)play_intake(p, &event);
}

static void test_priority(void **state)
{
    (void)state;
    struct play p;
    begin(&p, "RUBBISH", PRIORITY(P3));
    p.now += HOUR;
    change_priority(&p, PRIORITY(P1));
    const struct task *t = play_task(&p, "URBAN");
    assert_int_equal(t->clocks[CLOCK_SIGN].due, p.now + 5 * MINUTE); // never earlier than that
    assert_int_equal(t->clocks[CLOCK_REPORT].due, MONDAY + 2 * HOUR);
    assert_int_equal(t->clocks[CLOCK_RESOLVE].due, MONDAY + 24 * HOUR);
    play_until(&p, p.now + 4 * MINUTE);
    assert_int_equal(task_escalation(&p.state.whistle, t),
                     0); // a clock that was held back is young
    assert_int_equal(play_check_in(&p, "URBAN"), WH_RULE_NONE);
    assert_int_equal(play_report(&p, "URBAN", OUTCOME(PROGRESS)), WH_RULE_NONE);
    assert_int_equal(play_task(&p, "URBAN")->clocks[CLOCK_REPORT].due, p.now + 2 * HOUR);
    play_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_extension_and_ledger), cmocka_unit_test(test_escalation),
        cmocka_unit_test(test_late_street), cmocka_unit_test(test_priority)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
