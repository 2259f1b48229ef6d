// SPDX-License-Identifier: Apache-2.0
// Walks day by day over the working calendar. Decides which instants are working time and where a
// span ends (domain 3.5); which span a task gets is not known here. Every loop is bounded by
// WH_CALENDAR_DAYS_AHEAD.
#include "base/calendar.h"

#include <stddef.h>

#include "base/error.h"

static int64_t minute_of_day(const struct wh_calendar *calendar, int32_t date, int minute)
{
    return wh_local_to_utc(&calendar->zone, date, minute);
}

static bool in_list(const int32_t *days, size_t n, int32_t date)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (days[middle] == date)
            return true;
        if (days[middle] < date)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static bool list_valid(const int32_t *days, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (wh_date_check(days[i]) != 0 || (i > 0 && days[i - 1] >= days[i]))
            return false;
    }
    return true;
}

static bool zone_valid(const struct wh_zone *zone)
{
    for (size_t i = 0; i < zone->n; i++) {
        int32_t offset = zone->shifts[i].offset_min;
        if (offset < -1439 || offset > 1439)
            return false;
        if (i > 0 && zone->shifts[i - 1].from_at >= zone->shifts[i].from_at)
            return false;
    }
    return true;
}

int wh_calendar_check(const struct wh_calendar *calendar)
{
    int before = 0;
    if (calendar->n_hours < 1 || calendar->n_hours > WH_CALENDAR_HOURS_MAX)
        return WH_E_INVALID;
    for (size_t i = 0; i < calendar->n_hours; i++) {
        const struct wh_calendar_hours *hours = &calendar->hours[i];
        if (hours->from_min < before || hours->to_min <= hours->from_min || hours->to_min > 1440)
            return WH_E_INVALID;
        before = hours->to_min;
    }
    if (calendar->weekend_mask >= 0x7F || !zone_valid(&calendar->zone))
        return WH_E_INVALID;
    if (!list_valid(calendar->off_days, calendar->n_off) ||
        !list_valid(calendar->work_days, calendar->n_work))
        return WH_E_INVALID;
    return 0;
}

bool wh_calendar_is_work_day(const struct wh_calendar *calendar, int32_t date)
{
    if (in_list(calendar->work_days, calendar->n_work, date))
        return true;
    if (in_list(calendar->off_days, calendar->n_off, date))
        return false;
    return !(calendar->weekend_mask >> wh_date_weekday(date) & 1);
}

int64_t wh_calendar_opening(const struct wh_calendar *calendar, int32_t date)
{
    return minute_of_day(calendar, date, calendar->hours[0].from_min);
}

int64_t wh_calendar_closing(const struct wh_calendar *calendar, int32_t date)
{
    return minute_of_day(calendar, date, calendar->hours[calendar->n_hours - 1].to_min);
}

// What is left of opening hours i of a day from `from` on: [*ret_open, *ret_close), false if
// nothing.
static bool open_from(const struct wh_calendar *calendar, int32_t date, size_t i, int64_t from,
                      int64_t *ret_open, int64_t *ret_close)
{
    int64_t open = minute_of_day(calendar, date, calendar->hours[i].from_min);
    int64_t close = minute_of_day(calendar, date, calendar->hours[i].to_min);
    if (open < from)
        open = from;
    if (open >= close)
        return false;
    *ret_open = open;
    *ret_close = close;
    return true;
}

bool wh_calendar_is_work_time(const struct wh_calendar *calendar, int64_t at)
{
    int32_t date = wh_local_date(&calendar->zone, at);
    int64_t open, close;
    if (!wh_calendar_is_work_day(calendar, date))
        return false;
    for (size_t i = 0; i < calendar->n_hours; i++) {
        if (open_from(calendar, date, i, at, &open, &close) && open == at)
            return true;
    }
    return false;
}

