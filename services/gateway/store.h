// SPDX-License-Identifier: Apache-2.0
// Every SQL statement of the gateway. Tables: deploy/migrations/gateway. Decides nothing.
#ifndef WH_GATEWAY_STORE_H
#define WH_GATEWAY_STORE_H

#include "runtime/service.h"

enum store_select {
    SELECT_HEALTH,       // see wh_health_sql
    SELECT_DEAD_LETTERS, // after id, limit → id, at, feed, seq, object, sqlstate, why
    SELECTS
};

extern const struct wh_select gateway_selects[SELECTS];

#endif
