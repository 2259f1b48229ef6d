// SPDX-License-Identifier: Apache-2.0
// The functions of rows that are not a door's command as it stands (handler_routes.c names them),
// and what they share.
#ifndef WH_GATEWAY_HANDLER_API_H
#define WH_GATEWAY_HANDLER_API_H

#include "gateway/gateway.h"
#include "gateway/handler_reply.h"
#include "gateway/store_read.h"
#include "gateway/wire_api.h"

void on_door(struct gateway_ask *ask);          // every row with a door
void on_object_show(struct gateway_ask *ask);   // handler_object.c
void on_whistle_route(struct gateway_ask *ask); // handler_more.c
void on_preview(struct gateway_ask *ask);
void on_boards(struct gateway_ask *ask); // handler_board.c
void on_board(struct gateway_ask *ask);
void on_map(struct gateway_ask *ask);
void on_versions(struct gateway_ask *ask);
void on_health(struct gateway_ask *ask); // handler_operate.c
void on_dead_letters(struct gateway_ask *ask);
void on_dead_letter_retry(struct gateway_ask *ask);
void on_openapi(struct gateway_ask *ask); // handler_about.c
void on_rules(struct gateway_ask *ask);

// The request as wire_api.h wants it.
struct wire_api api_wire(const struct gateway_ask *ask);
// A capture's text, NUL-terminated, in the ask's arena; NULL without memory.
const char *api_capture(const struct gateway_ask *ask, size_t i);

// A door's answer to a question: its member of that name, unpacked into `arena` (one of API_ARENA).
// NULL: something else, or nothing, came; api_refuse tells the asker what.
#define API_ARENA ((size_t)64 << 20)
const ProtobufCMessage *api_member(enum route_door door, int status,
                                   const Whistle__V1__Answer *answer, const char *member,
                                   struct wh_arena *arena);
// answer: NULL where there is none (status of gateway_call, or of wh_answer_fn).
void api_refuse(struct gateway_ask *ask, int status, const Whistle__V1__Answer *answer);

// For whom the published views are read: the ask's caller. Parties live in the ask's arena.
enum wh_rule api_who(struct gateway_ask *ask, struct read_who *ret_who);

// Where a list goes on: Link, rel=next. cursor "": it ends here.
void api_next_page(struct gateway_ask *ask, const char *cursor);

#endif
