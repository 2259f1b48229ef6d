// SPDX-License-Identifier: Apache-2.0
// POST requests: the form becomes a resident's report. Its key says which program sends it, never
// what it may raise: that is a resident's, whoever sends it.
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "gateway/handler_open311.h"
#include "gateway/handler_public.h"
#include "gateway/public_category.h"
#include "gateway/public_report.h"

#define P1 WHISTLE__V1__PRIORITY__PRIORITY_P1

// The standard's names of our fields.
static const char *standard_name(const char *field)
{
    static const char *const names[][2] = {
        {"category", "service_code"},
        {"place.unit", "address_id"},
        {"place.lat", "lat"},
        {"place.lon", "long"},
        {"place.address", "address_string"},
        {"text", "description"},
        {"reporter.phone", "phone"},
        {"reporter.email", "email"},
        {"reporter.name", "first_name, last_name"},
    };
    if (strncmp(field, "raise.", 6) == 0)
        field += 6;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i][0], field) == 0)
            return names[i][1];
    return strncmp(field, "answers", 7) == 0 ? "attribute" : field;
}

static void refuse_fault(struct gateway_ask *ask, const struct public_fault *fault)
{
    const struct wh_rule_info *info = wh_rule_info(fault->rule);
    char text[200];
    bool unknown = fault->rule == WH_RULE_FIELD_UNKNOWN && strcmp(fault->field, "category") == 0;
    (void)snprintf(text, sizeof text, "%s: %s", standard_name(fault->field), info->en);
    open311_refuse(ask, unknown ? 404 : 400, text);
}

// What intake refuses is the form's fault (400) or a matter of time (429, 503).
static void refuse_error(struct gateway_ask *ask, const Whistle__V1__Error *error)
{
    char text[300];
    (void)snprintf(text, sizeof text, "%.100s: %.150s",
                   error->field[0] != 0 ? standard_name(error->field) : error->rule,
                   wh_rule_info(wh_rule_by_name(error->rule))->en);
    open311_refuse(ask, error->status >= 500 || error->status == 429 ? 503 : 400, text);
}

static void created(struct gateway_ask *ask, const struct public_sent *sent)
{
    struct open311_ask *mine = ask->data;
    const Whistle__V1__RaiseWhistle *raise = mine->raise;
    const struct wh_category *category = wh_district_category(mine->view.district, raise->category);
    if (sent->error != NULL)
        refuse_error(ask, sent->error);
    else if (sent->status != 0)
        open311_refuse_rule(ask, WH_RULE_DOOR_SILENT, NULL);
    else {
        (void)snprintf(mine->location, sizeof mine->location, "%s%.32s.%s", ask->route->created,
                       sent->number, mine->json ? "json" : "xml");
        open311_reply(ask, 201, OPEN311_REQUESTS,
                      open311_created(sent->number, category_response(category, mine->view.english),
                                      sent->code));
    }
}

// A key of a street or a community sends for its own area only.
static bool may_send_for(const struct gateway_ask *ask, const Whistle__V1__RaiseWhistle *raise)
{
    const struct open311_ask *mine = ask->data;
    const struct wh_unit *own = wh_district_unit(mine->view.district, mine->key.identity);
    const struct wh_unit *place = wh_district_unit(mine->view.district, raise->asked_by);
    return own == NULL || place == NULL || wh_district_is_within(mine->view.district, place, own);
}

static void send_form(struct gateway_ask *ask, const struct open311_form *form)
{
    struct open311_ask *mine = ask->data;
    const struct wh_district *district = mine->view.district;
    struct public_fault fault = {.rule = WH_RULE_INTERNAL};
    const struct wh_category *category = category_public(district, form->report.category);
    if (public_raise(district, &form->report, WHISTLE__V1__SOURCE__SOURCE_OPEN311, ask->arena,
                     &mine->raise, &fault) != 0) {
        refuse_fault(ask, &fault);
        return;
    }
    bool urgent = category->row->priority == P1;
    const char *missing = public_missing(category, &form->report);
    if (!may_send_for(ask, mine->raise)) {
        open311_refuse(ask, 403, "api_key: not for this place");
        return;
    }
    if (missing != NULL && !urgent) {
        char text[100];
        (void)snprintf(text, sizeof text, "attribute[%s]: it is required", missing);
        open311_refuse(ask, 400, text);
        return;
    }
    int rc = public_send(ask, mine->raise, created);
    if (rc != 0)
        open311_refuse_rule(ask, rc == WH_E_INVALID ? WH_RULE_KEY_FORMAT : WH_RULE_DOOR_SILENT,
                            NULL);
}

static bool may_post(struct gateway_ask *ask)
{
    const struct open311_ask *mine = ask->data;
    if (mine->key.kind != CALLER_KEY) {
        open311_refuse(ask, 403, "api_key: it is needed to send a request");
        return false;
    }
    if ((mine->key.scopes & (SCOPE_OPEN311 | SCOPE_OPEN311_ALL)) == 0) {
        open311_refuse(ask, 403, "api_key: not for this use");
        return false;
    }
    return true;
}

static bool is_form(const struct http_request *request)
{
    static const char name[] = "application/x-www-form-urlencoded";
    const char *type = http_header_get(request, "Content-Type");
    return type != NULL && strncmp(type, name, strlen(name)) == 0;
}

void on_open311_post(struct gateway_ask *ask)
{
    struct open311_form *form = wh_arena_calloc(ask->arena, 1, sizeof *form);
    struct open311_fault fault;
    if (!open311_begin(ask, ask->found.captures[0]))
        return;
    const struct open311_ask *mine = ask->data;
    if (!wh_str_eq(mine->id, wh_str("requests"))) {
        open311_refuse_rule(ask, WH_RULE_PATH_UNKNOWN, NULL);
        return;
    }
    if (!is_form(ask->request)) {
        open311_refuse(ask, 400, "Content-Type: application/x-www-form-urlencoded is expected");
        return;
    }
    int rc =
        form == NULL ? WH_E_NOMEM : wire_open311_form(ask->request->body, ask->arena, form, &fault);
    if (rc == WH_E_INVALID) {
        // who has no key learns that first
        if (mine->key.kind == CALLER_NOBODY &&
            wh_str_find(ask->request->body, wh_str("api_key=")) == SIZE_MAX)
            (void)may_post(ask);
        else
            open311_refuse(ask, fault.status, fault.text);
        return;
    }
    if (rc != 0)
        open311_refuse_rule(ask, WH_RULE_INTERNAL, NULL);
    else if (open311_common_good(ask, &form->common) && may_post(ask))
        send_form(ask, form);
}
