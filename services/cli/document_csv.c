// SPDX-License-Identifier: Apache-2.0
// From a folder of CSV files to the data. A cell becomes what its column says, or stays the text
// that somebody wrote, which the reader of the data then refuses at its place: no rule of the data
// is judged twice. What only files can have wrong is judged here: encoding, CSV, headers, rows that
// belong to nothing.
#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/text.h"
#include "cli/document_rows.h"
#include "cli/output.h"
#include "cli/text.h"

#define FILE_BYTES (64u << 20)

struct reading {
    struct document *document;
    const struct csv_table *table;
    const struct column *columns[WH_CSV_CELLS_MAX]; // by place in the header; NULL: not ours
    size_t n_columns;
    unsigned row;
};

static void fault(struct reading *r, unsigned row, const char *field, enum wh_rule rule,
                  const char *detail, const char *value)
{
    char header[64] = "";
    const struct column *column = field ? column_by_field(r->table, field) : NULL;
    if (column)
        column_header(column, header, sizeof header);
    struct finding finding = {.file = r->table->file,
                              .row = row,
                              .column = column ? header : field,
                              .field = field,
                              .rule = wh_rule_info(rule)->name,
                              .detail = detail,
                              .value = value};
    findings_add(&r->document->findings, &finding);
}

// ---- bytes --------------------------------------------------------------------------------------

static char *read_bytes(FILE *from, size_t *ret_n)
{
    size_t n = 0, room = 65536;
    char *bytes = must(malloc(room));
    for (size_t got; (got = fread(bytes + n, 1, room - n, from)) > 0;) {
        n += got;
        if (n == room)
            bytes = must(realloc(bytes, room *= 2));
        if (n > FILE_BYTES)
            break;
    }
    *ret_n = n;
    return bytes;
}

// GB18030 as spreadsheets in China save it. NULL where it is not that either.
static char *from_gb18030(const char *bytes, size_t n, size_t *ret_n)
{
    size_t room = n * 2 + 16, left = room;
    iconv_t converter = iconv_open("UTF-8", "GB18030");
    char *text = must(malloc(room)), *to = text, *at = (char *)(uintptr_t)bytes;
    bool good = converter != (iconv_t)-1 && iconv(converter, &at, &n, &to, &left) != (size_t)-1;
    if (converter != (iconv_t)-1)
        (void)iconv_close(converter);
    *ret_n = room - left;
    if (good)
        return text;
    free(text);
    return NULL;
}

// UTF-8 without its mark. Takes `bytes`; NULL with the finding told.
static char *to_text(struct reading *r, char *bytes, size_t *n)
{
    if (*n >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
        memmove(bytes, bytes + 3, *n - 3);
        *n -= 3;
    }
    if (wh_utf8_valid(bytes, *n))
        return bytes;
    char *text = from_gb18030(bytes, *n, n);
    free(bytes);
    if (text)
        json_object_set_new(r->document->encodings, r->table->file, json_string("GB18030"));
    else
        fault(r, 0, NULL, WH_RULE_FIELD_UTF8,
              T("既不是 UTF-8 也不是 GB18030:另存为“CSV UTF-8(逗号分隔)”",
                "neither UTF-8 nor GB18030: save it as CSV UTF-8"),
              NULL);
    return text;
}

// ---- cells --------------------------------------------------------------------------------------

// Blanks at both ends, also those of no ASCII.
static const char *trimmed(const char *cell, char *ret_text, size_t room)
{
    static const char *const blanks[] = {" ", "\t", "\n", "\xC2\xA0", "\xE3\x80\x80"};
    size_t n = strlen(cell);
    for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++) {
        size_t width = strlen(blanks[i]);
        bool cut = true;
        if (n >= width && strncmp(cell, blanks[i], width) == 0) {
            cell += width;
            n -= width;
        } else if (n >= width && strncmp(cell + n - width, blanks[i], width) == 0) {
            n -= width;
        } else {
            cut = false;
        }
        if (cut)
            i = (size_t)-1;
    }
    (void)snprintf(ret_text, room, "%.*s", (int)n, cell);
    return ret_text;
}

static json_t *number(const char *text, bool whole)
{
    char *end = NULL;
    if (strspn(text, "+-.0123456789eE") != strlen(text) || !*text)
        return json_string(text);
    errno = 0;
    if (whole) {
        long long value = strtoll(text, &end, 10);
        return *end || errno ? json_string(text) : json_integer(value);
    }
    double value = strtod(text, &end);
    return *end || errno ? json_string(text) : json_real(value);
}

static json_t *one(const struct column *column, const char *cell)
{
    char text[4096];
    const char *word;
    switch (column->kind) {
    case CELL_TEXT:
        return json_string(cell);
    case CELL_CODE:
        return json_string(trimmed(cell, text, sizeof text));
    case CELL_INT:
    case CELL_INTS:
        return number(trimmed(cell, text, sizeof text), true);
    case CELL_REAL:
        return number(trimmed(cell, text, sizeof text), false);
    case CELL_BOOL:
        word = word_value(column->words, cell);
        return word ? json_boolean(strcmp(word, "true") == 0) : json_string(cell);
    case CELL_WORD:
    case CELL_WORDS:
        word = word_value(column->words, cell);
        return json_string(word ? word : cell);
    default:
        return json_string(cell);
    }
}

// ';', '；' or '、'; a backslash before one of them, before itself or a blank keeps it.
static size_t separator_at(const char *p)
{
    if (*p == ';')
        return 1;
    return strncmp(p, "；", 3) == 0 || strncmp(p, "、", 3) == 0 ? 3 : 0;
}

