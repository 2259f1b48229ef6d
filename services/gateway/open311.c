// SPDX-License-Identifier: Apache-2.0
// The documents' values, in the standard's order of fields. Fields of the standard that have no
// value are null (in XML an empty element), as its examples have them.
#include "gateway/open311.h"

#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/time.h"
#include "gateway/public_category.h"

static json_t *text_or_null(const char *text)
{
    return text != NULL && text[0] != 0 ? json_string(text) : json_null();
}

static json_t *list_of(json_t *row)
{
    return json_pack("[o]", row);
}

// ---- services -----------------------------------------------------------------------------------

static json_t *service(const struct open311_view *view, const struct wh_category *category)
{
    const Whistle__V1__Category *row = category->row;
    const char *advice = category_advice(category, view->english);
    const char *name = category_public_name(category, view->english);
    return json_pack("{ss ss ss sb ss so so}", "service_code", row->code, "service_name", name,
                     "description", advice[0] != 0 ? advice : name, "metadata",
                     row->n_questions > 0, "type", "realtime", "keywords",
                     json_sprintf("%s,%s%s%s", row->code, row->zh, row->en[0] ? "," : "", row->en),
                     "group", text_or_null(row->kind));
}

json_t *open311_services(const struct open311_view *view)
{
    size_t n = 0;
    const struct wh_category *list = wh_district_categories(view->district, &n);
    json_t *services = json_array();
    for (size_t i = 0; services != NULL && i < n; i++)
        if (category_is_public(&list[i]))
            (void)json_array_append_new(services, service(view, &list[i]));
    return services;
}

// ---- a service's attributes ---------------------------------------------------------------------

static const char *datatype(const Whistle__V1__Question *question)
{
    switch (question->type) {
    case WHISTLE__V1__QUESTION_TYPE__QUESTION_TYPE_INT:
    case WHISTLE__V1__QUESTION_TYPE__QUESTION_TYPE_NUMBER:
        return "number";
    case WHISTLE__V1__QUESTION_TYPE__QUESTION_TYPE_BOOL:
    case WHISTLE__V1__QUESTION_TYPE__QUESTION_TYPE_CHOICE:
        return "singlevaluelist";
    default:
        return "string";
    }
}

static json_t *value(const char *key, const char *name)
{
    return json_pack("{ss ss}", "key", key, "name", name);
}

static json_t *values(const Whistle__V1__Question *question, bool english)
{
    if (question->type == WHISTLE__V1__QUESTION_TYPE__QUESTION_TYPE_BOOL)
        return json_pack("[o o]", value("true", english ? "yes" : "是"),
                         value("false", english ? "no" : "否"));
    json_t *list = json_array();
    for (size_t i = 0; list != NULL && i < question->n_values; i++)
        (void)json_array_append_new(list, value(question->values[i], question->values[i]));
    return list;
}

// "0 – 500" for a number with bounds.
static json_t *bounds(const Whistle__V1__Question *question)
{
    bool least = question->min_is_case == WHISTLE__V1__QUESTION__MIN_IS_MIN;
    bool most = question->max_is_case == WHISTLE__V1__QUESTION__MAX_IS_MAX;
    char text[64];
    if (!least && !most)
        return json_null();
    if (least && most)
        (void)snprintf(text, sizeof text, "%g – %g", question->min, question->max);
    else
        (void)snprintf(text, sizeof text, "%s %g", least ? "≥" : "≤",
                       least ? question->min : question->max);
    return json_string(text);
}

static json_t *attribute(const Whistle__V1__Question *question, size_t order, bool english)
{
    const char *asked = english && question->en[0] != 0 ? question->en : question->zh;
    return json_pack("{sb ss ss sb so si ss so}", "variable", 1, "code", question->code, "datatype",
                     datatype(question), "required", question->required, "datatype_description",
                     bounds(question), "order", (int)order + 1, "description", asked, "values",
                     values(question, english));
}

json_t *open311_definition(const struct open311_view *view, const struct wh_category *category)
{
    json_t *attributes = json_array();
    for (size_t i = 0; attributes != NULL && i < category->row->n_questions; i++)
        (void)json_array_append_new(attributes,
                                    attribute(category->row->questions[i], i, view->english));
    return json_pack("{ss so}", "service_code", category->row->code, "attributes", attributes);
}

// ---- requests -----------------------------------------------------------------------------------

static json_t *time_of(const struct open311_view *view, int64_t at, bool by_day)
{
    const struct wh_zone *zone = &wh_district_calendar(view->district)->zone;
    char text[WH_RFC3339_MAX];
    if (at == 0)
        return json_null();
    if (by_day)
        at = wh_local_to_utc(zone, wh_local_date(zone, at), 0);
    at -= at % 1000; // the standard's examples have whole seconds
    if (wh_rfc3339_format(at, wh_zone_offset(zone, at), text) != 0)
        return json_null();
    return json_string(text);
}

