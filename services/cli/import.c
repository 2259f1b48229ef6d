// SPDX-License-Identifier: Apache-2.0
// `import` and `export`: a district's data into the live system and back. Import checks everything
// that the adoption would, tells all that is wrong at its place, shows what would change and where
// nobody would answer; --apply adopts it, all at once or not at all, and only if what is live is
// still what was compared with.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/district.h"
#include "cli/document.h"
#include "cli/import_check.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/sheet.h"
#include "cli/tables_write.h"
#include "cli/text.h"
#include "district/validate.h"
#include "whistle/v1/intake.pb-c.h"

#define FILE_BYTES (64u << 20)
#define FAULTS_MAX 1000

// ---- intake -------------------------------------------------------------------------------------

static uint8_t *pack(Whistle__V1__IntakeCommand__WhatCase what, void *member, size_t *ret_n)
{
    Whistle__V1__IntakeCommand command = WHISTLE__V1__INTAKE_COMMAND__INIT;
    command.what_case = what;
    command.adopt = member; // of the oneof's pointers any will do
    *ret_n = whistle__v1__intake_command__get_packed_size(&command);
    uint8_t *bytes = must(malloc(*ret_n + 1));
    whistle__v1__intake_command__pack(&command, bytes);
    return bytes;
}

static int adopt(struct cli *cli, const Whistle__V1__District *district, int32_t live,
                 struct reply *reply)
{
    Whistle__V1__AdoptDistrict adopt = WHISTLE__V1__ADOPT_DISTRICT__INIT;
    adopt.district = (Whistle__V1__District *)(uintptr_t)district;
    adopt.expect_version = live;
    size_t n = 0;
    uint8_t *bytes = pack(WHISTLE__V1__INTAKE_COMMAND__WHAT_ADOPT, &adopt, &n);
    int r = session_ask(cli, DOOR_INTAKE, bytes, n, reply);
    free(bytes);
    return r;
}

static const Whistle__V1__DistrictPreview *
preview(struct cli *cli, const Whistle__V1__District *district, struct reply *reply)
{
    Whistle__V1__PreviewDistrict ask = WHISTLE__V1__PREVIEW_DISTRICT__INIT;
    ask.district = (Whistle__V1__District *)(uintptr_t)district;
    size_t n = 0;
    uint8_t *bytes = pack(WHISTLE__V1__INTAKE_COMMAND__WHAT_PREVIEW_DISTRICT, &ask, &n);
    int r = session_query(cli, DOOR_INTAKE, cli->timeout_ms, bytes, n, reply);
    free(bytes);
    if (r == 0 && reply->body &&
        reply->body->descriptor == &whistle__v1__district_preview__descriptor)
        return (const Whistle__V1__DistrictPreview *)reply->body;
    return NULL;
}

// ---- checking -----------------------------------------------------------------------------------

// The adoption's own validation, here: so that a file is mended before anybody is asked.
static void validate(struct document *document, const Whistle__V1__District *district,
                     const Whistle__V1__District *live)
{
    struct wh_district_fault *faults = must(calloc(FAULTS_MAX, sizeof *faults));
    size_t n = wh_district_validate(district, live, faults, FAULTS_MAX);
    for (size_t i = 0; i < n && i < FAULTS_MAX; i++)
        document_fault(document, faults[i].field, wh_rule_info(faults[i].rule)->name,
                       faults[i].detail);
    free(faults);
}

static void take_faults(struct document *document, const Whistle__V1__DistrictPreview *preview)
{
    for (size_t i = 0; i < preview->n_faults; i++)
        document_fault(document, preview->faults[i]->field, preview->faults[i]->rule,
                       preview->faults[i]->detail);
}

// ---- telling ------------------------------------------------------------------------------------

static void encodings_print(const struct document *document)
{
    const char *file;
    json_t *encoding;
    json_object_foreach(document->encodings, file, encoding)(void) fprintf(
        stderr, T("%s: 按 %s 读取\n", "%s: read as %s\n"), file, json_string_value(encoding));
}

