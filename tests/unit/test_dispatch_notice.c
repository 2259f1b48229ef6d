// SPDX-License-Identifier: Apache-2.0
// Who is called and when: desks and their hours, the next one after a failure, what waits for the
// morning and comes in one bundle, what never waits; and what comes before a dispatch.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"
#include "dispatch/escalate.h"
#include "dispatch/notice.h"
#include "dispatch/notice_internal.h"
#include "support/demo_district.h"
#include "support/dispatch_play.h"

#define MONDAY INT64_C(1795399200000) // 2026-11-23 10:00 +08:00, a working Monday
#define NIGHT (MONDAY + 12 * WH_MS_HOUR)
#define TUESDAY_NINE (MONDAY + 23 * WH_MS_HOUR)
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

static const Whistle__V1__Notice *notice_to(const struct play *p, const char *receiver)
{
    for (size_t i = 0; i < p->d.n; i++)
        for (size_t k = 0; k < p->d.events[i].event->n_notices; k++)
            if (strcmp(p->d.events[i].event->notices[k]->receiver, receiver) == 0)
                return p->d.events[i].event->notices[k];
    return NULL;
}

static void test_next_after_failure(void **state)
{
    (void)state;
    static const char *const chain[] = {"GASCO-1.0", "GASCO-2.0", "DISTRICT-0.0", "DISTRICT-1.0",
                                        "DISTRICT-2.0"};
    struct play p;
    play_begin(&p, district, NIGHT);
    play_blow(&p, STREET, "GAS_LEAK", PRIORITY(P1), COMMUNITY, NULL, NULL);
    struct wh_arena arena;
    wh_arena_init(&arena, 1 << 16);
    struct decision_context c = {.now = NIGHT, .district = district, .arena = &arena};
    const Whistle__V1__Notice *n = notice_to(&p, "GASCO");
    struct decision d;
    char id[160];
    for (size_t i = 0; i < sizeof chain / sizeof chain[0]; i++) {
        decision_init(&d);
        enum wh_rule rule =
            decide_notice(COMMAND(NOTICE_FAILED), n, false, &p.state.whistle, &c, "no answer", &d);
        assert_int_equal(rule, WH_RULE_NONE);
        assert_int_equal(d.n, 2);
        n = d.events[1].event->notices[0];
        strcpy(id, "AL-20261123-0007-GASCO/CALL/0/");
        assert_string_equal(n->id, strcat(id, chain[i]));
        assert_string_equal(n->text_zh, notice_to(&p, "GASCO")->text_zh);
    }
    assert_string_equal(n->channel, "outbox:DISTRICT-2");
    decision_init(&d);
    (void)decide_notice(COMMAND(NOTICE_FAILED), n, false, &p.state.whistle, &c, "", &d);
    assert_int_equal(d.n, 1); // nobody is left
    decision_init(&d);
    assert_int_equal(decide_notice(COMMAND(NOTICE_SENT), n, true, &p.state.whistle, &c, "", &d),
                     WH_RULE_NOTICE_ANSWERED);
    assert_int_equal(decide_notice(COMMAND(NOTICE_SENT), NULL, false, NULL, &c, "", &d),
                     WH_RULE_NOTICE_UNKNOWN);
    wh_arena_done(&arena);
    play_end(&p);
}

