// SPDX-License-Identifier: Apache-2.0
// Gateway as a service: what its door takes and from whom, who may follow it, its settings and
// statements. A role here only opens the route; whose person or key it is is for the rules. A route
// without roles is for the gateway's own use (wh_submit).
#include "gateway/handler_service.h"

#include "gateway/handler.h"
#include "runtime/setting.h"

#define COMMAND(name) WHISTLE__V1__GATEWAY_COMMAND__WHAT_##name
#define KEEPERS (WH_ROLE_OPERATOR | WH_ROLE_DISTRICT | WH_ROLE_AUDITOR)

// Bodies keep their own people and keys, the district and operators all.
#define BODIES (WH_ROLE_STREET | WH_ROLE_COMMUNITY | WH_ROLE_DEPARTMENT)
#define WARDENS (WH_ROLE_OPERATOR | WH_ROLE_DISTRICT | BODIES)
#define PEOPLE (WARDENS | WH_ROLE_LEADER | WH_ROLE_AUDITOR)
#define INSIDE 0
#define DO(what, name, may, fn)                  \
    {                                            \
        COMMAND(what), name, may, NULL, fn, NULL \
    }

static const struct wh_route routes[] = {
    DO(ADD_PERSON, "add_person", WARDENS, on_add_person),
    DO(CHANGE_PERSON, "change_person", WARDENS, on_change_person),
    DO(END_PERSON, "end_person", WARDENS, on_end_person),
    DO(GIVE_POST, "give_post", WARDENS, on_give_post),
    DO(END_POST, "end_post", WARDENS, on_end_post),
    DO(SET_PASSWORD, "set_password", PEOPLE, on_set_password),
    DO(END_SESSION, "end_session", PEOPLE, on_end_session),
    DO(ADD_API_KEY, "add_api_key", WARDENS, on_add_api_key),
    DO(END_API_KEY, "end_api_key", WARDENS, on_end_api_key),
    DO(END_LINKS, "end_links", WARDENS, on_end_links),
    DO(OPEN_SESSION, "open_session", INSIDE, on_open_session),
    DO(CHANGE_SESSION, "change_session", INSIDE, on_change_session),
    DO(TOUCH_USED, "touch_used", INSIDE, on_touch_used),
    {COMMAND(PEOPLE), "people", WARDENS | WH_ROLE_AUDITOR, NULL, NULL, query_people},
    {COMMAND(SESSIONS), "sessions", WARDENS | WH_ROLE_AUDITOR, NULL, NULL, query_sessions},
    {COMMAND(API_KEYS), "api_keys", WARDENS, NULL, NULL, query_api_keys},
    {COMMAND(LINK), "link", WARDENS | WH_ROLE_NOTIFIER, NULL, NULL, query_link},
    {COMMAND(DEAD_LETTERS), "dead_letters", KEEPERS | WH_ROLE_SERVICE, NULL, NULL,
     query_dead_letters},
    {COMMAND(RETRY_DEAD_LETTER), "retry_dead_letter", WH_ROLE_OPERATOR | WH_ROLE_DISTRICT, NULL,
     NULL, query_retry},
    {COMMAND(GET_HEALTH), "get_health", KEEPERS | WH_ROLE_LEADER | WH_ROLE_SERVICE, NULL, NULL,
     query_health},
};

static const struct wh_feed_name feeds[] = {
    {"gateway", 0, WH_ROLE_SERVICE | WH_ROLE_AUDITOR},
};

static const struct wh_setting settings[] = {
    {"http_address", WH_SETTING_TEXT, "127.0.0.1", 1, 64, false, "网页接口监听的地址",
     "address of the HTTP listener"},
    {"http_port", WH_SETTING_INT, "8080", 0, 65535, false, "网页接口端口;0 为任意空闲端口",
     "port of the HTTP listener; 0: any free one"},
    {"http_connections", WH_SETTING_INT, "8192", 16, 100000, false, "最多同时连接数",
     "connections at most"},
    {"http_address_connections", WH_SETTING_INT, "256", 1, 100000, false,
     "同一地址(可信代理除外)最多连接数",
     "connections of one address at most (trusted proxies apart)"},
    {"hub_events", WH_SETTING_INT, "20000", 10, 1000000, false,
     "内存中留多少条最新事件(最多 8 MiB)供断线者接续;更早的从事件源取",
     "newest events kept in memory (8 MiB at most) for who reconnects; older ones are fetched"},
    {"trusted_proxies", WH_SETTING_TEXT, "", 0, 1000, false,
     "可信反向代理的地址或网段(逗号分隔),其 X-Forwarded-For 和 -Proto 可信",
     "trusted proxies (addresses or networks, commas between): their X-Forwarded-For and -Proto "
     "are believed"},
    {"public_url", WH_SETTING_TEXT, "", 0, 200, false,
     "对外网址,如 https://whistle.example;空则按请求的 Host。登录页核对来源、短信链接用它",
     "how people reach it, e.g. https://whistle.example; empty: as requests' Host says. For the "
     "check of origins and for links in messages"},
    {"door_wait_s", WH_SETTING_INT, "15", 1, 120, false, "其他服务多久没有应答即请对方稍后重试(秒)",
     "another service that has not answered for so long: its asker is told to come back (s)"},
    {"console_dir", WH_SETTING_TEXT, "", 0, 4000, false, "网页控制台文件所在目录;空则没有",
     "folder of the console's files; empty: none"},
    {"session_idle_s", WH_SETTING_INT, "28800", 60, 604800, false, "多久不用即须重新登录(秒)",
     "a session unused for so long ends (s)"},
    {"session_s", WH_SETTING_INT, "86400", 60, 2592000, false, "最多多久须重新登录(秒)",
     "a session ends after so long (s)"},
    {"password_at_once", WH_SETTING_INT, "2", 1, 16, false, "同时核对的口令数;其余排队,最多 64 个",
     "passwords checked at once; others wait, at most 64"},
    {"public_reports_hour", WH_SETTING_INT, "10", 1, 100000, false,
     "同一地址每小时最多的居民反映(特急不限)",
     "residents' reports of one address an hour at most (a P1 never counts)"},
    {"public_reports_minute", WH_SETTING_INT, "60", 1, 60000, false,
     "全区每分钟最多的居民反映(特急不限)",
     "residents' reports a minute at most, all together (a P1 never counts)"},
};

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

const struct wh_service gateway_service = {
    .name = "gateway",
    .migration = "0002_request_key.sql",
    .command = &whistle__v1__gateway_command__descriptor,
    .event = &whistle__v1__gateway_event__descriptor,
    .answer = &whistle__v1__gateway_answer__descriptor,
    .routes = routes,
    .n_routes = COUNT(routes),
    .feeds = feeds,
    .n_feeds = COUNT(feeds),
    .settings = settings,
    .n_settings = COUNT(settings),
    .statements = gateway_statements,
    .n_statements = PUT_STATEMENTS,
    .selects = gateway_selects,
    .n_selects = SELECTS,
    .start = gateway_start,
    .stop = gateway_stop,
    .reset = gateway_reset,
    .rebuild = gateway_rebuild,
    .n_rebuild = REBUILDS,
    .ready = gateway_ready,
    .committed = gateway_committed,
    .rolled_back = gateway_rolled_back,
    .describe = gateway_describe,
    .drain = gateway_drain,
    .drained = gateway_drained,
    .close = gateway_close,
};
