// SPDX-License-Identifier: Apache-2.0
// The route table (route.def) as the programs see it: which row a method and a path mean, what its
// captures are, and who may use it. Pure: no request, no socket, no time. Whether this unit may do
// it to this whistle is for the service to say whose door the row names.
#ifndef WH_GATEWAY_ROUTE_H
#define WH_GATEWAY_ROUTE_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "gateway/role.h"

enum route_method { ROUTE_GET, ROUTE_POST, ROUTE_PUT, ROUTE_DELETE, ROUTE_METHODS };
enum route_door { DOOR_NONE, DOOR_INTAKE, DOOR_DEDUP, DOOR_DISPATCH, ROUTE_DOORS };

enum route_id {
#define ROUTE(id, method, path, ...) ROUTE_##id,
#include "gateway/route.def"
#undef ROUTE
    ROUTES // how many
};

#define ROUTE_CAPTURES_MAX 3
#define ROUTE_BODY_MAX ((size_t)64 << 10) // where a row does not say

// One row. Either `door` and `member` say what it is, or handler_routes.c has its function.
struct gateway_route {
    enum route_method method;
    const char *path; // "{name}" captures one segment; a door's row: into the field of that name
    const char *name; // operationId: the row's identifier
    // Who may: persons by the role of their post, keys by scope (one of) where a role of `people`
    // belongs to their kind of body. anybody: also without login.
    uint32_t people;
    unsigned scopes;
    bool anybody;
    // Of a door: the command's member of <Service>Command, the answer's member of <Service>Answer
    // (NULL: Done). body: the field that the request's body fills (NULL: the command itself).
    enum route_door door;
    const char *member, *answer, *body;
    const char *needs; // fields of the body without which it is refused (words)
    const char *query; // fields (words with spaces between) that query parameters may give
    // The shape taken and answered where there is no door; any_answer: a JSON object of its own.
    const ProtobufCMessageDescriptor *takes, *answers;
    bool any_answer;
    const char *created; // 201, and Location is this and the answer's ref
    size_t body_max;     // bytes; 0: ROUTE_BODY_MAX
    bool reads;          // a POST that changes nothing: needs no Idempotency-Key
    bool etag;           // answers carry an ETag
    bool match;          // must name the version it replaces (If-Match, or in its body)
    bool form;           // its body need not be JSON: the row's function reads it
    bool district; // its body may give `routes` alone, for a district that is else the live one
    const char *zh, *en;
};

const struct gateway_route *route_get(enum route_id id);

struct route_found {
    const struct gateway_route *route;
    enum route_id id;
    struct wh_str captures[ROUTE_CAPTURES_MAX]; // in the order of the path; borrowed of `path`
    size_t n_captures;
};
// path: decoded. method: GET stands for HEAD too. 0; WH_E_NOTFOUND: no such path; WH_E_DENIED: not
// this method (route_allowed tells which).
int route_find(enum route_method method, struct wh_str path, struct route_found *ret_found);
// Bits (1 << enum route_method) of the methods of a path; 0: no such path.
unsigned route_allowed(struct wh_str path);
// Name of capture i of a row ("number") and its length; NULL from the last on.
const char *route_capture_name(const struct gateway_route *route, size_t i, size_t *ret_n);
// Is this one of the row's query parameters?
bool route_takes_query(const struct gateway_route *route, struct wh_str name);
// A command (not a question, not a lookup): it has an effect, so it may be repeated under a key.
bool route_acts(const struct gateway_route *route);
size_t route_body_max(const struct gateway_route *route); // 0: takes no body

// ---- shapes ------------------------------------------------------------------------------------

// <Service>Command and <Service>Answer of a door; NULL for DOOR_NONE.
const ProtobufCMessageDescriptor *route_command(enum route_door door);
const ProtobufCMessageDescriptor *route_answer(enum route_door door);
const char *route_door_name(enum route_door door); // "intake"; "" for DOOR_NONE
// The command's member of a door's row, NULL of others.
const ProtobufCFieldDescriptor *route_member(const struct gateway_route *route);
// What its body holds: NULL where it takes none. What a good answer holds: NULL for any_answer.
const ProtobufCMessageDescriptor *route_takes(const struct gateway_route *route);
const ProtobufCMessageDescriptor *route_answers(const struct gateway_route *route);

// ---- rights ------------------------------------------------------------------------------------

// Who asks, as far as routes care. One of: nobody (all zero), a person at a post, a key.
struct route_caller {
    bool known;      // logged in, or a good key
    bool person;     // else a key
    uint32_t role;   // bit of the post's role
    unsigned scopes; // of the key
    unsigned kinds;  // WH_ROLE_… of the unit or body
};
// 0; WH_E_UNKNOWN_KEY: needs a login; WH_E_DENIED: not this one.
int route_may(const struct gateway_route *route, const struct route_caller *caller);

#endif
