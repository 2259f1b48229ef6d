// SPDX-License-Identifier: Apache-2.0
// The shelf: an overlay that joins memory or vanishes, one item undone alone, and a bound on memory
// that never takes away what the turn in hand has loaded. Compared with plain arrays (seeded).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/service.h"
#include "runtime/shelf.h"

#define KEYS 64

static uint64_t state;

static uint32_t next(void)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33);
}

static int64_t value_of(struct wh_shelf *shelf, int64_t key)
{
    size_t n;
    const int64_t *value = wh_shelf_get(shelf, key, &n);
    if (!value)
        return -1;
    assert_true(n >= sizeof *value);
    return *value;
}

static void same(struct wh_shelf *shelf, const int64_t *plain)
{
    for (int64_t key = 0; key < KEYS; key++)
        assert_int_equal(value_of(shelf, key), plain[key]);
}

static void put(struct wh_shelf *shelf, int64_t *plain, int64_t value)
{
    unsigned char blob[256] = {0};
    int64_t key = next() % KEYS;
    memcpy(blob, &value, sizeof value);
    assert_int_equal(wh_shelf_put(shelf, key, blob, sizeof value + next() % 200), 0);
    plain[key] = value;
}

// Turns of items of puts; some items undone, some turns given up.
static void like_arrays(void **unused)
{
    (void)unused;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct wh_shelf *shelf = wh_shelf_new(1 << 20);
        int64_t memory[KEYS], overlay[KEYS], item[KEYS];
        memset(memory, -1, sizeof memory);
        state = seed;
        for (int turn = 0; turn < 60; turn++) {
            memcpy(overlay, memory, sizeof overlay);
            wh_shelves_begin();
            for (uint32_t i = next() % 12; i > 0; i--) {
                memcpy(item, overlay, sizeof item);
                wh_shelves_mark();
                for (uint32_t puts = next() % 6; puts > 0; puts--)
                    put(shelf, item, (int64_t)next());
                same(shelf, item);
                if (next() % 3 == 0)
                    wh_shelves_undo();
                else
                    memcpy(overlay, item, sizeof overlay);
                same(shelf, overlay);
            }
            if (next() % 4 == 0) {
                wh_shelves_rollback();
            } else {
                wh_shelves_commit();
                memcpy(memory, overlay, sizeof memory);
            }
            same(shelf, memory);
        }
        wh_shelf_free(shelf);
    }
}

static void bounded(void **unused)
{
    (void)unused;
    struct wh_shelf *shelf = wh_shelf_new(10000);
    unsigned char blob[400] = {0};
    for (int64_t key = 0; key < 1000; key++)
        assert_int_equal(wh_shelf_loaded(shelf, key, blob, sizeof blob), 0);
    assert_true(wh_shelf_bytes(shelf) <= 10000);
    assert_true(wh_shelf_has(shelf, 999));
    assert_false(wh_shelf_has(shelf, 1));
    assert_non_null(wh_shelf_get(shelf, 985, NULL)); // used: stays longer than its neighbours
    wh_shelves_begin();
    for (int64_t key = 2000; key < 2100; key++) // a turn's loads stay until it ends
        assert_int_equal(wh_shelf_loaded(shelf, key, blob, sizeof blob), 0);
    for (int64_t key = 2000; key < 2100; key++)
        assert_true(wh_shelf_has(shelf, key));
    wh_shelves_commit();
    assert_true(wh_shelf_bytes(shelf) <= 10000);
    assert_true(wh_shelf_has(shelf, 2099));
    wh_shelves_clear();
    assert_int_equal(wh_shelf_bytes(shelf), 0);
    assert_false(wh_shelf_has(shelf, 2099));
    wh_shelf_free(shelf);
}

static void loaded_keeps_newer(void **unused)
{
    (void)unused;
    struct wh_shelf *shelf = wh_shelf_new(10000);
    int64_t old = 1, newer = 2;
    wh_shelves_begin();
    assert_int_equal(wh_shelf_put(shelf, 5, &newer, sizeof newer), 0);
    wh_shelves_commit();
    assert_int_equal(wh_shelf_loaded(shelf, 5, &old, sizeof old), 0);
    assert_int_equal(value_of(shelf, 5), 2);
    wh_shelf_free(shelf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(like_arrays),
        cmocka_unit_test(bounded),
        cmocka_unit_test(loaded_keeps_newer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
