// SPDX-License-Identifier: Apache-2.0
// Linear probing with backward-shift deletion in tables of any size: a tag's place is its share of
// the table. At most 7/8 full.
#include "match/simindex_table.h"

#include <stdlib.h>

#define FIRST_CAP 8u

static struct simtable_part *part_of(const struct simtable *table, uint64_t hash)
{
    return (struct simtable_part *)(uintptr_t)&table->parts[hash >> 54];
}

static uint32_t home(const struct simtable_part *part, uint64_t entry)
{
    return (uint32_t)((entry >> 32) * part->cap >> 32);
}

static uint32_t after(const struct simtable_part *part, uint32_t at)
{
    return at + 1 == part->cap ? 0 : at + 1;
}

void simtable_done(struct simtable *table)
{
    for (size_t i = 0; i < SIMTABLE_PARTS; i++)
        free(table->parts[i].entries);
    *table = (struct simtable){0};
}

struct simtable_walk simtable_find(const struct simtable *table, uint64_t hash)
{
    struct simtable_walk walk = {part_of(table, hash), 0, (uint32_t)hash};
    if (walk.part->cap)
        walk.at = home(walk.part, hash << 32);
    return walk;
}

uint32_t simtable_next(struct simtable_walk *walk)
{
    if (!walk->part->cap)
        return SIMTABLE_NONE;
    for (uint64_t entry; (entry = walk->part->entries[walk->at]) != 0;) {
        walk->at = after(walk->part, walk->at);
        if ((uint32_t)(entry >> 32) == walk->tag)
            return (uint32_t)entry - 1;
    }
    return SIMTABLE_NONE;
}

static void put(struct simtable_part *part, uint64_t entry)
{
    uint32_t at = home(part, entry);
    while (part->entries[at])
        at = after(part, at);
    part->entries[at] = entry;
    part->n++;
}

static bool grow(struct simtable *table, struct simtable_part *part)
{
    uint32_t cap = part->cap ? part->cap + part->cap / 4 : FIRST_CAP;
    struct simtable_part grown = {calloc(cap, sizeof *grown.entries), 0, cap};
    if (!grown.entries)
        return false;
    for (uint32_t i = 0; i < part->cap; i++)
        if (part->entries[i])
            put(&grown, part->entries[i]);
    table->bytes += (cap - part->cap) * sizeof *grown.entries;
    free(part->entries);
    *part = grown;
    return true;
}

bool simtable_put(struct simtable *table, uint64_t hash, uint32_t number)
{
    struct simtable_part *part = part_of(table, hash);
    if (part->n + 1 > part->cap - part->cap / 8 && !grow(table, part))
        return false;
    put(part, hash << 32 | (number + 1));
    return true;
}

// Where exactly this entry stands; it is there.
static uint32_t place(const struct simtable_part *part, uint64_t entry)
{
    uint32_t at = home(part, entry);
    while (part->entries[at] != entry)
        at = after(part, at);
    return at;
}

void simtable_change(struct simtable *table, uint64_t hash, uint32_t from, uint32_t to)
{
    struct simtable_part *part = part_of(table, hash);
    part->entries[place(part, hash << 32 | (from + 1))] = hash << 32 | (to + 1);
}

void simtable_del(struct simtable *table, uint64_t hash, uint32_t number)
{
    struct simtable_part *part = part_of(table, hash);
    uint32_t hole = place(part, hash << 32 | (number + 1));
    uint32_t at = hole;
    part->entries[hole] = 0;
    part->n--;
    while (part->entries[at = after(part, at)]) {
        uint32_t from = home(part, part->entries[at]);
        // Does its home lie in (hole, at], going round? Then it stays.
        if (hole <= at ? hole < from && from <= at : hole < from || from <= at)
            continue;
        part->entries[hole] = part->entries[at];
        part->entries[at] = 0;
        hole = at;
    }
}
