// SPDX-License-Identifier: Apache-2.0
// Time as numbers: every instant is int64 milliseconds since 1970-01-01T00:00:00Z (no leap
// seconds). Decides how instants, local days and spans are written and read; never asks what time
// it is. Days are written yyyymmdd as int32 (20261123). Instants: years 0001 to 9999.
#ifndef WH_BASE_TIME_H
#define WH_BASE_TIME_H

#include <stddef.h>
#include <stdint.h>

#define WH_MS_SECOND INT64_C(1000)
#define WH_MS_MINUTE INT64_C(60000)
#define WH_MS_HOUR INT64_C(3600000)
#define WH_MS_DAY INT64_C(86400000)
#define WH_NEVER INT64_MAX
#define WH_TIME_MIN INT64_C(-62135596800000) // 0001-01-01T00:00:00Z
#define WH_TIME_MAX INT64_C(253402300799999) // 9999-12-31T23:59:59.999Z

// From this instant on the zone's local time is UTC + offset.
struct wh_zone_shift {
    int64_t from_at;    // ms UTC
    int32_t offset_min; // minutes east of UTC, -1439 to 1439
};

// Sorted by from_at; the first one also holds before its from_at. n = 0: UTC. Borrowed, never
// freed.
struct wh_zone {
    const struct wh_zone_shift *shifts;
    size_t n;
};

enum wh_weekday { // bit numbers of wh_calendar's weekend_mask
    WH_SUNDAY,
    WH_MONDAY,
    WH_TUESDAY,
    WH_WEDNESDAY,
    WH_THURSDAY,
    WH_FRIDAY,
    WH_SATURDAY,
};

// ---- days (proleptic Gregorian; algorithms of Howard Hinnant, "chrono-compatible low-level date
// algorithms") ---------------------------------------------------------------------------------
int64_t wh_days_from_civil(int32_t year, int32_t month, int32_t day); // days since 1970-01-01
int32_t wh_civil_from_days(int64_t days);                             // yyyymmdd
int64_t wh_days_from_date(int32_t date);                              // of yyyymmdd
int wh_date_check(int32_t date); // 0, WH_E_INVALID (no such day), years 1 to 9999
int32_t wh_date_add(int32_t date, int64_t days);
enum wh_weekday wh_date_weekday(int32_t date);
// "2026-11-23". Parsing is strict. 0, WH_E_INVALID.
void wh_date_format(int32_t date, char ret_text[11]);
int wh_date_parse(const char *text, int32_t *ret_date);

// ---- RFC 3339 --------------------------------------------------------------------------------
#define WH_RFC3339_MAX 32 // buffer with NUL

// "2026-11-23T09:00:05+08:00"; milliseconds (three digits) only when not zero; offset 0 is "Z".
// 0, WH_E_RANGE (instant or offset outside the limits, or the local year outside 0001 to 9999).
int wh_rfc3339_format(int64_t at, int32_t offset_min, char ret_text[WH_RFC3339_MAX]);
// Strict: upper case T and Z, the zone is required, second 60 is refused, 1 to 9 digits of fraction
// (cut to milliseconds), offsets to +-23:59. text: a whole C string. 0, WH_E_INVALID.
int wh_rfc3339_parse(const char *text, int64_t *ret_at);

// ---- local time ------------------------------------------------------------------------------
int32_t wh_zone_offset(const struct wh_zone *zone, int64_t at);  // minutes
int32_t wh_local_date(const struct wh_zone *zone, int64_t at);   // yyyymmdd
int32_t wh_local_minute(const struct wh_zone *zone, int64_t at); // of the local day, 0 to 1439
enum wh_weekday wh_local_weekday(const struct wh_zone *zone, int64_t at);
// The instant of a local day and minute (0 to 1440). A time that happens twice is the first one;
// one that is skipped is read with the offset before the jump (02:30 becomes 03:30).
int64_t wh_local_to_utc(const struct wh_zone *zone, int32_t date, int32_t minute);

// ---- spans -----------------------------------------------------------------------------------
enum wh_span_unit {
    WH_SPAN_NONE = 0,      // no span given
    WH_SPAN_ELAPSED,       // n milliseconds
    WH_SPAN_CALENDAR_DAYS, // n x 24 h; only these can move off a non-working day
    WH_SPAN_WORK_HOURS,    // n hours inside working hours
    WH_SPAN_WORK_DAYS,     // to the close of the n-th working day after
};

struct wh_span {
    enum wh_span_unit unit;
    int64_t n; // > 0; 0 with WH_SPAN_NONE
};

#define WH_SPAN_MAX 24        // buffer with NUL
#define WH_SPAN_DAYS_MAX 3660 // ten years: the longest span of any unit

// "PT5M" "PT24H" "PT1H30M" "PT45S": elapsed. "P3D" "P2W" "P1M" (30 days): calendar days. "4WH"
// "1WD". NULL or "" is WH_SPAN_NONE. Zero, mixed (P1DT1H), fractions: WH_E_INVALID; too long:
// WH_E_RANGE.
int wh_span_parse(const char *text, struct wh_span *ret_span);
// One unit, the largest that is exact: "PT90M", "P30D", "4WH", "" for NONE. 0, WH_E_INVALID (also
// elapsed spans that are not whole seconds).
int wh_span_format(struct wh_span span, char ret_text[WH_SPAN_MAX]);

#endif
