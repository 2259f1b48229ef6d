// SPDX-License-Identifier: Apache-2.0
// What differs between two districts, row by row: rows are the same if their key is, whatever their
// order.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/district.h"
#include "cli/output.h"
#include "cli/text.h"
#include "client/json.h"

struct keyed {
    const char *table;
    const char *keys[3]; // fields that name a row
};

static const struct keyed tables[] = {
    {"units", {"code", NULL, NULL}},
    {"departments", {"code", NULL, NULL}},
    {"desks", {"body", NULL, NULL}},
    {"categories", {"code", NULL, NULL}},
    {"routes", {"category", "unit", "tag"}},
    {"service_times", {"set", "priority", NULL}},
    {"settings_by_unit", {"unit", NULL, NULL}},
};

static void key_of(const struct keyed *keyed, const json_t *row, char *ret_key, size_t n)
{
    size_t used = 0;
    ret_key[0] = '\0';
    for (size_t i = 0; i < 3 && keyed->keys[i] && used < n; i++) {
        const char *part = json_string_value(json_object_get(row, keyed->keys[i]));
        if (i && !part)
            continue;
        used +=
            (size_t)snprintf(ret_key + used, n - used, "%s%s", used ? "/" : "", part ? part : "");
    }
}

// key → row of one table.
static json_t *index_of(const struct keyed *keyed, const json_t *district)
{
    json_t *index = must(json_object()), *row;
    size_t i;
    json_array_foreach(json_object_get(district, keyed->table), i, row)
    {
        char key[256];
        key_of(keyed, row, key, sizeof key);
        json_object_set(index, key, row);
    }
    return index;
}

static void field_diff(json_t *fields, const char *name, json_t *was, json_t *is);

// prefix: "" or "contacts[1]."
static void object_diff(json_t *fields, const char *prefix, const json_t *before,
                        const json_t *after)
{
    char path[160];
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)after, name, value)
    {
        (void)snprintf(path, sizeof path, "%s%s", prefix, name);
        field_diff(fields, path, json_object_get(before, name), value);
    }
    json_object_foreach((json_t *)(uintptr_t)before, name, value)
    {
        (void)snprintf(path, sizeof path, "%s%s", prefix, name);
        if (!json_object_get(after, name))
            field_diff(fields, path, value, NULL);
    }
}

static bool same_shape(const json_t *was, const json_t *is)
{
    return json_is_array(was) && json_is_array(is) && json_array_size(was) == json_array_size(is) &&
           json_is_object(json_array_get(was, 0)) && json_is_object(json_array_get(is, 0));
}

// Lists of as many objects are told object by object.
static void field_diff(json_t *fields, const char *name, json_t *was, json_t *is)
{
    char path[160];
    if (was && is && json_equal(was, is))
        return;
    if (json_is_object(was) && json_is_object(is)) {
        (void)snprintf(path, sizeof path, "%s.", name);
        object_diff(fields, path, was, is);
        return;
    }
    for (size_t i = 0; same_shape(was, is) && i < json_array_size(is); i++) {
        (void)snprintf(path, sizeof path, "%s[%zu].", name, i);
        object_diff(fields, path, json_array_get(was, i), json_array_get(is, i));
    }
    if (same_shape(was, is))
        return;
    json_t *field = must(json_pack("{s:s}", "field", name));
    if (was)
        json_object_set(field, "from", was);
    if (is)
        json_object_set(field, "to", is);
    json_array_append_new(fields, field);
}

static json_t *fields_diff(const json_t *before, const json_t *after)
{
    json_t *fields = must(json_array());
    object_diff(fields, "", before, after);
    return fields;
}

static void add(json_t *changes, const char *table, const char *key, const char *change,
                json_t *fields)
{
    json_t *row = must(json_pack("{s:s, s:s, s:s}", "table", table, "key", key, "change", change));
    if (fields)
        json_object_set_new(row, "fields", fields);
    json_array_append_new(changes, row);
}

static void table_diff(json_t *changes, const struct keyed *keyed, const json_t *before,
                       const json_t *after)
{
    json_t *old = index_of(keyed, before), *new = index_of(keyed, after), *row;
    const char *key;
    json_object_foreach(new, key, row)
    {
        const json_t *was = json_object_get(old, key);
        if (!was)
            add(changes, keyed->table, key, "ADDED", NULL);
        else if (!json_equal(was, row))
            add(changes, keyed->table, key, "CHANGED", fields_diff(was, row));
    }
    json_object_foreach(old, key, row) if (!json_object_get(new, key))
        add(changes, keyed->table, key, "REMOVED", NULL);
    json_decref(old);
    json_decref(new);
}

// The message's JSON without what intake gives (version, ids).
static json_t *plain(const Whistle__V1__District *district)
{
    static const char *const numbered[] = {"units", "departments"};
    json_t *json = district ? must(wh_json_from(&district->base, NULL)) : must(json_object());
    json_object_del(json, "version");
    for (size_t i = 0; i < 2; i++) {
        size_t at;
        json_t *row;
        json_array_foreach(json_object_get(json, numbered[i]), at, row) json_object_del(row, "id");
    }
    return json;
}

