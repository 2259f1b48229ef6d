// SPDX-License-Identifier: Apache-2.0
// The parts of the index, for its own files: a slot a report in pages, the blob in the pool, and
// four ways to find a slot: by id, by cell, by a rare bigram, by reporter.
#ifndef WH_MATCH_SIMINDEX_INTERNAL_H
#define WH_MATCH_SIMINDEX_INTERNAL_H

#include "base/map.h"
#include "match/model.h"
#include "match/simindex.h"
#include "match/simindex_pool.h"
#include "match/simindex_table.h"

#define SIMINDEX_NONE UINT32_MAX
#define SIMINDEX_PAGE (1u << 14) // slots of a page
#define SIMINDEX_UNPOSTED 0xff   // an ordinal: none
#define SIMINDEX_ORDINALS 0xff   // a report's first bigrams that may be posted

struct simindex_place { // 1e-7 degrees; both INT32_MAX: not located
    int32_t lat, lon;
};

// What a search looks at before the blob: half a line of the processor's cache.
struct simindex_slot {
    uint32_t blob;    // in the pool; of a free slot: the next free one
    uint8_t seen;     // in which search
    uint16_t weighed; // when: the corpus' epoch, 0: never
    struct simindex_place place;
    struct match_weights weights;
};

struct simindex_page {
    _Alignas(64) struct simindex_slot slot[SIMINDEX_PAGE];
    uint32_t older[SIMINDEX_PAGE], newer[SIMINDEX_PAGE]; // by the same reporter
    uint8_t posted[SIMINDEX_PAGE][SIMINDEX_POSTED];      // ordinals of the bigrams it stands under
};

struct simindex {
    const struct match_model *model;
    struct match_corpus corpus;
    struct match_probe *probe;
    struct simpool pool;
    struct simindex_page **pages;
    uint32_t pages_n, pages_cap, slots, free_slot; // slots: used or on the free list
    size_t n;
    struct simtable ids, reporters; // a reporter's newest
    struct wh_map cells;            // cell → struct simlist
    struct simlist *grams;          // MATCH_GRAMS of them
    uint8_t search;
    double floor[MATCH_SECTIONS]; // logits of SIMINDEX_FLOOR
    struct simindex_quick *quick; // simindex_find.h
};

static inline struct simindex_page *simindex_page(const struct simindex *index, uint32_t slot)
{
    return index->pages[slot / SIMINDEX_PAGE];
}

static inline struct simindex_slot *simindex_slot(const struct simindex *index, uint32_t slot)
{
    return &simindex_page(index, slot)->slot[slot % SIMINDEX_PAGE];
}

static inline const struct match_report *simindex_blob(const struct simindex *index, uint32_t slot)
{
    return simpool_at(&index->pool, simindex_slot(index, slot)->blob);
}

// ---- cells (simindex_cells.c): located reports by squares of the grid
// ------------------------------

bool simindex_cells_add(struct simindex *index, uint32_t slot); // false: no memory
void simindex_cells_remove(struct simindex *index, uint32_t slot);
// Calls take for every list of a neighbouring cell.
typedef void (*simindex_list_fn)(void *arg, const uint32_t *slots, size_t n);
void simindex_cells_walk(const struct simindex *index, const struct match_report *report,
                         simindex_list_fn take, void *arg);

// ---- rare bigrams (simindex_grams.c)
// ---------------------------------------------------------------

bool simindex_grams_add(struct simindex *index, uint32_t slot);
void simindex_grams_remove(struct simindex *index, uint32_t slot);
void simindex_grams_walk(const struct simindex *index, const struct match_report *report,
                         simindex_list_fn take, void *arg);

// ---- reporters (simindex_people.c)
// -----------------------------------------------------------------

bool simindex_people_add(struct simindex *index, uint32_t slot);
void simindex_people_remove(struct simindex *index, uint32_t slot);
void simindex_people_walk(const struct simindex *index, const struct match_report *report,
                          simindex_list_fn take, void *arg);

#endif
