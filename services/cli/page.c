// SPDX-License-Identifier: Apache-2.0
// A whistle to be read at three in the morning: one headline, how it stands, what comes next and by
// when, who was called and who is late. Lateness is always a word, never only a colour.
#include "cli/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "cli/names.h"
#include "cli/text.h"
#include "client/json.h"

void json_line(struct cli *cli, const ProtobufCMessage *message, const char *list)
{
    json_t *json = must(wh_json_from(message, names_zone(cli)));
    if (list && !json_object_get(json, list))
        json_object_set_new(json, list, json_array());
    json_dumpf(json, stdout, JSON_LINE);
    (void)fputc('\n', stdout);
    json_decref(json);
}

void number_of_ref(const char *ref, char *ret_number, size_t n)
{
    int64_t object;
    char prefix[WH_PREFIX_MAX + 1], department[WH_DEPARTMENT_MAX + 1], number[WH_NUMBER_MAX];
    if (wh_task_id_parse(ref, prefix, &object, department) == 0 &&
        wh_number_format(prefix, object, number) == 0)
        ref = number;
    (void)snprintf(ret_number, n, "%s", ref);
}

int ask_whistle(struct cli *cli, const char *number, struct reply *reply)
{
    json_t *body = must(json_pack("{s:s}", "number", number));
    int r = session_ask_json(cli, DOOR_DISPATCH, "show", body, reply);
    json_decref(body);
    if (r == 0 && (!reply->body || reply->body->descriptor != &whistle__v1__whistle__descriptor)) {
        fault_set(&reply->fault, 502, "protocol", "show");
        return -1;
    }
    return r;
}

enum tone priority_tone(Whistle__V1__Priority priority)
{
    return priority == WHISTLE__V1__PRIORITY__PRIORITY_P1   ? TONE_BAD
           : priority == WHISTLE__V1__PRIORITY__PRIORITY_P2 ? TONE_WARN
                                                            : TONE_PLAIN;
}

enum tone state_tone(Whistle__V1__WhistleState state)
{
    switch (state) {
    case WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_RESOLVED:
    case WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_CLOSED:
        return TONE_GOOD;
    case WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_SUBMITTED:
    case WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_RETURNED:
    case WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_HELD:
    case WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_REPORTED:
        return TONE_WARN;
    case WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_CANCELLED:
    case WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_MERGED:
        return TONE_DIM;
    default:
        return TONE_STRONG;
    }
}

enum tone task_tone(const Whistle__V1__Task *task)
{
    if (task->state == WHISTLE__V1__TASK_STATE__TASK_STATE_CANCELLED)
        return TONE_DIM;
    if (task->n_overdue)
        return TONE_BAD;
    switch (task->state) {
    case WHISTLE__V1__TASK_STATE__TASK_STATE_CONFIRMED:
    case WHISTLE__V1__TASK_STATE__TASK_STATE_REPORTED:
        return TONE_GOOD;
    case WHISTLE__V1__TASK_STATE__TASK_STATE_DISPUTED:
    case WHISTLE__V1__TASK_STATE__TASK_STATE_REWORK:
        return TONE_WARN;
    default:
        return TONE_PLAIN;
    }
}

static enum tone left_tone(int64_t left)
{
    return left < 0 ? TONE_BAD : left < 10 * WH_MS_MINUTE ? TONE_WARN : TONE_PLAIN;
}

bool has_step(const Whistle__V1__NextStep *next)
{
    return next && *next->action && strcmp(next->action, "NONE") != 0;
}

enum tone due_text(struct cli *cli, const Whistle__V1__Task *task, char *ret_text, size_t n)
{
    const Whistle__V1__NextStep *next = task->next;
    char at[32], left[64];
    *ret_text = '\0';
    if (!has_step(next))
        return TONE_PLAIN;
    if (!next->at) {
        (void)snprintf(ret_text, n, "%s", text_action(next->action));
        return TONE_PLAIN;
    }
    int64_t ms = next->at - cli_now();
    time_text(cli, next->at, at, sizeof at);
    countdown_text(ms, left, sizeof left);
    (void)snprintf(ret_text, n, T("%s %s %s", "%s by %s, %s"), text_action(next->action), at, left);
    return left_tone(ms);
}

bool next_text(struct cli *cli, const Whistle__V1__NextStep *next, char *ret_text, size_t n)
{
    char at[32], left[64];
    if (!has_step(next))
        return false;
    const char *who = *next->by ? name_party(cli, next->by) : T("系统", "the system");
    if (!next->at) {
        (void)snprintf(ret_text, n, "%s %s", who, text_action(next->action));
        return true;
    }
    time_text(cli, next->at, at, sizeof at);
    countdown_text(next->at - cli_now(), left, sizeof left);
    if (!*next->by) // nobody has to do anything: it just comes
        (void)snprintf(ret_text, n, "%s %s (%s)", at, text_action(next->action), left);
    else
        (void)snprintf(ret_text, n, T("%s %s,%s 前 (%s)", "%s: %s by %s (%s)"), who,
                       text_action(next->action), at, left);
    return true;
}

