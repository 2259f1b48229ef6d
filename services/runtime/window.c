// SPDX-License-Identifier: Apache-2.0
// Windows: a chained hash from public key to what it has outstanding. Keys are random by nature, so
// eight of their characters are hash enough. Accounts without anything outstanding stay (their
// owners come back at once) until there are too many, then they are swept.
#include "runtime/window.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SHARE 4                     // of what is free, one peer may hold a SHAREth
#define URGENT_BYTES ((size_t)4096) // of each message in the reserve
#define URGENT_ALL 8

static size_t bucket_of(const char *key)
{
    uint64_t head;
    memcpy(&head, key, sizeof head);
    return (size_t)((head * UINT64_C(0x9e3779b97f4a7c15)) >> 55) % WH_WINDOW_BUCKETS;
}

static void sweep(struct wh_windows *windows, bool all)
{
    for (size_t i = 0; i < WH_WINDOW_BUCKETS; i++) {
        struct wh_window **slot = &windows->buckets[i];
        while (*slot != NULL) {
            struct wh_window *window = *slot;
            if (window->n > 0 && !all) {
                slot = &window->next;
                continue;
            }
            *slot = window->next;
            free(window);
            windows->accounts--;
        }
    }
}

void wh_windows_done(struct wh_windows *windows)
{
    sweep(windows, true);
    windows->n = windows->bytes = 0;
}

struct wh_window *wh_window_of(struct wh_windows *windows, const char *key)
{
    struct wh_window **slot = &windows->buckets[bucket_of(key)];
    for (struct wh_window *window = *slot; window != NULL; window = window->next)
        if (memcmp(window->key, key, WH_KEY_Z85 - 1) == 0)
            return window;
    if (windows->accounts >= WH_WINDOW_IDLE_MAX)
        sweep(windows, false);
    struct wh_window *window = calloc(1, sizeof *window);
    if (window == NULL)
        return NULL;
    memcpy(window->key, key, WH_KEY_Z85 - 1);
    window->next = *slot;
    *slot = window;
    windows->accounts++;
    return window;
}

static size_t lesser(size_t a, size_t b)
{
    return a < b ? a : b;
}

// The reserve is for urgent ones and for whoever has nothing outstanding.
static bool room_in_all(const struct wh_windows *windows, size_t bytes, bool reserve)
{
    const struct wh_window_limits *limits = &windows->limits;
    size_t more = reserve ? URGENT_ALL * limits->urgent : 0;
    return windows->n < limits->all_messages + more &&
           (windows->n == 0 || windows->bytes + bytes <= limits->all_bytes + more * URGENT_BYTES);
}

static size_t share_of(size_t limit, size_t all, size_t used)
{
    return lesser(limit, (all - lesser(used, all)) / SHARE);
}

enum wh_window_verdict wh_window_room(const struct wh_windows *windows,
                                      const struct wh_window *window, size_t bytes)
{
    const struct wh_window_limits *limits = &windows->limits;
    if (!room_in_all(windows, bytes, window->n == 0))
        return WH_WINDOW_ALL_FULL;
    if (window->n == 0)
        return WH_WINDOW_ROOM;
    if (window->n + 1 > share_of(limits->peer_messages, limits->all_messages, windows->n) ||
        window->bytes + bytes > share_of(limits->peer_bytes, limits->all_bytes, windows->bytes))
        return WH_WINDOW_PEER_FULL;
    return WH_WINDOW_ROOM;
}

bool wh_window_reserve(const struct wh_windows *windows, const struct wh_window *window,
                       size_t bytes)
{
    const struct wh_window_limits *limits = &windows->limits;
    return window->n < limits->peer_messages + limits->urgent &&
           window->bytes + bytes <= limits->peer_bytes + limits->urgent * URGENT_BYTES &&
           room_in_all(windows, bytes, true);
}

void wh_window_enter(struct wh_windows *windows, struct wh_window *window, size_t bytes)
{
    window->n++;
    window->bytes += bytes;
    windows->n++;
    windows->bytes += bytes;
}

void wh_window_leave(struct wh_windows *windows, struct wh_window *window, size_t bytes)
{
    window->n--;
    window->bytes -= bytes;
    windows->n--;
    windows->bytes -= bytes;
}
