// SPDX-License-Identifier: Apache-2.0
// The reader walks the text once; cells are copied into the arena.
#include "base/csv.h"

#include <string.h>

#include "base/error.h"

#define DANGEROUS "=+-@\t\r'"

void wh_csv_init(struct wh_csv *csv, const char *text, size_t n)
{
    *csv = (struct wh_csv){.at = text, .end = text + n};
}

static int fail(struct wh_csv *csv, const char *why)
{
    csv->why = why;
    csv->column = (unsigned)csv->n + 1;
    return WH_E_INVALID;
}

static bool is_end(char c)
{
    return c == '\n' || c == '\r';
}

// Between quotes: up to the quote that is not doubled. Copies into `to`; ret_n bytes.
static int read_quoted(struct wh_csv *csv, char *to, size_t *ret_n)
{
    size_t n = 0;
    for (csv->at++; csv->at < csv->end; csv->at++) {
        if (*csv->at == '"') {
            if (csv->at + 1 == csv->end || csv->at[1] != '"')
                break;
            csv->at++;
        }
        if (*csv->at == '\0')
            return fail(csv, "a NUL byte");
        to[n++] = *csv->at;
    }
    if (csv->at == csv->end)
        return fail(csv, "the quote is not closed");
    csv->at++;
    if (csv->at < csv->end && *csv->at != ',' && !is_end(*csv->at))
        return fail(csv, "text after a closing quote");
    *ret_n = n;
    return 0;
}

static int read_plain(struct wh_csv *csv, char *to, size_t *ret_n)
{
    size_t n = 0;
    for (; csv->at < csv->end && *csv->at != ',' && !is_end(*csv->at); csv->at++) {
        if (*csv->at == '"')
            return fail(csv, "a quote inside a cell that does not begin with one");
        if (*csv->at == '\0')
            return fail(csv, "a NUL byte");
        to[n++] = *csv->at;
    }
    *ret_n = n;
    return 0;
}

// How many bytes the cell at `at` can have at most: up to its end on the wire.
static size_t room_for(const struct wh_csv *csv)
{
    const char *p = csv->at;
    bool quoted = p < csv->end && *p == '"';
    for (p += quoted; p < csv->end; p++) {
        if (quoted ? *p == '"' && (p + 1 == csv->end || p[1] != '"') : *p == ',' || is_end(*p))
            break;
        p += quoted && *p == '"';
    }
    return (size_t)(p - csv->at);
}

static int read_cell(struct wh_csv *csv, struct wh_arena *arena)
{
    if (csv->n == WH_CSV_CELLS_MAX)
        return fail(csv, "more than 256 cells in a row");
    size_t room = room_for(csv), n = 0;
    if (room > WH_CSV_CELL_MAX)
        return fail(csv, "a cell of more than 64 KiB, or a quote that is not closed");
    bool quoted = csv->at < csv->end && *csv->at == '"';
    char *to = wh_arena_alloc(arena, room + 1);
    if (to == NULL)
        return WH_E_NOMEM;
    int rc = quoted ? read_quoted(csv, to, &n) : read_plain(csv, to, &n);
    if (rc != 0)
        return rc;
    to[n] = '\0';
    csv->cells[csv->n++] = to;
    return 0;
}

int wh_csv_next(struct wh_csv *csv, struct wh_arena *arena)
{
    if (csv->at == csv->end)
        return 0;
    csv->row++;
    csv->n = 0;
    for (;;) {
        int rc = read_cell(csv, arena);
        if (rc != 0)
            return rc;
        if (csv->at == csv->end || *csv->at != ',')
            break;
        csv->at++;
    }
    if (csv->at < csv->end && *csv->at == '\r')
        csv->at++;
    if (csv->at < csv->end && *csv->at == '\n')
        csv->at++;
    return 1;
}

// ---- writing ------------------------------------------------------------------------------------

void wh_csv_put(FILE *to, const char *text, bool guard)
{
    bool mark = guard && text[0] != '\0' && strchr(DANGEROUS, text[0]) != NULL;
    bool spaces = text[0] == ' ' || (text[0] != '\0' && text[strlen(text) - 1] == ' ');
    if (strpbrk(text, ",\"\r\n") == NULL && !spaces) {
        (void)fprintf(to, "%s%s", mark ? "'" : "", text);
        return;
    }
    (void)fputs(mark ? "\"'" : "\"", to);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            (void)fputc('"', to);
        (void)fputc(*text, to);
    }
    (void)fputc('"', to);
}

const char *wh_csv_unguard(const char *cell)
{
    return cell[0] == '\'' && cell[1] != '\0' && strchr(DANGEROUS, cell[1]) != NULL ? cell + 1
                                                                                    : cell;
}
