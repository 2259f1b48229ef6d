// SPDX-License-Identifier: Apache-2.0
// Dedup joins and splits, dispatch withdraws, resolves and reopens, and each hears of the other's
// doings late: dedup's events and dispatch's ends travel in queues of their own, taken from at
// random. Whatever the interleaving, when both queues are empty both say of every whistle the same:
// what it is joined to, and whether it has ended. And no report is left in a matter that had ended
// before it came. Real rules and folds of both; the wires between them are the test's. Fixed seeds.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"
#include "dedup/ask.h"
#include "dedup/fold.h"
#include "support/demo_district.h"
#include "support/dispatch_join.h"

#define DEDUP(x) WHISTLE__V1__DEDUP_EVENT__WHAT_##x
#define MONDAY INT64_C(1795399200000) // 2026-11-23 10:00 +08:00
#define WORLDS 6000
#define STEPS 80
#define QUEUE 1024

static struct wh_district *district;
static struct world world;
static struct matters *matters;

enum saying { CLEAR, MERGE, MERGE_REOPEN, SPLIT };
// Dedup's journal, as far as dispatch has taken it; and dispatch's ends, as far as dedup has.
static struct {
    enum saying what;
    int i, into;
} said[QUEUE];
static struct {
    int i;
    Whistle__V1__WhistleState to; // MERGED: dispatch could not join it
    int64_t cause;
} ends[QUEUE];
static size_t n_said, taken, n_ends, heard;
static size_t untaken, joins, into_ended;

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

static int64_t id_of(int i)
{
    return world.plays[i].number;
}

// ---- dedup --------------------------------------------------------------------------------------

static void fold_said(enum saying what, int i, int into, bool is_untaken)
{
    char number[WH_NUMBER_MAX], other[WH_NUMBER_MAX];
    Whistle__V1__Event envelope = WHISTLE__V1__EVENT__INIT;
    Whistle__V1__DedupEvent event = WHISTLE__V1__DEDUP_EVENT__INIT;
    Whistle__V1__WhistleCleared cleared = WHISTLE__V1__WHISTLE_CLEARED__INIT;
    Whistle__V1__WhistleMerged merged = WHISTLE__V1__WHISTLE_MERGED__INIT;
    Whistle__V1__WhistleSplit split = WHISTLE__V1__WHISTLE_SPLIT__INIT;
    Whistle__V1__WhistleFacts facts = WHISTLE__V1__WHISTLE_FACTS__INIT;
    Whistle__V1__WhistleBlown blown = WHISTLE__V1__WHISTLE_BLOWN__INIT;
    (void)wh_number_format(wh_district_prefix(district), id_of(i), number);
    (void)wh_number_format(wh_district_prefix(district), into == NOBODY ? 1 : id_of(into), other);
    facts.number = number;
    facts.priority = PRIORITY(P2);
    blown.whistle = &facts;
    envelope.seq = (int64_t)n_said + 1;
    envelope.object = id_of(i);
    cleared.blown = merged.blown = split.blown = &blown;
    merged.number = split.number = number;
    merged.into = split.from = other;
    split.untaken = is_untaken;
    event.what_case = what == CLEAR ? DEDUP(CLEARED) : what == SPLIT ? DEDUP(SPLIT) : DEDUP(MERGED);
    event.cleared = &cleared;
    if (what == SPLIT)
        event.split = &split;
    else if (what != CLEAR)
        event.merged = &merged;
    assert_int_equal(fold_event(matters, district, &envelope, &event), 0);
    matters_keep(matters);
    assert_true(n_said < QUEUE);
    said[n_said].what = what;
    said[n_said].i = i;
    said[n_said++].into = into;
}

static int index_of(int64_t id)
{
    for (size_t i = 0; i < world.n; i++)
        if (id_of((int)i) == id)
            return (int)i;
    return NOBODY;
}

// As dedup's rules let the district do it: into an open matter, or a resolved one again.
static void decide_join(int i)
{
    struct asker who = {.district = true};
    struct ask_fault fault;
    int64_t other = 0;
    struct ask_join ask = {.number = id_of(i),
                           .into = id_of((int)below(world.n)),
                           .now = world.now,
                           .how = below(4) == 0 ? WHISTLE__V1__JOIN_AS__JOIN_AS_REOPEN
                                                : WHISTLE__V1__JOIN_AS__JOIN_AS_DUPLICATE,
                           .has_reason = true};
    if (ask_join(matters, &who, &ask, &other, &fault) != ASK_JOIN)
        return;
    joins++;
    fold_said(ask.how == WHISTLE__V1__JOIN_AS__JOIN_AS_REOPEN ? MERGE_REOPEN : MERGE, i,
              index_of(other), false);
}

static void decide_split(int i)
{
    int64_t root = matters_root(matters, id_of(i));
    if (root != 0 && root != id_of(i))
        fold_said(SPLIT, i, index_of(root), false);
}

// A blown one: new, or joined to whatever dedup takes for open.
static void judge(int i)
{
    int into = (int)below(world.n);
    const struct standing *root = matters_get(matters, matters_root(matters, id_of(into)));
    if (matters_get(matters, id_of(i)) != NULL)
        return;
    bool open = root != NULL && root->stage == STAGE_OUT && !fold_has_ended(root);
    if (open && below(2) == 0)
        fold_said(MERGE, i, index_of(root->id), false);
    else
        fold_said(CLEAR, i, NOBODY, false);
}

static void fold_moved(int i, Whistle__V1__WhistleState to)
{
    Whistle__V1__Event envelope = WHISTLE__V1__EVENT__INIT;
    Whistle__V1__DedupEvent event = WHISTLE__V1__DEDUP_EVENT__INIT;
    Whistle__V1__MatterMoved moved = WHISTLE__V1__MATTER_MOVED__INIT;
    envelope.object = id_of(i);
    moved.state = to;
    moved.at = world.now;
    event.what_case = DEDUP(MOVED);
    event.moved = &moved;
    assert_int_equal(fold_event(matters, district, &envelope, &event), 0);
    matters_keep(matters);
}

