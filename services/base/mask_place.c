// SPDX-License-Identifier: Apache-2.0
// What stands around a number: a building or a unit before it, a measure or a count behind it.
// Decides whether a bare number can be a flat ("12号楼502打隔断") or must be something else
// ("12号楼14人", "7号楼380伏"). When in doubt behind a building, it is a flat.
#include "base/mask_scan.h"

#define JOINTS U" 　的-－–/／,,:："

static bool is_number_like(char32_t point)
{
    return mask_digit(point) >= 0 || mask_chinese_digit(point) >= 0 || mask_in(point, U"十百#＃");
}

static bool is_building_name(char32_t point)
{
    return is_number_like(point) || mask_is_letter(point) || mask_in(point, U"甲乙丙丁东西南北中");
}

// pos: where the word of the building begins. "12号楼", "3#楼", "A座", "东单元".
static bool is_named(const struct mask_text *text, size_t pos)
{
    size_t from;
    char32_t point = mask_before(text, pos, &from);
    if (point == U'号')
        point = mask_before(text, from, &from);
    return is_building_name(point);
}

// "23号" of a month is a day.
static bool is_day_of_month(const struct mask_text *text, size_t pos)
{
    size_t from = pos;
    char32_t point = mask_before(text, pos, &from);
    for (int i = 0; i < 3 && is_number_like(point); i++)
        point = mask_before(text, from, &from);
    return point == U'月';
}

static enum mask_place place_of_door_number(const struct mask_text *text, size_t pos)
{
    size_t from, house = pos;
    if (!mask_word_before(text, pos, "号院", &house) &&
        !mask_word_before(text, pos, "号", &house) && !mask_word_before(text, pos, "弄", &house) &&
        !mask_word_before(text, pos, "#", &house) && !mask_word_before(text, pos, "＃", &house))
        return MASK_PLACE_NONE;
    if (!is_number_like(mask_before(text, house, &from)) || is_day_of_month(text, house))
        return MASK_PLACE_NONE;
    return MASK_PLACE_WEAK;
}

enum mask_place mask_place_before(const struct mask_text *text, size_t pos)
{
    static const char *const strong[] = {"单元", "楼", "栋", "幢", "座"};
    size_t from;
    for (int i = 0; i < 2 && mask_in(mask_before(text, pos, &from), JOINTS); i++)
        pos = from;
    for (size_t i = 0; i < sizeof strong / sizeof strong[0]; i++) {
        size_t word;
        if (!mask_word_before(text, pos, strong[i], &word))
            continue;
        if (is_named(text, word))
            return MASK_PLACE_STRONG;
        return mask_in(mask_before(text, word, &from), U"寓属舍民宅塔筒") ? MASK_PLACE_WEAK
                                                                          : MASK_PLACE_NONE;
    }
    char32_t point = mask_before(text, pos, &from);
    if (mask_in(point, U"门层") && is_number_like(mask_before(text, from, &from)))
        return MASK_PLACE_STRONG;
    if (mask_word_before(text, pos, "房间", &from) || mask_word_before(text, pos, "房号", &from) ||
        mask_word_before(text, pos, "室号", &from))
        return MASK_PLACE_WEAK;
    return place_of_door_number(text, pos);
}

bool mask_unit_before(const struct mask_text *text, size_t pos)
{
    size_t from;
    if (mask_word_before(text, pos, "单元", &from))
        return true;
    return mask_before(text, pos, &from) == U'门' && is_number_like(mask_before(text, from, &from));
}

// A unit of count; `only`: counts only with one of these behind it, `except`: not with one of
// these.
static const struct {
    char32_t unit;
    const char32_t *only, *except;
} counts[] = {
    {U'户', NULL, U"主"},
    {U'家', U"商企店单餐公住用", NULL},
    {U'天', NULL, U"花"},
    {U'楼', NULL, U"上下道顶内"},
    {U'次', NULL, U"卧"},
    {U'只', NULL, U"有剩是能好"},
    {U'位', NULL, U"于"},
    {U'多', NULL, U"次"},
    {U'时', NULL, U"常"},
    {U'年', NULL, U"久"},
    {U'组', NULL, U"织"},
    {U'间', NULL, U"歇断"},
    {U'公', U"里斤分顷尺升", NULL},
    {U'平', U"米方", NULL},
    {U'小', U"时", NULL},
    {U'立', U"方", NULL},
    {U'厘', NULL, NULL},
    {U'毫', NULL, NULL},
};

bool mask_counts_after(const struct mask_text *text, size_t pos)
{
    size_t next;
    char32_t point = mask_at(text, mask_skip(text, pos, U" ", 1), &next);
    char32_t second = mask_at(text, next, &next);
    if (mask_in(
            point,
            U"人名个辆台件套份袋箱桶米度元块万千百余栋幢座分秒%％℃°吨斤克升伏瓦床棵盏级条路亩岁"))
        return true;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        if (counts[i].unit != point)
            continue;
        if (counts[i].only)
            return mask_in(second, counts[i].only);
        return !counts[i].except || !mask_in(second, counts[i].except);
    }
    bool joins = mask_in(point, U":：.-－/");
    return (joins && mask_digit(second) >= 0 && mask_read_run(text, next).n <= 1) ||
           mask_in(point, U"单弄VWKM") || (point >= U'a' && point <= U'z');
}
