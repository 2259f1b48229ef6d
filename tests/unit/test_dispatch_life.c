// SPDX-License-Identifier: Apache-2.0
// The life of whistles and tasks, one rule of the domain a test. Every step is checked by the
// player (fold, due times from events, one lead, unique notices).
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
#define OTHER_STREET "990101002"
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

static const char *const gas[] = {"GASCO", "FIRE", "POLICE", "URBAN", "EMERG"};

static void check_calls(const struct play *p)
{
    assert_int_equal(p->state.whistle.n_tasks, 5);
    assert_int_equal(state_of(p), STATE(DISPATCHED));
    const Whistle__V1__Notice *call = first_notice(p);
    assert_string_equal(call->id, "AL-20261123-0007-GASCO/CALL/0/GASCO-0.0");
    assert_string_equal(call->text_zh,
                        "【安澜吹哨】AL-20261123-0007 染坊街下穿桥积水 特急 10:30前到场");
    assert_string_equal(
        call->text_en,
        "[Anlan Whistle] AL-20261123-0007 染坊街下穿桥积水 P1 be on the scene by 10:30");
    assert_string_equal(call->channel, "outbox:GASCO-0");
    assert_int_equal(p->d.events[1].event->n_notices, 5);
    assert_int_equal(p->d.events[1].n_subjects, 1);
    assert_int_equal(p->d.events[1].subjects[0], SUBJECT_NOTICES);
    assert_int_equal(play_task(p, "GASCO")->clocks[CLOCK_SIGN].due, MONDAY + 5 * MINUTE);
    assert_int_equal(play_task(p, "FIRE")->clocks[CLOCK_CHECKIN].due, MONDAY + 30 * MINUTE);
}

static void test_straight_life(void **state)
{
    (void)state;
    struct play p;
    begin(&p, "GAS_LEAK", PRIORITY(P1));
    check_calls(&p);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(play_sign(&p, gas[i]), WH_RULE_NONE);
    assert_int_equal(play_sign(&p, "GASCO"), WH_RULE_NONE);
    assert_int_equal(p.d.n, 0); // a repeat has no second effect
    assert_int_equal(state_of(&p), STATE(DISPATCHED));
    assert_int_equal(play_check_in(&p, "GASCO"), WH_RULE_NONE);
    assert_int_equal(state_of(&p), STATE(ACTIVE));
    assert_int_equal(play_check_in(&p, "GASCO"), WH_RULE_NONE);
    assert_int_equal(p.d.n, 0);
    assert_int_equal(play_report(&p, "FIRE", OUTCOME(SOLVED)), WH_RULE_TASK_REPORT_EARLY);
    assert_int_equal(play_report(&p, "GASCO", OUTCOME(PROGRESS)), WH_RULE_NONE);
    assert_int_equal(play_task(&p, "GASCO")->state, TASK(HANDLING));
    play_all_report(&p);
    assert_int_equal(state_of(&p), STATE(REPORTED));
    assert_string_equal(first_notice(&p)->receiver, STREET);
    assert_string_equal(first_notice(&p)->kind, "CONFIRM");
    assert_int_equal(play_confirm(&p, "GASCO", VERDICT(SOLVED), NULL), WH_RULE_RAISER_ONLY);
    assert_int_equal(play_confirm(&p, COMMUNITY, VERDICT(SOLVED), NULL), WH_RULE_RAISER_ONLY);
    assert_int_equal(play_confirm(&p, STREET, VERDICT(SOLVED), NULL), WH_RULE_NONE);
    assert_int_equal(state_of(&p), STATE(RESOLVED));
    play_until(&p, p.now + 30 * DAY - 1);
    assert_int_equal(state_of(&p), STATE(RESOLVED));
    play_until(&p, p.now + 1);
    assert_int_equal(state_of(&p), STATE(CLOSED));
    play_end(&p);
}

