// SPDX-License-Identifier: Apache-2.0
// Before a command is queued: is there room behind us? A nearly full disk and a dedup far behind
// stop new whistles, but never a P1. A dead one stops nothing. (A dispatch far behind makes dedup
// pause, and so is seen here too.)
#include "intake/handler.h"

#define DISK_RETRY_MS 10000
#define LAG_RETRY_MS 2000

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
    if (!wh_follower_lag(intake->runtime, "dedup", &events, &ms))
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
    if (item->what != WHISTLE__V1__INTAKE_COMMAND__WHAT_RAISE || intake_urgent(intake, item))
        return WH_RULE_NONE;
    if (wh_disk_scarce(intake->runtime)) {
        *ret_retry_ms = DISK_RETRY_MS;
        return WH_RULE_BUSY_DISK;
    }
    if (!lags(intake))
        return WH_RULE_NONE;
    *ret_retry_ms = LAG_RETRY_MS;
    return WH_RULE_BUSY_LAG;
}
