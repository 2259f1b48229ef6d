// SPDX-License-Identifier: Apache-2.0
// The index's memory: blocks of any size named by 32-bit references instead of pointers (in units
// of eight bytes, 32 GiB in all), cut from chunks of 2 MiB, freed blocks kept by size; and growing
// lists of 32-bit numbers in it. Deterministic; returns nothing to the system before the end.
#ifndef WH_MATCH_SIMINDEX_POOL_H
#define WH_MATCH_SIMINDEX_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIMPOOL_UNIT 8u
#define SIMPOOL_CHUNK_UNITS (1u << 18)
#define SIMPOOL_CLASSES 144

struct simpool_chunk {
    uint8_t *at;
    uint32_t owned; // so many were taken together; 0: the one before goes on here
};

struct simpool {
    struct simpool_chunk *chunks;
    uint32_t chunks_n, chunks_cap;
    uint32_t current, fill;         // chunk that is cut from, units cut from it
    uint32_t free[SIMPOOL_CLASSES]; // first free block of each size
    size_t bytes;                   // taken from the system
    size_t limit;                   // never take more, 0: no limit (tests)
};

void simpool_init(struct simpool *pool);
void simpool_done(struct simpool *pool);
uint32_t simpool_take(struct simpool *pool, size_t bytes); // 0 without memory
void simpool_give(struct simpool *pool, uint32_t ref, size_t bytes);

static inline void *simpool_at(const struct simpool *pool, uint32_t ref)
{
    return pool->chunks[ref / SIMPOOL_CHUNK_UNITS].at +
           (size_t)(ref % SIMPOOL_CHUNK_UNITS) * SIMPOOL_UNIT;
}

// A list in the order of its growth. One number alone stands in the list itself. All zero: empty.
struct simlist {
    uint32_t ref;
    uint32_t n : 24, size : 8; // size: the block's class
};

bool simlist_push(struct simpool *pool, struct simlist *list, uint32_t value); // false: no memory
// Takes the first such value out. False where there is none.
bool simlist_drop(struct simpool *pool, struct simlist *list, uint32_t value);
const uint32_t *simlist_values(const struct simpool *pool, const struct simlist *list);
// Where they stand, without looking there: to bring it on its way.
const void *simlist_block(const struct simpool *pool, const struct simlist *list);

#endif
