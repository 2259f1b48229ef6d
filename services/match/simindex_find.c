// SPDX-License-Identifier: Apache-2.0
// The best of a report's candidates. Candidates come in batches, so that the memory of the next
// ones is on its way while one is looked at; a bound (simindex_quick.c) says which are worth the
// whole reckoning.
#include "match/simindex_find.h"

#include <math.h>
#include <string.h>

#include "match/simindex_internal.h"

#define BATCH 512
#define AHEAD 4        // candidates whose blobs are fetched before they are needed
#define SLOTS_AHEAD 16 // and their slots before that
#define LINE 64
#define FETCHED 256                   // bytes of a blob
#define M_PER_UNIT 0.0111195          // of 1e-7 degrees of latitude
#define RADIANS 1.7453292519943295e-9 // of 1e-7 degrees
#define HALF_TURN 1.5707963267948966

struct candidate {
    struct simindex_slot *slot;
    const struct match_report *report;
};

struct search {
    struct simindex *index;
    const struct match_report *report;
    struct simindex_hit *hits;
    size_t n, max;
    double floor[MATCH_SECTIONS];
    double far, far_wide; // 1e-7 degrees of latitude, of longitude: surely too far
    size_t batch_n;
    struct candidate batch[BATCH];
};

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

// Nothing more of a section below its floor can be a hit.
static void raise_floors(struct search *search)
{
    const struct simindex_hit *last = &search->hits[search->n - 1];
    if (search->n < search->max || last->score.rule != MATCH_RULE_SCORE)
        return;
    for (unsigned s = 0; s < MATCH_SECTIONS; s++)
        search->floor[s] = simindex_logit_of(search->index->model, s, last->score.probability);
}

static void weigh(const struct simindex *index, struct candidate candidate)
{
    uint16_t epoch = (uint16_t)(index->corpus.epoch % UINT16_MAX + 1);
    if (candidate.slot->weighed == epoch)
        return;
    match_weigh(&index->corpus, candidate.report, &candidate.slot->weights);
    candidate.slot->weighed = epoch;
}

static void look_at(struct search *search, struct candidate candidate)
{
    struct simindex *index = search->index;
    const struct match_report *other = candidate.report;
    const struct match_weights *weights = &candidate.slot->weights;
    if (other->id == search->report->id)
        return;
    weigh(index, candidate);
    enum match_section section;
    double bound = (double)simindex_quick_bound(index->quick, other, weights, &section);
    if (bound < search->floor[section])
        return;
    struct match_pair pair;
    struct simindex_hit hit = {.id = other->id};
    match_probe_pair(index->probe, other, weights, &pair);
    match_judge(index->model, &pair, &hit.score);
    if (hit.score.likeness < SIMINDEX_FLOOR || hit.score.rule == MATCH_RULE_FAR)
        return;
    put(search, &hit);
    raise_floors(search);
}

static void fetch(const struct match_report *report)
{
    for (size_t at = 0; at < FETCHED; at += LINE)
        __builtin_prefetch((const char *)report + at);
}

static void look_at_all(struct search *search)
{
    for (size_t i = 0; i < search->batch_n && i < AHEAD; i++)
        fetch(search->batch[i].report);
    for (size_t i = 0; i < search->batch_n; i++) {
        if (i + AHEAD < search->batch_n)
            fetch(search->batch[i + AHEAD].report);
        look_at(search, search->batch[i]);
    }
    search->batch_n = 0;
}

// Farther than the model allows for certain. The plane is right to 2 % that far.
static bool too_far(const struct search *search, const struct simindex_place *place)
{
    if (!(search->report->flags & MATCH_LOCATED) || place->lat == INT32_MAX)
        return false;
    double turn = 3600000000, x = (double)search->report->lon - place->lon;
    double y = ((double)search->report->lat - place->lat) / search->far;
    x = (x > turn / 2 ? x - turn : x < -turn / 2 ? x + turn : x) / search->far_wide;
    return y * y > 1 || y * y + x * x > 1;
}

static void take(void *arg, const uint32_t *slots, size_t n)
{
    struct search *search = arg;
    struct simindex *index = search->index;
    for (size_t i = 0; i < n; i++) {
        struct simindex_slot *slot = simindex_slot(index, slots[i]);
        if (i + SLOTS_AHEAD < n)
            __builtin_prefetch(simindex_slot(index, slots[i + SLOTS_AHEAD]), 1);
        if (slot->seen == index->search)
            continue;
        slot->seen = index->search;
        if (too_far(search, &slot->place))
            continue;
        search->batch[search->batch_n++] =
            (struct candidate){slot, simpool_at(&index->pool, slot->blob)};
        if (search->batch_n == BATCH)
            look_at_all(search);
    }
}

// From where on two are too far: to the north always; to the east where the parallels are the
// shortest that lie between.
static void set_far(struct search *search)
{
    double lat = fabs(search->report->lat * RADIANS);
    search->far = search->index->model->far_m * 1.02 / M_PER_UNIT;
    double cosine = cos(fmin(lat + search->far * RADIANS, HALF_TURN));
    search->far_wide = cosine > 0.01 ? search->far / cosine : INFINITY;
}

// The mark of a new search; after 255 of them all marks are wiped.
static void begin(struct simindex *index)
{
    if (++index->search != 0)
        return;
    index->search = 1;
    for (uint32_t i = 0; i < index->slots; i++)
        simindex_slot(index, i)->seen = 0;
}

// Everything that will be asked of the report's bigrams, before any of it is.
static void fetch_words(const struct simindex *index, const struct match_report *report)
{
    const uint8_t *bytes = match_gram_bytes(report);
    for (size_t i = 0; i < report->grams; i++) {
        uint32_t hash = match_gram_raw(bytes, i) >> 4;
        __builtin_prefetch(&index->corpus.df[hash]);
        __builtin_prefetch(&index->corpus.idf[hash]);
        __builtin_prefetch(&index->grams[hash]);
    }
}

size_t simindex_find(struct simindex *index, const struct match_report *report,
                     struct simindex_hit *ret_hits, size_t max)
{
    struct search search = {.index = index, .report = report, .hits = ret_hits, .max = max};
    if (max == 0)
        return 0;
    fetch_words(index, report);
    begin(index);
    set_far(&search);
    for (unsigned s = 0; s < MATCH_SECTIONS; s++)
        search.floor[s] = index->floor[s];
    match_probe_set(index->probe, &index->corpus, report);
    simindex_quick_set(index->quick, &index->corpus, report);
    simindex_people_walk(index, report, take, &search);
    simindex_grams_walk(index, report, take, &search);
    simindex_cells_walk(index, report, take, &search);
    look_at_all(&search);
    return search.n;
}
