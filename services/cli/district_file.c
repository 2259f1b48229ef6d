// SPDX-License-Identifier: Apache-2.0
// The message as the file people edit: the message's own JSON, with the few things that the file
// says in its own way (levels and duties in lower case, hours as "09:00", days as ranges, a
// category's base row and tag rows inside the category).
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "cli/district.h"
#include "cli/document.h"
#include "cli/output.h"
#include "cli/text.h"
#include "client/json.h"

static void lower(json_t *row, const char *name)
{
    const char *text = json_string_value(json_object_get(row, name));
    char small[32];
    size_t n = 0;
    for (; text && text[n] && n < sizeof small - 1; n++)
        small[n] = (char)tolower((unsigned char)text[n]);
    small[n] = '\0';
    if (text)
        json_object_set_new(row, name, json_string(small));
}

static void duty(json_t *row, const char *name)
{
    bool always = json_is_true(json_object_get(row, "round_the_clock"));
    json_object_del(row, "round_the_clock");
    json_object_set_new(row, name, json_string(always ? "7x24" : "work"));
}

static void rows_fix(json_t *file)
{
    size_t i, k;
    json_t *row, *inner;
    json_array_foreach(json_object_get(file, "units"), i, row)
    {
        json_object_del(row, "id");
        lower(row, "level");
    }
    json_array_foreach(json_object_get(file, "departments"), i, row)
    {
        json_object_del(row, "id");
        duty(row, "duty");
    }
    json_array_foreach(json_object_get(file, "desks"), i, row)
        json_array_foreach(json_object_get(row, "contacts"), k, inner)
    {
        if (!json_object_get(inner, "level"))
            json_object_set_new(inner, "level", json_integer(0));
        duty(inner, "hours");
    }
    json_array_foreach(json_object_get(file, "categories"), i, row)
        json_array_foreach(json_object_get(row, "questions"), k, inner) lower(inner, "type");
}

static json_t *texts(char *const *list, size_t n)
{
    json_t *array = must(json_array());
    for (size_t i = 0; i < n; i++)
        json_array_append_new(array, json_string(list[i]));
    return array;
}

// A category's own rows: the base row, and tags that only add supports.
static bool in_category(const Whistle__V1__RouteRule *rule)
{
    return !*rule->unit && (!*rule->tag || !*rule->lead);
}

static void category_routes(json_t *category, const Whistle__V1__District *district)
{
    const char *code = json_string_value(json_object_get(category, "code"));
    json_t *adds = must(json_object());
    for (size_t i = 0; i < district->n_routes; i++) {
        const Whistle__V1__RouteRule *rule = district->routes[i];
        if (strcmp(rule->category, code) != 0 || !in_category(rule))
            continue;
        json_t *supports = texts(rule->supports, rule->n_supports);
        if (*rule->tag) {
            json_object_set_new(adds, rule->tag, supports);
            continue;
        }
        json_object_set_new(category, "lead", json_string(rule->lead));
        json_object_set_new(category, "support", supports);
    }
    json_object_set_new(category, "tag_adds", adds);
}

static void put_routes(json_t *file, const Whistle__V1__District *district)
{
    size_t i;
    json_t *category, *rest = must(json_array());
    json_array_foreach(json_object_get(file, "categories"), i, category)
        category_routes(category, district);
    for (i = 0; i < district->n_routes; i++)
        if (!in_category(district->routes[i]))
            json_array_append_new(rest, wh_json_from(&district->routes[i]->base, NULL));
    json_object_del(file, "routes");
    if (json_array_size(rest))
        json_object_set(file, "routes", rest);
    json_decref(rest);
}

static void put_days(json_t *years, const char *kind, const int32_t *days, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t last = i;
        char year[8], from[11], text[24];
        while (last + 1 < n && days[last + 1] == wh_date_add(days[last], 1) &&
               days[last + 1] / 10000 == days[i] / 10000)
            last++;
        (void)snprintf(year, sizeof year, "%04d", (int)(days[i] / 10000 % 10000));
        wh_date_format(days[i], from);
        (void)snprintf(text, sizeof text, "%s", from);
        if (last > i) {
            char to[11];
            wh_date_format(days[last], to);
            (void)snprintf(text, sizeof text, "%s/%s", from, to);
        }
        json_t *of_year = json_object_get(years, year);
        if (!of_year)
            json_object_set_new(years, year, of_year = must(json_object()));
        json_t *list = json_object_get(of_year, kind);
        if (!list)
            json_object_set_new(of_year, kind, list = must(json_array()));
        json_array_append_new(list, json_string(text));
        i = last + 1;
    }
}

