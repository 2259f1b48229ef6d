// SPDX-License-Identifier: Apache-2.0
// `simulate`: recorded whistles replayed under another district's rules. What the alternative file
// does not say (a table that is missing in it) is taken from the live district, so that a file with
// only "categories" or only "service_times" is enough.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "cli/district.h"
#include "cli/names.h"
#include "cli/page.h"
#include "cli/text.h"
#include "client/district_json.h"

#define FILE_BYTES (64u << 20)
#define DAYS 30 // where --from does not say

// The live file with what `path` says instead. only: just this table, NULL all. 0 or -1.
static int overlay(json_t *file, const char *path, const char *only, struct fault *ret_fault)
{
    json_t *other = path ? district_load(path, ret_fault) : NULL;
    if (path && !other)
        return -1;
    if (only && json_is_array(other))
        json_object_set(file, only, other);
    else if (only && json_object_get(other, only))
        json_object_set(file, only, json_object_get(other, only));
    else if (!only && other)
        json_object_update(file, other);
    json_decref(other);
    return 0;
}

static const Whistle__V1__District *alternative(struct cli *cli, struct wh_arena *arena,
                                                struct fault *ret_fault)
{
    const char *routing = args_text(&cli->args, "routing"), *times = args_text(&cli->args, "times");
    const Whistle__V1__District *live = names_district(cli), *district = NULL;
    struct wh_wire_fault wire = {0};
    if (!routing && !times) {
        fault_usage(
            ret_fault, "routing", "%s",
            T("要有 --routing FILE 或 --times FILE", "--routing FILE or --times FILE is needed"));
        return NULL;
    }
    if (!live) {
        *ret_fault = *names_fault(cli);
        return NULL;
    }
    json_t *file = district_to_file(live);
    if (overlay(file, routing, NULL, ret_fault) == 0 &&
        overlay(file, times, "service_times", ret_fault) == 0) {
        district = wh_district_from_json(file, arena, &wire);
        if (!district) {
            fault_of_wire(ret_fault, &wire);
            (void)snprintf(ret_fault->field, sizeof ret_fault->field, "%s", wire.field);
        }
    }
    json_decref(file);
    return district;
}

static void totals_print(struct cli *cli, const Whistle__V1__SimulationResult *result)
{
    const char *headers[] = {T("部门", "department"), T("任务", "tasks"), "→", T("超时", "late"),
                             "→"};
    struct table *table = table_new(headers, sizeof headers / sizeof *headers);
    for (size_t i = 0; i < result->n_departments; i++) {
        const Whistle__V1__SimulationTotal *total = result->departments[i];
        const int32_t numbers[] = {total->tasks_before, total->tasks_after, total->overdue_before,
                                   total->overdue_after};
        if (numbers[0] == numbers[1] && numbers[2] == numbers[3])
            continue; // nothing changes for them
        table_row(table);
        table_cell(table, TONE_PLAIN, name_party(cli, total->department));
        for (size_t k = 0; k < 4; k++) {
            char text[16];
            (void)snprintf(text, sizeof text, "%d", numbers[k]);
            enum tone tone = k % 2 == 0 || numbers[k] == numbers[k - 1] ? TONE_PLAIN : TONE_STRONG;
            table_cell(table, tone, text);
        }
    }
    table_print(table, stdout, 2);
    table_free(table);
}