static void test_hours(void **state)
{
    (void)state;
    struct called called;
    int32_t housing = wh_district_id(district, "HOUSING");
    // By day the officer on duty, by night the emergency officer of P1 and P2.
    assert_true(desk_call(district, housing, PRIORITY(P2), 0, MONDAY, &called));
    assert_int_equal(called.contact, 0);
    assert_true(desk_call(district, housing, PRIORITY(P2), 0, NIGHT, &called));
    assert_int_equal(called.contact, 1);
    assert_int_equal(called.waits_until, 0);
    assert_true(desk_call(district, housing, PRIORITY(P3), 0, NIGHT, &called));
    assert_int_equal(called.contact, 0);
    assert_int_equal(called.waits_until, TUESDAY_NINE);
    // The head is not there by night: an urgent notice goes to whoever is.
    assert_true(desk_call(district, housing, PRIORITY(P1), 2, NIGHT, &called));
    assert_int_equal(called.waits_until, 0);
    assert_int_equal(called.contact, 1);
    // From level 3 on nothing waits, whatever the priority.
    for (int level = 3; level <= 4; level++) {
        assert_true(desk_call(district, housing, PRIORITY(P4), level, NIGHT, &called));
        assert_int_equal(called.desk, wh_district_id(district, "DISTRICT"));
        assert_int_equal(called.waits_until, 0);
    }
    // A unit without a desk: the district's.
    assert_true(
        desk_call(district, wh_district_id(district, COMMUNITY), PRIORITY(P3), 0, NIGHT, &called));
    assert_int_equal(called.desk, wh_district_id(district, "DISTRICT"));
}

struct two {
    const struct whistle *a, *b;
};

static const struct whistle *one_of_two(void *arg, int64_t number)
{
    const struct two *two = arg;
    return two->a->number == number ? two->a : two->b->number == number ? two->b : NULL;
}

static void push_waiting(struct queue_room *room, bool *begun, const struct decision *d,
                         const char *receiver)
{
    for (size_t i = 0; i < d->n_waiting; i++) {
        if (d->waiting[i].receiver != wh_district_id(district, receiver))
            continue;
        assert_true(queue_push(room, *begun ? &room->queue : NULL, &d->waiting[i]));
        *begun = true;
    }
}

struct night { // two whistles of one evening
    struct play a, b;
    struct queue_room room;
};

static void blow_two(struct night *night)
{
    struct waiting_notice told[4];
    struct play *a = &night->a, *b = &night->b;
    bool begun = false;
    play_begin(a, district, NIGHT);
    play_blow(a, STREET, "WAGE", PRIORITY(P3), COMMUNITY, NULL, NULL);
    assert_non_null(notice_to(a, "POLICE")); // somebody is always there
    assert_null(notice_to(a, "HRSS"));
    assert_int_equal(a->d.n_waiting, 2); // HRSS, HOUSING
    assert_int_equal(queue_waiting_of(district, a->d.events[1].event, a->number, told, 4), 2);
    assert_int_equal(told[0].receiver, a->d.waiting[0].receiver);
    assert_int_equal(told[0].department, a->d.waiting[0].department);
    assert_int_equal(told[0].until, TUESDAY_NINE);
    assert_int_equal(told[0].kind, NOTICE_CALL);
    push_waiting(&night->room, &begun, &a->d, "HRSS");
    play_begin(b, district, NIGHT + WH_MS_HOUR);
    b->number++;
    play_blow(b, STREET, "WAGE", PRIORITY(P3), COMMUNITY, NULL, NULL);
    push_waiting(&night->room, &begun, &b->d, "HRSS");
    assert_int_equal(night->room.queue.n, 2);
    assert_int_equal(night->room.queue.release_at, TUESDAY_NINE);
}

// Whistles named in the morning's bundle, 0 where it says nothing.
static size_t named_in_bundle(const struct night *night, struct wh_arena *arena, const char *text)
{
    struct decision d;
    struct two two = {&night->a.state.whistle, &night->b.state.whistle};
    struct decision_context c = {.now = TUESDAY_NINE, .district = district, .arena = arena};
    decision_init(&d);
    assert_int_equal(decide_release(&night->room.queue, &c, one_of_two, &two, &d), 0);
    assert_int_equal(d.n, 1);
    assert_int_equal(d.object, 0);
    if (d.events[0].event->n_notices == 0)
        return 0;
    const Whistle__V1__Notice *n = d.events[0].event->notices[0];
    assert_string_equal(n->kind, "BUNDLE");
    assert_string_equal(n->receiver, "HRSS");
    if (text != NULL)
        assert_string_equal(n->text_zh, text);
    return n->n_numbers;
}