// holes: import_check's; borrowed, NULL where it was not asked.
static void tell(struct cli *cli, const struct document *document, json_t *changes, json_t *holes,
                 int32_t version, bool adopted)
{
    if (cli->json) {
        json_t *line = must(json_pack("{s:b, s:i, s:O}", "applied", adopted, "version",
                                      version + adopted, "changes", changes));
        if (json_object_size(document->encodings))
            json_object_set(line, "encodings", document->encodings);
        if (holes)
            json_object_set(line, "check", holes);
        json_dumpf(line, stdout, JSON_LINE);
        (void)fputc('\n', stdout);
        json_decref(line);
        return;
    }
    encodings_print(document);
    district_diff_print(changes, version);
    import_check_print(holes);
    if (adopted)
        printf(T("%s✓%s 第 %d 版已启用\n", "%s✓%s version %d is adopted\n"), colour_on(TONE_GOOD),
               colour_off(TONE_GOOD), version + 1);
    else if (json_array_size(changes))
        puts(T("尚未启用;加 --apply 启用", "nothing was changed; --apply adopts it"));
}

static int apply_or_show(struct cli *cli, const struct document *document,
                         const Whistle__V1__District *district,
                         const Whistle__V1__DistrictPreview *seen)
{
    struct reply reply;
    reply_init(&reply);
    const Whistle__V1__District *before = names_district(cli);
    json_t *changes = district_diff(before, district, seen->channels, seen->n_channels);
    json_t *holes = NULL;
    int32_t live = before ? before->version : 0; // what was compared with, whatever came since
    bool applies = args_flag(&cli->args, "apply") && json_array_size(changes);
    int code = EXIT_DONE;
    if (applies && adopt(cli, district, live, &reply) < 0) {
        code = fault_tell(cli, &reply.fault);
    } else {
        if (!applies)
            holes = import_check(cli, document, district);
        tell(cli, document, changes, holes, live, applies);
    }
    json_decref(holes);
    json_decref(changes);
    reply_done(&reply);
    return code;
}

static int import(struct cli *cli, struct document *document, struct wh_arena *arena)
{
    const Whistle__V1__District *before = names_district(cli);
    const Whistle__V1__District *district = document_district(document, arena);
    const struct fault *missing = names_fault(cli);
    const Whistle__V1__DistrictPreview *seen = NULL;
    struct reply reply;
    reply_init(&reply);
    if (district)
        validate(document, district, before);
    if (document->findings.n) {
        encodings_print(document);
        return findings_tell(cli, &document->findings);
    }
    if (!before && strcmp(missing->rule, "district.missing") != 0)
        return fault_tell(cli, missing);
    int code = EXIT_DONE;
    if (!(seen = preview(cli, district, &reply)))
        code = fault_tell(cli, &reply.fault);
    else
        take_faults(document, seen);
    if (seen && document->findings.n)
        code = findings_tell(cli, &document->findings);
    else if (seen)
        code = apply_or_show(cli, document, district, seen);
    reply_done(&reply);
    return code;
}

int run_import(struct cli *cli)
{
    struct wh_arena arena;
    struct fault fault = {0};
    struct document document = {0};
    wh_arena_init(&arena, FILE_BYTES);
    int code = document_load(args_text(&cli->args, "FILE"), &document, &fault) == 0
                   ? import(cli, &document, &arena)
                   : fault_tell(cli, &fault);
    document_done(&document);
    wh_arena_done(&arena);
    return code;
}

// ---- export -------------------------------------------------------------------------------------

static int export_file(struct cli *cli, const Whistle__V1__District *district)
{
    const char *path = args_text(&cli->args, "FILE");
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

int run_export(struct cli *cli)
{
    if (args_text(&cli->args, "sheet"))
        return run_sheet(cli);
    if (args_text(&cli->args, "sheets"))
        return run_sheets(cli);
    const char *folder = args_text(&cli->args, "FILE");
    bool empty = args_flag(&cli->args, "templates"), tables = args_flag(&cli->args, "csv");
    const Whistle__V1__District *district = empty ? NULL : names_district(cli);
    struct fault fault = {0};
    if (!empty && !district)
        return fault_tell(cli, names_fault(cli));
    if (!empty && !tables)
        return export_file(cli, district);
    if (!folder)
        folder = empty ? "district" : NULL;
    if (!folder)
        fault_usage(&fault, "DIR", "%s", T("要有文件夹名", "a folder is needed"));
    if (!folder || tables_write(folder, district, &fault) < 0)
        return fault_tell(cli, &fault);
    if (cli->json)
        printf("{\"folder\":\"%s\"}\n", folder);
    else
        printf(T("%s/ 已写好;各列见 %s/columns.md\n",
                 "%s/ is written; %s/columns.md explains its columns\n"),
               folder, folder);
    return EXIT_DONE;
}
