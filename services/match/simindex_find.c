// SPDX-License-Identifier: Apache-2.0
// The best of a report's candidates. A bound from each one's card (simindex_bound.c) says which are
// worth the whole reckoning; those are gathered, their blobs on their way meanwhile, and reckoned
// the most promising first, so that the rest need not be. A candidate that comes twice is nothing
// worse than looked at twice.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "match/simindex_internal.h"

#define SLOTS_AHEAD 16 // cards fetched before they are looked at
#define DOUBTFUL 32    // whose titles are on their way
#define PROMISING 128  // whose blobs are
#define LINE 64
#define FETCHED 256                   // bytes of a blob
#define M_PER_UNIT 0.0111195          // of 1e-7 degrees of latitude
#define RADIANS 1.7453292519943295e-9 // of 1e-7 degrees
#define HALF_TURN 1.5707963267948966

struct promising {
    struct simindex_bounded by;
    uint32_t slot;
};

struct search {
    struct simindex *index;
    const struct match_report *report;
    struct simindex_hit *hits;
    size_t n, max;
    double least;
    float floor[MATCH_SECTIONS];
    struct simindex_around around;
    double far, far_wide; // 1e-7 degrees of latitude, of longitude: surely too far
    bool probed;
    size_t doubtful_n, promising_n;
    struct promising doubtful[DOUBTFUL], promising[PROMISING];
};

// ---- hits ---------------------------------------------------------------------------------------

static double value_of(const struct match_score *score)
{
    return score->rule == MATCH_RULE_SCORE ? score->probability : score->likeness;
}

static bool better(const struct simindex_hit *a, const struct simindex_hit *b)
{
    bool free_a = a->score.rule == MATCH_RULE_SCORE, free_b = b->score.rule == MATCH_RULE_SCORE;
    double value_a = value_of(&a->score), value_b = value_of(&b->score);
    if (free_a != free_b)
        return free_a;
    if (value_a != value_b)
        return value_a > value_b;
    return a->score.logit != b->score.logit ? a->score.logit > b->score.logit : a->id < b->id;
}

static void put(struct search *search, const struct simindex_hit *hit)
{
    size_t i = search->n;
    if (i == search->max) {
        if (!better(hit, &search->hits[i - 1]))
            return;
        i--;
    } else {
        search->n++;
    }
    for (; i > 0 && better(hit, &search->hits[i - 1]); i--)
        search->hits[i] = search->hits[i - 1];
    search->hits[i] = *hit;
}

static bool is_hit(const struct search *search, int64_t id)
{
    for (size_t i = 0; i < search->n; i++)
        if (search->hits[i].id == id)
            return true;
    return false;
}

// Nothing more of a section below its floor can be a hit.
static void raise_floors(struct search *search)
{
    const struct simindex_hit *last = &search->hits[search->n - 1];
    if (search->n < search->max || last->score.rule != MATCH_RULE_SCORE)
        return;
    for (unsigned s = 0; s < MATCH_SECTIONS; s++)
        search->floor[s] =
            (float)simindex_logit_of(search->index->model, s, last->score.probability);
}

static void reckon(struct search *search, uint32_t slot)
{
    struct simindex *index = search->index;
    const struct match_report *other = simindex_blob(index, slot);
    struct simindex_hit hit = {.id = other->id};
    struct match_pair pair;
    if (other->id == search->report->id || is_hit(search, other->id))
        return;
    if (!search->probed)
        match_probe_set(index->probe, &index->corpus, search->report);
    search->probed = true;
    match_probe_pair(index->probe, other, NULL, &pair);
    match_judge(index->model, &pair, &hit.score);
    if (hit.score.likeness < search->least || hit.score.rule == MATCH_RULE_FAR)
        return;
    put(search, &hit);
    raise_floors(search);
}

// ---- candidates ---------------------------------------------------------------------------------

static int by_bound(const void *a, const void *b)
{
    const struct promising *p = a, *q = b;
    return p->by.bound > q->by.bound ? -1 : p->by.bound < q->by.bound;
}

static bool is_above(const struct search *search, struct simindex_bounded by)
{
    return by.bound >= search->floor[by.section];
}

static void reckon_all(struct search *search)
{
    if (search->promising_n > 1)
        qsort(search->promising, search->promising_n, sizeof *search->promising, by_bound);
    for (size_t i = 0; i < search->promising_n; i++) {
        const struct simindex *index = search->index;
        if (i + 1 < search->promising_n)
            match_corpus_fetch(&index->corpus, simindex_blob(index, search->promising[i + 1].slot));
        if (is_above(search, search->promising[i].by))
            reckon(search, search->promising[i].slot);
    }
    search->promising_n = 0;
}

void simindex_fetch(const struct simindex *index, uint32_t slot)
{
    uint32_t blob = simindex_card(index, slot)->blob;
    const uint8_t *at = blob ? simpool_at(&index->pool, blob) : NULL;
    for (size_t i = 0; at && i < FETCHED; i += LINE)
        __builtin_prefetch(at + i);
}

static void look_closer(struct search *search)
{
    const struct simindex *index = search->index;
    for (size_t i = 0; i < search->doubtful_n; i++) {
        struct promising it = search->doubtful[i];
        it.by.bound = simindex_bound_closer(index->bound, &it.by, simindex_card(index, it.slot),
                                            &simindex_back(index, it.slot)->topics);
        if (!is_above(search, it.by))
            continue;
        simindex_fetch(index, it.slot);
        if (search->promising_n == PROMISING)
            reckon_all(search);
        search->promising[search->promising_n++] = it;
    }
    search->doubtful_n = 0;
}