static void test_own_key_only(void **state)
{
    (void)state;
    struct play p;
    begin(&p, "GAS_LEAK", PRIORITY(P1));
    struct command c = {.department = play_party(&p, "GASCO")};
    assert_int_equal(play(&p, "FIRE", COMMAND(SIGN), &c), WH_RULE_TASK_NOT_YOURS);
    assert_int_equal(play(&p, STREET, COMMAND(SIGN), &c), WH_RULE_TASK_NOT_YOURS);
    assert_int_equal(play(&p, STREET, COMMAND(CHECK_IN), &c), WH_RULE_TASK_CHECKIN_BEHALF);
    c.choice = METHOD(ON_BEHALF);
    assert_int_equal(play(&p, OTHER_STREET, COMMAND(CHECK_IN), &c), WH_RULE_TASK_NOT_YOURS);
    assert_int_equal(play(&p, STREET, COMMAND(CHECK_IN), &c), WH_RULE_NONE);
    assert_int_equal(play_task(&p, "GASCO")->signed_at, play_task(&p, "GASCO")->checked_in_at);
    c.department = play_party(&p, "FIRE");
    assert_int_equal(play(&p, "DISTRICT", COMMAND(CHECK_IN), &c), WH_RULE_NONE);
    c.department = play_party(&p, "WATER");
    assert_int_equal(play(&p, "WATER", COMMAND(SIGN), &c), WH_RULE_TASK_UNKNOWN);
    play_end(&p);
}

static void test_refusal(void **state)
{
    (void)state;
    struct play p;
    begin(&p, "GAS_LEAK", PRIORITY(P1));
    p.now += 6 * MINUTE;
    struct task before = *play_task(&p, "POLICE");
    assert_int_equal(play_refuse(&p, "POLICE", "POLICE"), WH_RULE_TASK_REFUSE_ALTERNATIVE);
    assert_int_equal(play_refuse(&p, "POLICE", STREET), WH_RULE_TASK_REFUSE_ALTERNATIVE);
    assert_int_equal(play_refuse(&p, "POLICE", "NOBODY"), WH_RULE_TASK_REFUSE_ALTERNATIVE);
    assert_int_equal(play_refuse(&p, "POLICE", "TRAFFIC"), WH_RULE_NONE);
    const struct task *t = play_task(&p, "POLICE");
    assert_true(t->flags & TASK_REFUSED_LATE);
    assert_int_equal(t->state, TASK(DISPUTED));
    for (int c = CLOCK_SIGN; c <= CLOCK_RESOLVE; c++)
        assert_int_equal(t->clocks[c].due, before.clocks[c].due);
    assert_int_equal(t->clocks[CLOCK_RULING].due, p.now + 30 * MINUTE);
    assert_string_equal(first_notice(&p)->receiver, "DISTRICT");
    assert_int_equal(play_refuse(&p, "POLICE", "TRAFFIC"), WH_RULE_TASK_REFUSE_ONCE);
    // The department keeps working: it may check in and report progress, not a result.
    assert_int_equal(play_check_in(&p, "POLICE"), WH_RULE_NONE);
    assert_int_equal(play_report(&p, "POLICE", OUTCOME(SOLVED)), WH_RULE_TASK_REPORT_DISPUTED);
    assert_int_equal(play_rule(&p, "POLICE", RULED(OVERRULED), NULL), WH_RULE_NONE);
    assert_int_equal(play_task(&p, "POLICE")->state, TASK(CHECKED_IN));
    assert_int_equal(play_refuse(&p, "POLICE", "TRAFFIC"), WH_RULE_TASK_REFUSE_ONCE);
    assert_int_equal(play_rule(&p, "POLICE", RULED(UPHELD), NULL), WH_RULE_TASK_RULE_ONCE);
    assert_int_equal(play_check_in(&p, "FIRE"), WH_RULE_NONE);
    assert_int_equal(play_refuse(&p, "FIRE", "TRAFFIC"), WH_RULE_TASK_REFUSE_LATE);
    play_end(&p);
}

