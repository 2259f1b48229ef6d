// SPDX-License-Identifier: Apache-2.0
// How service times are written: ISO 8601 durations and the two units of working time. Decides
// their spelling and bounds; where a span ends is calendar.c's.
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/time.h"

#define NUMBER_MAX INT64_C(999999999) // of one component; more is out of every range

// Digits at *text, moved behind them; -1 where there are none. Stays at NUMBER_MAX + 1 when larger.
static int64_t read_count(const char **text)
{
    const char *p = *text;
    int64_t value = 0;
    if (*p < '0' || *p > '9')
        return -1;
    for (; *p >= '0' && *p <= '9'; p++) {
        value = value * 10 + (*p - '0');
        if (value > NUMBER_MAX)
            value = NUMBER_MAX + 1;
    }
    *text = p;
    return value;
}

// "1H30M15S" up to the end: each letter at most once and in this order.
static int read_elapsed(const char *text, struct wh_span *ret)
{
    static const struct {
        char letter;
        int64_t ms;
    } units[] = {{'H', WH_MS_HOUR}, {'M', WH_MS_MINUTE}, {'S', WH_MS_SECOND}};
    int64_t total = 0;
    size_t next = 0;
    do {
        int64_t count = read_count(&text);
        if (count < 0)
            return WH_E_INVALID;
        while (next < 3 && units[next].letter != *text)
            next++;
        if (next == 3)
            return WH_E_INVALID;
        total += count * units[next++].ms;
        text++;
    } while (*text);
    *ret = (struct wh_span){WH_SPAN_ELAPSED, total};
    return 0;
}

// "P3D", "P2W", "P1M" behind the P.
static int read_calendar(const char *text, struct wh_span *ret)
{
    int64_t count = read_count(&text);
    int64_t days = *text == 'D' ? 1 : *text == 'W' ? 7 : *text == 'M' ? 30 : 0;
    if (count < 0 || days == 0 || text[1] != '\0')
        return WH_E_INVALID;
    *ret = (struct wh_span){WH_SPAN_CALENDAR_DAYS, count * days};
    return 0;
}

// "4WH", "1WD".
static int read_work(const char *text, struct wh_span *ret)
{
    int64_t count = read_count(&text);
    if (count < 0)
        return WH_E_INVALID;
    if (strcmp(text, "WH") == 0)
        *ret = (struct wh_span){WH_SPAN_WORK_HOURS, count};
    else if (strcmp(text, "WD") == 0)
        *ret = (struct wh_span){WH_SPAN_WORK_DAYS, count};
    else
        return WH_E_INVALID;
    return 0;
}

static int64_t unit_max(enum wh_span_unit unit)
{
    if (unit == WH_SPAN_ELAPSED)
        return WH_SPAN_DAYS_MAX * WH_MS_DAY;
    return unit == WH_SPAN_WORK_HOURS ? WH_SPAN_DAYS_MAX * 24 : WH_SPAN_DAYS_MAX;
}

int wh_span_parse(const char *text, struct wh_span *ret_span)
{
    struct wh_span span = {WH_SPAN_NONE, 0};
    int error;
    if (!text || text[0] == '\0') {
        *ret_span = span;
        return 0;
    }
    if (text[0] != 'P')
        error = read_work(text, &span);
    else if (text[1] == 'T')
        error = read_elapsed(text + 2, &span);
    else
        error = read_calendar(text + 1, &span);
    if (error)
        return error;
    if (span.n == 0)
        return WH_E_INVALID;
    if (span.n > unit_max(span.unit))
        return WH_E_RANGE;
    *ret_span = span;
    return 0;
}

static int format_elapsed(int64_t ms, char ret_text[WH_SPAN_MAX])
{
    if (ms % WH_MS_SECOND != 0)
        return WH_E_INVALID;
    char letter = 'S';
    int64_t count = ms / WH_MS_SECOND;
    if (ms % WH_MS_HOUR == 0) {
        letter = 'H';
        count = ms / WH_MS_HOUR;
    } else if (ms % WH_MS_MINUTE == 0) {
        letter = 'M';
        count = ms / WH_MS_MINUTE;
    }
    return snprintf(ret_text, WH_SPAN_MAX, "PT%lld%c", (long long)count, letter) > 0 ? 0
                                                                                     : WH_E_INVALID;
}

int wh_span_format(struct wh_span span, char ret_text[WH_SPAN_MAX])
{
    long long n = span.n;
    if (span.unit == WH_SPAN_NONE) {
        ret_text[0] = '\0';
        return 0;
    }
    if (span.n <= 0 || span.n > unit_max(span.unit))
        return WH_E_INVALID;
    int written = -1;
    switch (span.unit) {
    case WH_SPAN_ELAPSED:
        return format_elapsed(span.n, ret_text);
    case WH_SPAN_CALENDAR_DAYS:
        written = snprintf(ret_text, WH_SPAN_MAX, "P%lldD", n);
        break;
    case WH_SPAN_WORK_HOURS:
        written = snprintf(ret_text, WH_SPAN_MAX, "%lldWH", n);
        break;
    case WH_SPAN_WORK_DAYS:
        written = snprintf(ret_text, WH_SPAN_MAX, "%lldWD", n);
        break;
    case WH_SPAN_NONE:
        break;
    }
    return written > 0 ? 0 : WH_E_INVALID;
}
