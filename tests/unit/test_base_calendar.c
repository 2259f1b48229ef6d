// SPDX-License-Identifier: Apache-2.0
// The working calendar with the demo district's holidays: named examples, and random instants of
// 2025 to 2027 against a reference that knows nothing but "is this minute working time" and counts.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/error.h"

#define LIST_MAX 64
#define FIRST_DAY 20241201 // of the reference's table
#define TABLE_DAYS 1300

static const struct wh_zone_shift china[] = {{0, 480}};
static int32_t off_days[LIST_MAX], work_days[LIST_MAX];
static struct wh_calendar calendar = {
    .zone = {china, 1},
    .hours = {{540, 720}, {810, 1050}},
    .n_hours = 2,
    .weekend_mask = 1 << WH_SATURDAY | 1 << WH_SUNDAY,
    .off_days = off_days,
    .work_days = work_days,
};

static int64_t at_of(const char *text)
{
    int64_t at;
    assert_int_equal(wh_rfc3339_parse(text, &at), 0);
    return at;
}

// "2026-01-01/2026-01-03" or "2026-01-04"
static size_t add_days(int32_t *list, size_t n, const char *text)
{
    char first[11];
    int32_t from, to;
    memcpy(first, text, 10);
    first[10] = '\0';
    assert_int_equal(wh_date_parse(first, &from), 0);
    assert_int_equal(wh_date_parse(text[10] == '/' ? text + 11 : text, &to), 0);
    for (; from <= to; from = wh_date_add(from, 1)) {
        assert_true(n < LIST_MAX);
        list[n++] = from;
    }
    return n;
}

static int read_holidays(void **state)
{
    json_t *root = json_load_file(WH_SOURCE_DIR "/deploy/demo/district.json", 0, NULL), *row;
    size_t i;
    (void)state;
    json_t *years = json_object_get(json_object_get(root, "calendar"), "years");
    json_t *year = json_object_get(years, "2026");
    assert_non_null(year);
    json_array_foreach(json_object_get(year, "off"), i, row) calendar.n_off =
        add_days(off_days, calendar.n_off, json_string_value(row));
    json_array_foreach(json_object_get(year, "work"), i, row) calendar.n_work =
        add_days(work_days, calendar.n_work, json_string_value(row));
    json_decref(root);
    assert_int_equal(wh_calendar_check(&calendar), 0);
    return 0;
}

static void check_add(const char *from, const char *span_text, bool shift, const char *end)
{
    struct wh_span span;
    char text[WH_RFC3339_MAX];
    assert_int_equal(wh_span_parse(span_text, &span), 0);
    int64_t at = wh_calendar_add(&calendar, at_of(from), span, shift);
    assert_int_equal(wh_rfc3339_format(at, 480, text), 0);
    assert_string_equal(text, end);
}

static void work_hours(void **state)
{
    (void)state;
    check_add("2026-11-23T09:00:00+08:00", "3WH", false, "2026-11-23T12:00:00+08:00");
    check_add("2026-11-23T09:00:00+08:00", "4WH", false, "2026-11-23T14:30:00+08:00");
    check_add("2026-11-23T11:30:00+08:00", "4WH", false, "2026-11-23T17:00:00+08:00");
    check_add("2026-11-23T15:30:30.5+08:00", "4WH", true, "2026-11-24T11:00:30.500+08:00");
    check_add("2026-11-27T17:30:00+08:00", "1WH", false, "2026-11-30T10:00:00+08:00");
    check_add("2026-11-28T03:00:00+08:00", "7WH", false, "2026-11-30T17:30:00+08:00");
    check_add("2026-09-30T16:30:00+08:00", "4WH", false, "2026-10-08T12:00:00+08:00");
}

static void work_days_end_at_closing(void **state)
{
    (void)state;
    check_add("2026-11-23T08:00:00+08:00", "1WD", false, "2026-11-24T17:30:00+08:00");
    check_add("2026-11-23T23:59:59+08:00", "1WD", false, "2026-11-24T17:30:00+08:00");
    check_add("2026-11-28T10:00:00+08:00", "1WD", false, "2026-11-30T17:30:00+08:00");
    check_add("2026-11-27T10:00:00+08:00", "3WD", false, "2026-12-02T17:30:00+08:00");
    // New Year's days 1 to 3 January, make-up work on Sunday 4
    check_add("2025-12-31T10:00:00+08:00", "1WD", false, "2026-01-04T17:30:00+08:00");
    // Spring Festival 15 to 23 February, make-up work on Saturdays 14 and 28
    check_add("2026-02-13T10:00:00+08:00", "2WD", false, "2026-02-24T17:30:00+08:00");
    check_add("2026-02-27T10:00:00+08:00", "1WD", false, "2026-02-28T17:30:00+08:00");
}