static void test_upheld(void **state)
{
    (void)state;
    struct play p;
    begin(&p, "GAS_LEAK", PRIORITY(P1));
    p.now += MINUTE;
    assert_int_equal(play_refuse(&p, "GASCO", "TAPCO"), WH_RULE_NONE);
    p.now += MINUTE;
    assert_int_equal(play_rule(&p, "GASCO", RULED(UPHELD), "GASCO"), WH_RULE_TASK_RULE_DEPARTMENT);
    assert_int_equal(play_rule(&p, "GASCO", RULED(UPHELD), STREET), WH_RULE_TASK_RULE_DEPARTMENT);
    assert_int_equal(play_rule(&p, "GASCO", RULED(UPHELD), NULL), WH_RULE_NONE);
    assert_int_equal(play_task(&p, "GASCO")->state, TASK(CANCELLED));
    assert_int_equal(play_task(&p, "TAPCO")->part, PART(LEAD));
    assert_int_equal(play_task(&p, "TAPCO")->clocks[CLOCK_SIGN].due, p.now + 5 * MINUTE);
    // The new lead's refusal goes to a department that works on it already: it takes the lead over.
    assert_int_equal(play_refuse(&p, "TAPCO", "FIRE"), WH_RULE_NONE);
    assert_int_equal(play_rule(&p, "TAPCO", RULED(UPHELD), "GASCO"), WH_RULE_TASK_RULE_DEPARTMENT);
    assert_int_equal(play_rule(&p, "TAPCO", RULED(UPHELD), NULL), WH_RULE_NONE);
    assert_int_equal(play_task(&p, "FIRE")->part, PART(LEAD));
    assert_int_equal(play_task(&p, "FIRE")->dispatched_at, MONDAY);
    play_end(&p);
}

static void test_ruling_by_itself(void **state)
{
    (void)state;
    struct play p;
    begin(&p, "GAS_LEAK", PRIORITY(P1));
    assert_int_equal(play_refuse(&p, "EMERG", "FIRE"), WH_RULE_NONE);
    play_until(&p, p.now + 30 * MINUTE);
    const struct task *t = play_task(&p, "EMERG");
    assert_true(t->flags & TASK_RULED_AUTO);
    assert_int_equal(t->state, TASK(SIGNED));
    assert_int_equal(t->signed_at, MONDAY);
    assert_int_equal(play_rule(&p, "EMERG", RULED(UPHELD), "TRAFFIC"), WH_RULE_NONE); // once still
    assert_int_equal(play_task(&p, "EMERG")->state, TASK(CANCELLED));
    assert_non_null(play_task(&p, "TRAFFIC"));
    play_end(&p);
}

static void test_rework_and_supervision(void **state)
{
    (void)state;
    struct play p;
    begin(&p, "RUBBISH", PRIORITY(P3));
    play_all_report(&p);
    int64_t due = play_task(&p, "URBAN")->clocks[CLOCK_RESOLVE].due;
    p.now += 5 * HOUR;
    assert_int_equal(play_confirm(&p, STREET, VERDICT(NOT_SOLVED), "URBAN"), WH_RULE_NONE);
    const struct task *t = play_task(&p, "URBAN");
    assert_int_equal(t->state, TASK(REWORK));
    assert_int_equal(t->clocks[CLOCK_RESOLVE].due, due + 5 * HOUR); // the time it stood reported
    assert_int_equal(play_task(&p, "CHENGGUAN")->state, TASK(REPORTED));
    assert_int_equal(state_of(&p), STATE(ACTIVE));
    assert_int_equal(play_report(&p, "URBAN", OUTCOME(SOLVED)), WH_RULE_NONE);
    assert_int_equal(play_confirm(&p, STREET, VERDICT(NOT_SOLVED), "URBAN"), WH_RULE_NONE);
    assert_true(play_task(&p, "URBAN")->flags & TASK_SUPERVISED);
    assert_int_equal(task_escalation(&p.state.whistle, play_task(&p, "URBAN")), 4);
    assert_int_equal(play_report(&p, "URBAN", OUTCOME(SOLVED)), WH_RULE_NONE);
    assert_int_equal(play_confirm(&p, STREET, VERDICT(NOT_SOLVED), "URBAN"),
                     WH_RULE_CONFIRM_REWORK_TWICE);
    assert_int_equal(play_confirm(&p, STREET, VERDICT(SOLVED), NULL), WH_RULE_NONE);
    assert_int_equal(state_of(&p), STATE(RESOLVED));
    play_end(&p);
}

