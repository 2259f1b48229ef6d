// SPDX-License-Identifier: Apache-2.0
// A request's path, query and body as the command of its row: the same strict JSON as everywhere,
// what the path says and what the query says put in as fields. A fault names the field as the one
// who asked wrote it. No socket, no request: everything is handed in.
#ifndef WH_GATEWAY_WIRE_API_H
#define WH_GATEWAY_WIRE_API_H

#include <jansson.h>

#include "client/frame.h"
#include "gateway/route.h"

struct wire_api {
    const struct route_found *found;
    struct wh_str query; // raw
    struct wh_str body;  // JSON; empty: none
    bool names_officer;  // a program: its body may say who acts ("officer"), where no field does
    struct wh_arena *arena;
};

// The row's command as JSON: body, captures, query. officer: into the arena, "" where none. New
// reference; NULL with the fault told.
json_t *wire_api_json(const struct wire_api *ask, const char **ret_officer,
                      struct wh_wire_fault *ret_fault);
// That JSON as <Service>Command. Into the arena; NULL with the fault told.
ProtobufCMessage *wire_api_command(const struct gateway_route *route, const json_t *json,
                                   struct wh_arena *arena, struct wh_wire_fault *ret_fault);
// A body that is one message of a row without a door. As above.
ProtobufCMessage *wire_api_body(const struct wire_api *ask, struct wh_wire_fault *ret_fault);

#endif
