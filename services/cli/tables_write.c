// SPDX-License-Identifier: Apache-2.0
// From the data's JSON to rows. UTF-8 with the mark that spreadsheets look for, CRLF as RFC 4180
// has it, headers in the language of the run.
#include "cli/tables_write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/district.h"
#include "cli/output.h"
#include "cli/tables.h"
#include "cli/tables_template.h"
#include "cli/text.h"

// ---- tables -------------------------------------------------------------------------------------

static void put_all(FILE *to, const struct csv_table *table, const json_t *rows)
{
    size_t i;
    json_t *row;
    json_array_foreach((json_t *)(uintptr_t)rows, i, row) row_put(to, table, row);
}

static bool is_root(const json_t *unit)
{
    const char *level = json_string_value(json_object_get(unit, "level"));
    return level && strcmp(level, "district") == 0;
}

static void put_district(FILE *to, const json_t *file)
{
    size_t i;
    json_t *unit;
    json_array_foreach(json_object_get(file, "units"), i, unit)
    {
        if (!is_root(unit))
            continue;
        json_t *row = json_copy(unit), *note = json_object_get(file, "note");
        json_object_update(row, json_object_get(file, "district"));
        if (note)
            json_object_set(row, "note", note);
        row_put(to, &csv_tables[TABLE_DISTRICT], row);
        json_decref(row);
    }
}

static const json_t *setting_of(const json_t *file, const char *unit)
{
    size_t i;
    json_t *setting;
    json_array_foreach(json_object_get(file, "settings_by_unit"), i, setting)
    {
        const char *code = json_string_value(json_object_get(setting, "unit"));
        if (code && strcmp(code, unit) == 0)
            return setting;
    }
    return NULL;
}

static void put_units(FILE *to, const json_t *file)
{
    size_t i;
    json_t *unit;
    json_array_foreach(json_object_get(file, "units"), i, unit)
    {
        const json_t *setting = setting_of(file, json_string_value(json_object_get(unit, "code")));
        if (is_root(unit))
            continue;
        json_t *row = json_copy(unit);
        if (setting)
            json_object_set_new(
                row, "review_below_p1",
                json_boolean(json_is_true(json_object_get(setting, "review_below_p1"))));
        row_put(to, &csv_tables[TABLE_UNITS], row);
        json_decref(row);
    }
}

// The list `inner` of every row of `outer`, each with the outer row's `key` under `name`.
static void put_inner(FILE *to, const struct csv_table *table, const json_t *outer,
                      const char *const keys[3], bool empty_too)
{
    size_t i, k;
    json_t *row, *inner;
    json_array_foreach((json_t *)(uintptr_t)outer, i, row)
    {
        const json_t *list = json_object_get(row, keys[2]);
        json_array_foreach((json_t *)(uintptr_t)list, k, inner)
        {
            json_t *whole = json_copy(inner);
            json_object_set(whole, keys[1], json_object_get(row, keys[0]));
            row_put(to, table, whole);
            json_decref(whole);
        }
        if (empty_too && json_array_size(list) == 0)
            row_put(to, table, row);
    }
}

static bool is_base(const Whistle__V1__RouteRule *rule)
{
    return !*rule->unit && !*rule->tag;
}

// The base rule that the category's own row tells: the first of its rules, if that is one.
static const Whistle__V1__RouteRule *own_rule(const Whistle__V1__District *district,
                                              const char *category)
{
    for (size_t i = 0; i < district->n_routes; i++)
        if (strcmp(district->routes[i]->category, category) == 0)
            return is_base(district->routes[i]) ? district->routes[i] : NULL;
    return NULL;
}

static json_t *texts(char *const *list, size_t n)
{
    json_t *array = must(json_array());
    for (size_t i = 0; i < n; i++)
        json_array_append_new(array, json_string(list[i]));
    return array;
}

static void put_categories(FILE *to, const Whistle__V1__District *district, const json_t *file)
{
    size_t i;
    json_t *category;
    json_array_foreach(json_object_get(file, "categories"), i, category)
    {
        const Whistle__V1__RouteRule *rule = own_rule(district, district->categories[i]->code);
        json_t *row = json_copy(category);
        json_object_del(row, "lead");
        if (rule) {
            json_object_set_new(row, "lead", json_string(rule->lead));
            json_object_set_new(row, "supports", texts(rule->supports, rule->n_supports));
        }
        row_put(to, &csv_tables[TABLE_CATEGORIES], row);
        json_decref(row);
    }
}

static void put_routing(FILE *to, const Whistle__V1__District *district)
{
    for (size_t i = 0; i < district->n_routes; i++) {
        const Whistle__V1__RouteRule *rule = district->routes[i];
        if (rule == own_rule(district, rule->category))
            continue;
        json_t *row = must(json_pack("{s:s, s:s, s:s, s:s, s:o}", "category", rule->category,
                                     "unit", rule->unit, "tag", rule->tag, "lead", rule->lead,
                                     "supports", texts(rule->supports, rule->n_supports)));
        row_put(to, &csv_tables[TABLE_ROUTING], row);
        json_decref(row);
    }
}