static void test_joint(void **state)
{
    (void)state;
    struct play p;
    play_begin(&p, district, MONDAY);
    play_blow(&p, STREET, "BOUNDARY", PRIORITY(P4), COMMUNITY, NULL, OTHER_STREET);
    play_all_report(&p);
    assert_int_equal(play_confirm(&p, STREET, VERDICT(SOLVED), NULL), WH_RULE_NONE);
    assert_int_equal(state_of(&p), STATE(REPORTED));
    assert_int_equal(play_confirm(&p, STREET, VERDICT(SOLVED), NULL), WH_RULE_CONFIRM_DONE);
    assert_int_equal(play_confirm(&p, OTHER_STREET, VERDICT(NOT_SOLVED), "PLAN"), WH_RULE_NONE);
    assert_int_equal(p.state.whistle.confirmed, 0); // everybody speaks again
    assert_int_equal(play_report(&p, "PLAN", OUTCOME(SOLVED)), WH_RULE_NONE);
    assert_int_equal(play_confirm(&p, OTHER_STREET, VERDICT(SOLVED), NULL), WH_RULE_NONE);
    assert_int_equal(state_of(&p), STATE(REPORTED));
    assert_int_equal(play_confirm(&p, STREET, VERDICT(SOLVED), NULL), WH_RULE_NONE);
    assert_int_equal(state_of(&p), STATE(RESOLVED));
    play_end(&p);
}

static void test_community_and_its_street(void **state)
{
    (void)state;
    struct play p;
    play_begin(&p, district, MONDAY);
    play_blow(&p, COMMUNITY, "RUBBISH", PRIORITY(P3), COMMUNITY, NULL, NULL);
    play_all_report(&p);
    struct command opinion = {.choice = WHISTLE__V1__RATING__RATING_SATISFIED, .text = "好"};
    assert_int_equal(play(&p, OTHER_STREET, COMMAND(OPINION), &opinion), WH_RULE_OPINION_COMMUNITY);
    assert_int_equal(play(&p, COMMUNITY, COMMAND(OPINION), &opinion), WH_RULE_NONE);
    assert_int_equal(p.d.events[0].event->opinion_given->rating, opinion.choice);
    assert_int_equal(play_confirm(&p, COMMUNITY, VERDICT(SOLVED), NULL), WH_RULE_RAISER_ONLY);
    assert_int_equal(play_confirm(&p, STREET, VERDICT(SOLVED), NULL), WH_RULE_NONE);
    play_end(&p);
}

static void test_reopen_and_withdraw(void **state)
{
    (void)state;
    struct play p;
    begin(&p, "RUBBISH", PRIORITY(P3));
    struct command why = {.reason = "又堆上了"};
    assert_int_equal(play(&p, STREET, COMMAND(REOPEN), &why), WH_RULE_REOPEN_STATE);
    play_all_report(&p);
    assert_int_equal(play_confirm(&p, STREET, VERDICT(SOLVED), NULL), WH_RULE_NONE);
    play_until(&p, MONDAY + 40 * DAY);
    assert_int_equal(state_of(&p), STATE(CLOSED));
    assert_int_equal(play(&p, STREET, COMMAND(REOPEN), &why), WH_RULE_NONE);
    assert_int_equal(state_of(&p), STATE(ACTIVE));
    assert_int_equal(play_task(&p, "URBAN")->state, TASK(REWORK));
    assert_string_equal(first_notice(&p)->kind, "REOPENED");
    assert_int_equal(play(&p, "URBAN", COMMAND(WITHDRAW), &why), WH_RULE_RAISER_ONLY);
    assert_int_equal(play(&p, STREET, COMMAND(WITHDRAW), &why), WH_RULE_NONE);
    assert_int_equal(state_of(&p), STATE(CANCELLED));
    assert_int_equal(next_timer(&p.state.whistle, district), 0);
    assert_int_equal(play_sign(&p, "URBAN"), WH_RULE_WHISTLE_ENDED);
    play_end(&p);
}