// The lead's name first, then the supports', each after "; ".
static json_t *agencies(const struct open311_view *view, const struct open311_request *request)
{
    char text[1024] = "";
    size_t used = 0;
    for (size_t i = 0; i < request->n_agencies; i++) {
        const struct wh_party *party =
            wh_district_party_by_id(view->district, request->agencies[i]);
        if (party == NULL)
            continue;
        const char *name = party_name(party, view->english);
        if (used + strlen(name) + 3 > sizeof text)
            break;
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%s%s", used > 0 ? "; " : "", name);
    }
    return text_or_null(text);
}

static json_t *coordinate(const struct open311_request *request, double degrees)
{
    return request->has_point ? json_real(degrees) : json_null();
}

static json_t *extended(const struct open311_request *request)
{
    static const char *const priorities[] = {"", "P1", "P2", "P3", "P4"};
    const ProtobufCEnumValue *state = protobuf_c_enum_descriptor_get_value(
        &whistle__v1__whistle_state__descriptor, request->state);
    json_t *fields = json_object();
    if (state != NULL && request->state != 0)
        (void)json_object_set_new(fields, "state",
                                  json_string(state->name + strlen("WHISTLE_STATE_")));
    if (request->priority > 0 && request->priority < 5)
        (void)json_object_set_new(fields, "priority", json_string(priorities[request->priority]));
    if (request->joined)
        (void)json_object_set_new(fields, "joined", json_true());
    return fields;
}

static void put_what(json_t *row, const struct open311_view *view,
                     const struct open311_request *request)
{
    const struct wh_category *category = wh_district_category(view->district, request->category);
    char number[WH_NUMBER_MAX] = "", notes[96];
    (void)wh_number_format(wh_district_prefix(view->district), request->number, number);
    open311_notes(request->state, request->joined, view->english, notes);
    (void)json_object_set_new(row, "service_request_id", json_string(number));
    (void)json_object_set_new(row, "status", json_string(open311_status(request->state)));
    (void)json_object_set_new(row, "status_notes", json_string(notes));
    (void)json_object_set_new(
        row, "service_name",
        text_or_null(category != NULL ? category_public_name(category, view->english) : ""));
    (void)json_object_set_new(row, "service_code", text_or_null(request->category));
    (void)json_object_set_new(row, "description", text_or_null(request->text));
    (void)json_object_set_new(row, "agency_responsible", agencies(view, request));
    (void)json_object_set_new(row, "service_notice", json_null());
}

json_t *open311_request(const struct open311_view *view, const struct open311_request *request)
{
    json_t *row = json_object();
    if (row == NULL)
        return NULL;
    put_what(row, view, request);
    (void)json_object_set_new(row, "requested_datetime",
                              time_of(view, request->requested_at, request->by_day));
    (void)json_object_set_new(row, "updated_datetime",
                              time_of(view, request->updated_at, request->by_day));
    (void)json_object_set_new(row, "expected_datetime",
                              time_of(view, request->expected_at, request->by_day));
    (void)json_object_set_new(row, "address", text_or_null(request->address));
    (void)json_object_set_new(row, "address_id", text_or_null(request->address_id));
    (void)json_object_set_new(row, "zipcode", json_null());
    (void)json_object_set_new(row, "lat", coordinate(request, request->lat));
    (void)json_object_set_new(row, "long", coordinate(request, request->lon));
    (void)json_object_set_new(row, "media_url", json_null());
    if (view->extensions)
        (void)json_object_set_new(row, "extended_attributes", extended(request));
    return row;
}

// ---- short answers ------------------------------------------------------------------------------

json_t *open311_created(const char *number, const char *notice, const char *code)
{
    json_t *row = json_pack("{ss so sn}", "service_request_id", number, "service_notice",
                            text_or_null(notice), "account_id");
    if (row != NULL && code != NULL)
        (void)json_object_set_new(row, "extended_attributes", json_pack("{ss}", "code", code));
    return list_of(row);
}

json_t *open311_token(const char *token, const char *number)
{
    return list_of(json_pack("{ss ss}", "service_request_id", number, "token", token));
}

json_t *open311_error(int code, const char *description)
{
    return list_of(json_pack("{si ss}", "code", code, "description", description));
}

json_t *open311_discovery(const struct open311_place *place)
{
    json_t *formats = json_pack("[s s]", "text/xml", "application/json");
    json_t *endpoint = json_pack(
        "{ss ss ss ss so}", "specification", "http://wiki.open311.org/GeoReport_v2", "url",
        place->url, "changeset", place->changeset, "type", "production", "formats", formats);
    return json_pack("{ss so so so}", "changeset", place->changeset, "contact",
                     text_or_null(place->contact), "key_service", text_or_null(place->key_service),
                     "endpoints", list_of(endpoint));
}