static void calendar_days(void **state)
{
    (void)state;
    check_add("2026-11-23T10:00:00+08:00", "P3D", true, "2026-11-26T10:00:00+08:00");
    check_add("2026-11-25T10:00:00+08:00", "P3D", true, "2026-11-30T17:30:00+08:00");
    check_add("2026-11-25T10:00:00+08:00", "P3D", false, "2026-11-28T10:00:00+08:00");
    check_add("2026-11-25T10:00:00+08:00", "PT72H", true, "2026-11-28T10:00:00+08:00");
    check_add("2026-09-24T10:00:00+08:00", "P7D", true, "2026-10-08T17:30:00+08:00");
    check_add("2026-10-03T10:00:00+08:00", "P7D", true, "2026-10-10T10:00:00+08:00");
    check_add("2026-10-01T10:00:00+08:00", "PT5M", true, "2026-10-01T10:05:00+08:00");
    check_add("2031-05-01T10:00:00+08:00", "P1D", true, "2031-05-02T10:00:00+08:00");
}

static void opening(void **state)
{
    (void)state;
    int64_t lunch = at_of("2026-11-23T12:30:00+08:00");
    assert_int_equal(wh_calendar_next_open(&calendar, lunch), at_of("2026-11-23T13:30:00+08:00"));
    assert_int_equal(wh_calendar_next_open(&calendar, lunch + WH_MS_HOUR), lunch + WH_MS_HOUR);
    assert_int_equal(wh_calendar_next_open(&calendar, at_of("2026-11-27T17:30:00+08:00")),
                     at_of("2026-11-30T09:00:00+08:00"));
    assert_int_equal(wh_calendar_opening(&calendar, 20261128), at_of("2026-11-28T09:00:00+08:00"));
    assert_int_equal(wh_calendar_closing(&calendar, 20261128), at_of("2026-11-28T17:30:00+08:00"));
    assert_true(wh_calendar_is_work_time(&calendar, at_of("2026-02-28T09:00:00+08:00")));
    assert_false(wh_calendar_is_work_time(&calendar, at_of("2026-02-28T17:30:00+08:00")));
    assert_false(wh_calendar_is_work_time(&calendar, at_of("2026-10-01T10:00:00+08:00")));
}

static void limits(void **state)
{
    const struct wh_span none = {WH_SPAN_NONE, 0}, day = {WH_SPAN_WORK_DAYS, 1};
    const struct wh_span huge = {WH_SPAN_WORK_DAYS, INT64_MAX};
    (void)state;
    assert_true(wh_calendar_add(&calendar, 0, none, true) == WH_NEVER);
    assert_true(wh_calendar_add(&calendar, INT64_MAX, day, true) == WH_NEVER);
    assert_true(wh_calendar_add(&calendar, 0, huge, true) == WH_NEVER);
    for (int unit = WH_SPAN_ELAPSED; unit <= WH_SPAN_WORK_DAYS; unit++) {
        struct wh_span span = {(enum wh_span_unit)unit, INT64_MAX};
        assert_true(wh_calendar_add(&calendar, 0, span, true) == WH_NEVER);
    }
    assert_true(wh_calendar_next_open(&calendar, INT64_MIN) == WH_NEVER);
    assert_int_equal(wh_calendar_work_ms(&calendar, 5, 5), 0);
    assert_int_equal(wh_calendar_work_ms(&calendar, 9, 5), 0);
}

static void wrong_calendars(void **state)
{
    static const int32_t unsorted[] = {20260102, 20260101}, unreal[] = {20260230};
    struct wh_calendar wrong = calendar;
    (void)state;
    wrong.n_hours = 0;
    assert_int_equal(wh_calendar_check(&wrong), WH_E_INVALID);
    wrong = calendar;
    wrong.hours[1].from_min = 700;
    assert_int_equal(wh_calendar_check(&wrong), WH_E_INVALID);
    wrong = calendar;
    wrong.hours[1].to_min = 1441;
    assert_int_equal(wh_calendar_check(&wrong), WH_E_INVALID);
    wrong = calendar;
    wrong.weekend_mask = 0x7F;
    assert_int_equal(wh_calendar_check(&wrong), WH_E_INVALID);
    wrong = calendar;
    wrong.off_days = unsorted;
    wrong.n_off = 2;
    assert_int_equal(wh_calendar_check(&wrong), WH_E_INVALID);
    wrong.off_days = unreal;
    wrong.n_off = 1;
    assert_int_equal(wh_calendar_check(&wrong), WH_E_INVALID);
}

// ---- the reference: a table of minutes, filled from the rules as written ------------------------

static bool open_minute[TABLE_DAYS * 1440];
static bool work_day[TABLE_DAYS];

static bool listed(const int32_t *list, size_t n, int32_t date)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i] == date)
            return true;
    }
    return false;
}

static int64_t table_start(void)
{
    return wh_days_from_date(FIRST_DAY) * WH_MS_DAY - 480 * WH_MS_MINUTE;
}

