// SPDX-License-Identifier: Apache-2.0
// `list`, `tasks`, `notices`: one page of a list, and how to get the next one.
#include <stdio.h>
#include <string.h>

#include "cli/names.h"
#include "cli/page.h"
#include "cli/text.h"

static void more(const struct cli *cli, const char *cursor)
{
    if (*cursor)
        printf(T("\n还有更多: whistle %s … --cursor %s\n", "\nMore: whistle %s … --cursor %s\n"),
               cli->verb->name, cursor);
}

static void whistle_row(struct cli *cli, struct table *table, const Whistle__V1__Whistle *w)
{
    char title[128], at[32], next[256] = "";
    width_fit(w->title, 32, title, sizeof title);
    size_t used = strlen(title);
    if (w->supporters)
        (void)snprintf(title + used, sizeof title - used, " +%d", w->supporters);
    if (*w->merged_into)
        (void)snprintf(title + used, sizeof title - used, " → %s", w->merged_into);
    time_text(cli, w->submitted_at, at, sizeof at);
    next_text(cli, w->next, next, sizeof next);
    table_row(table);
    table_cell(table, TONE_STRONG, w->number);
    table_cell(table, priority_tone(w->priority),
               text_name(&whistle__v1__priority__descriptor, (int)w->priority));
    table_cell(table, state_tone(w->state),
               text_enum(&whistle__v1__whistle_state__descriptor, (int)w->state));
    table_cell(table, TONE_PLAIN, name_party(cli, *w->street ? w->street : w->unit));
    table_cell(table, TONE_PLAIN, at);
    table_cell(table, TONE_PLAIN, title);
    table_cell(table, TONE_PLAIN, next);
}

static void whistles_print(struct cli *cli, const Whistle__V1__WhistleList *list)
{
    const char *headers[] = {T("哨号", "number"), T("等级", "prio"), T("状态", "state"),
                             T("街道", "street"), T("提交", "at"),   T("标题", "title"),
                             T("下一步", "next")};
    struct table *table = table_new(headers, sizeof headers / sizeof *headers);
    for (size_t i = 0; i < list->n_whistles; i++)
        whistle_row(cli, table, list->whistles[i]);
    if (table_rows(table))
        table_print(table, stdout, 0);
    else
        puts(T("没有哨", "no whistles"));
    table_free(table);
    more(cli, list->cursor);
}

static void task_line(struct cli *cli, struct table *table, const Whistle__V1__Task *task)
{
    char title[96], due[128], marks[256];
    width_fit(task->title, 32, title, sizeof title);
    enum tone tone = due_text(cli, task, due, sizeof due);
    marks_text(task, marks, sizeof marks);
    table_row(table);
    table_cell(table, TONE_STRONG, task->id);
    table_cell(table, priority_tone(task->priority),
               text_name(&whistle__v1__priority__descriptor, (int)task->priority));
    table_cell(table, TONE_PLAIN, text_enum(&whistle__v1__part__descriptor, (int)task->part));
    table_cell(table, task_tone(task),
               text_enum(&whistle__v1__task_state__descriptor, (int)task->state));
    table_cell(table, tone, due);
    table_cell(table, TONE_PLAIN, title);
    table_cell(table, task->n_overdue ? TONE_BAD : TONE_PLAIN, marks);
}

static void tasks_print(struct cli *cli, const Whistle__V1__TaskList *list)
{
    const char *headers[] = {T("任务号", "task"), T("等级", "prio"),    T("分工", "part"),
                             T("状态", "state"),  T("要做的", "to do"), T("标题", "title"),
                             T("备注", "notes")};
    struct table *table = table_new(headers, sizeof headers / sizeof *headers);
    for (size_t i = 0; i < list->n_tasks; i++)
        task_line(cli, table, list->tasks[i]);
    if (table_rows(table))
        table_print(table, stdout, 0);
    else
        puts(T("没有任务", "no tasks"));
    table_free(table);
    more(cli, list->cursor);
}

static void notices_print(struct cli *cli, const Whistle__V1__NoticeList *list)
{
    const char *headers[] = {T("时间", "at"), T("收件", "receiver"), T("渠道", "channel"),
                             T("状态", "state"), T("内容", "text")};
    struct table *table = table_new(headers, sizeof headers / sizeof *headers);
    for (size_t i = 0; i < list->n_notices; i++) {
        const Whistle__V1__NoticeView *notice = list->notices[i];
        char at[32];
        time_text(cli, notice->issued_at, at, sizeof at);
        table_row(table);
        table_cell(table, TONE_DIM, at);
        table_cell(table, TONE_PLAIN, name_party(cli, notice->receiver));
        table_cell(table, TONE_PLAIN, notice->channel);
        table_cell(table, TONE_PLAIN, notice->state);
        table_cell(table, TONE_PLAIN, T(notice->text_zh, notice->text_en));
    }
    if (table_rows(table))
        table_print(table, stdout, 0);
    else
        puts(T("没有通知", "no notices"));
    table_free(table);
    more(cli, list->cursor);
}

static void list_print(struct cli *cli, const ProtobufCMessage *body)
{
    if (body->descriptor == &whistle__v1__whistle_list__descriptor)
        whistles_print(cli, (const Whistle__V1__WhistleList *)body);
    else if (body->descriptor == &whistle__v1__task_list__descriptor)
        tasks_print(cli, (const Whistle__V1__TaskList *)body);
    else if (body->descriptor == &whistle__v1__notice_list__descriptor)
        notices_print(cli, (const Whistle__V1__NoticeList *)body);
}

static int run_page(struct cli *cli, const char *array)
{
    struct reply reply;
    reply_init(&reply);
    int code = EXIT_DONE;
    if (session_ask_json(cli, DOOR_DISPATCH, cli->verb->command, cli->args.body, &reply) < 0)
        code = fault_tell(cli, &reply.fault);
    else if (cli->json)
        json_line(cli, reply.body, array);
    else
        list_print(cli, reply.body);
    reply_done(&reply);
    return code;
}

int run_list(struct cli *cli)
{
    return run_page(cli, "whistles");
}

int run_tasks(struct cli *cli)
{
    const char *number = json_string_value(body_get(cli->args.body, "number"));
    if (!number && !args_flag(&cli->args, "all"))
        body_set(cli->args.body, "open", json_true());
    return run_page(cli, "tasks");
}

int run_notices(struct cli *cli)
{
    return run_page(cli, "notices");
}
