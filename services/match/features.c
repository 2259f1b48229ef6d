// SPDX-License-Identifier: Apache-2.0
// The numbers of a pair. The probe's bigrams stand in a small table by their hash, so that holding
// another report against it is one walk over the other's bigrams, most of which are not there.
#include "match/features.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/geo.h"
#include "base/time.h"

#define SLOT_BITS 12
#define SLOTS (1u << SLOT_BITS)
#define GRAMS_MAX ((MATCH_REPORT_MAX - 56) / MATCH_GRAM_BYTES)

struct gram {
    uint32_t hash;
    uint8_t title, body, name, place;
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
    float all = match_frequency[gram->body + gram->title] * idf;
    weights->all_2 += all * all;
    weights->title += gram->title ? idf : 0;
    weights->topic += gram->title && !gram->place ? idf : 0;
    weights->name = fmaxf(weights->name, gram->name ? idf : 0);
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
        probe->grams[i] =
            (struct gram){gram.hash, gram.title, gram.body, gram.name, gram.place, idf};
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
    float all_2;
    float mine, others;             // of each title what stands anywhere in the other
    float topic_mine, topic_others; // of them what is in no name of a place
    float name;                     // the rarest
};

static void share(struct shared *shared, const struct gram *mine, uint32_t raw)
{
    bool title = raw >> 3 & 1, body = raw >> 2 & 1, place = mine->place || (raw & 1);
    float idf = mine->idf;
    shared->all_2 +=
        match_frequency[mine->body + mine->title] * match_frequency[body + title] * idf * idf;
    shared->mine += mine->title ? idf : 0;
    shared->others += title ? idf : 0;
    shared->topic_mine += mine->title && !place ? idf : 0;
    shared->topic_others += title && !place ? idf : 0;
    if (mine->name || raw >> 1 & 1)
        shared->name = fmaxf(shared->name, idf);
}

static float ratio(float part, float whole)
{
    return whole > 0 ? part / whole : 0;
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
    at[MATCH_ALL_COSINE] = ratio(shared.all_2, sqrtf(m->all_2 * w->all_2));
    at[MATCH_NAME] = shared.name / MATCH_NATS;
    at[MATCH_NAME_OTHER] = fmaxf(fminf(m->name, w->name) - shared.name, 0) / MATCH_NATS;
    float topic = ratio(shared.topic_mine, m->topic), topics = ratio(shared.topic_others, w->topic);
    at[MATCH_TOPIC_MIN] = fminf(topic, topics);
    at[MATCH_TOPIC_MAX] = fmaxf(topic, topics);
    at[MATCH_CONTAIN_MIN] = fminf(mine, others);
    at[MATCH_CONTAIN_MAX] = fmaxf(mine, others);
}

static void lengths(const struct match_report *a, const struct match_report *b, float *at)
{
    uint16_t title = a->title_chars < b->title_chars ? a->title_chars : b->title_chars;
    at[MATCH_SHORTER_TITLE] = logf(1 + (float)title);
}

// ---- space, time and who ------------------------------------------------------------------------

static void space(const struct match_report *a, const struct match_report *b,
                  struct match_pair *pair)
{
    pair->distance_m = -1;
    bool area = (a->unit && b->unit) || (a->category && b->category);
    pair->section = area ? MATCH_AREA : MATCH_TEXT;
    if (!(a->flags & b->flags & MATCH_LOCATED))
        return;
    double metres = wh_geo_distance_m(a->lat / 1e7, a->lon / 1e7, b->lat / 1e7, b->lon / 1e7);
    uint16_t widest = a->radius_m > b->radius_m ? a->radius_m : b->radius_m;
    float share = (float)metres / (float)(widest ? widest : MATCH_RADIUS_M);
    bool brief = a->body_chars < MATCH_BRIEF_CHARS || b->body_chars < MATCH_BRIEF_CHARS;
    pair->section = brief ? MATCH_BRIEF : MATCH_PLACED;
    pair->distance_m = (int32_t)lround(metres);
    pair->at[MATCH_CLOSE] = expf(-share * share);
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
    pair->at[MATCH_WEEKS] = fminf((float)pair->minutes / (7 * 24 * 60), 8);
    pair->at[MATCH_SOON] = expf(-(float)pair->minutes / 120);
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

// Several people tell something at once, at one place. Far away, soon says nothing.
static void burst(struct match_pair *pair)
{
    float *at = pair->at;
    at[MATCH_SOON] *= pair->distance_m >= 0 ? at[MATCH_CLOSE] : at[MATCH_UNIT];
    at[MATCH_BURST] = at[MATCH_CATEGORY] * at[MATCH_SOON];
}

// What says more together than one by one.
static void together(float *at)
{
    at[MATCH_NAME_CLOSE] = at[MATCH_NAME] * at[MATCH_CLOSE];
    at[MATCH_AGAIN] = at[MATCH_ALL_COSINE] * at[MATCH_TOPIC_MIN];
    at[MATCH_TOPIC_STRANGE] = at[MATCH_TOPIC_MAX] * at[MATCH_CATEGORY_OTHER];
    at[MATCH_SINCE_DAYS] = at[MATCH_SINCE] * at[MATCH_DAYS];
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
    match_pair_facts(probe->report, other, ret_pair);
    space(probe->report, other, ret_pair);
    when(probe->report, other, ret_pair);
    if (ret_pair->section == MATCH_AREA && !ret_pair->address_conflict)
        ret_pair->address_shared |=
            match_address_said(probe->report, other) || match_address_said(other, probe->report);
    party(probe->report, other, ret_pair->at);
    burst(ret_pair);
    together(ret_pair->at);
}
