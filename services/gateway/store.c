// SPDX-License-Identifier: Apache-2.0
// SQL and nothing else. Every way in goes through a key.
#include "gateway/store.h"

const struct wh_select gateway_selects[SELECTS] = {
    [SELECT_HEALTH] = {.name = "health", .params = "", .sql = wh_health_sql},
    [SELECT_DEAD_LETTERS] = {.name = "dead_letters",
                             .params = "LI",
                             .sql = "SELECT id, at, feed, seq, object, sqlstate, why "
                                    "FROM dead_letter WHERE id > $1::int8 AND retried_at IS NULL "
                                    "ORDER BY id LIMIT $2::int4"},
};
