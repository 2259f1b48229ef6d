// SPDX-License-Identifier: Apache-2.0
// `export --sheets DIR`: a sheet for every street and department (and the district), made anew
// every hour and replaced at once, with dated copies for two days. Runs until it is told to end; a
// service that does not answer is asked again soon, what was written stays. How old the files are
// stands in DIR/sheets.json and, for Prometheus' text file collector, in DIR/sheets.prom.
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/file.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/sheet.h"
#include "cli/text.h"

#define SHEET_MODE 0640 // business data: for the operator and his group
#define RETRY_MS 15000
#define SLICE_MS 200

struct sheets {
    struct cli *cli;
    const char *folder, *phones;
    int64_t every_ms, keep_ms;
    size_t written;
    char stamp[32]; // of this round's copies: "20261123T2100"
    struct fault fault;
};

static volatile sig_atomic_t stopping;

static void on_stop(int number)
{
    (void)number;
    stopping = 1;
}

static int fail_io(struct sheets *sheets, const char *path)
{
    fault_usage(&sheets->fault, "sheets", "%s: %s", path, strerror(errno));
    return -1;
}

// ---- one unit's files ---------------------------------------------------------------------------

static int put(struct sheets *sheets, const char *unit, const char *end, const char *bytes,
               size_t n)
{
    char path[1024], copy[1100];
    (void)snprintf(path, sizeof path, "%s/%s.%s", sheets->folder, unit, end);
    (void)snprintf(copy, sizeof copy, "%s/archive/%s.%s.%s", sheets->folder, unit, sheets->stamp,
                   end);
    if (file_replace(path, bytes, n, SHEET_MODE) < 0)
        return fail_io(sheets, path);
    if ((unlink(copy) < 0 && errno != ENOENT) || link(path, copy) < 0)
        return fail_io(sheets, copy);
    return 0;
}

static int write_shape(struct sheets *sheets, const char *unit, const struct sheet_doc *doc,
                       const char *end, void (*shape)(const struct sheet_doc *, FILE *))
{
    char *bytes = NULL;
    size_t n = 0;
    FILE *to = must(open_memstream(&bytes, &n));
    shape(doc, to);
    (void)fclose(to);
    int r = put(sheets, unit, end, must(bytes), n);
    free(bytes);
    return r;
}

static int write_unit(struct sheets *sheets, const char *unit)
{
    struct sheet sheet;
    struct sheet_doc doc;
    if (sheet_read(sheets->cli, unit, SHEET_HOURS, &sheet, &sheets->fault) < 0)
        return -1;
    sheet_build(sheets->cli, &sheet, sheets->phones, sheets->every_ms, &doc);
    int r = write_shape(sheets, unit, &doc, "html", sheet_html);
    if (r == 0)
        r = write_shape(sheets, unit, &doc, "txt", sheet_text);
    sheet_doc_done(&doc);
    sheet_done(&sheet);
    sheets->written += r == 0;
    return r;
}

// ---- a round ------------------------------------------------------------------------------------

static bool is_street(const Whistle__V1__Unit *unit)
{
    return unit->level == WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_SUBDISTRICT ||
           unit->level == WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_TOWN ||
           unit->level == WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_TOWNSHIP;
}

// Only our own copies: a file in archive/ whose name has a stamp, older than they are kept.
static void drop_old(const struct sheets *sheets)
{
    char folder[1024], path[1400];
    (void)snprintf(folder, sizeof folder, "%s/archive", sheets->folder);
    DIR *dir = opendir(folder);
    struct dirent *entry;
    struct stat stats;
    while (dir && (entry = readdir(dir))) {
        const char *dot = strchr(entry->d_name, '.');
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (dot && dot != entry->d_name && strlen(dot) > 14 && dot[9] == 'T' &&
            stat(path, &stats) == 0 && S_ISREG(stats.st_mode) &&
            (int64_t)stats.st_mtime * 1000 < cli_now() - sheets->keep_ms)
            (void)unlink(path);
    }
    if (dir)
        closedir(dir);
}

static int write_all(struct sheets *sheets)
{
    struct cli *cli = sheets->cli;
    char at[WH_RFC3339_MAX];
    names_free(cli->names); // the district as it is now
    cli->names = NULL;
    const Whistle__V1__District *district = names_district(cli);
    if (!district) {
        sheets->fault = *names_fault(cli);
        return -1;
    }
    time_full(cli, cli_now(), at, sizeof at);
    (void)snprintf(sheets->stamp, sizeof sheets->stamp, "%.4s%.2s%.2sT%.2s%.2s", at, at + 5, at + 8,
                   at + 11, at + 14);
    sheets->written = 0;
    int r = 0;
    for (size_t i = 0; r == 0 && !stopping && i < district->n_units; i++)
        if (is_street(district->units[i]))
            r = write_unit(sheets, district->units[i]->code);
    for (size_t i = 0; r == 0 && !stopping && i < district->n_departments; i++)
        r = write_unit(sheets, district->departments[i]->code);
    if (r == 0 && !stopping)
        drop_old(sheets);
    return r;
}

