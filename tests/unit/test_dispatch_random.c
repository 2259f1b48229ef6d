// SPDX-License-Identifier: Apache-2.0
// Random lives: thousands of commands by random actors with random jumps of time, fixed seeds.
// After every decision the player checks that the fold of the packed events is the state, that
// every due time follows from the events alone, that exactly one lead lives, that no notice comes
// twice. Here besides: escalation never falls within a round and climbs one level a turn; time
// never spins.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"
#include "dispatch/escalate.h"
#include "dispatch/next.h"
#include "dispatch/show.h"
#include "support/demo_district.h"
#include "support/dispatch_play.h"

#define MONDAY INT64_C(1795399200000) // 2026-11-23 10:00 +08:00
#define LIVES 1500
#define STEPS 60

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

// SplitMix64 (Steele, Lea, Flood 2014).
static uint64_t seed;
static uint64_t random_bits(void)
{
    uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static size_t below(size_t n)
{
    return (size_t)(random_bits() % n);
}

static const char *const actors[] = {
    "990101001", "990101002", "990101001001", "DISTRICT",  "GASCO",   "FIRE",
    "POLICE",    "URBAN",     "EMERG",        "CHENGGUAN", "HOUSING", "PLAN",
    "MARKET",    "POWERCO",   "SOCIAL",       "JUSTICE",   "CIVIL",   "HEALTH"};
#define ACTORS (sizeof actors / sizeof actors[0])

static const uint32_t verbs[] = {
    COMMAND(SIGN),       COMMAND(CHECK_IN),         COMMAND(CHECK_IN), COMMAND(REPORT),
    COMMAND(REPORT),     COMMAND(REPORT),           COMMAND(REFUSE),   COMMAND(RULE),
    COMMAND(EXTEND),     COMMAND(DECIDE_EXTENSION), COMMAND(LEDGER),   COMMAND(DECIDE_LEDGER),
    COMMAND(CONFIRM),    COMMAND(CONFIRM),          COMMAND(RATE),     COMMAND(REPLY_RATING),
    COMMAND(OPINION),    COMMAND(REOPEN),           COMMAND(ADD),      COMMAND(DELEGATE),
    COMMAND(RULE_CLOSE), COMMAND(WITHDRAW)};

static int32_t random_department(const struct play *p)
{
    const struct whistle *w = &p->state.whistle;
    if (w->n_tasks > 0 && below(8) > 0)
        return w->tasks[below(w->n_tasks)].department;
    return play_party(p, actors[below(ACTORS)]);
}

// Mostly the one who may: the task's own department, the street, the district.
static const char *random_actor(const struct play *p, uint32_t what, int32_t department)
{
    static const uint32_t sides[] = {COMMAND(CONFIRM),  COMMAND(RATE), COMMAND(REOPEN),
                                     COMMAND(WITHDRAW), COMMAND(ADD),  COMMAND(DECIDE_EXTENSION)};
    if (below(10) == 0)
        return actors[below(ACTORS)];
    if (what == COMMAND(RULE) || what == COMMAND(DECIDE_LEDGER) ||
        (what == COMMAND(RULE_CLOSE) && below(2) == 0))
        return "DISTRICT";
    if (what == COMMAND(OPINION))
        return "990101001001";
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++)
        if (what == sides[i])
            return actors[below(8) == 0 ? 1 : 0];
    return what == COMMAND(RULE_CLOSE) ? actors[0] : wh_district_code(p->district, department);
}

static void random_command(struct play *p)
{
    uint32_t what = verbs[below(sizeof verbs / sizeof verbs[0])];
    if ((what == COMMAND(RULE_CLOSE) || what == COMMAND(WITHDRAW)) && below(8) > 0)
        what = COMMAND(REPORT);
    int32_t parties[3];
    struct command c = {.department = random_department(p),
                        .party = below(3) == 0 ? 0 : play_party(p, actors[below(ACTORS)]),
                        .text = "处置情况",
                        .reason = "依据",
                        .officer = "officer-2",
                        .choice = (int32_t)below(what == COMMAND(REPORT) ? 6 : 4),
                        .rating = (Whistle__V1__Rating)below(4),
                        .until_at = p->now + (int64_t)below(200) * WH_MS_DAY,
                        .parties = parties,
                        .n_parties = below(3)};
    for (size_t i = 0; i < 3; i++)
        parties[i] = random_department(p);
    if (what == COMMAND(CHECK_IN))
        c.choice = below(2) == 0 ? METHOD(ON_BEHALF) : METHOD(DESK);
    (void)play(p, random_actor(p, what, c.department), what, &c);
}

static void random_priority(struct play *p)
{
    Whistle__V1__IntakeEvent event = WHISTLE__V1__INTAKE_EVENT__INIT;
    Whistle__V1__PriorityChanged changed = WHISTLE__V1__PRIORITY_CHANGED__INIT;
    changed.to = (Whistle__V1__Priority)(1 + below(4));
    event.what_case = WHISTLE__V1__INTAKE_EVENT__WHAT_PRIORITY_CHANGED;
    event.priority_changed = &changed;
    (void)play_intake(p, &event);
}

