// SPDX-License-Identifier: Apache-2.0
// From a request to its row's function: the route table, who asks, whether they may (all before a
// body is read), then whether a browser's request is its page's own. Decides nothing of a row's
// own.
#include "gateway/handler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/json.h"
#include "gateway/handler_api.h"
#include "gateway/handler_console.h"
#include "gateway/handler_district.h"
#include "gateway/handler_hub.h"
#include "gateway/handler_open311.h"
#include "gateway/handler_people.h"
#include "gateway/handler_public.h"
#include "gateway/problem.h"

static const gateway_fn runs[ROUTES] = {
    [ROUTE_WHISTLE_SHOW] = on_object_show,
    [ROUTE_WHISTLE_ROUTE] = on_whistle_route,
    [ROUTE_TASK_SHOW] = on_object_show,
    [ROUTE_PREVIEW] = on_preview,
    [ROUTE_BOARDS] = on_boards,
    [ROUTE_BOARD] = on_board,
    [ROUTE_MAP] = on_map,
    [ROUTE_UNITS] = on_district_table,
    [ROUTE_DEPARTMENTS] = on_district_table,
    [ROUTE_CATEGORIES] = on_district_table,
    [ROUTE_SERVICE_TIMES] = on_district_table,
    [ROUTE_ROUTING] = on_district_table,
    [ROUTE_ROUTING_VERSIONS] = on_versions,
    [ROUTE_HEALTH] = on_health,
    [ROUTE_DEAD_LETTERS] = on_dead_letters,
    [ROUTE_DEAD_LETTER_RETRY] = on_dead_letter_retry,
    [ROUTE_OPENAPI] = on_openapi,
    [ROUTE_RULES] = on_rules,
    [ROUTE_PUBLIC_FORM] = on_public_form,
    [ROUTE_PUBLIC_WHISTLES] = on_public_whistles,
    [ROUTE_PUBLIC_PREVIEW] = on_public_preview,
    [ROUTE_PUBLIC_REPORT] = on_public_report,
    [ROUTE_PUBLIC_ME_TOO] = on_public_me_too,
    [ROUTE_PUBLIC_STATUS] = on_public_status,
    [ROUTE_OPEN311_DISCOVERY] = on_open311_discovery,
    [ROUTE_OPEN311_GET] = on_open311_get,
    [ROUTE_OPEN311_GET_ONE] = on_open311_get_one,
    [ROUTE_OPEN311_POST] = on_open311_post,
    [ROUTE_FEED] = on_feed,
    [ROUTE_SESSION_SHOW] = on_session_show,
    [ROUTE_SESSION_OPEN] = on_session_open,
    [ROUTE_SESSION_CLOSE] = on_session_close,
    [ROUTE_SESSION_POST] = on_session_choose,
    [ROUTE_SESSION_PASSWORD] = on_session_password,
    [ROUTE_SESSIONS] = on_sessions,
    [ROUTE_SESSION_END] = on_sessions_end,
    [ROUTE_PEOPLE] = on_people,
    [ROUTE_PERSON_ADD] = on_people_add,
    [ROUTE_PERSON_END] = on_people_end,
    [ROUTE_PERSON_PASSWORD] = on_people_password,
    [ROUTE_PERSON_POST] = on_people_post,
    [ROUTE_PERSON_POST_END] = on_people_post_end,
    [ROUTE_API_KEYS] = on_api_keys,
    [ROUTE_API_KEY_ADD] = on_api_key_add,
    [ROUTE_API_KEY_END] = on_api_key_end,
    [ROUTE_TASK_LINK] = on_task_link,
    [ROUTE_LINK_SHOW] = on_link_show,
    [ROUTE_LINK_SIGN] = on_link_act,
    [ROUTE_LINK_CHECK_IN] = on_link_act,
    [ROUTE_LINK_REPORT] = on_link_act,
    [ROUTE_LINK_REFUSE] = on_link_act,
};

static bool is(const struct http_request *request, const char *path)
{
    return wh_str_eq(request->path, wh_str(path));
}

static bool is_health(const struct http_request *request)
{
    return is(request, "/healthz") || is(request, "/readyz");
}

static void answer_health(const struct gateway *gateway, struct http_request *request)
{
    char why[200] = "";
    if (is(request, "/healthz"))
        http_respond_text(request, 200, "ok\n");
    else if (wh_ready_now(gateway->runtime, why, sizeof why))
        http_respond_text(request, 200, "ready\n");
    else
        http_respond_text(request, 503, "not ready\n");
}

// ---- before the body ---------------------------------------------------------------------------

static bool method_of(const struct http_request *request, enum route_method *ret_method)
{
    static const enum route_method methods[] = {
        [HTTP_METHOD_GET] = ROUTE_GET,       [HTTP_METHOD_HEAD] = ROUTE_GET,
        [HTTP_METHOD_POST] = ROUTE_POST,     [HTTP_METHOD_PUT] = ROUTE_PUT,
        [HTTP_METHOD_DELETE] = ROUTE_DELETE,
    };
    switch (request->method) {
    case HTTP_METHOD_GET:
    case HTTP_METHOD_HEAD:
    case HTTP_METHOD_POST:
    case HTTP_METHOD_PUT:
    case HTTP_METHOD_DELETE:
        *ret_method = methods[request->method];
        return true;
    default:
        return false;
    }
}