static void look_at(struct search *search, uint32_t slot, const struct simindex_card *card)
{
    const struct simindex *index = search->index;
    struct promising it = {simindex_bound_of(index->bound, card, search->floor), slot};
    if (!is_above(search, it.by))
        return;
    __builtin_prefetch(&simindex_back(index, slot)->topics);
    search->doubtful[search->doubtful_n++] = it;
    if (search->doubtful_n == DOUBTFUL)
        look_closer(search);
}

static bool is_too_far(const struct search *search, struct simindex_place place)
{
    if (!search->around.located || place.lat == INT32_MAX)
        return false;
    double north = fabs((double)place.lat - search->around.lat);
    double east = fabs((double)place.lon - search->around.lon);
    return north > search->far || fmin(east, 3600000000.0 - east) > search->far_wide;
}

static void fetch_some(const struct simindex *index, const uint32_t *slots, size_t n)
{
    for (size_t i = 0; i < n && i < SLOTS_AHEAD; i++)
        __builtin_prefetch(simindex_card(index, slots[i]));
}

static const struct simindex_card *card_of(const struct simindex *index, const uint32_t *slots,
                                           size_t n, size_t i)
{
    if (i + SLOTS_AHEAD < n)
        __builtin_prefetch(simindex_card(index, slots[i + SLOTS_AHEAD]));
    return simindex_card(index, slots[i]);
}

// Of squares: who is near.
static void take_near(void *arg, const uint32_t *slots, size_t n)
{
    struct search *search = arg;
    fetch_some(search->index, slots, n);
    for (size_t i = 0; i < n; i++) {
        const struct simindex_card *card = card_of(search->index, slots, n, i);
        if (simindex_is_near(&search->around, card->place))
            look_at(search, slots[i], card);
    }
}

// Of other lists: all but who is too far, and who is near, for those come with their squares.
static void take_list(void *arg, const uint32_t *slots, size_t n)
{
    struct search *search = arg;
    fetch_some(search->index, slots, n);
    for (size_t i = 0; i < n; i++) {
        const struct simindex_card *card = card_of(search->index, slots, n, i);
        bool near = search->around.located && simindex_is_near(&search->around, card->place);
        if (!near && !is_too_far(search, card->place))
            look_at(search, slots[i], card);
    }
}

// ---- a search -----------------------------------------------------------------------------------

// From where on two are too far: to the north always; to the east where the parallels are the
// shortest that lie between.
static void set_far(struct search *search)
{
    double lat = fabs(search->report->lat * RADIANS);
    search->far = search->index->model->far_m * 1.02 / M_PER_UNIT;
    double cosine = cos(fmin(lat + search->far * RADIANS, HALF_TURN));
    search->far_wide = cosine > 0.01 ? search->far / cosine : INFINITY;
}

// The logits of a likeness; of two likenesses they are kept.
static const float *floors_of(struct simindex *index, double least)
{
    size_t known = index->least[1] == least;
    if (index->least[known] != least) {
        index->least[1] = index->least[0];
        memcpy(index->floor[1], index->floor[0], sizeof index->floor[1]);
        index->least[0] = least;
        for (unsigned s = 0; s < MATCH_SECTIONS; s++)
            index->floor[0][s] = (float)simindex_logit_of(index->model, s, least);
    }
    return index->floor[known];
}

void simindex_fetch_words(const struct simindex *index, const struct match_report *report)
{
    const uint8_t *bytes = match_gram_bytes(report);
    for (size_t i = 0; i < report->grams; i++) {
        uint32_t hash = match_gram_raw(bytes, i) >> 4;
        __builtin_prefetch(&index->corpus.df[hash]);
        __builtin_prefetch(&index->corpus.idf[hash]);
        __builtin_prefetch(&index->grams[hash]);
    }
}

size_t simindex_find(struct simindex *index, const struct match_report *report, double least,
                     struct simindex_hit *ret_hits, size_t max)
{
    struct search search;
    if (max == 0)
        return 0;
    search.index = index;
    search.report = report;
    search.hits = ret_hits;
    search.max = max;
    search.n = search.doubtful_n = search.promising_n = 0;
    search.probed = false;
    search.least = least;
    search.around = simindex_around(report);
    simindex_fetch_words(index, report);
    set_far(&search);
    memcpy(search.floor, floors_of(index, least), sizeof search.floor);
    simindex_bound_set(index->bound, &index->corpus, report);
    simindex_people_walk(index, report, take_list, &search);
    simindex_grams_walk(index, report, take_list, &search);
    simindex_cells_walk(index, &search.around, take_near, &search);
    look_closer(&search);
    reckon_all(&search);
    return search.n;
}

bool simindex_may_be(struct simindex *index, const struct simindex_card *card,
                     const struct simindex_topics *topics, double least)
{
    const float *floor = floors_of(index, least);
    struct simindex_bounded by = simindex_bound_of(index->bound, card, floor);
    if (by.bound < floor[by.section])
        return false;
    return simindex_bound_closer(index->bound, &by, card, topics) >= floor[by.section];
}
