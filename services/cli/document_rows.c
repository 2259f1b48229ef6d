// SPDX-License-Identifier: Apache-2.0
// One function a file.
#include "cli/document_rows.h"

#include <stdio.h>
#include <string.h>

#include "cli/output.h"

struct placing {
    struct document *document;
    const char *file;
    unsigned line;
    json_t *row, *cells;
};

static json_t *array_at(json_t *object, const char *name)
{
    json_t *list = json_object_get(object, name);
    if (!list)
        json_object_set_new(object, name, list = must(json_array()));
    return list;
}

static void origin(const struct placing *p, const char *path)
{
    document_origin(p->document, path, p->file, p->line, p->cells);
}

// Appends the row to a list of the data; its path is known from now on.
static void append(const struct placing *p, const char *name, json_t *row)
{
    char path[96];
    json_t *list = array_at(p->document->file, name);
    (void)snprintf(path, sizeof path, "%s[%zu]", name, json_array_size(list));
    json_array_append_new(list, row);
    origin(p, path);
}

static const char *text_of(const json_t *row, const char *name)
{
    const char *text = json_string_value(json_object_get(row, name));
    return text ? text : "";
}

// Takes the fields out of the row into a new object.
static json_t *take(json_t *row, const char *const *fields)
{
    json_t *taken = must(json_object());
    for (; *fields; fields++) {
        json_t *value = json_object_get(row, *fields);
        if (value)
            json_object_set(taken, *fields, value);
        json_object_del(row, *fields);
    }
    return taken;
}

// A path of the whole that belongs to one column of this row.
static void whole(const struct placing *p, const char *path, const char *column)
{
    origin(p, path);
    json_object_set_new(json_object_get(p->document->origins, path), "column", json_string(column));
}

static void place_district(const struct placing *p)
{
    static const char *const head[] = {"number_prefix", "timezone", NULL};
    static const char *const wholes[][2] = {{"district.number_prefix", "number_prefix"},
                                            {"number_prefix", "number_prefix"},
                                            {"district.timezone", "timezone"},
                                            {"timezone", "timezone"},
                                            {"zone", "timezone"},
                                            {"code", "code"},
                                            {"note", "note"}};
    json_t *note = json_object_get(p->row, "note");
    if (json_array_size(json_object_get(p->document->file, "units")) > 0) {
        struct finding finding = {
            .file = p->file, .row = p->line, .rule = "field.twice", .detail = ""};
        findings_add(&p->document->findings, &finding);
        return;
    }
    for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++)
        whole(p, wholes[i][0], wholes[i][1]);
    if (note)
        json_object_set(p->document->file, "note", note);
    json_object_del(p->row, "note");
    json_object_set_new(p->document->file, "district", take(p->row, head));
    json_object_set_new(p->row, "level", json_string("district"));
    append(p, "units", json_incref(p->row));
}

static void place_unit(const struct placing *p)
{
    json_t *review = json_incref(json_object_get(p->row, "review_below_p1"));
    char path[64];
    json_object_del(p->row, "review_below_p1");
    append(p, "units", json_incref(p->row));
    if (!review)
        return;
    (void)snprintf(path, sizeof path, "settings_by_unit[%zu]",
                   json_array_size(json_object_get(p->document->file, "settings_by_unit")));
    append(
        p, "settings_by_unit",
        must(json_pack("{s:s, s:o}", "unit", text_of(p->row, "code"), "review_below_p1", review)));
    json_object_set_new(json_object_get(p->document->origins, path), "column",
                        json_string("review_below_p1"));
}

// Where the object of this code stands in a list that was read before; -1: nowhere.
static json_int_t find(struct document *document, const char *index, const char *code)
{
    const json_t *at = json_object_get(json_object_get(document->origins, index), code);
    return at ? json_integer_value(at) : -1;
}

static void remember(struct document *document, const char *index, const char *code, size_t at)
{
    json_object_set_new(json_object_get(document->origins, index), code,
                        json_integer((json_int_t)at));
}

static void place_desk(const struct placing *p)
{
    const char *body = text_of(p->row, "body");
    json_t *desks = array_at(p->document->file, "desks");
    json_int_t at = find(p->document, "", body);
    char path[64];
    if (at < 0) {
        at = (json_int_t)json_array_size(desks);
        remember(p->document, "", body, (size_t)at);
        append(p, "desks", must(json_pack("{s:s, s:[]}", "body", body, "contacts")));
    }
    json_t *contacts = json_object_get(json_array_get(desks, (size_t)at), "contacts");
    json_object_del(p->row, "body");
    if (json_object_size(p->row) == 0)
        return; // a desk that has nobody yet
    const json_t *level = json_object_get(p->row, "level");
    if (json_is_string(level) && strlen(json_string_value(level)) == 1 &&
        strchr("012", *json_string_value(level)))
        json_object_set_new(p->row, "level", json_integer(*json_string_value(level) - '0'));
    (void)snprintf(path, sizeof path, "desks[%d].contacts[%zu]", (int)at,
                   json_array_size(contacts));
    json_array_append(contacts, p->row);
    origin(p, path);
}

