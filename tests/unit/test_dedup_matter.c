// SPDX-License-Identifier: Apache-2.0
// The forest of matters: ten thousand random joins and splits against an oracle that knows only who
// hangs under whom; every count exact, every undo whole, join + split no change; separations, words
// of danger, representatives. Seeded, so a failure repeats.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dedup/matter.h"

#define WHISTLES 300
#define STEPS 10000
#define FIRST INT64_C(202611230000001)

static uint64_t seed;

static uint32_t rnd(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((seed >> 33) % below);
}

static int64_t id_of(size_t i)
{
    return FIRST + (int64_t)i;
}

static struct matters *forest(size_t n)
{
    struct matters *matters = matters_new();
    assert_non_null(matters);
    for (size_t i = 0; i < n; i++) {
        struct standing s = {.id = id_of(i), .at = 1000 + (int64_t)i * 10, .stage = STAGE_OUT};
        assert_int_equal(matters_put(matters, &s), 0);
    }
    matters_keep(matters);
    return matters;
}

// ---- the oracle ---------------------------------------------------------------------------------

struct oracle {
    size_t n;
    int parent[WHISTLES]; // -1: a root
};

static int root_of(const struct oracle *o, int i)
{
    while (o->parent[i] >= 0)
        i = o->parent[i];
    return i;
}

static bool below(const struct oracle *o, int i, int top)
{
    while (i >= 0 && i != top)
        i = o->parent[i];
    return i == top;
}

static size_t supporters(const struct oracle *o, int top)
{
    size_t n = 0;
    for (size_t i = 0; i < o->n; i++)
        n += (int)i != top && below(o, (int)i, top);
    return n;
}

static void same(const struct matters *matters, const struct oracle *o)
{
    for (size_t i = 0; i < o->n; i++) {
        int64_t parent = o->parent[i] < 0 ? 0 : id_of((size_t)o->parent[i]);
        assert_int_equal(matters_parent(matters, id_of(i)), parent);
        assert_int_equal(matters_root(matters, id_of(i)), id_of((size_t)root_of(o, (int)i)));
        assert_int_equal(matters_supporters(matters, id_of(i)), supporters(o, (int)i));
    }
}

static void one_same(const struct matters *matters, const struct oracle *o, int i)
{
    int64_t ids[WHISTLES];
    int root = root_of(o, i);
    size_t n = matters_members(matters, id_of((size_t)root), ids, WHISTLES);
    assert_int_equal(n, supporters(o, root) + 1);
    assert_int_equal(ids[0], id_of((size_t)root));
    for (size_t k = 1; k < n; k++) {
        assert_true(below(o, (int)(ids[k] - FIRST), root));
        assert_true(k == 1 || ids[k] > ids[k - 1]);
    }
}

// ---- joins and splits ---------------------------------------------------------------------------

static bool random_join(struct matters *matters, struct oracle *o, int64_t seq)
{
    int a = (int)rnd(WHISTLES), b = (int)rnd(WHISTLES);
    bool fits = o->parent[a] < 0 && o->parent[b] < 0 && a != b;
    int error = matters_join(matters, id_of((size_t)a), id_of((size_t)b), seq, 0);
    assert_int_equal(error, fits ? 0 : WH_E_INVALID);
    if (fits)
        o->parent[a] = b;
    one_same(matters, o, a);
    return fits;
}

static void random_split(struct matters *matters, struct oracle *o)
{
    int a = (int)rnd(WHISTLES);
    assert_int_equal(matters_split(matters, id_of((size_t)a)),
                     o->parent[a] >= 0 ? 0 : WH_E_INVALID);
    o->parent[a] = -1;
    one_same(matters, o, a);
}

static void test_random(void **state)
{
    struct oracle o = {.n = WHISTLES}, before;
    struct matters *matters = forest(WHISTLES);
    size_t joined = 0, undone = 0;
    (void)state;
    seed = 7;
    memset(o.parent, 0xff, sizeof o.parent);
    for (int step = 0; step < STEPS; step++) {
        size_t mark = matters_mark(matters);
        before = o;
        if (rnd(100) < 60)
            joined += random_join(matters, &o, step + 1);
        else
            random_split(matters, &o);
        if (rnd(5) == 0) { // the item was refused or parked
            matters_undo(matters, mark);
            o = before;
            undone++;
        }
        if (rnd(4) == 0)
            matters_keep(matters);
        if (step % 500 == 0)
            same(matters, &o);
    }
    same(matters, &o);
    assert_true(joined > 1000 && undone > 1000);
    matters_free(matters);
}

// What the forest says of everybody, as text.
static char *portrait(const struct matters *matters, size_t n)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; i < n; i++) {
        int64_t ids[WHISTLES], reps[MATTER_REPS];
        const struct standing *s = matters_get(matters, id_of(i));
        size_t members = matters_members(matters, id_of(i), ids, WHISTLES);
        size_t n_reps = matters_representatives(matters, id_of(i), reps);
        fprintf(out, "%zu p%lld j%lld r%d s%d:", i, (long long)matters_parent(matters, id_of(i)),
                (long long)matters_joined_seq(matters, id_of(i)),
                matters_raised_from(matters, id_of(i)), s->priority);
        for (size_t k = 0; k < members; k++)
            fprintf(out, " %lld", (long long)ids[k]);
        for (size_t k = 0; k < n_reps; k++)
            fprintf(out, " !%lld", (long long)reps[k]);
        (void)fputc('\n', out);
    }
    (void)fclose(out);
    return text;
}

