// SPDX-License-Identifier: Apache-2.0
// Map and heap against the simplest thing that could be right.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/heap.h"
#include "base/map.h"

#define KEYS 600

static int64_t key_of(size_t i)
{
    return i % 3 == 0   ? (int64_t)i
           : i % 3 == 1 ? INT64_C(202611230000000) + (int64_t)i
                        : -(int64_t)i * INT64_C(4294967296);
}

static void check_against(const struct wh_map *map, const size_t *naive, size_t n)
{
    size_t pos = 0, seen = 0;
    int64_t key;
    assert_int_equal(wh_map_count(map), n);
    for (size_t i = 0; i < KEYS; i++) {
        size_t index = 0;
        assert_int_equal(wh_map_get_index(map, key_of(i), &index), naive[i] != 0);
        assert_int_equal(wh_map_has(map, key_of(i)), naive[i] != 0);
        assert_int_equal(index, naive[i]);
    }
    while (wh_map_next(map, &pos, &key, NULL))
        seen++;
    assert_int_equal(seen, n);
}

static void map_like_an_array(void **state)
{
    static size_t naive[KEYS];
    struct wh_map map = {0};
    size_t n = 0;
    (void)state;
    srandom(9);
    for (int round = 0; round < 300000; round++) {
        size_t i = (size_t)random() % KEYS;
        int deletes_more = round / 5000 % 2;
        if (random() % 3 < 1 + deletes_more) {
            assert_int_equal(wh_map_del(&map, key_of(i)), naive[i] != 0);
            n -= naive[i] != 0;
            naive[i] = 0;
        } else {
            n += naive[i] == 0;
            naive[i] = (size_t)random() + 1;
            assert_int_equal(wh_map_put_index(&map, key_of(i), naive[i]), 0);
        }
        if (round % 1000 == 0)
            check_against(&map, naive, n);
    }
    check_against(&map, naive, n);
    wh_map_done(&map);
    assert_false(wh_map_has(&map, 1));
    assert_false(wh_map_del(&map, 1));
}

static bool stop_at_three(void *arg, int64_t key, void *value)
{
    int *calls = arg;
    assert_ptr_equal(value, &((char *)NULL)[key]); // the test put the key itself
    return ++*calls < 3;
}

static void map_pointers(void **state)
{
    struct wh_map map;
    int calls = 0;
    (void)state;
    wh_map_init(&map);
    assert_null(wh_map_get(&map, 5));
    assert_int_equal(wh_map_reserve(&map, 1000), 0);
    size_t cap = map.cap;
    for (int64_t key = 0; key < 1000; key++)
        assert_int_equal(wh_map_put(&map, key, &((char *)NULL)[key]), 0);
    assert_int_equal(map.cap, cap);
    assert_int_equal(wh_map_reserve(&map, SIZE_MAX / 2), WH_E_NOMEM);
    wh_map_foreach(&map, stop_at_three, &calls);
    assert_int_equal(calls, 3);
    wh_map_done(&map);
}

static int compare_items(const void *a, const void *b)
{
    const struct wh_heap_item *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return (x->key > y->key) - (x->key < y->key);
}

static void heap_sorts(void **state)
{
    static struct wh_heap_item items[5000];
    struct wh_heap heap;
    struct wh_heap_item item;
    (void)state;
    srandom(10);
    wh_heap_init(&heap);
    assert_false(wh_heap_pop(&heap, &item));
    assert_false(wh_heap_peek(&heap, NULL));
    for (int i = 0; i < 5000; i++) {
        items[i] = (struct wh_heap_item){random() % 1000 - 500, random() % 7};
        assert_int_equal(wh_heap_push(&heap, items[i].at, items[i].key), 0);
    }
    assert_int_equal(wh_heap_count(&heap), 5000);
    qsort(items, 5000, sizeof *items, compare_items);
    for (int i = 0; i < 5000; i++) {
        assert_true(wh_heap_peek(&heap, &item));
        assert_int_equal(item.at, items[i].at);
        assert_true(wh_heap_pop(&heap, i % 2 ? &item : NULL));
        assert_int_equal(item.key, items[i].key);
    }
    assert_int_equal(wh_heap_count(&heap), 0);
    wh_heap_done(&heap);
}

// Pushes and pops mixed: what comes out is never later than anything still inside.
static void heap_mixed(void **state)
{
    struct wh_heap heap = {0};
    struct wh_heap_item item, next;
    (void)state;
    srandom(11);
    for (int round = 0; round < 100000; round++) {
        if (random() % 2 == 0)
            assert_int_equal(wh_heap_push(&heap, random() % 100, round), 0);
        else if (wh_heap_pop(&heap, &item) && wh_heap_peek(&heap, &next))
            assert_true(compare_items(&item, &next) <= 0);
    }
    wh_heap_done(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(map_like_an_array),
        cmocka_unit_test(map_pointers),
        cmocka_unit_test(heap_sorts),
        cmocka_unit_test(heap_mixed),
    };
    return cmocka_run_group_tests_name("map and heap", tests, NULL, NULL);
}
