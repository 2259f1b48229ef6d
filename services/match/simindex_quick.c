// SPDX-License-Identifier: Apache-2.0
// Interval arithmetic over the model's features. The words' sums come from one walk over the
// other's bigrams with a table of 4096 places: two of the report's bigrams in one place count as
// both, so a sum is never too small. Distance and time come from tables of the best their step can
// be worth; facts are held against each other as they are.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "match/simindex_find.h"

#define PLACES_BITS 12
#define PLACES (1u << PLACES_BITS)
#define STEPS 128                     // of distance
#define STEP 0.05f                    // of the radius
#define TIMES 128                     // four to a doubling of minutes
#define CHARS (MATCH_TITLE_CHARS + 1) // whose logarithms are kept
#define SLACK 0.002f                  // what floats may be wrong by
#define M_PER_UNIT 0.0111195f         // of 1e-7 degrees of latitude
#define RADIANS 1.7453292519943295e-9

typedef float floats __attribute__((vector_size(16)));

// ALL: of squares; the others of idf: of titles, of names of places, of titles without them.
// Sums over the shared bigrams: of squares of idf; of idf of the titles' without names of places,
// of names. For TEXT alone: of idf of the titles'.
enum lane { ALL, TOPIC_MINE, TOPIC_OTHERS, NAME };
enum title_lane { MINE, OTHERS };

struct simindex_quick {
    floats word[2][PLACES]; // for bigrams that are no name in the other, that are
    floats title[PLACES];
    floats factor[16], title_factor[16];
    uint16_t used[MATCH_REPORT_MAX / MATCH_GRAM_BYTES];
    size_t used_n;
    const struct match_model *model;
    const struct match_report *report;
    struct match_weights weights;
    float root_all; // of the weights' squared norm
    float most;     // the largest idf
    float cos_lat;
    float weight[MATCH_SECTIONS][MATCH_FEATURES];
    float near[MATCH_SECTIONS][STEPS + 1]; // the best of NEAR and DISTANCE in a step
    float ago[MATCH_SECTIONS][TIMES];      // of DAYS, WEEKS and SOON
    float ln[CHARS];
};

static float best(float weight, float low, float high)
{
    return weight > 0 ? weight * high : weight * low;
}

static float near_best(const float *weight, unsigned step)
{
    float low = (float)step * STEP, high = step == STEPS ? INFINITY : low + STEP;
    float far = weight[MATCH_DISTANCE] == 0
                    ? 0
                    : best(weight[MATCH_DISTANCE], logf(1 + low), logf(1 + high));
    return far + best(weight[MATCH_NEAR], expf(-high), expf(-low)) +
           best(weight[MATCH_CLOSE], expf(-high * high), expf(-low * low));
}

// Minutes of the beginning of a step of time.
static float begin_of(unsigned time)
{
    return time < 4 ? (float)time : ldexpf(1 + (float)(time % 4) / 4, (int)(time / 4) + 1);
}

static float ago_best(const float *weight, unsigned time)
{
    float low = begin_of(time), high = time + 1 == TIMES ? 0x1p60f : begin_of(time + 1);
    return best(weight[MATCH_DAYS], logf(1 + low / 1440), logf(1 + high / 1440)) +
           best(weight[MATCH_WEEKS], fminf(low / 10080, 8), fminf(high / 10080, 8)) +
           best(weight[MATCH_SOON], 0, expf(-low / 120));
}

static unsigned time_of(uint64_t minutes)
{
    if (minutes < 4)
        return (unsigned)minutes;
    unsigned doubling = 63u - (unsigned)__builtin_clzll(minutes);
    unsigned time = (doubling - 1) * 4 + (unsigned)(minutes >> (doubling - 2) & 3);
    return time < TIMES ? time : TIMES - 1;
}

// Of another's bigram, by what it is.
static void set_factor(struct simindex_quick *quick, unsigned flags)
{
    bool title = flags >> 3 & 1, body = flags >> 2 & 1, place = flags & 1;
    quick->factor[flags] =
        (floats){match_frequency[title + body], (float)!place, (float)(title && !place), 1};
    quick->title_factor[flags] = (floats){1, (float)title};
}

static void prepare(struct simindex_quick *quick, const struct match_model *model)
{
    quick->model = model;
    for (unsigned s = 0; s < MATCH_SECTIONS; s++) {
        float *weight = quick->weight[s];
        for (size_t i = 0; i < MATCH_FEATURES; i++)
            weight[i] = (float)model->part[s].weight[i];
        for (unsigned i = 0; i <= STEPS; i++)
            quick->near[s][i] = near_best(weight, i);
        for (unsigned i = 0; i < TIMES; i++)
            quick->ago[s][i] = ago_best(weight, i);
    }
    for (unsigned i = 0; i < 16; i++)
        set_factor(quick, i);
    for (unsigned i = 0; i < CHARS; i++)
        quick->ln[i] = logf(1 + (float)i);
}

