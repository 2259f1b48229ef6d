// SPDX-License-Identifier: Apache-2.0
// Reads the calendar, the zone and the table of service times out of the data. Texts like "4WH"
// become spans once, here.
#include <stdlib.h>
#include <string.h>

#include "district/index.h"

static int by_value(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static void read_zone(const Whistle__V1__District *data, struct wh_zone_shift *shifts,
                      struct wh_calendar *calendar)
{
    for (size_t i = 0; i < data->n_zone; i++)
        shifts[i] = (struct wh_zone_shift){.from_at = data->zone[i]->from_at,
                                           .offset_min = data->zone[i]->offset_min};
    calendar->zone = (struct wh_zone){.shifts = shifts, .n = data->n_zone};
}

int wh_calendar_read(const Whistle__V1__District *data, struct wh_zone_shift *shifts, int32_t *days,
                     struct wh_calendar *ret_calendar)
{
    const Whistle__V1__Calendar *from = data->calendar;
    struct wh_calendar calendar = {0};
    if (from == NULL || from->n_work_hours > WH_CALENDAR_HOURS_MAX)
        return WH_E_INVALID;
    read_zone(data, shifts, &calendar);
    for (size_t i = 0; i < from->n_work_hours; i++) {
        const Whistle__V1__MinuteRange *range = from->work_hours[i];
        if (range->from_min < 0 || range->to_min > 1440 || range->from_min >= range->to_min)
            return WH_E_INVALID;
        calendar.hours[i] = (struct wh_calendar_hours){.from_min = (int16_t)range->from_min,
                                                       .to_min = (int16_t)range->to_min};
    }
    calendar.n_hours = from->n_work_hours;
    for (size_t i = 0; i < from->n_weekend; i++) {
        if (from->weekend[i] < 1 || from->weekend[i] > 7)
            return WH_E_INVALID;
        calendar.weekend_mask = (uint8_t)(calendar.weekend_mask | 1U << (from->weekend[i] % 7));
    }
    calendar.n_off = from->n_off_days;
    calendar.n_work = from->n_work_days;
    if (calendar.n_off > 0)
        memcpy(days, from->off_days, calendar.n_off * sizeof(*days));
    if (calendar.n_work > 0)
        memcpy(days + calendar.n_off, from->work_days, calendar.n_work * sizeof(*days));
    qsort(days, calendar.n_off, sizeof(*days), by_value);
    qsort(days + calendar.n_off, calendar.n_work, sizeof(*days), by_value);
    calendar.off_days = days;
    calendar.work_days = days + calendar.n_off;
    if (wh_calendar_check(&calendar) != 0)
        return WH_E_INVALID;
    *ret_calendar = calendar;
    return 0;
}

static int read_lists(const Whistle__V1__ServiceTimes *row, struct wh_times *times,
                      const char **ret_field)
{
    *ret_field = "escalate_unsigned";
    if (row->n_escalate_unsigned > sizeof(times->escalate_unsigned) / sizeof(struct wh_span))
        return WH_E_INVALID;
    times->n_escalate = row->n_escalate_unsigned;
    for (size_t i = 0; i < times->n_escalate; i++)
        if (wh_span_parse(row->escalate_unsigned[i], &times->escalate_unsigned[i]) != 0 ||
            times->escalate_unsigned[i].unit == WH_SPAN_NONE)
            return WH_E_INVALID;
    *ret_field = "remind";
    if (row->n_remind > sizeof(times->remind) / sizeof(times->remind[0]))
        return WH_E_INVALID;
    times->n_remind = row->n_remind;
    for (size_t i = 0; i < times->n_remind; i++) {
        times->remind[i] = row->remind[i];
        if (row->remind[i] < 1 || row->remind[i] > 400 ||
            (i > 0 && row->remind[i] <= row->remind[i - 1]))
            return WH_E_INVALID;
    }
    return 0;
}

int wh_times_read(const Whistle__V1__ServiceTimes *row, struct wh_times *ret_times,
                  const char **ret_field)
{
    struct wh_times times = {.priority = row->priority, .row = row};
    const struct {
        const char *field, *text;
        struct wh_span *span;
    } spans[] = {
        {"sign", row->sign, &times.sign},
        {"checkin", row->checkin, &times.checkin},
        {"report", row->report, &times.report},
        {"report_every", row->report_every, &times.report_every},
        {"resolve", row->resolve, &times.resolve},
        {"ruling", row->ruling, &times.ruling},
        {"review", row->review, &times.review},
        {"review_resident", row->review_resident, &times.review_resident},
        {"confirm", row->confirm, &times.confirm},
        {"ledger_max", row->ledger_max, &times.ledger_max},
        {"ledger_review", row->ledger_review, &times.ledger_review},
    };
    for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
        *ret_field = spans[i].field;
        if (wh_span_parse(spans[i].text, spans[i].span) != 0)
            return WH_E_INVALID;
    }
    if (read_lists(row, &times, ret_field) != 0)
        return WH_E_INVALID;
    *ret_times = times;
    return 0;
}

int wh_district_read_times(struct wh_district *district)
{
    const Whistle__V1__District *data = district->data;
    const char *field = NULL;
    if (data->calendar == NULL)
        return WH_E_INVALID;
    district->shifts = calloc(data->n_zone + 1, sizeof(*district->shifts));
    district->days = calloc(data->calendar->n_off_days + data->calendar->n_work_days + 1,
                            sizeof(*district->days));
    district->times = calloc(data->n_service_times + 1, sizeof(*district->times));
    if (district->shifts == NULL || district->days == NULL || district->times == NULL)
        return WH_E_NOMEM;
    if (wh_calendar_read(data, district->shifts, district->days, &district->calendar) != 0)
        return WH_E_INVALID;
    for (size_t i = 0; i < data->n_service_times; i++)
        if (wh_times_read(data->service_times[i], &district->times[i], &field) != 0)
            return WH_E_INVALID;
    district->n_times = data->n_service_times;
    return 0;
}

void wh_district_drop_times(struct wh_district *district)
{
    free(district->shifts);
    free(district->days);
    free(district->times);
}
