// SPDX-License-Identifier: Apache-2.0
// Dedup as a service: what its door takes and from whom, whom it follows, who may follow it, its
// settings and statements. A role here only opens the route; whose whistle it is is for the rules.
#include "dedup/handler_service.h"

#include "dedup/handler.h"

#define COMMAND(name) WHISTLE__V1__DEDUP_COMMAND__WHAT_##name
#define KEEPERS (WH_ROLE_OPERATOR | WH_ROLE_DISTRICT | WH_ROLE_AUDITOR)

static const struct wh_route routes[] = {
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
};

#define FOLLOWERS (WH_ROLE_SERVICE | WH_ROLE_AUDITOR | WH_ROLE_GATEWAY)
static const struct wh_feed_name feeds[] = {
    {"dedup", 0, FOLLOWERS},
    {"urgent", SUBJECT_URGENT, FOLLOWERS},
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
    .statements = dedup_statements,
    .n_statements = PUT_STATEMENTS,
    .loaders = dedup_loaders,
    .n_loaders = LOAD_LOADERS,
    .selects = dedup_selects,
    .n_selects = SELECTS,
    .rebuild = dedup_rebuild,
    .n_rebuild = REBUILDS,
    .start = dedup_start,
    .stop = dedup_stop,
    .reset = dedup_reset,
    .ready = dedup_ready,
    .committed = dedup_committed,
    .rolled_back = dedup_rolled_back,
    .subject = dedup_subject,
};
