// SPDX-License-Identifier: Apache-2.0
// The time that turns decide by, made of two clocks: the wall clock, which people read and which
// may jump, and the monotonic one, which only counts. It never goes back, so journals and numbers
// stay in order. Where the wall clock has jumped back it goes on at three quarters of the monotonic
// speed until the wall clock has caught up: a deadline of five minutes is never one of a day.
// Forward jumps are believed (a machine that slept). Pure: times are parameters.
#ifndef WH_RUNTIME_CLOCK_H
#define WH_RUNTIME_CLOCK_H

#include <stdint.h>

struct wh_clock {
    int64_t stood_at, stood_mono; // the last time that was made durable, and when that was
    int64_t seen_wall, seen_mono; // at the last look
};

// `at` (ms UTC) is the journal's newest time, reached at `mono`: nothing later may be before it.
void wh_clock_stood(struct wh_clock *clock, int64_t at, int64_t mono);
// ms UTC. Never less than before for the same or a later mono, as far as it was made durable.
int64_t wh_clock_now(const struct wh_clock *clock, int64_t wall, int64_t mono);
// How much of `delay` what happened at `at` has still to wait, of `now` of the wall: 0 to `delay`.
int64_t wh_clock_rest(int64_t at, int64_t delay, int64_t now);
// How far the wall clock has moved against the monotonic one since the last call, ms; 0 the first
// time, and for what is less than 2 s in all.
int64_t wh_clock_jump(struct wh_clock *clock, int64_t wall, int64_t mono);

#endif
