// SPDX-License-Identifier: Apache-2.0
// What the gateway's handlers share beside gateway.h: its own commands and lists. handler.c is its
// life, handler_memory.c memory's, handler_people.c and handler_session.c take commands,
// handler_list.c answers from memory, handler_query.c answers operators.
#ifndef WH_GATEWAY_HANDLER_H
#define WH_GATEWAY_HANDLER_H

#include "gateway/directory.h"
#include "gateway/gateway.h"
#include "gateway/link.h"
#include "gateway/store.h"
#include "runtime/service.h"

// ---- commands (handler_people.c, handler_session.c) ---------------------------------------------
int on_add_person(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_change_person(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_end_person(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_set_password(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_give_post(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_end_post(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_open_session(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_change_session(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_end_session(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_touch_used(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_add_api_key(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_end_api_key(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_end_links(void *state, struct wh_turn *turn, const struct wh_item *item);

// May the actor keep people and keys of this unit or body?
bool gateway_keeps(const struct gateway *gateway, const struct wh_actor *actor,
                   const char *identity);
// Does the person themselves speak (through a page), of a session of their own?
bool gateway_is_own(const struct gateway *gateway, const struct wh_actor *actor, int64_t id,
                    const struct person *person);
int gateway_emit(struct wh_turn *turn, const struct wh_item *item,
                 const Whistle__V1__GatewayEvent *event, int64_t *ret_seq);
// All of the person but `keep` (0: none); those at that post.
int gateway_end_sessions(struct gateway *gateway, struct wh_turn *turn, const struct wh_item *item,
                         const struct person *person, int64_t keep);
int gateway_end_sessions_at(struct gateway *gateway, struct wh_turn *turn,
                            const struct wh_item *item, const struct person *person,
                            const struct post *post);

// ---- lists (handler_list.c): borrowed of the directory and the arena ----------------------------
void gateway_show_post(const struct post *post, Whistle__V1__Post *ret_post);
int gateway_show_person(const struct person *person, struct wh_arena *arena,
                        Whistle__V1__Person *ret_person);
// 0, WH_E_NOMEM, WH_E_INVALID (cursor).
int gateway_list_people(const struct gateway *gateway, const struct wh_actor *actor,
                        const Whistle__V1__ListPeople *ask, struct wh_arena *arena,
                        Whistle__V1__People *ret_people);
int gateway_list_sessions(const struct gateway *gateway, const char *code, int64_t current,
                          struct wh_arena *arena, Whistle__V1__Sessions *ret_sessions);
int gateway_list_api_keys(const struct gateway *gateway, const struct wh_actor *actor,
                          const Whistle__V1__ListApiKeys *ask, struct wh_arena *arena,
                          Whistle__V1__ApiKeys *ret_keys);
// The claim's times are brought into what a link may have; "" where it cannot be made.
void gateway_make_link(const struct gateway *gateway, struct link_claim *claim,
                       char ret_token[LINK_TOKEN_MAX]);

void query_people(void *state, struct wh_query *query, const struct wh_item *item);
void query_sessions(void *state, struct wh_query *query, const struct wh_item *item);
void query_api_keys(void *state, struct wh_query *query, const struct wh_item *item);
void query_link(void *state, struct wh_query *query, const struct wh_item *item);
void query_dead_letters(void *state, struct wh_query *query, const struct wh_item *item);
void query_retry(void *state, struct wh_query *query, const struct wh_item *item);
void query_health(void *state, struct wh_query *query, const struct wh_item *item);

// ---- the descriptor's hooks (handler.c, handler_memory.c) ---------------------------------------
int gateway_start(struct wh_runtime *runtime, void **ret_state);
void gateway_stop(void *state);
void gateway_reset(void *state);
int gateway_ready(void *state);
void gateway_committed(void *state);
void gateway_rolled_back(void *state);
void gateway_describe(const Whistle__V1__Event *event, const ProtobufCMessage *payload,
                      struct wh_done *ret_done);
void gateway_drain(void *state);
bool gateway_drained(void *state);
void gateway_close(void *state);

#endif