static void test_bundle(void **state)
{
    (void)state;
    static struct night night;
    struct wh_arena arena;
    wh_arena_init(&arena, 1 << 16);
    blow_two(&night);
    assert_int_equal(named_in_bundle(&night, &arena,
                                     "【安澜吹哨】2件待办:AL-20261123-0007 染坊街下穿桥积水(一般);"
                                     "AL-20261123-0008 染坊街下穿桥积水(一般)"),
                     2);
    // Signed in the meantime: only the other one is named; both: nothing is said.
    assert_int_equal(play_sign(&night.a, "HRSS"), WH_RULE_NONE);
    assert_int_equal(named_in_bundle(&night, &arena, NULL), 1);
    assert_int_equal(play_sign(&night.b, "HRSS"), WH_RULE_NONE);
    assert_int_equal(named_in_bundle(&night, &arena, NULL), 0);
    wh_arena_done(&arena);
    play_end(&night.a);
    play_end(&night.b);
}

// Full queues are released before their hour; each bundle is a notice of its own.
static void test_bundles_of_one_hour_differ(void **state)
{
    (void)state;
    char ids[2][128];
    struct wh_arena arena;
    wh_arena_init(&arena, 1 << 16);
    for (int i = 0; i < 2; i++) {
        static struct queue_room room;
        struct decision d;
        struct waiting_notice w = {.receiver = wh_district_id(district, "HRSS"),
                                   .department = wh_district_id(district, "HRSS"),
                                   .number = 202611230000007 + i,
                                   .until = TUESDAY_NINE,
                                   .kind = NOTICE_CALL};
        struct decision_context c = {.now = NIGHT, .district = district, .arena = &arena};
        assert_true(queue_push(&room, NULL, &w));
        decision_init(&d);
        assert_int_equal(decide_release(&room.queue, &c, NULL, NULL, &d), 0);
        assert_int_equal(d.events[0].event->n_notices, 1);
        snprintf(ids[i], sizeof ids[i], "%s", d.events[0].event->notices[0]->id);
    }
    assert_string_not_equal(ids[0], ids[1]);
    wh_arena_done(&arena);
}

static void test_queue_is_bounded(void **state)
{
    (void)state;
    static struct queue_room room;
    struct waiting_notice w = {.receiver = 20, .number = 1, .until = 5, .kind = NOTICE_CALL};
    assert_true(queue_push(&room, NULL, &w));
    for (int i = 1; i < QUEUE_MAX; i++)
        assert_true(queue_push(&room, &room.queue, &w));
    assert_false(queue_push(&room, &room.queue, &w));
    assert_true(queue_size(&room.queue) <= sizeof room);
}

// ---- before the dispatch ------------------------------------------------------------------------
static Whistle__V1__WhistleFacts facts_of(char *number)
{
    Whistle__V1__WhistleFacts facts = WHISTLE__V1__WHISTLE_FACTS__INIT;
    facts.number = number;
    facts.unit = (char *)(uintptr_t)COMMUNITY;
    facts.street = (char *)(uintptr_t)STREET;
    facts.category = (char *)(uintptr_t) "RUBBISH";
    facts.title = (char *)(uintptr_t) "垃圾三天没清";
    facts.priority = PRIORITY(P3);
    return facts;
}

static void submit(struct play *p)
{
    char number[] = "AL-20261123-0007";
    Whistle__V1__WhistleFacts facts = facts_of(number);
    Whistle__V1__WhistleSubmitted submitted = WHISTLE__V1__WHISTLE_SUBMITTED__INIT;
    Whistle__V1__IntakeEvent event = WHISTLE__V1__INTAKE_EVENT__INIT;
    submitted.whistle = &facts;
    submitted.due_review = p->now + 4 * WH_MS_HOUR;
    submitted.why = (char *)(uintptr_t) "COMMUNITY";
    event.what_case = INTAKE(SUBMITTED);
    event.submitted = &submitted;
    (void)play_intake(p, &event);
}

