// SPDX-License-Identifier: Apache-2.0
// `matter`: which whistles are one matter, who joined whom, when and why. `doubts`: what waits for
// a person's word. Joining and separating themselves are plain commands (command.c).
#include <stdio.h>
#include <string.h>

#include "cli/likeness.h"
#include "cli/names.h"
#include "cli/page.h"
#include "cli/text.h"
#include "whistle/v1/dedup.pb-c.h"

static void who_cell(struct cli *cli, struct table *table, const Whistle__V1__Actor *by)
{
    char who[160];
    bool person = by && *by->identity;
    (void)snprintf(who, sizeof who, "%s%s%s",
                   person ? name_party(cli, by->identity) : T("系统", "system"),
                   person && *by->officer ? " " : "", person ? by->officer : "");
    table_cell(table, TONE_PLAIN, who);
}

static void time_cell(struct cli *cli, struct table *table, int64_t at)
{
    char text[32] = "";
    if (at)
        time_text(cli, at, text, sizeof text);
    table_cell(table, TONE_DIM, text);
}

static void membership_row(struct cli *cli, struct table *table,
                           const Whistle__V1__Membership *member, bool past)
{
    char why[512] = "";
    size_t n = 0;
    if (member->raised_from != 0)
        n = (size_t)snprintf(why, sizeof why, T("提级前 P%d ", "raised it from P%d "),
                             (int)member->raised_from);
    if (member->why)
        likeness_text(member->why, why + n, sizeof why - n);
    table_row(table);
    table_cell(table, TONE_STRONG, member->number);
    table_cell(table, TONE_PLAIN, member->into);
    time_cell(cli, table, member->joined_at);
    if (past)
        time_cell(cli, table, member->parted_at);
    if (member->joined_at)
        who_cell(cli, table, member->by);
    else
        table_cell(table, TONE_PLAIN, "");
    table_cell(table, TONE_PLAIN, text_why(member->reason));
    table_cell(table, TONE_PLAIN, why);
}

static void memberships(struct cli *cli, Whistle__V1__Membership **list, size_t n, bool past)
{
    const char *now[] = {T("哨号", "number"), T("并入", "into"),   T("何时", "at"),
                         T("谁", "who"),      T("理由", "reason"), T("依据", "why")};
    const char *then[] = {T("哨号", "number"), T("曾并入", "was in"), T("何时", "from"),
                          T("至", "until"),    T("谁", "who"),        T("理由", "reason"),
                          T("依据", "why")};
    struct table *table = past ? table_new(then, sizeof then / sizeof *then)
                               : table_new(now, sizeof now / sizeof *now);
    for (size_t i = 0; i < n; i++)
        membership_row(cli, table, list[i], past);
    table_print(table, stdout, 2);
    table_free(table);
}

static void matter_print(struct cli *cli, const Whistle__V1__Matter *matter)
{
    char at[32];
    printf("%s%s%s  ", colour_on(TONE_STRONG), matter->number, colour_off(TONE_STRONG));
    if (matter->supporters)
        printf(T("另有 %d 人反映", "%d more report it"), matter->supporters);
    else
        printf("%s", T("只有它自己", "it alone"));
    if (matter->resolved_at) {
        time_text(cli, matter->resolved_at, at, sizeof at);
        printf(T(" · 已于 %s 解决", " · resolved %s"), at);
    }
    (void)fputc('\n', stdout);
    memberships(cli, matter->members, matter->n_members, false);
    if (matter->n_past) {
        puts(T("\n以前并入过:", "\nWere in it before:"));
        memberships(cli, matter->past, matter->n_past, true);
    }
    if (matter->n_apart)
        printf("\n%s", T("已定为另一件事,不再自动合并:", "Separated, never joined by itself:"));
    for (size_t i = 0; i < matter->n_apart; i++)
        printf(" %s", matter->apart[i]);
    if (matter->n_apart)
        (void)fputc('\n', stdout);
    if (matter->n_perhaps)
        printf("\n%s\n", T("可能与它是同一件事:", "Perhaps the same:"));
    for (size_t i = 0; i < matter->n_perhaps; i++)
        likeness_print(cli, matter->perhaps[i], matter->number, true);
}

int run_matter(struct cli *cli)
{
    char number[80];
    struct reply reply;
    number_of_ref(json_string_value(body_get(cli->args.body, "number")), number, sizeof number);
    body_set(cli->args.body, "number", json_string(number));
    reply_init(&reply);
    int code = EXIT_DONE;
    if (session_ask_json(cli, DOOR_DEDUP, "matter", cli->args.body, &reply) < 0)
        code = fault_tell(cli, &reply.fault);
    else if (cli->json)
        json_line(cli, reply.body, "members");
    else if (reply.body && reply.body->descriptor == &whistle__v1__matter__descriptor)
        matter_print(cli, (const Whistle__V1__Matter *)reply.body);
    reply_done(&reply);
    return code;
}

static void doubt_row(struct cli *cli, struct table *table, const Whistle__V1__Doubt *doubt)
{
    char title[96], left[64], like[600] = "";
    int64_t ms = doubt->until_at - cli_now();
    width_fit(doubt->title, 32, title, sizeof title);
    (void)snprintf(left, sizeof left, T("%lld 秒", "%lld s"), (long long)(ms > 0 ? ms / 1000 : 0));
    if (doubt->n_perhaps) {
        (void)snprintf(like, sizeof like, "%s  ", doubt->perhaps[0]->number);
        likeness_text(doubt->perhaps[0], like + strlen(like), sizeof like - strlen(like));
    }
    table_row(table);
    table_cell(table, TONE_STRONG, doubt->number);
    time_cell(cli, table, doubt->blown_at);
    table_cell(table, doubt->until_at ? TONE_WARN : TONE_DIM,
               doubt->until_at ? left : T("已派出", "went out"));
    table_cell(table, TONE_PLAIN, title);
    table_cell(table, TONE_PLAIN, like);
}

static void doubts_print(struct cli *cli, const Whistle__V1__Doubts *doubts)
{
    const char *headers[] = {T("哨号", "number"), T("吹哨", "blown"), T("还剩", "left"),
                             T("标题", "title"), T("像哪一个", "like")};
    struct table *table = table_new(headers, sizeof headers / sizeof *headers);
    for (size_t i = 0; i < doubts->n_doubts; i++)
        doubt_row(cli, table, doubts->doubts[i]);
    if (table_rows(table))
        table_print(table, stdout, 0);
    else
        puts(T("没有要定的", "nothing waits for a word"));
    table_free(table);
    if (doubts->n_doubts)
        puts(T("\n定: whistle join 哨号 像哪一个 | whistle split 哨号",
               "\nDecide: whistle join NUMBER LIKE | whistle split NUMBER"));
    if (*doubts->cursor)
        printf(
            T("还有更多: whistle doubts … --cursor %s\n", "More: whistle doubts … --cursor %s\n"),
            doubts->cursor);
}

int run_doubts(struct cli *cli)
{
    struct reply reply;
    reply_init(&reply);
    int code = EXIT_DONE;
    if (session_ask_json(cli, DOOR_DEDUP, "doubts", cli->args.body, &reply) < 0)
        code = fault_tell(cli, &reply.fault);
    else if (cli->json)
        json_line(cli, reply.body, "doubts");
    else if (reply.body && reply.body->descriptor == &whistle__v1__doubts__descriptor)
        doubts_print(cli, (const Whistle__V1__Doubts *)reply.body);
    reply_done(&reply);
    return code;
}
