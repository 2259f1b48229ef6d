// SPDX-License-Identifier: Apache-2.0
// Joins and partings by dispatch's rules alone: what a join takes a parting gives back, who has
// checked in goes on, nothing goes out twice and nothing is swallowed; danger is told at once,
// everything else collected. The player checks folds, due times and notices on the way.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"
#include "dispatch/escalate.h"
#include "dispatch/next.h"
#include "dispatch/notice.h"
#include "support/demo_district.h"
#include "support/dispatch_join.h"

#define MONDAY INT64_C(1795399200000) // 2026-11-23 10:00 +08:00

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

static const Whistle__V1__DispatchEvent *event_of(const struct play *p, uint32_t what)
{
    for (size_t i = 0; i < p->d.n; i++)
        if (p->d.events[i].event->what_case == what)
            return p->d.events[i].event;
    return NULL;
}

static size_t notices_of(const struct play *p, const char *kind)
{
    size_t n = 0;
    for (size_t e = 0; e < p->d.n; e++)
        for (size_t i = 0; i < p->d.events[e].event->n_notices; i++)
            n += strcmp(p->d.events[e].event->notices[i]->kind, kind) == 0;
    return n;
}

static bool hears(const struct play *p, uint32_t what, int32_t party)
{
    for (size_t e = 0; e < p->d.n; e++)
        for (size_t i = 0; p->d.events[e].event->what_case == what && i < p->d.events[e].n_subjects;
             i++)
            if (p->d.events[e].subjects[i] == party)
                return true;
    return false;
}

// Whatever counts how often something happened.
static void forget_counts(struct whistle_room *room)
{
    room->whistle.version = 0;
    room->whistle.confirm.round = 0;
    for (size_t i = 0; i < room->whistle.n_tasks; i++)
        for (int c = 0; c < CLOCKS; c++)
            room->whistle.tasks[i].clocks[c].round = 0;
}

static void check_same(const struct whistle_room *was, const struct play *p)
{
    struct whistle_room a, b;
    whistle_copy(&a, &was->whistle);
    whistle_copy(&b, &p->state.whistle);
    forget_counts(&a);
    forget_counts(&b);
    assert_int_equal(whistle_size(&a.whistle), whistle_size(&b.whistle));
    assert_memory_equal(&a, &b, whistle_size(&a.whistle));
}

// ---- join and split -----------------------------------------------------------------------------

static void test_p1_comes_back_as_it_was(void **state)
{
    (void)state;
    struct world w;
    struct whistle_room was;
    world_begin(&w, district, MONDAY, 2, PRIORITY(P1));
    world_clear(&w, 0);
    world_clear(&w, 1);
    assert_int_equal(play_sign(&w.plays[1], "FIRE"), WH_RULE_NONE);
    assert_int_equal(play_refuse(&w.plays[1], "POLICE", "EMERG"), WH_RULE_NONE);
    whistle_copy(&was, &w.plays[1].state.whistle);
    assert_true(world_join(&w, 1, 0, true));
    assert_int_equal(notices_of(&w.plays[1], "JOINED"), 5);
    const struct whistle *now = &w.plays[1].state.whistle;
    assert_int_equal(whistle_state(now), STATE(MERGED));
    assert_false(whistle_is_open(now));
    assert_int_equal(next_timer(now, district), 0);
    for (size_t i = 0; i < now->n_tasks; i++)
        assert_int_equal(now->tasks[i].state, TASK(CANCELLED));
    assert_int_equal(play_sign(&w.plays[1], "GASCO"), WH_RULE_TASK_ENDED);
    world_pass(&w, 3 * WH_MS_MINUTE);
    assert_true(world_split(&w, 1));
    assert_int_equal(notices_of(&w.plays[1], "PARTED"), 5);
    for (size_t i = 0; i < was.whistle.n_tasks; i++) // counts if it is ever less urgent
        was.whistle.tasks[i].paused_ms += 3 * WH_MS_MINUTE;
    check_same(&was, &w.plays[1]);
    world_end(&w);
}

static void test_only_due_resolve_moves(void **state)
{
    (void)state;
    struct world w;
    struct whistle_room was;
    world_begin(&w, district, MONDAY, 2, PRIORITY(P3));
    world_clear(&w, 0);
    world_clear(&w, 1);
    whistle_copy(&was, &w.plays[1].state.whistle);
    assert_true(world_join(&w, 1, 0, true));
    world_pass(&w, 5 * WH_MS_HOUR);
    assert_true(world_split(&w, 1));
    for (size_t i = 0; i < was.whistle.n_tasks; i++) {
        struct task *t = &was.whistle.tasks[i];
        t->clocks[CLOCK_RESOLVE].due += 5 * WH_MS_HOUR;
        t->paused_ms += 5 * WH_MS_HOUR;
    }
    check_same(&was, &w.plays[1]);
    world_end(&w);
}

