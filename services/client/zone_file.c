// SPDX-License-Identifier: Apache-2.0
// Reads a zone's shifts out of the system's zone file (TZif version 2 or later, RFC 8536) without
// touching the process's own time zone. Years after the file's last transition follow the POSIX
// rule in its footer. A few fixed zones are known also where no zone files are installed.
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "client/district_json.h"

#define ZONE_FOLDER "/usr/share/zoneinfo/"
#define ZONE_BYTES_MAX (256 * 1024)
#define YEAR_FROM 2020
#define YEAR_TO 2040
#define SHIFTS_MAX 64

struct shift {
    int64_t at; // ms UTC
    int32_t offset_min;
};

struct shifts {
    struct shift list[SHIFTS_MAX];
    size_t n;
};

static int64_t year_ms(int32_t year)
{
    return wh_days_from_civil(year, 1, 1) * WH_MS_DAY;
}

// Keeps what holds from YEAR_FROM on: an earlier shift replaces the first one.
static void add_shift(struct shifts *s, int64_t at, int32_t offset_min)
{
    int64_t first = year_ms(YEAR_FROM);
    if (at >= year_ms(YEAR_TO + 1))
        return;
    if (at <= first) {
        s->list[0] = (struct shift){first, offset_min};
        s->n = 1;
        return;
    }
    if (s->n > 0 && s->list[s->n - 1].offset_min == offset_min)
        return;
    if (s->n < SHIFTS_MAX)
        s->list[s->n++] = (struct shift){at, offset_min};
}

static int64_t big_endian(const uint8_t *p, int bytes)
{
    uint64_t v = p[0] & 0x80 ? UINT64_MAX : 0;
    for (int i = 0; i < bytes; i++)
        v = v << 8 | p[i];
    return (int64_t)v;
}

// ---- the footer: "CET-1CEST,M3.5.0,M10.5.0/3" ---------------------------------------------------
struct rule_day {
    int month, week, weekday;
    int32_t seconds; // of the local day
};

static bool posix_name(const char **p)
{
    const char *start = *p;
    if (**p == '<') {
        const char *end = strchr(*p, '>');
        if (end == NULL)
            return false;
        *p = end + 1;
        return true;
    }
    while ((**p >= 'A' && **p <= 'Z') || (**p >= 'a' && **p <= 'z'))
        (*p)++;
    return *p - start >= 3;
}

// [+-]hh[:mm[:ss]] as seconds.
static bool posix_time(const char **p, int32_t *ret)
{
    int32_t sign = 1, part[3] = {0};
    if (**p == '+' || **p == '-')
        sign = *(*p)++ == '-' ? -1 : 1;
    for (int i = 0; i < 3; i++) {
        char *end;
        long v = strtol(*p, &end, 10);
        if (end == *p || v < 0 || v > 167)
            return false;
        part[i] = (int32_t)v;
        *p = end;
        if (**p != ':')
            break;
        (*p)++;
    }
    *ret = sign * (part[0] * 3600 + part[1] * 60 + part[2]);
    return true;
}

static bool posix_day(const char **p, struct rule_day *ret)
{
    int used = 0;
    if (sscanf(*p, ",M%d.%d.%d%n", &ret->month, &ret->week, &ret->weekday, &used) != 3)
        return false;
    *p += used;
    ret->seconds = 7200;
    if (**p != '/')
        return true;
    (*p)++;
    return posix_time(p, &ret->seconds);
}

static int64_t rule_at(const struct rule_day *day, int32_t year, int32_t offset_s)
{
    int32_t first = wh_civil_from_days(wh_days_from_civil(year, day->month, 1));
    int32_t ahead = (day->weekday - (int32_t)wh_date_weekday(first) + 7) % 7 + (day->week - 1) * 7;
    int32_t date = wh_date_add(first, ahead);
    while (date / 100 % 100 != day->month)
        date = wh_date_add(date, -7);
    return wh_days_from_date(date) * WH_MS_DAY + (day->seconds - offset_s) * WH_MS_SECOND;
}

static void add_footer(struct shifts *s, const char *text)
{
    struct rule_day on, off;
    int32_t standard, summer;
    if (!posix_name(&text) || !posix_time(&text, &standard))
        return;
    standard = -standard;
    int64_t last = s->n > 0 ? s->list[s->n - 1].at : INT64_MIN;
    if (*text == '\0') {
        if (s->n == 0)
            add_shift(s, INT64_MIN, standard / 60);
        return;
    }
    if (!posix_name(&text))
        return;
    summer = standard + 3600;
    if (*text != ',') {
        if (!posix_time(&text, &summer))
            return;
        summer = -summer;
    }
    if (!posix_day(&text, &on) || !posix_day(&text, &off))
        return;
    for (int32_t year = YEAR_FROM - 1; year <= YEAR_TO; year++) {
        struct shift a = {rule_at(&on, year, standard), summer / 60};
        struct shift b = {rule_at(&off, year, summer), standard / 60};
        struct shift first = a.at < b.at ? a : b, second = a.at < b.at ? b : a;
        if (first.at > last)
            add_shift(s, first.at, first.offset_min);
        if (second.at > last)
            add_shift(s, second.at, second.offset_min);
    }
}

