// SPDX-License-Identifier: Apache-2.0
// CSV: RFC 4180's own cases, what is refused and where, writing and reading again.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/csv.h"
#include "base/error.h"

static struct wh_arena arena;

// Rows as "a|b/c|d".
static void reads(const char *text, const char *wanted)
{
    char got[256] = "";
    struct wh_csv csv;
    int rc;
    wh_arena_init(&arena, 1 << 20);
    wh_csv_init(&csv, text, strlen(text));
    while ((rc = wh_csv_next(&csv, &arena)) == 1) {
        for (size_t i = 0; i < csv.n; i++) {
            strcat(got, i ? "|" : csv.row > 1 ? "/" : "");
            strcat(got, csv.cells[i]);
        }
    }
    assert_int_equal(rc, 0);
    assert_string_equal(got, wanted);
    wh_arena_done(&arena);
}

static void rows_and_cells(void **state)
{
    (void)state;
    reads("", "");
    reads("a,b,c", "a|b|c");
    reads("a,b\r\nc,d\r\n", "a|b/c|d");
    reads("a,b\nc,d\n", "a|b/c|d");
    reads("a\rb\r", "a/b");
    reads("a,,\n,\n", "a||/|");
    reads("\n\nx", "//x");
    reads("\"a,b\",\"c\"\"d\",\"e\r\nf\"\r\ng", "a,b|c\"d|e\r\nf/g");
    reads("\"\",x", "|x");
    reads(" a , b ", " a | b ");
}

static void refused(const char *text, size_t n, unsigned row, unsigned column)
{
    struct wh_csv csv;
    int rc;
    wh_arena_init(&arena, 1 << 20);
    wh_csv_init(&csv, text, n);
    while ((rc = wh_csv_next(&csv, &arena)) == 1)
        ;
    assert_int_equal(rc, WH_E_INVALID);
    assert_int_equal(csv.row, row);
    assert_int_equal(csv.column, column);
    assert_non_null(csv.why);
    wh_arena_done(&arena);
}

static void what_is_no_csv(void **state)
{
    static char wide[600], tall[70000];
    (void)state;
    refused("a,b\nc,\"d", 8, 2, 2);
    refused("a\"b", 3, 1, 1);
    refused("a\n\n\"b\"c,d", 9, 3, 1);
    refused("a,b\0c", 5, 1, 2);
    memset(wide, ',', sizeof wide);
    refused(wide, sizeof wide, 1, 257);
    memset(tall, 'x', sizeof tall);
    refused(tall, sizeof tall, 1, 1);
}

static void memory_is_bounded(void **state)
{
    struct wh_csv csv;
    (void)state;
    wh_arena_init(&arena, 64);
    wh_csv_init(&csv, "0123456789012345678901234567890123456789012345678901234567890123456789", 70);
    assert_int_equal(wh_csv_next(&csv, &arena), WH_E_NOMEM);
    wh_arena_done(&arena);
}

static void formulas_are_guarded_and_come_back(void **state)
{
    static const char *const texts[] = {"=1+1", "+86", "-5", "@x", "\tx",  "'x", "''=1",    "x", "",
                                        "a,b",  "\"",  " x", "x ", "a\nb", "'",  "=\"a\",b"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *text = NULL;
        size_t n = 0;
        struct wh_csv csv;
        FILE *to = open_memstream(&text, &n);
        wh_csv_put(to, texts[i], true);
        fputs(",end", to);
        fclose(to);
        assert_true(text[0] == '\0' || strchr("=+-@\t\r", text[0]) == NULL);
        wh_arena_init(&arena, 4096);
        wh_csv_init(&csv, text, n);
        assert_int_equal(wh_csv_next(&csv, &arena), 1);
        assert_int_equal(csv.n, 2);
        assert_string_equal(wh_csv_unguard(csv.cells[0]), texts[i]);
        wh_arena_done(&arena);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_and_cells),
        cmocka_unit_test(what_is_no_csv),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(formulas_are_guarded_and_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