static void line_print(struct cli *cli, const Whistle__V1__SimulationLine *line)
{
    printf("  %s  %s", line->number, name_category(cli, line->category));
    if (strcmp(line->lead_before, line->lead_after) != 0)
        printf(T("  牵头 %s → %s", "  lead %s → %s"), line->lead_before, line->lead_after);
    for (size_t i = 0; i < line->n_added; i++)
        printf("  %s+%s%s", colour_on(TONE_GOOD), line->added[i], colour_off(TONE_GOOD));
    for (size_t i = 0; i < line->n_dropped; i++)
        printf("  %s-%s%s", colour_on(TONE_BAD), line->dropped[i], colour_off(TONE_BAD));
    if (*line->unrouted)
        printf(T("  无人可派: %s", "  nobody to call: %s"), line->unrouted);
    (void)fputc('\n', stdout);
    for (size_t i = 0; i < line->n_dues; i++) {
        const Whistle__V1__SimulationDue *due = line->dues[i];
        char before[32], after[32];
        time_text(cli, due->due_before, before, sizeof before);
        time_text(cli, due->due_after, after, sizeof after);
        printf("      %s %s: %s%s → %s%s\n", due->department,
               text_enum(&whistle__v1__clock__descriptor, (int)due->clock), before,
               due->overdue_before ? T(" 超时", " late") : "", after,
               due->overdue_after ? T(" 超时", " late") : "");
    }
}

static void result_print(struct cli *cli, const Whistle__V1__SimulationResult *result)
{
    printf(T("%d 个哨,%d 个会不同:牵头改变 %d,增派 %d,少派 %d,时限提前 %d、推后 %d\n",
             "%d whistles, %d would differ: %d leads, %d departments added, %d dropped, %d dues\n"
             "earlier, %d later\n"),
           result->whistles, result->changed, result->leads_changed, result->departments_added,
           result->departments_dropped, result->dues_earlier, result->dues_later);
    printf(T("超时: %d → %d\n", "late: %d → %d\n"), result->overdue_before, result->overdue_after);
    if (result->unrouted)
        printf(T("%s无人可派的: %d%s\n", "%snobody to call: %d%s\n"), colour_on(TONE_BAD),
               result->unrouted, colour_off(TONE_BAD));
    for (size_t i = 0; i < result->n_lines; i++)
        line_print(cli, result->lines[i]);
    if (result->n_departments)
        (void)fputc('\n', stdout);
    totals_print(cli, result);
}

static void *pack(const struct cli *cli, const Whistle__V1__District *district, size_t *ret_n)
{
    Whistle__V1__Simulate simulate = WHISTLE__V1__SIMULATE__INIT;
    Whistle__V1__DispatchCommand command = WHISTLE__V1__DISPATCH_COMMAND__INIT;
    const char *from = json_string_value(body_get(cli->args.body, "from_at"));
    const char *to = json_string_value(body_get(cli->args.body, "to_at"));
    simulate.district = (Whistle__V1__District *)(uintptr_t)district;
    simulate.lines = (int32_t)args_int(&cli->args, "lines", 0);
    simulate.to_at = cli_now();
    simulate.from_at = simulate.to_at - DAYS * WH_MS_DAY;
    if (from)
        wh_rfc3339_parse(from, &simulate.from_at);
    if (to)
        wh_rfc3339_parse(to, &simulate.to_at);
    command.what_case = WHISTLE__V1__DISPATCH_COMMAND__WHAT_SIMULATE;
    command.simulate = &simulate;
    *ret_n = whistle__v1__dispatch_command__get_packed_size(&command);
    uint8_t *bytes = must(malloc(*ret_n));
    whistle__v1__dispatch_command__pack(&command, bytes);
    return bytes;
}

int run_simulate(struct cli *cli)
{
    struct wh_arena arena;
    struct reply reply;
    int code = EXIT_DONE;
    reply_init(&reply);
    wh_arena_init(&arena, FILE_BYTES);
    const Whistle__V1__District *district = alternative(cli, &arena, &reply.fault);
    size_t n = 0;
    void *bytes = district ? pack(cli, district, &n) : NULL;
    if (!bytes || session_ask(cli, DOOR_DISPATCH, bytes, n, &reply) < 0)
        code = fault_tell(cli, &reply.fault);
    else if (cli->json)
        json_line(cli, reply.body, "lines");
    else if (reply.body && reply.body->descriptor == &whistle__v1__simulation_result__descriptor)
        result_print(cli, (const Whistle__V1__SimulationResult *)reply.body);
    free(bytes);
    wh_arena_done(&arena);
    reply_done(&reply);
    return code;
}
