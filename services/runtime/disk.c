// SPDX-License-Identifier: Apache-2.0
// Free space by statvfs. The log of changes may lie on a disk of its own: both are looked at.
#include "runtime/disk.h"

#include <stdio.h>
#include <sys/statvfs.h>

#include "runtime/figures.h"
#include "runtime/runtime.h"

#define LOOK_EVERY_MS 1000
#define PATH_MAX_BYTES 4096

enum wh_disk_state wh_disk_judge(int64_t free_mb, int64_t min_mb, int64_t stop_mb)
{
    if (free_mb < stop_mb)
        return WH_DISK_FULL;
    return free_mb < min_mb ? WH_DISK_SCARCE : WH_DISK_AMPLE;
}

// MiB; -1: cannot be looked at.
static int64_t free_mb(const char *folder)
{
    struct statvfs fs;
    if (statvfs(folder, &fs) != 0)
        return -1;
    return (int64_t)(fs.f_bavail * (fs.f_frsize >> 10) >> 10);
}

static int64_t least_free_mb(const char *folder)
{
    char log[PATH_MAX_BYTES + 16];
    (void)snprintf(log, sizeof log, "%s/pg_wal", folder);
    int64_t data = free_mb(folder), wal = free_mb(log);
    return wal >= 0 && wal < data ? wal : data;
}

static void tell(const struct wh_runtime *runtime, enum wh_disk_state state, int64_t mb)
{
    static const char *const events[] = {"disk.ample", "disk.scarce", "disk.full"};
    if (state != runtime->disk.state)
        wh_logf(state == WH_DISK_AMPLE ? WH_LOG_INFO : WH_LOG_ERROR, events[state],
                "%lld MiB free in the database's folder", (long long)mb);
}

enum wh_disk_state wh_disk_look(struct wh_runtime *runtime)
{
    const char *folder = wh_settings_text(runtime->settings, "data_dir");
    int64_t now = wh_mono_ms();
    if (folder[0] == 0)
        return WH_DISK_AMPLE;
    if (runtime->disk.looked_ms != 0 && now - runtime->disk.looked_ms < LOOK_EVERY_MS)
        return runtime->disk.state;
    runtime->disk.looked_ms = now;
    int64_t mb = least_free_mb(folder);
    if (mb < 0)
        return runtime->disk.state;
    wh_metrics_set(runtime->metrics, FIG_DISK, NULL, (double)mb * 1024 * 1024);
    enum wh_disk_state state = wh_disk_judge(mb, wh_settings_int(runtime->settings, "min_free_mb"),
                                             wh_settings_int(runtime->settings, "stop_free_mb"));
    tell(runtime, state, mb);
    runtime->disk.state = state;
    return state;
}
