// SPDX-License-Identifier: Apache-2.0
// What the gateway's handlers share beside gateway.h: the door's side of it. handler.c is its life,
// handler_query.c answers operators.
#ifndef WH_GATEWAY_HANDLER_H
#define WH_GATEWAY_HANDLER_H

#include "gateway/gateway.h"
#include "gateway/store.h"
#include "runtime/service.h"

void query_dead_letters(void *state, struct wh_query *query, const struct wh_item *item);
void query_retry(void *state, struct wh_query *query, const struct wh_item *item);
void query_health(void *state, struct wh_query *query, const struct wh_item *item);

// ---- the descriptor's hooks (handler.c) ---------------------------------------------------------
int gateway_start(struct wh_runtime *runtime, void **ret_state);
void gateway_stop(void *state);
void gateway_reset(void *state);
void gateway_drain(void *state);
bool gateway_drained(void *state);
void gateway_close(void *state);

#endif