// Who has checked in goes on in support; the child's own street confirms it.
static void test_who_checked_in_goes_on(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, district, MONDAY, 2, PRIORITY(P1));
    world_clear(&w, 0);
    world_clear(&w, 1);
    struct play *child = &w.plays[1];
    assert_int_equal(play_check_in(child, "FIRE"), WH_RULE_NONE);
    assert_int_equal(play_sign(child, "POLICE"), WH_RULE_NONE);
    assert_true(world_join(&w, 1, 0, true));
    assert_int_equal(play_task(child, "FIRE")->state, TASK(CHECKED_IN));
    assert_int_equal(play_task(child, "POLICE")->state, TASK(CANCELLED));
    assert_true(whistle_is_open(&child->state.whistle));
    assert_string_equal(next_of_whistle(&child->state.whistle, district).action, "REPORT");
    assert_int_not_equal(next_timer(&child->state.whistle, district), 0);
    int32_t other = play_party(child, "EMERG");
    assert_int_equal(play(child, STREET_OF_WORLD, COMMAND(ADD),
                          &(struct command){.parties = &other, .n_parties = 1, .reason = "更多"}),
                     WH_RULE_WHISTLE_MERGED);
    assert_int_equal(play_report(child, "FIRE", OUTCOME(SOLVED)), WH_RULE_NONE);
    assert_int_equal(notices_of(child, "CONFIRM"), 1);
    assert_string_equal(next_of_whistle(&child->state.whistle, district).action, "CONFIRM");
    assert_int_equal(whistle_state(&child->state.whistle), STATE(MERGED));
    assert_int_equal(play_confirm(child, STREET_OF_WORLD, VERDICT(SOLVED), NULL), WH_RULE_NONE);
    assert_null(event_of(child, EVENT(RESOLVED)));
    assert_int_equal(whistle_state(&child->state.whistle), STATE(MERGED));
    assert_int_equal(play_confirm(child, STREET_OF_WORLD, VERDICT(SOLVED), NULL),
                     WH_RULE_WHISTLE_MERGED);
    assert_true(world_split(&w, 1));
    assert_int_equal(play_task(child, "FIRE")->state, TASK(CONFIRMED));
    assert_int_equal(play_task(child, "POLICE")->state, TASK(SIGNED));
    assert_int_equal(whistle_state(&child->state.whistle), STATE(ACTIVE));
    world_end(&w);
}

// All of it was confirmed while it was joined: parted, it is resolved.
static void test_parted_after_all_was_done(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, district, MONDAY, 2, PRIORITY(P1));
    world_clear(&w, 0);
    world_clear(&w, 1);
    struct play *child = &w.plays[1];
    play_all_report(child);
    assert_true(world_join(&w, 1, 0, true));
    assert_int_equal(play_confirm(child, STREET_OF_WORLD, VERDICT(SOLVED), NULL), WH_RULE_NONE);
    assert_true(world_split(&w, 1));
    assert_int_equal(whistle_state(&child->state.whistle), STATE(RESOLVED));
    assert_non_null(event_of(&w.plays[1], EVENT(RESOLVED)));
    assert_true(hears(&w.plays[1], EVENT(RESOLVED), SUBJECT_ENDS));
    world_end(&w);
}

// A resolved one that is joined and parted again is resolved as before.
static void test_ended_ones_come_back_ended(void **state)
{
    (void)state;
    struct world w;
    struct whistle_room was;
    world_begin(&w, district, MONDAY, 2, PRIORITY(P2));
    world_clear(&w, 0);
    world_clear(&w, 1);
    play_all_report(&w.plays[1]);
    assert_int_equal(play_confirm(&w.plays[1], STREET_OF_WORLD, VERDICT(SOLVED), NULL),
                     WH_RULE_NONE);
    whistle_copy(&was, &w.plays[1].state.whistle);
    assert_true(world_join(&w, 1, 0, true));
    assert_int_equal(whistle_state(&w.plays[1].state.whistle), STATE(MERGED));
    world_pass(&w, WH_MS_HOUR);
    assert_true(world_split(&w, 1));
    check_same(&was, &w.plays[1]);
    world_end(&w);
}

