// SPDX-License-Identifier: Apache-2.0
// Hashed keys to 32-bit numbers, small: eight bytes an entry, the key itself stands with what the
// number names, so the caller compares it. A thousand tables that grow one at a time, by a quarter:
// no addition waits for the whole. No seeds.
#ifndef WH_MATCH_SIMINDEX_TABLE_H
#define WH_MATCH_SIMINDEX_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIMTABLE_PARTS 1024u
#define SIMTABLE_NONE UINT32_MAX

struct simtable_part {
    uint64_t *entries; // tag << 32 | number + 1; 0: free
    uint32_t n, cap;
};

struct simtable {
    struct simtable_part parts[SIMTABLE_PARTS];
    size_t bytes;
};

// A walk over the numbers whose key may be the one that was hashed.
struct simtable_walk {
    const struct simtable_part *part;
    uint32_t at, tag;
};

static inline uint64_t simtable_hash(uint64_t key)
{
    // Finaliser of splitmix64 (S. Vigna).
    key = (key ^ key >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    key = (key ^ key >> 27) * UINT64_C(0x94d049bb133111eb);
    return key ^ key >> 31;
}

void simtable_done(struct simtable *table);
struct simtable_walk simtable_find(const struct simtable *table, uint64_t hash);
uint32_t simtable_next(struct simtable_walk *walk); // SIMTABLE_NONE at the end
bool simtable_put(struct simtable *table, uint64_t hash, uint32_t number); // false: no memory
void simtable_change(struct simtable *table, uint64_t hash, uint32_t from, uint32_t to);
void simtable_del(struct simtable *table, uint64_t hash, uint32_t number);

#endif
