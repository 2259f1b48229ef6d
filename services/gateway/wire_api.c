// SPDX-License-Identifier: Apache-2.0
// Requests to commands. See wire_api.h.
#include "gateway/wire_api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/copy.h"
#include "client/json.h"
#include "http/http.h"

#define QUERY_MAX 64 // parameters

static json_t *fail(struct wh_wire_fault *fault, enum wh_rule rule, struct wh_str field)
{
    size_t n = wh_utf8_cut(field.p, field.n, sizeof fault->field - 1);
    fault->rule = rule;
    if (n > 0)
        memcpy(fault->field, field.p, n);
    fault->field[n] = '\0';
    return NULL;
}

static const ProtobufCMessageDescriptor *type_of(const struct gateway_route *route)
{
    const ProtobufCFieldDescriptor *member = route_member(route);
    return member != NULL ? member->descriptor : NULL;
}

static const ProtobufCFieldDescriptor *field_of(const struct gateway_route *route,
                                                struct wh_str name)
{
    const ProtobufCMessageDescriptor *type = type_of(route);
    char text[64];
    if (type == NULL || name.n >= sizeof text)
        return NULL;
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    return protobuf_c_message_descriptor_get_field_by_name(type, text);
}

// ---- body --------------------------------------------------------------------------------------

static bool is_blank(struct wh_str text)
{
    return wh_str_trim(text).n == 0;
}

static json_t *read_body(const struct wire_api *ask, struct wh_wire_fault *fault)
{
    *fault = (struct wh_wire_fault){0};
    if (is_blank(ask->body))
        return json_object();
    json_t *body = wh_json_parse(ask->body.p, ask->body.n, fault);
    if (body == NULL || json_is_object(body))
        return body;
    json_decref(body);
    return fail(fault, WH_RULE_MESSAGE_MALFORMED, wh_str(""));
}

// Who acts, where the command itself has no such field.
static bool take_officer(const struct wire_api *ask, json_t *body, const char **ret_officer,
                         struct wh_wire_fault *fault)
{
    json_t *officer = json_object_get(body, "officer");
    const ProtobufCMessageDescriptor *takes = route_takes(ask->found->route);
    *ret_officer = "";
    if (officer == NULL || !ask->names_officer || takes == NULL ||
        protobuf_c_message_descriptor_get_field_by_name(takes, "officer") != NULL)
        return true;
    if (!json_is_string(officer) ||
        wh_ident_check(json_string_value(officer), json_string_length(officer), WH_IDENTITY_MAX,
                       NULL) < 0) {
        fail(fault, WH_RULE_FIELD_FORMAT, wh_str("officer"));
        return false;
    }
    *ret_officer = wh_arena_strdup(ask->arena, json_string_value(officer));
    json_object_del(body, "officer");
    return *ret_officer != NULL;
}

// ---- path --------------------------------------------------------------------------------------

// What the path says; a body may repeat it, but not say otherwise.
static bool put_capture(const struct wire_api *ask, json_t *json, size_t i,
                        struct wh_wire_fault *fault)
{
    size_t n;
    const char *name = route_capture_name(ask->found->route, i, &n);
    const ProtobufCFieldDescriptor *field = field_of(ask->found->route, wh_str_n(name, n));
    json_t *value = json_stringn(ask->found->captures[i].p, ask->found->captures[i].n);
    if (value == NULL || field == NULL) {
        json_decref(value);
        fail(fault, value == NULL ? WH_RULE_FIELD_UTF8 : WH_RULE_FIELD_UNKNOWN, wh_str_n(name, n));
        return false;
    }
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        value = json_pack("[o]", value);
    const json_t *said = json_object_get(json, field->name);
    bool good = said == NULL || json_equal(said, value);
    if (!good)
        fail(fault, WH_RULE_FIELD_FORMAT, wh_str_n(name, n));
    json_object_set_new(json, field->name, value);
    return good;
}

// ---- query -------------------------------------------------------------------------------------

static json_t *query_int(struct wh_str text)
{
    char number[16], *end;
    if (text.n == 0 || text.n >= sizeof number ||
        (text.p[0] != '-' && (text.p[0] < '0' || text.p[0] > '9')))
        return NULL;
    memcpy(number, text.p, text.n);
    number[text.n] = '\0';
    long long value = strtoll(number, &end, 10);
    return *end == '\0' ? json_integer(value) : NULL;
}

static json_t *query_bool(struct wh_str text)
{
    if (wh_str_eq(text, wh_str("true")) || wh_str_eq(text, wh_str("1")) || text.n == 0)
        return json_true();
    return wh_str_eq(text, wh_str("false")) || wh_str_eq(text, wh_str("0")) ? json_false() : NULL;
}

