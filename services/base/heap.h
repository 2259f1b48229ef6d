// SPDX-License-Identifier: Apache-2.0
// A binary min-heap of due times. Decides the order: the earliest first, equal times by key. An
// entry cannot be taken out of the middle: callers leave stale ones in and drop them when they come
// up. Grows with malloc. Not thread-safe.
#ifndef WH_BASE_HEAP_H
#define WH_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wh_heap_item {
    int64_t at;  // ms UTC, or any other rank
    int64_t key; // the caller's
};

// Embedded by its owner; an all-zero struct is an empty heap.
struct wh_heap {
    struct wh_heap_item *items;
    size_t n, cap;
};

void wh_heap_init(struct wh_heap *heap);                         // takes no memory yet
void wh_heap_done(struct wh_heap *heap);                         // frees all; empty again
int wh_heap_push(struct wh_heap *heap, int64_t at, int64_t key); // 0, WH_E_NOMEM
// The earliest; false when empty. ret may be NULL.
bool wh_heap_peek(const struct wh_heap *heap, struct wh_heap_item *ret);
bool wh_heap_pop(struct wh_heap *heap, struct wh_heap_item *ret);
size_t wh_heap_count(const struct wh_heap *heap);

#endif