static void test_join_and_split_is_identity(void **state)
{
    struct matters *matters = forest(WHISTLES);
    (void)state;
    seed = 11;
    for (int round = 0; round < 500; round++) {
        int64_t a = id_of(rnd(WHISTLES)), b = id_of(rnd(WHISTLES));
        if (matters_parent(matters, a) != 0 || matters_parent(matters, b) != 0 || a == b)
            continue;
        char *before = portrait(matters, WHISTLES);
        assert_int_equal(matters_join(matters, a, b, round + 1, 3), 0);
        char *joined = portrait(matters, WHISTLES);
        assert_string_not_equal(before, joined);
        assert_int_equal(matters_split(matters, a), 0);
        char *after = portrait(matters, WHISTLES);
        assert_string_equal(before, after);
        free(before);
        free(joined);
        free(after);
        matters_keep(matters);
        if (rnd(3) > 0) // the forest grows meanwhile
            assert_int_equal(matters_join(matters, a, b, round + 1, 0), 0);
        matters_keep(matters);
    }
    matters_free(matters);
}

static void test_undo_is_whole(void **state)
{
    struct matters *matters = forest(50);
    uint64_t words[] = {1, 2, 3};
    (void)state;
    assert_int_equal(matters_join(matters, id_of(1), id_of(0), 9, 2), 0);
    assert_int_equal(matters_set_apart(matters, id_of(5), id_of(6), true), 0);
    assert_int_equal(matters_danger(matters, id_of(5), words, 1), 0);
    matters_keep(matters);
    char *before = portrait(matters, 50);
    size_t bytes = matters_bytes(matters);
    struct standing fresh = {.id = id_of(70), .stage = STAGE_HELD};
    assert_int_equal(matters_put(matters, &fresh), 0);
    assert_int_equal(matters_join(matters, id_of(70), id_of(0), 10, 0), 0);
    assert_int_equal(matters_split(matters, id_of(1)), 0);
    assert_int_equal(matters_join(matters, id_of(0), id_of(1), 11, 1), 0);
    assert_int_equal(matters_set_apart(matters, id_of(5), id_of(6), false), 0);
    assert_int_equal(matters_set_apart(matters, id_of(1), id_of(6), true), 0);
    assert_int_equal(matters_danger(matters, id_of(5), words, 3), 0);
    struct standing changed = *matters_get(matters, id_of(2));
    changed.priority = 1;
    assert_int_equal(matters_put(matters, &changed), 0);
    matters_undo(matters, 0);
    char *after = portrait(matters, 50);
    assert_string_equal(before, after);
    assert_null(matters_get(matters, id_of(70)));
    assert_true(matters_are_apart(matters, id_of(5), id_of(6)));
    assert_false(matters_are_apart(matters, id_of(1), id_of(6)));
    assert_true(matters_has_danger(matters, id_of(5), 1));
    assert_false(matters_has_danger(matters, id_of(5), 2));
    assert_in_range(matters_bytes(matters), bytes, bytes + 4096); // the log keeps its room
    free(before);
    free(after);
    matters_free(matters);
}

// ---- what is asked of a branch ------------------------------------------------------------------

static void test_representatives(void **state)
{
    struct matters *matters = forest(10);
    int64_t reps[MATTER_REPS];
    (void)state;
    assert_int_equal(matters_representatives(matters, id_of(4), reps), 1);
    assert_int_equal(reps[0], id_of(4));
    assert_int_equal(matters_join(matters, id_of(2), id_of(4), 1, 0), 0);
    assert_int_equal(matters_representatives(matters, id_of(4), reps), 2);
    assert_int_equal(reps[1], id_of(2));
    assert_int_equal(matters_join(matters, id_of(9), id_of(4), 2, 0), 0);
    assert_int_equal(matters_join(matters, id_of(7), id_of(4), 3, 0), 0);
    assert_int_equal(matters_representatives(matters, id_of(4), reps), 3);
    assert_int_equal(reps[0], id_of(4));
    assert_int_equal(reps[1], id_of(9));
    assert_int_equal(reps[2], id_of(7));
    assert_int_equal(matters_split(matters, id_of(9)), 0);
    assert_int_equal(matters_representatives(matters, id_of(4), reps), 3);
    assert_int_equal(reps[1], id_of(7));
    assert_int_equal(reps[2], id_of(2));
    matters_free(matters);
}