static void place_category(const struct placing *p)
{
    static const char *const routed[] = {"lead", "supports", NULL};
    const char *code = text_of(p->row, "code");
    json_t *rule = take(p->row, routed);
    remember(p->document, " ", code,
             json_array_size(json_object_get(p->document->file, "categories")));
    append(p, "categories", json_incref(p->row));
    if (json_object_size(rule) == 0) {
        json_decref(rule);
        return;
    }
    json_object_set_new(rule, "category", json_string(code));
    append(p, "routes", rule);
}

static void place_question(const struct placing *p)
{
    const char *code = text_of(p->row, "category");
    json_int_t at = find(p->document, " ", code);
    char path[64];
    if (at < 0) {
        struct finding finding = {.file = p->file,
                                  .row = p->line,
                                  .field = "category",
                                  .column = "category",
                                  .rule = *code ? "field.unknown" : "field.missing",
                                  .detail = "categories.csv",
                                  .value = code};
        findings_add(&p->document->findings, &finding);
        return;
    }
    json_t *questions = array_at(
        json_array_get(json_object_get(p->document->file, "categories"), (size_t)at), "questions");
    json_object_del(p->row, "category");
    (void)snprintf(path, sizeof path, "categories[%d].questions[%zu]", (int)at,
                   json_array_size(questions));
    json_array_append(questions, p->row);
    origin(p, path);
}

static void calendar_append(const struct placing *p, json_t *list, const char *path, json_t *value)
{
    char at[96];
    (void)snprintf(at, sizeof at, "%s[%zu]", path, json_array_size(list));
    json_array_append_new(list, value);
    origin(p, at);
    json_object_set_new(json_object_get(p->document->origins, at), "column", json_string("from"));
}

static void place_day(const struct placing *p)
{
    json_t *calendar = json_object_get(p->document->file, "calendar");
    json_t *all = json_object_get(json_object_get(calendar, "years"), "-");
    const char *kind = text_of(p->row, "kind"), *from = text_of(p->row, "from");
    const char *to = text_of(p->row, "to");
    char text[64], path[64];
    if (strcmp(kind, "work_hours") == 0) {
        calendar_append(p, array_at(calendar, "work_hours"), "calendar.work_hours",
                        must(json_pack("[s, s]", from, to)));
    } else if (strcmp(kind, "weekend") == 0) {
        const char *day = word_value(weekday_words, from);
        calendar_append(p, array_at(calendar, "weekend"), "calendar.weekend",
                        json_string(day ? day : from));
    } else if (strcmp(kind, "off") == 0 || strcmp(kind, "work") == 0) {
        (void)snprintf(text, sizeof text, "%s%s%s", from, *to ? "/" : "", to);
        (void)snprintf(path, sizeof path, "calendar.years.-.%s", kind);
        calendar_append(p, array_at(all, kind), path, json_string(text));
    } else {
        struct finding finding = {.file = p->file,
                                  .row = p->line,
                                  .field = "kind",
                                  .column = "kind",
                                  .rule = *kind ? "field.enum" : "field.missing",
                                  .detail = "",
                                  .value = kind};
        findings_add(&p->document->findings, &finding);
    }
}

static void place_word(const struct placing *p)
{
    char path[64];
    json_t *list = array_at(p->document->file, "danger_words");
    (void)snprintf(path, sizeof path, "danger_words[%zu]", json_array_size(list));
    json_array_append_new(list, json_string(text_of(p->row, "text")));
    origin(p, path);
}

void row_place(struct document *document, enum district_table table, unsigned line, json_t *row,
               json_t *cells)
{
    struct placing p = {document, csv_tables[table].file, line, row, cells};
    switch (table) {
    case TABLE_DISTRICT:
        place_district(&p);
        break;
    case TABLE_UNITS:
        place_unit(&p);
        break;
    case TABLE_DEPARTMENTS:
        append(&p, "departments", json_incref(row));
        break;
    case TABLE_DESKS:
        place_desk(&p);
        break;
    case TABLE_CATEGORIES:
        place_category(&p);
        break;
    case TABLE_QUESTIONS:
        place_question(&p);
        break;
    case TABLE_ROUTING:
        append(&p, "routes", json_incref(row));
        break;
    case TABLE_CALENDAR:
        place_day(&p);
        break;
    case TABLE_TIMES:
        append(&p, "service_times", json_incref(row));
        break;
    default:
        place_word(&p);
    }
}

void rows_begin(struct document *document)
{
    static const struct {
        const char *path;
        enum district_table table;
    } wholes[] = {
        {"district", TABLE_DISTRICT},       {"number_prefix", TABLE_DISTRICT},
        {"timezone", TABLE_DISTRICT},       {"zone", TABLE_DISTRICT},
        {"code", TABLE_DISTRICT},           {"units", TABLE_UNITS},
        {"departments", TABLE_DEPARTMENTS}, {"desks", TABLE_DESKS},
        {"categories", TABLE_CATEGORIES},   {"routes", TABLE_ROUTING},
        {"calendar", TABLE_CALENDAR},       {"service_times", TABLE_TIMES},
        {"danger_words", TABLE_DANGER},     {"settings_by_unit", TABLE_UNITS},
    };
    document->file = must(json_pack("{s:{s:{s:{}}}}", "calendar", "years", "-"));
    json_object_set_new(document->origins, "", must(json_object()));  // bodies of desks
    json_object_set_new(document->origins, " ", must(json_object())); // codes of categories
    for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++)
        json_object_set_new(document->origins, wholes[i].path,
                            must(json_pack("{s:s}", "file", csv_tables[wholes[i].table].file)));
}
