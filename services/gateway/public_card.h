// SPDX-License-Identifier: Apache-2.0
// What of a whistle is shown without a login, made of a row that holds no more. Pure.
#ifndef WH_GATEWAY_PUBLIC_CARD_H
#define WH_GATEWAY_PUBLIC_CARD_H

#include "base/arena.h"
#include "district/district.h"
#include "whistle/v1/public.pb-c.h"

#define PUBLIC_BODIES_MAX 64

// A row of dispatch's views v_card, v_public, v_reported.
struct public_row {
    int64_t id;
    const char *category;
    int32_t place;
    int state, priority;
    bool joined, reviewed;
    int64_t submitted_at, dispatched_at, resolved_at, due_resolve, updated_at;
    int32_t bodies[PUBLIC_BODIES_MAX];
    uint8_t parts[PUBLIC_BODIES_MAX], tasks[PUBLIC_BODIES_MAX];
    size_t n_bodies;
};

// May this row be shown to the public at all? Not of a sensitive or unknown category.
bool public_row_is_shown(const struct wh_district *district, const struct public_row *row);

// Number, category, community, day, state. NULL without memory.
Whistle__V1__PublicCard *public_card(const struct wh_district *district,
                                     const struct public_row *row, struct wh_arena *arena);
// What who has its code may know. NULL without memory.
Whistle__V1__PublicStatus *public_status(const struct wh_district *district,
                                         const struct public_row *row, struct wh_arena *arena);

#endif
