// SPDX-License-Identifier: Apache-2.0
// A binary heap of (time, key), and a map from key to place in the heap, so that a key's time can
// be replaced or cleared without searching (base/heap.h keeps stale entries instead: here a key may
// be set again many times before its first time comes).
#include "runtime/timers.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/map.h"

struct wh_timers {
    struct wh_timer *heap;
    size_t n, cap;
    struct wh_map places;
};

static bool before(const struct wh_timer *a, const struct wh_timer *b)
{
    return a->at != b->at ? a->at < b->at : a->key < b->key;
}

// The key is in the map already, so this cannot need memory.
static void place(struct wh_timers *t, size_t at, struct wh_timer timer)
{
    t->heap[at] = timer;
    wh_map_put_index(&t->places, timer.key, at);
}

static void sift_up(struct wh_timers *t, size_t at)
{
    struct wh_timer timer = t->heap[at];
    while (at > 0 && before(&timer, &t->heap[(at - 1) / 2])) {
        place(t, at, t->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    place(t, at, timer);
}

static void sift_down(struct wh_timers *t, size_t at)
{
    struct wh_timer timer = t->heap[at];
    for (size_t child = 2 * at + 1; child < t->n; child = 2 * at + 1) {
        if (child + 1 < t->n && before(&t->heap[child + 1], &t->heap[child]))
            child++;
        if (!before(&t->heap[child], &timer))
            break;
        place(t, at, t->heap[child]);
        at = child;
    }
    place(t, at, timer);
}

static void change(struct wh_timers *t, size_t at, int64_t when)
{
    bool earlier = when < t->heap[at].at;
    t->heap[at].at = when;
    if (earlier)
        sift_up(t, at);
    else
        sift_down(t, at);
}

static void drop(struct wh_timers *t, size_t at)
{
    wh_map_del(&t->places, t->heap[at].key);
    struct wh_timer last = t->heap[--t->n];
    if (at == t->n)
        return;
    bool up = before(&last, &t->heap[at]);
    t->heap[at] = last;
    if (up)
        sift_up(t, at);
    else
        sift_down(t, at);
}

static int add(struct wh_timers *t, struct wh_timer timer)
{
    if (t->n == t->cap) {
        size_t cap = t->cap ? t->cap * 2 : 64;
        struct wh_timer *heap = realloc(t->heap, cap * sizeof *heap);
        if (!heap)
            return WH_E_NOMEM;
        t->heap = heap;
        t->cap = cap;
    }
    int status = wh_map_put_index(&t->places, timer.key, t->n);
    if (status != 0)
        return status;
    t->heap[t->n] = timer;
    sift_up(t, t->n++);
    return 0;
}

struct wh_timers *wh_timers_new(void)
{
    struct wh_timers *t = calloc(1, sizeof *t);
    if (t)
        wh_map_init(&t->places);
    return t;
}

void wh_timers_free(struct wh_timers *t)
{
    if (!t)
        return;
    free(t->heap);
    wh_map_done(&t->places);
    free(t);
}

int wh_timers_set(struct wh_timers *t, int64_t key, int64_t at)
{
    size_t where;
    if (!wh_map_get_index(&t->places, key, &where))
        return at == 0 ? 0 : add(t, (struct wh_timer){key, at});
    if (at == 0)
        drop(t, where);
    else
        change(t, where, at);
    return 0;
}

int64_t wh_timers_get(const struct wh_timers *t, int64_t key)
{
    size_t where;
    return wh_map_get_index(&t->places, key, &where) ? t->heap[where].at : 0;
}

bool wh_timers_first(const struct wh_timers *t, struct wh_timer *ret_timer)
{
    if (t->n == 0)
        return false;
    *ret_timer = t->heap[0];
    return true;
}

void wh_timers_clear(struct wh_timers *t)
{
    t->n = 0;
    wh_map_done(&t->places);
}

size_t wh_timers_count(const struct wh_timers *t)
{
    return t->n;
}
