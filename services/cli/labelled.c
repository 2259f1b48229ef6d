// SPDX-License-Identifier: Apache-2.0
// Reads labelled reports: a file whose first character is { holds JSON lines, else it is CSV. Keeps
// which line every report came from.
#include "cli/labelled.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/map.h"
#include "cli/output.h"
#include "cli/text.h"

#define FILE_MAX (size_t)(2048ull << 20)
#define FIELDS_MAX 64
#define NUMBER_BYTES 40

static const char *const known[] = {"id",      "time",     "lat",      "lon",     "category",
                                    "unit",    "reporter", "user",     "title",   "body",
                                    "address", "event",    "radius_m", "window_h"};

// ---- files --------------------------------------------------------------------------------------

// The whole file with a NUL behind; NULL with errno.
static char *slurp(const char *path, size_t *ret_n)
{
    FILE *from = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    size_t n = 0, cap = 1 << 16;
    char *bytes = from ? must(malloc(cap)) : NULL;
    while (from && !feof(from) && !ferror(from) && n < FILE_MAX) {
        if (n + 1 == cap)
            bytes = must(realloc(bytes, cap *= 2));
        n += fread(bytes + n, 1, cap - n - 1, from);
    }
    int bad = !from ? errno : ferror(from) ? EIO : n >= FILE_MAX ? EFBIG : 0;
    if (from && from != stdin)
        (void)fclose(from);
    if (bad) {
        free(bytes);
        errno = bad;
        return NULL;
    }
    bytes[n] = '\0';
    *ret_n = n;
    return bytes;
}

static void at_line(struct fault *fault, const char *path, int64_t line)
{
    char detail[sizeof fault->detail];
    (void)snprintf(detail, sizeof detail,
                   T("%.200s 第 %lld 行 %s: %.160s", "%.200s line %lld, %s: %.160s"), path,
                   (long long)line, fault->field, fault->detail);
    (void)snprintf(fault->detail, sizeof fault->detail, "%s", detail);
}

// ---- rows ---------------------------------------------------------------------------------------

struct reading {
    struct labelled *labelled;
    const char *path;
    size_t cap;
    struct fault *fault;
};

static int add(struct reading *reading, const struct labelled_field *fields, size_t n, int64_t line)
{
    struct labelled *labelled = reading->labelled;
    struct match_rows *rows = &labelled->rows;
    if (rows->n == reading->cap) {
        reading->cap = reading->cap ? 2 * reading->cap : 1024;
        rows->at = must(realloc(rows->at, reading->cap * sizeof *rows->at));
        labelled->lines = must(realloc(labelled->lines, reading->cap * sizeof *labelled->lines));
    }
    if (labelled_row(&labelled->arena, fields, n, &rows->at[rows->n], reading->fault) < 0) {
        at_line(reading->fault, reading->path, line);
        return -1;
    }
    labelled->lines[rows->n++] = line;
    return 0;
}

static int wrong(struct reading *reading, int64_t line, const char *field, const char *why)
{
    fault_usage(reading->fault, field, "%s", why);
    at_line(reading->fault, reading->path, line);
    return -1;
}

// Numbers become text again; anything else but text counts as absent.
static const char *value_of(const json_t *value, char *number)
{
    if (json_is_integer(value))
        (void)snprintf(number, NUMBER_BYTES, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        (void)snprintf(number, NUMBER_BYTES, "%.10g", json_real_value(value));
    else
        return json_string_value(value);
    return number;
}

static int json_row(struct reading *reading, const json_t *object, int64_t line)
{
    struct labelled_field fields[sizeof known / sizeof *known];
    char numbers[sizeof known / sizeof *known][NUMBER_BYTES];
    size_t n = sizeof known / sizeof *known;
    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_object_get(object, known[i]);
        if (value && (json_is_array(value) || json_is_object(value) || json_is_boolean(value)))
            return wrong(reading, line, known[i],
                         T("须为文字或数字", "it must be a text or a number"));
        fields[i] = (struct labelled_field){known[i], value_of(value, numbers[i])};
    }
    return add(reading, fields, n, line);
}

static int read_json(struct reading *reading, char *text)
{
    int64_t line = 0;
    for (char *next = NULL; text; text = next) {
        json_error_t error;
        char *end = strchr(text, '\n');
        next = end ? end + 1 : NULL;
        if (end)
            *end = '\0';
        line++;
        if (text[strspn(text, " \t\r")] == '\0')
            continue;
        json_t *object = json_loads(text, 0, &error);
        int r = json_is_object(object)
                    ? json_row(reading, object, line)
                    : wrong(reading, line, "FILE",
                            object ? T("不是 JSON 对象", "it is no JSON object") : error.text);
        json_decref(object);
        if (r < 0)
            return -1;
    }
    return 0;
}

