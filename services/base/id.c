// SPDX-License-Identifier: Apache-2.0
// UUIDv7 as RFC 9562 section 5.7 lays it out (48 bits of time, 74 of chance), whistle numbers and
// task ids. Decides shapes; hands out nothing by itself.
#include "base/id.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"

#define UUID_MS_MAX INT64_C(0xFFFFFFFFFFFF)
#define PER_DAY INT64_C(10000000)

struct wh_uuid wh_uuid7_make(int64_t ms, const uint8_t rnd[10])
{
    struct wh_uuid uuid;
    if (ms < 0)
        ms = 0;
    if (ms > UUID_MS_MAX)
        ms = UUID_MS_MAX;
    for (int i = 0; i < 6; i++)
        uuid.b[i] = (uint8_t)(ms >> (40 - 8 * i));
    memcpy(uuid.b + 6, rnd, 10);
    uuid.b[6] = (uint8_t)(0x70 | (uuid.b[6] & 0x0F));
    uuid.b[8] = (uint8_t)(0x80 | (uuid.b[8] & 0x3F));
    return uuid;
}

// Adds one to the 74 bits of chance; false when they were all ones.
static bool count_up(struct wh_uuid *uuid)
{
    static const uint8_t masks[16] = {
        [6] = 0x0F,  [7] = 0xFF,  [8] = 0x3F,  [9] = 0xFF,  [10] = 0xFF,
        [11] = 0xFF, [12] = 0xFF, [13] = 0xFF, [14] = 0xFF, [15] = 0xFF};
    for (int i = 15; i >= 6; i--) {
        uint8_t value = (uint8_t)((uuid->b[i] + 1) & masks[i]);
        uuid->b[i] = (uint8_t)((uuid->b[i] & ~masks[i]) | value);
        if (value != 0)
            return true;
    }
    return false;
}

struct wh_uuid wh_uuid7_next(struct wh_uuid7_gen *gen, int64_t ms, const uint8_t rnd[10])
{
    int64_t last_ms = wh_uuid_ms(gen->last);
    struct wh_uuid next = gen->last;
    if (wh_uuid_is_nil(gen->last) || ms > last_ms)
        next = wh_uuid7_make(ms, rnd);
    else if (!count_up(&next))
        next = wh_uuid7_make(last_ms + 1, rnd);
    gen->last = next;
    return next;
}

int64_t wh_uuid_ms(struct wh_uuid uuid)
{
    int64_t ms = 0;
    for (int i = 0; i < 6; i++)
        ms = ms << 8 | uuid.b[i];
    return ms;
}

bool wh_uuid_is7(struct wh_uuid uuid)
{
    return uuid.b[6] >> 4 == 7 && uuid.b[8] >> 6 == 2;
}

bool wh_uuid_is_nil(struct wh_uuid uuid)
{
    static const struct wh_uuid nil;
    return wh_uuid_cmp(uuid, nil) == 0;
}

int wh_uuid_cmp(struct wh_uuid a, struct wh_uuid b)
{
    return memcmp(a.b, b.b, sizeof a.b);
}