static void add_mark(char *text, size_t n, const char *mark)
{
    size_t used = strlen(text);
    (void)snprintf(text + used, n - used, "%s%s", used ? " · " : "", mark);
}

void marks_text(const Whistle__V1__Task *task, char *ret_text, size_t n)
{
    char mark[96];
    *ret_text = '\0';
    for (size_t i = 0; i < task->n_overdue; i++) {
        (void)snprintf(mark, sizeof mark, T("%s超时", "%s late"),
                       text_enum(&whistle__v1__clock__descriptor, (int)task->overdue[i]));
        add_mark(ret_text, n, mark);
    }
    if (task->escalation) {
        (void)snprintf(mark, sizeof mark, T("督促 L%d", "escalated L%d"), task->escalation);
        add_mark(ret_text, n, mark);
    }
    if (task->rework) {
        (void)snprintf(mark, sizeof mark, T("重办 %d 次", "rework %d"), task->rework);
        add_mark(ret_text, n, mark);
    }
    if (task->supervised)
        add_mark(ret_text, n, T("督办", "supervised"));
    if (task->extension && !task->extension->decision)
        add_mark(ret_text, n, T("申请延期", "asks for more time"));
    if (task->on_ledger && task->on_ledger->decision != WHISTLE__V1__DECISION__DECISION_DENIED)
        add_mark(ret_text, n,
                 task->on_ledger->decision ? T("挂账", "on the ledger")
                                           : T("申请挂账", "asks for the ledger"));
    if (task->refusal)
        add_mark(ret_text, n,
                 text_enum(&whistle__v1__refuse_reason__descriptor, (int)task->refusal->reason));
    if (task->refusal && task->refusal->verdict)
        add_mark(ret_text, n,
                 text_enum(&whistle__v1__rule_verdict__descriptor, (int)task->refusal->verdict));
    if (task->outcome && task->state != WHISTLE__V1__TASK_STATE__TASK_STATE_REWORK)
        add_mark(ret_text, n, text_enum(&whistle__v1__outcome__descriptor, (int)task->outcome));
    if (task->rating)
        add_mark(ret_text, n, text_enum(&whistle__v1__rating__descriptor, (int)task->rating));
    if (*task->officer)
        add_mark(ret_text, n, task->officer);
}

static void task_row(struct cli *cli, struct table *table, const Whistle__V1__Task *task)
{
    char due[128], resolve[32], marks[256];
    enum tone tone = task_tone(task), due_tone = due_text(cli, task, due, sizeof due);
    time_text(cli, task->due_resolve, resolve, sizeof resolve);
    marks_text(task, marks, sizeof marks);
    table_row(table);
    table_cell(table, tone == TONE_DIM ? TONE_DIM : TONE_STRONG, task->department);
    table_cell(table, tone == TONE_DIM ? TONE_DIM : TONE_PLAIN, name_party(cli, task->department));
    table_cell(table, TONE_PLAIN, text_enum(&whistle__v1__part__descriptor, (int)task->part));
    table_cell(table, tone, text_enum(&whistle__v1__task_state__descriptor, (int)task->state));
    table_cell(table, due_tone, due);
    table_cell(table, TONE_PLAIN, tone == TONE_DIM ? "" : resolve);
    table_cell(table, task->n_overdue ? TONE_BAD : TONE_PLAIN, marks);
}

static void tasks_now(struct cli *cli, const Whistle__V1__Whistle *whistle)
{
    const char *headers[] = {
        T("代码", "code"),    T("部门", "department"),    T("分工", "part"), T("状态", "state"),
        T("要做的", "to do"), T("办结时限", "finish by"), T("备注", "notes")};
    struct table *table = table_new(headers, sizeof headers / sizeof *headers);
    for (size_t i = 0; i < whistle->n_tasks; i++)
        task_row(cli, table, whistle->tasks[i]);
    table_print(table, stdout, 2);
    table_free(table);
}

static void due_cell(struct cli *cli, struct table *table, int64_t due)
{
    char at[32] = "";
    if (due)
        time_text(cli, due, at, sizeof at);
    table_cell(table, TONE_PLAIN, at);
}