// For a metrics collector.
static void write_metrics(const struct sheets *sheets, int64_t written_at, bool good)
{
    char path[1024], text[1024];
    (void)snprintf(text, sizeof text,
                   "# HELP whistle_sheets_written_seconds When every sheet was last written.\n"
                   "# TYPE whistle_sheets_written_seconds gauge\n"
                   "whistle_sheets_written_seconds %lld\n"
                   "# HELP whistle_sheets_good Whether the last round wrote all sheets.\n"
                   "# TYPE whistle_sheets_good gauge\nwhistle_sheets_good %d\n",
                   (long long)written_at / 1000, good);
    (void)snprintf(path, sizeof path, "%s/sheets.prom", sheets->folder);
    (void)file_replace(path, text, strlen(text), 0644);
}

// For an operator, for `doctor` and for our own next start. Keeps the time of the last whole round.
static void write_report(const struct sheets *sheets, int64_t written_at, bool good)
{
    char path[1024], why[1024] = "";
    if (!good)
        fault_line(&sheets->fault, why, sizeof why);
    json_t *json = must(json_pack("{s:b, s:I, s:I, s:I, s:I, s:s}", "good", good, "written_ms",
                                  (json_int_t)written_at, "tried_ms", (json_int_t)cli_now(),
                                  "every_ms", (json_int_t)sheets->every_ms, "units",
                                  (json_int_t)sheets->written, "why", why));
    char *bytes = must(json_dumps(json, JSON_LINE));
    (void)snprintf(path, sizeof path, "%s/sheets.json", sheets->folder);
    (void)file_replace(path, bytes, strlen(bytes), 0644);
    free(bytes);
    json_decref(json);
}

// sheets.json is the last file of a round: whoever sees a round in it finds all other files of that
// round in their place. A crash between the two leaves the json older than the files, never newer.
static void write_state(const struct sheets *sheets, int64_t written_at, bool good)
{
    write_metrics(sheets, written_at, good);
    write_report(sheets, written_at, good);
}

static void tell(const struct sheets *sheets, bool good)
{
    char at[32], why[1024];
    time_text(sheets->cli, cli_now(), at, sizeof at);
    if (good) {
        printf(T("%s ✓ 交接单 %zu 份: %s\n", "%s ✓ %zu sheets: %s\n"), at, sheets->written,
               sheets->folder);
    } else {
        fault_line(&sheets->fault, why, sizeof why);
        printf("%s ✗ %s\n", at, why);
    }
    (void)fflush(stdout);
}

static void rest(struct sheets *sheets, int64_t until)
{
    while (!stopping && cli_now() < until) {
        int64_t left = until - cli_now();
        struct timespec slice = {0, (left < SLICE_MS ? left : SLICE_MS) * 1000000};
        nanosleep(&slice, NULL);
    }
    (void)sheets;
}

// Rounds begin at whole multiples of `every`, so that the hourly files are of the whole hour.
static int run(struct sheets *sheets, bool once)
{
    int64_t written_at = 0;
    char why[256];
    int64_t age = sheets_age(sheets->folder, cli_now(), why, sizeof why);
    written_at = age < 0 ? 0 : cli_now() - age;
    while (!stopping) {
        sheets->fault = (struct fault){0};
        int64_t began = cli_now();
        bool good = write_all(sheets) == 0;
        if (stopping)
            break;
        written_at = good ? cli_now() : written_at;
        write_state(sheets, written_at, good);
        tell(sheets, good);
        if (once)
            return good ? EXIT_DONE : fault_exit(&sheets->fault);
        int64_t every = sheets->every_ms;
        rest(sheets, good ? (began / every + 1) * every
                          : cli_now() + (every < RETRY_MS ? every : RETRY_MS));
    }
    return EXIT_DONE;
}

static int make_folders(struct sheets *sheets)
{
    char archive[1024];
    (void)snprintf(archive, sizeof archive, "%s/archive", sheets->folder);
    if (mkdir(sheets->folder, 0750) < 0 && errno != EEXIST)
        return fail_io(sheets, sheets->folder);
    if (mkdir(archive, 0750) < 0 && errno != EEXIST)
        return fail_io(sheets, archive);
    return 0;
}

int run_sheets(struct cli *cli)
{
    const char *every = args_text(&cli->args, "every"), *keep = args_text(&cli->args, "keep");
    struct sheets sheets = {.cli = cli,
                            .folder = args_text(&cli->args, "sheets"),
                            .phones = args_text(&cli->args, "phones"),
                            .every_ms = span_read(every ? every : "1h"),
                            .keep_ms = span_read(keep ? keep : "48h")};
    struct sigaction action = {.sa_handler = on_stop};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (sheets.every_ms <= 0 || sheets.keep_ms < 0) {
        fault_usage(&sheets.fault, sheets.every_ms <= 0 ? "every" : "keep", "%s",
                    T("应如 30m、1h、2d", "must be like 30m, 1h, 2d"));
        return fault_tell(cli, &sheets.fault);
    }
    if (make_folders(&sheets) < 0)
        return fault_tell(cli, &sheets.fault);
    return run(&sheets, args_flag(&cli->args, "once"));
}
