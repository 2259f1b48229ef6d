// SPDX-License-Identifier: Apache-2.0
// 10,000 and more random joins and partings among random acts of departments, in whatever order
// verdicts come: late, twice, to whistles that went out unchecked. A model of who is joined to what
// says the same as the aggregates; nothing goes out twice; a join that is undone at once leaves
// both whistles as they were but for what counts events. Fixed seeds.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"
#include "dispatch/escalate.h"
#include "support/demo_district.h"
#include "support/dispatch_join.h"

#define MONDAY INT64_C(1795399200000) // 2026-11-23 10:00 +08:00
#define WORLDS 1000
#define STEPS 90

static struct wh_district *district;
static struct world world;
static size_t joins, partings, undone;

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
static size_t below(size_t n)
{
    uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (size_t)((z ^ z >> 31) % n);
}

// ---- the model ----------------------------------------------------------------------------------
static bool stands_below(const struct world *w, size_t i, size_t top)
{
    for (int at = (int)i; at != NOBODY; at = w->into[at])
        if ((size_t)at == top)
            return true;
    return false;
}

// Whoever may be joined to: a root that is not the whistle's own.
static bool is_free_root(const struct world *w, size_t i, size_t root)
{
    return w->into[root] == NOBODY && !stands_below(w, root, i) && i != root;
}

static bool is_joined(const struct world *w, size_t i)
{
    const struct whistle *is = &w->plays[i].state.whistle;
    return w->plays[i].exists && is->merged_into != 0;
}

static void check_world(const struct world *w)
{
    for (size_t i = 0; i < w->n; i++) {
        const struct whistle *is = &w->plays[i].state.whistle;
        assert_int_equal(is_joined(w, i), w->into[i] != NOBODY);
        if (w->into[i] != NOBODY)
            assert_int_equal(is->merged_into, w->plays[w->into[i]].number);
        assert_true(world_fan_outs(w, i) <= 1);
        if (w->plays[i].exists && is->stage == STATE(MERGED) && is->joined_stage != STAGE_IN_TASKS)
            assert_int_equal(is->n_tasks == 0 ? 0 : is->resolved_at != 0, is->n_tasks != 0);
        if (w->plays[i].exists && w->into[i] == NOBODY)
            for (size_t t = 0; t < is->n_tasks; t++)
                assert_true(task_before_join(&is->tasks[t]) == 0 || is->stage == STATE(CANCELLED));
    }
}

// ---- what is said -------------------------------------------------------------------------------
// Every text anybody said, by whom: 0 is what it was raised with, more are added.
#define TEXTS 64
static size_t n_texts[WORLD_MAX];

static void supplement(struct world *w, size_t i)
{
    char text[32];
    const struct whistle *is = &w->plays[i].state.whistle;
    if (!w->plays[i].exists || n_texts[i] == TEXTS || !(whistle_is_open(is) || whistle_in_work(is)))
        return;
    (void)snprintf(text, sizeof text, "%zu/%zu", i, ++n_texts[i]);
    assert_true(world_supplement(w, i, text));
}

static size_t times_said(const struct sayings *s, const struct play *by, const char *text)
{
    char number[WH_NUMBER_MAX];
    size_t n = 0;
    (void)wh_number_format(wh_district_prefix(district), by->number, number);
    for (size_t i = 0; i < s->n; i++)
        n += strcmp(s->list[i]->from, number) == 0 && strcmp(s->list[i]->text, text) == 0;
    return n;
}

// A whistle has, each once, its own additions and all words of those joined to it, and no others.
static void check_sayings(struct world *w, size_t k)
{
    char text[32];
    size_t wanted = 0;
    struct sayings s = world_sayings(w, k);
    if (w->plays[k].exists && w->plays[k].state.whistle.stage == STATE(CANCELLED))
        return; // nobody works on it, and nothing is said in it any more
    for (size_t i = 0; i < w->n; i++) {
        size_t has = i == k || stands_below(w, i, k) ? 1 : 0;
        wanted += has * (n_texts[i] + (i != k));
        for (size_t t = 1; t <= n_texts[i]; t++) {
            (void)snprintf(text, sizeof text, "%zu/%zu", i, t);
            assert_int_equal(times_said(&s, &w->plays[i], text), has);
        }
    }
    assert_int_equal(s.n, wanted);
}

// ---- undone at once -----------------------------------------------------------------------------
static void forget_counts(struct whistle *w)
{
    w->version = 0;
    w->confirm.round = 0;
    w->flags = (uint8_t)(w->flags & ~WHISTLE_MATTER);
    w->untold = 0; // that it was told of is an event
    w->tell_at = 0;
}

static void check_same(struct whistle_room *was, const struct play *p)
{
    static struct whistle_room is;
    whistle_copy(&is, &p->state.whistle);
    forget_counts(&was->whistle);
    forget_counts(&is.whistle);
    assert_int_equal(whistle_size(&was->whistle), whistle_size(&is.whistle));
    assert_memory_equal(was, &is, whistle_size(&is.whistle));
}

