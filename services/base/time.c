// SPDX-License-Identifier: Apache-2.0
// Days, local time and RFC 3339. Decides how instants are written and read; asks no clock and knows
// no zone but the one it is given. Spans stand in span.c, working time in calendar.c.
#include "base/time.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t wh_days_from_civil(int32_t year, int32_t month, int32_t day)
{
    int64_t y = year - (month <= 2);
    int64_t era = floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

int32_t wh_civil_from_days(int64_t days)
{
    int64_t z = days + 719468;
    int64_t era = floor_div(z, 146097);
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153; // months since March
    int64_t day = day_of_year - (153 * shifted + 2) / 5 + 1;
    int64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
    int64_t year = year_of_era + era * 400 + (month <= 2);
    return (int32_t)(year * 10000 + month * 100 + day);
}

int64_t wh_days_from_date(int32_t date)
{
    return wh_days_from_civil(date / 10000, date / 100 % 100, date % 100);
}

int wh_date_check(int32_t date)
{
    int32_t month = date / 100 % 100, day = date % 100;
    if (date < 10101 || date > 99991231 || month < 1 || month > 12 || day < 1 || day > 31)
        return WH_E_INVALID;
    return wh_civil_from_days(wh_days_from_date(date)) == date ? 0 : WH_E_INVALID;
}

int32_t wh_date_add(int32_t date, int64_t days)
{
    return wh_civil_from_days(wh_days_from_date(date) + days);
}

static enum wh_weekday weekday_of_days(int64_t days)
{
    return (enum wh_weekday)(days + 4 - floor_div(days + 4, 7) * 7); // 1970-01-01: a Thursday
}

enum wh_weekday wh_date_weekday(int32_t date)
{
    return weekday_of_days(wh_days_from_date(date));
}

void wh_date_format(int32_t date, char ret_text[11])
{
    unsigned day = (unsigned)date;
    char text[32];
    if (snprintf(text, sizeof text, "%04u-%02u-%02u", day / 10000, day / 100 % 100, day % 100) < 0)
        text[0] = '\0';
    memcpy(ret_text, text, 10);
    ret_text[10] = '\0';
}

// Exactly n digits; -1 where there are fewer.
static int32_t read_fixed(const char *text, int n)
{
    int32_t value = 0;
    for (int i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

// "yyyy-mm-dd" at text, whatever follows it.
static int read_date(const char *text, int32_t *ret_date)
{
    if (strnlen(text, 10) < 10 || text[4] != '-' || text[7] != '-')
        return WH_E_INVALID;
    int32_t year = read_fixed(text, 4), month = read_fixed(text + 5, 2),
            day = read_fixed(text + 8, 2);
    if (year < 0 || month < 0 || day < 0)
        return WH_E_INVALID;
    int32_t date = year * 10000 + month * 100 + day;
    if (wh_date_check(date) != 0)
        return WH_E_INVALID;
    *ret_date = date;
    return 0;
}

int wh_date_parse(const char *text, int32_t *ret_date)
{
    if (!text || strnlen(text, 11) != 10)
        return WH_E_INVALID;
    return read_date(text, ret_date);
}

int wh_rfc3339_format(int64_t at, int32_t offset_min, char ret_text[WH_RFC3339_MAX])
{
    if (at < WH_TIME_MIN || at > WH_TIME_MAX || offset_min < -1439 || offset_min > 1439)
        return WH_E_RANGE;
    int64_t local = at + offset_min * WH_MS_MINUTE;
    if (local < WH_TIME_MIN || local > WH_TIME_MAX)
        return WH_E_RANGE;
    int64_t days = floor_div(local, WH_MS_DAY);
    int ms = (int)(local - days * WH_MS_DAY);
    char date[11], fraction[8] = "", zone[8] = "Z";
    wh_date_format(wh_civil_from_days(days), date);
    int ok = 1;
    if (ms % 1000 != 0)
        ok = snprintf(fraction, sizeof fraction, ".%03u", (unsigned)ms % 1000u);
    unsigned east = (unsigned)(offset_min < 0 ? -offset_min : offset_min);
    if (ok > 0 && offset_min != 0)
        ok = snprintf(zone, sizeof zone, "%c%02u:%02u", offset_min < 0 ? '-' : '+',
                      east / 60u % 100u, east % 60u);
    if (ok > 0)
        ok = snprintf(ret_text, WH_RFC3339_MAX, "%sT%02d:%02d:%02d%s%s", date, ms / 3600000,
                      ms / 60000 % 60, ms / 1000 % 60, fraction, zone);
    return ok > 0 ? 0 : WH_E_RANGE;
}

// "hh:mm:ss" and a fraction at *text, moved behind them. -1 where wrong.
static int64_t read_clock(const char **text)
{
    const char *p = *text;
    if (strnlen(p, 8) < 8 || p[2] != ':' || p[5] != ':')
        return -1;
    int32_t hour = read_fixed(p, 2), minute = read_fixed(p + 3, 2), second = read_fixed(p + 6, 2);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
        return -1;
    int64_t ms = hour * WH_MS_HOUR + minute * WH_MS_MINUTE + second * WH_MS_SECOND;
    p += 8;
    if (*p == '.') {
        int digits = 0;
        int64_t unit = 100;
        for (p++; *p >= '0' && *p <= '9' && digits < 9; p++, digits++, unit /= 10)
            ms += (*p - '0') * unit;
        if (digits == 0)
            return -1;
    }
    *text = p;
    return ms;
}

// "Z" or "+hh:mm" up to the end of the text.
static int read_offset(const char *text, int32_t *ret_offset_min)
{
    if (strcmp(text, "Z") == 0) {
        *ret_offset_min = 0;
        return 0;
    }
    if ((text[0] != '+' && text[0] != '-') || strnlen(text, 7) != 6 || text[3] != ':')
        return WH_E_INVALID;
    int32_t hour = read_fixed(text + 1, 2), minute = read_fixed(text + 4, 2);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
        return WH_E_INVALID;
    *ret_offset_min = (hour * 60 + minute) * (text[0] == '-' ? -1 : 1);
    return 0;
}

int wh_rfc3339_parse(const char *text, int64_t *ret_at)
{
    int32_t date, offset_min;
    if (!text || read_date(text, &date) != 0 || text[10] != 'T')
        return WH_E_INVALID;
    const char *rest = text + 11;
    int64_t clock = read_clock(&rest);
    if (clock < 0 || read_offset(rest, &offset_min) != 0)
        return WH_E_INVALID;
    int64_t at = wh_days_from_date(date) * WH_MS_DAY + clock - offset_min * WH_MS_MINUTE;
    if (at < WH_TIME_MIN || at > WH_TIME_MAX)
        return WH_E_INVALID;
    *ret_at = at;
    return 0;
}

int32_t wh_zone_offset(const struct wh_zone *zone, int64_t at)
{
    if (zone->n == 0)
        return 0;
    size_t low = 0, high = zone->n; // the last shift at or before `at` lies in [low, high)
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (zone->shifts[middle].from_at <= at)
            low = middle;
        else
            high = middle;
    }
    return zone->shifts[low].offset_min;
}

static int64_t local_ms(const struct wh_zone *zone, int64_t at)
{
    return at + wh_zone_offset(zone, at) * WH_MS_MINUTE;
}

int32_t wh_local_date(const struct wh_zone *zone, int64_t at)
{
    return wh_civil_from_days(floor_div(local_ms(zone, at), WH_MS_DAY));
}

int32_t wh_local_minute(const struct wh_zone *zone, int64_t at)
{
    int64_t local = local_ms(zone, at);
    return (int32_t)((local - floor_div(local, WH_MS_DAY) * WH_MS_DAY) / WH_MS_MINUTE);
}

enum wh_weekday wh_local_weekday(const struct wh_zone *zone, int64_t at)
{
    return weekday_of_days(floor_div(local_ms(zone, at), WH_MS_DAY));
}

int64_t wh_local_to_utc(const struct wh_zone *zone, int32_t date, int32_t minute)
{
    int64_t local = wh_days_from_date(date) * WH_MS_DAY + minute * WH_MS_MINUTE;
    int32_t before = wh_zone_offset(zone, local - WH_MS_DAY);
    int32_t after = wh_zone_offset(zone, local + WH_MS_DAY);
    int64_t first = local - before * WH_MS_MINUTE;
    int64_t second = local - after * WH_MS_MINUTE;
    if (wh_zone_offset(zone, first) == before)
        return first;
    return wh_zone_offset(zone, second) == after ? second : first;
}
