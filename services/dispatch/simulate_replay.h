// SPDX-License-Identifier: Apache-2.0
// One whistle living again. Internal to the simulation.
#ifndef WH_DISPATCH_SIMULATE_REPLAY_H
#define WH_DISPATCH_SIMULATE_REPLAY_H

#include "dispatch/decide.h"
#include "whistle/v1/envelope.pb-c.h"

struct replay {
    const struct wh_district *district;
    struct wh_arena *arena;
    struct whistle_room room; // number 0: not yet
    bool unrouted;            // only the backstop fits
    struct decision decision;
};

void replay_begin(struct replay *replay, const struct wh_district *district,
                  struct wh_arena *arena);
// A recorded row: `before` folds it, `after` decides its cause anew. 0, WH_E_NOMEM, WH_E_INVALID.
int replay_row(struct replay *before, struct replay *after, const uint8_t *body, size_t n);
// What time brings about up to `at`.
void replay_until(struct replay *replay, int64_t at);

#endif
