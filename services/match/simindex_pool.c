// SPDX-License-Identifier: Apache-2.0
// Blocks by size: up to 512 bytes one size for every eight bytes, above that four for every
// doubling. A block never moves; the tail of a chunk that is too small becomes a free block.
#include "match/simindex_pool.h"

#include <stdlib.h>
#include <string.h>

#include "match/memory.h"

#define EXACT 64u // units up to which every size is its own
#define CHUNK_BYTES ((size_t)SIMPOOL_CHUNK_UNITS * SIMPOOL_UNIT)
#define LIST_MAX ((1u << 24) - 1)

// Units of a class: 1 … 64, then 80, 96, 112, 128, 160, …
static uint32_t units_of(unsigned size)
{
    if (size <= EXACT)
        return size;
    unsigned step = size - EXACT - 1, doubling = step / 4;
    return (EXACT << doubling) + ((EXACT / 4) << doubling) * (step % 4 + 1);
}

static unsigned class_of(size_t bytes)
{
    size_t units = (bytes + SIMPOOL_UNIT - 1) / SIMPOOL_UNIT;
    if (units <= EXACT)
        return units ? (unsigned)units : 1;
    unsigned size = EXACT + 1;
    while (size < SIMPOOL_CLASSES && units_of(size) < units)
        size++;
    return size;
}

void simpool_init(struct simpool *pool)
{
    *pool = (struct simpool){.fill = SIMPOOL_CHUNK_UNITS};
}

void simpool_done(struct simpool *pool)
{
    for (uint32_t i = 0; i < pool->chunks_n; i++)
        if (pool->chunks[i].owned)
            match_memory_free(pool->chunks[i].at, pool->chunks[i].owned * CHUNK_BYTES);
    free(pool->chunks);
    simpool_init(pool);
}

static void put_free(struct simpool *pool, uint32_t ref, unsigned size)
{
    memcpy(simpool_at(pool, ref), &pool->free[size], sizeof ref);
    pool->free[size] = ref;
}

// The end of the chunk that is cut from, given away in the largest blocks that fit.
static void put_tail(struct simpool *pool)
{
    while (pool->fill < SIMPOOL_CHUNK_UNITS) {
        uint32_t left = SIMPOOL_CHUNK_UNITS - pool->fill;
        unsigned size = class_of((size_t)left * SIMPOOL_UNIT);
        size -= units_of(size) > left;
        put_free(pool, pool->current * SIMPOOL_CHUNK_UNITS + pool->fill, size);
        pool->fill += units_of(size);
    }
}

// Room in the table of chunks for n more.
static bool more_names(struct simpool *pool, uint32_t n)
{
    if (pool->chunks_n + n <= pool->chunks_cap)
        return true;
    uint32_t cap = pool->chunks_cap * 2 + n + 16;
    if (cap > UINT32_MAX / SIMPOOL_CHUNK_UNITS)
        return false;
    struct simpool_chunk *chunks = realloc(pool->chunks, cap * sizeof *chunks);
    if (!chunks)
        return false;
    pool->bytes += (cap - pool->chunks_cap) * sizeof *chunks;
    pool->chunks = chunks;
    pool->chunks_cap = cap;
    return true;
}

// The first of n new chunks that follow each other; UINT32_MAX without memory.
static uint32_t more_chunks(struct simpool *pool, uint32_t n)
{
    size_t bytes = n * CHUNK_BYTES;
    if ((pool->limit && pool->bytes + bytes > pool->limit) || !more_names(pool, n))
        return UINT32_MAX;
    uint8_t *at = match_memory(bytes);
    if (!at)
        return UINT32_MAX;
    for (uint32_t i = 0; i < n; i++)
        pool->chunks[pool->chunks_n++] =
            (struct simpool_chunk){at + i * CHUNK_BYTES, i == 0 ? n : 0};
    pool->bytes += bytes;
    return pool->chunks_n - n;
}