struct simindex_quick *simindex_quick_new(const struct match_model *model)
{
    struct simindex_quick *quick = aligned_alloc(64, (sizeof *quick + 63) / 64 * 64);
    if (!quick)
        return NULL;
    memset(quick, 0, sizeof *quick);
    prepare(quick, model);
    return quick;
}

void simindex_quick_free(struct simindex_quick *quick)
{
    free(quick);
}

size_t simindex_quick_bytes(void)
{
    return sizeof(struct simindex_quick);
}

static void set_words(struct simindex_quick *quick, const struct match_corpus *corpus,
                      const struct match_report *report)
{
    const uint8_t *bytes = match_gram_bytes(report);
    for (size_t i = 0; i < quick->used_n; i++)
        quick->word[0][quick->used[i]] = quick->word[1][quick->used[i]] =
            quick->title[quick->used[i]] = (floats){0};
    quick->used_n = report->grams;
    for (size_t i = 0; i < report->grams; i++) {
        struct match_gram gram = match_gram_at(bytes, i);
        float idf = match_idf(corpus, gram.hash);
        quick->used[i] = (uint16_t)(gram.hash >> (MATCH_GRAM_BITS - PLACES_BITS));
        float all = match_frequency[gram.title + gram.body] * idf * idf;
        float topic = gram.place ? 0 : idf, mine = gram.title ? topic : 0;
        quick->word[0][quick->used[i]] += (floats){all, mine, topic, gram.name ? idf : 0};
        quick->word[1][quick->used[i]] += (floats){all, mine, topic, idf};
        quick->title[quick->used[i]] += (floats){gram.title ? idf : 0, idf};
    }
}

void simindex_quick_set(struct simindex_quick *quick, const struct match_corpus *corpus,
                        const struct match_report *report)
{
    quick->report = report;
    match_weigh(corpus, report, &quick->weights);
    quick->root_all = sqrtf(quick->weights.all_2);
    quick->most = logf((float)corpus->n + 2);
    quick->cos_lat = (float)cos(report->lat * RADIANS);
    set_words(quick, corpus, report);
}

static float ratio(float part, float whole)
{
    return whole > 0 ? fminf(part / whole, 1) : 0;
}

static uint32_t raw_at(const uint8_t *at)
{
    uint32_t four;
    memcpy(&four, at, sizeof four);
    return __builtin_bswap32(four) >> 8;
}

// Sums over the bigrams of other that the report has too.
static floats shared(const struct simindex_quick *quick, const struct match_report *other)
{
    const uint8_t *at = match_gram_bytes(other), *end = at + other->grams * MATCH_GRAM_BYTES;
    floats sum = {0};
    for (; at < end; at += MATCH_GRAM_BYTES) {
        uint32_t raw = raw_at(at);
        sum += quick->word[raw >> 1 & 1][raw >> (MATCH_GRAM_BITS + 4 - PLACES_BITS)] *
               quick->factor[raw & 15];
    }
    return sum;
}

// The best the titles can be worth where nothing but text is known.
static float titles(const struct simindex_quick *quick, const float *weight,
                    const struct match_report *other, const struct match_weights *w)
{
    const uint8_t *at = match_gram_bytes(other), *end = at + other->grams * MATCH_GRAM_BYTES;
    floats sum = {0};
    if (weight[MATCH_CONTAIN_MIN] == 0 && weight[MATCH_CONTAIN_MAX] == 0)
        return 0;
    for (; at < end; at += MATCH_GRAM_BYTES) {
        uint32_t raw = raw_at(at);
        sum += quick->title[raw >> (MATCH_GRAM_BITS + 4 - PLACES_BITS)] *
               quick->title_factor[raw & 15];
    }
    float mine = ratio(sum[MINE], quick->weights.title), others = ratio(sum[OTHERS], w->title);
    return best(weight[MATCH_CONTAIN_MIN], 0, fminf(mine, others)) +
           best(weight[MATCH_CONTAIN_MAX], 0, fmaxf(mine, others));
}

