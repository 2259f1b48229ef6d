// SPDX-License-Identifier: Apache-2.0
// Where at a place it is, when no number says it: a gate, a corner, a crossing, or beside what
// stands there. A thing is a spot only with a word of position behind it: 学校门口 is one, 学校食堂
// is not.
#include <stdbool.h>
#include <uchar.h>

#include "match/facts.h"
#include "match/normalise.h"
#include "match/report_internal.h"

#define CROSSING (1u << 21) // and the bigram of the road's name
#define OF_TWO (1u << 22)   // and both roads' bigrams together, in either order
#define LONGEST_NAME 6

struct word {
    const char32_t *text;
    uint32_t spot;
    bool beside; // only with a position behind it
};

// By their first characters, so that most of a text is passed over quickly; of those with the same
// one the longest first. Spots of the same number are the same spot.
// clang-format off
static const struct word words[] = {
    {U"东侧门", 1, false},
    {U"东北角", 5, false},
    {U"东南角", 7, false},
    {U"东大门", 1, false},
    {U"东门", 1, false},
    {U"中间的广场", 9, false},
    {U"中心广场", 9, false},
    {U"中学", 14, true},
    {U"停车场", 26, true},
    {U"公交车站", 15, true},
    {U"公交站", 15, true},
    {U"公厕", 31, true},
    {U"公园", 27, true},
    {U"凉亭", 33, true},
    {U"加油站", 17, true},
    {U"北侧门", 4, false},
    {U"北大门", 4, false},
    {U"北门", 4, false},
    {U"医院", 18, true},
    {U"南侧门", 3, false},
    {U"南大门", 3, false},
    {U"南门", 3, false},
    {U"卫生站", 29, true},
    {U"变电箱", 35, true},
    {U"后门", 4, false},
    {U"地库出入口", 11, false},
    {U"地库入口", 11, false},
    {U"地库口", 11, false},
    {U"地铁站", 25, true},
    {U"垃圾站", 30, true},
    {U"天桥下", 12, false},
    {U"天桥", 12, true},
    {U"学校", 14, true},
    {U"小学", 14, true},
    {U"居委会", 28, true},
    {U"岗亭", 36, true},
    {U"幼儿园", 20, true},
    {U"快递柜", 13, true},
    {U"正门", 3, false},
    {U"水池", 34, true},
    {U"派出所", 24, true},
    {U"游乐场", 10, false},
    {U"物业", 32, true},
    {U"玩的地方", 10, false},
    {U"药店", 23, true},
    {U"药房", 23, true},
    {U"菜市场", 16, true},
    {U"西侧门", 2, false},
    {U"西北角", 6, false},
    {U"西南角", 8, false},
    {U"西大门", 2, false},
    {U"西门", 2, false},
    {U"超市", 21, true},
    {U"车库出入口", 11, false},
    {U"车库入口", 11, false},
    {U"车库口", 11, false},
    {U"车站", 15, true},
    {U"过街天桥", 12, true},
    {U"邮局", 19, true},
    {U"银行", 22, true},
};
// clang-format on
#define WORDS (sizeof words / sizeof *words)

static const char32_t *const positions[] = {U"门口", U"门前", U"门外", U"旁",   U"边上",
                                            U"对面", U"对过", U"后门", U"后面", U"前面",
                                            U"附近", U"那里", U"那边", U"下面", U"楼下"};

#define POSITIONS (sizeof positions / sizeof *positions)
static const char32_t *const crossings[] = {U"路口",   U"交叉口", U"交叉路口", U"十字路口",
                                            U"交汇处", U"交口",   U"丁字路口"};

static size_t begins(const uint32_t *key, size_t n, const char32_t *word)
{
    size_t at = 0;
    for (; word[at]; at++)
        if (at >= n || key[at] != word[at])
            return 0;
    return at;
}

static bool begins_any(const uint32_t *key, size_t n, const char32_t *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (begins(key, n, list[i]))
            return true;
    return false;
}

// What a road that ends before `at` is called by; 0: none ends there.
static uint32_t road_before(const uint32_t *key, size_t n, size_t at)
{
    for (size_t width = 3; width <= LONGEST_NAME && width <= at; width++)
        if (match_place_name(key, n, at - width) == width)
            return match_gram_hash(key[at - width], key[at - width + 1]);
    return 0;
}

// 与友谊路路口, 学府路和友谊路交叉口.
static size_t crossing(const uint32_t *key, size_t n, size_t at, uint32_t ret_spots[2],
                       size_t *ret_n)
{
    if (key[at] != U'与' && key[at] != U'和' && key[at] != U'跟')
        return 0;
    size_t width = match_place_name(key, n, at + 1), to = at + 1 + width;
    if (!width || !begins_any(key + to, n - to, crossings, sizeof crossings / sizeof *crossings))
        return 0;
    uint32_t other = match_gram_hash(key[at + 1], key[at + 2]), own = road_before(key, n, at);
    ret_spots[(*ret_n)++] = CROSSING | other;
    if (own)
        ret_spots[(*ret_n)++] = OF_TWO | (own ^ other);
    return to - at;
}

// The first of the words that begin so; WORDS: none does.
static size_t first_word(uint32_t point)
{
    size_t low = 0, high = WORDS;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (words[middle].text[0] < point)
            low = middle + 1;
        else
            high = middle;
    }
    return low < WORDS && words[low].text[0] == point ? low : WORDS;
}

size_t match_spot(const uint32_t *key, size_t n, size_t at, uint32_t ret_spots[2], size_t *ret_n)
{
    *ret_n = 0;
    for (size_t i = first_word(key[at]); i < WORDS && words[i].text[0] == key[at]; i++) {
        size_t width = begins(key + at, n - at, words[i].text), to = at + width;
        if (!width || (words[i].beside && !begins_any(key + to, n - to, positions, POSITIONS)))
            continue;
        ret_spots[(*ret_n)++] = words[i].spot;
        return width;
    }
    return crossing(key, n, at, ret_spots, ret_n);
}
