// SPDX-License-Identifier: Apache-2.0
// What session.c and subscription.c share behind the public header.
#ifndef WH_CLIENT_SESSION_INTERNAL_H
#define WH_CLIENT_SESSION_INTERNAL_H

#include "client/bus.h"
#include "client/call.h"
#include "client/keys.h"
#include "whistle/whistle.h"

enum wh_service { WH_SERVICE_INTAKE, WH_SERVICE_DEDUP, WH_SERVICE_DISPATCH, WH_SERVICE_COUNT };

struct wh_session {
    uv_loop_t *loop;
    uv_loop_t own_loop;
    bool owns_loop;
    struct wh_bus *bus;
    struct wh_key key;
    char key_file[4096], doors_file[4096];
    int give_up_ms;
    struct wh_caller *callers[WH_SERVICE_COUNT]; // made when first needed
    struct wh_arena arena;                       // of the answer in hand
    struct wh_subscription *subscriptions;
};

// Frees what the public wh_subscription_close frees, without unlinking.
void wh_subscription_release(struct wh_subscription *subscription);
struct wh_subscription *wh_subscription_next(struct wh_subscription *subscription);

#endif
