// SPDX-License-Identifier: Apache-2.0
// When what is due: one time a key, the earliest first. In memory only; rebuilt from open rows.
// Takes times as numbers and reads no clock.
#ifndef WH_RUNTIME_TIMERS_H
#define WH_RUNTIME_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wh_timers;

struct wh_timer {
    int64_t key, at;
};

struct wh_timers *wh_timers_new(void);
void wh_timers_free(struct wh_timers *timers);
// Replaces the key's earlier time; at 0 clears it. 0 or WH_E_NOMEM.
int wh_timers_set(struct wh_timers *timers, int64_t key, int64_t at);
// The key's time, 0 where it has none.
int64_t wh_timers_get(const struct wh_timers *timers, int64_t key);
// The earliest (by time, then key). false: none.
bool wh_timers_first(const struct wh_timers *timers, struct wh_timer *ret_timer);
void wh_timers_clear(struct wh_timers *timers);
size_t wh_timers_count(const struct wh_timers *timers);

#endif
