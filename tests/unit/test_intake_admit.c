// SPDX-License-Identifier: Apache-2.0
// Who may raise what: random whistles that fit are admitted, and what waits for a review is decided
// as the domain says. What does not fit: test_intake_spoilt.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/intake_raise.h"
#include "support/intake_sample.h"

static void what_fits_is_admitted(void **state)
{
    (void)state;
    struct sample_random random = {20261123};
    for (int i = 0; i < 20000; i++) {
        struct admitted admitted;
        struct fault fault;
        wh_arena_reset(&raise_arena);
        Raise *raise = sample_raise(raise_district, &random, &raise_arena);
        if (raise_ask(raise, raise->unit, &admitted, &fault) != 0)
            fail_msg("case %d by %s: %s %s", i, raise->unit, fault.field,
                     wh_rule_info(fault.rule)->name);
        assert_non_null(admitted.place);
        assert_true(admitted.priority >= 1 && admitted.priority <= 4);
        assert_int_equal(admitted.held, admitted.due_review != 0);
        if (admitted.held)
            assert_true(admitted.due_review > NOW);
        if (admitted.priority == 1)
            assert_int_equal(admitted.held, (admitted.waits & WAITS_RESIDENT) != 0);
        else
            assert_int_equal(admitted.held, admitted.waits != 0);
        if (admitted.priority <= 2)
            assert_int_equal(admitted.waits & WAITS_ANSWERS, 0);
        if (!admitted.raiser->is_unit)
            assert_int_equal(admitted.waits & (WAITS_COMMUNITY | WAITS_STREET_RULE), 0);
    }
}

// ---- who, and what waits ------------------------------------------------------------------------

static void expect(const Raise *raise, unsigned waits, bool held, bool unreviewed)
{
    struct admitted admitted;
    struct fault fault;
    if (raise_ask(raise, raise->unit, &admitted, &fault) != 0)
        fail_msg("%s %s", fault.field, wh_rule_info(fault.rule)->name);
    assert_int_equal(admitted.waits, waits);
    assert_int_equal(admitted.held, held);
    assert_int_equal(admitted.unreviewed, unreviewed);
}

static void what_waits_for_the_street(void **state)
{
    (void)state;
    wh_arena_reset(&raise_arena);
    expect(raise_plain(STREET, "STREET_LIGHT"), WAITS_NOT, false, false);
    expect(raise_plain(STREET, "PIPE_BURST"), WAITS_NOT, false, true);
    expect(raise_plain(STRICT_STREET, "STREET_LIGHT"), WAITS_STREET_RULE, true, false);
    expect(raise_plain(STRICT_STREET, "PIPE_BURST"), WAITS_NOT, false, true);
    expect(raise_plain(COMMUNITY, "STREET_LIGHT"), WAITS_COMMUNITY, true, false);
    expect(raise_plain(COMMUNITY, "PIPE_BURST"), WAITS_COMMUNITY, false, true);
    Raise *web = raise_plain(STREET, "PIPE_BURST");
    web->source = WHISTLE__V1__SOURCE__SOURCE_WEB;
    expect(web, WAITS_RESIDENT, true, false);
    web->category = S("STREET_LIGHT");
    web->source = WHISTLE__V1__SOURCE__SOURCE_OPEN311;
    expect(web, WAITS_RESIDENT, true, false);
}

static void missing_answers_hold_back_p3_and_p4(void **state)
{
    (void)state;
    for (int priority_asked = 1; priority_asked <= 4; priority_asked++) {
        struct admitted admitted;
        struct fault fault;
        wh_arena_reset(&raise_arena);
        Raise *raise = raise_plain(STREET, "FLOODING");
        raise->priority = (Whistle__V1__Priority)priority_asked;
        assert_int_equal(raise_ask(raise, STREET, &admitted, &fault), 0);
        assert_int_equal(admitted.n_missing, 2);
        assert_string_equal(admitted.missing[0], "depth_cm");
        assert_int_equal(admitted.held, priority_asked >= 3);
        assert_string_equal(waits_name(admitted.waits), priority_asked >= 3 ? "ANSWERS" : "");
    }
}

