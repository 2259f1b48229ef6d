// SPDX-License-Identifier: Apache-2.0
// From what was read to what stands on the page: the summary, what is late, what is promised for
// the next hours, everything open. Words and order only; how it looks is sheet_html.c's and
// sheet_text.c's.
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/names.h"
#include "cli/output.h"
#include "cli/page.h"
#include "cli/sheet.h"
#include "cli/text.h"

#define DOC_BYTES ((size_t)1 << 30)
#define TEXT_CHARS 240 // of a whistle's own words
#define ENDED(task)                                                    \
    ((task)->state == WHISTLE__V1__TASK_STATE__TASK_STATE_CANCELLED || \
     (task)->state == WHISTLE__V1__TASK_STATE__TASK_STATE_CONFIRMED)

char *sheet_say(struct sheet_doc *doc, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int n = vsnprintf(NULL, 0, format, list);
    va_end(list);
    char *text = must(wh_arena_alloc(&doc->arena, (size_t)n + 1));
    va_start(list, format);
    (void)vsnprintf(text, (size_t)n + 1, format, list);
    va_end(list);
    return text;
}

char **sheet_row(struct sheet_doc *doc, struct sheet_table *table, bool bad)
{
    (void)doc;
    if (table->rows == table->room) {
        table->room = table->room ? 2 * table->room : 32;
        table->cells =
            must(realloc(table->cells, table->room * table->n_columns * sizeof *table->cells));
        table->bad = must(realloc(table->bad, table->room * sizeof *table->bad));
    }
    char **row = table->cells + table->rows * table->n_columns;
    for (size_t i = 0; i < table->n_columns; i++)
        row[i] = (char *)(uintptr_t) "";
    table->bad[table->rows++] = bad;
    return row;
}

static struct sheet_table *table(struct sheet_doc *doc, size_t index, const char *title,
                                 const char *empty, const struct sheet_column *columns, size_t n)
{
    struct sheet_table *table = &doc->tables[index];
    table->title = title;
    table->empty = empty;
    table->n_columns = n;
    memcpy(table->columns, columns, n * sizeof *columns);
    return table;
}

// ---- what is late, what is promised -------------------------------------------------------------

// Of one matter, one clock and one time: they stand together.
static bool together(const struct sheet_due *a, const struct sheet_due *b)
{
    return a->at == b->at && a->row == b->row && a->clock->clock == b->clock->clock;
}

static void due_row(struct cli *cli, const struct sheet *sheet, struct sheet_doc *doc,
                    struct sheet_table *table, const struct sheet_due *due)
{
    char at[32], span[64];
    const Whistle__V1__Whistle *w = due->row->whistle;
    int64_t left = due->at - sheet->first->now_at;
    char **row = sheet_row(doc, table, left < 0);
    time_text(cli, due->at, at, sizeof at);
    span_text(left, span, sizeof span);
    row[0] = sheet_say(doc, "%s", at);
    row[1] = sheet_say(doc, "%s", span);
    row[2] =
        sheet_say(doc, "%s", text_enum(&whistle__v1__clock__descriptor, (int)due->clock->clock));
    row[4] = sheet_say(doc, "%s\n%s %s%s", w->number,
                       text_name(&whistle__v1__priority__descriptor, (int)w->priority),
                       w->drill ? T("【演练】", "[DRILL] ") : "", w->title);
}

static void due_rows(struct cli *cli, const struct sheet *sheet, struct sheet_doc *doc,
                     struct sheet_table *table, size_t from, size_t n)
{
    for (size_t i = from; i < from + n; i++) {
        const struct sheet_due *due = &sheet->dues[i];
        bool first = i == from || !together(due - 1, due);
        if (first)
            due_row(cli, sheet, doc, table, due);
        char **row = table->cells + (table->rows - 1) * table->n_columns;
        row[3] = sheet_say(doc, "%s%s%s", row[3], first ? "" : T("、", ", "),
                           *due->clock->by ? name_party(cli, due->clock->by) : T("系统", "system"));
    }
}

static void dues(struct cli *cli, const struct sheet *sheet, struct sheet_doc *doc)
{
    const struct sheet_column late[] = {{T("应于", "due"), 11},
                                        {T("已超", "late by"), 14},
                                        {T("何事", "what"), 8},
                                        {T("谁", "who"), 23},
                                        {T("哨号与事由", "whistle"), 20}};
    struct sheet_column soon[5];
    memcpy(soon, late, sizeof soon);
    soon[1].head = T("还有", "left");
    due_rows(
        cli, sheet, doc,
        table(doc, 0, T("一、已超时", "1. Late"), T("没有超时的。", "Nothing is late."), late, 5),
        0, sheet->n_late);
    due_rows(cli, sheet, doc,
             table(doc, 1,
                   sheet_say(doc, T("二、今后 %d 小时内应办", "2. Promised for the next %d hours"),
                             sheet->hours),
                   T("这段时间内没有到期的。", "Nothing falls due in this time."), soon, 5),
             sheet->n_late, sheet->n_soon);
}

