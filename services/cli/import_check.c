// SPDX-License-Identifier: Apache-2.0
// Holes come by category, place and department; what is missing is mostly one desk or one key, so
// they are told by rule and department.
#include "cli/import_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/session.h"
#include "cli/text.h"
#include "whistle/v1/dispatch.pb-c.h"

#define PATIENCE_MS 5000
#define ROWS_MAX 100

static void *pack(const Whistle__V1__District *district, size_t *ret_n)
{
    Whistle__V1__CheckRouting check = WHISTLE__V1__CHECK_ROUTING__INIT;
    Whistle__V1__DispatchCommand command = WHISTLE__V1__DISPATCH_COMMAND__INIT;
    check.district = (Whistle__V1__District *)(uintptr_t)district;
    command.what_case = WHISTLE__V1__DISPATCH_COMMAND__WHAT_CHECK;
    command.check = &check;
    *ret_n = whistle__v1__dispatch_command__get_packed_size(&command);
    uint8_t *bytes = must(malloc(*ret_n + 1));
    whistle__v1__dispatch_command__pack(&command, bytes);
    return bytes;
}

// The row of the file that describes this category.
static void put_place(json_t *row, const struct document *document, const char *category)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(document->file, "categories"), i, one)
    {
        const char *code = json_string_value(json_object_get(one, "code"));
        char path[48];
        if (!code || strcmp(code, category) != 0)
            continue;
        (void)snprintf(path, sizeof path, "categories[%zu]", i);
        const json_t *origin = json_object_get(document->origins, path);
        if (json_object_get(origin, "file")) {
            json_object_set(row, "file", json_object_get(origin, "file"));
            json_object_set(row, "row", json_object_get(origin, "row"));
        }
        return;
    }
}

static void take(json_t *rows, json_t *index, const struct document *document,
                 Whistle__V1__RoutingHole *const *holes, size_t n, bool warning)
{
    for (size_t i = 0; i < n; i++) {
        char key[160];
        bool lead = strcmp(holes[i]->rule, "check.no_lead") == 0;
        const char *of = lead ? holes[i]->category : holes[i]->department;
        (void)snprintf(key, sizeof key, "%s/%s/%d", holes[i]->rule, of, warning);
        json_t *row = json_object_get(index, key);
        if (row) {
            json_object_set_new(
                row, "places",
                json_integer(json_integer_value(json_object_get(row, "places")) + 1));
            continue;
        }
        if (json_array_size(rows) == ROWS_MAX)
            continue;
        row = must(json_pack("{s:s, s:s, s:i, s:s, s:s, s:b}", "rule", holes[i]->rule, "department",
                             holes[i]->department, "places", 1, "category", holes[i]->category,
                             "unit", holes[i]->unit, "warning", warning));
        put_place(row, document, holes[i]->category);
        json_array_append(rows, row);
        json_object_set_new(index, key, row);
    }
}

json_t *import_check(struct cli *cli, const struct document *document,
                     const Whistle__V1__District *district)
{
    struct reply reply;
    size_t n = 0;
    json_t *check = NULL, *index = must(json_object());
    reply_init(&reply);
    void *bytes = pack(district, &n);
    int r = session_query(cli, DOOR_DISPATCH, PATIENCE_MS, bytes, n, &reply);
    free(bytes);
    if (r == 0 && reply.body &&
        reply.body->descriptor == &whistle__v1__routing_checked__descriptor) {
        const Whistle__V1__RoutingChecked *said = (const Whistle__V1__RoutingChecked *)reply.body;
        json_t *rows = must(json_array());
        take(rows, index, document, said->holes, said->n_holes, false);
        take(rows, index, document, said->warnings, said->n_warnings, true);
        check =
            must(json_pack("{s:i, s:i, s:i, s:o}", "pairs", said->pairs, "holes",
                           (int)said->n_holes, "warnings", (int)said->n_warnings, "rows", rows));
    } else {
        check = must(json_pack("{s:b}", "no_answer", 1));
    }
    json_decref(index);
    reply_done(&reply);
    return check;
}

// ---- for people ---------------------------------------------------------------------------------

static const char *said_as(const char *rule)
{
    if (strcmp(rule, "check.no_lead") == 0)
        return T("没有牵头部门,由区调度兜底", "no lead: the backstop leads");
    if (strcmp(rule, "check.no_desk") == 0)
        return T("没有值守联系人 (desks.csv)", "no desk (desks.csv)");
    if (strcmp(rule, "check.no_live_key_or_channel") == 0)
        return T("没有密钥也没有通知渠道 (whistle key new --for-district)",
                 "neither key nor channel (whistle key new --for-district)");
    if (strcmp(rule, "check.two_contacts") == 0)
        return T("有时段不足两位联系人 (desks.csv)",
                 "at times fewer than two contacts (desks.csv)");
    return rule;
}

static void row_print(const json_t *row)
{
    const char *file = json_string_value(json_object_get(row, "file"));
    const char *rule = json_string_value(json_object_get(row, "rule"));
    bool warning = json_is_true(json_object_get(row, "warning"));
    printf("  %s%s%s %s: %s", colour_on(warning ? TONE_WARN : TONE_BAD), warning ? "!" : "✗",
           colour_off(warning ? TONE_WARN : TONE_BAD),
           json_string_value(json_object_get(row, "department")), said_as(rule));
    printf(T("; %d 处,如 %s 在 %s", "; %d places, e.g. %s in %s"),
           (int)json_integer_value(json_object_get(row, "places")),
           json_string_value(json_object_get(row, "category")),
           json_string_value(json_object_get(row, "unit")));
    if (file)
        printf(T(" (%s 第 %d 行)", " (%s row %d)"), file,
               (int)json_integer_value(json_object_get(row, "row")));
    (void)fputc('\n', stdout);
}

void import_check_print(const json_t *check)
{
    size_t i;
    json_t *row;
    if (!check)
        return;
    if (json_is_true(json_object_get(check, "no_answer"))) {
        puts(T("派单服务没有回答,未检查是否都有人应",
               "dispatch did not answer: holes in the routing were not looked for"));
        return;
    }
    int holes = (int)json_integer_value(json_object_get(check, "holes"));
    int warnings = (int)json_integer_value(json_object_get(check, "warnings"));
    if (holes + warnings == 0)
        printf(T("派单检查: %d 对 (类别 × 街道) 都有人应\n",
                 "routing: all %d pairs of category and street reach somebody\n"),
               (int)json_integer_value(json_object_get(check, "pairs")));
    else
        printf(T("派单检查: %d 处无人应,%d 个警告\n", "routing: %d holes, %d warnings\n"), holes,
               warnings);
    json_array_foreach(json_object_get(check, "rows"), i, row) row_print(row);
}
