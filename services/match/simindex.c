// SPDX-License-Identifier: Apache-2.0
// Which reports stand in the index: cards in pages, blobs in the pool, and the order in which a
// report enters the ways to find it, so that without memory it leaves them all again.
#include "match/simindex.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "match/memory.h"
#include "match/simindex_internal.h"

// Cards whose blobs, whose words are on their way.
#define BLOBS_AHEAD 8u
#define WORDS_AHEAD 2u

static_assert(sizeof(struct simlist) == 8, "a list is a reference and a length");

struct simindex *simindex_new(const struct match_model *model, size_t expected)
{
    struct simindex *index = calloc(1, sizeof *index);
    if (!index)
        return NULL;
    index->model = model;
    index->free_slot = SIMINDEX_NONE;
    simpool_init(&index->pool);
    wh_map_init(&index->tiles);
    index->grams = match_memory(MATCH_GRAMS * sizeof *index->grams);
    index->probe = match_probe_new();
    index->bound = simindex_bound_new(model);
    if (match_corpus_init(&index->corpus, model) == 0 && index->grams && index->probe &&
        index->bound && wh_map_reserve(&index->tiles, expected / 1024) == 0)
        return index;
    simindex_free(index);
    return NULL;
}

static void page_done(struct simindex_page page)
{
    match_memory_free(page.cards, SIMINDEX_PAGE * sizeof *page.cards);
    match_memory_free(page.backs, SIMINDEX_PAGE * sizeof *page.backs);
}

void simindex_free(struct simindex *index)
{
    if (!index)
        return;
    for (uint32_t i = 0; i < index->pages_n; i++)
        page_done(index->pages[i]);
    free(index->pages);
    match_memory_free(index->grams, MATCH_GRAMS * sizeof *index->grams);
    simindex_bound_free(index->bound);
    match_probe_free(index->probe);
    match_corpus_done(&index->corpus);
    wh_map_done(&index->tiles);
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

static bool more_pages(struct simindex *index)
{
    if (index->pages_n == index->pages_cap) {
        uint32_t cap = index->pages_cap * 2 + 64;
        struct simindex_page *pages = realloc(index->pages, cap * sizeof *pages);
        if (!pages)
            return false;
        index->pages = pages;
        index->pages_cap = cap;
    }
    struct simindex_page page = {match_memory(SIMINDEX_PAGE * sizeof *page.cards),
                                 match_memory(SIMINDEX_PAGE * sizeof *page.backs)};
    if (!page.cards || !page.backs) {
        page_done(page);
        return false;
    }
    index->pages[index->pages_n++] = page;
    return true;
}

static uint32_t take_slot(struct simindex *index)
{
    uint32_t slot = index->free_slot;
    if (slot != SIMINDEX_NONE) {
        index->free_slot = simindex_card(index, slot)->minute;
        return slot;
    }
    if (index->slots == index->pages_n * SIMINDEX_PAGE && !more_pages(index))
        return SIMINDEX_NONE;
    return index->slots++;
}

static void give_slot(struct simindex *index, uint32_t slot)
{
    *simindex_card(index, slot) = (struct simindex_card){.minute = index->free_slot};
    index->free_slot = slot;
}

// Its own copy of the blob, and its card. False without memory.
static bool hold(struct simindex *index, uint32_t slot, const struct match_report *report)
{
    uint32_t ref = simpool_take(&index->pool, report->size);
    if (!ref)
        return false;
    memcpy(simpool_at(&index->pool, ref), report, report->size);
    struct simindex_card *card = simindex_card(index, slot);
    simindex_card_make(report, card, &simindex_back(index, slot)->topics);
    simindex_card_weigh(&index->corpus, report, card);
    card->blob = ref;
    return true;
}

static void drop(struct simindex *index, uint32_t slot)
{
    uint32_t ref = simindex_card(index, slot)->blob;
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

// ---- weights ------------------------------------------------------------------------------------

static const struct match_report *report_at(const struct simindex *index, uint32_t slot)
{
    uint32_t blob = simindex_card(index, slot)->blob;
    return blob ? simpool_at(&index->pool, blob) : NULL;
}

// Blobs come from far away, then their words: both are on their way while others are weighed.
static void weigh(struct simindex *index, uint32_t from, uint32_t to)
{
    for (uint32_t slot = from; slot < to + BLOBS_AHEAD; slot++) {
        uint32_t at = slot - BLOBS_AHEAD, words = slot - BLOBS_AHEAD + WORDS_AHEAD;
        if (slot < to)
            simindex_fetch(index, slot);
        const struct match_report *report =
            words >= from && words < to ? report_at(index, words) : NULL;
        if (report)
            match_corpus_fetch(&index->corpus, report);
        report = at >= from && at < to ? report_at(index, at) : NULL;
        if (report)
            simindex_card_weigh(&index->corpus, report, simindex_card(index, at));
    }
}

// The corpus has changed once: so many cards are weighed for its next epoch that all are before it
// begins. Who comes in between is weighed as it comes.
static void keep_weighed(struct simindex *index)
{
    const struct match_corpus *corpus = &index->corpus;
    if (corpus->due == 0) {
        index->weighed = 0;
        return;
    }
    uint32_t left = index->slots - index->weighed, changes = corpus->due - corpus->changes;
    uint32_t to = index->weighed + (left + changes - 1) / changes;
    weigh(index, index->weighed, to);
    index->weighed = to;
}

void simindex_reckon(struct simindex *index)
{
    match_corpus_reckon(&index->corpus);
    weigh(index, 0, index->slots);
    index->weighed = 0;
}

// ---- coming and going ---------------------------------------------------------------------------

int simindex_add(struct simindex *index, const struct match_report *report)
{
    simindex_fetch_words(index, report);
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
    keep_weighed(index);
    index->n++;
    return 0;
}

bool simindex_remove(struct simindex *index, int64_t id)
{
    uint32_t slot = slot_of(index, id);
    if (slot == SIMTABLE_NONE)
        return false;
    simindex_fetch_words(index, simindex_blob(index, slot));
    match_corpus_remove(&index->corpus, simindex_blob(index, slot));
    simindex_grams_remove(index, slot);
    simindex_cells_remove(index, slot);
    simindex_people_remove(index, slot);
    simtable_del(&index->ids, simtable_hash((uint64_t)id), slot);
    drop(index, slot);
    give_slot(index, slot);
    keep_weighed(index);
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

size_t simindex_count(const struct simindex *index)
{
    return index->n;
}

size_t simindex_bytes(const struct simindex *index)
{
    // Of a page only what was touched is there.
    size_t cards = index->slots * sizeof(struct simindex_card) + MATCH_HUGE;
    size_t backs = index->slots * sizeof(struct simindex_back) + MATCH_HUGE;
    return sizeof *index + cards + backs + index->pages_cap * sizeof *index->pages +
           index->pool.bytes + index->ids.bytes + index->reporters.bytes +
           index->tiles.cap * sizeof(struct wh_map_slot) + MATCH_GRAMS * sizeof *index->grams +
           match_corpus_bytes() + simindex_bound_bytes() + match_probe_bytes();
}