static void test_never_out_goes_out_when_parted(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, district, MONDAY, 2, PRIORITY(P3));
    world_clear(&w, 0);
    assert_true(world_join(&w, 1, 0, false));
    assert_int_equal(w.plays[1].state.whistle.n_tasks, 0);
    assert_int_equal(notices_of(&w.plays[1], "CALL"), 0);
    world_pass(&w, WH_MS_HOUR);
    assert_true(world_split(&w, 1));
    assert_int_equal(whistle_state(&w.plays[1].state.whistle), STATE(DISPATCHED));
    assert_int_equal(w.plays[1].state.whistle.dispatched_at, w.now);
    assert_int_equal(world_fan_outs(&w, 1), 1);
    world_end(&w);
}

// ---- verdicts that come late, twice, or to nobody -----------------------------------------------

static void test_a_late_verdict_leaves_who_signed(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, district, MONDAY, 2, PRIORITY(P1));
    world_clear(&w, 0);
    assert_true(world_unchecked(&w, 1) > 0);
    assert_true(w.plays[1].state.whistle.flags & WHISTLE_UNCHECKED);
    assert_int_equal(play_sign(&w.plays[1], "FIRE"), WH_RULE_NONE);
    assert_true(world_join(&w, 1, 0, false));
    assert_int_equal(play_task(&w.plays[1], "FIRE")->state, TASK(SIGNED));
    assert_int_equal(play_task(&w.plays[1], "GASCO")->state, TASK(CANCELLED));
    assert_int_equal(world_fan_outs(&w, 0), 1);
    assert_int_equal(world_clear(&w, 1), 0); // nor does a late "new" make anything
    assert_int_equal(world_unchecked(&w, 1), 0);
    world_end(&w);
}

// One that its street has reviewed, or failed to: what was before it may be here, or come later.
static void test_unchecked_after_a_review(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, district, MONDAY, 1, PRIORITY(P1));
    assert_int_equal(world_submit(&w, 0), 2); // and its street is told
    assert_true(world_unchecked(&w, 0) > 0);
    assert_int_equal(whistle_state(&w.plays[0].state.whistle), STATE(DISPATCHED));
    assert_int_equal(world_submit(&w, 0), 0);
    assert_int_equal(world_clear(&w, 0), 0);
    assert_int_equal(world_fan_outs(&w, 0), 1);
    world_end(&w);
}

static void test_nothing_is_swallowed(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, district, MONDAY, 3, PRIORITY(P3));
    assert_false(world_join(&w, 1, 0, false)); // the matter is not here
    assert_int_equal(whistle_state(&w.plays[1].state.whistle), STATE(DISPATCHED));
    assert_string_not_equal(event_of(&w.plays[1], EVENT(DISPATCHED))->dispatched->note, "");
    assert_int_equal(
        play(&w.plays[1], STREET_OF_WORLD, COMMAND(WITHDRAW), &(struct command){.reason = "误报"}),
        WH_RULE_NONE);
    assert_false(world_join(&w, 2, 1, false)); // the matter was given up
    assert_int_equal(whistle_state(&w.plays[2].state.whistle), STATE(DISPATCHED));
    world_end(&w);
}

static void test_held_then_out(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, district, MONDAY, 2, PRIORITY(P2));
    assert_true(world_hold(&w, 1, w.now + 10 * WH_MS_MINUTE) > 0);
    assert_int_equal(notices_of(&w.plays[1], "HELD"), 1);
    const struct whistle *held = &w.plays[1].state.whistle;
    struct next_step next = next_of_whistle(held, district);
    assert_string_equal(next.action, "DECIDE");
    assert_int_equal(next.at, w.now + 10 * WH_MS_MINUTE);
    assert_int_equal(next.by, held->street);
    assert_int_equal(world_hold(&w, 1, w.now), 0);
    assert_true(world_clear(&w, 1) > 0);
    assert_int_equal(whistle_state(held), STATE(DISPATCHED));
    assert_int_equal(held->held_until, 0);
    world_end(&w);
}

// Nobody says how it ends: a minute after its time it goes out, and what is said later harms
// nothing.
static void test_held_without_a_word(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, district, MONDAY, 2, PRIORITY(P2));
    world_clear(&w, 0);
    (void)world_hold(&w, 1, w.now + 10 * WH_MS_MINUTE);
    assert_int_equal(next_timer(&w.plays[1].state.whistle, district), w.now + 11 * WH_MS_MINUTE);
    world_pass(&w, 10 * WH_MS_MINUTE);
    assert_int_equal(world_unheld(&w, 1), 0);
    world_pass(&w, WH_MS_MINUTE);
    assert_true(world_unheld(&w, 1) > 0);
    assert_int_equal(whistle_state(&w.plays[1].state.whistle), STATE(DISPATCHED));
    assert_true(w.plays[1].state.whistle.flags & WHISTLE_UNCHECKED);
    assert_int_equal(world_clear(&w, 1), 0);
    assert_int_equal(world_unheld(&w, 1), 0);
    assert_true(world_join(&w, 1, 0, true));
    assert_int_equal(world_fan_outs(&w, 1), 1);
    world_end(&w);
}

