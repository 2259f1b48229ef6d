// SPDX-License-Identifier: Apache-2.0
// The desks that a sheet names: its own unit's, the district's, those of every department that has
// something open. A telephone number stands in no table of the system in clear; the operator may
// keep a book of duty telephones (offices', not persons') beside it, and it is printed from there.
// Without it the column is left to write in.
#include <stdlib.h>
#include <string.h>

#include "cli/names.h"
#include "cli/output.h"
#include "cli/sheet.h"
#include "cli/text.h"

#define BOOK_BYTES ((size_t)1 << 20)

static char *book_read(const char *path)
{
    FILE *file = path ? fopen(path, "re") : NULL;
    if (!file)
        return NULL;
    char *text = must(malloc(BOOK_BYTES + 1));
    text[fread(text, 1, BOOK_BYTES, file)] = '\0';
    (void)fclose(file);
    return text;
}

// "CODE,LEVEL,NUMBER" or "CODE,NUMBER" (level 0); '#' begins a comment. Into the doc; "" none.
static char *book_find(struct sheet_doc *doc, const char *book, const char *code, int level)
{
    size_t n = strlen(code);
    for (const char *line = book; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, code, n) != 0 || line[n] != ',')
            continue;
        const char *rest = line + n + 1;
        int at = 0;
        if (rest[0] >= '0' && rest[0] <= '9' && rest[1] == ',') {
            at = rest[0] - '0';
            rest += 2;
        }
        if (at == level)
            return sheet_say(doc, "%.*s", (int)strcspn(rest, "\r\n"), rest);
    }
    return sheet_say(doc, "%s", "");
}

const Whistle__V1__Desk *sheet_desk(const struct sheet *sheet, const char *body)
{
    for (size_t i = 0; i < sheet->n_pages; i++) {
        const Whistle__V1__Sheet *page = (const Whistle__V1__Sheet *)sheet->pages[i].body;
        for (size_t k = 0; k < page->n_desks; k++)
            if (strcmp(page->desks[k]->body, body) == 0)
                return page->desks[k];
    }
    return NULL;
}

static char *kinds(struct sheet_doc *doc, const Whistle__V1__Contact *contact)
{
    char *text = sheet_say(doc, "%s", "");
    for (size_t i = 0; i < contact->n_channels; i++) {
        const char *channel = contact->channels[i];
        text =
            sheet_say(doc, "%s%s%.*s", text, *text ? " " : "", (int)strcspn(channel, ":"), channel);
    }
    return text;
}

// A line in each of the row's cells.
static void add_contact(struct sheet_doc *doc, char **row, const Whistle__V1__Contact *c,
                        const char *phone)
{
    const char *next = *row[1] ? "\n" : "";
    row[1] = sheet_say(doc, "%s%s%s", row[1], next, *T(c->zh, c->en) ? T(c->zh, c->en) : c->zh);
    row[2] = sheet_say(doc, "%s%s%s", row[2], next,
                       c->round_the_clock ? "7×24" : T("工作时间", "office"));
    row[3] = sheet_say(doc, "%s%s%s", row[3], next, kinds(doc, c));
    row[4] = sheet_say(doc, "%s%s%s", row[4], next, *phone ? phone : "____________");
}

static void add_desk(struct cli *cli, const char *book, const Whistle__V1__Desk *desk,
                     struct sheet_doc *doc, struct sheet_table *table)
{
    char **row = sheet_row(doc, table, false);
    row[0] = sheet_say(doc, "%s", name_party(cli, desk->body));
    for (size_t k = 0; k < desk->n_contacts; k++)
        add_contact(doc, row, desk->contacts[k],
                    book_find(doc, book, desk->body, desk->contacts[k]->level));
}

void sheet_desks(struct cli *cli, const struct sheet *sheet, const char *phones,
                 struct sheet_doc *doc, struct sheet_table *table)
{
    char *book = book_read(phones);
    for (size_t i = 0; i < sheet->n_pages; i++) {
        const Whistle__V1__Sheet *page = (const Whistle__V1__Sheet *)sheet->pages[i].body;
        for (size_t k = 0; k < page->n_desks; k++) // each desk once, of the first page naming it
            if (page->desks[k]->n_contacts &&
                sheet_desk(sheet, page->desks[k]->body) == page->desks[k])
                add_desk(cli, book, page->desks[k], doc, table);
    }
    free(book);
}
