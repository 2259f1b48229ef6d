// SPDX-License-Identifier: Apache-2.0
// The sheet a shift hands over (交接班单): what was read of a unit's open whistles, the page made
// of it in plain tables, and its three shapes: HTML for A4, text for a terminal or a printer, JSON.
// Shows what the unit's own key may see; of a person's address only the kind of channel.
#ifndef CLI_SHEET_H
#define CLI_SHEET_H

#include <jansson.h>
#include <stdio.h>

#include "base/arena.h"
#include "cli/cli.h"
#include "cli/session.h"
#include "whistle/v1/dispatch.pb-c.h"

#define SHEET_HOURS 12
#define SHEET_STALE_MS (INT64_C(2) * 3600000) // hourly files older than this are told as old

// A clock that runs, with the whistle it is of.
struct sheet_due {
    int64_t at;
    const Whistle__V1__SheetWhistle *row;
    const Whistle__V1__SheetClock *clock;
};

struct sheet {
    const char *unit;    // code, borrowed
    struct reply *pages; // own all that follows
    size_t n_pages;
    const Whistle__V1__Sheet *first, *last;
    const Whistle__V1__SheetWhistle **whistles; // by priority, then number
    size_t n;
    struct sheet_due *dues; // by time; n_late of them before first->now_at
    size_t n_dues, n_late, n_soon;
    int hours;
};

// Reads all pages. 0, or -1 with the fault (nothing is left to be ended then).
int sheet_read(struct cli *cli, const char *unit, int hours, struct sheet *ret_sheet,
               struct fault *ret_fault);
void sheet_done(struct sheet *sheet);
// {unit, name, as_of_at, until_at, hours, dispatch, dedup, whistles, late, soon …}. New reference.
json_t *sheet_json(struct cli *cli, const struct sheet *sheet);
// "EPOCH/SEQ:HASH" of a head.
void sheet_head_text(const Whistle__V1__JournalHead *head, char *ret_text, size_t n);

// ---- the page -----------------------------------------------------------------------------------
#define SHEET_COLUMNS 6
#define SHEET_TABLES 5

struct sheet_column {
    const char *head;
    int width; // columns of a terminal; all of a table with their gaps take 80
};

struct sheet_table {
    const char *title, *empty; // empty: said where there are no rows
    struct sheet_column columns[SHEET_COLUMNS];
    size_t n_columns, rows, room;
    char **cells; // rows × n_columns, lines by '\n'
    bool *bad;    // a row about something late
};

struct sheet_doc {
    struct wh_arena arena;
    const char *title, *unit, *as_of, *zone, *journals[3];
    size_t n_journals;
    const char *summary[8];
    size_t n_summary;
    const char *next; // when the next file is due, NULL: not one of the hourly files
    struct sheet_table tables[SHEET_TABLES];
};

// phones: a file of duty telephones ("CODE,LEVEL,NUMBER" a line) that the operator keeps, NULL
// none. every_ms: how often this file is made anew, 0: once.
void sheet_build(struct cli *cli, const struct sheet *sheet, const char *phones, int64_t every_ms,
                 struct sheet_doc *ret_doc);
void sheet_doc_done(struct sheet_doc *doc);
void sheet_html(const struct sheet_doc *doc, FILE *to);
void sheet_text(const struct sheet_doc *doc, FILE *to);

// Text in the doc's arena, as printf.
char *sheet_say(struct sheet_doc *doc, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// A row with so many cells; the pointer is to be filled with texts of the arena.
char **sheet_row(struct sheet_doc *doc, struct sheet_table *table, bool bad);
// sheet_desk.c: fills the table of desks that this sheet names.
void sheet_desks(struct cli *cli, const struct sheet *sheet, const char *phones,
                 struct sheet_doc *doc, struct sheet_table *table);
// The desk of a body as this sheet tells it, NULL where it does not.
const Whistle__V1__Desk *sheet_desk(const struct sheet *sheet, const char *body);
// sheet_called.c: who was called, and whether somebody answered.
void sheet_called(struct cli *cli, const struct sheet *sheet, struct sheet_doc *doc,
                  struct sheet_table *table);
// How many notices of a sheet failed or were not sent yet.
size_t sheet_unsent(const struct sheet *sheet);

// ---- files --------------------------------------------------------------------------------------
// sheets.c: `export --sheets DIR`. Returns the exit code.
int run_sheets(struct cli *cli);
// `export --sheet UNIT`.
int run_sheet(struct cli *cli);
// sheets_age.c: how old the hourly files of a folder are: ms since they were last all written, -1
// where there are none. ret_why: the last failure, "" none.
int64_t sheets_age(const char *folder, int64_t now, char *ret_why, size_t n);
// The newest file of a unit in the folder of hourly files; false where there is none.
bool sheets_newest(const char *folder, const char *unit, char *ret_path, size_t n,
                   int64_t *ret_written_at);
// The folder named by --sheets-folder or WHISTLE_SHEETS, NULL where none is known.
const char *sheets_folder(const struct cli *cli);

#endif
