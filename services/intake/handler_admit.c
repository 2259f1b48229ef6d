// SPDX-License-Identifier: Apache-2.0
// Before a command is queued: is there room behind us? A nearly full disk stops every command that
// writes; dispatch far behind stops new whistles, but never a P1. A dead dispatch stops nothing.
#include <sys/statvfs.h>
#include <time.h>

#include "intake/handler.h"
#include "runtime/log.h"

#define DISK_RETRY_MS 10000
#define LAG_RETRY_MS 2000
#define FIRST_QUERY WHISTLE__V1__INTAKE_COMMAND__WHAT_GET_DISTRICT

static int64_t monotonic_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void look_at_disk(struct intake *intake, const char *folder)
{
    struct statvfs fs;
    if (statvfs(folder, &fs) != 0)
        return;
    int64_t free_mb = (int64_t)(fs.f_bavail * (fs.f_frsize >> 10) >> 10);
    bool full = free_mb < wh_setting_int(intake->runtime, "min_free_mb");
    if (full != intake->disk_full)
        wh_logf(full ? WH_LOG_ERROR : WH_LOG_INFO, full ? "disk.full" : "disk.free",
                "%lld MiB free in the database's folder", (long long)free_mb);
    intake->disk_full = full;
    wh_metric_set(intake->runtime, "disk_free_bytes", "free space in the database's folder", NULL,
                  (double)free_mb * 1024 * 1024);
}

static bool disk_is_full(struct intake *intake)
{
    const char *folder = wh_setting_text(intake->runtime, "data_dir");
    int64_t now = monotonic_ms();
    if (folder == NULL || folder[0] == 0)
        return false;
    if (intake->disk_looked_at == 0 || now - intake->disk_looked_at >= 1000) {
        intake->disk_looked_at = now;
        look_at_disk(intake, folder);
    }
    return intake->disk_full;
}

static bool is_p1(const struct intake *intake, const Whistle__V1__RaiseWhistle *raise)
{
    if (raise->priority != WHISTLE__V1__PRIORITY__PRIORITY_UNSPECIFIED)
        return raise->priority == WHISTLE__V1__PRIORITY__PRIORITY_P1;
    const struct wh_category *category =
        intake->district != NULL ? wh_district_category(intake->district, raise->category) : NULL;
    return category != NULL && category->row->priority == WHISTLE__V1__PRIORITY__PRIORITY_P1;
}

static bool lags(const struct intake *intake)
{
    int64_t events = 0, ms = 0;
    if (!wh_follower_lag(intake->runtime, "dispatch", &events, &ms))
        return false;
    return events >= wh_setting_int(intake->runtime, "lag_events") ||
           ms >= wh_setting_int(intake->runtime, "lag_s") * 1000;
}

bool intake_urgent(void *state, const struct wh_item *item)
{
    return item->what == WHISTLE__V1__INTAKE_COMMAND__WHAT_RAISE &&
           is_p1(state, (const Whistle__V1__RaiseWhistle *)item->message);
}

enum wh_rule intake_admit(void *state, const struct wh_item *item, int64_t *ret_retry_ms)
{
    struct intake *intake = state;
    if (item->what >= FIRST_QUERY)
        return WH_RULE_NONE;
    if (disk_is_full(intake)) {
        *ret_retry_ms = DISK_RETRY_MS;
        return WH_RULE_BUSY_DISK;
    }
    if (item->what != WHISTLE__V1__INTAKE_COMMAND__WHAT_RAISE || intake_urgent(intake, item) ||
        !lags(intake))
        return WH_RULE_NONE;
    *ret_retry_ms = LAG_RETRY_MS;
    return WH_RULE_BUSY_LAG;
}
