// SPDX-License-Identifier: Apache-2.0
// `doctor`: what an operator would look at one after the other, with the cause where something is
// wrong and what to do: files, doors, services, clocks, followers, dead letters, routing, sheets.
// Each finding is a line; 1 where any is bad.
#include "cli/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/names.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/sheet.h"
#include "cli/text.h"

#define PATIENCE_MS 3000

static void print(const char *check, const char *cause, const char *remedy, const char *detail)
{
    enum tone tone = cause ? TONE_BAD : TONE_GOOD;
    printf("%s%s%s %-10s ", colour_on(tone), cause ? "✗" : "✓", colour_off(tone), check);
    say_clean(stdout, detail, false);
    if (remedy)
        printf("\n             → %s", remedy);
    (void)fputc('\n', stdout);
}

void finding(struct doctor *doctor, const char *check, const char *cause, const char *remedy,
             const char *detail, ...)
{
    char text[1400];
    va_list list;
    va_start(list, detail);
    (void)vsnprintf(text, sizeof text, detail, list);
    va_end(list);
    doctor->bad |= cause != NULL;
    json_t *line =
        must(json_pack("{s:s, s:b, s:s}", "check", check, "good", cause == NULL, "detail", text));
    if (cause)
        json_object_set_new(line, "cause", json_string(cause));
    if (remedy)
        json_object_set_new(line, "do", json_string(remedy));
    json_array_append_new(doctor->checks, line);
    if (!doctor->cli->json)
        print(check, cause, remedy, text);
}

// The hourly sheets are what a shift works by when nothing else answers: are they fresh?
static void check_sheets(struct doctor *doctor)
{
    char why[1024] = "", span[64];
    const char *folder = sheets_folder(doctor->cli);
    const char *remedy = T("看 deploy/logs sheets", "see deploy/logs sheets");
    if (!folder)
        return;
    int64_t age = sheets_age(folder, cli_now(), why, sizeof why);
    bool good = age >= 0 && age < SHEET_STALE_MS;
    span_text(age, span, sizeof span);
    if (age < 0)
        finding(doctor, "sheets", "sheets.missing", remedy,
                T("%s: 还没有写好的交接班单%s%s", "%s: no handover sheets yet%s%s"), folder,
                *why ? ": " : "", why);
    else
        finding(doctor, "sheets", good ? NULL : "sheets.old", good ? NULL : remedy,
                T("%s: 最近一次全部写好在 %s前%s%s", "%s: all written %s ago%s%s"), folder, span,
                *why ? ": " : "", why);
}

static void check_all(struct doctor *doctor)
{
    const char *slash = strrchr(doctor->cli->doors_path, '/');
    if (slash)
        (void)snprintf(doctor->folder, sizeof doctor->folder, "%.*s",
                       (int)(slash - doctor->cli->doors_path + 1), doctor->cli->doors_path);
    if (!doctor_key(doctor))
        return;
    doctor_files(doctor);
    doctor_doors(doctor);
    doctor_services(doctor);
}

int run_doctor(struct cli *cli)
{
    struct doctor doctor = {.cli = cli, .checks = must(json_array())};
    if (cli->timeout_ms > PATIENCE_MS)
        cli->timeout_ms = PATIENCE_MS;
    check_all(&doctor);
    check_sheets(&doctor);
    if (cli->json) {
        json_t *line = must(json_pack("{s:b, s:O}", "good", !doctor.bad, "checks", doctor.checks));
        json_dumpf(line, stdout, JSON_LINE);
        (void)fputc('\n', stdout);
        json_decref(line);
    }
    json_decref(doctor.checks);
    return doctor.bad ? EXIT_REFUSED : EXIT_DONE;
}
