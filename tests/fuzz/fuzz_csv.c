// SPDX-License-Identifier: Apache-2.0
// Any bytes as CSV: no crash, no cell beyond its text; what was read, written and read again is the
// same, with formula characters guarded and without.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct wh_arena one, two;

static void check(bool holds)
{
    if (!holds)
        abort();
}

static char *write_row(const struct wh_csv *csv, bool guard, size_t *ret_n)
{
    char *text = NULL;
    FILE *to = open_memstream(&text, ret_n);
    check(to != NULL);
    for (size_t i = 0; i < csv->n; i++) {
        if (i > 0)
            fputc(',', to);
        wh_csv_put(to, csv->cells[i], guard);
    }
    fputs("\r\n", to);
    check(fclose(to) == 0);
    return text;
}

static void same_again(const struct wh_csv *csv, bool guard)
{
    struct wh_csv again;
    size_t n = 0;
    char *text = write_row(csv, guard, &n);
    wh_csv_init(&again, text, n);
    int rc = wh_csv_next(&again, &two);
    if (rc != WH_E_NOMEM && rc != WH_E_INVALID) { // too long, once its quotes are doubled
        check(rc == 1 && again.n == csv->n);
        for (size_t i = 0; i < csv->n; i++) {
            const char *cell = guard ? wh_csv_unguard(again.cells[i]) : again.cells[i];
            check(strcmp(cell, csv->cells[i]) == 0);
            check(!guard || again.cells[i][0] == '\0' || strchr("=+-@", again.cells[i][0]) == NULL);
        }
        check(wh_csv_next(&again, &two) == 0);
    }
    wh_arena_reset(&two);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct wh_csv csv;
    int rc;
    unsigned rows = 0;
    if (one.cap == 0) {
        wh_arena_init(&one, 1 << 20);
        wh_arena_init(&two, 1 << 20);
    }
    wh_csv_init(&csv, (const char *)data, n);
    while ((rc = wh_csv_next(&csv, &one)) == 1) {
        check(csv.row == ++rows && csv.n >= 1 && csv.n <= WH_CSV_CELLS_MAX);
        same_again(&csv, false);
        same_again(&csv, true);
        wh_arena_reset(&one);
    }
    check(rc == 0 ? csv.at == csv.end : csv.row == rows + 1);
    check(rc != WH_E_INVALID || csv.why != NULL);
    wh_arena_reset(&one);
    return 0;
}