static bool is_dash_place(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

void wh_uuid_format(struct wh_uuid uuid, char ret_text[WH_UUID_CHARS + 1])
{
    static const char digits[] = "0123456789abcdef";
    size_t nibble = 0;
    for (size_t i = 0; i < WH_UUID_CHARS; i++) {
        if (is_dash_place(i)) {
            ret_text[i] = '-';
            continue;
        }
        unsigned byte = uuid.b[nibble / 2];
        ret_text[i] = digits[nibble % 2 ? byte & 15u : byte >> 4];
        nibble++;
    }
    ret_text[WH_UUID_CHARS] = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int wh_uuid_parse(const char *text, struct wh_uuid *ret_uuid)
{
    struct wh_uuid uuid = {{0}};
    size_t nibble = 0;
    if (!text || strnlen(text, WH_UUID_CHARS + 1) != WH_UUID_CHARS)
        return WH_E_INVALID;
    for (size_t i = 0; i < WH_UUID_CHARS; i++) {
        if (is_dash_place(i)) {
            if (text[i] != '-')
                return WH_E_INVALID;
            continue;
        }
        int value = hex_value(text[i]);
        if (value < 0)
            return WH_E_INVALID;
        uuid.b[nibble / 2] = (uint8_t)(uuid.b[nibble / 2] << 4 | value);
        nibble++;
    }
    *ret_uuid = uuid;
    return 0;
}

int64_t wh_object_make(int32_t day, int32_t n)
{
    if (day < 19700101 || wh_date_check(day) != 0 || n < 1 || n > WH_NUMBER_N_MAX)
        return 0;
    return day * PER_DAY + n;
}

int32_t wh_object_day(int64_t object)
{
    return (int32_t)(object / PER_DAY);
}

int32_t wh_object_n(int64_t object)
{
    return (int32_t)(object % PER_DAY);
}

static bool object_valid(int64_t object)
{
    if (object <= 0 || object / PER_DAY > 99991231)
        return false;
    return wh_object_make(wh_object_day(object), wh_object_n(object)) == object;
}

// Length of a whistle prefix at the start of text, 0 where there is none.
static size_t prefix_length(const char *text)
{
    size_t n = 0;
    while (n <= WH_PREFIX_MAX &&
           ((text[n] >= 'A' && text[n] <= 'Z') || (n > 0 && text[n] >= '0' && text[n] <= '9')))
        n++;
    return n <= WH_PREFIX_MAX ? n : 0;
}

int wh_number_format(const char *prefix, int64_t object, char ret_text[WH_NUMBER_MAX])
{
    if (!prefix || prefix_length(prefix) == 0 || prefix[prefix_length(prefix)] != '\0')
        return WH_E_INVALID;
    if (!object_valid(object))
        return WH_E_RANGE;
    int n = snprintf(ret_text, WH_NUMBER_MAX, "%s-%08d-%04d", prefix, (int)wh_object_day(object),
                     (int)wh_object_n(object));
    return n > 0 && n < WH_NUMBER_MAX ? 0 : WH_E_RANGE;
}

// Decimal digits at text, at most max; returns how many.
static size_t read_digits(const char *text, size_t max, int32_t *ret_value)
{
    int32_t value = 0;
    size_t n = 0;
    for (; n < max && text[n] >= '0' && text[n] <= '9'; n++)
        value = value * 10 + (text[n] - '0');
    *ret_value = value;
    return n;
}

// A number at the start of text; its length, 0 where there is none.
static size_t scan_number(const char *text, size_t *ret_prefix_n, int64_t *ret_object)
{
    int32_t day, n;
    size_t prefix_n = prefix_length(text);
    if (prefix_n == 0 || text[prefix_n] != '-')
        return 0;
    size_t at = prefix_n + 1;
    if (read_digits(text + at, 8, &day) != 8 || text[at + 8] != '-')
        return 0;
    at += 9;
    size_t digits = read_digits(text + at, 7, &n);
    if (digits < 4 || (digits > 4 && text[at] == '0'))
        return 0;
    int64_t object = wh_object_make(day, n);
    if (object == 0)
        return 0;
    *ret_prefix_n = prefix_n;
    *ret_object = object;
    return at + digits;
}

static void copy_prefix(char *ret_prefix, const char *text, size_t n)
{
    if (!ret_prefix)
        return;
    memcpy(ret_prefix, text, n);
    ret_prefix[n] = '\0';
}

int wh_number_parse(const char *text, char ret_prefix[WH_PREFIX_MAX + 1], int64_t *ret_object)
{
    size_t prefix_n;
    int64_t object;
    if (!text)
        return WH_E_INVALID;
    size_t n = scan_number(text, &prefix_n, &object);
    if (n == 0 || text[n] != '\0')
        return WH_E_INVALID;
    copy_prefix(ret_prefix, text, prefix_n);
    *ret_object = object;
    return 0;
}

int wh_task_id_format(const char *number, const char *department, char ret_text[WH_TASK_ID_MAX])
{
    int64_t object;
    if (wh_number_parse(number, NULL, &object) != 0 || !department)
        return WH_E_INVALID;
    int error = wh_ident_check(department, strlen(department), WH_DEPARTMENT_MAX, NULL);
    if (error)
        return error;
    int n = snprintf(ret_text, WH_TASK_ID_MAX, "%s-%s", number, department);
    return n > 0 && n < WH_TASK_ID_MAX ? 0 : WH_E_RANGE;
}

int wh_task_id_parse(const char *text, char ret_prefix[WH_PREFIX_MAX + 1], int64_t *ret_object,
                     char ret_department[WH_DEPARTMENT_MAX + 1])
{
    size_t prefix_n;
    int64_t object;
    if (!text)
        return WH_E_INVALID;
    size_t n = scan_number(text, &prefix_n, &object);
    if (n == 0 || text[n] != '-')
        return WH_E_INVALID;
    const char *department = text + n + 1;
    size_t department_n = strnlen(department, WH_DEPARTMENT_MAX + 1);
    if (wh_ident_check(department, department_n, WH_DEPARTMENT_MAX, NULL) != 0)
        return WH_E_INVALID;
    copy_prefix(ret_prefix, text, prefix_n);
    memcpy(ret_department, department, department_n + 1);
    *ret_object = object;
    return 0;
}
