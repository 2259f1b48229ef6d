// SPDX-License-Identifier: Apache-2.0
// Rows of a CSV text as RFC 4180 has them: cells between commas, quoted ones may hold commas, line
// ends and doubled quotes. Line ends are CRLF, LF or CR. Strict: what is neither is an error with
// its place, nothing is guessed. And cells written so that a spreadsheet takes none for a formula.
// Knows nothing of headers, encodings or files.
#ifndef WH_BASE_CSV_H
#define WH_BASE_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/arena.h"

#define WH_CSV_CELLS_MAX 256
#define WH_CSV_CELL_MAX (64 * 1024) // bytes

// Embedded; text is borrowed and need not end in NUL.
struct wh_csv {
    const char *at, *end;
    unsigned row; // of the last wh_csv_next, from 1; a line break inside quotes starts no new row
    unsigned column;               // after an error: the cell, from 1
    const char *why;               // after an error: English, static
    size_t n;                      // cells of the last row
    char *cells[WH_CSV_CELLS_MAX]; // NUL-terminated, in the arena
};

void wh_csv_init(struct wh_csv *csv, const char *text, size_t n);
// The next row, empty lines included (one empty cell). 1; 0 at the end; WH_E_INVALID with why, row
// and column (nothing more can be read then); WH_E_NOMEM past the arena's cap.
int wh_csv_next(struct wh_csv *csv, struct wh_arena *arena);

// Writes one cell, quoted where it must be. guard: a text that a spreadsheet would take for a
// formula (= + - @ tab CR first), or that begins with ', gets a ' before it.
void wh_csv_put(FILE *to, const char *text, bool guard);
// The text of a cell that wh_csv_put guarded: without the ' that it added. Borrowed.
const char *wh_csv_unguard(const char *cell);

#endif
