// SPDX-License-Identifier: Apache-2.0
// intake: takes whistles, decides whether they are well-formed and who may raise them, numbers and
// journals them, and has streets review what must be reviewed. This file only lists what there is.
#include "client/keys.h"
#include "intake/handler.h"
#include "intake/number.h"
#include "runtime/setting.h"

#define COMMAND(name) WHISTLE__V1__INTAKE_COMMAND__WHAT_##name
#define RAISERS (WH_ROLE_STREET | WH_ROLE_COMMUNITY | WH_ROLE_DEPARTMENT)
#define REVIEWERS (WH_ROLE_STREET | WH_ROLE_COMMUNITY | WH_ROLE_DEPARTMENT)
#define KEEPERS (WH_ROLE_STREET | WH_ROLE_DISTRICT)
#define ANYBODY                                                                         \
    (RAISERS | WH_ROLE_DISTRICT | WH_ROLE_LEADER | WH_ROLE_OPERATOR | WH_ROLE_AUDITOR | \
     WH_ROLE_NOTIFIER | WH_ROLE_GATEWAY | WH_ROLE_SERVICE | WH_ROLE_SHEET)

static const struct wh_route routes[] = {
    {COMMAND(RAISE), "raise", RAISERS, need_raise, on_raise, NULL},
    {COMMAND(REVIEW), "review", REVIEWERS, need_number, on_review, NULL},
    {COMMAND(SUPPLEMENT), "supplement", RAISERS, need_number, on_supplement, NULL},
    {COMMAND(PRIORITY), "priority", KEEPERS, need_number, on_priority, NULL},
    {COMMAND(RESUBMIT), "resubmit", RAISERS, need_resubmit, on_resubmit, NULL},
    {COMMAND(ADOPT), "adopt", WH_ROLE_OPERATOR | WH_ROLE_DISTRICT, need_adopt, on_adopt, NULL},
    {COMMAND(ERASE), "erase", KEEPERS, need_number, on_erase, NULL},
    {COMMAND(UNSEAL), "unseal", KEEPERS | WH_ROLE_DEPARTMENT, need_number, on_unseal, NULL},
    {COMMAND(GET_DISTRICT), "get_district", ANYBODY, NULL, NULL, query_district},
    {COMMAND(PREVIEW), "preview", RAISERS, NULL, NULL, query_preview},
    {COMMAND(DEAD_LETTERS), "dead_letters",
     WH_ROLE_OPERATOR | WH_ROLE_AUDITOR | WH_ROLE_DISTRICT | WH_ROLE_SERVICE, NULL, NULL,
     query_dead_letters},
    {COMMAND(GET_HEALTH), "get_health",
     WH_ROLE_OPERATOR | WH_ROLE_AUDITOR | WH_ROLE_DISTRICT | WH_ROLE_LEADER | WH_ROLE_SERVICE, NULL,
     NULL, query_health},
    {COMMAND(GET_UNSEALED), "get_unsealed", KEEPERS | WH_ROLE_DEPARTMENT, NULL, NULL,
     query_unsealed},
    {COMMAND(PREVIEW_DISTRICT), "preview_district", WH_ROLE_OPERATOR | WH_ROLE_DISTRICT, NULL, NULL,
     query_preview_district},
    {COMMAND(GET_CONTACT), "get_contact", WH_ROLE_NOTIFIER, NULL, NULL, query_contact},
};

static const struct wh_feed_name feeds[] = {
    {"intake", 0, WH_ROLE_SERVICE | WH_ROLE_AUDITOR | WH_ROLE_GATEWAY},
    {"p1", WHISTLE_SUBJECT_P1, WH_ROLE_SERVICE | WH_ROLE_AUDITOR | WH_ROLE_GATEWAY},
};

static const struct wh_setting settings[] = {
    {"lag_events", WH_SETTING_INT, "50000", 100, 100000000, false,
     "归并落后多少条时暂缓接哨(特急除外)",
     "how many events dedup may be behind before whistles wait (never P1)"},
    {"lag_s", WH_SETTING_INT, "60", 1, 86400, false, "归并落后多少秒时暂缓接哨(特急除外)",
     "how many seconds dedup may be behind before whistles wait (never P1)"},
    {"number_after", WH_SETTING_INT, "0", 0, INT64_C(99991231) * NUMBER_DAY, false,
     "恢复备份后:新哨号都大于此号(yyyymmdd×10^7+n),丢失的号不再用",
     "after a restore: new numbers are greater than this one (yyyymmdd * 10^7 + n), so that no "
     "lost "
     "whistle's is given again"},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct wh_service intake = {
    .name = "intake",
    .migration = "0001_whistle.sql",
    .command = &whistle__v1__intake_command__descriptor,
    .event = &whistle__v1__intake_event__descriptor,
    .answer = &whistle__v1__intake_answer__descriptor,
    .routes = routes,
    .n_routes = COUNT(routes),
    .feeds = feeds,
    .n_feeds = COUNT(feeds),
    .settings = settings,
    .n_settings = COUNT(settings),
    .statements = store_statements,
    .n_statements = STORE_PUTS,
    .loaders = store_loaders,
    .n_loaders = STORE_LOADS,
    .selects = store_selects,
    .n_selects = STORE_SELECTS,
    .rebuild = store_rebuild,
    .n_rebuild = STORE_REBUILDS,
    .start = intake_start,
    .stop = intake_stop,
    .reset = intake_reset,
    .ready = intake_ready,
    .timer_need = need_clock,
    .timer_on = on_clock,
    .committed = intake_committed,
    .rolled_back = intake_rolled_back,
    .describe = intake_describe,
    .admit = intake_admit,
    .urgent = intake_urgent,
    .subject = intake_subject,
};

int main(int argc, char **argv)
{
    return wh_service_main(&intake, argc, argv);
}
