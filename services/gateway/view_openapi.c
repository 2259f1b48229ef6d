// SPDX-License-Identifier: Apache-2.0
// The document: paths, parameters, bodies, answers and who may, row by row. See view_openapi.h.
#include "gateway/view_openapi.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "gateway/problem.h"
#include "gateway/route.h"

static const char *const verbs[ROUTE_METHODS] = {"get", "post", "put", "delete"};

static json_t *ref_of(const char *kind, const char *name)
{
    return json_pack("{s:s++}", "$ref", "#/components/", kind, name);
}

// ---- parameters --------------------------------------------------------------------------------

static json_t *parameter(const char *in, struct wh_str name, bool needed, json_t *schema)
{
    return json_pack("{s:s%, s:s, s:b, s:o}", "name", name.p, name.n, "in", in, "required", needed,
                     "schema", schema);
}

static const ProtobufCFieldDescriptor *field_of(const struct gateway_route *route,
                                                struct wh_str name)
{
    const ProtobufCFieldDescriptor *member = route_member(route);
    char text[64];
    (void)snprintf(text, sizeof text, "%.*s", (int)name.n, name.p);
    return member == NULL
               ? NULL
               : protobuf_c_message_descriptor_get_field_by_name(member->descriptor, text);
}

static json_t *query_schema(json_t *schemas, const struct gateway_route *route, struct wh_str name)
{
    const ProtobufCFieldDescriptor *field = field_of(route, name);
    if (field != NULL)
        return openapi_field(schemas, field);
    return json_pack("{s:s}", "type", wh_str_eq(name, wh_str("limit")) ? "integer" : "string");
}

static json_t *parameters(json_t *schemas, const struct gateway_route *route)
{
    json_t *list = json_array();
    const char *name;
    size_t n;
    for (size_t i = 0; (name = route_capture_name(route, i, &n)) != NULL; i++)
        json_array_append_new(
            list, parameter("path", wh_str_n(name, n), true, json_pack("{s:s}", "type", "string")));
    struct wh_str rest = wh_str(route->query), word;
    while (rest.n > 0 && wh_str_split(&rest, ' ', &word))
        json_array_append_new(list,
                              parameter("query", word, false, query_schema(schemas, route, word)));
    json_array_append_new(list, ref_of("parameters/", "Accept-Language"));
    if (route->etag)
        json_array_append_new(list, ref_of("parameters/", "If-None-Match"));
    if (route_acts(route) && !route->anybody)
        json_array_append_new(list, ref_of("parameters/", "Idempotency-Key"));
    if (route_acts(route) && route_capture_name(route, 0, &n) != NULL)
        json_array_append_new(list, ref_of("parameters/", "If-Match"));
    return list;
}

static json_t *header_parameter(const char *name, const char *text)
{
    return json_pack("{s:s, s:s, s:b, s:s, s:{s:s}}", "name", name, "in", "header", "required",
                     false, "description", text, "schema", "type", "string");
}

static json_t *shared_parameters(void)
{
    static const struct {
        const char *name, *text;
    } all[] = {
        {"Accept-Language", "zh (default) or en: the language of a refusal's title"},
        {"If-None-Match", "the ETag one has: 304 where nothing changed"},
        {"If-Match", "the ETag one has acted upon: 412 where it has changed since"},
        {"Idempotency-Key",
         "1 to 128 visible characters, kept for 30 days: the same key gets the same answer and "
         "acts "
         "once; with another content 422. Programs must send one (400), people's pages should"},
    };
    json_t *object = json_object();
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        json_object_set_new(object, all[i].name, header_parameter(all[i].name, all[i].text));
    return object;
}

// ---- bodies ------------------------------------------------------------------------------------

static json_t *needed(const struct gateway_route *route)
{
    struct wh_str rest = wh_str(route->needs), word;
    json_t *list = json_array();
    while (rest.n > 0 && wh_str_split(&rest, ' ', &word))
        json_array_append_new(list, json_stringn(word.p, word.n));
    return list;
}

static json_t *request_body(json_t *schemas, const struct gateway_route *route,
                            const ProtobufCMessageDescriptor *type)
{
    json_t *schema = openapi_schema(schemas, type);
    if (route->needs != NULL)
        schema = json_pack("{s:[o, {s:o}]}", "allOf", schema, "required", needed(route));
    return json_pack("{s:b, s:{s:{s:o}}}", "required", route->needs != NULL, "content",
                     "application/json", "schema", schema);
}

// ---- answers -----------------------------------------------------------------------------------

