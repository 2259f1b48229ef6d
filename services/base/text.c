// SPDX-License-Identifier: Apache-2.0
// Decoding and checking of UTF-8 (Unicode 15, table 3-7), small string helpers. Decides validity
// only.
#define _GNU_SOURCE // memmem
#include "base/text.h"

#include <string.h>

struct wh_str wh_str(const char *text)
{
    return (struct wh_str){text, text ? strlen(text) : 0};
}

struct wh_str wh_str_n(const char *text, size_t n)
{
    return (struct wh_str){text, n};
}

int wh_str_cmp(struct wh_str a, struct wh_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

bool wh_str_eq(struct wh_str a, struct wh_str b)
{
    return a.n == b.n && wh_str_cmp(a, b) == 0;
}

bool wh_str_starts(struct wh_str text, struct wh_str head)
{
    return text.n >= head.n && wh_str_eq((struct wh_str){text.p, head.n}, head);
}

bool wh_str_ends(struct wh_str text, struct wh_str tail)
{
    if (tail.n == 0)
        return true;
    return text.n >= tail.n && memcmp(text.p + (text.n - tail.n), tail.p, tail.n) == 0;
}

size_t wh_str_find(struct wh_str text, struct wh_str part)
{
    if (part.n == 0)
        return 0;
    const char *hit = text.n ? memmem(text.p, text.n, part.p, part.n) : NULL;
    return hit ? (size_t)(hit - text.p) : SIZE_MAX;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct wh_str wh_str_trim(struct wh_str text)
{
    while (text.n > 0 && is_space(text.p[0])) {
        text.p++;
        text.n--;
    }
    while (text.n > 0 && is_space(text.p[text.n - 1]))
        text.n--;
    return text;
}

bool wh_str_split(struct wh_str *rest, char sep, struct wh_str *ret_piece)
{
    if (!rest->p)
        return false;
    const char *hit = rest->n ? memchr(rest->p, sep, rest->n) : NULL;
    size_t n = hit ? (size_t)(hit - rest->p) : rest->n;
    *ret_piece = (struct wh_str){rest->p, n};
    *rest = hit ? (struct wh_str){hit + 1, rest->n - n - 1} : (struct wh_str){NULL, 0};
    return true;
}

// Length of the sequence a first byte opens, and the bits of the code point it carries; 0: none.
static size_t sequence_length(unsigned char first, uint32_t *ret_bits)
{
    if (first >= 0xC2 && first <= 0xDF) {
        *ret_bits = first & 0x1Fu;
        return 2;
    }
    if ((first & 0xF0) == 0xE0) {
        *ret_bits = first & 0x0Fu;
        return 3;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        *ret_bits = first & 0x07u;
        return 4;
    }
    return 0;
}

static inline size_t decode_three(const unsigned char *bytes, uint32_t *ret_point)
{
    if ((bytes[1] & 0xC0) != 0x80 || (bytes[2] & 0xC0) != 0x80)
        return 0;
    uint32_t point = (bytes[0] & 0x0Fu) << 12 | (bytes[1] & 0x3Fu) << 6 | (bytes[2] & 0x3Fu);
    if (point < 0x800 || (point >= 0xD800 && point <= 0xDFFF))
        return 0;
    *ret_point = point;
    return 3;
}

size_t wh_utf8_decode(const char *p, size_t n, uint32_t *ret_point)
{
    const unsigned char *bytes = (const unsigned char *)p;
    if (n == 0)
        return 0;
    if (bytes[0] < 0x80) {
        *ret_point = bytes[0];
        return 1;
    }
    if (n >= 3 && (bytes[0] & 0xF0) == 0xE0)
        return decode_three(bytes, ret_point); // nearly all of our texts
    uint32_t point = 0;
    size_t length = sequence_length(bytes[0], &point);
    if (length == 0 || length > n)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
        point = point << 6 | (bytes[i] & 0x3Fu);
    }
    bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
    if (overlong || (point >= 0xD800 && point <= 0xDFFF) || point > 0x10FFFF)
        return 0;
    *ret_point = point;
    return length;
}

bool wh_utf8_valid(const char *p, size_t n)
{
    uint32_t point;
    for (size_t i = 0; i < n;) {
        size_t width = wh_utf8_decode(p + i, n - i, &point);
        if (width == 0)
            return false;
        i += width;
    }
    return true;
}

size_t wh_utf8_chars(const char *p, size_t n)
{
    uint32_t point;
    size_t chars = 0;
    for (size_t i = 0; i < n; chars++) {
        size_t width = wh_utf8_decode(p + i, n - i, &point);
        i += width ? width : 1;
    }
    return chars;
}

size_t wh_utf8_cut(const char *p, size_t n, size_t max_bytes)
{
    if (n <= max_bytes)
        return n;
    size_t cut = max_bytes;
    while (cut > 0 && ((unsigned char)p[cut] & 0xC0) == 0x80)
        cut--;
    return cut;
}

static int refuse(enum wh_rule rule, int error, enum wh_rule *ret_rule)
{
    if (ret_rule)
        *ret_rule = rule;
    return error;
}

static bool is_control(uint32_t point)
{
    if (point == '\n' || point == '\t')
        return false;
    return point < 0x20 || (point >= 0x7F && point <= 0x9F);
}

int wh_text_check(const char *p, size_t n, size_t max_chars, enum wh_rule *ret_rule)
{
    uint32_t point;
    size_t chars = 0;
    for (size_t i = 0; i < n; chars++) {
        size_t width = wh_utf8_decode(p + i, n - i, &point);
        if (width == 0)
            return refuse(WH_RULE_FIELD_UTF8, WH_E_INVALID, ret_rule);
        if (is_control(point))
            return refuse(WH_RULE_FIELD_NUL, WH_E_INVALID, ret_rule);
        i += width;
    }
    if (chars > max_chars)
        return refuse(WH_RULE_FIELD_LENGTH, WH_E_RANGE, ret_rule);
    return 0;
}

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

int wh_ident_check(const char *p, size_t n, size_t max, enum wh_rule *ret_rule)
{
    if (n == 0)
        return refuse(WH_RULE_FIELD_MISSING, WH_E_RANGE, ret_rule);
    if (n > max)
        return refuse(WH_RULE_FIELD_LENGTH, WH_E_RANGE, ret_rule);
    for (size_t i = 0; i < n; i++) {
        bool mark = p[i] == '_' || p[i] == '-' || p[i] == '.';
        if (!is_alnum(p[i]) && !(i > 0 && mark))
            return refuse(WH_RULE_FIELD_FORMAT, WH_E_INVALID, ret_rule);
    }
    return 0;
}
