// SPDX-License-Identifier: Apache-2.0
// Reads the numbers of a key and what each one counts. A number is [letters] digits or Chinese
// numerals; what follows (and for houses what stands before) says its kind. Dates (3月5号) and
// amounts are not houses; "一栋" and "两栋" are an amount unless another number follows.
#include "match/facts.h"

#include <uchar.h>

#include "base/time.h"
#include "match/normalise.h"

#define WHOLE (1u << 24) // values below are the number itself
#define LETTERS_MAX 4
#define DIGITS_MAX 20
#define EAST_8 (8 * WH_MS_HOUR)
#define DAY_MASK (MATCH_DAY_ABOUT - 1)
#define DAYS_MAX 400 // a longer 天 is no beginning that is remembered

struct scan {
    const uint32_t *key;
    size_t n;
    int64_t today; // days since 1970-01-01
    struct match_fact *facts;
    size_t room, found;
};

// [letters] number, as it stands at from..to.
struct token {
    size_t from, to;
    size_t letters; // how many
    size_t digits;  // ASCII ones
    bool chinese;
    uint64_t number;
};

static bool letter(uint32_t point)
{
    return point >= 'a' && point <= 'z';
}

static bool digit(uint32_t point)
{
    return point >= '0' && point <= '9';
}

static bool among(uint32_t point, const char32_t *set)
{
    for (; *set; set++)
        if (*set == point)
            return point != 0;
    return false;
}

static bool follows(const struct scan *scan, size_t at, const char32_t *word)
{
    for (; *word; word++, at++)
        if (at >= scan->n || scan->key[at] != *word)
            return false;
    return true;
}

static uint32_t before(const struct scan *scan, size_t at)
{
    return at > 0 ? scan->key[at - 1] : 0;
}

static int numeral(uint32_t point) // 0..9, 10, 100, 1000; -1
{
    static const char32_t digits[] = U"零一二三四五六七八九";
    for (int i = 0; i < 10; i++)
        if (digits[i] == point)
            return i;
    switch (point) {
    case U'〇':
        return 0;
    case U'两':
        return 2;
    case U'十':
        return 10;
    case U'百':
        return 100;
    case U'千':
        return 1000;
    default:
        return -1;
    }
}

// 二十三, 一百零五, and digit by digit: 二〇一九.
static void read_chinese(const struct scan *scan, struct token *token)
{
    uint64_t total = 0, part = 0;
    size_t at = token->to;
    for (int value; at < scan->n && at < token->to + 12 && (value = numeral(scan->key[at])) >= 0;
         at++) {
        if (value < 10) {
            part = at > token->to && numeral(scan->key[at - 1]) < 10 ? part * 10 + (uint64_t)value
                                                                     : (uint64_t)value;
        } else {
            total += (part ? part : 1) * (uint64_t)value;
            part = 0;
        }
    }
    token->chinese = at > token->to;
    token->number = total + part;
    token->to = at;
}

static bool read_token(const struct scan *scan, size_t at, struct token *token)
{
    *token = (struct token){.from = at, .to = at};
    while (token->to < scan->n && letter(scan->key[token->to]))
        token->to++;
    token->letters = token->to - at;
    while (token->to < scan->n && digit(scan->key[token->to])) {
        token->number = token->number * 10 + (scan->key[token->to++] - '0');
        token->digits++;
    }
    if (!token->digits && !token->letters)
        read_chinese(scan, token);
    return token->to > at;
}

static uint32_t value_of(const struct scan *scan, const struct token *token)
{
    if (!token->letters && (token->chinese || token->digits <= 7) && token->number < WHOLE)
        return (uint32_t)token->number;
    uint32_t hash = 2166136261u;
    for (size_t i = token->from; i < token->to; i++)
        hash = (hash ^ scan->key[i]) * 16777619u;
    return WHOLE | ((hash ^ hash >> 24) & (WHOLE - 1));
}

static void add(struct scan *scan, enum match_fact_kind kind, uint32_t value)
{
    for (size_t i = 0; i < scan->found; i++)
        if (scan->facts[i].kind == kind && scan->facts[i].value == value)
            return;
    if (scan->found < scan->room)
        scan->facts[scan->found++] = (struct match_fact){kind, value};
}

static bool building(const struct scan *scan, const struct token *token)
{
    size_t at = token->to;
    if (follows(scan, at, U"号楼") || follows(scan, at, U"号栋") ||
        (!token->chinese && follows(scan, at, U" 楼"))) // 5#楼
        return true;
    if (at >= scan->n || !among(scan->key[at], U"栋幢座"))
        return false;
    if (!token->chinese)
        return true;
    bool amount = token->to - token->from == 1 && among(scan->key[token->from], U"一两");
    bool more = at + 1 < scan->n && (digit(scan->key[at + 1]) || numeral(scan->key[at + 1]) >= 0);
    return !amount || more;
}

static bool house(const struct scan *scan, const struct token *token)
{
    if (token->to >= scan->n || scan->key[token->to] != U'号')
        return false;
    uint32_t next = token->to + 1 < scan->n ? scan->key[token->to + 1] : 0;
    if (among(next, U"院门旁附对商") || (token->number > 31 && next != U'线')) // no day of a month
        return true;
    return among(before(scan, token->from), U"路街巷道弄里村组院同段");
}

