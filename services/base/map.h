// SPDX-License-Identifier: Apache-2.0
// A map from int64 keys to pointers or indexes: open addressing, linear probing, at most 3/4 full,
// deletion without tombstones. Owns its slots, never what the values point to. Grows with malloc.
// Not thread-safe; the order of iteration is arbitrary but the same for the same history.
#ifndef WH_BASE_MAP_H
#define WH_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wh_map_slot {
    int64_t key;
    uintptr_t value;
    bool used;
};

// Embedded by its owner; an all-zero struct is an empty map.
struct wh_map {
    struct wh_map_slot *slots;
    size_t n;   // entries
    size_t cap; // slots, 0 or a power of two
};

void wh_map_init(struct wh_map *map); // takes no memory yet
void wh_map_done(struct wh_map *map); // frees the slots; the map is empty again
// Room for n entries in all without further allocation. 0, WH_E_NOMEM.
int wh_map_reserve(struct wh_map *map, size_t n);

// Sets or replaces. 0, WH_E_NOMEM (the map is unchanged). After a successful wh_map_reserve it
// cannot fail within that room.
int wh_map_put(struct wh_map *map, int64_t key, void *value);
void *wh_map_get(const struct wh_map *map, int64_t key); // NULL where there is none
bool wh_map_has(const struct wh_map *map, int64_t key);
bool wh_map_del(struct wh_map *map, int64_t key); // false where there was none
size_t wh_map_count(const struct wh_map *map);

// The same map with indexes for values; do not mix both kinds in one map.
int wh_map_put_index(struct wh_map *map, int64_t key, size_t index);
bool wh_map_get_index(const struct wh_map *map, int64_t key, size_t *ret_index);

// Calls fn for each entry until it returns false. fn must not put or delete.
typedef bool (*wh_map_each_fn)(void *arg, int64_t key, void *value);
void wh_map_foreach(const struct wh_map *map, wh_map_each_fn fn, void *arg);
// The same as a loop: size_t pos = 0; while (wh_map_next(map, &pos, &key, &value)) …
// ret_key and ret_value may be NULL. No put and no delete while walking.
bool wh_map_next(const struct wh_map *map, size_t *pos, int64_t *ret_key, void **ret_value);

#endif
