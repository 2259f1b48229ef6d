// SPDX-License-Identifier: Apache-2.0
// Tables: the whistle's state out of its tasks; due times on weekends, holidays and make-up days;
// what comes next and by whom; ids of tasks.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/time.h"
#include "dispatch/clock.h"
#include "dispatch/next.h"
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

// A whistle with tasks in these states (letters), the first one leads.
// p PENDING s SIGNED c CHECKED_IN h HANDLING d DISPUTED r REPORTED w REWORK k CONFIRMED x CANCELLED
// l HANDLING on the ledger
static const struct whistle *with_tasks(struct whistle_room *room, const char *states)
{
    static const char letters[] = "p?schdrwkx";
    struct whistle *w = &room->whistle;
    whistle_copy(room, NULL);
    w->number = wh_object_make(20261123, 1);
    w->stage = STAGE_IN_TASKS;
    w->unit = w->street = wh_district_id(district, "990101001");
    for (; *states != '\0'; states++) {
        struct task *t = &w->tasks[w->n_tasks++];
        bool ledger = *states == 'l';
        memset(t, 0, sizeof *t);
        t->department = w->n_tasks == 1 ? wh_district_id(district, "GASCO")
                                        : wh_district_id(district, "FIRE") + w->n_tasks;
        t->part = w->n_tasks == 1 ? PART(LEAD) : PART(SUPPORT);
        t->state = ledger ? TASK(HANDLING) : (uint8_t)(strchr(letters, *states) - letters + 1);
        t->flags = ledger ? TASK_ON_LEDGER : 0;
        t->checked_in_at = strchr("chrwkl", *states) != NULL;
        t->signed_at = strchr("schrwkl", *states) != NULL;
        for (int c = CLOCK_SIGN; c <= CLOCK_RESOLVE; c++)
            t->clocks[c].due = 1000 * (c + 1) + w->n_tasks;
    }
    return w;
}

static void test_state_table(void **state)
{
    (void)state;
    static const struct {
        const char *tasks;
        Whistle__V1__WhistleState state;
    } table[] = {
        {"p", STATE(DISPATCHED)}, {"psd", STATE(DISPATCHED)}, {"pc", STATE(ACTIVE)},
        {"ssh", STATE(ACTIVE)},   {"rp", STATE(ACTIVE)},      {"rr", STATE(REPORTED)},
        {"rk", STATE(REPORTED)},  {"rx", STATE(REPORTED)},    {"xr", STATE(REPORTED)},
        {"rd", STATE(ACTIVE)},    {"wr", STATE(ACTIVE)},      {"kw", STATE(ACTIVE)},
        {"lp", STATE(ON_LEDGER)}, {"ph", STATE(ACTIVE)},      {"hl", STATE(ACTIVE)},
        {"rl", STATE(ON_LEDGER)}, {"kkl", STATE(ON_LEDGER)},  {"xp", STATE(DISPATCHED)},
        {"lr", STATE(ON_LEDGER)}, {"cl", STATE(ACTIVE)},
    };
    struct whistle_room room;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (whistle_state(with_tasks(&room, table[i].tasks)) != table[i].state)
            fail_msg("tasks %s: state %d", table[i].tasks, whistle_state(&room.whistle));
    static const uint8_t stages[] = {STATE(SUBMITTED),   STATE(RETURNED), STATE(SELF),
                                     STATE(RESOLVED),    STATE(CLOSED),   STATE(CANCELLED),
                                     STATE(RULED_CLOSED)};
    for (size_t i = 0; i < sizeof stages; i++) { // an end and a beginning are not derived
        (void)with_tasks(&room, "rr");
        room.whistle.stage = stages[i];
        assert_int_equal(whistle_state(&room.whistle), stages[i]);
    }
}

static void test_next_table(void **state)
{
    (void)state;
    static const struct {
        const char *tasks, *action, *by;
    } table[] = {{"p", "SIGN", "GASCO"},        {"s", "CHECK_IN", "GASCO"},
                 {"c", "REPORT", "GASCO"},      {"d", "RULE", "DISTRICT"},
                 {"r", "CONFIRM", "990101001"}, {"l", "REVIEW_LEDGER", "DISTRICT"}};
    struct whistle_room room;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct whistle *w = with_tasks(&room, table[i].tasks);
        struct next_step step = next_of_whistle(w, district);
        assert_string_equal(step.action, table[i].action);
        assert_string_equal(wh_district_code(district, step.by), table[i].by);
        step = next_of_task(w, district, &w->tasks[0]);
        assert_string_equal(step.action, table[i].action);
    }
    room.whistle.stage = STATE(CANCELLED);
    assert_string_equal(next_of_whistle(&room.whistle, district).action, "NONE");
}

static int64_t local(const char *text)
{
    int64_t at;
    assert_int_equal(wh_rfc3339_parse(text, &at), 0);
    return at;
}

