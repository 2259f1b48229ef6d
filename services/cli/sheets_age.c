// SPDX-License-Identifier: Apache-2.0
// How old the hourly sheets are, for whoever has to rely on them. See sheet.h.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/sheet.h"

const char *sheets_folder(const struct cli *cli)
{
    const char *given = args_text(&cli->args, "sheets-folder");
    if (!given)
        given = getenv("WHISTLE_SHEETS");
    return given && *given ? given : NULL;
}

int64_t sheets_age(const char *folder, int64_t now, char *ret_why, size_t n)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/sheets.json", folder);
    json_t *json = json_load_file(path, 0, NULL);
    int64_t written = json_integer_value(json_object_get(json, "written_ms"));
    const char *why = json_string_value(json_object_get(json, "why"));
    (void)snprintf(ret_why, n, "%s", why ? why : "");
    json_decref(json);
    return written > 0 ? now - written : -1;
}

bool sheets_newest(const char *folder, const char *unit, char *ret_path, size_t n,
                   int64_t *ret_written_at)
{
    struct stat stats;
    if (strchr(unit, '/') || snprintf(ret_path, n, "%s/%s.html", folder, unit) >= (int)n ||
        stat(ret_path, &stats) < 0)
        return false;
    *ret_written_at = (int64_t)stats.st_mtime * 1000;
    return true;
}