static void moved(struct play *p, Whistle__V1__IntakeEvent__WhatCase what)
{
    Whistle__V1__WhistleReturned returned = WHISTLE__V1__WHISTLE_RETURNED__INIT;
    Whistle__V1__WhistleSelfHandled self = WHISTLE__V1__WHISTLE_SELF_HANDLED__INIT;
    Whistle__V1__WhistleDropped dropped = WHISTLE__V1__WHISTLE_DROPPED__INIT;
    Whistle__V1__ReviewOverdue overdue = WHISTLE__V1__REVIEW_OVERDUE__INIT;
    Whistle__V1__IntakeEvent event = WHISTLE__V1__INTAKE_EVENT__INIT;
    event.what_case = what;
    if (what == INTAKE(RETURNED))
        event.returned = &returned;
    else if (what == INTAKE(SELF_HANDLED))
        event.self_handled = &self;
    else if (what == INTAKE(DROPPED))
        event.dropped = &dropped;
    else
        event.review_overdue = &overdue;
    (void)play_intake(p, &event);
}

static void test_review(void **state)
{
    (void)state;
    struct play p;
    struct command why = {.reason = "误报"};
    play_begin(&p, district, MONDAY);
    submit(&p);
    assert_int_equal(whistle_state(&p.state.whistle), STATE(SUBMITTED));
    assert_string_equal(notice_to(&p, STREET)->kind, "REVIEW");
    assert_int_equal(play(&p, STREET, COMMAND(WITHDRAW), &why), WH_RULE_WITHDRAW_STATE);
    assert_int_equal(play_confirm(&p, STREET, VERDICT(SOLVED), NULL),
                     WH_RULE_WHISTLE_NOT_DISPATCHED);
    moved(&p, INTAKE(REVIEW_OVERDUE));
    assert_string_equal(notice_to(&p, STREET)->channel, "outbox:990101001-2"); // its head
    moved(&p, INTAKE(RETURNED));
    assert_int_equal(whistle_state(&p.state.whistle), STATE(RETURNED));
    submit(&p);
    assert_int_equal(whistle_state(&p.state.whistle), STATE(SUBMITTED));
    play_blow(&p, COMMUNITY, "RUBBISH", PRIORITY(P3), COMMUNITY, NULL, NULL);
    assert_int_equal(whistle_state(&p.state.whistle), STATE(DISPATCHED));
    size_t events = p.n_events;
    play_blow(&p, COMMUNITY, "RUBBISH", PRIORITY(P3), COMMUNITY, NULL, NULL); // again: nothing
    moved(&p, INTAKE(DROPPED));                                               // too late: nothing
    assert_int_equal(p.n_events, events);
    play_end(&p);
}

static void test_self_handled(void **state)
{
    (void)state;
    struct play p;
    play_begin(&p, district, MONDAY);
    submit(&p);
    moved(&p, INTAKE(SELF_HANDLED));
    assert_int_equal(whistle_state(&p.state.whistle), STATE(SELF));
    assert_int_equal(play_confirm(&p, COMMUNITY, VERDICT(SOLVED), NULL), WH_RULE_RAISER_ONLY);
    assert_int_equal(play_confirm(&p, STREET, VERDICT(NOT_SOLVED), NULL),
                     WH_RULE_WHISTLE_NOT_DISPATCHED);
    assert_int_equal(play_confirm(&p, STREET, VERDICT(SOLVED), NULL), WH_RULE_NONE);
    assert_int_equal(whistle_state(&p.state.whistle), STATE(RESOLVED));
    play_end(&p);
    play_begin(&p, district, MONDAY);
    submit(&p);
    moved(&p, INTAKE(DROPPED));
    assert_int_equal(whistle_state(&p.state.whistle), STATE(CANCELLED));
    play_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next_after_failure),
        cmocka_unit_test(test_hours),
        cmocka_unit_test(test_bundle),
        cmocka_unit_test(test_bundles_of_one_hour_differ),
        cmocka_unit_test(test_queue_is_bounded),
        cmocka_unit_test(test_review),
        cmocka_unit_test(test_self_handled),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
