// SPDX-License-Identifier: Apache-2.0
// From Open311's paths to what answers them; discovery, services and their attributes; how answers
// and refusals look. Formats by the path's ending, XML where it has none.
#include "gateway/handler_open311.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/json.h"
#include "gateway/handler_district.h"
#include "gateway/handler_public.h"
#include "gateway/public_category.h"

// ---- answers ------------------------------------------------------------------------------------

static void send_text(struct gateway_ask *ask, int status, bool json, struct wh_str text)
{
    const struct open311_ask *mine = ask->data;
    const char *where = mine != NULL && mine->location[0] != 0 ? mine->location : NULL;
    const struct http_header headers[] = {{"Cache-Control", "no-store"},
                                          {"Vary", "Accept, Accept-Language, Authorization"},
                                          {"Location", where}};
    const struct http_reply reply = {
        .status = status,
        .type = json ? "application/json; charset=utf-8" : "text/xml; charset=utf-8",
        .headers = headers,
        .n_headers = where != NULL ? 3 : 2,
        .body = text,
    };
    http_respond(ask->request, &reply);
}

void open311_reply(struct gateway_ask *ask, int status, enum open311_kind kind, json_t *document)
{
    const struct open311_ask *mine = ask->data;
    bool json = mine != NULL && mine->json;
    char *text = NULL;
    size_t n = 0;
    if (document != NULL && json)
        text = wh_json_dump(document, &n);
    else if (document != NULL && open311_xml(document, kind, &text, &n) != 0)
        text = NULL;
    json_decref(document);
    if (text == NULL)
        http_respond_text(ask->request, 500, "internal error\n");
    else
        send_text(ask, status, json, wh_str_n(text, n));
    free(text);
}

void open311_refuse(struct gateway_ask *ask, int status, const char *text)
{
    open311_reply(ask, status, OPEN311_ERRORS, open311_error(status, text));
}

void open311_refuse_rule(struct gateway_ask *ask, enum wh_rule rule, const char *field)
{
    const struct wh_rule_info *info = wh_rule_info(rule);
    char text[256];
    (void)snprintf(text, sizeof text, "%s%s%s (%s)", ask->english ? info->en : info->zh,
                   field != NULL && field[0] != 0 ? ": " : "", field != NULL ? field : "",
                   info->name);
    open311_refuse(ask, info->status != 0 ? info->status : 500, text);
}

// ---- the beginning ------------------------------------------------------------------------------

static bool is_ours(const struct wh_district *district, const char *jurisdiction)
{
    return jurisdiction[0] == 0 || strcmp(jurisdiction, wh_district_data(district)->code) == 0 ||
           strcmp(jurisdiction, wh_district_prefix(district)) == 0;
}

bool open311_common_good(struct gateway_ask *ask, const struct open311_common *common)
{
    struct open311_ask *mine = ask->data;
    if (!is_ours(mine->view.district, common->jurisdiction_id)) {
        open311_refuse(ask, 404, "jurisdiction_id: no such jurisdiction");
        return false;
    }
    if (strncmp(common->locale, "en", 2) == 0)
        mine->view.english = true;
    else if (strncmp(common->locale, "zh", 2) == 0)
        mine->view.english = false;
    mine->view.extensions = common->extensions;
    mine->key = ask->caller;
    if (common->api_key[0] != 0 &&
        open311_key(ask->gateway, common->api_key, ask->arena, &mine->key) != WH_RULE_NONE) {
        open311_refuse(ask, 403, "api_key: unknown or no longer valid");
        return false;
    }
    ask->caller = mine->key;
    mine->sees_all = mine->key.kind == CALLER_KEY && (mine->key.scopes & SCOPE_OPEN311_ALL) != 0;
    return true;
}

bool open311_begin(struct gateway_ask *ask, struct wh_str segment)
{
    struct open311_ask *mine = wh_arena_calloc(ask->arena, 1, sizeof *mine);
    struct open311_fault fault;
    ask->data = mine;
    if (mine == NULL) {
        open311_refuse(ask, 500, "internal error");
        return false;
    }
    mine->id = wire_open311_name(segment, http_header_get(ask->request, "Accept"), &mine->json);
    mine->view =
        (struct open311_view){.district = gateway_district(ask->gateway), .english = ask->english};
    if (mine->view.district == NULL) {
        open311_refuse_rule(ask, WH_RULE_DISTRICT_MISSING, NULL);
        return false;
    }
    if (wire_open311_query(ask->request->query, wh_district_prefix(mine->view.district), ask->arena,
                           &mine->query, &fault) != 0) {
        open311_refuse(ask, fault.status, fault.text);
        return false;
    }
    return open311_common_good(ask, &mine->query.common);
}

// ---- discovery, services ------------------------------------------------------------------------

void on_open311_discovery(struct gateway_ask *ask)
{
    const char *base = wh_setting_text(ask->gateway->runtime, "public_url");
    char url[300], changeset[24];
    if (!open311_begin(ask, ask->found.captures[0]))
        return;
    const struct open311_ask *mine = ask->data;
    if (!wh_str_eq(mine->id, wh_str("discovery"))) {
        open311_refuse_rule(ask, WH_RULE_PATH_UNKNOWN, NULL);
        return;
    }
    if (base[0] != 0)
        (void)snprintf(url, sizeof url, "%s/open311/v2", base);
    else
        (void)snprintf(url, sizeof url, "%s://%.200s/open311/v2",
                       ask->request->secure ? "https" : "http", ask->request->host);
    (void)snprintf(changeset, sizeof changeset, "%d", wh_district_version(mine->view.district));
    const struct open311_place place = {
        .url = url, .contact = "", .key_service = "", .changeset = changeset};
    open311_reply(ask, 200, OPEN311_DISCOVERY, open311_discovery(&place));
}

void on_open311_get(struct gateway_ask *ask)
{
    if (!open311_begin(ask, ask->found.captures[0]))
        return;
    struct open311_ask *mine = ask->data;
    if (wh_str_eq(mine->id, wh_str("services")))
        open311_reply(ask, 200, OPEN311_SERVICES, open311_services(&mine->view));
    else if (wh_str_eq(mine->id, wh_str("requests")))
        open311_list(ask);
    else
        open311_refuse_rule(ask, WH_RULE_PATH_UNKNOWN, NULL);
}

static void definition(struct gateway_ask *ask)
{
    const struct open311_ask *mine = ask->data;
    const char *code = wh_arena_dup(ask->arena, mine->id.p, mine->id.n);
    const struct wh_category *category =
        code != NULL ? category_public(mine->view.district, code) : NULL;
    if (category == NULL)
        open311_refuse(ask, 404, "service_code: no such service");
    else
        open311_reply(ask, 200, OPEN311_DEFINITION, open311_definition(&mine->view, category));
}

void on_open311_get_one(struct gateway_ask *ask)
{
    struct wh_str collection = ask->found.captures[0];
    if (!open311_begin(ask, ask->found.captures[1]))
        return;
    if (wh_str_eq(collection, wh_str("services")))
        definition(ask);
    else if (wh_str_eq(collection, wh_str("requests")))
        open311_one(ask);
    else if (wh_str_eq(collection, wh_str("tokens")))
        open311_token_of(ask);
    else
        open311_refuse_rule(ask, WH_RULE_PATH_UNKNOWN, NULL);
}