static void join_and_undo(struct world *w, size_t i, size_t into)
{
    static struct whistle_room child, matter;
    whistle_copy(&child, &w->plays[i].state.whistle);
    whistle_copy(&matter, &w->plays[into].state.whistle);
    if (!world_join(w, i, into, true))
        return;
    assert_true(world_split(w, i));
    joins++;
    partings++;
    if (child.whistle.n_tasks == 0)
        return; // it goes out
    undone++;
    check_same(&child, &w->plays[i]);
    check_same(&matter, &w->plays[into]);
}

// ---- steps --------------------------------------------------------------------------------------
static void act(struct world *w, size_t i)
{
    struct play *p = &w->plays[i];
    const struct whistle *is = &p->state.whistle;
    if (!p->exists || is->n_tasks == 0)
        return;
    const char *department = wh_district_code(district, is->tasks[below(is->n_tasks)].department);
    switch (below(8)) {
    case 0:
    case 1:
        (void)play_sign(p, department);
        return;
    case 2:
    case 3:
        (void)play_check_in(p, department);
        return;
    case 4:
        (void)play_report(p, department, OUTCOME(SOLVED));
        return;
    case 5:
        (void)play_refuse(p, department, "EMERG");
        return;
    case 6:
        (void)play_confirm(p, STREET_OF_WORLD, VERDICT(SOLVED), NULL);
        return;
    default:
        if (below(6) == 0)
            (void)play(p, STREET_OF_WORLD, COMMAND(WITHDRAW), &(struct command){.reason = "误报"});
        return;
    }
}

static void reprioritise(struct world *w, size_t i)
{
    Whistle__V1__IntakeEvent event = WHISTLE__V1__INTAKE_EVENT__INIT;
    Whistle__V1__PriorityChanged changed = WHISTLE__V1__PRIORITY_CHANGED__INIT;
    changed.to = (Whistle__V1__Priority)(1 + below(4));
    event.what_case = WHISTLE__V1__INTAKE_EVENT__WHAT_PRIORITY_CHANGED;
    event.priority_changed = &changed;
    if (w->plays[i].exists)
        (void)play_intake(&w->plays[i], &event);
}

static void let_time_work(struct world *w)
{
    world_pass(w, (int64_t)below(40) * WH_MS_MINUTE);
    for (size_t i = 0; i < w->n; i++)
        for (int turns = 0; w->plays[i].exists; turns++) {
            int64_t next = next_timer(&w->plays[i].state.whistle, district);
            assert_true(turns < 4096);
            if (next == 0 || next > w->now)
                break;
            bool held = w->plays[i].state.whistle.stage == STATE(HELD);
            assert_true((held ? world_unheld(w, i) : play_timer(&w->plays[i])) > 0);
        }
}

static void move(struct world *w, size_t i)
{
    size_t into = below(w->n);
    if (w->into[i] == NOBODY && is_free_root(w, i, into) && w->plays[into].exists) {
        if (below(3) == 0) {
            join_and_undo(w, i, into);
            return;
        }
        joins += world_join(w, i, into, below(2) == 0);
    } else if (w->into[i] != NOBODY && below(2) == 0) {
        partings += world_split(w, i);
    } else if (w->into[i] != NOBODY) { // the same word again
        assert_false(world_join(w, i, (size_t)w->into[i], false));
    }
}

static void step(struct world *w)
{
    size_t i = below(w->n);
    switch (below(10)) {
    case 0:
        (void)world_clear(w, i);
        break;
    case 1:
        (void)world_unchecked(w, i);
        break;
    case 2:
        (void)world_hold(w, i, w->now + 10 * WH_MS_MINUTE);
        break;
    case 3:
        let_time_work(w);
        break;
    case 4:
        reprioritise(w, i);
        break;
    case 5:
    case 6:
        act(w, i);
        break;
    default:
        move(w, i);
        break;
    }
    if (below(4) == 0)
        supplement(w, below(w->n));
    check_world(w);
    check_sayings(w, below(w->n));
}

static void test_worlds(void **state)
{
    (void)state;
    for (uint64_t n = 1; n <= WORLDS; n++) {
        seed = n * UINT64_C(1000003) + 29;
        world_begin(&world, district, MONDAY + (int64_t)below(14 * 24 * 60) * WH_MS_MINUTE,
                    2 + below(WORLD_MAX - 1), (Whistle__V1__Priority)(1 + below(4)));
        memset(n_texts, 0, sizeof n_texts);
        for (int s = 0; s < STEPS; s++)
            step(&world);
        world_end(&world);
    }
    print_message("%zu joins, %zu partings, %zu of them compared byte for byte\n", joins, partings,
                  undone);
    assert_true(joins + partings >= 10000 && joins > 4000 && undone > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_worlds)};
    return cmocka_run_group_tests_name("dispatch join at random", tests, setup, teardown);
}
