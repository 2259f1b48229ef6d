// SPDX-License-Identifier: Apache-2.0
// The cap holds whatever is asked; pieces are aligned and never overlap; reset gives all back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

static void cap_holds(void **state)
{
    struct wh_arena arena;
    (void)state;
    wh_arena_init(&arena, 100);
    for (int i = 0; i < 6; i++)
        assert_non_null(wh_arena_alloc(&arena, 1));
    assert_null(wh_arena_alloc(&arena, 1));
    assert_null(wh_arena_alloc(&arena, 0));
    assert_int_equal(wh_arena_used(&arena), 96);
    wh_arena_reset(&arena);
    assert_int_equal(wh_arena_used(&arena), 0);
    assert_null(wh_arena_alloc(&arena, SIZE_MAX));
    assert_null(wh_arena_alloc(&arena, SIZE_MAX - 14));
    assert_null(wh_arena_alloc(&arena, 101));
    assert_null(wh_arena_calloc(&arena, SIZE_MAX / 2, 3));
    assert_non_null(wh_arena_alloc(&arena, 96));
    wh_arena_done(&arena);
}

static void zeroed_struct_is_empty(void **state)
{
    struct wh_arena arena = {0};
    (void)state;
    assert_null(wh_arena_alloc(&arena, 0));
    wh_arena_reset(&arena);
    wh_arena_done(&arena);
}

static void first_block_is_kept(void **state)
{
    struct wh_arena arena;
    (void)state;
    wh_arena_init(&arena, 1 << 20);
    void *first = wh_arena_alloc(&arena, 64);
    for (int i = 0; i < 100; i++)
        assert_non_null(wh_arena_alloc(&arena, 5000));
    wh_arena_reset(&arena);
    assert_ptr_equal(wh_arena_alloc(&arena, 64), first);
    wh_arena_done(&arena);
}

static void copies(void **state)
{
    struct wh_arena arena;
    (void)state;
    wh_arena_init(&arena, 1024);
    assert_string_equal(wh_arena_strdup(&arena, "报到"), "报到");
    assert_null(wh_arena_strdup(&arena, NULL));
    assert_memory_equal(wh_arena_dup(&arena, "a\0b", 3), "a\0b", 4);
    assert_string_equal(wh_arena_dup(&arena, NULL, 0), "");
    unsigned char *zeros = wh_arena_calloc(&arena, 10, 10);
    for (int i = 0; i < 100; i++)
        assert_int_equal(zeros[i], 0);
    wh_arena_done(&arena);
}

#define PIECES 400
static void random_pieces(void **state)
{
    unsigned char *pieces[PIECES];
    size_t sizes[PIECES];
    struct wh_arena arena;
    (void)state;
    srandom(1);
    wh_arena_init(&arena, 300000);
    for (int round = 0; round < 50; round++) {
        size_t n = 0;
        for (; n < PIECES; n++) {
            sizes[n] = (size_t)random() % 3000;
            pieces[n] = wh_arena_alloc(&arena, sizes[n]);
            if (!pieces[n])
                break;
            assert_int_equal((uintptr_t)pieces[n] % 16, 0);
            memset(pieces[n], (int)(n & 255), sizes[n]);
        }
        assert_true(n > 100 && wh_arena_used(&arena) <= 300000);
        for (size_t i = 0; i < n; i++) {
            for (size_t k = 0; k < sizes[i]; k++)
                assert_int_equal(pieces[i][k], i & 255);
        }
        wh_arena_reset(&arena);
    }
    wh_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cap_holds),           cmocka_unit_test(zeroed_struct_is_empty),
        cmocka_unit_test(first_block_is_kept), cmocka_unit_test(copies),
        cmocka_unit_test(random_pieces),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
