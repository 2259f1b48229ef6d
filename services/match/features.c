// SPDX-License-Identifier: Apache-2.0
// The numbers of a pair. The probe's bigrams stand in a small table by their hash, so that holding
// another report against it is one walk over the other's bigrams, most of which are not there.
#include "match/features.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/geo.h"
#include "base/time.h"
#include "match/facts.h"

#define SLOT_BITS 12
#define SLOTS (1u << SLOT_BITS)
#define GRAMS_MAX ((MATCH_REPORT_MAX - 56) / MATCH_GRAM_BYTES)
#define SHARED_MAX 3

struct gram {
    uint32_t hash;
    uint8_t title, body;
    float idf;
};

struct match_probe {
    const struct match_corpus *corpus;
    const struct match_report *report;
    struct match_weights weights;
    size_t n;
    uint16_t slot[SLOTS]; // 1 + the first gram whose hash begins so
    struct gram grams[GRAMS_MAX + 1];
};

// 1 + ln(count); 0 for none.
const float match_frequency[16] = {0,       1,       1.6931f, 2.0986f, 2.3863f, 2.6094f,
                                   2.7918f, 2.9459f, 3.0794f, 3.1972f, 3.3026f, 3.3979f,
                                   3.4849f, 3.5649f, 3.6391f, 3.7081f};

static const char *const names[] = {
#define MATCH_FEATURE(ident) #ident,
#include "match/features.def"
#undef MATCH_FEATURE
};

const char *match_feature_name(enum match_feature feature)
{
    return names[feature];
}

static void weigh_gram(struct match_weights *weights, const struct match_gram *gram, float idf)
{
    float body = match_frequency[gram->body] * idf,
          all = match_frequency[gram->body + gram->title] * idf;
    weights->title += gram->title ? idf : 0;
    weights->title_2 += gram->title ? idf * idf : 0;
    weights->body_2 += body * body;
    weights->all_2 += all * all;
}

void match_weigh(const struct match_corpus *corpus, const struct match_report *report,
                 struct match_weights *ret_weights)
{
    const uint8_t *bytes = match_gram_bytes(report);
    *ret_weights = (struct match_weights){0};
    for (size_t i = 0; i < report->grams; i++) {
        struct match_gram gram = match_gram_at(bytes, i);
        weigh_gram(ret_weights, &gram, match_idf(corpus, gram.hash));
    }
}

// ---- the probe ----------------------------------------------------------------------------------

struct match_probe *match_probe_new(void)
{
    return calloc(1, sizeof(struct match_probe));
}

size_t match_probe_bytes(void)
{
    return sizeof(struct match_probe);
}

void match_probe_free(struct match_probe *probe)
{
    free(probe);
}

static uint32_t slot_of(uint32_t hash)
{
    return hash >> (MATCH_GRAM_BITS - SLOT_BITS);
}

void match_probe_set(struct match_probe *probe, const struct match_corpus *corpus,
                     const struct match_report *report)
{
    const uint8_t *bytes = match_gram_bytes(report);
    probe->corpus = corpus;
    probe->report = report;
    probe->weights = (struct match_weights){0};
    probe->n = report->grams;
    memset(probe->slot, 0, sizeof probe->slot);
    for (size_t i = 0; i < probe->n; i++) {
        struct match_gram gram = match_gram_at(bytes, i);
        float idf = match_idf(corpus, gram.hash);
        probe->grams[i] = (struct gram){gram.hash, gram.title, gram.body, idf};
        weigh_gram(&probe->weights, &gram, idf);
        uint16_t *slot = &probe->slot[slot_of(gram.hash)];
        *slot = *slot ? *slot : (uint16_t)(i + 1);
    }
    probe->grams[probe->n].hash = UINT32_MAX;
}

static const struct gram *find(const struct match_probe *probe, uint32_t hash)
{
    uint16_t slot = probe->slot[slot_of(hash)];
    if (!slot)
        return NULL;
    const struct gram *gram = &probe->grams[slot - 1];
    while (gram->hash < hash)
        gram++;
    return gram->hash == hash ? gram : NULL;
}

// ---- words --------------------------------------------------------------------------------------

struct shared {
    float title, title_2, body_2, all_2;
    float mine, others; // of each title what stands anywhere in the other
    float rare_title[MATCH_RAREST_TITLES], rare_all[MATCH_RAREST_ALLS];
};

// Keeps the largest n, descending.
static void keep_largest(float *best, size_t n, float value)
{
    if (value <= best[n - 1])
        return;
    size_t i = n - 1;
    for (; i > 0 && best[i - 1] < value; i--)
        best[i] = best[i - 1];
    best[i] = value;
}

