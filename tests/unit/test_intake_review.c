// SPDX-License-Identifier: Apache-2.0
// The street's review: due times on the 2026 calendar, who may decide what in which state, and that
// the fold of the events says the same as the rule that made them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "intake/review.h"
#include "support/demo_district.h"
#include "support/intake_sample.h"

#define S(text) ((char *)(uintptr_t)(text))
#define STATE(name) WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_##name
#define VERDICT(name) WHISTLE__V1__REVIEW_VERDICT__REVIEW_VERDICT_##name
#define STREET "990101001"
#define COMMUNITY "990101001001"

static struct wh_district *district;
static struct wh_arena arena;

static int set_up(void **state)
{
    (void)state;
    district = demo_district(WH_SOURCE_DIR);
    wh_arena_init(&arena, (size_t)64 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    wh_district_free(district);
    wh_arena_done(&arena);
    return 0;
}

static void the_review_clock(void **state)
{
    (void)state;
    static const struct {
        int priority;
        const char *from, *due;
    } cases[] = {
        {1, "2026-10-03T03:00:00+08:00", "2026-10-03T03:05:00+08:00"},
        {2, "2026-10-03T03:00:00+08:00", "2026-10-03T03:15:00+08:00"},
        {3, "2026-11-23T09:00:00+08:00", "2026-11-23T14:30:00+08:00"},
        {4, "2026-11-23T09:00:00+08:00", "2026-11-23T14:30:00+08:00"},
        {3, "2026-11-23T12:30:00+08:00", "2026-11-23T17:30:00+08:00"},
        {3, "2026-11-27T17:00:00+08:00", "2026-11-30T14:00:00+08:00"},
        // the long holiday, 1 to 7 October, and the working Saturday after it
        {3, "2026-09-30T16:30:00+08:00", "2026-10-08T12:00:00+08:00"},
        {3, "2026-10-03T10:00:00+08:00", "2026-10-08T14:30:00+08:00"},
        {4, "2026-10-09T17:00:00+08:00", "2026-10-10T14:00:00+08:00"},
        {4, "2026-10-10T17:00:00+08:00", "2026-10-12T14:00:00+08:00"},
        {3, "2026-02-13T17:00:00+08:00", "2026-02-14T14:00:00+08:00"},
        {3, "2026-02-14T17:30:00+08:00", "2026-02-24T14:30:00+08:00"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t from = 0;
        char due[WH_RFC3339_MAX];
        assert_int_equal(wh_rfc3339_parse(cases[i].from, &from), 0);
        wh_rfc3339_format(review_due(district, cases[i].priority, from), 480, due);
        assert_string_equal(due, cases[i].due);
    }
}

static Whistle__V1__WhistleFacts facts_of(int priority)
{
    Whistle__V1__WhistleFacts facts = WHISTLE__V1__WHISTLE_FACTS__INIT;
    facts.number = S("AL-20261123-0001");
    facts.unit = S(COMMUNITY);
    facts.street = S(STREET);
    facts.category = S("STREET_LIGHT");
    facts.priority = (Whistle__V1__Priority)priority;
    return facts;
}

static const struct who street = {.identity = STREET, .officer = "approver"};
static const struct who raiser = {.identity = COMMUNITY, .officer = ""};
static const struct who other = {.identity = "990101002", .officer = "x"};
static const struct who dispatcher = {.identity = "DISTRICT", .officer = "d", .district = true};

static void verdicts_by_state(void **state)
{
    (void)state;
    static const struct {
        int state, verdict;
        const struct who *who;
        enum wh_rule refused;
        int after;
        bool goes_out;
    } cases[] = {
        {STATE(SUBMITTED), VERDICT(APPROVE), &street, WH_RULE_NONE, STATE(BLOWN), true},
        {STATE(SUBMITTED), VERDICT(RETURN), &street, WH_RULE_NONE, STATE(RETURNED), false},
        {STATE(SUBMITTED), VERDICT(SELF), &street, WH_RULE_NONE, STATE(SELF), false},
        {STATE(SUBMITTED), VERDICT(CANCEL), &street, WH_RULE_NONE, STATE(CANCELLED), false},
        {STATE(SUBMITTED), VERDICT(CANCEL), &raiser, WH_RULE_NONE, STATE(CANCELLED), false},
        {STATE(SUBMITTED), VERDICT(APPROVE), &raiser, WH_RULE_SCOPE_FOREIGN, 0, false},
        {STATE(SUBMITTED), VERDICT(APPROVE), &other, WH_RULE_SCOPE_FOREIGN, 0, false},
        {STATE(SUBMITTED), VERDICT(APPROVE), &dispatcher, WH_RULE_SCOPE_FOREIGN, 0, false},
        {STATE(RETURNED), VERDICT(CANCEL), &raiser, WH_RULE_NONE, STATE(CANCELLED), false},
        {STATE(RETURNED), VERDICT(APPROVE), &street, WH_RULE_STATE_CONFLICT, 0, false},
        {STATE(BLOWN), VERDICT(RETURN), &street, WH_RULE_STATE_CONFLICT, 0, false},
        {STATE(BLOWN), VERDICT(APPROVE), &street, WH_RULE_STATE_CONFLICT, 0, false},
        {STATE(SELF), VERDICT(APPROVE), &street, WH_RULE_STATE_CONFLICT, 0, false},
        {STATE(CANCELLED), VERDICT(CANCEL), &street, WH_RULE_STATE_CONFLICT, 0, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Whistle__V1__WhistleFacts facts = facts_of(3);
        struct whistle whistle = {.id = 1, .state = cases[i].state, .facts = &facts};
        struct review_step step =
            review_verdict(district, &whistle, cases[i].who, cases[i].verdict, 0, "r");
        if (step.refused != cases[i].refused ||
            (step.refused == WH_RULE_NONE &&
             (step.state != cases[i].after || step.goes_out != cases[i].goes_out)))
            fail_msg("case %zu: %s, state %d", i, wh_rule_info(step.refused)->name, step.state);
    }
}

static void a_p1_is_looked_at_once_afterwards(void **state)
{
    (void)state;
    Whistle__V1__WhistleFacts facts = facts_of(1);
    struct whistle whistle = {.id = 1, .state = STATE(BLOWN), .unreviewed = true, .facts = &facts};
    struct review_step step = review_verdict(district, &whistle, &street, VERDICT(APPROVE), 0, "");
    assert_int_equal(step.refused, WH_RULE_NONE);
    assert_false(step.goes_out);
    assert_int_equal(step.state, STATE(BLOWN));
    whistle.reviewed = true;
    step = review_verdict(district, &whistle, &street, VERDICT(APPROVE), 0, "");
    assert_int_equal(step.refused, WH_RULE_STATE_CONFLICT);
}

static void another_officer_reviews(void **state)
{
    (void)state;
    static const struct {
        const char *raised_by, *reviewed_by;
        unsigned waits;
        bool refused;
    } cases[] = {
        {"duty-1", "duty-1", WAITS_STREET_RULE, true},
        {"duty-1", "", WAITS_STREET_RULE, true},
        {"duty-1", "chief", WAITS_STREET_RULE, false},
        {"", "chief", WAITS_STREET_RULE, false},
        {"", "", WAITS_STREET_RULE, false},
        {"duty-1", "duty-1", WAITS_RESIDENT, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Whistle__V1__WhistleFacts facts = facts_of(3);
        struct whistle whistle = {
            .id = 1, .state = STATE(SUBMITTED), .waits = cases[i].waits, .facts = &facts};
        struct who who = {.identity = STREET, .officer = cases[i].reviewed_by};
        strcpy(whistle.officer, cases[i].raised_by);
        struct review_step step = review_verdict(district, &whistle, &who, VERDICT(APPROVE), 0, "");
        assert_int_equal(step.refused,
                         cases[i].refused ? WH_RULE_REVIEW_SAME_OFFICER : WH_RULE_NONE);
    }
}

static void priorities_change(void **state)
{
    (void)state;
    const int64_t now = INT64_C(1795400000000);
    Whistle__V1__WhistleFacts facts = facts_of(3);
    struct whistle whistle = {.id = 1,
                              .state = STATE(SUBMITTED),
                              .waits = WAITS_COMMUNITY,
                              .due_review = 9,
                              .facts = &facts};
    struct review_step step = review_priority(district, &whistle, &raiser, 1, now);
    assert_int_equal(step.refused, WH_RULE_SCOPE_FOREIGN);
    step = review_priority(district, &whistle, &street, 3, now);
    assert_int_equal(step.refused, WH_RULE_PRIORITY_SAME);
    step = review_priority(district, &whistle, &street, 1, now);
    assert_true(step.goes_out && step.unreviewed);
    assert_int_equal(step.due_review, 0);
    step = review_priority(district, &whistle, &dispatcher, 2, now);
    assert_false(step.goes_out);
    assert_int_equal(step.due_review, now + 15 * WH_MS_MINUTE);
    whistle.waits = WAITS_ANSWERS;
    step = review_priority(district, &whistle, &street, 2, now);
    assert_true(step.goes_out && !step.unreviewed);
    whistle.state = STATE(BLOWN);
    whistle.due_review = 0;
    step = review_priority(district, &whistle, &dispatcher, 1, now);
    assert_false(step.goes_out);
    assert_int_equal(step.due_review, 0);
    whistle.state = STATE(CANCELLED);
    step = review_priority(district, &whistle, &dispatcher, 1, now);
    assert_int_equal(step.refused, WH_RULE_STATE_CONFLICT);
}

static void the_clock_runs_out(void **state)
{
    (void)state;
    for (int priority = 1; priority <= 4; priority++) {
        Whistle__V1__WhistleFacts facts = facts_of(priority);
        struct whistle whistle = {
            .id = 1, .state = STATE(SUBMITTED), .due_review = 1000, .facts = &facts};
        struct review_step step = review_clock(&whistle, 999);
        assert_false(step.goes_out || step.overdue);
        step = review_clock(&whistle, 1000);
        assert_int_equal(step.goes_out, priority <= 2);
        assert_int_equal(step.unreviewed, priority <= 2);
        assert_int_equal(step.overdue, priority >= 3);
        assert_int_equal(step.state, priority <= 2 ? STATE(BLOWN) : STATE(SUBMITTED));
        whistle.state = STATE(RETURNED);
        step = review_clock(&whistle, 1000);
        assert_false(step.goes_out || step.overdue);
    }
}

// ---- rule and fold --------------------------------------------------------------------------

static int fold(struct whistle *whistle, Whistle__V1__IntakeEvent *payload)
{
    Whistle__V1__Event event = WHISTLE__V1__EVENT__INIT;
    event.object = 1;
    return whistle_apply(whistle, &event, payload, &arena);
}

static void fold_blown(struct whistle *whistle, const struct review_step *step)
{
    Whistle__V1__IntakeEvent payload = WHISTLE__V1__INTAKE_EVENT__INIT;
    Whistle__V1__WhistleBlown blown = WHISTLE__V1__WHISTLE_BLOWN__INIT;
    Whistle__V1__WhistleFacts *own = wh_arena_dup(&arena, whistle->facts, sizeof(*own));
    own->priority = (Whistle__V1__Priority)step->priority;
    blown.whistle = own;
    blown.unreviewed = step->unreviewed;
    payload.what_case = WHISTLE__V1__INTAKE_EVENT__WHAT_BLOWN;
    payload.blown = &blown;
    assert_int_equal(fold(whistle, &payload), 0);
}

static void fold_step(struct whistle *whistle, const struct review_step *step, bool priority)
{
    Whistle__V1__IntakeEvent payload = WHISTLE__V1__INTAKE_EVENT__INIT;
    Whistle__V1__PriorityChanged changed = WHISTLE__V1__PRIORITY_CHANGED__INIT;
    Whistle__V1__WhistleReturned returned = WHISTLE__V1__WHISTLE_RETURNED__INIT;
    Whistle__V1__ReviewOverdue overdue = WHISTLE__V1__REVIEW_OVERDUE__INIT;
    if (priority) {
        changed.to = (Whistle__V1__Priority)step->priority;
        changed.due_review = step->due_review;
        payload.what_case = WHISTLE__V1__INTAKE_EVENT__WHAT_PRIORITY_CHANGED;
        payload.priority_changed = &changed;
        assert_int_equal(fold(whistle, &payload), 0);
    }
    if (step->goes_out) {
        fold_blown(whistle, step);
    } else if (step->overdue) {
        payload.what_case = WHISTLE__V1__INTAKE_EVENT__WHAT_REVIEW_OVERDUE;
        payload.review_overdue = &overdue;
        assert_int_equal(fold(whistle, &payload), 0);
    } else if (step->state == STATE(RETURNED)) {
        payload.what_case = WHISTLE__V1__INTAKE_EVENT__WHAT_RETURNED;
        payload.returned = &returned;
        assert_int_equal(fold(whistle, &payload), 0);
    }
}

// Random lives of a waiting whistle: after every event the fold holds what the step promised.
static void the_fold_says_what_the_rule_said(void **state)
{
    (void)state;
    struct sample_random random = {11};
    for (int life = 0; life < 5000; life++) {
        wh_arena_reset(&arena);
        Whistle__V1__WhistleFacts facts = facts_of(1 + (int)sample_below(&random, 4));
        struct whistle whistle = {.id = 1,
                                  .state = STATE(SUBMITTED),
                                  .waits = 1U << sample_below(&random, 4),
                                  .facts = &facts};
        int64_t now = INT64_C(1795400000000);
        whistle.due_review = review_due(district, (int)facts.priority, now);
        for (int i = 0; i < 6 && whistle.state == STATE(SUBMITTED); i++) {
            uint32_t what = sample_below(&random, 4);
            struct review_step step;
            now += sample_below(&random, 600000);
            if (what == 0)
                step = review_clock(&whistle, now);
            else if (what == 1)
                step = review_priority(district, &whistle, &street,
                                       1 + (int)sample_below(&random, 4), now);
            else
                step = review_verdict(district, &whistle, &street,
                                      what == 2 ? VERDICT(APPROVE) : VERDICT(RETURN), 0, "r");
            if (step.refused != WH_RULE_NONE)
                continue;
            fold_step(&whistle, &step, what == 1);
            assert_int_equal(whistle.state, step.state);
            assert_int_equal(whistle.due_review, step.due_review);
            assert_int_equal(whistle.facts->priority, step.priority);
            if (step.goes_out)
                assert_int_equal(whistle.unreviewed, step.unreviewed);
        }
    }
}

static void subjects_are_sorted_and_distinct(void **state)
{
    (void)state;
    int32_t ids[WHISTLE_SUBJECTS_MAX];
    char *joint[] = {S("990101003"), S("990101002")};
    Whistle__V1__WhistleFacts facts = facts_of(3);
    assert_int_equal(whistle_subjects(district, &facts, ids), 2);
    facts.unit = facts.street;
    assert_int_equal(whistle_subjects(district, &facts, ids), 1);
    assert_int_equal(ids[0], wh_district_id(district, STREET));
    facts.joint_units = joint;
    facts.n_joint_units = 2;
    facts.priority = WHISTLE__V1__PRIORITY__PRIORITY_P1;
    size_t n = whistle_subjects(district, &facts, ids);
    assert_int_equal(n, 4);
    assert_int_equal(ids[0], 1);
    for (size_t i = 1; i < n; i++)
        assert_true(ids[i - 1] < ids[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_review_clock),
        cmocka_unit_test(verdicts_by_state),
        cmocka_unit_test(a_p1_is_looked_at_once_afterwards),
        cmocka_unit_test(another_officer_reviews),
        cmocka_unit_test(priorities_change),
        cmocka_unit_test(the_clock_runs_out),
        cmocka_unit_test(the_fold_says_what_the_rule_said),
        cmocka_unit_test(subjects_are_sorted_and_distinct),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