// A new address is told by its kind and end only.
static json_t *new_channel(const char *channel)
{
    size_t kind = strcspn(channel, ":"), n = strlen(channel);
    return must(json_sprintf("%.*s:…%s", (int)kind, channel, n > kind + 3 ? channel + n - 2 : ""));
}

// Channels as they would stand, so that equal addresses are equal texts.
static void put_channels(json_t *district, char *const *channels, size_t n)
{
    size_t at = 0, i, j, k;
    json_t *desk, *contact, *channel;
    json_array_foreach(json_object_get(district, "desks"), i, desk)
        json_array_foreach(json_object_get(desk, "contacts"), j, contact)
    {
        json_t *list = json_object_get(contact, "channels");
        json_array_foreach(list, k, channel)
        {
            if (at < n)
                json_array_set_new(list, k,
                                   *channels[at] ? json_string(channels[at])
                                                 : new_channel(json_string_value(channel)));
            at++;
        }
    }
}

json_t *district_diff(const Whistle__V1__District *before, const Whistle__V1__District *after,
                      char *const *channels, size_t n)
{
    json_t *changes = must(json_array()), *old = plain(before), *new = plain(after);
    put_channels(new, channels, n);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        table_diff(changes, &tables[i], old, new);
        json_object_del(old, tables[i].table);
        json_object_del(new, tables[i].table);
    }
    json_t *fields = fields_diff(old, new);
    if (json_array_size(fields))
        add(changes, "district", "", before ? "CHANGED" : "ADDED", json_incref(fields));
    json_decref(fields);
    json_decref(old);
    json_decref(new);
    return changes;
}

// ---- for people ---------------------------------------------------------------------------------

#define SHOWN 60

static void value_print(const json_t *value)
{
    char *text = value ? json_dumps(value, JSON_LINE | JSON_ENCODE_ANY) : NULL, fit[128];
    width_fit(text ? text : T("(无)", "(none)"), 48, fit, sizeof fit);
    (void)fputs(fit, stdout);
    free(text);
}

static char mark_of(const json_t *change)
{
    const char *kind = json_string_value(json_object_get(change, "change"));
    return strcmp(kind, "ADDED") == 0 ? '+' : strcmp(kind, "REMOVED") == 0 ? '-' : '~';
}

static void change_print(const json_t *change)
{
    char mark = mark_of(change);
    enum tone tone = mark == '+' ? TONE_GOOD : mark == '-' ? TONE_BAD : TONE_WARN;
    printf("%s%c%s %s %s\n", colour_on(tone), mark, colour_off(tone),
           json_string_value(json_object_get(change, "table")),
           json_string_value(json_object_get(change, "key")));
    size_t i;
    json_t *field;
    json_array_foreach(json_object_get(change, "fields"), i, field)
    {
        printf("    %s: ", json_string_value(json_object_get(field, "field")));
        value_print(json_object_get(field, "from"));
        (void)fputs(" → ", stdout);
        value_print(json_object_get(field, "to"));
        (void)fputc('\n', stdout);
    }
}

// "units +12 ~1 · desks ~3"
static void counts_print(const json_t *changes)
{
    static const char marks[] = "+~-";
    const char *said = "";
    for (size_t t = 0; t <= sizeof tables / sizeof *tables; t++) {
        const char *name = t < sizeof tables / sizeof *tables ? tables[t].table : "district";
        size_t counts[3] = {0}, i;
        json_t *change;
        json_array_foreach(
            (json_t *)(uintptr_t)changes, i,
            change) if (strcmp(json_string_value(json_object_get(change, "table")), name) == 0)
            counts[strchr(marks, mark_of(change)) - marks]++;
        if (counts[0] + counts[1] + counts[2] == 0)
            continue;
        printf("%s%s", said, name);
        for (size_t k = 0; k < 3; k++)
            if (counts[k])
                printf(" %c%zu", marks[k], counts[k]);
        said = " · ";
    }
    (void)fputc('\n', stdout);
}

void district_diff_print(const json_t *changes, int32_t live)
{
    size_t n = json_array_size(changes);
    if (n == 0) {
        printf(T("与现行第 %d 版相同\n", "the same as the live version %d\n"), live);
        return;
    }
    for (size_t i = 0; i < n && live; i++) {
        if (i == SHOWN) {
            printf(T("…… 还有 %zu 处 (--json 看全部)\n", "… %zu more (--json shows all)\n"), n - i);
            break;
        }
        change_print(json_array_get(changes, i));
    }
    counts_print(changes);
    if (live)
        printf(T("共 %zu 处不同于现行第 %d 版\n", "%zu differences to the live version %d\n"), n,
               live);
    else
        printf(
            T("还没有区数据;全部 %zu 行都是新的\n", "nothing is live yet; all %zu rows are new\n"),
            n);
}