static int64_t add_work_ms(const struct wh_calendar *calendar, int64_t from, int64_t left)
{
    int64_t first = wh_days_from_date(wh_local_date(&calendar->zone, from));
    for (int64_t ahead = 0; ahead <= WH_CALENDAR_DAYS_AHEAD; ahead++) {
        int32_t date = wh_civil_from_days(first + ahead);
        if (!wh_calendar_is_work_day(calendar, date))
            continue;
        for (size_t i = 0; i < calendar->n_hours; i++) {
            int64_t open, close;
            if (!open_from(calendar, date, i, from, &open, &close))
                continue;
            if (left <= close - open)
                return open + left;
            left -= close - open;
        }
    }
    return WH_NEVER;
}

// The n-th working day after `date`, which does not count; 0 where there is none.
static int32_t work_day_after(const struct wh_calendar *calendar, int32_t date, int64_t n)
{
    int64_t first = wh_days_from_date(date);
    for (int64_t ahead = 1; ahead <= WH_CALENDAR_DAYS_AHEAD; ahead++) {
        int32_t day = wh_civil_from_days(first + ahead);
        if (wh_calendar_is_work_day(calendar, day) && --n == 0)
            return day;
    }
    return 0;
}

static int64_t add_work_days(const struct wh_calendar *calendar, int64_t from, int64_t n)
{
    int32_t day = work_day_after(calendar, wh_local_date(&calendar->zone, from), n);
    return day ? wh_calendar_closing(calendar, day) : WH_NEVER;
}

static int64_t add_calendar_days(const struct wh_calendar *calendar, int64_t from, int64_t n,
                                 bool shift_to_work)
{
    int64_t end = from + n * WH_MS_DAY;
    if (!shift_to_work || wh_calendar_is_work_day(calendar, wh_local_date(&calendar->zone, end)))
        return end;
    return add_work_days(calendar, end, 1);
}

int64_t wh_calendar_add(const struct wh_calendar *calendar, int64_t from, struct wh_span span,
                        bool shift_to_work)
{
    bool days = span.unit == WH_SPAN_CALENDAR_DAYS || span.unit == WH_SPAN_WORK_DAYS;
    int64_t unit_ms = span.unit == WH_SPAN_ELAPSED ? 1 : days ? WH_MS_DAY : WH_MS_HOUR;
    if (from < WH_TIME_MIN || from > WH_TIME_MAX || span.n <= 0)
        return WH_NEVER;
    if (span.n > WH_CALENDAR_DAYS_AHEAD * WH_MS_DAY / unit_ms)
        return WH_NEVER;
    switch (span.unit) {
    case WH_SPAN_ELAPSED:
        return from + span.n;
    case WH_SPAN_CALENDAR_DAYS:
        return add_calendar_days(calendar, from, span.n, shift_to_work);
    case WH_SPAN_WORK_HOURS:
        return add_work_ms(calendar, from, span.n * WH_MS_HOUR);
    case WH_SPAN_WORK_DAYS:
        return add_work_days(calendar, from, span.n);
    case WH_SPAN_NONE:
        break;
    }
    return WH_NEVER;
}

int64_t wh_calendar_next_open(const struct wh_calendar *calendar, int64_t at)
{
    if (at < WH_TIME_MIN || at > WH_TIME_MAX)
        return WH_NEVER;
    return add_work_ms(calendar, at, 0);
}

int64_t wh_calendar_work_ms(const struct wh_calendar *calendar, int64_t a, int64_t b)
{
    int64_t total = 0;
    if (a < WH_TIME_MIN)
        a = WH_TIME_MIN;
    if (b > WH_TIME_MAX)
        b = WH_TIME_MAX;
    if (b <= a)
        return 0;
    int64_t last = wh_days_from_date(wh_local_date(&calendar->zone, b));
    for (int64_t day = wh_days_from_date(wh_local_date(&calendar->zone, a)); day <= last; day++) {
        int32_t date = wh_civil_from_days(day);
        if (!wh_calendar_is_work_day(calendar, date))
            continue;
        for (size_t i = 0; i < calendar->n_hours; i++) {
            int64_t open, close;
            if (open_from(calendar, date, i, a, &open, &close) && open < b)
                total += (close < b ? close : b) - open;
        }
    }
    return total;
}
