// SPDX-License-Identifier: Apache-2.0
// How wide a text is in a terminal, by Unicode's East Asian Width (wide and full-width: 2) and the
// combining marks (0). Ranges after EastAsianWidth.txt 15.0, joined where the gaps hold no letters.
#include <stdint.h>
#include <string.h>

#include "cli/output.h"

struct range {
    uint32_t first, last;
};

static const struct range wide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2e80, 0x303e},   {0x3041, 0x33ff},
    {0x3400, 0x4dbf},   {0x4e00, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},
    {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff01, 0xff60},   {0xffe0, 0xffe6},
    {0x16fe0, 0x18cff}, {0x1b000, 0x1b2ff}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
    {0x1f900, 0x1faff}, {0x20000, 0x3fffd},
};

static const struct range zero[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x064b, 0x065f},   {0x200b, 0x200f},
    {0x202a, 0x202e}, {0x2060, 0x2064}, {0x20d0, 0x20f0}, {0x302a, 0x302d},   {0x3099, 0x309a},
    {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0100, 0xe01ef},
};

static bool in(const struct range *table, size_t n, uint32_t c)
{
    for (size_t i = 0; i < n && table[i].first <= c; i++)
        if (c <= table[i].last)
            return true;
    return false;
}

static size_t width_char(uint32_t c)
{
    if (in(zero, sizeof zero / sizeof *zero, c))
        return 0;
    return in(wide, sizeof wide / sizeof *wide, c) ? 2 : 1;
}

// One character from the text: its length in bytes (1 for an invalid one) and code point.
static size_t next(const char *text, uint32_t *ret_c)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc0 ? 2 : 0;
    static const unsigned char mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t c = n ? s[0] & mask[n] : 0;
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            n = 0;
        else
            c = c << 6 | (s[i] & 0x3f);
    }
    *ret_c = n ? c : '?';
    return n ? n : 1;
}

static bool control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

size_t width_of(const char *text)
{
    size_t width = 0;
    while (*text) {
        uint32_t c;
        text += next(text, &c);
        width += control(c) ? 1 : width_char(c);
    }
    return width;
}

void width_fit(const char *text, size_t columns, char *ret_text, size_t n)
{
    size_t used = 0, at = 0;
    bool cut = width_of(text) > columns;
    size_t room = cut && columns ? columns - 1 : columns;
    while (*text) {
        uint32_t c;
        size_t bytes = next(text, &c), width = control(c) ? 1 : width_char(c);
        if (used + width > room || at + bytes + 4 > n)
            break;
        if (control(c) || (c == '?' && *text != '?'))
            ret_text[at++] = control(c) ? ' ' : '?';
        else
            memcpy(ret_text + at, text, bytes), at += bytes;
        used += width;
        text += bytes;
    }
    if (*text && columns) {
        memcpy(ret_text + at, "…", sizeof "…" - 1);
        at += sizeof "…" - 1;
    }
    ret_text[at] = '\0';
}

void say_clean(FILE *to, const char *text, bool lines)
{
    while (*text) {
        uint32_t c;
        size_t bytes = next(text, &c);
        bool keep = !control(c) || (lines && c == '\n');
        if (c == '?' && *text != '?')
            (void)fputc('?', to);
        else if (keep)
            (void)fwrite(text, 1, bytes, to);
        else
            (void)fputc(' ', to);
        text += bytes;
    }
}
