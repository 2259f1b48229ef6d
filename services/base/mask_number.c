// SPDX-License-Identifier: Apache-2.0
// Citizen ID numbers and telephone numbers.
// ID (GB 11643): 18 characters with a right check character, or with a believable birth date all
// the same (typing errors); 15 digits of the old form when region and birth date (1920 to 1999) are
// believable. Mobile: 1[3-9] and nine digits, also behind +86. Landline: 0, area code, 7 or 8
// digits, extension; without area code only behind a word like 电话. Digits may stand in groups of
// at least three, parted by blanks or dashes. Eleven Chinese digits beginning with 一 are a mobile
// number. Service numbers (110, 12345) and hotlines (400…) are nobody's and stay.
#include "base/mask_scan.h"

#include <string.h>

#define SEPARATORS U" 　-－–—‐‑"

struct group_rule {
    size_t want;      // digits in all
    size_t min_group; // shortest group between separators
    bool check_x;     // the last one may be X
};

// One digit (X: 10) at *pos, moved behind it; -1 where there is none.
static int read_one(const struct mask_text *text, size_t *pos, bool allow_x)
{
    size_t next;
    char32_t point = mask_at(text, *pos, &next);
    int digit = mask_digit(point);
    if (digit < 0 && allow_x && mask_in(point, U"XxＸｘ"))
        digit = 10;
    if (digit >= 0)
        *pos = next;
    return digit;
}

// Reads exactly rule.want digits in groups; no further digit may follow. 0 or the end.
static size_t read_groups(const struct mask_text *text, size_t pos, struct group_rule rule,
                          int digits[20])
{
    size_t group = 0, next;
    for (size_t n = 0; n < rule.want;) {
        int digit = read_one(text, &pos, rule.check_x && n + 1 == rule.want);
        if (digit >= 0) {
            digits[n++] = digit;
            group++;
            continue;
        }
        size_t after = mask_skip(text, pos, SEPARATORS, 3);
        if (after == pos || group < rule.min_group)
            return 0;
        pos = after;
        group = 0;
    }
    if (group < rule.min_group || mask_digit(mask_at(text, pos, &next)) >= 0)
        return 0;
    return pos;
}

static bool date_believable(int year, int month, int day)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return year >= 1900 && year <= 2099 && month >= 1 && month <= 12 && day >= 1 &&
           day <= days[month - 1];
}

static int number_of(const int *digits, size_t n)
{
    int value = 0;
    for (size_t i = 0; i < n; i++)
        value = value * 10 + digits[i];
    return value;
}

// GB 11643-1999, check character (ISO 7064 MOD 11-2).
static bool check_right(const int digits[18])
{
    static const int weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    int sum = 0;
    for (int i = 0; i < 17; i++)
        sum += digits[i] * weights[i];
    return (12 - sum % 11) % 11 == digits[17];
}

static bool id18(const int digits[18])
{
    return date_believable(number_of(digits + 6, 4), number_of(digits + 10, 2),
                           number_of(digits + 12, 2)) ||
           check_right(digits);
}

// Grid codes have 15 digits too; they begin like a region but do not hold such a birth date.
static bool id15(const int digits[15])
{
    int region = number_of(digits, 2), year = number_of(digits + 6, 2);
    return region >= 11 && region <= 82 && year >= 20 &&
           date_believable(1900 + year, number_of(digits + 8, 2), number_of(digits + 10, 2));
}

// Length of a run of Chinese digits at pos (19 for longer ones too); its first two values.
static size_t chinese_run(const struct mask_text *text, size_t pos, int first[2], size_t *ret_end)
{
    size_t n = 0, next;
    for (; n < 19; n++, pos = next) {
        int digit = mask_chinese_digit(mask_at(text, pos, &next));
        if (digit < 0)
            break;
        if (n < 2)
            first[n] = digit;
    }
    *ret_end = pos;
    return n;
}

