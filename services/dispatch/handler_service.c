// SPDX-License-Identifier: Apache-2.0
// Dispatch as a service: what its door takes and from whom, whom it follows, who may follow it, its
// statements. A role here only opens the route; whether this unit or body may do it to this whistle
// is for the rules to say.
#include "dispatch/handler_service.h"

#include "dispatch/dispatch.h"
#include "dispatch/words.h"

#define STREET WH_ROLE_STREET
#define COMMUNITY WH_ROLE_COMMUNITY
#define DEPARTMENT WH_ROLE_DEPARTMENT
#define DISTRICT WH_ROLE_DISTRICT

// Whoever may hold a task: departments, streets that a department whistles to, the backstop.
#define HOLDERS (DEPARTMENT | STREET | DISTRICT)
// Whoever may have raised a whistle.
#define RAISERS (STREET | DEPARTMENT | DISTRICT)
#define READERS                                                                      \
    (STREET | COMMUNITY | DEPARTMENT | DISTRICT | WH_ROLE_LEADER | WH_ROLE_AUDITOR | \
     WH_ROLE_SERVICE)
#define KEEPERS (WH_ROLE_OPERATOR | DISTRICT | WH_ROLE_AUDITOR | WH_ROLE_LEADER)

#define DO(what, name, may)                                      \
    {                                                            \
        COMMAND(what), name, may, need_command, on_command, NULL \
    }
#define ANSWER(what, name, may)                                              \
    {                                                                        \
        COMMAND(what), name, may, need_notice_answer, on_notice_answer, NULL \
    }
#define SEE(what, name, may, fn)                 \
    {                                            \
        COMMAND(what), name, may, NULL, NULL, fn \
    }

static const struct wh_route routes[] = {
    DO(SIGN, "sign", HOLDERS),
    DO(CHECK_IN, "check_in", HOLDERS),
    DO(REPORT, "report", HOLDERS),
    DO(REFUSE, "refuse", HOLDERS),
    DO(RULE, "rule", DISTRICT),
    DO(EXTEND, "extend", HOLDERS),
    DO(DECIDE_EXTENSION, "decide_extension", RAISERS),
    DO(LEDGER, "ledger", HOLDERS),
    DO(DECIDE_LEDGER, "decide_ledger", RAISERS),
    DO(CONFIRM, "confirm", RAISERS),
    DO(RATE, "rate", RAISERS),
    DO(REPLY_RATING, "reply_rating", HOLDERS),
    DO(OPINION, "opinion", COMMUNITY),
    DO(REOPEN, "reopen", RAISERS),
    DO(WITHDRAW, "withdraw", RAISERS | COMMUNITY),
    DO(ADD, "add", RAISERS),
    DO(DELEGATE, "delegate", HOLDERS),
    DO(RULE_CLOSE, "rule_close", RAISERS),
    ANSWER(NOTICE_SENT, "notice_sent", WH_ROLE_NOTIFIER),
    ANSWER(NOTICE_FAILED, "notice_failed", WH_ROLE_NOTIFIER),

    SEE(SHOW, "show", READERS, view_show),
    SEE(LIST, "list", READERS, view_list),
    SEE(TASKS, "tasks", READERS, view_tasks),
    SEE(HISTORY, "history", READERS, view_history),
    SEE(NOTICES, "notices", READERS, view_notices),
    SEE(SHEET, "sheet", READERS | WH_ROLE_SHEET, view_sheet),
    SEE(EXPLAIN, "explain", READERS | WH_ROLE_OPERATOR, view_explain),
    SEE(CHECK, "check", KEEPERS, view_check),
    SEE(DEAD_LETTERS, "dead_letters", KEEPERS | WH_ROLE_SERVICE, view_dead_letters),
    SEE(RETRY_DEAD_LETTER, "retry_dead_letter", WH_ROLE_OPERATOR | DISTRICT, view_retry),
    SEE(GET_HEALTH, "get_health", KEEPERS | WH_ROLE_SERVICE, view_health),
    SEE(STATUS, "status", KEEPERS, view_status),
    SEE(SIMULATE, "simulate", KEEPERS, view_simulate),
};

static const struct wh_follows follows[] = {
    {"dedup", &whistle__v1__dedup_event__descriptor, need_dedup, on_dedup, false, NULL},
    {"urgent", &whistle__v1__dedup_event__descriptor, need_dedup, on_urgent, true, NULL},
    {"p1", &whistle__v1__intake_event__descriptor, need_p1, on_p1, true, "unchecked_s"},
};

static const struct wh_feed_name feeds[] = {
    {"dispatch", 0,
     WH_ROLE_SERVICE | WH_ROLE_AUDITOR | WH_ROLE_GATEWAY | DISTRICT | WH_ROLE_LEADER},
    {"notices", SUBJECT_NOTICES, WH_ROLE_NOTIFIER | WH_ROLE_AUDITOR},
    {"ends", SUBJECT_ENDS, WH_ROLE_SERVICE | WH_ROLE_AUDITOR},
};

static const struct wh_setting settings[] = {
    {"unchecked_s", WH_SETTING_INT, "60", 1, 3600, false,
     "特急哨吹出多少秒后仍无去重结论即直接派单",
     "a P1 that dedup has not judged so many seconds after it was blown goes out unchecked"},
    {"collect_first_s", WH_SETTING_INT, "120", 0, 86400, false,
     "并入的反映攒多少秒后告知部门一次(险情除外)",
     "joined reports are told to the departments together so many seconds after the first (danger "
     "at once)"},
    {"collect_every_s", WH_SETTING_INT, "600", 0, 86400, false, "此后至少隔多少秒再告知一次",
     "after that not more often than every so many seconds"},
};

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

const struct wh_service dispatch_service = {
    .name = "dispatch",
    .migration = "0005_public.sql",
    .command = &whistle__v1__dispatch_command__descriptor,
    .event = &whistle__v1__dispatch_event__descriptor,
    .answer = &whistle__v1__dispatch_answer__descriptor,
    .routes = routes,
    .n_routes = COUNT(routes),
    .follows = follows,
    .n_follows = COUNT(follows),
    .feeds = feeds,
    .n_feeds = COUNT(feeds),
    .settings = settings,
    .n_settings = COUNT(settings),
    .statements = store_statements,
    .n_statements = PUT_STATEMENTS,
    .loaders = dispatch_loaders,
    .n_loaders = LOAD_LOADERS,
    .selects = store_selects,
    .n_selects = SELECTS,
    .start = dispatch_start,
    .stop = dispatch_stop,
    .reset = dispatch_reset,
    .rebuild = dispatch_rebuild,
    .n_rebuild = REBUILDS,
    .ready = dispatch_ready,
    .timer_need = need_timer,
    .timer_on = on_timer,
    .committed = dispatch_committed,
    .rolled_back = dispatch_rolled_back,
    .describe = dispatch_describe,
    .subject = dispatch_subject,
    .counts_select = SELECT_FIGURES,
    .count = dispatch_count,
};