static void who_may_raise(void **state)
{
    (void)state;
    static const struct {
        const char *unit, *identity, *field;
        enum wh_rule rule;
    } cases[] = {
        {"990101", "990101", "unit", WH_RULE_RAISE_UNIT},
        {"990101002003001", "990101002003001", "unit", WH_RULE_RAISE_UNIT},
        {STREET, COMMUNITY, "unit", WH_RULE_SCOPE_FOREIGN},
        {COMMUNITY, STREET, "unit", WH_RULE_SCOPE_FOREIGN},
        {STREET, "", "unit", WH_RULE_SCOPE_FOREIGN},
        {"FIRE", "FIRE", "place.unit", WH_RULE_FIELD_MISSING},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct admitted admitted;
        struct fault fault;
        assert_int_equal(raise_ask(raise_plain(cases[i].unit, "STREET_LIGHT"), cases[i].identity,
                                   &admitted, &fault),
                         WH_E_INVALID);
        assert_string_equal(fault.field, cases[i].field);
        assert_int_equal(fault.rule, cases[i].rule);
    }
}

static void p1_outside_its_categories(void **state)
{
    (void)state;
    struct admitted admitted;
    struct fault fault;
    const char *others[] = {COMMUNITY, "FIRE"};
    for (size_t i = 0; i < 2; i++) {
        Raise *raise = raise_plain(others[i], "STREET_LIGHT");
        raise->priority = WHISTLE__V1__PRIORITY__PRIORITY_P1;
        raise->reason = S("电线垂落,有人触电危险");
        assert_int_equal(raise_ask(raise, raise->unit, &admitted, &fault), WH_E_INVALID);
        assert_int_equal(fault.rule, WH_RULE_RAISE_P1);
        assert_string_equal(fault.field, "priority");
    }
    Raise *raise = raise_plain(STREET, "STREET_LIGHT");
    raise->priority = WHISTLE__V1__PRIORITY__PRIORITY_P1;
    raise->reason = S("电线垂落,有人触电危险");
    assert_int_equal(raise_ask(raise, STREET, &admitted, &fault), 0);
    assert_false(admitted.held);
    assert_true(admitted.unreviewed);
}

static void a_department_calls_streets(void **state)
{
    (void)state;
    struct admitted admitted;
    struct fault fault;
    Raise *raise = raise_plain("FIRE", "FIRE_LANE");
    raise->to = raise_texts(STREET, "990101004");
    raise->n_to = 2;
    assert_int_equal(raise_ask(raise, "FIRE", &admitted, &fault), 0);
    assert_false(admitted.held);
    assert_null(admitted.street);
    assert_string_equal(admitted.place->row->code, STREET);
    assert_int_equal(admitted.source, WHISTLE__V1__SOURCE__SOURCE_DEPARTMENT);
    raise->to[1] = S(COMMUNITY);
    assert_int_equal(raise_ask(raise, "FIRE", &admitted, &fault), WH_E_INVALID);
    assert_string_equal(fault.field, "to[1]");
    raise->source = WHISTLE__V1__SOURCE__SOURCE_WEB;
    raise->n_to = 1;
    assert_int_equal(raise_ask(raise, "FIRE", &admitted, &fault), WH_E_INVALID);
    assert_int_equal(fault.rule, WH_RULE_RAISE_SOURCE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_is_admitted),
        cmocka_unit_test(what_waits_for_the_street),
        cmocka_unit_test(missing_answers_hold_back_p3_and_p4),
        cmocka_unit_test(who_may_raise),
        cmocka_unit_test(p1_outside_its_categories),
        cmocka_unit_test(a_department_calls_streets),
    };
    return cmocka_run_group_tests(tests, raise_set_up, raise_tear_down);
}
