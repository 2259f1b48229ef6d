// SPDX-License-Identifier: Apache-2.0
// Reading a sheet: all its pages from dispatch's door, put in the order in which people need it;
// and its JSON. Also the run of `export --sheet`.
#include "cli/sheet.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "cli/file.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/text.h"
#include "client/json.h"

#define PAGE_ROWS 50
#define PAGES_MAX 100000

static int later(const void *a, const void *b)
{
    const struct sheet_due *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    int r = strcmp(x->row->whistle->number, y->row->whistle->number);
    if (r)
        return r;
    if (x->clock->clock != y->clock->clock)
        return x->clock->clock < y->clock->clock ? -1 : 1;
    return strcmp(x->clock->task, y->clock->task);
}

static int less_urgent(const void *a, const void *b)
{
    const Whistle__V1__Whistle *x = (*(const Whistle__V1__SheetWhistle *const *)a)->whistle;
    const Whistle__V1__Whistle *y = (*(const Whistle__V1__SheetWhistle *const *)b)->whistle;
    if (x->priority != y->priority)
        return x->priority < y->priority ? -1 : 1;
    return strcmp(x->number, y->number);
}

static const Whistle__V1__Sheet *page_of(const struct sheet *sheet, size_t i)
{
    return (const Whistle__V1__Sheet *)sheet->pages[i].body;
}

static void take_dues(struct sheet *sheet, const Whistle__V1__SheetWhistle *row)
{
    for (size_t i = 0; i < row->n_clocks; i++)
        sheet->dues[sheet->n_dues++] =
            (struct sheet_due){row->clocks[i]->due_at, row, row->clocks[i]};
}

// Late is what was due before the sheet was begun, soon what comes within its hours.
static void order(struct sheet *sheet)
{
    size_t n = 0, clocks = 0;
    for (size_t i = 0; i < sheet->n_pages; i++) {
        n += page_of(sheet, i)->n_whistles;
        for (size_t k = 0; k < page_of(sheet, i)->n_whistles; k++)
            clocks += page_of(sheet, i)->whistles[k]->n_clocks;
    }
    sheet->whistles = must(calloc(n + 1, sizeof(const Whistle__V1__SheetWhistle *)));
    sheet->dues = must(calloc(clocks + 1, sizeof *sheet->dues));
    for (size_t i = 0; i < sheet->n_pages; i++)
        for (size_t k = 0; k < page_of(sheet, i)->n_whistles; k++) {
            sheet->whistles[sheet->n++] = page_of(sheet, i)->whistles[k];
            take_dues(sheet, page_of(sheet, i)->whistles[k]);
        }
    qsort(sheet->whistles, sheet->n, sizeof *sheet->whistles, less_urgent);
    qsort(sheet->dues, sheet->n_dues, sizeof *sheet->dues, later);
    int64_t now = sheet->first->now_at, soon = now + sheet->hours * WH_MS_HOUR;
    while (sheet->n_late < sheet->n_dues && sheet->dues[sheet->n_late].at < now)
        sheet->n_late++;
    while (sheet->n_late + sheet->n_soon < sheet->n_dues &&
           sheet->dues[sheet->n_late + sheet->n_soon].at <= soon)
        sheet->n_soon++;
}

static int read_page(struct cli *cli, const char *unit, const char *cursor, struct reply *reply)
{
    json_t *body = must(json_pack("{s:s, s:i}", "unit", unit, "limit", PAGE_ROWS));
    if (*cursor)
        json_object_set_new(body, "cursor", json_string(cursor));
    reply_init(reply);
    int r = session_ask_json(cli, DOOR_DISPATCH, "sheet", body, reply);
    json_decref(body);
    if (r == 0 && (!reply->body || reply->body->descriptor != &whistle__v1__sheet__descriptor)) {
        fault_set(&reply->fault, 502, "protocol", "sheet");
        r = -1;
    }
    return r;
}

