// SPDX-License-Identifier: Apache-2.0
// Tables, colours and spans of time for people.
#include "cli/output.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "cli/text.h"

struct cell {
    char *text;
    enum tone tone;
};

struct table {
    size_t columns, rows, room;
    struct cell *cells; // rows × columns; row 0 holds the headers
    size_t filled;      // cells of the last row
};

static bool colours;

void *must(void *memory)
{
    if (!memory) {
        (void)fputs("whistle: out of memory\n", stderr);
        exit(3);
    }
    return memory;
}

void colour_use(bool on)
{
    colours = on;
}

bool colour_wanted(void)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

const char *colour_on(enum tone tone)
{
    static const char *const codes[] = {
        [TONE_PLAIN] = "",        [TONE_STRONG] = "\033[1m", [TONE_DIM] = "\033[2m",
        [TONE_GOOD] = "\033[32m", [TONE_WARN] = "\033[33m",  [TONE_BAD] = "\033[1;31m",
    };
    return colours ? codes[tone] : "";
}

const char *colour_off(enum tone tone)
{
    return colours && tone != TONE_PLAIN ? "\033[0m" : "";
}

void say_tone(FILE *to, enum tone tone, const char *text)
{
    (void)fputs(colour_on(tone), to);
    say_clean(to, text, false);
    (void)fputs(colour_off(tone), to);
}

void span_text(int64_t ms, char *ret_text, size_t n)
{
    int64_t s = (ms < 0 ? -ms : ms) / 1000, m = s / 60, h = m / 60, d = h / 24;
    if (m == 0)
        (void)snprintf(ret_text, n, T("%lld 秒", "%lld s"), (long long)s);
    else if (m < 10 && s % 60)
        (void)snprintf(ret_text, n, T("%lld 分 %lld 秒", "%lld min %lld s"), (long long)m,
                       (long long)(s % 60));
    else if (h == 0)
        (void)snprintf(ret_text, n, T("%lld 分", "%lld min"), (long long)m);
    else if (d == 0 && m % 60)
        (void)snprintf(ret_text, n, T("%lld 小时 %lld 分", "%lld h %lld min"), (long long)h,
                       (long long)(m % 60));
    else if (d == 0)
        (void)snprintf(ret_text, n, T("%lld 小时", "%lld h"), (long long)h);
    else if (h % 24)
        (void)snprintf(ret_text, n, T("%lld 天 %lld 小时", "%lld d %lld h"), (long long)d,
                       (long long)(h % 24));
    else
        (void)snprintf(ret_text, n, T("%lld 天", "%lld d"), (long long)d);
}

void countdown_text(int64_t ms, char *ret_text, size_t n)
{
    char span[64];
    span_text(ms, span, sizeof span);
    if (ms >= 0)
        (void)snprintf(ret_text, n, T("还有 %s", "%s left"), span);
    else
        (void)snprintf(ret_text, n, T("已超时 %s", "%s late"), span);
}

struct table *table_new(const char *const *headers, size_t n)
{
    struct table *table = must(calloc(1, sizeof *table));
    table->columns = n;
    table_row(table);
    for (size_t i = 0; i < n; i++)
        table_cell(table, TONE_DIM, headers[i]);
    return table;
}

void table_free(struct table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->rows * table->columns; i++)
        free(table->cells[i].text);
    free(table->cells);
    free(table);
}

void table_row(struct table *table)
{
    if (table->rows == table->room) {
        table->room = table->room ? 2 * table->room : 16;
        table->cells =
            must(realloc(table->cells, table->room * table->columns * sizeof *table->cells));
    }
    memset(table->cells + table->rows * table->columns, 0, table->columns * sizeof *table->cells);
    table->rows++;
    table->filled = 0;
}

void table_cell(struct table *table, enum tone tone, const char *text)
{
    if (table->filled == table->columns)
        return;
    struct cell *cell = &table->cells[(table->rows - 1) * table->columns + table->filled++];
    size_t n = strlen(text) + 8;
    cell->text = must(malloc(n));
    width_fit(text, n, cell->text, n); // cleans; the text is never wider than its bytes
    cell->tone = tone;
}

size_t table_rows(const struct table *table)
{
    return table->rows - 1;
}

static size_t column_width(const struct table *table, size_t column)
{
    size_t widest = 0;
    for (size_t row = 0; row < table->rows; row++) {
        const char *text = table->cells[row * table->columns + column].text;
        size_t width = text ? width_of(text) : 0;
        if (width > widest)
            widest = width;
    }
    return widest;
}

static void print_row(const struct table *table, size_t row, const size_t *widths, FILE *to)
{
    size_t blank = 0; // owed before the next text, so that no line ends in spaces
    for (size_t column = 0; column < table->columns; column++) {
        const struct cell *cell = &table->cells[row * table->columns + column];
        const char *text = cell->text ? cell->text : "";
        if (*text) {
            (void)fprintf(to, "%*s", (int)blank, "");
            (void)fprintf(to, "%s%s%s", colour_on(cell->tone), text, colour_off(cell->tone));
            blank = 0;
        }
        blank += widths[column] + 2 - width_of(text);
    }
    (void)fputc('\n', to);
}

static void print_from(const struct table *table, size_t first, FILE *to, int indent)
{
    if (table->rows < 2)
        return;
    size_t *widths = must(calloc(table->columns, sizeof *widths));
    for (size_t column = 0; column < table->columns; column++)
        widths[column] = column_width(table, column);
    for (size_t row = first; row < table->rows; row++) {
        (void)fprintf(to, "%*s", indent, "");
        print_row(table, row, widths, to);
    }
    free(widths);
}

void table_print(const struct table *table, FILE *to, int indent)
{
    print_from(table, 0, to, indent);
}

void table_print_body(const struct table *table, FILE *to, int indent)
{
    print_from(table, 1, to, indent);
}

int64_t span_read(const char *text)
{
    static const char units[] = "smhd";
    static const int64_t ms[] = {WH_MS_SECOND, WH_MS_MINUTE, WH_MS_HOUR, WH_MS_DAY};
    char *end;
    long long n = strtoll(text, &end, 10);
    const char *unit = end[0] && !end[1] ? strchr(units, *end) : NULL;
    if (end != text && n == 0 && !*end)
        return 0;
    return end == text || !unit || n < 0 || n > 10000 ? -1 : n * ms[unit - units];
}