static void test_withdrawn_while_it_waits(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, district, MONDAY, 2, PRIORITY(P2));
    (void)world_hold(&w, 1, w.now + 10 * WH_MS_MINUTE);
    assert_int_equal(
        play(&w.plays[1], STREET_OF_WORLD, COMMAND(WITHDRAW), &(struct command){.reason = "误报"}),
        WH_RULE_NONE);
    assert_true(hears(&w.plays[1], EVENT(WITHDRAWN), SUBJECT_ENDS));
    assert_int_equal(world_clear(&w, 1), 0);
    world_clear(&w, 0);
    assert_false(world_join(&w, 1, 0, false));
    assert_int_equal(whistle_state(&w.plays[1].state.whistle), STATE(CANCELLED));
    world_end(&w);
}

// A withdrawal that came first holds if it came from a raising side.
static void test_withdrawn_before_it_came(void **state)
{
    (void)state;
    static const char *const sides[] = {STREET_OF_WORLD, "990101003", "GASCO"};
    for (size_t i = 0; i < 3; i++) {
        struct world w;
        struct noted noted = {.n = 1};
        world_begin(&w, district, MONDAY, 1, PRIORITY(P1));
        noted.by[0] = wh_district_id(district, sides[i]);
        strcpy(noted.reason[0], "误报");
        w.plays[0].noted = &noted;
        assert_true(world_clear(&w, 0) > 0);
        assert_int_equal(whistle_state(&w.plays[0].state.whistle),
                         i == 0 ? STATE(CANCELLED) : STATE(DISPATCHED));
        assert_int_equal(notices_of(&w.plays[0], "CALL") == 0, i == 0);
        world_end(&w);
    }
}

// ---- what a matter hears ------------------------------------------------------------------------

static void test_notices_are_collected(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, district, MONDAY, 8, PRIORITY(P2));
    world_clear(&w, 0);
    struct play *matter = &w.plays[0];
    for (size_t i = 1; i < 4; i++) {
        assert_true(world_join(&w, i, 0, false));
        assert_int_equal(notices_of(&w.plays[0], "SUPPORT"), 0);
        assert_int_equal(event_of(&w.plays[0], EVENT(SUPPORTED))->supported->tell_at,
                         MONDAY + 120000); // the first one's time
        world_pass(&w, 10000);
    }
    assert_int_equal(next_timer(&matter->state.whistle, district), MONDAY + 120000);
    world_pass(&w, 90000);
    assert_true(play_timer(matter) > 0);
    assert_int_equal(notices_of(matter, "SUPPORT"), matter->state.whistle.n_tasks);
    assert_int_equal(matter->state.whistle.untold, 0);
    int64_t told = w.now;
    world_pass(&w, 60000);
    assert_true(world_join(&w, 4, 0, false)); // then not more often than every ten minutes
    assert_int_equal(event_of(&w.plays[0], EVENT(SUPPORTED))->supported->tell_at, told + 600000);
    world_end(&w);
}

// At night, to desks that are closed, in a matter of P3: danger is told at once, as P1.
static void test_danger_is_told_at_once(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, district, MONDAY + 14 * WH_MS_HOUR, 2, PRIORITY(P3));
    world_clear(&w, 0);
    w.danger = "被困";
    assert_true(world_join(&w, 1, 0, false));
    assert_int_equal(notices_of(&w.plays[0], "DANGER"), w.plays[0].state.whistle.n_tasks);
    for (size_t e = 0; e < w.plays[0].d.n; e++)
        for (size_t i = 0; i < w.plays[0].d.events[e].event->n_notices; i++) {
            const Whistle__V1__Notice *n = w.plays[0].d.events[e].event->notices[i];
            assert_int_equal(n->priority, PRIORITY(P1));
            assert_non_null(strstr(n->text_zh, "被困"));
        }
    assert_int_equal(w.plays[0].d.n_waiting, 0);
    world_end(&w);
}