static json_t *list(const struct column *column, const char *cell)
{
    json_t *items = must(json_array());
    char *item = must(malloc(strlen(cell) + 1));
    for (const char *p = cell; *p;) {
        size_t n = 0, kept = 0;
        p += strspn(p, " ");
        for (size_t width; *p && !separator_at(p); p += width) {
            bool escaped = *p == '\\' && p[1];
            p += escaped;
            width = separator_at(p) ? separator_at(p) : 1;
            memcpy(item + n, p, width);
            n += width;
            if (escaped || *p != ' ')
                kept = n;
        }
        item[kept] = '\0';
        p += separator_at(p);
        if (kept)
            json_array_append_new(items, one(column, item));
    }
    free(item);
    return items;
}

static json_t *value_of(const struct column *column, const char *cell)
{
    bool many =
        column->kind == CELL_LIST || column->kind == CELL_WORDS || column->kind == CELL_INTS;
    return must(many ? list(column, cell) : one(column, cell));
}

// ---- rows ---------------------------------------------------------------------------------------

static void take_header(struct reading *r, const struct wh_csv *csv)
{
    bool there[WH_CSV_CELLS_MAX] = {false};
    r->n_columns = csv->n;
    for (size_t i = 0; i < csv->n; i++) {
        const struct column *column = column_by_header(r->table, csv->cells[i]);
        r->columns[i] = column;
        if (column && there[column - r->table->columns])
            fault(r, csv->row, column->field, WH_RULE_FIELD_TWICE, "", csv->cells[i]);
        else if (!column && *csv->cells[i])
            fault(r, csv->row, csv->cells[i], WH_RULE_FIELD_UNKNOWN,
                  T("没有这一列;各列见 columns.md", "no such column; columns.md lists them"), NULL);
        if (column)
            there[column - r->table->columns] = true;
    }
    for (size_t i = 0; i < r->table->n; i++)
        if (r->table->columns[i].required && !there[i])
            fault(r, 0, r->table->columns[i].field, WH_RULE_FIELD_MISSING,
                  T("缺少这一列", "the column is missing"), NULL);
}

static bool is_empty(const struct wh_csv *csv)
{
    char text[8];
    for (size_t i = 0; i < csv->n; i++)
        if (*trimmed(csv->cells[i], text, sizeof text))
            return false;
    return true;
}

// cells: the texts; the row as data.
static json_t *take_row(struct reading *r, const struct wh_csv *csv, json_t *cells)
{
    json_t *row = must(json_object());
    for (size_t i = 0; i < csv->n; i++) {
        const char *cell = wh_csv_unguard(csv->cells[i]);
        char blank[8], place[32];
        if (!*trimmed(cell, blank, sizeof blank))
            continue;
        if (i >= r->n_columns) {
            (void)snprintf(place, sizeof place, "%zu", i + 1);
            fault(r, csv->row, place, WH_RULE_FIELD_COUNT,
                  T("比表头多出的单元格", "a cell beyond the header"), cell);
            continue;
        }
        if (!r->columns[i])
            continue;
        json_object_set_new(row, r->columns[i]->field, value_of(r->columns[i], cell));
        json_object_set_new(cells, r->columns[i]->field, json_string(cell));
    }
    return row;
}

static void read_rows(struct reading *r, const char *text, size_t n)
{
    struct wh_arena arena;
    struct wh_csv csv;
    int status;
    bool header = false;
    wh_arena_init(&arena, FILE_BYTES);
    wh_csv_init(&csv, text, n);
    while ((status = wh_csv_next(&csv, &arena)) > 0) {
        bool empty = is_empty(&csv) || (csv.n == 1 && strncmp(csv.cells[0], "sep=", 4) == 0);
        if (!empty && !header) {
            take_header(r, &csv);
            header = true;
        } else if (!empty) {
            json_t *cells = must(json_object());
            json_t *row = take_row(r, &csv, cells);
            row_place(r->document, (enum district_table)(r->table - csv_tables), csv.row, row,
                      cells);
            json_decref(row);
            json_decref(cells);
        }
        wh_arena_reset(&arena);
    }
    char place[32];
    (void)snprintf(place, sizeof place, "%u", csv.column);
    if (status < 0)
        fault(r, csv.row, place, WH_RULE_FIELD_FORMAT, csv.why ? csv.why : wh_strerror(status),
              NULL);
    else if (!header)
        fault(r, 0, NULL, WH_RULE_FIELD_MISSING, T("没有表头", "no header"), NULL);
    wh_arena_done(&arena);
}

static void read_table(struct document *document, const char *folder, const struct csv_table *table)
{
    struct reading r = {.document = document, .table = table};
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", folder, table->file);
    FILE *from = fopen(path, "re");
    if (!from) {
        if (errno != ENOENT || table->required)
            fault(&r, 0, NULL, WH_RULE_FIELD_MISSING, strerror(errno), NULL);
        return;
    }
    size_t n = 0;
    char *bytes = read_bytes(from, &n);
    (void)fclose(from);
    if (n > FILE_BYTES)
        fault(&r, 0, NULL, WH_RULE_TOO_LARGE, "", NULL);
    char *text = n > FILE_BYTES ? bytes : to_text(&r, bytes, &n);
    if (text && n <= FILE_BYTES)
        read_rows(&r, text, n);
    free(text);
}

void document_read_folder(struct document *document, const char *folder)
{
    rows_begin(document);
    for (size_t i = 0; i < TABLES; i++)
        read_table(document, folder, &csv_tables[i]);
}