uint32_t simpool_take(struct simpool *pool, size_t bytes)
{
    unsigned size = class_of(bytes);
    if (size >= SIMPOOL_CLASSES)
        return 0;
    uint32_t units = units_of(size), ref = pool->free[size];
    if (ref) {
        memcpy(&pool->free[size], simpool_at(pool, ref), sizeof ref);
        return ref;
    }
    if (units > SIMPOOL_CHUNK_UNITS) {
        uint32_t first = more_chunks(pool, (units - 1) / SIMPOOL_CHUNK_UNITS + 1);
        return first == UINT32_MAX ? 0 : first * SIMPOOL_CHUNK_UNITS;
    }
    if (SIMPOOL_CHUNK_UNITS - pool->fill < units) {
        uint32_t chunk = more_chunks(pool, 1);
        if (chunk == UINT32_MAX)
            return 0;
        put_tail(pool);
        pool->current = chunk;
        pool->fill = chunk == 0; // the reference 0 names nothing
        if (SIMPOOL_CHUNK_UNITS - pool->fill < units)
            return simpool_take(pool, bytes);
    }
    ref = pool->current * SIMPOOL_CHUNK_UNITS + pool->fill;
    pool->fill += units;
    return ref;
}

void simpool_give(struct simpool *pool, uint32_t ref, size_t bytes)
{
    if (ref)
        put_free(pool, ref, class_of(bytes));
}

// ---- lists --------------------------------------------------------------------------------------

// A block begins with how many places before the first number are free.
static size_t room_of(const struct simlist *list)
{
    return list->size ? (size_t)units_of(list->size) * SIMPOOL_UNIT / sizeof(uint32_t) - 1 : 1;
}

static uint32_t *values_of(const struct simpool *pool, struct simlist *list)
{
    if (!list->size)
        return &list->ref;
    uint32_t *block = simpool_at(pool, list->ref);
    return block + 1 + *block;
}

const uint32_t *simlist_values(const struct simpool *pool, const struct simlist *list)
{
    if (!list->size)
        return &list->ref;
    const uint32_t *block = simpool_at(pool, list->ref);
    return block + 1 + *block;
}

const void *simlist_block(const struct simpool *pool, const struct simlist *list)
{
    return list->size ? simpool_at(pool, list->ref) : list;
}

// Into a block for at least n numbers (a sixth more from sixteen on). False without memory.
static bool move(struct simpool *pool, struct simlist *list, size_t n)
{
    size_t bytes = (1 + n + (n >= 16 ? n / 6 : 0)) * sizeof(uint32_t);
    uint32_t ref = simpool_take(pool, bytes);
    if (!ref)
        return false;
    struct simlist moved = {ref, list->n, class_of(bytes) & 0xff};
    uint32_t *block = simpool_at(pool, ref);
    *block = 0;
    memcpy(block + 1, values_of(pool, list), list->n * sizeof(uint32_t));
    if (list->size)
        put_free(pool, list->ref, list->size);
    *list = moved;
    return true;
}

// A place after the last number. Where a quarter is free before the first one they move there.
static bool make_room(struct simpool *pool, struct simlist *list)
{
    if (!list->size)
        return list->n == 0 || move(pool, list, list->n + 1u);
    uint32_t *block = simpool_at(pool, list->ref);
    size_t room = room_of(list);
    if (*block + list->n < room)
        return true;
    if (*block == 0 || *block < room / 4)
        return move(pool, list, list->n + 1u);
    memmove(block + 1, block + 1 + *block, list->n * sizeof *block);
    *block = 0;
    return true;
}

bool simlist_push(struct simpool *pool, struct simlist *list, uint32_t value)
{
    if (list->n == LIST_MAX || !make_room(pool, list))
        return false;
    values_of(pool, list)[list->n++] = value;
    return true;
}

static void shrink(struct simpool *pool, struct simlist *list)
{
    if (list->n <= 1 && list->size) {
        uint32_t last = list->n ? values_of(pool, list)[0] : 0;
        put_free(pool, list->ref, list->size);
        *list = (struct simlist){last, list->n, 0};
    } else if (list->n < room_of(list) / 2) {
        (void)move(pool, list, list->n); // without memory it stays where it is
    }
}

// The shorter side moves.
static void cut(struct simpool *pool, struct simlist *list, size_t at)
{
    uint32_t *values = values_of(pool, list);
    if (list->size && at < list->n / 2) {
        memmove(values + 1, values, at * sizeof *values);
        ++*(uint32_t *)simpool_at(pool, list->ref);
    } else {
        memmove(values + at, values + at + 1, (list->n - at - 1) * sizeof *values);
    }
    list->n = (list->n - 1u) & LIST_MAX;
    shrink(pool, list);
}

bool simlist_drop(struct simpool *pool, struct simlist *list, uint32_t value)
{
    const uint32_t *values = simlist_values(pool, list);
    for (size_t i = 0; i < list->n; i++) {
        if (values[i] != value)
            continue;
        cut(pool, list, i);
        return true;
    }
    return false;
}
