// SPDX-License-Identifier: Apache-2.0
// What differs between two districts, row by row: rows are the same if their key is, whatever their
// order.
#include <stdio.h>
#include <string.h>

#include "cli/district.h"
#include "cli/output.h"
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

static json_t *fields_diff(const json_t *before, const json_t *after)
{
    json_t *fields = must(json_array()), *value;
    const char *name;
    json_object_foreach((json_t *)(uintptr_t)after, name, value)
    {
        json_t *was = json_object_get(before, name);
        if (was && json_equal(was, value))
            continue;
        json_t *field = must(json_pack("{s:s, s:O}", "field", name, "to", value));
        if (was)
            json_object_set(field, "from", was);
        json_array_append_new(fields, field);
    }
    json_object_foreach((json_t *)(uintptr_t)before, name, value) if (!json_object_get(after, name))
        json_array_append_new(fields, must(json_pack("{s:s, s:O}", "field", name, "from", value)));
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

json_t *district_diff(const Whistle__V1__District *before, const Whistle__V1__District *after)
{
    json_t *changes = must(json_array()), *old = plain(before), *new = plain(after);
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
