// SPDX-License-Identifier: Apache-2.0
// The part of a whistle's page that says how it stands to others: who else reports the same, where
// it was joined, what it may be the same as and what may be answered, whose work goes on for it.
#include <stdio.h>
#include <string.h>

#include "cli/likeness.h"
#include "cli/names.h"
#include "cli/page.h"
#include "cli/text.h"

static void supporters_line(const Whistle__V1__Whistle *w)
{
    printf(T("  %s另有 %d 人反映%s:", "  %s%d more report it%s:"), colour_on(TONE_STRONG),
           w->supporters, colour_off(TONE_STRONG));
    for (size_t i = 0; i < w->n_joined && i < 3; i++)
        printf(" %s", w->joined[i]);
    printf("%s (whistle matter %s)\n",
           (size_t)w->supporters > (w->n_joined < 3 ? w->n_joined : 3) ? " …" : "", w->number);
}

static void held_line(struct cli *cli, const Whistle__V1__Whistle *w)
{
    char at[32];
    int64_t left = w->held_until_at - cli_now();
    time_text(cli, w->held_until_at, at, sizeof at);
    printf(T("  %s疑似重复,等人定%s: 没人定则 %s 自动派单 (还有 %lld 秒)\n",
             "  %sperhaps the same, waits for a word%s: goes out by itself at %s (%lld s left)\n"),
           colour_on(TONE_WARN), colour_off(TONE_WARN), at,
           (long long)(left > 0 ? left / 1000 : 0));
}

void page_matter_lines(struct cli *cli, const Whistle__V1__Whistle *w)
{
    bool held = w->state == WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_HELD;
    if (w->supporters)
        supporters_line(w);
    if (*w->merged_into)
        printf(T("  已并入 %s (不是同一件事: whistle split %s)\n",
                 "  joined to %s (if it is another matter: whistle split %s)\n"),
               w->merged_into, w->number);
    if (*w->recurs_of)
        printf(T("  又发生了: 前一次是 %s\n", "  it came back: the earlier one is %s\n"),
               w->recurs_of);
    if (w->unchecked)
        puts(T("  未查重就派出 (查重没有及时应答)",
               "  went out before it was compared with others"));
    if (held && w->held_until_at)
        held_line(cli, w);
    if (w->n_perhaps && !*w->merged_into)
        printf("  %s%s%s\n", colour_on(TONE_WARN),
               T("可能与已有的是同一件事:", "perhaps the same as:"), colour_off(TONE_WARN));
    for (size_t i = 0; i < w->n_perhaps && !*w->merged_into; i++)
        likeness_print(cli, w->perhaps[i], w->number, true);
}

void page_linked(struct cli *cli, const Whistle__V1__Whistle *w)
{
    const char *headers[] = {T("任务号", "task"), T("部门", "department"), T("状态", "state"),
                             T("要做的", "to do"), T("备注", "notes")};
    if (!w->n_linked)
        return;
    printf("\n  %s\n",
           T("合并前已报到、继续支援的:", "Had checked in before the join and go on in support:"));
    struct table *table = table_new(headers, sizeof headers / sizeof *headers);
    for (size_t i = 0; i < w->n_linked; i++) {
        const Whistle__V1__Task *task = w->linked[i];
        char due[128], marks[256];
        enum tone tone = due_text(cli, task, due, sizeof due);
        marks_text(task, marks, sizeof marks);
        table_row(table);
        table_cell(table, TONE_STRONG, task->id);
        table_cell(table, TONE_PLAIN, name_party(cli, task->department));
        table_cell(table, task_tone(task),
                   text_enum(&whistle__v1__task_state__descriptor, (int)task->state));
        table_cell(table, tone, due);
        table_cell(table, task->n_overdue ? TONE_BAD : TONE_PLAIN, marks);
    }
    table_print(table, stdout, 2);
    table_free(table);
}