static void test_add_and_delegate(void **state)
{
    (void)state;
    struct play p;
    begin(&p, "RIVER_POLLUTION", PRIORITY(P2));
    p.now += HOUR;
    int32_t market = play_party(&p, "MARKET"), env = play_party(&p, "ENV");
    struct command add = {.parties = &market, .n_parties = 1, .reason = "疑似无照车间"};
    assert_int_equal(play(&p, OTHER_STREET, COMMAND(ADD), &add), WH_RULE_ADD_WHO);
    assert_int_equal(play(&p, STREET, COMMAND(ADD), &add), WH_RULE_NONE);
    assert_int_equal(play_task(&p, "MARKET")->clocks[CLOCK_SIGN].due, p.now + 30 * MINUTE);
    assert_int_equal(play(&p, STREET, COMMAND(ADD), &add), WH_RULE_ADD_ALREADY);
    add.parties = &env;
    assert_int_equal(play(&p, "DISTRICT", COMMAND(ADD), &add), WH_RULE_ADD_ALREADY);
    int32_t street = play_party(&p, STREET);
    add.parties = &street;
    assert_int_equal(play(&p, "DISTRICT", COMMAND(ADD), &add), WH_RULE_ADD_RAISER);
    struct command delegate = {.department = env, .officer = "env-2"};
    struct task before = *play_task(&p, "ENV");
    assert_int_equal(play(&p, "ENV", COMMAND(DELEGATE), &delegate), WH_RULE_NONE);
    assert_memory_equal(&before, play_task(&p, "ENV"), sizeof before); // clears nothing
    play_end(&p);
}

static void test_rating(void **state)
{
    (void)state;
    struct play p;
    begin(&p, "RUBBISH", PRIORITY(P3));
    struct command rate = {.department = play_party(&p, "URBAN"),
                           .choice = WHISTLE__V1__RATING__RATING_UNSATISFIED};
    assert_int_equal(play(&p, STREET, COMMAND(RATE), &rate), WH_RULE_RATE_EARLY);
    struct command reply = {.department = rate.department, .text = "当日已清运三次"};
    assert_int_equal(play(&p, "URBAN", COMMAND(REPLY_RATING), &reply), WH_RULE_REPLY_NONE);
    play_all_report(&p);
    assert_int_equal(play(&p, "URBAN", COMMAND(RATE), &rate), WH_RULE_RAISER_ONLY);
    assert_int_equal(play(&p, STREET, COMMAND(RATE), &rate), WH_RULE_NONE);
    assert_int_equal(play(&p, STREET, COMMAND(RATE), &rate), WH_RULE_RATE_ONCE);
    assert_int_equal(play(&p, "URBAN", COMMAND(REPLY_RATING), &reply), WH_RULE_NONE);
    assert_int_equal(play(&p, "URBAN", COMMAND(REPLY_RATING), &reply), WH_RULE_REPLY_ONCE);
    play_end(&p);
}

static void test_rule_close(void **state)
{
    (void)state;
    struct play p;
    begin(&p, "RUBBISH", PRIORITY(P3));
    struct command why = {.reason = "诉求无法律依据"};
    assert_int_equal(play(&p, "URBAN", COMMAND(RULE_CLOSE), &why), WH_RULE_RULE_CLOSE_WHO);
    assert_int_equal(play(&p, STREET, COMMAND(RULE_CLOSE), &why), WH_RULE_NONE);
    assert_int_equal(play(&p, STREET, COMMAND(RULE_CLOSE), &why), WH_RULE_RULE_CLOSE_TWO);
    assert_int_equal(state_of(&p), STATE(DISPATCHED));
    assert_int_equal(play(&p, "DISTRICT", COMMAND(RULE_CLOSE), &why), WH_RULE_NONE);
    assert_int_equal(state_of(&p), STATE(RULED_CLOSED));
    play_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_straight_life),
        cmocka_unit_test(test_own_key_only),
        cmocka_unit_test(test_refusal),
        cmocka_unit_test(test_upheld),
        cmocka_unit_test(test_ruling_by_itself),
        cmocka_unit_test(test_rework_and_supervision),
        cmocka_unit_test(test_joint),
        cmocka_unit_test(test_community_and_its_street),
        cmocka_unit_test(test_reopen_and_withdraw),
        cmocka_unit_test(test_add_and_delegate),
        cmocka_unit_test(test_rating),
        cmocka_unit_test(test_rule_close),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
