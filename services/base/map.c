// SPDX-License-Identifier: Apache-2.0
// Linear probing with backward-shift deletion, so that no tombstones pile up in maps that live for
// months. Decides slots and growth only; values stay the caller's.
#include "base/map.h"

#include <stdlib.h>

#include "base/error.h"

#define CAP_FIRST 16u

// Finaliser of splitmix64 (S. Vigna): consecutive keys spread over the whole table.
static size_t slot_of(const struct wh_map *map, int64_t key)
{
    uint64_t x = (uint64_t)key;
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return (size_t)(x ^ x >> 31) & (map->cap - 1);
}

void wh_map_init(struct wh_map *map)
{
    *map = (struct wh_map){0};
}

void wh_map_done(struct wh_map *map)
{
    free(map->slots);
    wh_map_init(map);
}

// The key's slot, or the free one where it would go. The map must have slots.
static struct wh_map_slot *probe(const struct wh_map *map, int64_t key)
{
    size_t i = slot_of(map, key);
    while (map->slots[i].used && map->slots[i].key != key)
        i = (i + 1) & (map->cap - 1);
    return &map->slots[i];
}

static const struct wh_map_slot *find(const struct wh_map *map, int64_t key)
{
    if (map->n == 0)
        return NULL;
    const struct wh_map_slot *slot = probe(map, key);
    return slot->used ? slot : NULL;
}

int wh_map_reserve(struct wh_map *map, size_t n)
{
    size_t cap = map->cap ? map->cap : CAP_FIRST;
    while (cap / 4 * 3 < n) {
        if (cap > SIZE_MAX / 2 / sizeof *map->slots)
            return WH_E_NOMEM;
        cap *= 2;
    }
    if (cap == map->cap)
        return 0;
    struct wh_map grown = {.slots = calloc(cap, sizeof *grown.slots), .n = map->n, .cap = cap};
    if (!grown.slots)
        return WH_E_NOMEM;
    for (size_t i = 0; i < map->cap; i++) {
        if (map->slots[i].used)
            *probe(&grown, map->slots[i].key) = map->slots[i];
    }
    free(map->slots);
    *map = grown;
    return 0;
}

static int put(struct wh_map *map, int64_t key, uintptr_t value)
{
    struct wh_map_slot *slot = map->cap ? probe(map, key) : NULL;
    if (!slot || !slot->used) {
        int error = wh_map_reserve(map, map->n + 1);
        if (error)
            return error;
        slot = probe(map, key);
        map->n++;
    }
    *slot = (struct wh_map_slot){.key = key, .value = value, .used = true};
    return 0;
}

int wh_map_put(struct wh_map *map, int64_t key, void *value)
{
    return put(map, key, (uintptr_t)value);
}

int wh_map_put_index(struct wh_map *map, int64_t key, size_t index)
{
    return put(map, key, (uintptr_t)index);
}

void *wh_map_get(const struct wh_map *map, int64_t key)
{
    const struct wh_map_slot *slot = find(map, key);
    return slot ? (void *)slot->value : NULL; // NOLINT(performance-no-int-to-ptr)
}

bool wh_map_get_index(const struct wh_map *map, int64_t key, size_t *ret_index)
{
    const struct wh_map_slot *slot = find(map, key);
    if (!slot)
        return false;
    *ret_index = (size_t)slot->value;
    return true;
}

bool wh_map_has(const struct wh_map *map, int64_t key)
{
    return find(map, key) != NULL;
}

bool wh_map_del(struct wh_map *map, int64_t key)
{
    const struct wh_map_slot *slot = find(map, key);
    if (!slot)
        return false;
    size_t mask = map->cap - 1, hole = (size_t)(slot - map->slots);
    // Move back every later entry of the cluster whose own place does not lie behind the hole.
    for (size_t i = (hole + 1) & mask; map->slots[i].used; i = (i + 1) & mask) {
        size_t home = slot_of(map, map->slots[i].key);
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            map->slots[hole] = map->slots[i];
            hole = i;
        }
    }
    map->slots[hole] = (struct wh_map_slot){0};
    map->n--;
    return true;
}

size_t wh_map_count(const struct wh_map *map)
{
    return map->n;
}

bool wh_map_next(const struct wh_map *map, size_t *pos, int64_t *ret_key, void **ret_value)
{
    for (; *pos < map->cap; (*pos)++) {
        const struct wh_map_slot *slot = &map->slots[*pos];
        if (!slot->used)
            continue;
        if (ret_key)
            *ret_key = slot->key;
        if (ret_value)
            *ret_value = (void *)slot->value; // NOLINT(performance-no-int-to-ptr)
        (*pos)++;
        return true;
    }
    return false;
}

void wh_map_foreach(const struct wh_map *map, wh_map_each_fn fn, void *arg)
{
    size_t pos = 0;
    int64_t key;
    void *value;
    while (wh_map_next(map, &pos, &key, &value)) {
        if (!fn(arg, key, value))
            return;
    }
}
