// SPDX-License-Identifier: Apache-2.0
// The chain's hash, and the tail: the newest rows unharmed whatever their sizes, the oldest leave,
// the floor's hash stays known (seeded).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/error.h"
#include "runtime/journal.h"

#define ROWS 3000

static uint64_t state;

static uint32_t next(void)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33);
}

// Row `seq`, the same each time it is made.
static struct wh_journal_row row_of(int64_t seq, size_t most, uint8_t *body, int32_t *subjects)
{
    uint64_t kept = state;
    state = (uint64_t)seq * 7919;
    struct wh_journal_row row = {.seq = seq, .at = seq * 10, .object = seq * 3, .kind = 2};
    row.body_n = next() % most;
    row.n_subjects = next() % 6;
    for (size_t i = 0; i < row.body_n; i++)
        body[i] = (uint8_t)next();
    for (size_t i = 0; i < row.n_subjects; i++)
        subjects[i] = (int32_t)next();
    memset(row.hash, (int)(seq % 251), sizeof row.hash);
    row.body = body;
    row.subjects = subjects;
    state = kept;
    return row;
}

static void check(const struct wh_tail *tail, int64_t seq, size_t most)
{
    static uint8_t body[8192];
    int32_t subjects[8];
    uint8_t hash[WH_HASH_SIZE];
    struct wh_journal_row wanted = row_of(seq, most, body, subjects);
    const struct wh_journal_row *got = wh_tail_get(tail, seq);
    assert_non_null(got);
    assert_int_equal(got->seq, seq);
    assert_int_equal(got->at, wanted.at);
    assert_int_equal(got->body_n, wanted.body_n);
    assert_int_equal(got->n_subjects, wanted.n_subjects);
    assert_memory_equal(got->body, wanted.body, wanted.body_n);
    assert_memory_equal(got->subjects, wanted.subjects, wanted.n_subjects * sizeof *subjects);
    assert_true(wh_tail_hash(tail, seq, hash));
    assert_memory_equal(hash, wanted.hash, sizeof hash);
}

static void newest_stay(void **unused)
{
    (void)unused;
    static uint8_t body[8192];
    int32_t subjects[8];
    for (size_t most = 1; most <= 4096; most *= 4) {
        struct wh_tail *tail = wh_tail_new(64 * 1024, 512);
        uint8_t hash[WH_HASH_SIZE] = {9};
        wh_tail_reset(tail, 100, hash);
        for (int64_t seq = 101; seq < 100 + ROWS; seq++) {
            struct wh_journal_row row = row_of(seq, most, body, subjects);
            assert_int_equal(wh_tail_append(tail, &row), 0);
            assert_int_equal(wh_tail_head(tail, hash), seq);
            assert_memory_equal(hash, row.hash, sizeof hash);
            assert_int_equal(wh_tail_append(tail, &row), WH_E_CONFLICT);
            if (seq % 97 == 0)
                for (int64_t old = wh_tail_floor(tail) + 1; old <= seq; old++)
                    check(tail, old, most);
        }
        int64_t floor = wh_tail_floor(tail), held = wh_tail_head(tail, NULL) - floor;
        assert_true(held <= 512 && held * (int64_t)most >= 24 * 1024 * (most > 256));
        assert_null(wh_tail_get(tail, floor));
        assert_true(wh_tail_hash(tail, floor, hash));
        assert_int_equal(hash[0], floor % 251);
        assert_false(wh_tail_hash(tail, floor - 1, hash));
        wh_tail_free(tail);
    }
}

static void too_large_a_row(void **unused)
{
    (void)unused;
    static uint8_t body[4096];
    uint8_t hash[WH_HASH_SIZE] = {0};
    struct wh_tail *tail = wh_tail_new(1024, 16);
    wh_tail_reset(tail, 0, hash);
    struct wh_journal_row row = {.seq = 1, .body = body, .body_n = sizeof body, .hash = {7}};
    assert_int_equal(wh_tail_append(tail, &row), 0);
    assert_int_equal(wh_tail_floor(tail), 1);
    assert_int_equal(wh_tail_head(tail, hash), 1);
    assert_int_equal(hash[0], 7);
    row = (struct wh_journal_row){.seq = 2, .body = body, .body_n = 10, .hash = {8}};
    assert_int_equal(wh_tail_append(tail, &row), 0);
    assert_non_null(wh_tail_get(tail, 2));
    wh_tail_free(tail);
}

static void chained(void **unused)
{
    (void)unused;
    uint8_t zeros[WH_HASH_SIZE] = {0}, one[WH_HASH_SIZE], all[WH_HASH_SIZE];
    uint8_t joined[WH_HASH_SIZE + 3] = {0};
    memcpy(joined + WH_HASH_SIZE, "abc", 3);
    wh_journal_hash(zeros, (const uint8_t *)"abc", 3, one);
    assert_int_equal(crypto_generichash(all, sizeof all, joined, sizeof joined, NULL, 0), 0);
    assert_memory_equal(one, all, sizeof all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(newest_stay),
        cmocka_unit_test(too_large_a_row),
        cmocka_unit_test(chained),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