int sheet_read(struct cli *cli, const char *unit, int hours, struct sheet *ret_sheet,
               struct fault *ret_fault)
{
    struct sheet sheet = {.unit = unit, .hours = hours};
    const char *cursor = "";
    do {
        sheet.pages = must(realloc(sheet.pages, (sheet.n_pages + 1) * sizeof *sheet.pages));
        if (read_page(cli, unit, cursor, &sheet.pages[sheet.n_pages++]) < 0) {
            *ret_fault = sheet.pages[sheet.n_pages - 1].fault;
            sheet_done(&sheet);
            return -1;
        }
        cursor = page_of(&sheet, sheet.n_pages - 1)->cursor;
    } while (*cursor && sheet.n_pages < PAGES_MAX);
    sheet.first = page_of(&sheet, 0);
    sheet.last = page_of(&sheet, sheet.n_pages - 1);
    order(&sheet);
    *ret_sheet = sheet;
    return 0;
}

void sheet_done(struct sheet *sheet)
{
    for (size_t i = 0; i < sheet->n_pages; i++)
        reply_done(&sheet->pages[i]);
    free(sheet->pages);
    free(sheet->whistles);
    free(sheet->dues);
    *sheet = (struct sheet){0};
}

// ---- JSON ---------------------------------------------------------------------------------------

void sheet_head_text(const Whistle__V1__JournalHead *head, char *ret_text, size_t n)
{
    char hex[65] = "";
    if (head->hash.len == 32)
        sodium_bin2hex(hex, sizeof hex, head->hash.data, head->hash.len);
    if (head->epoch)
        (void)snprintf(ret_text, n, "%lld/%lld:%s", (long long)head->epoch, (long long)head->seq,
                       hex);
    else
        (void)snprintf(ret_text, n, "%lld:%s", (long long)head->seq, hex);
}

// NULL where there is none (an older dispatch): the key stays out.
static json_t *head_json(const Whistle__V1__JournalHead *head)
{
    char text[128];
    if (!head)
        return NULL;
    sheet_head_text(head, text, sizeof text);
    json_t *json = must(json_pack("{s:I, s:s}", "seq", (json_int_t)head->seq, "head", text));
    if (head->epoch)
        json_object_set_new(json, "epoch", json_integer(head->epoch));
    return json;
}

static json_t *dues_json(struct cli *cli, const struct sheet *sheet, size_t from, size_t n)
{
    json_t *list = must(json_array());
    for (size_t i = from; i < from + n; i++) {
        json_t *one = must(wh_json_from(&sheet->dues[i].clock->base, names_zone(cli)));
        json_object_set_new(one, "number", json_string(sheet->dues[i].row->whistle->number));
        json_array_append_new(list, one);
    }
    return list;
}

// Each desk once.
static json_t *desks_json(struct cli *cli, const struct sheet *sheet)
{
    json_t *list = must(json_array());
    for (size_t i = 0; i < sheet->n_pages; i++)
        for (size_t k = 0; k < page_of(sheet, i)->n_desks; k++) {
            const Whistle__V1__Desk *desk = page_of(sheet, i)->desks[k];
            if (sheet_desk(sheet, desk->body) == desk)
                json_array_append_new(list, must(wh_json_from(&desk->base, names_zone(cli))));
        }
    return list;
}

json_t *sheet_json(struct cli *cli, const struct sheet *sheet)
{
    char as_of[WH_RFC3339_MAX], until[WH_RFC3339_MAX];
    json_t *whistles = must(json_array());
    time_full(cli, sheet->first->now_at, as_of, sizeof as_of);
    time_full(cli, sheet->last->now_at, until, sizeof until);
    for (size_t i = 0; i < sheet->n; i++)
        json_array_append_new(whistles,
                              must(wh_json_from(&sheet->whistles[i]->base, names_zone(cli))));
    return must(json_pack(
        "{s:s, s:s, s:s, s:s, s:i, s:i, s:o, s:o, s:o*, s:o, s:o, s:o, s:o}", "unit", sheet->unit,
        "name", name_party(cli, sheet->unit), "as_of_at", as_of, "until_at", until, "hours",
        sheet->hours, "routing_version", sheet->first->routing_version, "dispatch",
        head_json(sheet->first->dispatch), "dispatch_until", head_json(sheet->last->dispatch),
        "dedup", head_json(sheet->first->dedup), "late", dues_json(cli, sheet, 0, sheet->n_late),
        "soon", dues_json(cli, sheet, sheet->n_late, sheet->n_soon), "whistles", whistles, "desks",
        desks_json(cli, sheet)));
}

