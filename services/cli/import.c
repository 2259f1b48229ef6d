// SPDX-License-Identifier: Apache-2.0
// `import` and `export`: a district's data into the live system and back. Import shows what would
// change; --apply adopts it, all at once or not at all, and only if what is live is still what was
// compared with.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/district.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/sheet.h"
#include "cli/text.h"
#include "whistle/v1/intake.pb-c.h"

#define FILE_BYTES (64u << 20)
#define SHOWN 60

static void value_print(const json_t *value)
{
    char *text = value ? json_dumps(value, JSON_LINE | JSON_ENCODE_ANY) : NULL, fit[128];
    width_fit(text ? text : T("(无)", "(none)"), 48, fit, sizeof fit);
    (void)fputs(fit, stdout);
    free(text);
}

static void change_print(const json_t *change)
{
    const char *kind = json_string_value(json_object_get(change, "change"));
    const char *mark = strcmp(kind, "ADDED") == 0 ? "+" : strcmp(kind, "REMOVED") == 0 ? "-" : "~";
    enum tone tone = *mark == '+' ? TONE_GOOD : *mark == '-' ? TONE_BAD : TONE_WARN;
    printf("%s%s%s %s %s\n", colour_on(tone), mark, colour_off(tone),
           json_string_value(json_object_get(change, "table")),
           json_string_value(json_object_get(change, "key")));
    size_t i;
    json_t *field;
    json_array_foreach(json_object_get(change, "fields"), i, field)
    {
        printf("    %s: ", json_string_value(json_object_get(field, "field")));
        value_print(json_object_get(field, "from"));
        (void)fputs(" → ", stdout);
        value_print(json_object_get(field, "to"));
        (void)fputc('\n', stdout);
    }
}

static void changes_print(const json_t *changes, int32_t live)
{
    size_t n = json_array_size(changes);
    if (n == 0) {
        printf(T("与现行第 %d 版相同\n", "the same as the live version %d\n"), live);
        return;
    }
    for (size_t i = 0; i < n && (live || i == 0); i++) {
        if (i == SHOWN) {
            printf(T("…… 还有 %zu 处 (--json 看全部)\n", "… %zu more (--json shows all)\n"), n - i);
            break;
        }
        if (live)
            change_print(json_array_get(changes, i));
    }
    if (live)
        printf(T("共 %zu 处不同于现行第 %d 版\n", "%zu differences to the live version %d\n"), n,
               live);
    else
        printf(
            T("还没有区数据;全部 %zu 行都是新的\n", "nothing is live yet; all %zu rows are new\n"),
            n);
}

static int adopt(struct cli *cli, const Whistle__V1__District *district, int32_t live,
                 struct reply *reply)
{
    Whistle__V1__AdoptDistrict adopt = WHISTLE__V1__ADOPT_DISTRICT__INIT;
    Whistle__V1__IntakeCommand command = WHISTLE__V1__INTAKE_COMMAND__INIT;
    adopt.district = (Whistle__V1__District *)(uintptr_t)district;
    adopt.expect_version = live;
    command.what_case = WHISTLE__V1__INTAKE_COMMAND__WHAT_ADOPT;
    command.adopt = &adopt;
    size_t n = whistle__v1__intake_command__get_packed_size(&command);
    uint8_t *bytes = must(malloc(n));
    whistle__v1__intake_command__pack(&command, bytes);
    int r = session_ask(cli, DOOR_INTAKE, bytes, n, reply);
    free(bytes);
    return r;
}

static int tell(struct cli *cli, json_t *changes, int32_t live, bool adopted)
{
    if (cli->json) {
        json_t *line = must(json_pack("{s:b, s:i, s:O}", "applied", adopted, "version",
                                      adopted ? live + 1 : live, "changes", changes));
        json_dumpf(line, stdout, JSON_LINE);
        (void)fputc('\n', stdout);
        json_decref(line);
        return EXIT_DONE;
    }
    changes_print(changes, live);
    if (adopted)
        printf(T("%s✓%s 第 %d 版已启用\n", "%s✓%s version %d is adopted\n"), colour_on(TONE_GOOD),
               colour_off(TONE_GOOD), live + 1);
    else if (json_array_size(changes))
        puts(T("尚未启用;加 --apply 启用", "nothing was changed; --apply adopts it"));
    return EXIT_DONE;
}

static int import(struct cli *cli, const Whistle__V1__District *district)
{
    const Whistle__V1__District *before = names_district(cli);
    const struct fault *missing = names_fault(cli);
    struct reply reply;
    reply_init(&reply);
    if (!before && strcmp(missing->rule, "district.missing") != 0)
        return fault_tell(cli, missing);
    int32_t live = before ? before->version : 0;
    json_t *changes = district_diff(before, district);
    bool applies = args_flag(&cli->args, "apply") && json_array_size(changes);
    int code = applies && adopt(cli, district, live, &reply) < 0
                   ? fault_tell(cli, &reply.fault)
                   : tell(cli, changes, live, applies);
    json_decref(changes);
    reply_done(&reply);
    return code;
}

int run_import(struct cli *cli)
{
    struct wh_arena arena;
    struct fault fault = {0};
    wh_arena_init(&arena, FILE_BYTES);
    const Whistle__V1__District *district =
        district_read(args_text(&cli->args, "FILE"), &arena, &fault);
    int code = district ? import(cli, district) : fault_tell(cli, &fault);
    wh_arena_done(&arena);
    return code;
}

int run_export(struct cli *cli)
{
    if (args_text(&cli->args, "sheet"))
        return run_sheet(cli);
    if (args_text(&cli->args, "sheets"))
        return run_sheets(cli);
    const char *path = args_text(&cli->args, "FILE");
    const Whistle__V1__District *district = names_district(cli);
    if (!district)
        return fault_tell(cli, names_fault(cli));
    FILE *to = path && strcmp(path, "-") != 0 ? fopen(path, "we") : stdout;
    json_t *file = district_to_file(district);
    int bad = !to || json_dumpf(file, to, JSON_INDENT(1) | JSON_REAL_PRECISION(15)) < 0 ||
              fputc('\n', to) == EOF;
    json_decref(file);
    if (to && to != stdout)
        bad |= fclose(to);
    if (!bad)
        return EXIT_DONE;
    struct fault fault = {0};
    fault_usage(&fault, "FILE", "%s: %s", path ? path : "-", strerror(errno));
    return fault_tell(cli, &fault);
}
