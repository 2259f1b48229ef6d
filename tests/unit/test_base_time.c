// SPDX-License-Identifier: Apache-2.0
// Days against a counted calendar and the C library, RFC 3339 both ways, zones with and without
// jumps, the spelling of spans.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/time.h"

static int64_t random64(void)
{
    return (int64_t)(((uint64_t)random() << 42) ^ ((uint64_t)random() << 21) ^ (uint64_t)random());
}

static int64_t random_instant(void)
{
    int64_t at = random64() % (WH_TIME_MAX - WH_TIME_MIN - 4 * WH_MS_DAY);
    return WH_TIME_MIN + 2 * WH_MS_DAY + (at < 0 ? -at : at);
}

static int64_t count_month(int32_t first, int length, int64_t days)
{
    for (int32_t date = first; date < first + length; date++, days++) {
        if (wh_days_from_date(date) != days || wh_civil_from_days(days) != date ||
            wh_date_check(date) != 0)
            fail_msg("%d", (int)date);
    }
    if (wh_date_check(first + length) != WH_E_INVALID)
        fail_msg("%d", (int)(first + length));
    return days;
}

static void days_are_counted(void **state)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t days = wh_days_from_civil(1, 1, 1);
    (void)state;
    assert_int_equal(days, WH_TIME_MIN / WH_MS_DAY);
    for (int32_t year = 1; year <= 9999; year++) {
        int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        for (int32_t month = 1; month <= 12; month++)
            days = count_month(year * 10000 + month * 100 + 1,
                               lengths[month - 1] + (month == 2 && leap), days);
    }
    assert_int_equal(days, (WH_TIME_MAX + 1) / WH_MS_DAY);
}

static void dates(void **state)
{
    char text[11];
    int32_t date;
    (void)state;
    assert_int_equal(wh_date_weekday(20261123), WH_MONDAY);
    assert_int_equal(wh_date_weekday(19700101), WH_THURSDAY);
    assert_int_equal(wh_date_weekday(10101), WH_MONDAY);
    assert_int_equal(wh_date_add(20261231, 1), 20270101);
    wh_date_format(20260205, text);
    assert_string_equal(text, "2026-02-05");
    assert_int_equal(wh_date_parse("2028-02-29", &date), 0);
    assert_int_equal(date, 20280229);
    assert_int_equal(wh_date_parse("2026-02-29", &date), WH_E_INVALID);
    assert_int_equal(wh_date_parse("2026-2-9", &date), WH_E_INVALID);
    assert_int_equal(wh_date_parse("2026-02-09T", &date), WH_E_INVALID);
    assert_int_equal(wh_date_parse("20260209", &date), WH_E_INVALID);
    assert_int_equal(wh_date_parse(NULL, &date), WH_E_INVALID);
    assert_int_equal(wh_date_check(0), WH_E_INVALID);
    assert_int_equal(wh_date_check(-20260101), WH_E_INVALID);
}

