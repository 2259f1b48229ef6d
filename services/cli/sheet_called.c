// SPDX-License-Identifier: Apache-2.0
// Who was called about what is open: one row a whistle and contact with the newest call, how often,
// over which kind of channel, whether it went out, and whether the department has answered since
// (signed, checked in, refused). Never an address.
#include <stdlib.h>
#include <string.h>

#include "cli/names.h"
#include "cli/output.h"
#include "cli/sheet.h"
#include "cli/text.h"

static bool is_state(const Whistle__V1__NoticeView *notice, const char *state)
{
    return strcmp(notice->state, state) == 0;
}

size_t sheet_unsent(const struct sheet *sheet)
{
    size_t n = 0;
    for (size_t i = 0; i < sheet->n; i++)
        for (size_t k = 0; k < sheet->whistles[i]->n_notices; k++)
            n += !is_state(sheet->whistles[i]->notices[k], "SENT");
    return n;
}

static const char *state_text(const Whistle__V1__NoticeView *notice)
{
    return is_state(notice, "SENT")      ? T("已送", "sent")
           : is_state(notice, "FAILED")  ? T("没送到", "FAILED")
           : is_state(notice, "WAITING") ? T("等上班", "waits")
                                         : T("待发", "to be sent");
}

static const char *contact_name(const struct sheet *sheet, const Whistle__V1__NoticeView *notice)
{
    const Whistle__V1__Desk *desk = sheet_desk(sheet, notice->receiver);
    for (size_t i = 0; desk && i < desk->n_contacts; i++) {
        const Whistle__V1__Contact *c = desk->contacts[i];
        if (strcmp(c->code, notice->contact) == 0 || strcmp(c->zh, notice->contact) == 0)
            return *T(c->zh, c->en) ? T(c->zh, c->en) : c->zh;
    }
    return notice->contact;
}

// The task that this call was about: named by the notice's id, else the receiver's own.
static const Whistle__V1__Task *task_of(const Whistle__V1__Whistle *w,
                                        const Whistle__V1__NoticeView *notice)
{
    size_t n = strcspn(notice->id, "/");
    for (size_t i = 0; i < w->n_tasks; i++)
        if (strlen(w->tasks[i]->id) == n && strncmp(w->tasks[i]->id, notice->id, n) == 0)
            return w->tasks[i];
    for (size_t i = 0; i < w->n_tasks; i++)
        if (strcmp(w->tasks[i]->department, notice->receiver) == 0)
            return w->tasks[i];
    return NULL;
}

static char *answer_text(struct cli *cli, struct sheet_doc *doc, const Whistle__V1__Whistle *w,
                         const Whistle__V1__NoticeView *notice)
{
    const Whistle__V1__Task *t = task_of(w, notice);
    char at[32];
    if (!t)
        return sheet_say(doc, "%s", "-");
    int64_t answered = t->checked_in_at ? t->checked_in_at : t->signed_at;
    if (!answered && !t->refusal)
        return sheet_say(doc, "%s", T("没有", "no"));
    if (!answered)
        return sheet_say(doc, "%s", T("退单", "refused"));
    time_text(cli, answered, at, sizeof at);
    return sheet_say(doc, "%s %s", at,
                     t->checked_in_at ? T("报到", "arrived") : T("签收", "signed"));
}

// Is there a later notice to the same contact about the same whistle?
static bool is_newest(const Whistle__V1__SheetWhistle *row, size_t index, size_t *ret_times)
{
    const Whistle__V1__NoticeView *one = row->notices[index];
    *ret_times = 0;
    for (size_t i = 0; i < row->n_notices; i++) {
        const Whistle__V1__NoticeView *other = row->notices[i];
        if (strcmp(other->receiver, one->receiver) != 0 ||
            strcmp(other->contact, one->contact) != 0)
            continue;
        if (i > index)
            return false;
        ++*ret_times;
    }
    return true;
}

static void call_row(struct cli *cli, const struct sheet *sheet, struct sheet_doc *doc,
                     struct sheet_table *table, const Whistle__V1__SheetWhistle *of, size_t index)
{
    const Whistle__V1__NoticeView *notice = of->notices[index];
    size_t times;
    char at[32];
    if (!is_newest(of, index, &times))
        return;
    char **row = sheet_row(doc, table, is_state(notice, "FAILED"));
    time_text(cli, notice->sent_at ? notice->sent_at : notice->issued_at, at, sizeof at);
    row[0] = sheet_say(doc, is_state(notice, "WAITING") ? T("等到 %s", "at %s") : "%s", at);
    row[1] = sheet_say(doc, "%s", of->whistle->number);
    row[2] = *notice->contact ? sheet_say(doc, "%s %s", name_party(cli, notice->receiver),
                                          contact_name(sheet, notice))
                              : sheet_say(doc, "%s", name_party(cli, notice->receiver));
    if (times > 1)
        row[2] = sheet_say(doc, T("%s (%zu 次)", "%s (%zu times)"), row[2], times);
    row[3] = sheet_say(doc, "%s", notice->channel);
    row[4] = sheet_say(doc, "%s", state_text(notice));
    row[5] = answer_text(cli, doc, of->whistle, notice);
}

void sheet_called(struct cli *cli, const struct sheet *sheet, struct sheet_doc *doc,
                  struct sheet_table *table)
{
    for (size_t i = 0; i < sheet->n; i++)
        for (size_t k = 0; k < sheet->whistles[i]->n_notices; k++)
            call_row(cli, sheet, doc, table, sheet->whistles[i], k);
}
