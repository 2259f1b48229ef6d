// SPDX-License-Identifier: Apache-2.0
// UTF-8 against an encoder over all of Unicode and a table of wrong sequences; text and code
// checks.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/text.h"

static size_t encode(uint32_t point, char to[4])
{
    if (point < 0x80) {
        to[0] = (char)point;
        return 1;
    }
    size_t n = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, point >>= 6)
        to[i] = (char)(0x80 | (point & 0x3F));
    to[0] = (char)(((0xF00u >> n) & 0xFF) | point);
    return n;
}

static void all_of_unicode(void **state)
{
    (void)state;
    for (uint32_t point = 0; point < 0x130000; point++) {
        char bytes[4];
        uint32_t back = 0;
        size_t n = encode(point, bytes);
        int valid = point <= 0x10FFFF && !(point >= 0xD800 && point <= 0xDFFF);
        assert_int_equal(wh_utf8_decode(bytes, n, &back), valid ? n : 0);
        assert_true(!valid || back == point);
        if (n > 1)
            assert_int_equal(wh_utf8_decode(bytes, n - 1, &back), 0);
    }
}

// Every four bytes at random: what is accepted is exactly what encoding gives back.
static void random_bytes(void **state)
{
    uint64_t seed = 42;
    (void)state;
    for (int round = 0; round < 3000000; round++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        char bytes[4], again[4];
        uint32_t point = 0;
        uint64_t bits = (seed >> 20) | (round % 3 ? 0x808080E0u : 0xC0u);
        memcpy(bytes, &bits, 4);
        size_t width = wh_utf8_decode(bytes, 4, &point);
        if (width > 0) {
            assert_int_equal(encode(point, again), width);
            assert_memory_equal(bytes, again, width);
        }
    }
}

static void wrong_sequences(void **state)
{
    static const char *const wrong[] = {"\xC0\x80",
                                        "\xC1\xBF",
                                        "\xE0\x9F\xBF",
                                        "\xED\xA0\x80",
                                        "\xF0\x8F\xBF\xBF",
                                        "\xF4\x90\x80\x80",
                                        "\xF5\x80\x80\x80",
                                        "\x80",
                                        "\xE5\x90",
                                        "\xFF",
                                        "\xFE",
                                        "a\xE5"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(wh_utf8_valid(wrong[i], strlen(wrong[i])));
    assert_true(wh_utf8_valid("", 0));
    assert_true(wh_utf8_valid(NULL, 0));
}

static void check(const char *text, size_t n, size_t max, int error, enum wh_rule expected)
{
    enum wh_rule rule = WH_RULE_NONE;
    assert_int_equal(wh_text_check(text, n, max, &rule), error);
    assert_int_equal(rule, expected);
    assert_int_equal(wh_text_check(text, n, max, NULL), error);
}

static void texts(void **state)
{
    (void)state;
    check("吹哨报到", 12, 4, 0, WH_RULE_NONE);
    check("吹哨报到", 12, 3, WH_E_RANGE, WH_RULE_FIELD_LENGTH);
    check("", 0, 0, 0, WH_RULE_NONE);
    check("a\n\tb", 4, 4, 0, WH_RULE_NONE);
    check("a\0b", 3, 9, WH_E_INVALID, WH_RULE_FIELD_NUL);
    check("a\rb", 3, 9, WH_E_INVALID, WH_RULE_FIELD_NUL);
    check("\x7f", 1, 9, WH_E_INVALID, WH_RULE_FIELD_NUL);
    check("\xC2\x85", 2, 9, WH_E_INVALID, WH_RULE_FIELD_NUL);
    check("a\xE5\x90", 3, 9, WH_E_INVALID, WH_RULE_FIELD_UTF8);
    check("😀", 4, 1, 0, WH_RULE_NONE);
    assert_int_equal(wh_utf8_chars("吹a\xff", 5), 3);
    assert_int_equal(wh_utf8_cut("吹哨", 6, 5), 3);
    assert_int_equal(wh_utf8_cut("吹哨", 6, 6), 6);
    assert_int_equal(wh_utf8_cut("吹哨", 6, 2), 0);
}

static void codes(void **state)
{
    enum wh_rule rule = WH_RULE_NONE;
    (void)state;
    assert_int_equal(wh_ident_check("990101002", 9, 32, NULL), 0);
    assert_int_equal(wh_ident_check("GAS_LEAK-1.x", 12, 12, NULL), 0);
    assert_int_equal(wh_ident_check("", 0, 9, &rule), WH_E_RANGE);
    assert_int_equal(rule, WH_RULE_FIELD_MISSING);
    assert_int_equal(wh_ident_check("abc", 3, 2, &rule), WH_E_RANGE);
    assert_int_equal(rule, WH_RULE_FIELD_LENGTH);
    assert_int_equal(wh_ident_check("a b", 3, 9, &rule), WH_E_INVALID);
    assert_int_equal(rule, WH_RULE_FIELD_FORMAT);
    assert_int_equal(wh_ident_check("-a", 2, 9, NULL), WH_E_INVALID);
    assert_int_equal(wh_ident_check("a\0", 2, 9, NULL), WH_E_INVALID);
    assert_int_equal(wh_ident_check("\xE5\x90\xB9", 3, 9, NULL), WH_E_INVALID);
}

static void pieces(void **state)
{
    struct wh_str rest = wh_str("a,,b"), piece;
    (void)state;
    assert_true(wh_str_split(&rest, ',', &piece) && wh_str_eq(piece, wh_str("a")));
    assert_true(wh_str_split(&rest, ',', &piece) && piece.n == 0);
    assert_true(wh_str_split(&rest, ',', &piece) && wh_str_eq(piece, wh_str("b")));
    assert_false(wh_str_split(&rest, ',', &piece));
    assert_true(wh_str_eq(wh_str_trim(wh_str(" \t a b\n")), wh_str("a b")));
    assert_int_equal(wh_str_trim(wh_str("  ")).n, 0);
    assert_int_equal(wh_str_find(wh_str("燃气泄漏"), wh_str("泄漏")), 6);
    assert_true(wh_str_find(wh_str("ab"), wh_str("abc")) == SIZE_MAX);
    assert_true(wh_str_find(wh_str(NULL), wh_str("a")) == SIZE_MAX);
    assert_true(wh_str_starts(wh_str("abc"), wh_str("ab")));
    assert_true(wh_str_ends(wh_str("abc"), wh_str("bc")));
    assert_false(wh_str_ends(wh_str("c"), wh_str("bc")));
    assert_true(wh_str_ends(wh_str("c"), wh_str(NULL)));
    assert_true(wh_str_cmp(wh_str("ab"), wh_str("abc")) < 0);
    assert_true(wh_str_cmp(wh_str("b"), wh_str("abc")) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_unicode),  cmocka_unit_test(random_bytes),
        cmocka_unit_test(wrong_sequences), cmocka_unit_test(texts),
        cmocka_unit_test(codes),           cmocka_unit_test(pieces),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