// ---- the file -----------------------------------------------------------------------------------
struct header {
    int64_t isutc, isstd, leap, times, types, chars;
};

static bool read_header(const uint8_t *p, size_t n, struct header *h)
{
    if (n < 44 || memcmp(p, "TZif", 4) != 0 || p[4] < '2')
        return false;
    h->isutc = big_endian(p + 20, 4);
    h->isstd = big_endian(p + 24, 4);
    h->leap = big_endian(p + 28, 4);
    h->times = big_endian(p + 32, 4);
    h->types = big_endian(p + 36, 4);
    h->chars = big_endian(p + 40, 4);
    return h->isutc >= 0 && h->isstd >= 0 && h->leap >= 0 && h->times >= 0 && h->types > 0 &&
           h->chars >= 0 && h->times < 4096 && h->types < 256 && h->chars < 4096 && h->leap < 256 &&
           h->isutc < 256 && h->isstd < 256;
}

static size_t data_size(const struct header *h, int64_t wide)
{
    return (size_t)(h->times * (wide + 1) + h->types * 6 + h->chars + h->leap * (wide + 4) +
                    h->isstd + h->isutc);
}

static int read_zone(const uint8_t *p, size_t n, struct shifts *s)
{
    struct header h;
    if (!read_header(p, n, &h))
        return WH_E_INVALID;
    size_t skip = 44 + data_size(&h, 4);
    if (skip >= n || !read_header(p + skip, n - skip, &h))
        return WH_E_INVALID;
    const uint8_t *times = p + skip + 44;
    size_t size = data_size(&h, 8);
    if ((size_t)(times - p) + size > n)
        return WH_E_INVALID;
    const uint8_t *kinds = times + h.times * 8, *types = kinds + h.times;
    add_shift(s, INT64_MIN, (int32_t)(big_endian(types, 4) / 60));
    for (int64_t i = 0; i < h.times; i++) {
        if (kinds[i] >= h.types)
            return WH_E_INVALID;
        add_shift(s, big_endian(times + i * 8, 8) * WH_MS_SECOND,
                  (int32_t)(big_endian(types + kinds[i] * 6, 4) / 60));
    }
    const char *footer = (const char *)times + size;
    char text[80] = "";
    if ((const uint8_t *)footer < p + n && *footer == '\n')
        for (size_t i = 0; i + 1 < sizeof text && (const uint8_t *)footer + i + 1 < p + n &&
                           footer[i + 1] != '\n';
             i++)
            text[i] = footer[i + 1];
    add_footer(s, text);
    return 0;
}

static bool name_is_safe(const char *name)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    size_t n = strlen(name);
    return n > 0 && n < 64 && name[0] != '/' && strspn(name, allowed) == n;
}

static bool known_zone(const char *name, struct shifts *s)
{
    static const struct {
        const char *name;
        int32_t offset_min;
    } fixed[] = {
        {"UTC", 0}, {"Etc/UTC", 0}, {"Asia/Shanghai", 480}, {"PRC", 480}, {"Asia/Chongqing", 480}};
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        if (strcmp(name, fixed[i].name) != 0)
            continue;
        add_shift(s, INT64_MIN, fixed[i].offset_min);
        return true;
    }
    return false;
}

static int load_zone(const char *name, struct shifts *s)
{
    char path[128];
    (void)snprintf(path, sizeof path, ZONE_FOLDER "%s", name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return known_zone(name, s) ? 0 : WH_E_NOTFOUND;
    uint8_t *bytes = malloc(ZONE_BYTES_MAX);
    size_t n = bytes == NULL ? 0 : fread(bytes, 1, ZONE_BYTES_MAX, file);
    int error = bytes == NULL ? WH_E_NOMEM : read_zone(bytes, n, s);
    free(bytes);
    (void)fclose(file);
    return error;
}

int wh_zone_shifts(const char *name, struct wh_arena *arena, Whistle__V1__ZoneShift ***ret_shifts,
                   size_t *ret_n)
{
    struct shifts s = {.n = 0};
    if (!name_is_safe(name))
        return WH_E_INVALID;
    int error = load_zone(name, &s);
    if (error < 0)
        return error;
    Whistle__V1__ZoneShift **list = wh_arena_calloc(arena, s.n, sizeof(Whistle__V1__ZoneShift *));
    Whistle__V1__ZoneShift *rows = wh_arena_calloc(arena, s.n, sizeof(Whistle__V1__ZoneShift));
    if (list == NULL || rows == NULL)
        return WH_E_NOMEM;
    for (size_t i = 0; i < s.n; i++) {
        whistle__v1__zone_shift__init(&rows[i]);
        rows[i].from_at = s.list[i].at;
        rows[i].offset_min = s.list[i].offset_min;
        list[i] = &rows[i];
    }
    *ret_shifts = list;
    *ret_n = s.n;
    return 0;
}