static json_t *etag_header(void)
{
    return json_pack("{s:{s:{s:s}}}", "ETag", "schema", "type", "string");
}

static json_t *good_answer(json_t *schemas, const struct gateway_route *route)
{
    const ProtobufCMessageDescriptor *type = route_answers(route);
    json_t *schema =
        type != NULL ? openapi_schema(schemas, type) : json_pack("{s:s}", "type", "object");
    json_t *answer = json_pack("{s:s, s:{s:{s:o}}}", "description", route->en, "content",
                               "application/json", "schema", schema);
    if (route->etag)
        json_object_set_new(answer, "headers", etag_header());
    return answer;
}

static json_t *answers(json_t *schemas, const struct gateway_route *route)
{
    json_t *object = json_object();
    json_object_set_new(object, route->created != NULL ? "201" : "200",
                        good_answer(schemas, route));
    if (route->etag)
        json_object_set_new(object, "304", json_pack("{s:s}", "description", "not changed"));
    json_object_set_new(object, "default", ref_of("responses/", "Problem"));
    return object;
}

// ---- who may -----------------------------------------------------------------------------------

static json_t *role_names(const struct gateway_route *route)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < GATEWAY_ROLES; i++) {
        if ((route->people >> i & 1) != 0)
            json_array_append_new(list, json_string(gateway_role_info(i)->name));
    }
    return list;
}

static json_t *scope_names(const struct gateway_route *route)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < GATEWAY_SCOPES; i++) {
        if ((route->scopes >> i & 1) != 0)
            json_array_append_new(list, json_string(gateway_scope_name(i)));
    }
    return list;
}

static json_t *security(const struct gateway_route *route)
{
    if (route->anybody)
        return json_array();
    if (route->method == ROUTE_GET)
        return json_pack("[{s:[]}, {s:[]}]", "key", "session");
    return json_pack("[{s:[]}, {s:[], s:[]}]", "key", "session", "csrf");
}

// ---- all ---------------------------------------------------------------------------------------

static json_t *operation(json_t *schemas, const struct gateway_route *route)
{
    char text[512];
    const ProtobufCMessageDescriptor *takes = route_takes(route);
    (void)snprintf(text, sizeof text, "%s / %s", route->zh, route->en);
    json_t *object = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "operationId", route->name,
                               "summary", text, "parameters", parameters(schemas, route),
                               "responses", answers(schemas, route), "security", security(route),
                               "x-roles", role_names(route), "x-scopes", scope_names(route));
    if (takes != NULL)
        json_object_set_new(object, "requestBody", request_body(schemas, route, takes));
    return object;
}

static json_t *paths(json_t *schemas)
{
    json_t *object = json_object();
    for (size_t i = 0; i < ROUTES; i++) {
        const struct gateway_route *route = route_get((enum route_id)i);
        json_t *path = json_object_get(object, route->path);
        if (path == NULL)
            json_object_set_new(object, route->path, path = json_object());
        json_object_set_new(path, verbs[route->method], operation(schemas, route));
    }
    return object;
}

static json_t *problem_response(json_t *schemas)
{
    return json_pack("{s:{s:s, s:{s:{s:o}}}}", "Problem", "description",
                     "refused; the status says how, the rule which, the field where", "content",
                     PROBLEM_TYPE, "schema",
                     openapi_schema(schemas, &whistle__v1__problem__descriptor));
}

static json_t *schemes(void)
{
    return json_pack("{s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s}}", "key", "type",
                     "http", "scheme", "bearer", "description",
                     "an API key; x-scopes: one of them is needed", "session", "type", "apiKey",
                     "in", "cookie", "name", "__Host-whistle", "csrf", "type", "apiKey", "in",
                     "header", "name", "X-CSRF-Token");
}

json_t *openapi_document(void)
{
    json_t *schemas = json_object();
    json_t *all = paths(schemas), *problem = problem_response(schemas);
    return json_pack("{s:s, s:{s:s, s:s, s:s}, s:[{s:s}], s:o, s:{s:o, s:o, s:o, s:o}}", "openapi",
                     "3.1.0", "info", "title", "吹哨报到 Whistle", "version", "1", "description",
                     "Times are RFC 3339; what is absent is unset, empty or zero; coordinates are "
                     "WGS84. Lists go on with `cursor` (Link: rel=next).",
                     "servers", "url", "/", "paths", all, "components", "schemas", schemas,
                     "responses", problem, "parameters", shared_parameters(), "securitySchemes",
                     schemes());
}
