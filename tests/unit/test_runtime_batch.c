// SPDX-License-Identifier: Apache-2.0
// Binary arrays: what goes in comes out of PostgreSQL's unnest and of wh_row_*, nulls and empty
// values too; rows that are taken back are gone (seeded).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "runtime/batch.h"
#include "runtime/row.h"
#include "support/pg.h"

#define LETTERS "LISZTBAU"
#define SQL                                                                                        \
    "SELECT l, i, s, z, t, b, a::int4[], u, a::int4[]::int8[] FROM unnest($1::int8[], $2::int4[]," \
    " $3::int2[], $4::bool[], $5::text[], $6::bytea[], $7::text[], $8::uuid[]) WITH ORDINALITY "   \
    "AS r (l, i, s, z, t, b, a, u, n) ORDER BY n"

static uint64_t state;
static struct pg *pg;

static uint32_t next(void)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33);
}

struct sample {
    int64_t l;
    int32_t i, ints[40];
    int16_t s;
    bool z, null;
    char text[32];
    uint8_t bytes[64], id[16];
    size_t bytes_n, ints_n;
};

static struct sample sample_of(uint64_t seed)
{
    struct sample sample = {0};
    state = seed * 7919 + 1;
    sample.null = next() % 5 == 0;
    sample.l = (int64_t)((uint64_t)next() << 40 ^ (uint64_t)next() << 11) - INT64_C(1) * next();
    sample.i = (int32_t)(next() * 3U);
    sample.s = (int16_t)next();
    sample.z = next() % 2;
    snprintf(sample.text, sizeof sample.text, "%s%u", next() % 2 ? "染坊街" : "", next());
    if (next() % 4 == 0)
        sample.text[0] = 0;
    sample.bytes_n = next() % sizeof sample.bytes;
    sample.ints_n = next() % 40;
    for (size_t i = 0; i < sample.bytes_n; i++)
        sample.bytes[i] = (uint8_t)next();
    for (size_t i = 0; i < sample.ints_n; i++)
        sample.ints[i] = (int32_t)(next() * 5U);
    for (size_t i = 0; i < 16; i++)
        sample.id[i] = (uint8_t)next();
    return sample;
}

static void add(struct wh_batch *batch, const struct sample *sample)
{
    struct wh_val row[] = {
        sample->null ? WH_NULL('L') : WH_L(sample->l),
        WH_I(sample->i),
        WH_S(sample->s),
        WH_Z(sample->z),
        sample->null ? WH_NULL('T') : WH_T(sample->text),
        sample->null ? WH_NULL('B') : WH_B(sample->bytes, sample->bytes_n),
        WH_A(sample->ints, sample->ints_n),
        WH_U(sample->id),
    };
    assert_int_equal(wh_batch_add(batch, row, 8), 0);
}

static void same(const struct wh_row *row, const struct sample *sample)
{
    int64_t ints[64];
    size_t n;
    assert_int_equal(wh_row_null(row, 0), sample->null);
    assert_int_equal(wh_row_int(row, 0), sample->null ? 0 : sample->l);
    assert_int_equal(wh_row_int(row, 1), sample->i);
    assert_int_equal(wh_row_int(row, 2), sample->s);
    assert_int_equal(wh_row_int(row, 3), sample->z);
    const uint8_t *text = wh_row_bytes(row, 4, &n);
    assert_int_equal(n, sample->null ? 0 : strlen(sample->text));
    assert_memory_equal(text, sample->text, n);
    const uint8_t *bytes = wh_row_bytes(row, 5, &n);
    assert_int_equal(n, sample->null ? 0 : sample->bytes_n);
    assert_memory_equal(bytes, sample->bytes, n);
    assert_memory_equal(wh_row_bytes(row, 7, &n), sample->id, 16);
    for (int column = 6; column <= 8; column += 2) {
        assert_int_equal(wh_row_ints(row, column, ints, 64), sample->ints_n);
        for (size_t i = 0; i < sample->ints_n; i++)
            assert_int_equal(ints[i], sample->ints[i]);
    }
}