static void tasks_called(struct cli *cli, const Whistle__V1__Whistle *whistle)
{
    const char *headers[] = {T("代码", "code"),        T("部门", "department"),
                             T("分工", "part"),        T("签收", "sign by"),
                             T("报到", "check in by"), T("反馈", "report by"),
                             T("办结", "finish by")};
    struct table *table = table_new(headers, sizeof headers / sizeof *headers);
    for (size_t i = 0; i < whistle->n_tasks; i++) {
        const Whistle__V1__Task *task = whistle->tasks[i];
        table_row(table);
        table_cell(table, TONE_STRONG, task->department);
        table_cell(table, TONE_PLAIN, name_party(cli, task->department));
        table_cell(table, TONE_PLAIN, text_enum(&whistle__v1__part__descriptor, (int)task->part));
        due_cell(cli, table, task->due_sign);
        due_cell(cli, table, task->due_checkin);
        due_cell(cli, table, task->due_report);
        due_cell(cli, table, task->due_resolve);
    }
    table_print(table, stdout, 2);
    table_free(table);
}

static void where_line(struct cli *cli, const Whistle__V1__Whistle *w)
{
    printf("  %s · ", name_category(cli, w->category));
    printf("%s", *w->street ? name_party(cli, w->street) : name_party(cli, w->unit));
    if (w->place && *w->place->unit && strcmp(w->place->unit, w->street) != 0)
        printf(" %s", name_party(cli, w->place->unit));
    if (w->place && *w->place->address) {
        (void)fputc(' ', stdout);
        say_clean(stdout, w->place->address, false);
    }
    (void)fputc('\n', stdout);
}

static void facts_lines(struct cli *cli, const Whistle__V1__Whistle *w)
{
    if (*w->text) {
        (void)fputs("  ", stdout);
        say_clean(stdout, w->text, false);
        (void)fputc('\n', stdout);
    }
    for (size_t i = 0; i < w->n_additions; i++) {
        printf("  + ");
        say_clean(stdout, w->additions[i], false);
        (void)fputc('\n', stdout);
    }
    for (size_t i = 0; i < w->n_missing_answers; i++)
        printf(T("  %s还缺回答%s: %s (whistle add %s --answer %s=…)\n",
                 "  %sstill to be answered%s: %s (whistle add %s --answer %s=…)\n"),
               colour_on(TONE_WARN), colour_off(TONE_WARN),
               name_question(cli, w->category, w->missing_answers[i]), w->number,
               w->missing_answers[i]);
    page_matter_lines(cli, w);
    if (w->n_joint_units) {
        printf("%s", T("  联合吹哨:", "  raised jointly with:"));
        for (size_t i = 0; i < w->n_joint_units; i++)
            printf(" %s", name_party(cli, w->joint_units[i]));
        (void)fputc('\n', stdout);
    }
    if (w->opinion)
        printf(T("  社区意见: %s ", "  the community: %s "),
               text_enum(&whistle__v1__rating__descriptor, (int)w->opinion->rating));
    if (w->opinion)
        say_clean(stdout, w->opinion->text, false), fputc('\n', stdout);
}

static void state_line(struct cli *cli, const Whistle__V1__Whistle *w)
{
    char next[256], at[32];
    (void)fputs("  ", stdout);
    say_tone(stdout, state_tone(w->state),
             text_enum(&whistle__v1__whistle_state__descriptor, (int)w->state));
    if (w->unreviewed && w->state < WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_RESOLVED)
        printf("%s", T(" (先发后审,街道请补审)", " (went out first; the street reviews it now)"));
    if (w->dispatched_at) {
        time_text(cli, w->dispatched_at, at, sizeof at);
        printf(T(" · %s 派单", " · dispatched %s"), at);
    } else if (w->submitted_at) {
        time_text(cli, w->submitted_at, at, sizeof at);
        printf(T(" · %s 提交", " · submitted %s"), at);
    }
    if (next_text(cli, w->next, next, sizeof next)) {
        printf("%s", T(" · 下一步: ", " · next: "));
        say_tone(stdout, w->next->at ? left_tone(w->next->at - cli_now()) : TONE_PLAIN, next);
    }
    (void)fputc('\n', stdout);
}

void page_whistle(struct cli *cli, const Whistle__V1__Whistle *w, bool called)
{
    printf("%s%s%s  ", colour_on(TONE_STRONG), w->number, colour_off(TONE_STRONG));
    say_tone(stdout, priority_tone(w->priority),
             text_enum(&whistle__v1__priority__descriptor, (int)w->priority));
    printf("  ");
    say_tone(stdout, TONE_STRONG, w->title);
    if (w->drill)
        printf("  %s", T("【演练】", "[DRILL]"));
    (void)fputc('\n', stdout);
    state_line(cli, w);
    where_line(cli, w);
    facts_lines(cli, w);
    if (w->n_tasks) {
        (void)fputc('\n', stdout);
        if (called)
            tasks_called(cli, w);
        else
            tasks_now(cli, w);
    }
    page_linked(cli, w);
}
