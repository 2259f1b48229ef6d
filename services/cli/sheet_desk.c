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
#define BACKSTOP "DISTRICT"

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

static bool is_named(const struct sheet *sheet, const char *body)
{
    if (strcmp(body, sheet->unit) == 0 || strcmp(body, BACKSTOP) == 0)
        return true;
    for (size_t i = 0; i < sheet->n; i++) {
        const Whistle__V1__Whistle *w = sheet->whistles[i]->whistle;
        if (strcmp(body, w->street) == 0 || strcmp(body, w->unit) == 0)
            return true;
        for (size_t k = 0; k < w->n_tasks; k++)
            if (strcmp(w->tasks[k]->department, body) == 0 &&
                w->tasks[k]->state != WHISTLE__V1__TASK_STATE__TASK_STATE_CANCELLED)
                return true;
    }
    return false;
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

void sheet_desks(struct cli *cli, const struct sheet *sheet, const char *phones,
                 struct sheet_doc *doc, struct sheet_table *table)
{
    const Whistle__V1__District *district = names_district(cli);
    char *book = book_read(phones);
    for (size_t i = 0; district && i < district->n_desks; i++) {
        const Whistle__V1__Desk *desk = district->desks[i];
        for (size_t k = 0; is_named(sheet, desk->body) && k < desk->n_contacts; k++) {
            const Whistle__V1__Contact *c = desk->contacts[k];
            char **row = sheet_row(doc, table, false);
            row[0] = sheet_say(doc, "%s", k ? "" : name_party(cli, desk->body));
            row[1] = sheet_say(doc, "%s", *T(c->zh, c->en) ? T(c->zh, c->en) : c->zh);
            row[2] = sheet_say(doc, "%s", c->round_the_clock ? "7×24" : T("工作时间", "office"));
            row[3] = kinds(doc, c);
            row[4] = book_find(doc, book, desk->body, c->level);
        }
    }
    free(book);
}