static void rfc3339_round_trip(void **state)
{
    (void)state;
    srandom(5);
    for (int i = 0; i < 200000; i++) {
        char text[WH_RFC3339_MAX], date[32];
        int64_t at = random_instant(), back;
        int32_t offset = (int32_t)(random() % 2879) - 1439;
        if (i % 2)
            at -= at % 1000;
        assert_int_equal(wh_rfc3339_format(at, offset, text), 0);
        assert_int_equal(wh_rfc3339_parse(text, &back), 0);
        assert_int_equal(at, back);
        time_t seconds =
            (time_t)((at + offset * WH_MS_MINUTE - 999 * (at < 0 && at % 1000)) / 1000);
        struct tm *tm = gmtime(&seconds);
        if (at >= 0 && tm && tm->tm_year >= 70 &&
            strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", tm))
            assert_memory_equal(text, date, strlen(date));
    }
}

static void rfc3339_examples(void **state)
{
    static const char *const wrong[] = {"2026-11-23T09:00:00",
                                        "2026-11-23 09:00:00Z",
                                        "2026-11-23t09:00:00Z",
                                        "2026-11-23T09:00:00z",
                                        "2026-11-23T24:00:00Z",
                                        "2026-11-23T09:60:00Z",
                                        "2026-11-23T09:00:60Z",
                                        "2026-11-23T09:00Z",
                                        "2026-11-23T09:00:00.Z",
                                        "2026-11-23T09:00:00+0800",
                                        "2026-11-23T09:00:00+24:00",
                                        "2026-11-23T09:00:00+08:60",
                                        "2026-11-23T09:00:00.1234567890Z",
                                        "2026-11-23T09:00:00Z ",
                                        "2026-13-23T09:00:00Z",
                                        "0000-01-01T00:00:00Z",
                                        "0001-01-01T00:00:00+08:00",
                                        "",
                                        "2026",
                                        "2026-11-23T",
                                        "9999-12-31T23:59:59-00:01",
                                        "+026-11-23T09:00:00Z"};
    char text[WH_RFC3339_MAX];
    int64_t at = 77;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(wh_rfc3339_parse(wrong[i], &at), WH_E_INVALID);
    assert_int_equal(wh_rfc3339_parse(NULL, &at), WH_E_INVALID);
    assert_int_equal(at, 77);
    assert_int_equal(wh_rfc3339_parse("2026-11-23T09:00:05.1239+08:00", &at), 0);
    assert_int_equal(wh_rfc3339_format(at, 480, text), 0);
    assert_string_equal(text, "2026-11-23T09:00:05.123+08:00");
    assert_int_equal(wh_rfc3339_format(0, 0, text), 0);
    assert_string_equal(text, "1970-01-01T00:00:00Z");
    assert_int_equal(wh_rfc3339_format(-1, -210, text), 0);
    assert_string_equal(text, "1969-12-31T20:29:59.999-03:30");
    assert_int_equal(wh_rfc3339_format(WH_TIME_MAX, 1, text), WH_E_RANGE);
    assert_int_equal(wh_rfc3339_format(WH_TIME_MIN, -1, text), WH_E_RANGE);
    assert_int_equal(wh_rfc3339_format(0, 1440, text), WH_E_RANGE);
    assert_int_equal(wh_rfc3339_format(INT64_MAX, 0, text), WH_E_RANGE);
}

static int64_t at_of(const char *text)
{
    int64_t at;
    assert_int_equal(wh_rfc3339_parse(text, &at), 0);
    return at;
}

static void zones(void **state)
{
    static const struct wh_zone_shift fixed[] = {{0, 480}};
    const struct wh_zone shanghai = {fixed, 1}, utc = {NULL, 0};
    int64_t at = at_of("2026-11-23T00:30:00+08:00");
    (void)state;
    assert_int_equal(wh_local_date(&shanghai, at), 20261123);
    assert_int_equal(wh_local_minute(&shanghai, at), 30);
    assert_int_equal(wh_local_weekday(&shanghai, at), WH_MONDAY);
    assert_int_equal(wh_local_date(&utc, at), 20261122);
    assert_int_equal(wh_local_date(&shanghai, -9 * WH_MS_HOUR), 19691231);
    assert_int_equal(wh_local_to_utc(&shanghai, 20261123, 30), at);
    assert_int_equal(wh_local_to_utc(&shanghai, 20261122, 1440), at - 30 * WH_MS_MINUTE);
    srandom(6);
    for (int i = 0; i < 100000; i++) {
        at = random_instant();
        at -= at % WH_MS_MINUTE;
        assert_int_equal(wh_local_to_utc(&shanghai, wh_local_date(&shanghai, at),
                                         wh_local_minute(&shanghai, at)),
                         at);
    }
}

// Berlin 2026: forward on 29 March at 01:00 UTC, back on 25 October.
static void jumping_zone(void **state)
{
    const struct wh_zone_shift shifts[] = {
        {0, 60}, {at_of("2026-03-29T01:00:00Z"), 120}, {at_of("2026-10-25T01:00:00Z"), 60}};
    const struct wh_zone zone = {shifts, 3};
    (void)state;
    assert_int_equal(wh_local_to_utc(&zone, 20260329, 119), at_of("2026-03-29T00:59:00Z"));
    assert_int_equal(wh_local_to_utc(&zone, 20260329, 150), at_of("2026-03-29T03:30:00+02:00"));
    assert_int_equal(wh_local_to_utc(&zone, 20260329, 180), at_of("2026-03-29T01:00:00Z"));
    assert_int_equal(wh_local_to_utc(&zone, 20261025, 150), at_of("2026-10-25T02:30:00+02:00"));
    assert_int_equal(wh_local_to_utc(&zone, 20261025, 180), at_of("2026-10-25T03:00:00+01:00"));
    assert_int_equal(wh_zone_offset(&zone, INT64_MIN), 60);
    for (int64_t at = at_of("2026-03-27T00:00:00Z"); at < at_of("2026-10-28T00:00:00Z");
         at += WH_MS_MINUTE * 7) {
        int64_t back = wh_local_to_utc(&zone, wh_local_date(&zone, at), wh_local_minute(&zone, at));
        assert_true(back == at || back == at - WH_MS_HOUR); // the first of two
    }
}

static void check_span(const char *text, enum wh_span_unit unit, int64_t n, const char *written)
{
    struct wh_span span;
    char again[WH_SPAN_MAX];
    assert_int_equal(wh_span_parse(text, &span), 0);
    assert_int_equal(span.unit, unit);
    assert_int_equal(span.n, n);
    assert_int_equal(wh_span_format(span, again), 0);
    assert_string_equal(again, written);
}

static void spans(void **state)
{
    (void)state;
    check_span("PT5M", WH_SPAN_ELAPSED, 5 * WH_MS_MINUTE, "PT5M");
    check_span("PT24H", WH_SPAN_ELAPSED, 24 * WH_MS_HOUR, "PT24H");
    check_span("PT1H30M", WH_SPAN_ELAPSED, 90 * WH_MS_MINUTE, "PT90M");
    check_span("PT45S", WH_SPAN_ELAPSED, 45000, "PT45S");
    check_span("P3D", WH_SPAN_CALENDAR_DAYS, 3, "P3D");
    check_span("P180D", WH_SPAN_CALENDAR_DAYS, 180, "P180D");
    check_span("P1M", WH_SPAN_CALENDAR_DAYS, 30, "P30D");
    check_span("P2W", WH_SPAN_CALENDAR_DAYS, 14, "P14D");
    check_span("4WH", WH_SPAN_WORK_HOURS, 4, "4WH");
    check_span("1WD", WH_SPAN_WORK_DAYS, 1, "1WD");
    check_span("", WH_SPAN_NONE, 0, "");
    check_span(NULL, WH_SPAN_NONE, 0, "");
}

static void wrong_spans(void **state)
{
    static const char *const wrong[] = {"P",      "PT",     "PT5",    "P5",  "5",    "PT5D",
                                        "P1DT1H", "PT0M",   "0WD",    "P0D", "-1WD", "PT-5M",
                                        "PT5M ",  " PT5M",  "pt5m",   "WD",  "4W",   "4WHX",
                                        "PT5M1H", "PT5M5M", "PT1.5H", "P1Y", "4 WH"};
    struct wh_span span = {WH_SPAN_WORK_DAYS, 9};
    char text[WH_SPAN_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(wh_span_parse(wrong[i], &span), WH_E_INVALID);
    assert_int_equal(wh_span_parse("99999999999999999999WD", &span), WH_E_RANGE);
    assert_int_equal(wh_span_parse("P3661D", &span), WH_E_RANGE);
    assert_int_equal(wh_span_parse("PT87841H", &span), WH_E_RANGE);
    assert_int_equal(span.n, 9);
    assert_int_equal(wh_span_format((struct wh_span){WH_SPAN_ELAPSED, 1}, text), WH_E_INVALID);
    assert_int_equal(wh_span_format((struct wh_span){WH_SPAN_WORK_DAYS, 0}, text), WH_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_are_counted),
        cmocka_unit_test(dates),
        cmocka_unit_test(rfc3339_round_trip),
        cmocka_unit_test(rfc3339_examples),
        cmocka_unit_test(zones),
        cmocka_unit_test(jumping_zone),
        cmocka_unit_test(spans),
        cmocka_unit_test(wrong_spans),
    };
    return cmocka_run_group_tests_name("time", tests, NULL, NULL);
}
