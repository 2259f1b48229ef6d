// SPDX-License-Identifier: Apache-2.0
// Loading, and finding the place of a fault: the longest part of its path whose origin is known.
#include "cli/document.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/output.h"
#include "cli/tables.h"
#include "cli/text.h"
#include "client/district_json.h"

#define READ_FAULTS 1000
#define PATH_MAX_TEXT 160

// ---- loading ------------------------------------------------------------------------------------

static json_t *load_json(const char *path, struct fault *ret_fault)
{
    json_error_t error;
    FILE *from = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (!from) {
        fault_usage(ret_fault, "FILE", "%s: %s", path, strerror(errno));
        return NULL;
    }
    const char *dot = strrchr(path, '.');
    if (dot && strcmp(dot, ".csv") == 0) {
        (void)fclose(from);
        fault_usage(ret_fault, "FILE", "%s: %s", path,
                    T("请给出放各表的文件夹", "name the folder of the tables"));
        return NULL;
    }
    json_t *file = json_loadf(from, JSON_REJECT_DUPLICATES, &error);
    if (from != stdin)
        (void)fclose(from);
    if (!file)
        fault_usage(ret_fault, "FILE", "%s:%d: %s", path, error.line, error.text);
    return file;
}

static bool is_folder(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

// In the message all rows of the categories stand before those of "routes".
static void route_origins(struct document *document)
{
    char at[PATH_MAX_TEXT], path[PATH_MAX_TEXT];
    size_t n = 0, i;
    json_t *category, *supports;
    const char *tag;
    json_array_foreach(json_object_get(document->file, "categories"), i, category)
    {
        const char *lead = json_string_value(json_object_get(category, "lead"));
        (void)snprintf(path, sizeof path, "categories[%zu]", i);
        if ((lead && *lead) || json_array_size(json_object_get(category, "support"))) {
            (void)snprintf(at, sizeof at, "routes[%zu]", n++);
            json_object_set_new(document->origins, at, json_pack("{s:s}", "path", path));
        }
        json_object_foreach(json_object_get(category, "tag_adds"), tag, supports)
        {
            (void)snprintf(path, sizeof path, "categories[%zu].tag_adds.%s", i, tag);
            (void)snprintf(at, sizeof at, "routes[%zu]", n++);
            json_object_set_new(document->origins, at, json_pack("{s:s}", "path", path));
        }
    }
    for (i = 0; i < json_array_size(json_object_get(document->file, "routes")); i++) {
        (void)snprintf(path, sizeof path, "routes[%zu]", i);
        (void)snprintf(at, sizeof at, "routes[%zu]", n++);
        json_object_set_new(document->origins, at, json_pack("{s:s}", "path", path));
    }
}

int document_load(const char *path, struct document *ret_document, struct fault *ret_fault)
{
    struct document document = {.path = path};
    if (!is_folder(path) && !(document.file = load_json(path, ret_fault)))
        return -1;
    document.origins = must(json_object());
    document.encodings = must(json_object());
    findings_init(&document.findings);
    if (!document.file)
        document_read_folder(&document, path);
    *ret_document = document;
    return 0;
}

void document_done(struct document *document)
{
    json_decref(document->file);
    json_decref(document->origins);
    json_decref(document->encodings);
    if (document->findings.rows)
        findings_done(&document->findings);
    *document = (struct document){0};
}

void document_origin(struct document *document, const char *path, const char *file, unsigned row,
                     json_t *cells)
{
    json_object_set_new(
        document->origins, path,
        must(json_pack("{s:s, s:i, s:O}", "file", file, "row", (int)row, "cells", cells)));
}

// ---- placing ------------------------------------------------------------------------------------

// The longest beginning of `path` with an origin; what follows it (without dot) is the rest.
static const json_t *origin_of(const struct document *document, const char *path,
                               const char **ret_rest)
{
    char part[PATH_MAX_TEXT];
    (void)snprintf(part, sizeof part, "%s", path);
    for (size_t n = strlen(part); n > 0;) {
        const json_t *origin = json_object_get(document->origins, part);
        if (origin) {
            *ret_rest = path + n + (path[n] == '.');
            return origin;
        }
        while (n > 0 && part[n - 1] != '.' && part[n - 1] != ']')
            n--;
        if (n > 0 && part[n - 1] == '.')
            n--;
        else if (n > 0 && part[n] == '\0')
            for (n--; n > 0 && part[n] != '['; n--)
                ;
        part[n] = '\0';
    }
    return NULL;
}

static const struct csv_table *table_of(const char *file)
{
    for (size_t i = 0; i < TABLES; i++)
        if (strcmp(csv_tables[i].file, file) == 0)
            return &csv_tables[i];
    return NULL;
}

// "channels[0]" is the column channels.
static const struct column *column_of(const struct csv_table *table, const char *rest)
{
    char field[64];
    (void)snprintf(field, sizeof field, "%.*s", (int)strcspn(rest, ".["), rest);
    return *field ? column_by_field(table, field) : NULL;
}

// A table without a row is told once, not what follows from it. True: there is no more to say.
static bool fault_of_empty(struct document *document, const json_t *origin, const char *rule,
                           const char *detail)
{
    const char *file = json_string_value(json_object_get(origin, "file"));
    if (json_object_get(origin, "row"))
        return false;
    if (findings_has(&document->findings, file, 0, "*"))
        return true;
    if (*detail || strcmp(rule, wh_rule_info(WH_RULE_FIELD_MISSING)->name) != 0)
        return false;
    struct finding finding = {
        .file = file, .rule = rule, .detail = T("没有一行内容", "it has no rows")};
    findings_add(&document->findings, &finding);
    findings_mark(&document->findings, file, 0, "*");
    return true;
}

static void fault_in_table(struct document *document, const json_t *origin, const char *rest,
                           const char *rule, const char *detail)
{
    const char *file = json_string_value(json_object_get(origin, "file"));
    const struct csv_table *table = table_of(file);
    const struct column *column = table ? column_of(table, rest) : NULL;
    const char *named = json_string_value(json_object_get(origin, "column"));
    if (!column && table && named)
        column = column_by_field(table, named);
    char header[64] = "";
    const char *value = NULL;
    if (column) {
        column_header(column, header, sizeof header);
        if (strcmp(column->field, "channels") != 0) // an address is not for every screen
            value =
                json_string_value(json_object_get(json_object_get(origin, "cells"), column->field));
    }
    // "7.70201E+11": what a spreadsheet makes of a long code.
    if (value && column->kind == CELL_CODE && strstr(value, "E+"))
        detail = T("表格软件改成了科学计数:把这一列设为文本再填",
                   "a spreadsheet made it scientific: format the column as text");
    struct finding finding = {.file = file,
                              .row = (unsigned)json_integer_value(json_object_get(origin, "row")),
                              .column = column ? header : NULL,
                              .field = column ? column->field : "",
                              .rule = rule,
                              .detail = *detail || !column ? detail : T(column->zh, column->en),
                              .value = value};
    if (!column || !findings_has(&document->findings, file, 0, column->field))
        findings_add(&document->findings, &finding);
}

void document_fault(struct document *document, const char *path, const char *rule,
                    const char *detail)
{
    const char *rest = "";
    const json_t *origin = origin_of(document, path, &rest);
    char whole[PATH_MAX_TEXT];
    if (origin && json_object_get(origin, "file")) {
        if (!fault_of_empty(document, origin, rule, detail))
            fault_in_table(document, origin, rest, rule, detail);
        return;
    }
    (void)snprintf(whole, sizeof whole, "%s", path);
    if (origin)
        (void)snprintf(whole, sizeof whole, "%s%s%s",
                       json_string_value(json_object_get(origin, "path")), *rest ? "." : "", rest);
    struct finding finding = {
        .file = document->path, .field = whole, .rule = rule, .detail = detail};
    findings_add(&document->findings, &finding);
}

const Whistle__V1__District *document_district(struct document *document, struct wh_arena *arena)
{
    struct wh_wire_fault *faults = must(calloc(READ_FAULTS, sizeof *faults));
    size_t n = 0;
    const Whistle__V1__District *district =
        wh_district_read(document->file, arena, faults, READ_FAULTS, &n);
    for (size_t i = 0; i < n && i < READ_FAULTS; i++)
        document_fault(document, faults[i].field, wh_rule_info(faults[i].rule)->name, "");
    free(faults);
    if (json_object_size(document->origins) == 0)
        route_origins(document); // a JSON file: from here on paths are the message's
    return district;
}
