// SPDX-License-Identifier: Apache-2.0
// How much each peer, and all together, may have outstanding at a door: messages and bytes. A peer
// is a public key, however many connections it opens. The fuller the whole, the less one peer may
// hold: at most a quarter of what is still free. Above all that is a reserve for urgent messages
// and for whoever has nothing outstanding, so that there is room for him, however many flood. Knows
// no socket and no clock.
#ifndef WH_RUNTIME_WINDOW_H
#define WH_RUNTIME_WINDOW_H

#include <stdbool.h>
#include <stddef.h>

#include "client/keys.h"

struct wh_window_limits {
    size_t peer_messages, peer_bytes, all_messages, all_bytes;
    size_t urgent; // messages a peer may have above its limit, if urgent; all: eight times that
};

// One peer's account. Owned by wh_windows; stays where it is while n > 0.
struct wh_window {
    char key[WH_KEY_Z85];
    size_t n, bytes;
    struct wh_window *next;
};

#define WH_WINDOW_BUCKETS 512
#define WH_WINDOW_IDLE_MAX 2048 // accounts kept before empty ones are swept

// Embedded; an all-zero struct with limits set is ready.
struct wh_windows {
    struct wh_window_limits limits;
    struct wh_window *buckets[WH_WINDOW_BUCKETS];
    size_t accounts;
    size_t n, bytes; // outstanding in all
};

void wh_windows_done(struct wh_windows *windows);
// The account of a key, made at first use. NULL without memory.
struct wh_window *wh_window_of(struct wh_windows *windows, const char *key);

enum wh_window_verdict { WH_WINDOW_ROOM, WH_WINDOW_PEER_FULL, WH_WINDOW_ALL_FULL };
// Is there room for one more message of n bytes? A peer with nothing outstanding may always have
// one message as far as its own bytes go, so that a large one is not refused for ever.
enum wh_window_verdict wh_window_room(const struct wh_windows *windows,
                                      const struct wh_window *window, size_t bytes);
// Is there room in the reserve, for one that is urgent?
bool wh_window_reserve(const struct wh_windows *windows, const struct wh_window *window,
                       size_t bytes);
void wh_window_enter(struct wh_windows *windows, struct wh_window *window, size_t bytes);
void wh_window_leave(struct wh_windows *windows, struct wh_window *window, size_t bytes);

#endif
