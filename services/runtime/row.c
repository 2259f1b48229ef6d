// SPDX-License-Identifier: Apache-2.0
// Reading columns of a binary result. Integers are told apart by their width; an array of another
// shape than one dimension of int4 or int8 reads as empty.
#include "runtime/row.h"

#include <endian.h>
#include <string.h>

bool wh_row_null(const struct wh_row *row, int column)
{
    return PQgetisnull(row->result, row->row, column) != 0;
}

static int64_t integer(const uint8_t *at, size_t n)
{
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++)
        value = value << 8 | at[i];
    if (n == 1)
        return (int64_t)value;
    unsigned shift = (unsigned)(64 - 8 * n);
    return (int64_t)(value << shift) >> shift;
}

int64_t wh_row_int(const struct wh_row *row, int column)
{
    int n = PQgetlength(row->result, row->row, column);
    if (n != 1 && n != 2 && n != 4 && n != 8)
        return 0;
    return integer((const uint8_t *)PQgetvalue(row->result, row->row, column), (size_t)n);
}

const uint8_t *wh_row_bytes(const struct wh_row *row, int column, size_t *ret_n)
{
    int n = PQgetlength(row->result, row->row, column);
    if (ret_n)
        *ret_n = (size_t)n;
    return (const uint8_t *)PQgetvalue(row->result, row->row, column);
}

size_t wh_row_ints(const struct wh_row *row, int column, int64_t *ret_ints, size_t max)
{
    size_t n;
    const uint8_t *at = wh_row_bytes(row, column, &n);
    if (n < 20 || integer(at, 4) != 1)
        return 0;
    size_t count = (size_t)integer(at + 12, 4), i = 0;
    const uint8_t *end = at + n;
    for (at += 20; i < count && i < max && end - at >= 4; i++) {
        int64_t width = integer(at, 4);
        at += 4;
        if (width < 0) {
            ret_ints[i] = 0;
            continue;
        }
        if (width > end - at || (width != 2 && width != 4 && width != 8))
            return i;
        ret_ints[i] = integer(at, (size_t)width);
        at += width;
    }
    return i;
}

size_t wh_row_count(const PGresult *result)
{
    return (size_t)PQntuples(result);
}
