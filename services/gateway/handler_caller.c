// SPDX-License-Identifier: Apache-2.0
// Who asks. Nobody can log in where no people are kept.
#include "gateway/handler.h"

enum wh_rule gateway_caller(struct gateway *gateway, struct http_request *request,
                            struct caller *ret_caller)
{
    (void)gateway;
    *ret_caller =
        (struct caller){.kind = CALLER_NOBODY, .person = "", .name = "", .identity = "", .key = ""};
    if (http_header_get(request, "Authorization") != NULL)
        return WH_RULE_AUTH_UNKNOWN;
    return WH_RULE_NONE;
}

struct route_caller gateway_route_caller(const struct caller *caller)
{
    return (struct route_caller){
        .known = caller->kind == CALLER_PERSON || caller->kind == CALLER_KEY,
        .person = caller->kind == CALLER_PERSON,
        .role = caller->kind == CALLER_PERSON ? 1u << caller->role : 0,
        .scopes = caller->scopes,
        .kinds = caller->kinds,
    };
}

bool gateway_csrf_good(const struct gateway *gateway, const struct http_request *request,
                       const struct caller *caller)
{
    (void)gateway;
    (void)request;
    return caller->kind != CALLER_PERSON;
}
