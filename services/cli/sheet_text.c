// SPDX-License-Identifier: Apache-2.0
// The sheet as plain text, 80 columns, 60 lines a page with a form feed between: for a terminal and
// for `lp`. A row is not broken over pages, a table's heads come again on each.
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/sheet.h"
#include "cli/text.h"

#define COLUMNS 80
#define PAGE_LINES 60
#define CELL_LINES 64

struct paper {
    char **lines;
    size_t n, room;
    size_t *pages; // index of each page's first line
    size_t n_pages, pages_room;
    size_t used; // lines on this page
    const struct sheet_table *table;
};

static void put(struct paper *paper, const char *line)
{
    if (paper->n == paper->room) {
        paper->room = paper->room ? 2 * paper->room : 256;
        paper->lines = must(realloc(paper->lines, paper->room * sizeof *paper->lines));
    }
    paper->lines[paper->n++] = must(strdup(line));
    paper->used++;
}

static void heads(struct paper *paper);

static void new_page(struct paper *paper)
{
    if (paper->n_pages == paper->pages_room) {
        paper->pages_room = paper->pages_room ? 2 * paper->pages_room : 16;
        paper->pages = must(realloc(paper->pages, paper->pages_room * sizeof *paper->pages));
    }
    paper->pages[paper->n_pages++] = paper->n;
    paper->used = 2; // the page's own head
    if (paper->table)
        heads(paper);
}

// Room for so many lines together, on this page or the next.
static void keep(struct paper *paper, size_t lines)
{
    if (paper->used + lines > PAGE_LINES && paper->used > 4)
        new_page(paper);
}

// ---- wrapping -----------------------------------------------------------------------------------

// The next line of a cell: at most `width` columns, up to '\n'. Returns what is left of it.
static const char *take_line(const char *text, int width, char *ret_line, size_t n)
{
    size_t bytes = strcspn(text, "\n"), at = 0;
    char fit[1024];
    if (bytes >= sizeof fit)
        bytes = sizeof fit - 1;
    while (at < bytes) { // one character more, as long as it fits
        size_t step = 1;
        while (at + step < bytes && ((unsigned char)text[at + step] & 0xc0) == 0x80)
            step++;
        memcpy(fit, text, at + step);
        fit[at + step] = '\0';
        if (width_of(fit) > (size_t)width && at > 0)
            break;
        at += step;
    }
    size_t space = at;
    while (at < bytes && space > 0 && text[space] != ' ' && (signed char)text[space] > 0 &&
           (signed char)text[space - 1] > 0)
        space--; // a Latin word is kept whole where it can be
    if (at < bytes && space > 0)
        at = space;
    (void)snprintf(ret_line, n, "%.*s", (int)at, text);
    text += at;
    while (*text == ' ')
        text++;
    return *text == '\n' ? text + 1 : text;
}

static void pad(char *line, size_t n, const char *text, int width, bool last)
{
    char clean[1024];
    width_fit(text, (size_t)width, clean, sizeof clean);
    size_t used = strlen(line), wide = width_of(clean);
    (void)snprintf(line + used, n - used, "%s%*s", clean,
                   last || wide >= (size_t)width ? 0 : (int)((size_t)width - wide), "");
}

// A row's lines, each of all its cells.
static size_t wrap(const struct sheet_table *table, char *const *cells, char lines[][1024])
{
    const char *rest[SHEET_COLUMNS];
    size_t n = 0;
    bool more = true;
    for (size_t i = 0; i < table->n_columns; i++)
        rest[i] = cells[i];
    while (more && n < CELL_LINES) {
        lines[n][0] = '\0';
        more = false;
        for (size_t i = 0; i < table->n_columns; i++) {
            char part[1024] = "";
            bool last = i + 1 == table->n_columns;
            rest[i] = take_line(rest[i], table->columns[i].width, part, sizeof part);
            pad(lines[n], sizeof lines[n], part, table->columns[i].width + !last, last);
            more = more || *rest[i];
        }
        n++;
    }
    return n;
}

static void rule(struct paper *paper, char mark)
{
    char line[COLUMNS + 1];
    memset(line, mark, COLUMNS);
    line[COLUMNS] = '\0';
    put(paper, line);
}

static void heads(struct paper *paper)
{
    char line[1024] = "";
    const struct sheet_table *table = paper->table;
    for (size_t i = 0; i < table->n_columns; i++)
        pad(line, sizeof line, table->columns[i].head,
            table->columns[i].width + (i + 1 < table->n_columns), i + 1 == table->n_columns);
    put(paper, line);
    rule(paper, '-');
}

// ---- the parts ----------------------------------------------------------------------------------

static void print_table(struct paper *paper, const struct sheet_table *table)
{
    static char lines[CELL_LINES][1024];
    keep(paper, 6);
    put(paper, "");
    put(paper, table->title);
    if (!table->rows) {
        put(paper, table->empty);
        return;
    }
    paper->table = table;
    heads(paper);
    for (size_t i = 0; i < table->rows; i++) {
        size_t n = wrap(table, table->cells + i * table->n_columns, lines);
        keep(paper, n + 1);
        for (size_t k = 0; k < n; k++)
            put(paper, lines[k]);
        if (n > 2 && i + 1 < table->rows)
            rule(paper, '.');
    }
    paper->table = NULL;
}

static void paragraph(struct paper *paper, const char *text)
{
    char line[1024];
    while (*text) {
        text = take_line(text, COLUMNS, line, sizeof line);
        keep(paper, 1);
        put(paper, line);
    }
}

static void signatures(struct paper *paper)
{
    keep(paper, 14);
    put(paper, "");
    put(paper, T("六、交接", "6. Handover"));
    put(paper, "");
    put(paper, T("交班人(签名): __________________  时间: __________________",
                 "Handed over by: __________________  at: __________________"));
    put(paper, "");
    put(paper, T("接班人(签名): __________________  时间: __________________",
                 "Taken over by:  __________________  at: __________________"));
    put(paper, "");
    put(paper, T("备注:", "Remarks:"));
    for (size_t i = 0; i < 5; i++)
        rule(paper, '_');
    put(paper, "");
}

static void print_pages(const struct sheet_doc *doc, const struct paper *paper, FILE *to)
{
    for (size_t p = 0; p < paper->n_pages; p++) {
        size_t end = p + 1 < paper->n_pages ? paper->pages[p + 1] : paper->n;
        (void)fprintf(to,
                      T("%s%s · %s · 截至 %s · 第 %zu 页,共 %zu 页\n",
                        "%s%s · %s · as of %s · page %zu of %zu\n"),
                      p ? "\f" : "", doc->title, doc->unit, doc->as_of, p + 1, paper->n_pages);
        (void)fputc('\n', to);
        for (size_t i = paper->pages[p]; i < end; i++) {
            say_clean(to, paper->lines[i], false);
            (void)fputc('\n', to);
        }
    }
}

void sheet_text(const struct sheet_doc *doc, FILE *to)
{
    struct paper paper = {0};
    new_page(&paper);
    for (size_t i = 0; i < doc->n_summary; i++)
        paragraph(&paper, doc->summary[i]);
    if (doc->next)
        paragraph(&paper, doc->next);
    for (size_t i = 0; i < SHEET_TABLES; i++)
        print_table(&paper, &doc->tables[i]);
    signatures(&paper);
    for (size_t i = 0; i < doc->n_journals; i++)
        paragraph(&paper, doc->journals[i]);
    print_pages(doc, &paper, to);
    for (size_t i = 0; i < paper.n; i++)
        free(paper.lines[i]);
    free(paper.lines);
    free(paper.pages);
}