static void check_levels(const struct whistle *before, const struct whistle *after)
{
    for (size_t i = 0; i < before->n_tasks; i++) {
        for (int c = 0; c < CLOCKS; c++) {
            const struct task_clock *a = &before->tasks[i].clocks[c],
                                    *b = &after->tasks[i].clocks[c];
            if (a->round == b->round)
                assert_true(b->level >= a->level && b->level <= a->level + 1);
        }
    }
}

static void pass_time(struct play *p)
{
    static const int64_t jumps[] = {WH_MS_MINUTE, 10 * WH_MS_MINUTE, WH_MS_HOUR,    7 * WH_MS_HOUR,
                                    WH_MS_DAY,    4 * WH_MS_DAY,     20 * WH_MS_DAY};
    struct whistle_room before;
    int64_t at = p->now + jumps[below(below(3) == 0 ? 7 : 4)];
    if (below(4) == 0)
        p->now = at; // the service was down: everything comes late
    int64_t next = next_timer(&p->state.whistle, p->district);
    for (int turns = 0; next != 0 && next <= at; turns++) {
        assert_true(turns < 4096);
        p->now = next > p->now ? next : p->now;
        whistle_copy(&before, &p->state.whistle);
        assert_true(play_timer(p) > 0);
        check_levels(&before.whistle, &p->state.whistle);
        next = next_timer(&p->state.whistle, p->district);
    }
    p->now = at > p->now ? at : p->now;
}

static void check_shown(struct play *p)
{
    wh_arena_reset(&p->arena);
    Whistle__V1__Whistle *shown = show_whistle(&p->state.whistle, district, &p->arena, p->now);
    assert_non_null(shown);
    assert_int_equal(shown->n_tasks, p->state.whistle.n_tasks);
    assert_string_not_equal(shown->next->action, "");
    for (size_t i = 0; i < shown->n_tasks; i++)
        assert_true(shown->tasks[i]->escalation >= 0 && shown->tasks[i]->escalation <= 4);
}

static void live(uint64_t life, size_t counts[64])
{
    static const struct {
        const char *category;
        Whistle__V1__Priority priority;
    } kinds[] = {{"GAS_LEAK", PRIORITY(P1)},   {"FIRE_LANE", PRIORITY(P2)},
                 {"RUBBISH", PRIORITY(P3)},    {"LIFT_RETROFIT", PRIORITY(P4)},
                 {"BOUNDARY", PRIORITY(P4)},   {"STREET_VENDOR", PRIORITY(P3)},
                 {"ELDER_CARE", PRIORITY(P1)}, {"SUPPLY_GAP", PRIORITY(P2)}};
    struct play p;
    seed = life * UINT64_C(1000003) + 17;
    play_begin(&p, district, MONDAY + (int64_t)below(14 * 24 * 60) * WH_MS_MINUTE);
    size_t kind = below(sizeof kinds / sizeof kinds[0]);
    play_blow(&p, below(4) == 0 ? "990101001001" : "990101001", kinds[kind].category,
              kinds[kind].priority, "990101001001", NULL, below(3) == 0 ? "990101002" : NULL);
    for (int step = 0; step < STEPS; step++) {
        size_t dice = below(20);
        if (dice < 15)
            random_command(&p);
        else if (dice < 19)
            pass_time(&p);
        else
            random_priority(&p);
        check_shown(&p);
    }
    for (size_t i = 0; i < p.n_events; i++)
        counts[p.kinds[i] < 64 ? p.kinds[i] : 0]++;
    play_end(&p);
}

static void test_lives(void **state)
{
    (void)state;
    static const uint32_t seen[] = {EVENT(DISPATCHED),        EVENT(SIGNED),
                                    EVENT(CHECKED_IN),        EVENT(REPORTED),
                                    EVENT(REFUSED),           EVENT(RULED),
                                    EVENT(EXTENSION_ASKED),   EVENT(EXTENSION_DECIDED),
                                    EVENT(LEDGER_ASKED),      EVENT(LEDGER_DECIDED),
                                    EVENT(CONFIRMED),         EVENT(RATED),
                                    EVENT(RATING_REPLIED),    EVENT(OPINION_GIVEN),
                                    EVENT(REOPENED),          EVENT(WITHDRAWN),
                                    EVENT(DEPARTMENTS_ADDED), EVENT(DELEGATED),
                                    EVENT(PRIORITY_CHANGED),  EVENT(ESCALATED),
                                    EVENT(NOTICE_ISSUED),     EVENT(RULE_CLOSE_PROPOSED),
                                    EVENT(RESOLVED),          EVENT(ENDED)};
    size_t counts[64] = {0};
    for (uint64_t life = 1; life <= LIVES; life++)
        live(life, counts);
    for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++)
        if (counts[seen[i]] == 0)
            fail_msg("no event of kind %u in %d lives", seen[i], LIVES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lives)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