static void day_put(FILE *to, const char *kind, const char *from, const char *until)
{
    json_t *row = must(json_pack("{s:s, s:s, s:s}", "kind", kind, "from", from, "to", until));
    row_put(to, &csv_tables[TABLE_CALENDAR], row);
    json_decref(row);
}

static void put_days(FILE *to, const json_t *years, const char *kind)
{
    const char *year;
    json_t *lists, *text;
    size_t i;
    json_object_foreach((json_t *)(uintptr_t)years, year, lists)
    {
        json_array_foreach(json_object_get(lists, kind), i, text)
        {
            char from[11];
            const char *slash = strchr(json_string_value(text), '/');
            (void)snprintf(from, sizeof from, "%.10s", json_string_value(text));
            day_put(to, kind, from, slash ? slash + 1 : "");
        }
    }
}

static void put_calendar(FILE *to, const json_t *calendar)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(calendar, "work_hours"), i, item)
        day_put(to, "work_hours", json_string_value(json_array_get(item, 0)),
                json_string_value(json_array_get(item, 1)));
    json_array_foreach(json_object_get(calendar, "weekend"), i, item)
    {
        char day[32];
        word_name(weekday_words, json_string_value(item), day, sizeof day);
        day_put(to, "weekend", day, "");
    }
    put_days(to, json_object_get(calendar, "years"), "off");
    put_days(to, json_object_get(calendar, "years"), "work");
}

static void put_words(FILE *to, const json_t *words)
{
    size_t i;
    json_t *word;
    json_array_foreach((json_t *)(uintptr_t)words, i, word)
    {
        json_t *row = must(json_pack("{s:O}", "text", word));
        row_put(to, &csv_tables[TABLE_DANGER], row);
        json_decref(row);
    }
}

static void put_table(FILE *to, enum district_table table, const Whistle__V1__District *district,
                      const json_t *file)
{
    static const char *const contacts[] = {"body", "body", "contacts"};
    static const char *const questions[] = {"code", "category", "questions"};
    const struct csv_table *t = &csv_tables[table];
    switch (table) {
    case TABLE_DISTRICT:
        put_district(to, file);
        break;
    case TABLE_UNITS:
        put_units(to, file);
        break;
    case TABLE_DEPARTMENTS:
        put_all(to, t, json_object_get(file, "departments"));
        break;
    case TABLE_DESKS:
        put_inner(to, t, json_object_get(file, "desks"), contacts, true);
        break;
    case TABLE_CATEGORIES:
        put_categories(to, district, file);
        break;
    case TABLE_QUESTIONS:
        put_inner(to, t, json_object_get(file, "categories"), questions, false);
        break;
    case TABLE_ROUTING:
        put_routing(to, district);
        break;
    case TABLE_CALENDAR:
        put_calendar(to, json_object_get(file, "calendar"));
        break;
    case TABLE_TIMES:
        put_all(to, t, json_object_get(file, "service_times"));
        break;
    default:
        put_words(to, json_object_get(file, "danger_words"));
    }
}

// ---- files --------------------------------------------------------------------------------------

static FILE *create(const char *folder, const char *name, struct fault *ret_fault)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *to = fopen(path, "wxe");
    if (!to)
        fault_usage(ret_fault, "DIR", "%s: %s", path, strerror(errno));
    return to;
}

static int finish(FILE *to, const char *name, struct fault *ret_fault)
{
    bool bad = ferror(to) != 0;
    bad |= fclose(to) != 0;
    if (bad)
        fault_usage(ret_fault, "DIR", "%s: %s", name, strerror(errno));
    return bad ? -1 : 0;
}

int tables_write(const char *folder, const Whistle__V1__District *district, struct fault *ret_fault)
{
    if (mkdir(folder, 0750) < 0 && errno != EEXIST) {
        fault_usage(ret_fault, "DIR", "%s: %s", folder, strerror(errno));
        return -1;
    }
    json_t *file = district ? district_to_file(district) : NULL;
    int r = 0;
    for (size_t i = 0; r == 0 && i < TABLES; i++) {
        FILE *to = create(folder, csv_tables[i].file, ret_fault);
        if (!to) {
            r = -1;
            break;
        }
        header_put(to, &csv_tables[i]);
        if (district)
            put_table(to, (enum district_table)i, district, file);
        else if (csv_tables[i].filled)
            template_rows(to, &csv_tables[i]);
        r = finish(to, csv_tables[i].file, ret_fault);
    }
    json_decref(file);
    FILE *page = r == 0 ? create(folder, "columns.md", ret_fault) : NULL;
    if (!page)
        return -1;
    template_page(page);
    return finish(page, "columns.md", ret_fault);
}
