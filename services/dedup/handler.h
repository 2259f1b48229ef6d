// SPDX-License-Identifier: Apache-2.0
// What one dedup process holds in memory and what its handlers share. handler_follow.c takes what
// other services say, handler_memory.c is memory's life, handler_query.c answers without effect.
#ifndef WH_DEDUP_HANDLER_H
#define WH_DEDUP_HANDLER_H

#include "dedup/store.h"
#include "district/district.h"
#include "runtime/service.h"
#include "whistle/v1/dedup.pb-c.h"

#define SUBJECT_URGENT 1 // what the feed "urgent" carries

struct dedup {
    struct wh_runtime *runtime;
    struct wh_district *district; // in force; NULL before the first one
    struct wh_district *pending;  // adopted in the turn in hand
    struct wh_shelf *reports;     // number → seq of intake's event that blew it
};

// The district the turn in hand decides by, NULL without.
const struct wh_district *dedup_district(const struct dedup *state);

// ---- turns --------------------------------------------------------------------------------------
int need_intake(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_intake(void *state, struct wh_turn *turn, const struct wh_item *item);
int need_p1(void *state, struct wh_turn *turn, const struct wh_item *item);
int on_p1(void *state, struct wh_turn *turn, const struct wh_item *item);

// ---- memory -------------------------------------------------------------------------------------
int dedup_start(struct wh_runtime *runtime, void **ret_state);
void dedup_stop(void *state);
void dedup_reset(void *state);
int dedup_ready(void *state);
void dedup_committed(void *state);
void dedup_rolled_back(void *state);
int32_t dedup_subject(void *state, const char *code);

// ---- queries ------------------------------------------------------------------------------------
void query_dead_letters(void *state, struct wh_query *query, const struct wh_item *item);
void query_retry(void *state, struct wh_query *query, const struct wh_item *item);
void query_health(void *state, struct wh_query *query, const struct wh_item *item);

#endif