static void test_due_table(void **state)
{
    (void)state;
    static const struct {
        Whistle__V1__Priority priority;
        const char *from, *sign, *checkin, *report, *resolve;
    } table[] = {
        // P1 and P2 run round the clock, also through a holiday.
        {PRIORITY(P1), "2026-10-01T23:50:00+08:00", "2026-10-01T23:55:00+08:00",
         "2026-10-02T00:20:00+08:00", "2026-10-02T01:50:00+08:00", "2026-10-02T23:50:00+08:00"},
        {PRIORITY(P2), "2026-11-21T12:00:00+08:00", "2026-11-21T12:30:00+08:00",
         "2026-11-21T14:00:00+08:00", "2026-11-22T12:00:00+08:00", "2026-11-24T12:00:00+08:00"},
        // A Friday afternoon: four work hours end on Monday; day 3 is a Monday, day 7 a Friday.
        {PRIORITY(P3), "2026-11-20T16:00:00+08:00", "2026-11-23T11:30:00+08:00",
         "2026-11-23T17:30:00+08:00", "2026-11-23T16:00:00+08:00", "2026-11-27T16:00:00+08:00"},
        // Before the holidays: days that end on a day off move to the next closing time.
        {PRIORITY(P3), "2026-09-24T10:00:00+08:00", "2026-09-24T15:30:00+08:00",
         "2026-09-28T17:30:00+08:00", "2026-09-28T17:30:00+08:00", "2026-10-08T17:30:00+08:00"},
        // A make-up Saturday works: 2026-10-10.
        {PRIORITY(P4), "2026-10-08T09:00:00+08:00", "2026-10-09T17:30:00+08:00",
         "2026-10-12T17:30:00+08:00", "2026-10-15T09:00:00+08:00", "2026-10-23T09:00:00+08:00"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct dues d = clock_dues(district, "normal", table[i].priority, local(table[i].from));
        assert_int_equal(d.sign, local(table[i].sign));
        assert_int_equal(d.checkin, local(table[i].checkin));
        assert_int_equal(d.report, local(table[i].report));
        assert_int_equal(d.resolve, local(table[i].resolve));
    }
    // Emergency times are the data's for P3; a priority they leave out is as in normal times.
    int64_t from = local("2026-11-23T10:00:00+08:00");
    assert_int_equal(clock_dues(district, "emergency", PRIORITY(P3), from).sign,
                     local("2026-11-24T17:30:00+08:00"));
    assert_int_equal(clock_dues(district, "emergency", PRIORITY(P1), from).sign,
                     local("2026-11-23T10:05:00+08:00"));
}

static void test_levels(void **state)
{
    (void)state;
    static const char *const sign[] = {"2026-11-23T15:30:00+08:00", "2026-11-24T17:30:00+08:00",
                                       "2026-11-25T17:30:00+08:00", "2026-11-26T17:30:00+08:00"};
    struct whistle_room room;
    (void)with_tasks(&room, "p");
    struct task *t = &room.whistle.tasks[0];
    room.whistle.priority = PRIORITY(P3);
    int64_t from = local("2026-11-23T10:00:00+08:00");
    t->clocks[CLOCK_SIGN] = (struct task_clock){.from = from, .due = local(sign[0])};
    t->clocks[CLOCK_RESOLVE] = (struct task_clock){.from = from, .due = from + 4000};
    for (int level = 1; level <= 4; level++)
        assert_int_equal(clock_level_at(district, &room.whistle, t, CLOCK_SIGN, level),
                         local(sign[level - 1]));
    assert_int_equal(clock_level_at(district, &room.whistle, t, CLOCK_RESOLVE, 1), from + 4000);
    assert_int_equal(clock_level_at(district, &room.whistle, t, CLOCK_RESOLVE, 2), from + 5000);
    assert_int_equal(clock_level_at(district, &room.whistle, t, CLOCK_RESOLVE, 3), from + 6000);
    assert_int_equal(clock_level_at(district, &room.whistle, t, CLOCK_RESOLVE, 4), from + 8000);
    assert_int_equal(clock_level_at(district, &room.whistle, t, CLOCK_RESOLVE, 5), 0);
}

static void test_ids(void **state)
{
    (void)state;
    int64_t number;
    int32_t department;
    char id[WH_TASK_ID_MAX];
    struct whistle_room room;
    assert_int_equal(task_id_parse(district, "AL-20261123-0007-GASCO", &number, &department), 0);
    assert_int_equal(number, wh_object_make(20261123, 7));
    assert_int_equal(department, wh_district_id(district, "GASCO"));
    assert_int_equal(task_id_parse(district, "AL-20261123-0007-990101002", &number, &department),
                     0);
    assert_int_equal(task_id_parse(district, "AL-20261123-0007-NOBODY", &number, &department),
                     WH_E_NOTFOUND);
    assert_int_equal(task_id_parse(district, "XX-20261123-0007-GASCO", &number, &department),
                     WH_E_NOTFOUND);
    assert_int_equal(task_id_parse(district, "AL-20261123-0007", &number, &department),
                     WH_E_INVALID);
    task_id_format(with_tasks(&room, "p"), district, wh_district_id(district, "FIRE"), id);
    assert_string_equal(id, "AL-20261123-0001-FIRE");
}

static void test_blob(void **state)
{
    (void)state;
    struct whistle_room room;
    const struct whistle *w = with_tasks(&room, "prk");
    assert_true(whistle_valid(w, whistle_size(w)));
    assert_false(whistle_valid(w, whistle_size(w) - 1));
    room.whistle.tasks[1].state = 77;
    assert_false(whistle_valid(w, whistle_size(w)));
    room.whistle.tasks[1].state = TASK(SIGNED);
    room.whistle.n_tasks = TASKS_MAX + 1;
    assert_false(whistle_valid(w, sizeof room));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state_table), cmocka_unit_test(test_next_table),
        cmocka_unit_test(test_due_table),   cmocka_unit_test(test_levels),
        cmocka_unit_test(test_ids),         cmocka_unit_test(test_blob),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