static void refuse_method(struct http_request *request, unsigned allowed)
{
    char allow[64];
    (void)snprintf(allow, sizeof allow, "%s%s%s%s", allowed & 1u << ROUTE_GET ? "GET, HEAD, " : "",
                   allowed & 1u << ROUTE_POST ? "POST, " : "",
                   allowed & 1u << ROUTE_PUT ? "PUT, " : "",
                   allowed & 1u << ROUTE_DELETE ? "DELETE, " : "");
    allow[strlen(allow) - 2] = '\0';
    reply_problem_with(request, WH_RULE_METHOD_NOT_ALLOWED, "Allow", allow);
}

// The row, or the request is answered: a page of the console, or a refusal.
static bool find(const struct gateway *gateway, struct http_request *request,
                 struct route_found *ret_found)
{
    enum route_method method;
    unsigned allowed = route_allowed(request->path);
    if (allowed == 0 && console_serve(gateway->console, request))
        return false;
    if (allowed == 0)
        reply_problem(request, WH_RULE_PATH_UNKNOWN, NULL, NULL);
    else if (!method_of(request, &method) || route_find(method, request->path, ret_found) != 0)
        refuse_method(request, allowed);
    else
        return true;
    return false;
}

// Who asks, and may they? Else the request is answered.
static bool admit(struct gateway_ask *ask)
{
    enum wh_rule rule = gateway_caller(ask->gateway, ask->request, &ask->caller);
    struct route_caller caller = gateway_route_caller(&ask->caller);
    // who brings a bad key to what anybody may see is told so all the same
    if (rule == WH_RULE_NONE) {
        int status = route_may(ask->route, &caller);
        rule = status == 0                  ? WH_RULE_NONE
               : status == WH_E_UNKNOWN_KEY ? WH_RULE_LOGIN_NEEDED
                                            : WH_RULE_ROLE_NOT_ALLOWED;
    }
    if (rule != WH_RULE_NONE)
        reply_problem(ask->request, rule, NULL, NULL);
    return rule == WH_RULE_NONE;
}

size_t gateway_head(struct http_request *request, void *arg)
{
    struct route_found found;
    if (is_health(request) || !find(arg, request, &found))
        return 0;
    struct gateway_ask *ask = wh_arena_calloc(request->arena, 1, sizeof *ask);
    if (ask == NULL) {
        reply_problem(request, WH_RULE_INTERNAL, NULL, NULL);
        return 0;
    }
    *ask = (struct gateway_ask){
        .gateway = arg,
        .request = request,
        .arena = request->arena,
        .found = found,
        .route = found.route,
        .english = language_of(http_header_get(request, "Accept-Language")) == LANGUAGE_EN,
    };
    if (!admit(ask))
        return 0;
    request->user = ask;
    return route_body_max(ask->route);
}

// ---- whole -------------------------------------------------------------------------------------

static bool is_json(const struct http_request *request)
{
    const char *type = http_header_get(request, "Content-Type");
    size_t n = strlen("application/json");
    return type != NULL && strncasecmp(type, "application/json", n) == 0 &&
           (type[n] == '\0' || type[n] == ';' || type[n] == ' ');
}

void gateway_handle(struct http_request *request, void *arg)
{
    struct gateway_ask *ask = request->user;
    if (is_health(request)) {
        answer_health(arg, request);
        return;
    }
    bool unsafe = ask->route->method != ROUTE_GET;
    if (unsafe && !gateway_csrf_good(ask->gateway, request, &ask->caller))
        reply_rule(ask, WH_RULE_CSRF, NULL, NULL);
    else if (request->body.n > 0 && !ask->route->form && !is_json(request))
        reply_rule(ask, WH_RULE_MEDIA_TYPE, NULL, NULL);
    else if (runs[ask->found.id] != NULL)
        runs[ask->found.id](ask);
    else if (ask->route->door != DOOR_NONE)
        on_door(ask);
    else
        reply_rule(ask, WH_RULE_PATH_UNKNOWN, NULL, NULL);
}

// What the listener refuses by itself has no rule of ours but its status.
static enum wh_rule rule_of(int status)
{
    switch (status) {
    case 413:
    case 414:
    case 431:
        return WH_RULE_TOO_LARGE;
    case 429:
        return WH_RULE_BUSY_WINDOW;
    case 503:
        return WH_RULE_BUSY_CONNECTIONS;
    default:
        return WH_RULE_MESSAGE_MALFORMED;
    }
}

void gateway_refuse(const struct http_refusal *refusal, struct wh_arena *arena,
                    struct http_reply *reply, void *arg)
{
    (void)arg;
    const struct problem problem = {.rule = rule_of(refusal->status),
                                    .detail = refusal->why,
                                    .retry_after_ms = (int64_t)refusal->retry_after * 1000};
    Whistle__V1__Problem shown;
    problem_make(&problem, arena, &shown);
    shown.status = refusal->status;
    json_t *json = wh_json_from(&shown.base, NULL);
    size_t n = 0;
    char *text = json != NULL ? wh_json_dump(json, &n) : NULL;
    char *copy = text != NULL ? wh_arena_dup(arena, text, n) : NULL;
    json_decref(json);
    free(text);
    reply->type = copy != NULL ? PROBLEM_TYPE : "text/plain; charset=utf-8";
    reply->body = copy != NULL ? wh_str_n(copy, n) : wh_str(refusal->why);
}
