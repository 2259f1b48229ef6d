// SPDX-License-Identifier: Apache-2.0
// Dedup as a service: what its door takes and from whom, whom it follows, who may follow it, its
// settings and statements. A role here only opens the route; whose whistle it is is for the rules.
#include "dedup/handler_service.h"

#include "dedup/handler.h"
#include "runtime/setting.h"
#include "whistle/v1/dispatch.pb-c.h"

#define COMMAND(name) WHISTLE__V1__DEDUP_COMMAND__WHAT_##name
#define KEEPERS (WH_ROLE_OPERATOR | WH_ROLE_DISTRICT | WH_ROLE_AUDITOR)

#define DECIDERS (WH_ROLE_STREET | WH_ROLE_COMMUNITY | WH_ROLE_DEPARTMENT | WH_ROLE_DISTRICT)
#define READERS (DECIDERS | WH_ROLE_LEADER | WH_ROLE_AUDITOR | WH_ROLE_SERVICE)

static const struct wh_route routes[] = {
    {COMMAND(JOIN), "join", DECIDERS, need_join, on_join, NULL},
    {COMMAND(SPLIT), "split", DECIDERS, need_split, on_split, NULL},
    {COMMAND(PREVIEW), "preview", READERS, NULL, NULL, query_preview},
    {COMMAND(MATTER), "matter", READERS, NULL, NULL, query_matter},
    {COMMAND(DOUBTS), "doubts", READERS, NULL, NULL, query_doubts},
    {COMMAND(DEAD_LETTERS), "dead_letters", KEEPERS | WH_ROLE_SERVICE, NULL, NULL,
     query_dead_letters},
    {COMMAND(RETRY_DEAD_LETTER), "retry_dead_letter", WH_ROLE_OPERATOR | WH_ROLE_DISTRICT, NULL,
     NULL, query_retry},
    {COMMAND(GET_HEALTH), "get_health", KEEPERS | WH_ROLE_LEADER | WH_ROLE_SERVICE, NULL, NULL,
     query_health},
};

static const struct wh_follows follows[] = {
    {"intake", &whistle__v1__intake_event__descriptor, need_intake, on_intake, false, NULL},
    {"p1", &whistle__v1__intake_event__descriptor, need_p1, on_p1, true, NULL},
    {"ends", &whistle__v1__dispatch_event__descriptor, need_ends, on_ends, false, NULL},
};

#define FOLLOWERS (WH_ROLE_SERVICE | WH_ROLE_AUDITOR | WH_ROLE_GATEWAY)
static const struct wh_feed_name feeds[] = {
    {"dedup", 0, FOLLOWERS},
    {"urgent", SUBJECT_URGENT, FOLLOWERS},
};

static const struct wh_setting settings[] = {
    {"automatic", WH_SETTING_BOOL, "true", 0, 0, false, "自动归并;关掉后只提示可能相同,由人决定",
     "joins by itself; off: only shows what may be the same, people decide"},
    {"hold_s", WH_SETTING_INT, "600", 0, 600, false,
     "疑似重复(非特急)最多等人工决定多少秒,到时照常派单",
     "how many seconds a doubtful whistle (never P1) waits for a person, then it goes out"},
    {"raise_at", WH_SETTING_TEXT, "5,20", 0, 100, false,
     "同一事项达到这些附议数时各升一级(最高到 P2);空为不升",
     "numbers of supporters at which a matter's priority rises by one, to P2 at most; empty: "
     "never"},
    {"lag_events", WH_SETTING_INT, "20000", 100, 100000000, false,
     "派单落后多少条时暂缓判重(特急除外)",
     "how many events dispatch may be behind before verdicts wait (never those on P1)"},
    {"known_upto", WH_SETTING_INT, "0", 0, INT64_MAX, false,
     "升级时:收哨第几条及以前派单已知,只入库比对,不再派单",
     "at an upgrade: up to which event of intake dispatch knows everything already; those only "
     "warm "
     "the index"},
};

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

const struct wh_service dedup_service = {
    .name = "dedup",
    .migration = "0001_dedup.sql",
    .command = &whistle__v1__dedup_command__descriptor,
    .event = &whistle__v1__dedup_event__descriptor,
    .answer = &whistle__v1__dedup_answer__descriptor,
    .routes = routes,
    .n_routes = COUNT(routes),
    .follows = follows,
    .n_follows = COUNT(follows),
    .feeds = feeds,
    .n_feeds = COUNT(feeds),
    .settings = settings,
    .n_settings = COUNT(settings),
    .statements = dedup_statements,
    .n_statements = PUT_STATEMENTS,
    .loaders = dedup_loaders,
    .n_loaders = LOAD_LOADERS,
    .selects = dedup_selects,
    .n_selects = SELECTS,
    .rebuild = dedup_rebuild,
    .n_rebuild = REBUILDS,
    .memory = dedup_memory,
    .start = dedup_start,
    .stop = dedup_stop,
    .reset = dedup_reset,
    .ready = dedup_ready,
    .timer_need = need_timer,
    .timer_on = on_timer,
    .committed = dedup_committed,
    .rolled_back = dedup_rolled_back,
    .describe = dedup_describe,
    .subject = dedup_subject,
    .pause = dedup_pause,
};