static void fill_table(void)
{
    for (int day = 0; day < TABLE_DAYS; day++) {
        int32_t date = wh_date_add(FIRST_DAY, day);
        int weekday = (int)wh_date_weekday(date);
        work_day[day] = weekday != 0 && weekday != 6;
        if (listed(off_days, calendar.n_off, date))
            work_day[day] = false;
        if (listed(work_days, calendar.n_work, date))
            work_day[day] = true;
        for (int minute = 0; minute < 1440; minute++)
            open_minute[day * 1440 + minute] = work_day[day] && ((minute >= 540 && minute < 720) ||
                                                                 (minute >= 810 && minute < 1050));
    }
}

// Minutes since the table's start; all in whole minutes.
static int64_t naive_hours(int64_t from, int64_t n)
{
    for (int64_t left = n * 60;; from++) {
        left -= open_minute[from];
        if (left == 0)
            return from + 1;
    }
}

static int64_t naive_days(int64_t from, int64_t n)
{
    int64_t day = from / 1440;
    while (n > 0)
        n -= work_day[++day];
    return day * 1440 + 1050;
}

static int64_t naive_add(int64_t from, struct wh_span span, bool shift)
{
    if (span.unit == WH_SPAN_WORK_HOURS)
        return naive_hours(from, span.n);
    if (span.unit == WH_SPAN_WORK_DAYS)
        return naive_days(from, span.n);
    if (span.unit == WH_SPAN_ELAPSED)
        return from + span.n / WH_MS_MINUTE;
    int64_t end = from + span.n * 1440;
    return shift && !work_day[end / 1440] ? naive_days(end, 1) : end;
}

static void like_the_reference(void **state)
{
    (void)state;
    srandom(12);
    fill_table();
    for (int round = 0; round < 40000; round++) {
        int64_t from = 31 * 1440 + random() % (1095 * 1440); // 2025-01-01 to 2027-12-31
        bool shift = random() % 2;
        struct wh_span span = {(enum wh_span_unit)(1 + random() % 4), 1 + random() % 40};
        if (span.unit == WH_SPAN_ELAPSED)
            span.n *= WH_MS_MINUTE * 37;
        int64_t at = table_start() + from * WH_MS_MINUTE;
        int64_t end = wh_calendar_add(&calendar, at, span, shift);
        assert_int_equal((end - table_start()) / WH_MS_MINUTE, naive_add(from, span, shift));
        assert_int_equal(wh_calendar_is_work_time(&calendar, at), open_minute[from]);
        if (span.unit == WH_SPAN_WORK_HOURS)
            assert_int_equal(wh_calendar_work_ms(&calendar, at, end), span.n * WH_MS_HOUR);
        // milliseconds within the minute are carried through open time
        if (span.unit == WH_SPAN_WORK_HOURS && open_minute[from])
            assert_int_equal(wh_calendar_work_ms(&calendar, at + 59999,
                                                 wh_calendar_add(&calendar, at + 59999, span, 0)),
                             span.n * WH_MS_HOUR);
    }
}

static void work_ms_like_the_reference(void **state)
{
    (void)state;
    srandom(13);
    for (int round = 0; round < 5000; round++) {
        int64_t a = random() % (1000 * 1440), n = random() % (30 * 1440), count = 0, open = a;
        for (int64_t minute = a; minute < a + n; minute++)
            count += open_minute[minute];
        int64_t at = table_start() + a * WH_MS_MINUTE;
        assert_int_equal(wh_calendar_work_ms(&calendar, at, at + n * WH_MS_MINUTE),
                         count * WH_MS_MINUTE);
        while (!open_minute[open])
            open++;
        assert_int_equal(wh_calendar_next_open(&calendar, at), table_start() + open * WH_MS_MINUTE);
    }
}

// A zone that jumps inside working hours: hours are counted as they pass.
static void jumping_zone(void **state)
{
    const struct wh_zone_shift shifts[] = {{0, 60}, {at_of("2026-03-29T01:00:00Z"), 120}};
    const struct wh_calendar night = {.zone = {shifts, 2}, .hours = {{0, 360}}, .n_hours = 1};
    const struct wh_span six = {WH_SPAN_WORK_HOURS, 6};
    (void)state;
    int64_t midnight = at_of("2026-03-29T00:00:00+01:00");
    assert_int_equal(wh_calendar_work_ms(&night, midnight, midnight + 23 * WH_MS_HOUR),
                     5 * WH_MS_HOUR);
    assert_int_equal(wh_calendar_add(&night, midnight, six, false),
                     at_of("2026-03-30T01:00:00+02:00"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_hours),
        cmocka_unit_test(work_days_end_at_closing),
        cmocka_unit_test(calendar_days),
        cmocka_unit_test(opening),
        cmocka_unit_test(limits),
        cmocka_unit_test(wrong_calendars),
        cmocka_unit_test(like_the_reference),
        cmocka_unit_test(work_ms_like_the_reference),
        cmocka_unit_test(jumping_zone),
    };
    return cmocka_run_group_tests_name("calendar", tests, read_holidays, NULL);
}
