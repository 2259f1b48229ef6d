// SPDX-License-Identifier: Apache-2.0
// Which reports stand in the index: slots in pages, blobs in the pool, and the order in which a
// report enters the four ways to find it, so that without memory it leaves them all again.
#include "match/simindex.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "match/simindex_find.h"
#include "match/simindex_internal.h"

static_assert(sizeof(struct simlist) == 8, "a list is a reference and a length");
static_assert(sizeof(struct simindex_slot) == 32, "two slots to a line of the cache");

struct simindex *simindex_new(const struct match_model *model, size_t expected)
{
    struct simindex *index = calloc(1, sizeof *index);
    if (!index)
        return NULL;
    index->model = model;
    index->free_slot = SIMINDEX_NONE;
    for (unsigned s = 0; s < MATCH_SECTIONS; s++)
        index->floor[s] = simindex_logit_of(model, s, SIMINDEX_FLOOR);
    simpool_init(&index->pool);
    wh_map_init(&index->cells);
    index->grams = calloc(MATCH_GRAMS, sizeof *index->grams);
    index->probe = match_probe_new();
    index->quick = simindex_quick_new(model);
    if (match_corpus_init(&index->corpus, model) == 0 && index->grams && index->probe &&
        index->quick && wh_map_reserve(&index->cells, expected / 64) == 0)
        return index;
    simindex_free(index);
    return NULL;
}

void simindex_free(struct simindex *index)
{
    if (!index)
        return;
    for (uint32_t i = 0; i < index->pages_n; i++)
        free(index->pages[i]);
    free(index->pages);
    free(index->grams);
    simindex_quick_free(index->quick);
    match_probe_free(index->probe);
    match_corpus_done(&index->corpus);
    wh_map_done(&index->cells);
    simtable_done(&index->ids);
    simtable_done(&index->reporters);
    simpool_done(&index->pool);
    free(index);
}

static uint32_t slot_of(const struct simindex *index, int64_t id)
{
    struct simtable_walk walk = simtable_find(&index->ids, simtable_hash((uint64_t)id));
    uint32_t slot = simtable_next(&walk);
    while (slot != SIMTABLE_NONE && simindex_blob(index, slot)->id != id)
        slot = simtable_next(&walk);
    return slot;
}

static bool more_slots(struct simindex *index)
{
    if (index->pages_n == index->pages_cap) {
        uint32_t cap = index->pages_cap * 2 + 64;
        struct simindex_page **pages = realloc(index->pages, cap * sizeof(struct simindex_page *));
        if (!pages)
            return false;
        index->pages = pages;
        index->pages_cap = cap;
    }
    struct simindex_page *page = aligned_alloc(64, sizeof *page);
    if (!page)
        return false;
    memset(page, 0, sizeof *page);
    index->pages[index->pages_n++] = page;
    return true;
}

// A slot that is not used; SIMINDEX_NONE without memory.
static uint32_t take_slot(struct simindex *index)
{
    uint32_t slot = index->free_slot;
    if (slot != SIMINDEX_NONE) {
        index->free_slot = simindex_slot(index, slot)->blob;
        return slot;
    }
    if (index->slots == index->pages_n * SIMINDEX_PAGE && !more_slots(index))
        return SIMINDEX_NONE;
    return index->slots++;
}

static void give_slot(struct simindex *index, uint32_t slot)
{
    simindex_slot(index, slot)->blob = index->free_slot;
    index->free_slot = slot;
}

// Its own copy of the blob. False without memory.
static bool hold(struct simindex *index, uint32_t slot, const struct match_report *report)
{
    bool located = report->flags & MATCH_LOCATED;
    uint32_t ref = simpool_take(&index->pool, report->size);
    if (!ref)
        return false;
    memcpy(simpool_at(&index->pool, ref), report, report->size);
    *simindex_slot(index, slot) = (struct simindex_slot){
        .blob = ref,
        .place = {located ? report->lat : INT32_MAX, located ? report->lon : INT32_MAX},
    };
    return true;
}

static void drop(struct simindex *index, uint32_t slot)
{
    uint32_t ref = simindex_slot(index, slot)->blob;
    simpool_give(&index->pool, ref, simindex_blob(index, slot)->size);
}

static bool enter(struct simindex *index, uint32_t slot)
{
    uint64_t hash = simtable_hash((uint64_t)simindex_blob(index, slot)->id);
    if (!simtable_put(&index->ids, hash, slot))
        return false;
    if (simindex_people_add(index, slot)) {
        if (simindex_cells_add(index, slot)) {
            if (simindex_grams_add(index, slot))
                return true;
            simindex_grams_remove(index, slot);
            simindex_cells_remove(index, slot);
        }
        simindex_people_remove(index, slot);
    }
    simtable_del(&index->ids, hash, slot);
    return false;
}

int simindex_add(struct simindex *index, const struct match_report *report)
{
    if (slot_of(index, report->id) != SIMTABLE_NONE)
        return WH_E_EXISTS;
    uint32_t slot = take_slot(index);
    if (slot == SIMINDEX_NONE)
        return WH_E_NOMEM;
    bool held = hold(index, slot, report);
    if (!held || !enter(index, slot)) {
        if (held)
            drop(index, slot);
        give_slot(index, slot);
        return WH_E_NOMEM;
    }
    match_corpus_add(&index->corpus, report);
    index->n++;
    return 0;
}

bool simindex_remove(struct simindex *index, int64_t id)
{
    uint32_t slot = slot_of(index, id);
    if (slot == SIMTABLE_NONE)
        return false;
    match_corpus_remove(&index->corpus, simindex_blob(index, slot));
    simindex_grams_remove(index, slot);
    simindex_cells_remove(index, slot);
    simindex_people_remove(index, slot);
    simtable_del(&index->ids, simtable_hash((uint64_t)id), slot);
    drop(index, slot);
    give_slot(index, slot);
    index->n--;
    return true;
}

const struct match_report *simindex_get(const struct simindex *index, int64_t id)
{
    uint32_t slot = slot_of(index, id);
    return slot == SIMTABLE_NONE ? NULL : simindex_blob(index, slot);
}

const struct match_corpus *simindex_corpus(const struct simindex *index)
{
    return &index->corpus;
}

void simindex_reckon(struct simindex *index)
{
    match_corpus_reckon(&index->corpus);
}

size_t simindex_count(const struct simindex *index)
{
    return index->n;
}

size_t simindex_bytes(const struct simindex *index)
{
    return sizeof *index + index->pages_n * sizeof(struct simindex_page) +
           index->pages_cap * sizeof(struct simindex_page *) + index->pool.bytes +
           index->ids.bytes + index->reporters.bytes +
           index->cells.cap * sizeof(struct wh_map_slot) +
           MATCH_GRAMS *
               (sizeof *index->grams + sizeof *index->corpus.df + sizeof *index->corpus.idf) +
           simindex_quick_bytes() + match_probe_bytes();
}
