// SPDX-License-Identifier: Apache-2.0
// What the functions of the JSON interface share. See handler_api.h.
#include "gateway/handler_api.h"

#include <stdio.h>
#include <string.h>

#include "client/frame.h"

struct wire_api api_wire(const struct gateway_ask *ask)
{
    return (struct wire_api){
        .found = &ask->found,
        .query = ask->request->query,
        .body = ask->request->body,
        .names_officer = ask->caller.kind == CALLER_KEY,
        .arena = ask->arena,
    };
}

const char *api_capture(const struct gateway_ask *ask, size_t i)
{
    if (i >= ask->found.n_captures)
        return NULL;
    return wh_arena_dup(ask->arena, ask->found.captures[i].p, ask->found.captures[i].n);
}

const ProtobufCMessage *api_member(enum route_door door, int status,
                                   const Whistle__V1__Answer *answer, const char *member,
                                   struct wh_arena *arena)
{
    const ProtobufCMessageDescriptor *type = route_answer(door);
    const ProtobufCMessage *found = NULL;
    if (status != 0 || answer == NULL || answer->error != NULL || type == NULL || member == NULL)
        return NULL;
    const ProtobufCMessage *whole =
        wh_unpack_ample(type, arena, answer->body.data, answer->body.len, NULL);
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(type, member);
    uint32_t what = whole != NULL ? wh_oneof_get(whole, &found) : 0;
    return field != NULL && what == field->id ? found : NULL;
}

void api_refuse(struct gateway_ask *ask, int status, const Whistle__V1__Answer *answer)
{
    if (status != 0 || answer == NULL)
        reply_silent(ask, status);
    else if (answer->error != NULL)
        reply_error(ask, answer->error, ask->route->body);
    else
        reply_rule(ask, WH_RULE_INTERNAL, NULL, NULL);
}

void api_next_page(struct gateway_ask *ask, const char *cursor)
{
    size_t room = ask->request->path.n + ask->request->query.n + strlen(cursor) + 40, n;
    struct wh_str rest = ask->request->query, pair;
    char *link = cursor[0] != '\0' ? wh_arena_alloc(ask->arena, room) : NULL;
    if (link == NULL)
        return;
    n = (size_t)snprintf(link, room, "<%s?", ask->request->path.p);
    while (rest.n > 0 && wh_str_split(&rest, '&', &pair)) {
        if (pair.n > 0 && !wh_str_starts(pair, wh_str("cursor=")))
            n += (size_t)snprintf(link + n, room - n, "%.*s&", (int)pair.n, pair.p);
    }
    (void)snprintf(link + n, room - n, "cursor=%s>; rel=\"next\"", cursor);
    reply_header(ask, "Link", link);
}