static void test_priority_rises_and_reopens(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, district, MONDAY, 3, PRIORITY(P3));
    world_clear(&w, 0);
    w.raise_to = PRIORITY(P2);
    assert_true(world_join(&w, 1, 0, true));
    assert_int_equal(w.plays[0].state.whistle.priority, PRIORITY(P2));
    play_all_report(&w.plays[0]);
    assert_int_equal(play_confirm(&w.plays[0], STREET_OF_WORLD, VERDICT(SOLVED), NULL),
                     WH_RULE_NONE);
    w.raise_to = 0;
    w.how = WHISTLE__V1__JOIN_AS__JOIN_AS_REOPEN;
    assert_true(world_join(&w, 2, 0, true));
    assert_int_equal(whistle_state(&w.plays[0].state.whistle), STATE(ACTIVE));
    assert_true(hears(&w.plays[0], EVENT(REOPENED), SUBJECT_ENDS));
    world_end(&w);
}

// Whoever raised what is joined hears the end, and keeps others from withdrawing it.
static void test_those_behind_it_hear_the_end(void **state)
{
    (void)state;
    struct world w;
    struct audience audience = {.supporters = 1};
    int32_t street = wh_district_id(district, "990101003");
    world_begin(&w, district, MONDAY, 1, PRIORITY(P2));
    world_clear(&w, 0);
    audience_add_unit(&audience, street);
    w.plays[0].audience = &audience;
    assert_int_equal(
        play(&w.plays[0], STREET_OF_WORLD, COMMAND(WITHDRAW), &(struct command){.reason = "误报"}),
        WH_RULE_WITHDRAW_SUPPORTED);
    play_all_report(&w.plays[0]);
    assert_int_equal(play_confirm(&w.plays[0], STREET_OF_WORLD, VERDICT(SOLVED), NULL),
                     WH_RULE_NONE);
    assert_true(hears(&w.plays[0], EVENT(RESOLVED), street));
    assert_true(hears(&w.plays[0], EVENT(RESOLVED), SUBJECT_ENDS));
    assert_false(hears(&w.plays[0], EVENT(CONFIRMED), street));
    world_end(&w);
}

// Who never heard of a task is not told that it is gone: both waited for the desk to open.
static void test_no_news_of_what_nobody_heard_of(void **state)
{
    (void)state;
    struct world w;
    struct queue_room queue, next;
    world_begin(&w, district, MONDAY + 14 * WH_MS_HOUR, 2, PRIORITY(P3));
    world_clear(&w, 0);
    world_clear(&w, 1);
    assert_true(w.plays[1].d.n_waiting > 0);
    struct waiting_notice call = w.plays[1].d.waiting[0];
    assert_true(queue_push(&queue, NULL, &call));
    assert_true(world_join(&w, 1, 0, true));
    struct waiting_notice joined = {0};
    for (size_t i = 0; i < w.plays[1].d.n_waiting; i++)
        if (w.plays[1].d.waiting[i].department == call.department)
            joined = w.plays[1].d.waiting[i];
    assert_int_equal(joined.kind, NOTICE_JOINED);
    assert_true(queue_push(&next, &queue.queue, &joined));
    world_release(&w, 1, &next.queue);
    assert_int_equal(notices_of(&w.plays[1], "BUNDLE"), 0);
    assert_true(queue_push(&queue, NULL, &joined)); // told before: then it is news
    world_release(&w, 1, &queue.queue);
    assert_int_equal(notices_of(&w.plays[1], "BUNDLE"), 1);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_p1_comes_back_as_it_was),
        cmocka_unit_test(test_only_due_resolve_moves),
        cmocka_unit_test(test_who_checked_in_goes_on),
        cmocka_unit_test(test_parted_after_all_was_done),
        cmocka_unit_test(test_ended_ones_come_back_ended),
        cmocka_unit_test(test_never_out_goes_out_when_parted),
        cmocka_unit_test(test_a_late_verdict_leaves_who_signed),
        cmocka_unit_test(test_unchecked_after_a_review),
        cmocka_unit_test(test_nothing_is_swallowed),
        cmocka_unit_test(test_held_then_out),
        cmocka_unit_test(test_held_without_a_word),
        cmocka_unit_test(test_withdrawn_while_it_waits),
        cmocka_unit_test(test_withdrawn_before_it_came),
        cmocka_unit_test(test_notices_are_collected),
        cmocka_unit_test(test_danger_is_told_at_once),
        cmocka_unit_test(test_priority_rises_and_reopens),
        cmocka_unit_test(test_those_behind_it_hear_the_end),
        cmocka_unit_test(test_no_news_of_what_nobody_heard_of),
    };
    return cmocka_run_group_tests_name("dispatch join", tests, setup, teardown);
}