// ---- export --sheet -----------------------------------------------------------------------------

// Nobody answers: the newest file on disk is better than nothing, and its age is said.
static void tell_newest(struct cli *cli, const char *unit)
{
    char path[1024], at[32], span[64];
    int64_t written;
    const char *folder = sheets_folder(cli);
    if (cli->json)
        return;
    if (!folder || !sheets_newest(folder, unit, path, sizeof path, &written)) {
        (void)fprintf(stderr, "%s\n",
                      T("也没有已写好的交接单可用 (WHISTLE_SHEETS 或 --sheets-folder 指明其目录)",
                        "no sheet on disk is known either (WHISTLE_SHEETS or --sheets-folder)"));
        return;
    }
    time_text(cli, written, at, sizeof at);
    span_text(cli_now() - written, span, sizeof span);
    (void)fprintf(stderr,
                  T("最近一份已写好的: %s (%s 写,%s 前)\n",
                    "the newest one on disk: %s (written %s, %s ago)\n"),
                  path, at, span);
}

static int print(struct cli *cli, const struct sheet *sheet, const char *format, FILE *to)
{
    struct sheet_doc doc;
    if (cli->json) {
        json_t *json = sheet_json(cli, sheet);
        json_dumpf(json, to, JSON_LINE);
        (void)fputc('\n', to);
        json_decref(json);
        return EXIT_DONE;
    }
    sheet_build(cli, sheet, args_text(&cli->args, "phones"), 0, &doc);
    (strcmp(format, "text") == 0 ? sheet_text : sheet_html)(&doc, to);
    sheet_doc_done(&doc);
    return EXIT_DONE;
}

static int print_file(struct cli *cli, const struct sheet *sheet, const char *format,
                      const char *path)
{
    char *bytes = NULL;
    size_t n = 0;
    FILE *to = must(open_memstream(&bytes, &n));
    int code = print(cli, sheet, format, to);
    if (fclose(to) != 0 || file_replace(path, bytes, n, 0640) < 0) {
        struct fault fault = {0};
        fault_usage(&fault, "FILE", "%s: %s", path, strerror(errno));
        code = fault_tell(cli, &fault);
    }
    free(bytes);
    return code;
}

int run_sheet(struct cli *cli)
{
    const char *unit = args_text(&cli->args, "sheet"), *format = args_text(&cli->args, "format");
    const char *path = args_text(&cli->args, "FILE");
    int64_t hours = args_int(&cli->args, "hours", SHEET_HOURS);
    struct sheet sheet;
    struct fault fault = {0};
    format = format ? format : "html";
    if (strcmp(format, "html") != 0 && strcmp(format, "text") != 0)
        fault_usage(&fault, "format", "%s", T("应为 html 或 text", "must be html or text"));
    else if (hours < 1 || hours > 168)
        fault_usage(&fault, "hours", "%s", T("应为 1 到 168", "must be 1 to 168"));
    if (*fault.code || fault.usage)
        return fault_tell(cli, &fault);
    if (sheet_read(cli, unit, (int)hours, &sheet, &fault) < 0) {
        int code = fault_tell(cli, &fault);
        if (code == EXIT_SILENCE)
            tell_newest(cli, unit);
        return code;
    }
    int code = path && strcmp(path, "-") != 0 ? print_file(cli, &sheet, format, path)
                                              : print(cli, &sheet, format, stdout);
    sheet_done(&sheet);
    return code;
}
