// SPDX-License-Identifier: Apache-2.0
// Rows for one statement as PostgreSQL's binary arrays, one array a column: what a turn writes
// leaves in a handful of parameters, without a malloc a row. No I/O.
#ifndef WH_RUNTIME_BATCH_H
#define WH_RUNTIME_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/db.h"
#include "runtime/service.h"

#define WH_BATCH_COLUMNS 32
// A letter beside those of wh_statement: uuid, 16 bytes in `p`.
#define WH_U(bytes16) ((struct wh_val){.type = 'U', .p = (bytes16), .n = 16})

struct wh_bytes {
    uint8_t *data;
    size_t n, cap;
};

struct wh_column {
    char letter;
    struct wh_bytes bytes; // the array's header and its elements
};

// Reused from turn to turn; its memory grows to the largest turn seen and stays.
struct wh_batch {
    size_t n_rows, n_columns;
    struct wh_column columns[WH_BATCH_COLUMNS];
};

// letters as in wh_statement. 0, WH_E_INVALID (unknown letter, too many).
int wh_batch_init(struct wh_batch *batch, const char *letters);
void wh_batch_done(struct wh_batch *batch);
void wh_batch_clear(struct wh_batch *batch);
// One row; n and the letters must match. 0, WH_E_INVALID, WH_E_NOMEM (then the row is not there).
int wh_batch_add(struct wh_batch *batch, const struct wh_val *values, size_t n);
// Takes rows back down to n_rows.
void wh_batch_undo(struct wh_batch *batch, size_t n_rows);
// Fills n_columns parameters; they point into the batch until its next change.
void wh_batch_params(struct wh_batch *batch, struct wh_db_param *ret_params);
// Bytes that stand in the arrays.
size_t wh_batch_bytes(const struct wh_batch *batch);

// One scalar in binary into `space` (or pointing at its own bytes); for wh_select's parameters.
// 'A' becomes the text of an int8[] in space, which must hold 21 bytes an element and 3.
// WH_E_INVALID: unknown letter, no room.
int wh_param_scalar(const struct wh_val *value, uint8_t *space, size_t space_n,
                    struct wh_db_param *ret_param);
size_t wh_param_space(const struct wh_val *value);

#endif
