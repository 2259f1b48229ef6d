// SPDX-License-Identifier: Apache-2.0
// The bound's own: tables of a model, sums of the report to compare.
#ifndef WH_MATCH_SIMINDEX_BOUND_INTERNAL_H
#define WH_MATCH_SIMINDEX_BOUND_INTERNAL_H

#include "match/simindex_bound.h"

#define CODES (1u << SIMINDEX_CODE_BITS)
#define FOURS (SIMINDEX_WORDS * 16u) // four bits of a card's words
#define STEPS 128                    // of distance
#define STEP 0.05f                   // of the radius
#define TIMES 128                    // four to a doubling of minutes
#define CHARS (MATCH_TITLE_CHARS + 1)
#define NUMBERS 8 // the report's own that are looked for
#define NAMES 12

typedef float floats __attribute__((vector_size(16)));

// Sums over the report's bigrams that the other may have too: of squares of idf; of idf of the
// title's, of its without names of places, of all without names of places.
enum lane { ALL, TITLE, TOPIC, OTHERS };

struct name { // one of the report's, the rarest first
    uint32_t word;
    float idf;
};

struct simindex_bound {
    floats four[FOURS][16]; // sums, by four bits of a card's words
    float topic[CODES];     // sum of idf without names of places
    float rarest[CODES];    // the largest idf
    uint16_t used[MATCH_REPORT_MAX / MATCH_GRAM_BYTES];
    size_t used_n;
    struct name names[NAMES];
    size_t names_n;
    float names_left; // the largest idf of those that had no room, of names
    float top;        // the largest idf of all
    // Bits of facts' values: of buildings and houses, of spots, of routes, of each other number.
    uint32_t houses, spots, routes, numbers[NUMBERS];
    size_t numbers_n, numbers_left;
    struct simindex_card card;
    struct match_weights weights;
    float norm; // root of the weights' squared norm
    float cos_lat;
    float weight[MATCH_SECTIONS][MATCH_FEATURES];
    float words[MATCH_SECTIONS];           // the best words can be worth, but for names
    float near[MATCH_SECTIONS][STEPS + 1]; // the best of NEAR, CLOSE and DISTANCE in a step
    float close[STEPS + 2];                // CLOSE where a step begins
    float ago[MATCH_SECTIONS][TIMES + 1];  // of DAYS, WEEKS and SOON; at last: of any time
    float burst[MATCH_SECTIONS][TIMES + 1], since[MATCH_SECTIONS][TIMES + 1]; // SINCE_DAYS
    float ln[CHARS];
};

// fmaxf and fminf without their care for what is no number.
static inline float most(float a, float b)
{
    return a > b ? a : b;
}

static inline float least(float a, float b)
{
    return a < b ? a : b;
}

static inline float best(float weight, float low, float high)
{
    return weight > 0 ? weight * high : weight * low;
}

// The best of a sum of two and their product, each from 0 up: a corner's.
static inline float best_of_two(const float *weight, float all, float topic)
{
    float a = weight[MATCH_ALL_COSINE] * all, b = weight[MATCH_TOPIC_MIN] * topic;
    return most(most(0, a), most(b, a + b + weight[MATCH_AGAIN] * all * topic));
}

#endif
