// SPDX-License-Identifier: Apache-2.0
// `show`: one whistle, with the last lines of its history.
#include <stdio.h>
#include <string.h>

#include "cli/names.h"
#include "cli/page.h"
#include "cli/text.h"

static void who_text(struct cli *cli, const Whistle__V1__Actor *actor, char *ret_text, size_t n)
{
    if (!actor || !*actor->identity) {
        (void)snprintf(ret_text, n, "%s", T("系统", "system"));
        return;
    }
    const char *name = name_party(cli, actor->identity);
    const char *acting = *actor->acting_for ? name_party(cli, actor->acting_for) : "";
    (void)snprintf(ret_text, n, "%s%s%s%s%s", name, *actor->officer ? " " : "", actor->officer,
                   *acting ? T(" 代 ", " for ") : "", acting);
}

static void history_row(struct cli *cli, struct table *table, const Whistle__V1__HistoryLine *line)
{
    char at[32], who[160], what[160] = "", moved[160] = "";
    const char *dash = strrchr(line->task, '-');
    time_text(cli, line->at, at, sizeof at);
    who_text(cli, line->actor, who, sizeof who);
    (void)snprintf(what, sizeof what, "%s%s%s", text_event(line->kind), dash ? " " : "",
                   dash ? dash + 1 : "");
    if (*line->from || *line->to)
        (void)snprintf(
            moved, sizeof moved, "%s%s%s", *line->from ? text_state(line->from, *line->task) : "",
            *line->from ? " → " : "", *line->to ? text_state(line->to, *line->task) : "");
    table_row(table);
    table_cell(table, TONE_DIM, at);
    table_cell(table, TONE_PLAIN, what);
    table_cell(table, TONE_PLAIN, who);
    table_cell(table, TONE_PLAIN, moved);
    table_cell(table, TONE_PLAIN, text_why(line->text));
}

static bool about_notices(const Whistle__V1__HistoryLine *line)
{
    return text_event(line->kind) == text_event("NoticesReleased") ||
           text_event(line->kind) == text_event("NoticeAnswered");
}

void page_history(struct cli *cli, const Whistle__V1__History *history, size_t most)
{
    const char *headers[] = {T("时间", "at"), T("事件", "what"), T("谁", "who"), T("状态", "state"),
                             T("内容", "text")};
    struct table *table = table_new(headers, sizeof headers / sizeof *headers);
    size_t first = most ? history->n_lines : 0;
    for (size_t left = most; first > 0 && left > 0; first--)
        left -= !about_notices(history->lines[first - 1]);
    for (size_t i = first; i < history->n_lines; i++)
        if (!most || !about_notices(history->lines[i]))
            history_row(cli, table, history->lines[i]);
    table_print_body(table, stdout, 2);
    table_free(table);
}

void page_unsealed(struct cli *cli, const ProtobufCMessage *body)
{
    if (!body || body->descriptor != &whistle__v1__unsealed__descriptor)
        return;
    if (cli->json) {
        json_line(cli, body, NULL);
        return;
    }
    const Whistle__V1__Unsealed *unsealed = (const Whistle__V1__Unsealed *)body;
    const char *const lines[][2] = {
        {T("哨号", "number"), unsealed->number},
        {T("反映人", "reporter"), unsealed->reporter ? unsealed->reporter->name : ""},
        {T("电话", "phone"), unsealed->reporter ? unsealed->reporter->phone : ""},
        {T("邮箱", "mail"), unsealed->reporter ? unsealed->reporter->email : ""},
        {T("标题", "title"), unsealed->title},
        {T("地址", "address"), unsealed->address},
        {T("原文", "text"), unsealed->text},
    };
    const char *headers[] = {"", ""};
    struct table *table = table_new(headers, 2);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (!*lines[i][1])
            continue;
        table_row(table);
        table_cell(table, TONE_DIM, lines[i][0]);
        table_cell(table, TONE_PLAIN, lines[i][1]);
    }
    table_print_body(table, stdout, 2);
    table_free(table);
}

void page_next(struct cli *cli, const char *ref)
{
    struct reply reply;
    char number[80], text[256];
    number_of_ref(ref, number, sizeof number);
    reply_init(&reply);
    if (ask_whistle(cli, number, &reply) == 0) {
        const Whistle__V1__Whistle *whistle = (const Whistle__V1__Whistle *)reply.body;
        const Whistle__V1__NextStep *next = whistle->next;
        for (size_t i = 0; i < whistle->n_tasks; i++)
            if (strcmp(whistle->tasks[i]->id, ref) == 0 && has_step(whistle->tasks[i]->next))
                next = whistle->tasks[i]->next;
        if (next_text(cli, next, text, sizeof text)) {
            printf("%s", T("  下一步: ", "  next: "));
            say_clean(stdout, text, false);
            (void)fputc('\n', stdout);
        }
    }
    reply_done(&reply);
}

// The end of the history: its last page. Nothing is said where it cannot be had.
static void last_events(struct cli *cli, const char *number)
{
    size_t most = (size_t)args_int(&cli->args, "events", 8);
    struct reply reply;
    bool more = most > 0;
    json_t *body = must(json_pack("{s:s}", "number", number));
    reply_init(&reply);
    while (more) {
        reply_done(&reply);
        if (session_ask_json(cli, DOOR_DISPATCH, "history", body, &reply) < 0 || !reply.body ||
            reply.body->descriptor != &whistle__v1__history__descriptor)
            break;
        const Whistle__V1__History *history = (const Whistle__V1__History *)reply.body;
        more = *history->cursor != '\0';
        if (more) {
            json_object_set_new(body, "cursor", json_string(history->cursor));
        } else if (history->n_lines) {
            printf("\n%s\n", T("最近的流水", "Last events"));
            page_history(cli, history, most);
        }
    }
    json_decref(body);
    reply_done(&reply);
}

int run_show(struct cli *cli)
{
    char number[80];
    struct reply reply;
    number_of_ref(json_string_value(body_get(cli->args.body, "number")), number, sizeof number);
    reply_init(&reply);
    int code = EXIT_DONE;
    if (ask_whistle(cli, number, &reply) < 0) {
        code = fault_tell(cli, &reply.fault);
    } else if (cli->json) {
        json_line(cli, reply.body, NULL);
    } else {
        page_whistle(cli, (const Whistle__V1__Whistle *)reply.body, false);
        last_events(cli, number);
    }
    reply_done(&reply);
    return code;
}