static bool route(const struct scan *scan, const struct token *token)
{
    if (follows(scan, token->to, U"号线"))
        return true;
    if (!follows(scan, token->to, U"路"))
        return false;
    return among(before(scan, token->from), U"交乘坐车趟") || follows(scan, token->to, U"路公交") ||
           follows(scan, token->to, U"路车") || follows(scan, token->to, U"路线");
}

static bool year(const struct scan *scan, const struct token *token)
{
    return !token->letters && token->number >= 1900 && token->number <= 2100 &&
           token->to - token->from == 4 && follows(scan, token->to, U"年");
}

static bool district(const struct scan *scan, const struct token *token)
{
    return token->letters > 0 && token->letters <= 2 && !token->chinese && token->to < scan->n &&
           among(scan->key[token->to], U"市区县州");
}

// Counts are facts, measures are guesses: 25处 and 二十五户, but not 60厘米 or 10多天.
static bool amount(const struct scan *scan, const struct token *token)
{
    uint32_t next = token->to < scan->n ? scan->key[token->to] : 0;
    if (among(next, U"厘公米度余多点时分元"))
        return false;
    if (token->digits + token->letters >= 2 && token->digits <= DIGITS_MAX)
        return true;
    return !token->letters && token->number > 0 && (!token->chinese || token->number > 1) &&
           among(next, U"处个家户人次台辆名位棵间套口块");
}

// By the clock of those who report (UTC+8).
int64_t match_day(int64_t at)
{
    int64_t local = at > INT64_MAX - EAST_8 ? at : at + EAST_8;
    return local / WH_MS_DAY - (local % WH_MS_DAY < 0);
}

// "9月5日", "9.5就这样了" (a point is a space in a key): is there the day's number after the
// month's?
static bool day_follows(const struct scan *scan, const struct token *month, struct token *ret_day)
{
    bool points = follows(scan, month->to, U" ") && !month->chinese;
    if (month->letters || month->number < 1 || month->number > 12 ||
        !(points || follows(scan, month->to, U"月")) || month->to + 1 >= scan->n ||
        !read_token(scan, month->to + 1, ret_day))
        return false;
    if (ret_day->letters || ret_day->number < 1 || ret_day->number > 31)
        return false;
    uint32_t next = ret_day->to < scan->n ? scan->key[ret_day->to] : 0;
    return points ? among(next, U"日号就起开发以") : among(next, U"日号");
}

// The year is the one that puts the day nearest before the report.
static bool date(struct scan *scan, const struct token *month, size_t *ret_to)
{
    struct token day;
    if (!day_follows(scan, month, &day))
        return false;
    int32_t year = wh_civil_from_days(scan->today + 1) / 10000;
    int64_t then = wh_days_from_civil(year, (int32_t)month->number, (int32_t)day.number);
    if (then > scan->today + 1)
        then = wh_days_from_civil(year - 1, (int32_t)month->number, (int32_t)day.number);
    add(scan, MATCH_FACT_SINCE, (uint32_t)then & DAY_MASK);
    *ret_to = day.to;
    return true;
}

// letters and number, so that b市 (no number) is seen to hold b7县.
static uint32_t district_value(const struct scan *scan, const struct token *token)
{
    uint32_t letters = 0;
    for (size_t i = 0; i < token->letters; i++)
        letters = letters * 27 + (scan->key[token->from + i] - 'a' + 1);
    uint64_t number = token->number < MATCH_DISTRICTS - 1 ? token->number : MATCH_DISTRICTS - 2;
    return letters * MATCH_DISTRICTS + (token->digits ? (uint32_t)number + 1 : 0);
}

static void judge(struct scan *scan, const struct token *token)
{
    uint32_t value = value_of(scan, token);
    if (district(scan, token))
        add(scan, MATCH_FACT_DISTRICT, district_value(scan, token));
    else if (building(scan, token))
        add(scan, MATCH_FACT_BUILDING, value);
    else if (token->letters > LETTERS_MAX || (token->letters && !token->digits))
        return;
    else if (follows(scan, token->to, U"单元"))
        add(scan, MATCH_FACT_UNIT, value);
    else if (route(scan, token))
        add(scan, MATCH_FACT_ROUTE, value);
    else if (house(scan, token))
        add(scan, MATCH_FACT_HOUSE, value);
    else if (year(scan, token))
        add(scan, MATCH_FACT_YEAR, (uint32_t)token->number);
    else if (!token->letters && token->number > 0 && token->number <= DAYS_MAX &&
             follows(scan, token->to, U"天"))
        add(scan, MATCH_FACT_SINCE,
            MATCH_DAY_ABOUT | ((uint32_t)(scan->today - (int64_t)token->number) & DAY_MASK));
    else if (amount(scan, token))
        add(scan, MATCH_FACT_NUMBER, value);
}

// A spot may begin inside another (过街天桥下): one step only.
static size_t read_spot(struct scan *scan, size_t at)
{
    uint32_t spots[2];
    size_t n;
    (void)match_spot(scan->key, scan->n, at, spots, &n);
    for (size_t i = 0; i < n; i++)
        add(scan, MATCH_FACT_SPOT, spots[i]);
    return 1;
}

size_t match_facts(const uint32_t *key, size_t n, int64_t at, struct match_fact *ret_facts,
                   size_t room)
{
    struct scan scan = {key, n, match_day(at), ret_facts, room, 0};
    struct token token;
    for (size_t from = 0; from < n;) {
        if (!read_token(&scan, from, &token)) {
            from += read_spot(&scan, from);
            continue;
        }
        from = token.to;
        if (!date(&scan, &token, &from))
            judge(&scan, &token);
    }
    return scan.found;
}