// Separated ones are apart with everything that hangs with them, as long as it does.
static void test_apart(void **state)
{
    struct matters *matters = forest(10);
    int64_t pair[2], apart[4];
    (void)state;
    assert_int_equal(matters_set_apart(matters, id_of(1), id_of(2), true), 0);
    assert_true(matters_are_apart(matters, id_of(1), id_of(2)));
    assert_true(matters_are_apart(matters, id_of(2), id_of(1)));
    assert_int_equal(matters_join(matters, id_of(1), id_of(5), 1, 0), 0);
    assert_int_equal(matters_join(matters, id_of(2), id_of(6), 2, 0), 0);
    assert_true(matters_are_apart(matters, id_of(5), id_of(6)));
    assert_true(matters_next_apart(matters, id_of(6), id_of(5), pair));
    assert_int_equal(pair[0], id_of(2));
    assert_int_equal(pair[1], id_of(1));
    assert_int_equal(matters_apart_of(matters, id_of(1), apart, 4), 1);
    assert_int_equal(apart[0], id_of(2));
    assert_int_equal(matters_apart_of(matters, id_of(5), apart, 4), 0);
    assert_int_equal(matters_split(matters, id_of(1)), 0);
    assert_false(matters_are_apart(matters, id_of(5), id_of(6)));
    assert_true(matters_are_apart(matters, id_of(6), id_of(1)));
    assert_int_equal(matters_set_apart(matters, id_of(2), id_of(1), false), 0);
    assert_false(matters_are_apart(matters, id_of(1), id_of(2)));
    assert_int_equal(matters_set_apart(matters, id_of(1), id_of(1), true), WH_E_INVALID);
    matters_free(matters);
}

static void test_danger(void **state)
{
    struct matters *matters = forest(5);
    uint64_t words[] = {17, 18, 17};
    size_t n;
    (void)state;
    assert_int_equal(matters_danger(matters, id_of(1), words, 3), 0);
    assert_non_null(matters_danger_of(matters, id_of(1), &n));
    assert_int_equal(n, 2);
    assert_false(matters_has_danger(matters, id_of(0), 17));
    assert_int_equal(matters_join(matters, id_of(1), id_of(0), 1, 0), 0);
    assert_true(matters_has_danger(matters, id_of(0), 17));
    assert_int_equal(matters_split(matters, id_of(1)), 0);
    assert_false(matters_has_danger(matters, id_of(0), 17));
    for (uint64_t word = 100; word < 200; word++)
        assert_int_equal(matters_danger(matters, id_of(2), &word, 1), 0);
    assert_non_null(matters_danger_of(matters, id_of(2), &n));
    assert_int_equal(n, MATTER_DANGER_MAX);
    matters_free(matters);
}

static void test_dropped(void **state)
{
    struct matters *matters = forest(100);
    size_t bytes = matters_bytes(matters), pos = 0, seen = 0;
    int64_t ids[16];
    (void)state;
    assert_int_equal(matters_join(matters, id_of(1), id_of(0), 1, 0), 0);
    assert_int_equal(matters_set_apart(matters, id_of(1), id_of(3), true), 0);
    matters_keep(matters);
    matters_drop(matters, id_of(0));
    matters_drop(matters, id_of(3));
    assert_int_equal(matters_count(matters), 98);
    assert_int_equal(matters_root(matters, id_of(1)), id_of(1));
    assert_false(matters_are_apart(matters, id_of(1), id_of(3)));
    assert_true(matters_bytes(matters) < bytes + 8192);
    do
        seen += matters_slice(matters, &pos, ids, 16);
    while (pos != 0);
    assert_int_equal(seen, 98);
    matters_free(matters);
}

// 0 (P3) with 1 (P2) and 2 (P4) below, 3 (P1) below 1.
static void test_urgency_is_of_who_stays(void **state)
{
    static const uint8_t priorities[] = {3, 2, 4, 1};
    struct matters *matters = forest(4);
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct standing s = *matters_get(matters, id_of(i));
        s.priority = priorities[i];
        assert_int_equal(matters_put(matters, &s), 0);
    }
    assert_int_equal(matters_urgency(matters, id_of(0), 0), 0);
    assert_int_equal(matters_join(matters, id_of(3), id_of(1), 1, 0), 0);
    assert_int_equal(matters_join(matters, id_of(1), id_of(0), 2, 0), 0);
    assert_int_equal(matters_join(matters, id_of(2), id_of(0), 3, 0), 0);
    assert_int_equal(matters_urgency(matters, id_of(0), 0), 1);
    assert_int_equal(matters_urgency(matters, id_of(0), id_of(3)), 2);
    assert_int_equal(matters_urgency(matters, id_of(0), id_of(1)), 4); // with all below it
    assert_int_equal(matters_urgency(matters, id_of(0), id_of(2)), 1);
    assert_int_equal(matters_urgency(matters, id_of(1), id_of(3)), 0);
    matters_free(matters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),        cmocka_unit_test(test_join_and_split_is_identity),
        cmocka_unit_test(test_undo_is_whole), cmocka_unit_test(test_representatives),
        cmocka_unit_test(test_apart),         cmocka_unit_test(test_danger),
        cmocka_unit_test(test_dropped),       cmocka_unit_test(test_urgency_is_of_who_stays),
    };
    return cmocka_run_group_tests_name("dedup matter", tests, NULL, NULL);
}
