// SPDX-License-Identifier: Apache-2.0
// Keys of texts. ASCII and common ideographs, which is nearly all there is, go by tables; a text
// with anything else is composed by utf8proc until nothing changes any more, for a character that
// falls out may bring two together that compose.
#include "match/normalise.h"

#include <stdbool.h>
#include <string.h>
#include <utf8proc.h>

#include "base/text.h"

#define ROUNDS 4 // of composing; what still changes then is cut to what ROUNDS gave
#define MARKS 32 // a longer run of combining marks is no writing
#define PARTS 32 // the longest decomposition has 18 code points

#define IDEOGRAPHS 0x4E00u // common ones
#define IDEOGRAPHS_END 0xA000u

static const uint32_t simplified[IDEOGRAPHS_END - IDEOGRAPHS] = {
// 0: it is simple
#define SIMPLIFIED(from, to) [(from)-IDEOGRAPHS] = (to),
#include "match/simplified.inc"
#undef SIMPLIFIED
};

static bool ideograph(uint32_t point)
{
    return point >= IDEOGRAPHS && point < IDEOGRAPHS_END;
}

static uint32_t simple_of(uint32_t point)
{
    uint32_t simple = simplified[point - IDEOGRAPHS];
    return simple ? simple : point;
}

// Its key where a table says it, MATCH_SPACE where it separates, 0 where utf8proc must be asked.
static uint32_t plain(uint32_t point)
{
    if (point >= 0xFF01 && point <= 0xFF5E) // full width forms of ASCII
        point -= 0xFEE0;
    if (point < 0x80) {
        if (point >= 'A' && point <= 'Z')
            return point + ('a' - 'A');
        bool kept = (point >= 'a' && point <= 'z') || (point >= '0' && point <= '9');
        return kept ? point : MATCH_SPACE;
    }
    if (ideograph(point))
        return simple_of(point);
    bool separates = (point >= 0x2010 && point <= 0x2027) || (point >= 0x3001 && point <= 0x3003) ||
                     (point >= 0x3008 && point <= 0x3020);
    return separates ? MATCH_SPACE : 0;
}

static bool kept(uint32_t point)
{
    switch (utf8proc_category((utf8proc_int32_t)point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return true;
    default:
        return false;
    }
}

static bool joins(uint32_t point) // invisible: leaves no gap
{
    return utf8proc_category((utf8proc_int32_t)point) == UTF8PROC_CATEGORY_CF ||
           (point >= 0xFE00 && point <= 0xFE0F) || (point >= 0xE0100 && point <= 0xE01EF);
}

static uint32_t next_point(const char *text, size_t n, size_t *at)
{
    uint32_t point = MATCH_SPACE;
    size_t width = wh_utf8_decode(text + *at, n - *at, &point);
    *at += width ? width : 1;
    return width ? point : MATCH_SPACE;
}

// One more point; spaces are joined.
static void put(uint32_t *key, size_t *n, uint32_t point)
{
    if (point == MATCH_SPACE && (*n == 0 || key[*n - 1] == MATCH_SPACE))
        return;
    key[(*n)++] = point;
}

static size_t trimmed(const uint32_t *key, size_t n)
{
    return n > 0 && key[n - 1] == MATCH_SPACE ? n - 1 : n;
}

// The points of the text; easy ones folded, the others as they are. False: some are not easy.
static bool fold(const char *text, size_t n, uint32_t *key, size_t room, size_t *ret_n)
{
    size_t at = 0, k = 0;
    bool easy = true;
    while (at < n && k < room) {
        uint32_t point = next_point(text, n, &at), to = plain(point);
        if (!to && joins(point))
            continue;
        put(key, &k, to ? to : point);
        easy &= to != 0;
    }
    *ret_n = trimmed(key, k);
    return easy;
}

static int rank(uint32_t point) // canonical combining class
{
    return utf8proc_get_property((utf8proc_int32_t)point)->combining_class;
}

// Puts the last mark where it belongs among the marks before it (canonical order, stable).
static void order(uint32_t *key, size_t n)
{
    uint32_t mark = key[n - 1];
    int of = rank(mark);
    size_t i = n - 1;
    while (of > 0 && i > 0 && rank(key[i - 1]) > of) {
        key[i] = key[i - 1];
        i--;
    }
    key[i] = mark;
}

// Decomposes key[0..n) within room, in place: it is moved to the end and read from there.
static size_t decompose(uint32_t *key, size_t n, size_t room)
{
    const utf8proc_option_t how = UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD |
                                  UTF8PROC_IGNORE | UTF8PROC_STABLE;
    uint32_t *from = key + room - n;
    size_t k = 0, marks = 0;
    memmove(from, key, n * sizeof *key);
    for (size_t i = 0; i < n; i++) {
        utf8proc_int32_t parts[PARTS];
        int last = UTF8PROC_BOUNDCLASS_START;
        utf8proc_ssize_t got =
            utf8proc_decompose_char((utf8proc_int32_t)from[i], parts, PARTS, how, &last);
        if (got < 0 || got > PARTS || k + (size_t)got > room - n + i + 1)
            continue;
        for (utf8proc_ssize_t p = 0; p < got; p++) {
            marks = rank((uint32_t)parts[p]) > 0 ? marks + 1 : 0;
            if (marks > MARKS)
                continue;
            key[k++] = (uint32_t)parts[p];
            order(key, k);
        }
    }
    return k;
}

// One round: compatibility forms, case and composition, then only what is kept.
static size_t compose(uint32_t *key, size_t n, size_t room)
{
    n = decompose(key, n, room);
    utf8proc_ssize_t whole = utf8proc_normalize_utf32((utf8proc_int32_t *)key, (utf8proc_ssize_t)n,
                                                      UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    size_t k = 0;
    for (utf8proc_ssize_t i = 0; i < whole; i++) {
        uint32_t to = plain(key[i]);
        if (to || !joins(key[i]))
            put(key, &k, to ? to : kept(key[i]) ? key[i] : MATCH_SPACE);
    }
    return trimmed(key, k);
}

static uint64_t digest(const uint32_t *key, size_t n)
{
    uint64_t sum = n;
    for (size_t i = 0; i < n; i++)
        sum = (sum ^ key[i]) * UINT64_C(0x100000001B3);
    return sum;
}

size_t match_normalise(const char *text, size_t n, uint32_t *ret_key, size_t room)
{
    size_t k = 0;
    if (room == 0 || fold(text, n, ret_key, room, &k))
        return k;
    uint64_t before;
    size_t rounds = 0;
    do {
        before = digest(ret_key, k);
        k = compose(ret_key, k, room);
    } while (digest(ret_key, k) != before && ++rounds < ROUNDS);
    return k;
}