bool mask_find_id(const struct mask_text *text, size_t pos, size_t *ret_end)
{
    int digits[20], first[2];
    size_t next, end = read_groups(text, pos, (struct group_rule){18, 3, true}, digits);
    if (end && !mask_is_letter(mask_at(text, end, &next)) && id18(digits)) {
        *ret_end = end;
        return true;
    }
    end = read_groups(text, pos, (struct group_rule){15, 3, false}, digits);
    if (end && id15(digits)) {
        *ret_end = end;
        return true;
    }
    return chinese_run(text, pos, first, ret_end) == 18;
}

// Behind the number: "-801", "转801", "分机801".
static size_t skip_extension(const struct mask_text *text, size_t end)
{
    static const char *const words[] = {"分机", "转", "-", "－"};
    size_t pos = mask_skip(text, end, U" ", 1);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t after = mask_word(text, pos, words[i]);
        if (!after)
            continue;
        struct mask_run run = mask_read_run(text, mask_skip(text, after, U" ", 1));
        return run.n >= 1 && run.n <= 6 ? run.to : end;
    }
    return end;
}

// "+86", "86", "0086" and what parts it from the number; pos itself where there is none.
static size_t skip_country(const struct mask_text *text, size_t pos)
{
    size_t start = mask_skip(text, pos, U"(（", 1);
    start = mask_skip(text, start, U"+＋", 1);
    struct mask_run run = mask_read_run(text, start);
    size_t zeros = run.n >= 4 && run.digits[0] == 0 && run.digits[1] == 0 ? 2 : 0;
    if (run.n < zeros + 2 || run.digits[zeros] != 8 || run.digits[zeros + 1] != 6)
        return pos;
    for (size_t i = 0; i < zeros + 2; i++)
        mask_at(text, start, &start);
    return mask_skip(text, start, U" 　-－)）", 2);
}

static size_t find_mobile(const struct mask_text *text, size_t pos)
{
    int digits[20];
    size_t end = read_groups(text, pos, (struct group_rule){11, 3, false}, digits);
    return end && digits[0] == 1 && digits[1] >= 3 ? end : 0;
}

// Seven or eight digits that do not begin with 0 or 1.
static size_t find_local(const struct mask_text *text, size_t pos)
{
    int digits[20];
    size_t end = read_groups(text, pos, (struct group_rule){8, 3, false}, digits);
    if (!end)
        end = read_groups(text, pos, (struct group_rule){7, 3, false}, digits);
    return end && digits[0] >= 2 ? end : 0;
}

static size_t find_landline(const struct mask_text *text, size_t pos)
{
    struct mask_run area = mask_read_run(text, mask_skip(text, pos, U"(（", 1));
    if (area.n < 3 || area.digits[0] != 0 || area.digits[1] == 0)
        return 0;
    bool big_city = area.digits[1] == 2 || (area.digits[1] == 1 && area.digits[2] == 0);
    size_t after = area.from;
    for (int i = 0; i < (big_city ? 3 : 4); i++) {
        if (mask_digit(mask_at(text, after, &after)) < 0)
            return 0;
    }
    size_t end = find_local(text, mask_skip(text, after, U" 　-－–—)）", 3));
    return end ? skip_extension(text, end) : 0;
}

// "电话62345678", "联系电话:6234-5678": a number without area code that is called one.
static bool called_a_phone(const struct mask_text *text, size_t pos)
{
    static const char *const words[] = {"电话", "座机", "号码", "致电", "固话"};
    size_t from;
    for (int i = 0; i < 3 && mask_in(mask_before(text, pos, &from), U" ::：是为"); i++)
        pos = from;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (mask_word_before(text, pos, words[i], &from))
            return true;
    }
    return false;
}

bool mask_find_phone(const struct mask_text *text, size_t pos, size_t *ret_end)
{
    int first[2];
    size_t number = skip_country(text, pos);
    size_t end = find_mobile(text, number);
    if (!end && number != pos)
        end = find_mobile(text, pos);
    if (!end)
        end = find_landline(text, pos);
    if (!end && called_a_phone(text, pos)) {
        end = find_local(text, pos);
        end = end ? skip_extension(text, end) : 0;
    }
    if (!end && chinese_run(text, pos, first, &number) == 11 && first[0] == 1 && first[1] >= 3)
        end = number;
    if (end)
        *ret_end = end;
    return end != 0;
}