static json_t *calendar(const Whistle__V1__Calendar *calendar)
{
    static const char *const weekdays[] = {"MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"};
    json_t *hours = must(json_array()), *weekend = must(json_array()), *years = must(json_object());
    for (size_t i = 0; calendar && i < calendar->n_work_hours; i++) {
        const Whistle__V1__MinuteRange *range = calendar->work_hours[i];
        char from[24], to[24];
        (void)snprintf(from, sizeof from, "%02d:%02d", range->from_min / 60, range->from_min % 60);
        (void)snprintf(to, sizeof to, "%02d:%02d", range->to_min / 60, range->to_min % 60);
        json_array_append_new(hours, json_pack("[s, s]", from, to));
    }
    for (size_t i = 0; calendar && i < calendar->n_weekend; i++)
        if (calendar->weekend[i] >= 1 && calendar->weekend[i] <= 7)
            json_array_append_new(weekend, json_string(weekdays[calendar->weekend[i] - 1]));
    if (calendar) {
        put_days(years, "off", calendar->off_days, calendar->n_off_days);
        put_days(years, "work", calendar->work_days, calendar->n_work_days);
    }
    return must(
        json_pack("{s:o, s:o, s:o}", "work_hours", hours, "weekend", weekend, "years", years));
}

json_t *district_to_file(const Whistle__V1__District *district)
{
    static const char *const ours[] = {"code", "version", "number_prefix", "timezone", "zone"};
    json_t *file = must(wh_json_from(&district->base, NULL));
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        json_object_del(file, ours[i]);
    rows_fix(file);
    put_routes(file, district);
    json_object_set_new(file, "calendar", calendar(district->calendar));
    json_object_set_new(file, "district",
                        must(json_pack("{s:s, s:s}", "number_prefix", district->number_prefix,
                                       "timezone", district->timezone)));
    return file;
}

// The first finding as a fault of the command.
static void first_finding(const struct document *document, struct fault *ret_fault)
{
    const json_t *row = json_array_get(document->findings.rows, 0);
    const char *file = json_string_value(json_object_get(row, "file"));
    const char *path = json_string_value(json_object_get(row, "path"));
    const char *column = json_string_value(json_object_get(row, "column"));
    json_int_t line = json_integer_value(json_object_get(row, "row"));
    const char *rule = json_string_value(json_object_get(row, "rule"));
    const struct wh_rule_info *info = wh_rule_info(wh_rule_by_name(rule ? rule : ""));
    if (line)
        fault_set(ret_fault, info->status, info->code, T("%s 第 %d 行", "%s row %d"), file,
                  (int)line);
    else
        fault_set(ret_fault, info->status, info->code, "%s", file ? file : "");
    (void)snprintf(ret_fault->rule, sizeof ret_fault->rule, "%s", info->name);
    (void)snprintf(ret_fault->field, sizeof ret_fault->field, "%s",
                   path     ? path
                   : column ? column
                            : "");
}

json_t *district_load(const char *path, struct fault *ret_fault)
{
    struct document document;
    if (document_load(path, &document, ret_fault) < 0)
        return NULL;
    json_t *file = document.findings.n ? NULL : json_incref(document.file);
    if (!file)
        first_finding(&document, ret_fault);
    document_done(&document);
    return file;
}

const Whistle__V1__District *district_read(const char *path, struct wh_arena *arena,
                                           struct fault *ret_fault)
{
    struct document document;
    if (document_load(path, &document, ret_fault) < 0)
        return NULL;
    const Whistle__V1__District *district = document_district(&document, arena);
    if (document.findings.n)
        first_finding(&document, ret_fault);
    bool good = document.findings.n == 0;
    document_done(&document);
    return good ? district : NULL;
}