static int csv_rows(struct reading *reading, struct wh_csv *csv, struct wh_arena *arena,
                    const struct labelled_field *header, size_t columns)
{
    struct labelled_field fields[FIELDS_MAX];
    for (;;) {
        wh_arena_reset(arena);
        int r = wh_csv_next(csv, arena);
        if (r == 0)
            return 0;
        if (r < 0)
            return wrong(reading, csv->row, "FILE", csv->why ? csv->why : wh_strerror(r));
        if (csv->n == 1 && csv->cells[0][0] == '\0')
            continue;
        if (csv->n != columns)
            return wrong(reading, csv->row, "FILE",
                         T("列数与表头不同", "not as many cells as the header has"));
        for (size_t i = 0; i < columns; i++)
            fields[i] = (struct labelled_field){header[i].name, csv->cells[i]};
        if (add(reading, fields, columns, csv->row) < 0)
            return -1;
    }
}

static int read_csv(struct reading *reading, const char *text, size_t n)
{
    struct wh_arena head, row;
    struct wh_csv csv;
    struct labelled_field header[FIELDS_MAX];
    wh_arena_init(&head, 1 << 20);
    wh_arena_init(&row, 32u << 20);
    wh_csv_init(&csv, text, n);
    int r = wh_csv_next(&csv, &head);
    size_t columns = r > 0 ? csv.n : 0;
    for (size_t i = 0; i < columns && i < FIELDS_MAX; i++)
        header[i] = (struct labelled_field){csv.cells[i], NULL};
    if (r < 0 || columns > FIELDS_MAX)
        r = wrong(reading, 1, "FILE",
                  csv.why ? csv.why : T("列太多", "there are too many columns"));
    else
        r = csv_rows(reading, &csv, &row, header, columns);
    wh_arena_done(&head);
    wh_arena_done(&row);
    return r;
}

static int order(struct labelled *labelled, const char *path, struct fault *fault)
{
    int64_t twice = 0;
    int r = match_rows_order(&labelled->rows, &twice);
    if (r == WH_E_EXISTS)
        fault_usage(fault, "id", T("%s: id %lld 出现两次", "%s: id %lld is given twice"), path,
                    (long long)twice);
    else if (r < 0)
        fault_usage(fault, "FILE", "%s: %s", path, wh_strerror(r));
    else if (labelled->rows.n == 0)
        fault_usage(fault, "FILE", T("%s: 没有报告", "%s: there are no reports"), path);
    return r < 0 || labelled->rows.n == 0 ? -1 : 0;
}

int labelled_read(const char *path, struct labelled *ret_labelled, struct fault *ret_fault)
{
    size_t n = 0;
    struct reading reading = {ret_labelled, path, 0, ret_fault};
    *ret_labelled = (struct labelled){0};
    char *bytes = slurp(path, &n), *text = bytes;
    if (!bytes) {
        fault_usage(ret_fault, "FILE", "%s: %s", path, strerror(errno));
        return -1;
    }
    wh_arena_init(&ret_labelled->arena, FILE_MAX);
    if (n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        n -= 3;
    }
    bool json = text[strspn(text, " \t\r\n")] == '{';
    int r = json ? read_json(&reading, text) : read_csv(&reading, text, n);
    free(bytes);
    return r < 0 ? r : order(ret_labelled, path, ret_fault);
}

// ---- pairs --------------------------------------------------------------------------------------

static int by_pair(const void *a, const void *b)
{
    const int64_t *p = a, *q = b;
    int at = p[0] != q[0] ? 0 : 1;
    return p[at] < q[at] ? -1 : p[at] > q[at];
}

int labelled_apart(struct labelled *labelled, const char *path, struct fault *ret_fault)
{
    size_t bytes_n = 0, n = 0, cap = 0;
    int64_t line = 0;
    char *bytes = slurp(path, &bytes_n);
    if (!bytes) {
        fault_usage(ret_fault, "ambiguous", "%s: %s", path, strerror(errno));
        return -1;
    }
    for (char *at = bytes, *next = NULL; at; at = next) {
        long long a, b;
        int used = 0;
        char *end = strchr(at, '\n');
        next = end ? end + 1 : NULL;
        if (end)
            *end = '\0';
        line++;
        bool pair = sscanf(at, " %lld , %lld %n", &a, &b, &used) == 2 && at[used] == '\0';
        if (!pair && line > 1 && at[strspn(at, " \t\r")] != '\0') {
            fault_usage(ret_fault, "ambiguous", "%s", T("须为两个 id", "two ids are expected"));
            at_line(ret_fault, path, line);
            free(bytes);
            return -1;
        }
        if (!pair)
            continue; // a header, an empty line
        if (n == cap)
            labelled->apart = must(
                realloc(labelled->apart, (cap = cap ? 2 * cap : 256) * sizeof *labelled->apart));
        labelled->apart[n][0] = a < b ? a : b;
        labelled->apart[n++][1] = a < b ? b : a;
    }
    free(bytes);
    if (n > 0)
        qsort(labelled->apart, n, sizeof *labelled->apart, by_pair);
    labelled->rows.apart = (const int64_t(*)[2])labelled->apart;
    labelled->rows.apart_n = n;
    return 0;
}

void labelled_done(struct labelled *labelled)
{
    free(labelled->rows.at);
    free(labelled->lines);
    free(labelled->apart);
    wh_arena_done(&labelled->arena);
    *labelled = (struct labelled){0};
}
