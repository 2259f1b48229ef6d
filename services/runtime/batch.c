// SPDX-License-Identifier: Apache-2.0
// PostgreSQL's binary array: dimensions, null flag, element oid, length, lower bound; then each
// element as length and bytes, all in network order. int[] elements inside an array have no binary
// form that unnest could take apart, so they travel as text "{1,2}".
#include "runtime/batch.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define HEADER 20

static uint32_t oid_of(char letter)
{
    switch (letter) {
    case 'L':
        return 20;
    case 'I':
        return 23;
    case 'S':
        return 21;
    case 'Z':
        return 16;
    case 'T':
    case 'A':
        return 25;
    case 'B':
        return 17;
    case 'U':
        return 2950;
    default:
        return 0;
    }
}

static int reserve(struct wh_bytes *bytes, size_t more)
{
    if (bytes->cap - bytes->n >= more)
        return 0;
    size_t cap = bytes->cap ? bytes->cap * 2 : 1024;
    while (cap - bytes->n < more)
        cap *= 2;
    uint8_t *data = realloc(bytes->data, cap);
    if (!data)
        return WH_E_NOMEM;
    bytes->data = data;
    bytes->cap = cap;
    return 0;
}

static void put32(uint8_t *to, uint32_t value)
{
    value = htobe32(value);
    memcpy(to, &value, 4);
}

static uint32_t get32(const uint8_t *from)
{
    uint32_t value;
    memcpy(&value, from, 4);
    return be32toh(value);
}

int wh_batch_init(struct wh_batch *batch, const char *letters)
{
    *batch = (struct wh_batch){0};
    batch->n_columns = strlen(letters);
    if (batch->n_columns > WH_BATCH_COLUMNS)
        return WH_E_INVALID;
    for (size_t i = 0; i < batch->n_columns; i++) {
        struct wh_column *column = &batch->columns[i];
        column->letter = letters[i];
        if (!oid_of(letters[i]))
            return WH_E_INVALID;
        if (reserve(&column->bytes, HEADER) != 0)
            return WH_E_NOMEM;
        column->bytes.n = HEADER;
    }
    return 0;
}

void wh_batch_done(struct wh_batch *batch)
{
    for (size_t i = 0; i < batch->n_columns; i++)
        free(batch->columns[i].bytes.data);
    *batch = (struct wh_batch){0};
}

void wh_batch_clear(struct wh_batch *batch)
{
    batch->n_rows = 0;
    for (size_t i = 0; i < batch->n_columns; i++)
        batch->columns[i].bytes.n = HEADER;
}

static bool is_null(const struct wh_val *value)
{
    return !value->p && value->n == (size_t)-1 && value->i == INT64_MIN;
}

// Big-endian integer of the letter's width; 0 for letters that are not integers.
static size_t integer(const struct wh_val *value, uint8_t *to)
{
    uint64_t i = (uint64_t)value->i;
    switch (value->type) {
    case 'L':
        i = htobe64(i);
        memcpy(to, &i, 8);
        return 8;
    case 'I':
        put32(to, (uint32_t)i);
        return 4;
    case 'S':
        to[0] = (uint8_t)(i >> 8);
        to[1] = (uint8_t)i;
        return 2;
    case 'Z':
        to[0] = i != 0;
        return 1;
    default:
        return 0;
    }
}

static char *decimal(int64_t value, char *to)
{
    char digits[20];
    size_t n = 0;
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    if (value < 0)
        *to++ = '-';
    do
        digits[n++] = (char)('0' + rest % 10);
    while (rest /= 10);
    while (n)
        *to++ = digits[--n];
    return to;
}

static size_t ints_text(const int64_t *wide, const int32_t *narrow, size_t n, char *to)
{
    char *at = to;
    *at++ = '{';
    for (size_t i = 0; i < n; i++) {
        if (i)
            *at++ = ',';
        at = decimal(wide ? wide[i] : narrow[i], at);
    }
    *at++ = '}';
    return (size_t)(at - to);
}