static void share(struct shared *shared, const struct gram *mine, uint32_t raw)
{
    uint32_t title = raw >> 3 & 1, body = raw & 7;
    float idf = mine->idf, square = idf * idf;
    shared->mine += mine->title ? idf : 0;
    shared->others += title ? idf : 0;
    shared->body_2 += match_frequency[mine->body] * match_frequency[body] * square;
    shared->all_2 +=
        match_frequency[mine->body + mine->title] * match_frequency[body + title] * square;
    keep_largest(shared->rare_all, MATCH_RAREST_ALLS, idf);
    if (!mine->title || !title)
        return;
    shared->title += idf;
    shared->title_2 += square;
    keep_largest(shared->rare_title, MATCH_RAREST_TITLES, idf);
}

static float ratio(float part, float whole)
{
    return whole > 0 ? part / whole : 0;
}

static float sum(const float *values, size_t n)
{
    float total = 0;
    for (size_t i = 0; i < n; i++)
        total += values[i];
    return total;
}

static void words(const struct match_probe *probe, const struct match_report *other,
                  const struct match_weights *w, float *at)
{
    const uint8_t *bytes = match_gram_bytes(other);
    const struct match_weights *m = &probe->weights;
    struct shared shared = {0};
    for (size_t i = 0; i < other->grams; i++) {
        uint32_t raw = match_gram_raw(bytes, i);
        const struct gram *mine = find(probe, raw >> 4);
        if (mine)
            share(&shared, mine, raw);
    }
    float mine = ratio(shared.mine, m->title), others = ratio(shared.others, w->title);
    at[MATCH_TITLE_COSINE] = ratio(shared.title_2, sqrtf(m->title_2 * w->title_2));
    at[MATCH_BODY_COSINE] = ratio(shared.body_2, sqrtf(m->body_2 * w->body_2));
    at[MATCH_ALL_COSINE] = ratio(shared.all_2, sqrtf(m->all_2 * w->all_2));
    at[MATCH_TITLE_JACCARD] = ratio(shared.title, m->title + w->title - shared.title);
    at[MATCH_CONTAIN_MIN] = fminf(mine, others);
    at[MATCH_CONTAIN_MAX] = fmaxf(mine, others);
    at[MATCH_RAREST_TITLE] = sum(shared.rare_title, MATCH_RAREST_TITLES);
    at[MATCH_RAREST_ALL] = sum(shared.rare_all, MATCH_RAREST_ALLS) / MATCH_RAREST_ALLS;
}

static void lengths(const struct match_report *a, const struct match_report *b, float *at)
{
    float body_a = logf(1 + (float)a->body_chars), body_b = logf(1 + (float)b->body_chars);
    uint16_t title = a->title_chars < b->title_chars ? a->title_chars : b->title_chars;
    at[MATCH_LENGTHS] = fabsf(body_a - body_b);
    at[MATCH_SHORTER_BODY] = fminf(body_a, body_b);
    at[MATCH_SHORTER_TITLE] = logf(1 + (float)title);
}

// ---- facts --------------------------------------------------------------------------------------

struct held { // of one kind: how many each has, how many are shared
    unsigned mine, others, shared;
};

static bool agree(uint32_t kind, uint32_t a, uint32_t b)
{
    if (MATCH_FACT_VALUE(a) == MATCH_FACT_VALUE(b))
        return true;
    uint32_t first = a & (MATCH_FACT_TITLE - 1), second = b & (MATCH_FACT_TITLE - 1);
    return kind == MATCH_FACT_DISTRICT && first / MATCH_DISTRICTS == second / MATCH_DISTRICTS &&
           (first % MATCH_DISTRICTS == 0 || second % MATCH_DISTRICTS == 0);
}

static struct held hold(const struct match_report *a, const struct match_report *b, uint32_t kind,
                        bool titles)
{
    struct held held = {0};
    for (size_t k = 0; k < b->facts; k++)
        held.others +=
            MATCH_FACT_KIND(b->data[k]) == kind && (!titles || b->data[k] & MATCH_FACT_TITLE);
    for (size_t i = 0; i < a->facts; i++) {
        if (MATCH_FACT_KIND(a->data[i]) != kind || (titles && !(a->data[i] & MATCH_FACT_TITLE)))
            continue;
        held.mine++;
        bool found = false;
        for (size_t k = 0; k < b->facts && !found; k++)
            found = MATCH_FACT_KIND(b->data[k]) == kind &&
                    (!titles || b->data[k] & MATCH_FACT_TITLE) &&
                    agree(kind, a->data[i], b->data[k]);
        held.shared += found;
    }
    return held;
}

