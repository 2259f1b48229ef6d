// SPDX-License-Identifier: Apache-2.0
// Names of places by what follows them. No gazetteer: what is common ("我们小区") is told from a
// name by how rare it is, and that the corpus knows.
#include <stdbool.h>
#include <uchar.h>

#include "match/normalise.h"

static const char32_t *const kinds[] = {
    U"路",   U"街", U"巷",   U"胡同", U"大道", U"小区", U"花园", U"家园", U"嘉园", U"佳苑", U"苑",
    U"公寓", U"村", U"名邸", U"大院", U"社区", U"公园", U"广场", U"大厦", U"里",   U"镇",   U"乡",
};

static bool among(uint32_t point, const char32_t *set)
{
    for (; *set; set++)
        if (*set == point)
            return true;
    return false;
}

static bool ideograph(uint32_t point)
{
    return point >= 0x4E00 && point <= 0x9FFF;
}

static size_t begins(const uint32_t *key, size_t n, const char32_t *word)
{
    size_t at = 0;
    for (; word[at]; at++)
        if (at >= n || key[at] != word[at])
            return 0;
    return at;
}

// Words that only look like the end of a name.
static bool other_word(const uint32_t *key, size_t n, size_t at, size_t to)
{
    uint32_t next = to < n ? key[to] : MATCH_SPACE;
    switch (key[at]) {
    case U'街':
        return among(next, U"道天头边"); // 街道: an office; 过街天桥
    case U'路':
        return among(key[at - 1], U"道线公马走铁电网思一过封堵修让占挡问") ||
               among(next, U"口边面上灯过人");
    case U'里':
        return next != MATCH_SPACE && !(next >= '0' && next <= '9') &&
               !among(next, U"一二三四五六七八九十小社号栋幢第");
    default:
        return false;
    }
}

// Where the word for the kind of place that begins at `at` ends; 0: none begins there.
static size_t kind_at(const uint32_t *key, size_t n, size_t at)
{
    for (size_t i = 0; at < n && i < sizeof kinds / sizeof *kinds; i++) {
        size_t width = begins(key + at, n - at, kinds[i]);
        if (width > 0 && !other_word(key, n, at, at + width))
            return at + width;
    }
    return 0;
}

size_t match_place_name(const uint32_t *key, size_t n, size_t at)
{
    if (at + 2 >= n || !ideograph(key[at]) || !ideograph(key[at + 1]))
        return 0;
    size_t to = kind_at(key, n, at + 2);
    if (!to && among(key[at + 2], U"东西南北中大一二三四五新老"))
        to = kind_at(key, n, at + 3);
    return to ? to - at : 0;
}