// ---- everything open ----------------------------------------------------------------------------

static char *cut(struct sheet_doc *doc, const char *text, size_t columns)
{
    size_t n = strlen(text) + 8;
    char *fit = must(wh_arena_alloc(&doc->arena, n));
    width_fit(text, columns, fit, n);
    return fit;
}

static char *place_text(struct cli *cli, struct sheet_doc *doc, const Whistle__V1__Whistle *w)
{
    const char *unit = w->place && *w->place->unit ? w->place->unit : "";
    return sheet_say(doc, "%s%s%s%s%s", name_party(cli, *w->street ? w->street : w->unit),
                     *unit && strcmp(unit, w->street) != 0 ? " " : "",
                     *unit && strcmp(unit, w->street) != 0 ? name_party(cli, unit) : "",
                     w->place && *w->place->address ? " " : "", w->place ? w->place->address : "");
}

static char *departments_text(struct cli *cli, struct sheet_doc *doc, const Whistle__V1__Whistle *w)
{
    char *text = sheet_say(doc, "%s", "");
    for (size_t i = 0; i < w->n_tasks; i++) {
        const Whistle__V1__Task *t = w->tasks[i];
        char marks[256];
        if (t->state == WHISTLE__V1__TASK_STATE__TASK_STATE_CANCELLED)
            continue;
        marks_text(t, marks, sizeof marks);
        text = sheet_say(doc, "%s%s%s%s %s%s%s", text, *text ? "\n" : "",
                         name_party(cli, t->department),
                         t->part == WHISTLE__V1__PART__PART_LEAD ? T("(牵头)", " (lead)") : "",
                         text_enum(&whistle__v1__task_state__descriptor, (int)t->state),
                         *marks ? " · " : "", marks);
    }
    return text;
}

static char *story_text(struct cli *cli, struct sheet_doc *doc, const Whistle__V1__Whistle *w)
{
    char next[256] = "", at[32];
    time_text(cli, w->submitted_at, at, sizeof at);
    char *text = sheet_say(doc, "%s%s\n%s", w->drill ? T("【演练】", "[DRILL] ") : "", w->title,
                           place_text(cli, doc, w));
    if (*w->text)
        text = sheet_say(doc, "%s\n%s", text, cut(doc, w->text, TEXT_CHARS));
    for (size_t i = 0; i < w->n_additions; i++)
        text = sheet_say(doc, "%s\n+ %s", text, cut(doc, w->additions[i], TEXT_CHARS));
    text = sheet_say(
        doc, T("%s\n%s 提交%s", "%s\nsubmitted %s%s"), text, at,
        w->unreviewed ? T(",先发后审,街道请补审", "; went out first, the street reviews") : "");
    if (next_text(cli, w->next, next, sizeof next))
        text = sheet_say(doc, T("%s\n下一步: %s", "%s\nnext: %s"), text, next);
    return text;
}

static bool is_late(const struct sheet *sheet, const Whistle__V1__SheetWhistle *row)
{
    for (size_t i = 0; i < row->n_clocks; i++)
        if (row->clocks[i]->due_at < sheet->first->now_at)
            return true;
    return false;
}

static void open_rows(struct cli *cli, const struct sheet *sheet, struct sheet_doc *doc)
{
    const struct sheet_column columns[] = {{T("哨号·等级·状态", "number, state"), 16},
                                           {T("事由与地点", "matter and place"), 34},
                                           {T("部门与进度", "departments"), 28}};
    struct sheet_table *open = table(doc, 2, T("三、全部未了结", "3. Everything open"),
                                     T("没有未了结的哨。", "No open whistle."), columns, 3);
    for (size_t i = 0; i < sheet->n; i++) {
        const Whistle__V1__Whistle *w = sheet->whistles[i]->whistle;
        bool late = is_late(sheet, sheet->whistles[i]);
        char **row = sheet_row(doc, open, late);
        row[0] = sheet_say(doc, "%s\n%s %s\n%s%s%s", w->number,
                           text_name(&whistle__v1__priority__descriptor, (int)w->priority),
                           text_enum(&whistle__v1__whistle_state__descriptor, (int)w->state),
                           name_category(cli, w->category), late ? "\n" : "",
                           late ? T("【超时】", "[LATE]") : "");
        row[1] = story_text(cli, doc, w);
        row[2] = departments_text(cli, doc, w);
    }
}

// ---- the head -----------------------------------------------------------------------------------

