// SPDX-License-Identifier: Apache-2.0
// The parts of the index, for its own files: a card a report in pages, the blob in the pool, and
// four ways to find a card: by id, by square, by a rare bigram, by reporter. A slot is the number
// of a card.
#ifndef WH_MATCH_SIMINDEX_INTERNAL_H
#define WH_MATCH_SIMINDEX_INTERNAL_H

#include "base/map.h"
#include "match/model.h"
#include "match/simindex.h"
#include "match/simindex_bound.h"
#include "match/simindex_pool.h"
#include "match/simindex_table.h"

#define SIMINDEX_NONE UINT32_MAX
#define SIMINDEX_PAGE (1u << 17) // slots of a page: whole huge pages of both
#define SIMINDEX_UNPOSTED 0xff   // an ordinal: none
#define SIMINDEX_ORDINALS 0xff   // a report's first bigrams that may be posted

// What is seldom looked at.
struct simindex_back {
    uint32_t older, newer;           // by the same reporter
    uint8_t posted[SIMINDEX_POSTED]; // ordinals of the bigrams it stands under
    struct simindex_topics topics;
};

struct simindex_page {
    struct simindex_card *cards; // SIMINDEX_PAGE of each
    struct simindex_back *backs;
};

struct simindex {
    const struct match_model *model;
    struct match_corpus corpus;
    struct match_probe *probe;
    struct simindex_bound *bound;
    struct simpool pool;
    struct simindex_page *pages;
    uint32_t pages_n, pages_cap, slots; // slots: used or on the free list
    uint32_t free_slot;                 // its card's minute names the next one
    uint32_t weighed;                   // slots below are weighed for the next epoch too
    size_t n;
    struct simtable ids, reporters; // a reporter's newest
    struct wh_map tiles;            // of squares → in the pool
    struct simlist *grams;          // MATCH_GRAMS of them
    double least[2];                // likenesses whose floors are known
    float floor[2][MATCH_SECTIONS];
};

static inline struct simindex_card *simindex_card(const struct simindex *index, uint32_t slot)
{
    return &index->pages[slot / SIMINDEX_PAGE].cards[slot % SIMINDEX_PAGE];
}

static inline struct simindex_back *simindex_back(const struct simindex *index, uint32_t slot)
{
    return &index->pages[slot / SIMINDEX_PAGE].backs[slot % SIMINDEX_PAGE];
}

static inline const struct match_report *simindex_blob(const struct simindex *index, uint32_t slot)
{
    return simpool_at(&index->pool, simindex_card(index, slot)->blob);
}

// Bring on their way: a blob; everything that will be asked of a report's bigrams.
void simindex_fetch(const struct simindex *index, uint32_t slot);
void simindex_fetch_words(const struct simindex *index, const struct match_report *report);

typedef void (*simindex_list_fn)(void *arg, const uint32_t *slots, size_t n);

// ---- squares (simindex_cells.c) -----------------------------------------------------------------

// What lies near a report. All zero: nothing does.
struct simindex_around {
    bool located;
    double lat, lon;    // units of 1e-7 degrees
    double reach, wide; // in units of latitude, of longitude
};

struct simindex_around simindex_around(const struct match_report *report);

static inline bool simindex_is_near(const struct simindex_around *around,
                                    struct simindex_place place)
{
    double east = (double)place.lon - around->lon, turn = 3600000000.0;
    east = east > turn / 2 ? east - turn : east < -turn / 2 ? east + turn : east;
    double y = ((double)place.lat - around->lat) / around->reach, x = east / around->wide;
    return y * y + x * x <= 1;
}

bool simindex_cells_add(struct simindex *index, uint32_t slot); // false: no memory
void simindex_cells_remove(struct simindex *index, uint32_t slot);
// Calls take with all of the squares that anything near may lie in.
void simindex_cells_walk(const struct simindex *index, const struct simindex_around *around,
                         simindex_list_fn take, void *arg);

// ---- rare bigrams (simindex_grams.c) ------------------------------------------------------------

bool simindex_grams_add(struct simindex *index, uint32_t slot); // false: no memory
void simindex_grams_remove(struct simindex *index, uint32_t slot);
void simindex_grams_walk(const struct simindex *index, const struct match_report *report,
                         simindex_list_fn take, void *arg);

// ---- reporters (simindex_people.c) --------------------------------------------------------------

bool simindex_people_add(struct simindex *index, uint32_t slot);
void simindex_people_remove(struct simindex *index, uint32_t slot);
void simindex_people_walk(const struct simindex *index, const struct match_report *report,
                          simindex_list_fn take, void *arg);

#endif