static json_t *query_value(const ProtobufCFieldDescriptor *field, struct wh_str text)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_BOOL:
        return query_bool(text);
    case PROTOBUF_C_TYPE_INT32:
        return query_int(text);
    default:
        return json_stringn(text.p, text.n);
    }
}

static bool put_query(const struct gateway_route *route, json_t *json, const struct http_pair *pair,
                      struct wh_wire_fault *fault)
{
    const ProtobufCFieldDescriptor *field = field_of(route, pair->name);
    json_t *list, *value;
    if (!route_takes_query(route, pair->name) || field == NULL) {
        fail(fault, WH_RULE_FIELD_UNKNOWN, pair->name);
        return false;
    }
    value = query_value(field, pair->value);
    if (value == NULL) {
        fail(fault, WH_RULE_FIELD_FORMAT, pair->name);
        return false;
    }
    list = json_object_get(json, field->name);
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        if (list == NULL)
            json_object_set_new(json, field->name, list = json_array());
        return json_array_append_new(list, value) == 0;
    }
    if (list != NULL) {
        json_decref(value);
        fail(fault, WH_RULE_FIELD_COUNT, pair->name);
        return false;
    }
    // "state=" asks for nothing, as if it were not there
    if (pair->value.n > 0 || field->type == PROTOBUF_C_TYPE_BOOL)
        return json_object_set_new(json, field->name, value) == 0;
    json_decref(value);
    return true;
}

static bool put_queries(const struct wire_api *ask, json_t *json, struct wh_wire_fault *fault)
{
    struct wh_str rest = ask->query;
    struct http_pair pair;
    int error = 0;
    for (size_t n = 0; http_pair_next(&rest, ask->arena, &pair, &error); n++) {
        if (n == QUERY_MAX) {
            fail(fault, WH_RULE_FIELD_COUNT, pair.name);
            return false;
        }
        if (!put_query(ask->found->route, json, &pair, fault))
            return false;
    }
    if (error != 0)
        fail(fault, WH_RULE_FIELD_FORMAT, wh_str("query"));
    return error == 0;
}

// ---- all ---------------------------------------------------------------------------------------

json_t *wire_api_json(const struct wire_api *ask, const char **ret_officer,
                      struct wh_wire_fault *ret_fault)
{
    const struct gateway_route *route = ask->found->route;
    json_t *json = read_body(ask, ret_fault);
    bool good = json != NULL && take_officer(ask, json, ret_officer, ret_fault);
    if (good && route->body != NULL)
        json = json_pack("{s:o}", route->body, json);
    for (size_t i = 0; good && i < ask->found->n_captures; i++)
        good = put_capture(ask, json, i, ret_fault);
    good = good && put_queries(ask, json, ret_fault);
    if (good)
        return json;
    json_decref(json);
    return NULL;
}

// "confirm.tasks" and "resubmit.whistle.place" as the asker knows them.
static void unwrap(const struct gateway_route *route, struct wh_wire_fault *fault)
{
    const char *outer[] = {route->member, route->body};
    for (size_t i = 0; i < 2; i++) {
        size_t n = outer[i] != NULL ? strlen(outer[i]) : 0;
        if (n > 0 && strncmp(fault->field, outer[i], n) == 0 &&
            (fault->field[n] == '.' || fault->field[n] == '\0'))
            memmove(fault->field, fault->field + n + (fault->field[n] == '.'),
                    strlen(fault->field + n + (fault->field[n] == '.')) + 1);
    }
}

ProtobufCMessage *wire_api_command(const struct gateway_route *route, const json_t *json,
                                   struct wh_arena *arena, struct wh_wire_fault *ret_fault)
{
    json_t *command = json_pack("{s:O}", route->member, json);
    *ret_fault = (struct wh_wire_fault){0};
    ProtobufCMessage *message =
        command != NULL ? wh_json_to(route_command(route->door), command, arena, ret_fault) : NULL;
    json_decref(command);
    if (message == NULL) {
        unwrap(route, ret_fault);
        if (ret_fault->rule == WH_RULE_NONE)
            ret_fault->rule = WH_RULE_TOO_LARGE;
    }
    return message;
}

ProtobufCMessage *wire_api_body(const struct wire_api *ask, struct wh_wire_fault *ret_fault)
{
    const char *officer;
    json_t *json = read_body(ask, ret_fault);
    ProtobufCMessage *message = NULL;
    if (json != NULL && take_officer(ask, json, &officer, ret_fault))
        message = wh_json_to(route_takes(ask->found->route), json, ask->arena, ret_fault);
    json_decref(json);
    return message;
}