// The best the shared words can be worth.
static float words(const struct simindex_quick *quick, const float *weight,
                   const struct match_report *other, const struct match_weights *w)
{
    const struct match_weights *m = &quick->weights;
    floats sum = shared(quick, other);
    float my_topic = ratio(sum[TOPIC_MINE], m->topic), topic = ratio(sum[TOPIC_OTHERS], w->topic);
    float named = fminf(m->name, w->name), name = sum[NAME];
    return best(weight[MATCH_ALL_COSINE], 0, ratio(sum[ALL], quick->root_all * sqrtf(w->all_2))) +
           titles(quick, weight, other, w) +
           best(weight[MATCH_TOPIC_MIN], 0, fminf(my_topic, topic)) +
           best(weight[MATCH_TOPIC_MAX], 0, fmaxf(my_topic, topic)) +
           best(weight[MATCH_NAME], 0, fminf(name / quick->most, 1)) +
           best(weight[MATCH_NAME_OTHER], fmaxf(named - name, 0) / quick->most,
                named / quick->most);
}

static float lengths(const struct simindex_quick *quick, const float *weight,
                     const struct match_report *other)
{
    const struct match_report *r = quick->report;
    uint16_t title = r->title_chars < other->title_chars ? r->title_chars : other->title_chars;
    return weight[MATCH_SHORTER_TITLE] * quick->ln[title];
}

// What the facts say, exactly.
static float facts(const float *weight, const struct match_report *a, const struct match_report *b)
{
    struct match_pair pair = {0};
    float value = 0;
    if (!a->facts || !b->facts)
        return 0;
    match_pair_facts(a, b, &pair);
    for (size_t i = MATCH_DISTRICT_ALL; i <= MATCH_SINCE_OTHER; i++)
        value += weight[i] * pair.at[i];
    return value;
}

// Of two located reports; the plane is right to 2 % as far as the categories' radii reach.
static float space(const struct simindex_quick *quick, const float *near,
                   const struct match_report *other)
{
    const struct match_report *r = quick->report;
    int64_t turn = (int64_t)r->lon - other->lon;
    turn = turn > 1800000000 ? turn - 3600000000 : turn < -1800000000 ? turn + 3600000000 : turn;
    float y = (float)((int64_t)r->lat - other->lat) * M_PER_UNIT;
    float x = (float)turn * M_PER_UNIT * quick->cos_lat;
    uint16_t widest = r->radius_m > other->radius_m ? r->radius_m : other->radius_m;
    float metres = sqrtf(x * x + y * y), unit = STEP * (float)(widest ? widest : MATCH_RADIUS_M);
    float low = (metres * 0.98f - 2) / unit, high = (metres * 1.02f + 2) / unit;
    if (metres > 50000 || high >= STEPS)
        return fmaxf(near[STEPS], low < STEPS ? near[low > 0 ? (unsigned)low : 0] : near[STEPS]);
    float value = -INFINITY;
    for (unsigned step = low > 0 ? (unsigned)low : 0; step <= (unsigned)high; step++)
        value = fmaxf(value, near[step]);
    return value;
}

static float party(const float *weight, const struct match_report *a, const struct match_report *b,
                   float soon)
{
    float value = a->reporter && a->reporter == b->reporter ? weight[MATCH_REPORTER] : 0;
    if (a->category && b->category)
        value += weight[a->category == b->category ? MATCH_CATEGORY : MATCH_CATEGORY_OTHER];
    if (a->unit && b->unit)
        value += weight[a->unit == b->unit ? MATCH_UNIT : MATCH_UNIT_OTHER];
    return value +
           (a->category && a->category == b->category ? best(weight[MATCH_BURST], 0, soon) : 0);
}

float simindex_quick_bound(const struct simindex_quick *quick, const struct match_report *other,
                           const struct match_weights *weights, enum match_section *ret_section)
{
    const struct match_report *r = quick->report;
    bool placed = r->flags & other->flags & MATCH_LOCATED;
    enum match_section section = placed ? MATCH_PLACED
                                 : (r->unit && other->unit) || (r->category && other->category)
                                     ? MATCH_AREA
                                     : MATCH_TEXT;
    const float *weight = quick->weight[section];
    uint64_t apart = r->at > other->at ? (uint64_t)r->at - (uint64_t)other->at
                                       : (uint64_t)other->at - (uint64_t)r->at;
    *ret_section = section;
    return weight[MATCH_BIAS] + words(quick, weight, other, weights) +
           lengths(quick, weight, other) +
           (placed ? space(quick, quick->near[section], other) : 0) +
           quick->ago[section][time_of(apart / 60000)] +
           party(weight, r, other, apart < 86400000 ? expf(-(float)(apart / 60000) / 120) : 1e-5f) +
           facts(weight, r, other) + SLACK;
}

double simindex_logit_of(const struct match_model *model, enum match_section section,
                         double likeness)
{
    double low = -64, high = 64;
    if (match_model_probability(&model->part[section], low) >= likeness)
        return -INFINITY;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (match_model_probability(&model->part[section], middle) >= likeness)
            high = middle;
        else
            low = middle;
    }
    return low;
}
