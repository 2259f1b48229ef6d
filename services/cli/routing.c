// SPDX-License-Identifier: Apache-2.0
// `check` and `route`: is everybody reachable, and who would be called.
#include <stdio.h>
#include <string.h>

#include "cli/names.h"
#include "cli/page.h"
#include "cli/text.h"
#include "client/json.h"

static void holes_print(struct cli *cli, Whistle__V1__RoutingHole *const *holes, size_t n,
                        enum tone tone)
{
    const char *headers[] = {T("类别", "category"), T("地点", "place"), T("部门", "department"),
                             T("规则", "rule"), T("从", "from")};
    struct table *table = table_new(headers, sizeof headers / sizeof *headers);
    for (size_t i = 0; i < n; i++) {
        char at[32] = "";
        if (holes[i]->from_at)
            time_text(cli, holes[i]->from_at, at, sizeof at);
        table_row(table);
        table_cell(table, TONE_PLAIN, name_category(cli, holes[i]->category));
        table_cell(table, TONE_PLAIN, name_party(cli, holes[i]->unit));
        table_cell(table, TONE_PLAIN, name_party(cli, holes[i]->department));
        table_cell(table, tone, holes[i]->rule);
        table_cell(table, TONE_PLAIN, at);
    }
    table_print(table, stdout, 2);
    table_free(table);
}

static void checked_print(struct cli *cli, const Whistle__V1__RoutingChecked *checked)
{
    if (checked->n_holes) {
        printf(T("%s✗ %zu 处无人应%s\n", "%s✗ %zu holes%s\n"), colour_on(TONE_BAD),
               checked->n_holes, colour_off(TONE_BAD));
        holes_print(cli, checked->holes, checked->n_holes, TONE_BAD);
    }
    if (checked->n_warnings) {
        printf(T("%s! %zu 个警告%s\n", "%s! %zu warnings%s\n"), colour_on(TONE_WARN),
               checked->n_warnings, colour_off(TONE_WARN));
        holes_print(cli, checked->warnings, checked->n_warnings, TONE_WARN);
    }
    if (!checked->n_holes)
        printf(
            T("%s✓%s %d 对 (类别 × 街道):今后 7 天都有牵头可叫到\n",
              "%s✓%s %d pairs of category and street: a lead can be reached for the next 7 days\n"),
            colour_on(TONE_GOOD), colour_off(TONE_GOOD), checked->pairs);
}

int run_check(struct cli *cli)
{
    struct reply reply;
    reply_init(&reply);
    int code = EXIT_DONE;
    if (session_ask_json(cli, DOOR_DISPATCH, "check", cli->args.body, &reply) < 0) {
        code = fault_tell(cli, &reply.fault);
    } else if (reply.body && reply.body->descriptor == &whistle__v1__routing_checked__descriptor) {
        const Whistle__V1__RoutingChecked *checked =
            (const Whistle__V1__RoutingChecked *)reply.body;
        if (cli->json) {
            json_t *json = must(wh_json_from(reply.body, names_zone(cli)));
            if (!checked->n_holes)
                json_object_set_new(json, "holes", json_array());
            if (!checked->n_warnings)
                json_object_set_new(json, "warnings", json_array());
            json_dumpf(json, stdout, JSON_LINE);
            (void)fputc('\n', stdout);
            json_decref(json);
        } else {
            checked_print(cli, checked);
        }
        bool strict = args_flag(&cli->args, "strict");
        if (checked->n_holes || (strict && checked->n_warnings))
            code = EXIT_REFUSED;
    }
    reply_done(&reply);
    return code;
}

// Why this department: in one phrase.
static void reason_text(struct cli *cli, const Whistle__V1__RouteReason *reason, char *ret_text,
                        size_t n)
{
    if (strcmp(reason->rule, "TAG") == 0)
        (void)snprintf(ret_text, n, T("标签 %s", "tag %s"), reason->tag);
    else if (strcmp(reason->rule, "UNIT") == 0)
        (void)snprintf(ret_text, n, T("%s 的规则", "rule of %s"), name_party(cli, reason->unit));
    else if (strcmp(reason->rule, "BACKSTOP") == 0)
        (void)snprintf(ret_text, n, "%s",
                       T("无规则,区调度兜底", "no rule: the district's backstop"));
    else if (strcmp(reason->rule, "BASE") == 0)
        (void)snprintf(ret_text, n, "%s", T("类别的规则", "the category's rule"));
    else
        (void)snprintf(ret_text, n, "%s", reason->rule);
}

static void explained_print(struct cli *cli, const Whistle__V1__RouteExplained *explained)
{
    const char *headers[] = {T("代码", "code"), T("部门", "department"), T("分工", "part"),
                             T("来由", "why")};
    bool why = args_flag(&cli->args, "explain");
    struct table *table = table_new(headers, why ? 4 : 3);
    for (size_t i = 0; i < explained->n_reasons; i++) {
        const Whistle__V1__RouteReason *reason = explained->reasons[i];
        char text[160];
        reason_text(cli, reason, text, sizeof text);
        table_row(table);
        table_cell(table, TONE_STRONG, reason->department);
        table_cell(table, TONE_PLAIN, name_party(cli, reason->department));
        table_cell(table, TONE_PLAIN, text_enum(&whistle__v1__part__descriptor, (int)reason->part));
        table_cell(table, TONE_PLAIN, text);
    }
    printf(T("路由第 %d 版\n", "routing version %d\n"), explained->routing_version);
    table_print(table, stdout, 2);
    table_free(table);
}

int run_route(struct cli *cli)
{
    struct reply reply;
    reply_init(&reply);
    int code = EXIT_DONE;
    if (session_ask_json(cli, DOOR_DISPATCH, "explain", cli->args.body, &reply) < 0)
        code = fault_tell(cli, &reply.fault);
    else if (cli->json)
        json_line(cli, reply.body, "supports");
    else if (reply.body && reply.body->descriptor == &whistle__v1__route_explained__descriptor)
        explained_print(cli, (const Whistle__V1__RouteExplained *)reply.body);
    reply_done(&reply);
    return code;
}