static bool conflict(const struct match_report *a, const struct match_report *b, uint32_t kind,
                     bool titles)
{
    struct held held = hold(a, b, kind, titles);
    return held.mine && held.others && !held.shared;
}

static void facts(const struct match_report *a, const struct match_report *b,
                  struct match_pair *pair)
{
    float *at = pair->at;
    if (!a->facts || !b->facts)
        return;
    pair->district_conflict = conflict(a, b, MATCH_FACT_DISTRICT, true);
    pair->year_conflict = conflict(a, b, MATCH_FACT_YEAR, true);
    pair->number_conflict = conflict(a, b, MATCH_FACT_BUILDING, false) ||
                            conflict(a, b, MATCH_FACT_ROUTE, true) ||
                            conflict(a, b, MATCH_FACT_HOUSE, true);
    at[MATCH_DISTRICT_TITLE] = pair->district_conflict;
    at[MATCH_DISTRICT_ALL] = conflict(a, b, MATCH_FACT_DISTRICT, false);
    struct held numbers = {0};
    for (uint32_t kind = MATCH_FACT_BUILDING; kind < MATCH_FACT_KINDS; kind++) {
        struct held held = hold(a, b, kind, true);
        numbers.mine += held.mine;
        numbers.others += held.others;
        numbers.shared += held.shared;
    }
    at[MATCH_NUMBERS_SHARED] = (float)(numbers.shared < SHARED_MAX ? numbers.shared : SHARED_MAX);
    at[MATCH_NUMBERS_OTHER] = numbers.mine && numbers.others && !numbers.shared;
}

// ---- space, time and who ------------------------------------------------------------------------

static void space(const struct match_report *a, const struct match_report *b,
                  struct match_pair *pair)
{
    pair->distance_m = -1;
    pair->section = a->unit && b->unit ? MATCH_AREA : MATCH_TEXT;
    if (!(a->flags & b->flags & MATCH_LOCATED))
        return;
    double metres = wh_geo_distance_m(a->lat / 1e7, a->lon / 1e7, b->lat / 1e7, b->lon / 1e7);
    uint16_t widest = a->radius_m > b->radius_m ? a->radius_m : b->radius_m;
    float share = (float)metres / (float)(widest ? widest : MATCH_RADIUS_M);
    pair->section = MATCH_PLACED;
    pair->distance_m = (int32_t)lround(metres);
    pair->at[MATCH_NEAR] = expf(-share);
    pair->at[MATCH_DISTANCE] = logf(1 + share);
}

static void when(const struct match_report *a, const struct match_report *b,
                 struct match_pair *pair)
{
    uint64_t apart =
        a->at > b->at ? (uint64_t)a->at - (uint64_t)b->at : (uint64_t)b->at - (uint64_t)a->at;
    pair->minutes = (int64_t)(apart / (uint64_t)WH_MS_MINUTE);
    pair->window_h = a->window_h > b->window_h ? a->window_h : b->window_h;
    pair->at[MATCH_DAYS] = logf(1 + (float)pair->minutes / (24 * 60));
    pair->at[MATCH_HOURS] = logf(1 + (float)pair->minutes / 60);
}

static void party(const struct match_report *a, const struct match_report *b, float *at)
{
    bool categories = a->category && b->category, units = a->unit && b->unit;
    at[MATCH_REPORTER] = a->reporter && a->reporter == b->reporter;
    at[MATCH_CATEGORY] = categories && a->category == b->category;
    at[MATCH_CATEGORY_OTHER] = categories && a->category != b->category;
    at[MATCH_UNIT] = units && a->unit == b->unit;
    at[MATCH_UNIT_OTHER] = units && a->unit != b->unit;
}

void match_probe_pair(const struct match_probe *probe, const struct match_report *other,
                      const struct match_weights *weights, struct match_pair *ret_pair)
{
    struct match_weights now;
    if (!weights) {
        match_weigh(probe->corpus, other, &now);
        weights = &now;
    }
    memset(ret_pair, 0, sizeof *ret_pair);
    ret_pair->at[MATCH_BIAS] = 1;
    words(probe, other, weights, ret_pair->at);
    lengths(probe->report, other, ret_pair->at);
    facts(probe->report, other, ret_pair);
    space(probe->report, other, ret_pair);
    when(probe->report, other, ret_pair);
    party(probe->report, other, ret_pair->at);
}