static void hear_end(void)
{
    if (heard == n_ends)
        return;
    int i = ends[heard].i;
    if (ends[heard].to != STATE(MERGED)) {
        fold_moved(i, ends[heard].to);
    } else if (ask_stands(matters, id_of(i), ends[heard].cause)) {
        untaken++;
        fold_said(SPLIT, i, index_of(matters_root(matters, id_of(i))), true);
    }
    heard++;
}

// ---- dispatch -----------------------------------------------------------------------------------

static void hear(void *arg, const struct play *p, const char *identity, const char *officer,
                 const Whistle__V1__DispatchEvent *e)
{
    (void)arg;
    (void)identity;
    (void)officer;
    Whistle__V1__WhistleState to = e->what_case == EVENT(RESOLVED)    ? STATE(RESOLVED)
                                   : e->what_case == EVENT(ENDED)     ? e->ended->to
                                   : e->what_case == EVENT(WITHDRAWN) ? STATE(CANCELLED)
                                   : e->what_case == EVENT(REOPENED)  ? STATE(ACTIVE)
                                                                      : 0;
    if (e->what_case == EVENT(PARTED) && e->parted->untaken)
        to = STATE(MERGED);
    if (to == 0)
        return;
    assert_true(n_ends < QUEUE);
    ends[n_ends].i = index_of(p->number);
    ends[n_ends].cause = (int64_t)taken + 1;
    ends[n_ends++].to = to;
}

static void take_said(void)
{
    if (taken == n_said)
        return;
    int i = said[taken].i, into = said[taken].into;
    switch (said[taken].what) {
    case CLEAR:
        (void)world_clear(&world, (size_t)i);
        break;
    case SPLIT:
        (void)world_split(&world, (size_t)i);
        break;
    default:
        world.how = said[taken].what == MERGE_REOPEN ? WHISTLE__V1__JOIN_AS__JOIN_AS_REOPEN
                                                     : WHISTLE__V1__JOIN_AS__JOIN_AS_DUPLICATE;
        Whistle__V1__WhistleState was = whistle_state(&world.plays[into].state.whistle);
        bool joined = world_join(&world, (size_t)i, (size_t)into, below(2) == 0);
        bool over = was == STATE(CANCELLED) || was == STATE(RULED_CLOSED) ||
                    (was == STATE(RESOLVED) && said[taken].what == MERGE);
        into_ended += over;
        assert_false(joined && over); // else it would be swallowed
        break;
    }
    taken++;
}

static void end_or_begin(int i)
{
    struct play *p = &world.plays[i];
    if (!p->exists || p->state.whistle.n_tasks == 0)
        return;
    switch (below(3)) {
    case 0:
        (void)play(p, STREET_OF_WORLD, COMMAND(WITHDRAW), &(struct command){.reason = "误报"});
        return;
    case 1:
        play_all_report(p);
        (void)play_confirm(p, STREET_OF_WORLD, VERDICT(SOLVED), NULL);
        return;
    default:
        (void)play(p, STREET_OF_WORLD, COMMAND(REOPEN), &(struct command){.reason = "又来了"});
        return;
    }
}

// ---- both ---------------------------------------------------------------------------------------

static void step(void)
{
    int i = (int)below(world.n);
    switch (below(8)) {
    case 0:
        judge(i);
        break;
    case 1:
        decide_join(i);
        break;
    case 2:
        if (below(2) == 0)
            decide_split(i);
        break;
    case 3:
        if (below(2) == 0)
            end_or_begin(i);
        break;
    case 4:
    case 5:
        hear_end();
        break;
    default:
        take_said();
        break;
    }
    world_pass(&world, (int64_t)below(100));
}

static bool dispatch_says_ended(int i)
{
    uint8_t stage = world.plays[i].state.whistle.stage;
    if (stage == STATE(MERGED))
        stage = world.plays[i].state.whistle.joined_stage;
    return stage == STATE(CANCELLED) || stage == STATE(RESOLVED) || stage == STATE(CLOSED) ||
           stage == STATE(RULED_CLOSED);
}

static void check_same(void)
{
    for (size_t n = 0; n < world.n; n++) {
        int i = (int)n;
        const struct standing *standing = matters_get(matters, id_of(i));
        assert_int_equal(standing != NULL, world.plays[i].exists);
        if (standing == NULL)
            continue;
        assert_int_equal(matters_parent(matters, id_of(i)),
                         world.plays[i].state.whistle.merged_into);
        assert_int_equal(fold_has_ended(standing), dispatch_says_ended(i));
    }
}

static void test_converges(void **state)
{
    (void)state;
    for (uint64_t n = 1; n <= WORLDS; n++) {
        seed = n * UINT64_C(1000003) + 7;
        n_said = taken = n_ends = heard = 0;
        matters = matters_new();
        world_begin(&world, district, MONDAY, 2 + below(4), PRIORITY(P2));
        for (size_t i = 0; i < world.n; i++)
            world.plays[i].hear = hear;
        for (int s = 0; s < STEPS; s++)
            step();
        while (taken < n_said || heard < n_ends) {
            take_said();
            hear_end();
        }
        check_same();
        world_end(&world);
        matters_free(matters);
    }
    print_message("%zu joins by persons; %zu met a matter that had ended; %zu taken back\n", joins,
                  into_ended, untaken);
    assert_true(joins > 4000 && into_ended > 500 && untaken > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_converges)};
    return cmocka_run_group_tests_name("joins converge", tests, setup, teardown);
}
