// SPDX-License-Identifier: Apache-2.0
// The usual array heap. Decides order only: what is stale is known to the callers.
#include "base/heap.h"

#include <stdlib.h>

#include "base/error.h"

static bool before(struct wh_heap_item a, struct wh_heap_item b)
{
    return a.at < b.at || (a.at == b.at && a.key < b.key);
}

void wh_heap_init(struct wh_heap *heap)
{
    *heap = (struct wh_heap){0};
}

void wh_heap_done(struct wh_heap *heap)
{
    free(heap->items);
    wh_heap_init(heap);
}

int wh_heap_push(struct wh_heap *heap, int64_t at, int64_t key)
{
    if (heap->n == heap->cap) {
        size_t cap = heap->cap ? heap->cap * 2 : 64;
        struct wh_heap_item *items = reallocarray(heap->items, cap, sizeof *items);
        if (!items)
            return WH_E_NOMEM;
        heap->items = items;
        heap->cap = cap;
    }
    struct wh_heap_item item = {at, key};
    size_t i = heap->n++;
    while (i > 0 && before(item, heap->items[(i - 1) / 2])) {
        heap->items[i] = heap->items[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    heap->items[i] = item;
    return 0;
}

bool wh_heap_peek(const struct wh_heap *heap, struct wh_heap_item *ret)
{
    if (heap->n == 0)
        return false;
    if (ret)
        *ret = heap->items[0];
    return true;
}

bool wh_heap_pop(struct wh_heap *heap, struct wh_heap_item *ret)
{
    if (!wh_heap_peek(heap, ret))
        return false;
    struct wh_heap_item last = heap->items[--heap->n];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= heap->n)
            break;
        if (child + 1 < heap->n && before(heap->items[child + 1], heap->items[child]))
            child++;
        if (!before(heap->items[child], last))
            break;
        heap->items[i] = heap->items[child];
        i = child;
    }
    if (heap->n > 0)
        heap->items[i] = last;
    return true;
}

size_t wh_heap_count(const struct wh_heap *heap)
{
    return heap->n;
}
