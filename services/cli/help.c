// SPDX-License-Identifier: Apache-2.0
// Help, made from the table of verbs, in the language of the run.
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/fault.h"
#include "cli/output.h"
#include "cli/text.h"

const struct verb *verb_find(const char *name)
{
    for (size_t i = 0; i < verbs_n; i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

// Optimal string alignment distance, at most 31 characters each.
static size_t distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b), d[32][32];
    if (n > 31 || m > 31)
        return 99;
    for (size_t i = 0; i <= n; i++)
        for (size_t j = 0; j <= m; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            best = d[i - 1][j] + 1 < best ? d[i - 1][j] + 1 : best;
            best = d[i][j - 1] + 1 < best ? d[i][j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                d[i - 2][j - 2] + 1 < best)
                best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    return d[n][m];
}

const char *verb_near(const char *name)
{
    const char *nearest = NULL;
    size_t least = 3;
    for (size_t i = 0; i < verbs_n; i++) {
        size_t d = distance(name, verbs[i].name);
        if (d < least) {
            least = d;
            nearest = verbs[i].name;
        }
    }
    return nearest;
}

static void params_print(struct params params)
{
    static const char *const headers[] = {"", ""};
    struct table *table = table_new(headers, 2);
    for (size_t i = 0; i < params.n; i++) {
        const struct param *param = &params.list[i];
        char left[96];
        if (param->flags & PARAM_HIDDEN)
            continue;
        if (param->flags & PARAM_POSITIONAL)
            (void)snprintf(left, sizeof left, "%s", param->name);
        else
            (void)snprintf(left, sizeof left, "--%s%s%s", param->name, param->hint ? " " : "",
                           param->hint ? param->hint : "");
        table_row(table);
        table_cell(table, TONE_PLAIN, left);
        table_cell(table, TONE_PLAIN, T(param->zh, param->en));
    }
    table_print_body(table, stdout, 2);
    table_free(table);
}

static void usage_line(const struct verb *verb)
{
    printf(T("用法: whistle %s", "Usage: whistle %s"), verb->name);
    bool options = false;
    for (size_t i = 0; i < verb->params.n; i++) {
        const struct param *param = &verb->params.list[i];
        bool must_have = param->flags & PARAM_REQUIRED;
        const char *more = param->kind == PARAM_LIST ? "…" : "";
        if (param->flags & PARAM_POSITIONAL)
            printf(must_have ? " %s%s" : " [%s%s]", param->name, more);
        else
            options = true;
    }
    puts(options ? T(" [选项]", " [OPTIONS]") : "");
}

void help_verb(const struct verb *verb)
{
    usage_line(verb);
    printf("\n  %s\n", T(verb->zh, verb->en));
    if (verb->params.n) {
        putchar('\n');
        params_print(verb->params);
    }
    if (verb->note_zh)
        printf("\n%s\n", T(verb->note_zh, verb->note_en));
    printf("\n%s\n", T("通用选项:", "Common options:"));
    params_print(verb_common);
    printf("\n%s\n", T("退出码: 0 完成  1 规则不允许  2 用法不对  3 没有应答",
                       "Exit: 0 done, 1 refused by a rule, 2 wrong usage, 3 no answer"));
}

static const char *group_title(enum group group)
{
    switch (group) {
    case GROUP_RAISE:
        return T("吹哨", "Raising");
    case GROUP_LOOK:
        return T("查看", "Looking");
    case GROUP_TASK:
        return T("部门报到", "Departments");
    case GROUP_STREET:
        return T("街道", "Streets");
    case GROUP_DISTRICT:
        return T("区调度", "District");
    case GROUP_OPERATE:
        return T("运维", "Operating");
    }
    return "";
}

void help_all(void)
{
    static const char *const headers[] = {"", ""};
    printf("%s\n",
           T("吹哨报到:街道吹一声哨,该到的部门都听见、报到,跟到街道说办好为止。",
             "A street blows one whistle; every department that must answer hears it, checks in,\n"
             "and is followed until the street says it is done."));
    printf("\n%s\n",
           T("用法: whistle [--key FILE] 动词 [参数]", "Usage: whistle [--key FILE] VERB [WORDS]"));
    for (enum group group = GROUP_RAISE; group <= GROUP_OPERATE; group++) {
        struct table *table = table_new(headers, 2);
        printf("\n%s\n", group_title(group));
        for (size_t i = 0; i < verbs_n; i++) {
            if (verbs[i].group != group)
                continue;
            table_row(table);
            table_cell(table, TONE_STRONG, verbs[i].name);
            table_cell(table, TONE_PLAIN, T(verbs[i].zh, verbs[i].en));
        }
        table_print_body(table, stdout, 2);
        table_free(table);
    }
    printf("\n%s\n", T("whistle help 动词:参数和选项", "whistle help VERB: its words and options"));
}

int run_help(struct cli *cli)
{
    const char *name = args_text(&cli->args, "VERB");
    if (!name) {
        help_all();
        return EXIT_DONE;
    }
    const struct verb *verb = verb_find(name);
    if (!verb) {
        struct fault fault = {0};
        fault_usage(&fault, "VERB", T("没有这个动词: %s", "no such verb: %s"), name);
        return fault_tell(cli, &fault);
    }
    help_verb(verb);
    return EXIT_DONE;
}