static void summary(const struct sheet *sheet, struct sheet_doc *doc)
{
    size_t by[5] = {0}, tasks = 0, wait = 0;
    for (size_t i = 0; i < sheet->n; i++) {
        const Whistle__V1__Whistle *w = sheet->whistles[i]->whistle;
        by[w->priority > 0 && w->priority < 5 ? w->priority : 0]++;
        wait += w->state == WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_SUBMITTED ||
                w->state == WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_REPORTED;
        for (size_t k = 0; k < w->n_tasks; k++)
            tasks += !ENDED(w->tasks[k]);
    }
    doc->summary[doc->n_summary++] =
        sheet_say(doc,
                  T("未了结的哨 %zu (P1 %zu,P2 %zu,P3 %zu,P4 %zu),部门任务 %zu",
                    "%zu whistles open (P1 %zu, P2 %zu, P3 %zu, P4 %zu), %zu tasks"),
                  sheet->n, by[1], by[2], by[3], by[4], tasks);
    doc->summary[doc->n_summary++] = sheet_say(
        doc, T("已超时 %zu 项,今后 %d 小时内到期 %zu 项", "%zu late, within %d hours %zu due"),
        sheet->n_late, sheet->hours, sheet->n_soon);
    doc->summary[doc->n_summary++] =
        sheet_say(doc,
                  T("等审核或确认 %zu,通知未送到 %zu", "%zu wait for review or confirmation, "
                                                       "%zu notices not delivered"),
                  wait, sheet_unsent(sheet));
}

static void head(struct cli *cli, const struct sheet *sheet, int64_t every_ms,
                 struct sheet_doc *doc)
{
    char as_of[64], next[32], text[128];
    const Whistle__V1__District *district = names_district(cli);
    time_full(cli, sheet->first->now_at, as_of, sizeof as_of);
    doc->title = T("交接班单", "Shift handover sheet");
    doc->unit = sheet_say(doc, "%s %s", name_party(cli, sheet->unit), sheet->unit);
    as_of[10] = ' ';
    as_of[16] = '\0';
    doc->as_of = sheet_say(doc, "%s", as_of);
    doc->zone = sheet_say(doc, "%s", district && *district->timezone ? district->timezone : "UTC");
    sheet_head_text(sheet->first->dispatch, text, sizeof text);
    doc->journals[doc->n_journals++] =
        sheet_say(doc, T("派单流水 %s", "dispatch journal %s"), text);
    if (sheet->last->dispatch->seq != sheet->first->dispatch->seq) {
        sheet_head_text(sheet->last->dispatch, text, sizeof text);
        doc->journals[doc->n_journals++] =
            sheet_say(doc, T("读完时 %s", "at the end of reading %s"), text);
    }
    if (sheet->first->dedup) { // a dispatch from before dedup says nothing of it
        sheet_head_text(sheet->first->dedup, text, sizeof text);
        doc->journals[doc->n_journals++] =
            sheet_say(doc, T("归并流水,已派至 %s", "dedup's journal, dispatched up to %s"), text);
    }
    if (every_ms > 0) {
        time_text(cli, sheet->first->now_at + every_ms, next, sizeof next);
        doc->next =
            sheet_say(doc,
                      T("本单自动更新,下一份应在 %s 前后;到时没有新的,系统可能已停,以本单为准,"
                        "手工记录,恢复后补录。",
                        "Made by itself; the next one is due about %s. Where none has come "
                        "the system may be down: go on by this sheet, note by hand, enter "
                        "it later."),
                      next);
    }
}

void sheet_build(struct cli *cli, const struct sheet *sheet, const char *phones, int64_t every_ms,
                 struct sheet_doc *ret_doc)
{
    const struct sheet_column called[] = {
        {T("时间", "at"), 11},     {T("哨号", "number"), 16}, {T("叫到谁", "who was called"), 22},
        {T("渠道", "channel"), 8}, {T("送达", "sent"), 9},    {T("应答", "answered"), 9}};
    const struct sheet_column desks[] = {{T("单位", "body"), 20},
                                         {T("值班台", "desk"), 16},
                                         {T("时段", "hours"), 8},
                                         {T("渠道", "channels"), 12},
                                         {T("电话", "telephone"), 20}};
    *ret_doc = (struct sheet_doc){0};
    wh_arena_init(&ret_doc->arena, DOC_BYTES);
    head(cli, sheet, every_ms, ret_doc);
    summary(sheet, ret_doc);
    dues(cli, sheet, ret_doc);
    open_rows(cli, sheet, ret_doc);
    sheet_called(cli, sheet, ret_doc,
                 table(ret_doc, 3, T("四、已叫过谁", "4. Who was called"),
                       T("还没有发过通知。", "No notice yet."), called, 6));
    sheet_desks(cli, sheet, phones, ret_doc,
                table(ret_doc, 4, T("五、值班台", "5. Desks"),
                      T("区数据里没有值班台。", "The district names no desk."), desks, 5));
}

void sheet_doc_done(struct sheet_doc *doc)
{
    for (size_t i = 0; i < SHEET_TABLES; i++) {
        free(doc->tables[i].cells);
        free(doc->tables[i].bad);
    }
    wh_arena_done(&doc->arena);
}
