// SPDX-License-Identifier: Apache-2.0
// See clock.h.
#include "runtime/clock.h"

#define JUMP_MS 2000

void wh_clock_stood(struct wh_clock *clock, int64_t at, int64_t mono)
{
    clock->stood_at = at;
    clock->stood_mono = mono;
}

int64_t wh_clock_now(const struct wh_clock *clock, int64_t wall, int64_t mono)
{
    int64_t passed = mono - clock->stood_mono;
    int64_t least = clock->stood_at + passed * 3 / 4;
    return wall > least ? wall : least;
}

int64_t wh_clock_rest(int64_t at, int64_t delay, int64_t now)
{
    if (at >= now || delay <= 0)
        return delay > 0 ? delay : 0;
    // now > at: the difference may still be more than an int64 holds
    uint64_t age = (uint64_t)now - (uint64_t)at;
    return age < (uint64_t)delay ? delay - (int64_t)age : 0;
}

int64_t wh_clock_jump(struct wh_clock *clock, int64_t wall, int64_t mono)
{
    int64_t moved = clock->seen_mono ? (wall - clock->seen_wall) - (mono - clock->seen_mono) : 0;
    if (clock->seen_mono && moved > -JUMP_MS && moved < JUMP_MS)
        return 0; // drift adds up until it is one
    clock->seen_wall = wall;
    clock->seen_mono = mono;
    return moved;
}