static PGresult *run(const struct wh_db_param *params, int n, const char *sql)
{
    const char *values[WH_BATCH_COLUMNS];
    int lengths[WH_BATCH_COLUMNS], formats[WH_BATCH_COLUMNS];
    for (int i = 0; i < n; i++) {
        values[i] = params[i].data;
        lengths[i] = params[i].n;
        formats[i] = params[i].format;
    }
    PGresult *result = PQexecParams(pg_conn(pg), sql, n, NULL, values, lengths, formats, 1);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s", PQresultErrorMessage(result));
    return result;
}

static void there_and_back(void **unused)
{
    (void)unused;
    struct wh_batch batch;
    struct wh_db_param params[WH_BATCH_COLUMNS];
    assert_int_equal(wh_batch_init(&batch, LETTERS), 0);
    for (uint64_t round = 1; round <= 10; round++) {
        size_t keep = round * round * 3;
        wh_batch_clear(&batch);
        for (uint64_t i = 0; i < keep + 20; i++) {
            struct sample sample = sample_of(i);
            add(&batch, &sample);
        }
        wh_batch_undo(&batch, keep);
        assert_int_equal(batch.n_rows, keep);
        struct sample last = sample_of(keep);
        add(&batch, &last);
        wh_batch_params(&batch, params);
        PGresult *result = run(params, 8, SQL);
        assert_int_equal(PQntuples(result), keep + 1);
        for (int i = 0; i < PQntuples(result); i++) {
            struct wh_row row = {result, i};
            struct sample sample = sample_of((uint64_t)i);
            same(&row, &sample);
        }
        PQclear(result);
    }
    wh_batch_done(&batch);
}

static void wrong_rows(void **unused)
{
    (void)unused;
    struct wh_batch batch;
    assert_int_equal(wh_batch_init(&batch, "LX"), WH_E_INVALID);
    wh_batch_done(&batch);
    assert_int_equal(wh_batch_init(&batch, "LT"), 0);
    struct wh_val wrong[] = {WH_L(1), WH_I(2)}, good[] = {WH_L(1), WH_T("x")};
    assert_int_equal(wh_batch_add(&batch, wrong, 2), WH_E_INVALID);
    assert_int_equal(wh_batch_add(&batch, good, 1), WH_E_INVALID);
    assert_int_equal(batch.n_rows, 0);
    assert_int_equal(wh_batch_bytes(&batch), 0);
    assert_int_equal(wh_batch_add(&batch, good, 2), 0);
    assert_int_equal(batch.n_rows, 1);
    wh_batch_done(&batch);
}

static void scalars(void **unused)
{
    (void)unused;
    uint8_t space[6][256];
    struct wh_db_param params[6];
    const int64_t ints[] = {INT64_MIN, 0, INT64_MAX};
    const struct wh_val values[] = {WH_L(-5),        WH_I(7),       WH_T("街道"),
                                    WH_B("a\0b", 3), WH_A(ints, 3), WH_NULL('L')};
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(wh_param_scalar(&values[i], space[i], sizeof space[i], &params[i]), 0);
    PGresult *result = run(
        params, 6, "SELECT $1::int8, $2::int4, $3::text, $4::bytea, $5::int8[], $6::int8 IS NULL");
    struct wh_row row = {result, 0};
    int64_t out[4];
    size_t n;
    assert_int_equal(wh_row_int(&row, 0), -5);
    assert_int_equal(wh_row_int(&row, 1), 7);
    assert_memory_equal(wh_row_bytes(&row, 2, &n), "街道", 6);
    assert_memory_equal(wh_row_bytes(&row, 3, &n), "a\0b", 3);
    assert_int_equal(wh_row_ints(&row, 4, out, 4), 3);
    assert_memory_equal(out, ints, sizeof ints);
    assert_int_equal(wh_row_int(&row, 5), 1);
    PQclear(result);
}

static int setup(void **unused)
{
    (void)unused;
    pg = pg_new();
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    pg_free(pg);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(wrong_rows),
        cmocka_unit_test(scalars),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
