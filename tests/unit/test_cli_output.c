// SPDX-License-Identifier: Apache-2.0
// Display width, cutting, spans of time: what makes a table align and a countdown true.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/output.h"
#include "cli/text.h"

static void test_width(void **state)
{
    (void)state;
    assert_int_equal(width_of(""), 0);
    assert_int_equal(width_of("GASCO"), 5);
    assert_int_equal(width_of("燃气公司"), 8);
    assert_int_equal(width_of("P1 特急"), 7);
    assert_int_equal(width_of("\xef\xbc\x8c。"), 4); // full-width punctuation
    assert_int_equal(width_of("e\xcc\x81"), 1);      // combining acute accent
    assert_int_equal(width_of("ア"), 2);
    assert_int_equal(width_of("한"), 2);
    assert_int_equal(width_of("𠮷"), 2);       // outside the basic plane
    assert_int_equal(width_of("→ …"), 3);      // ambiguous counts one
    assert_int_equal(width_of("\xff\xfe"), 2); // invalid bytes one each
}

static void test_fit(void **state)
{
    char text[64];
    (void)state;
    width_fit("燃气公司", 8, text, sizeof text);
    assert_string_equal(text, "燃气公司");
    width_fit("燃气公司", 7, text, sizeof text);
    assert_string_equal(text, "燃气公…");
    width_fit("燃气公司", 6, text, sizeof text);
    assert_string_equal(text, "燃气…");
    width_fit("a\033[31mb\n", 20, text, sizeof text);
    assert_string_equal(text, "a [31mb ");
    width_fit("\xe2\x80\xae evil", 20, text, sizeof text); // turns the writing direction
    assert_string_equal(text, "  evil");
}

// Whatever the text: it fits, it ends, it is never longer than the buffer, it holds no control.
static void test_fit_property(void **state)
{
    static const char *const parts[] = {"a", "燃", "…", "\033", "\n", "é", "\xff", "𠮷", " "};
    (void)state;
    srand(20261123);
    for (int round = 0; round < 20000; round++) {
        char text[128] = "", out[40];
        for (int i = rand() % 20; i > 0; i--)
            strcat(text, parts[(size_t)rand() % (sizeof parts / sizeof *parts)]);
        size_t columns = 1 + (size_t)rand() % 30;
        width_fit(text, columns, out, sizeof out);
        assert_true(width_of(out) <= columns);
        assert_true(strlen(out) < sizeof out);
        for (const char *c = out; *c; c++)
            assert_true((unsigned char)*c >= 0x20);
    }
}

static void assert_countdown(int64_t ms, const char *zh, const char *en)
{
    char text[96];
    text_speak(true);
    countdown_text(ms, text, sizeof text);
    assert_string_equal(text, zh);
    text_speak(false);
    countdown_text(ms, text, sizeof text);
    assert_string_equal(text, en);
}

static void test_countdown(void **state)
{
    const int64_t s = 1000, m = 60 * s, h = 60 * m, d = 24 * h;
    (void)state;
    assert_countdown(4 * m + 30 * s, "还有 4 分 30 秒", "4 min 30 s left");
    assert_countdown(-2 * m, "已超时 2 分", "2 min late");
    assert_countdown(59 * s, "还有 59 秒", "59 s left");
    assert_countdown(0, "还有 0 秒", "0 s left");
    assert_countdown(25 * m + 59 * s, "还有 25 分", "25 min left");
    assert_countdown(h, "还有 1 小时", "1 h left");
    assert_countdown(-(2 * h + 5 * m), "已超时 2 小时 5 分", "2 h 5 min late");
    assert_countdown(3 * d + 4 * h, "还有 3 天 4 小时", "3 d 4 h left");
    assert_countdown(2 * d, "还有 2 天", "2 d left");
}

static char *printed(const struct table *table)
{
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);
    table_print(table, to, 2);
    fclose(to);
    return text;
}

static void test_table(void **state)
{
    const char *headers[] = {"部门", "state", "x"};
    struct table *table = table_new(headers, 3);
    (void)state;
    colour_use(false);
    assert_int_equal(table_rows(table), 0);
    char *text = printed(table);
    assert_string_equal(text, ""); // no rows: nothing
    free(text);
    table_row(table);
    table_cell(table, TONE_BAD, "公安分局");
    table_cell(table, TONE_PLAIN, "ok");
    table_cell(table, TONE_PLAIN, "1");
    table_row(table);
    table_cell(table, TONE_PLAIN, "GASCO");
    table_row(table);
    table_cell(table, TONE_PLAIN, "");
    table_cell(table, TONE_PLAIN, "late");
    text = printed(table);
    assert_string_equal(text, "  部门      state  x\n"
                              "  公安分局  ok     1\n"
                              "  GASCO\n"
                              "            late\n");
    free(text);
    table_free(table);
}

static void test_colour_off(void **state)
{
    (void)state;
    colour_use(false);
    assert_string_equal(colour_on(TONE_BAD), "");
    assert_string_equal(colour_off(TONE_BAD), "");
    colour_use(true);
    assert_true(*colour_on(TONE_BAD));
    colour_use(false);
    setenv("NO_COLOR", "1", 1);
    assert_false(colour_wanted());
}

static void test_locale(void **state)
{
    (void)state;
    unsetenv("LC_ALL");
    unsetenv("LC_MESSAGES");
    setenv("LANG", "zh_CN.UTF-8", 1);
    assert_true(text_locale_zh());
    setenv("LC_MESSAGES", "en_GB.UTF-8", 1);
    assert_false(text_locale_zh());
    setenv("LC_ALL", "zh_TW", 1);
    assert_true(text_locale_zh());
    unsetenv("LC_ALL");
    unsetenv("LC_MESSAGES");
    unsetenv("LANG");
    assert_true(text_locale_zh());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_width),        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_fit_property), cmocka_unit_test(test_countdown),
        cmocka_unit_test(test_table),        cmocka_unit_test(test_colour_off),
        cmocka_unit_test(test_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
