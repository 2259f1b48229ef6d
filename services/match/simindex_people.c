// SPDX-License-Identifier: Apache-2.0
// A reporter's reports, the newest first: the table names the newest, each one names the one before
// it and the one after it.
#include "match/simindex_internal.h"

static uint32_t *older(const struct simindex *index, uint32_t slot)
{
    return &simindex_back(index, slot)->older;
}

static uint32_t *newer(const struct simindex *index, uint32_t slot)
{
    return &simindex_back(index, slot)->newer;
}

static uint32_t newest(const struct simindex *index, uint64_t reporter)
{
    struct simtable_walk walk = simtable_find(&index->reporters, simtable_hash(reporter));
    uint32_t slot = simtable_next(&walk);
    while (slot != SIMTABLE_NONE && simindex_blob(index, slot)->reporter != reporter)
        slot = simtable_next(&walk);
    return slot;
}

bool simindex_people_add(struct simindex *index, uint32_t slot)
{
    uint64_t reporter = simindex_blob(index, slot)->reporter;
    *older(index, slot) = *newer(index, slot) = SIMINDEX_NONE;
    if (!reporter)
        return true;
    uint64_t hash = simtable_hash(reporter);
    uint32_t before = newest(index, reporter);
    if (before == SIMTABLE_NONE)
        return simtable_put(&index->reporters, hash, slot);
    simtable_change(&index->reporters, hash, before, slot);
    *older(index, slot) = before;
    *newer(index, before) = slot;
    return true;
}

void simindex_people_remove(struct simindex *index, uint32_t slot)
{
    uint64_t reporter = simindex_blob(index, slot)->reporter;
    if (!reporter)
        return;
    uint64_t hash = simtable_hash(reporter);
    uint32_t before = *older(index, slot), after = *newer(index, slot);
    if (before != SIMINDEX_NONE)
        *newer(index, before) = after;
    if (after != SIMINDEX_NONE)
        *older(index, after) = before;
    else if (before != SIMINDEX_NONE)
        simtable_change(&index->reporters, hash, slot, before);
    else
        simtable_del(&index->reporters, hash, slot);
}

void simindex_people_walk(const struct simindex *index, const struct match_report *report,
                          simindex_list_fn take, void *arg)
{
    if (!report->reporter)
        return;
    uint32_t slot = newest(index, report->reporter);
    for (size_t n = 0; n < SIMINDEX_PERSON && slot != SIMINDEX_NONE; n++) {
        take(arg, &slot, 1);
        slot = *older(index, slot);
    }
}