static int append(struct wh_bytes *bytes, const struct wh_val *value)
{
    size_t most = value->type == 'A' ? 12 * value->n + 2 : value->n;
    bool null = is_null(value);
    if (!null && (most > INT32_MAX || value->n > INT32_MAX / 12))
        return WH_E_INVALID;
    if (reserve(bytes, 4 + 8 + (null ? 0 : most)) != 0)
        return WH_E_NOMEM;
    uint8_t *to = bytes->data + bytes->n;
    size_t n = null ? 0 : integer(value, to + 4);
    if (!null && n == 0 && value->type == 'A') {
        n = ints_text(NULL, value->p, value->n, (char *)to + 4);
    } else if (!null && n == 0) {
        n = value->n;
        if (n)
            memcpy(to + 4, value->p, n);
    }
    put32(to, null ? UINT32_MAX : (uint32_t)n);
    bytes->n += 4 + n;
    return 0;
}

int wh_batch_add(struct wh_batch *batch, const struct wh_val *values, size_t n)
{
    if (n != batch->n_columns)
        return WH_E_INVALID;
    size_t done = 0;
    int status = 0;
    for (; done < n && status == 0; done++)
        status = values[done].type == batch->columns[done].letter
                     ? append(&batch->columns[done].bytes, &values[done])
                     : WH_E_INVALID;
    if (status == 0) {
        batch->n_rows++;
        return 0;
    }
    wh_batch_undo(batch, batch->n_rows);
    return status;
}

void wh_batch_undo(struct wh_batch *batch, size_t n_rows)
{
    for (size_t i = 0; i < batch->n_columns; i++) {
        struct wh_bytes *bytes = &batch->columns[i].bytes;
        size_t at = HEADER;
        for (size_t row = 0; row < n_rows && at < bytes->n; row++) {
            uint32_t n = get32(bytes->data + at);
            at += 4 + (n == UINT32_MAX ? 0 : n);
        }
        bytes->n = at;
    }
    batch->n_rows = n_rows;
}

void wh_batch_params(struct wh_batch *batch, struct wh_db_param *ret_params)
{
    for (size_t i = 0; i < batch->n_columns; i++) {
        struct wh_bytes *bytes = &batch->columns[i].bytes;
        put32(bytes->data, 1);
        put32(bytes->data + 4, 1);
        put32(bytes->data + 8, oid_of(batch->columns[i].letter));
        put32(bytes->data + 12, (uint32_t)batch->n_rows);
        put32(bytes->data + 16, 1);
        ret_params[i] = (struct wh_db_param){(const char *)bytes->data, (int)bytes->n, 1};
    }
}

size_t wh_batch_bytes(const struct wh_batch *batch)
{
    size_t n = 0;
    for (size_t i = 0; i < batch->n_columns; i++)
        n += batch->columns[i].bytes.n - HEADER;
    return n;
}

size_t wh_param_space(const struct wh_val *value)
{
    return value->type == 'A' && !is_null(value) ? 21 * value->n + 3 : 8;
}

int wh_param_scalar(const struct wh_val *value, uint8_t *space, size_t space_n,
                    struct wh_db_param *ret_param)
{
    if (!oid_of(value->type) || space_n < wh_param_space(value))
        return WH_E_INVALID;
    if (is_null(value)) {
        *ret_param = (struct wh_db_param){NULL, 0, 1};
        return 0;
    }
    size_t n = integer(value, space);
    if (n) {
        *ret_param = (struct wh_db_param){(const char *)space, (int)n, 1};
    } else if (value->type == 'A') {
        n = ints_text(value->p, NULL, value->n, (char *)space);
        space[n] = 0;
        *ret_param = (struct wh_db_param){(const char *)space, (int)n, 0};
    } else {
        *ret_param = (struct wh_db_param){value->p ? value->p : "", (int)value->n, 1};
    }
    return 0;
}
