// SPDX-License-Identifier: Apache-2.0
// The working calendar and what a service time means on it. Decides when a span that begins at an
// instant ends (domain 3.5, "Working time"): n work hours are counted inside working hours; n work
// days end at closing time of the n-th working day after the day of the beginning, which does not
// count; calendar days are n x 24 h. It knows no priorities and no tasks.
#ifndef WH_BASE_CALENDAR_H
#define WH_BASE_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"

#define WH_CALENDAR_HOURS_MAX 4
#define WH_CALENDAR_DAYS_AHEAD 36600 // searches give up after a hundred years

struct wh_calendar_hours {
    int16_t from_min, to_min; // minutes of the local day, open in [from, to)
};

// Read-only once filled; the arrays are borrowed and outlive it. Outside the years for which there
// are off and work days only the weekend rule holds. A day in both lists is a working day.
struct wh_calendar {
    struct wh_zone zone;
    struct wh_calendar_hours hours[WH_CALENDAR_HOURS_MAX]; // sorted, not overlapping
    size_t n_hours;
    uint8_t weekend_mask;     // bit 1 << enum wh_weekday
    const int32_t *off_days;  // yyyymmdd, sorted: public holidays
    const int32_t *work_days; // yyyymmdd, sorted: make-up working days
    size_t n_off, n_work;
};

// Hours within the day, sorted, at least one, a weekend of at most six days, lists sorted and real
// dates, zone sorted. Everything below may be given only a calendar that passed. 0, WH_E_INVALID.
int wh_calendar_check(const struct wh_calendar *calendar);

bool wh_calendar_is_work_day(const struct wh_calendar *calendar, int32_t date);
bool wh_calendar_is_work_time(const struct wh_calendar *calendar,
                              int64_t at); // opening yes, closing no

// First and last instant of work on a day (also of one that is not a working day).
int64_t wh_calendar_opening(const struct wh_calendar *calendar, int32_t date);
int64_t wh_calendar_closing(const struct wh_calendar *calendar, int32_t date);

// The end of `span` begun at `from` (ms UTC). shift_to_work (P3 and P4): an end of calendar days
// that falls on a non-working day moves to the closing time of the next working day; other units
// never move. WH_SPAN_NONE ends at WH_NEVER. WH_NEVER also where a hundred years do not suffice.
int64_t wh_calendar_add(const struct wh_calendar *calendar, int64_t from, struct wh_span span,
                        bool shift_to_work);

// `at` itself where it is working time, else the next opening. WH_NEVER: none in a hundred years.
int64_t wh_calendar_next_open(const struct wh_calendar *calendar, int64_t at);

// Milliseconds of working time in [a, b), 0 where b <= a. O(days between).
int64_t wh_calendar_work_ms(const struct wh_calendar *calendar, int64_t a, int64_t b);

#endif
