// SPDX-License-Identifier: Apache-2.0
// One labelled report from its fields as text.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/geo.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/labelled.h"
#include "cli/text.h"

static const char *of(const struct labelled_field *fields, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (fields[i].value && *fields[i].value && strcmp(fields[i].name, name) == 0)
            return fields[i].value;
    return NULL;
}

static int refuse(struct fault *fault, const char *field, const char *why)
{
    fault_usage(fault, field, "%s", why);
    return -1;
}

// Stable over runs: FNV-1a; never 0.
static uint64_t hash_of(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return hash ? hash : 1;
}

// "2019/7/8 21:05:00" or "2019-7-8 21:05", seconds optional.
static int local_time(const char *text, int64_t *ret_at)
{
    int year, month, day, hour, minute, second = 0, used = 0;
    char a, b;
    int got =
        sscanf(text, "%4d%c%2d%c%2d %2d:%2d%n", &year, &a, &month, &b, &day, &hour, &minute, &used);
    if (got != 7 || used == 0 || a != b || (a != '/' && a != '-'))
        return -1;
    text += used;
    used = 0;
    if (*text && (sscanf(text, ":%2d%n", &second, &used) != 1 || text[used]))
        return -1;
    if (year < 1 || wh_date_check(year * 10000 + month * 100 + day) < 0 || hour < 0 || hour > 23 ||
        minute < 0 || minute > 59 || second < 0 || second > 59)
        return -1;
    *ret_at = wh_days_from_civil(year, month, day) * WH_MS_DAY +
              ((hour * 60 + minute) * 60 + second) * WH_MS_SECOND;
    return 0;
}

static int whole(const char *text, int64_t *ret_number)
{
    char *end;
    long long number = strtoll(text, &end, 10);
    if (*end || end == text)
        return -1;
    *ret_number = number;
    return 0;
}

static int degrees(const char *text, double *ret_degrees)
{
    char *end;
    double number = strtod(text, &end);
    if (*end || end == text || !isfinite(number))
        return -1;
    *ret_degrees = number;
    return 0;
}

static int take_place(const struct labelled_field *fields, size_t n, struct match_input *in,
                      struct fault *fault)
{
    const char *lat = of(fields, n, "lat"), *lon = of(fields, n, "lon");
    if (!lat && !lon)
        return 0;
    if (!lat || !lon)
        return refuse(fault, lat ? "lon" : "lat", T("经纬度须同时给出", "lat and lon go together"));
    if (degrees(lat, &in->lat) < 0)
        return refuse(fault, "lat", T("不是数字", "it is no number"));
    if (degrees(lon, &in->lon) < 0)
        return refuse(fault, "lon", T("不是数字", "it is no number"));
    in->located = wh_geo_valid(in->lat, in->lon); // an absurd place is none, as in the service
    return 0;
}

static int take_text(struct wh_arena *arena, const struct labelled_field *fields, size_t n,
                     const char *name, const char **ret_text)
{
    const char *text = of(fields, n, name);
    *ret_text = text ? wh_arena_strdup(arena, text) : "";
    return *ret_text ? 0 : -1;
}

static int take_codes(const struct labelled_field *fields, size_t n, struct match_input *in,
                      struct fault *fault)
{
    const char *category = of(fields, n, "category"), *unit = of(fields, n, "unit");
    const char *reporter = of(fields, n, "reporter");
    const char *const spans[] = {of(fields, n, "radius_m"), of(fields, n, "window_h")};
    int32_t *const to[] = {&in->radius_m, &in->window_h};
    for (size_t i = 0; i < 2; i++) {
        int64_t number = 0;
        if (spans[i] && (whole(spans[i], &number) < 0 || number < 0 || number > 1000000))
            return refuse(fault, i ? "window_h" : "radius_m",
                          T("须为 0 至 1000000 的整数", "a whole number from 0 to 1000000"));
        *to[i] = (int32_t)number;
    }
    reporter = reporter ? reporter : of(fields, n, "user");
    in->category = category ? (int32_t)(hash_of(category) & INT32_MAX) | 1 : 0;
    in->unit = unit ? (int32_t)(hash_of(unit) & INT32_MAX) | 1 : 0;
    in->reporter = reporter ? hash_of(reporter) : 0;
    return 0;
}

int labelled_row(struct wh_arena *arena, const struct labelled_field *fields, size_t n,
                 struct match_row *ret_row, struct fault *ret_fault)
{
    const char *id = of(fields, n, "id"), *time = of(fields, n, "time");
    const char *event = of(fields, n, "event");
    *ret_row = (struct match_row){0};
    struct match_input *in = &ret_row->in;
    if (!id || !time || !event)
        return refuse(ret_fault, !id ? "id" : !time ? "time" : "event", T("缺少", "it is missing"));
    if (whole(id, &in->id) < 0)
        return refuse(ret_fault, "id", T("须为整数", "it must be a whole number"));
    if (wh_rfc3339_parse(time, &in->at) < 0 && local_time(time, &in->at) < 0)
        return refuse(ret_fault, "time",
                      T("须为 2019/7/8 21:05:00 或 2019-07-08T21:05:00+08:00",
                        "it must be like 2019/7/8 21:05:00 or 2019-07-08T21:05:00+08:00"));
    if (whole(event, &ret_row->event) < 0)
        ret_row->event = (int64_t)(hash_of(event) | UINT64_C(1) << 63);
    for (size_t i = 0; i < n; i++)
        if (fields[i].value && !wh_utf8_valid(fields[i].value, strlen(fields[i].value)))
            return refuse(ret_fault, fields[i].name, T("不是 UTF-8", "it is no UTF-8"));
    if (take_place(fields, n, in, ret_fault) < 0 || take_codes(fields, n, in, ret_fault) < 0)
        return -1;
    if (take_text(arena, fields, n, "title", &in->title) < 0 ||
        take_text(arena, fields, n, "body", &in->text) < 0 ||
        take_text(arena, fields, n, "address", &in->address) < 0)
        return refuse(ret_fault, "FILE", T("文件过大", "the file is too large"));
    return 0;
}
