// SPDX-License-Identifier: Apache-2.0
// A model: for each section the coefficients of the features and an isotonic table from score to
// probability; the thresholds; the words that are common everywhere. Its text form (README.md) is
// what `whistle dedup fit` writes and what model.def is.
#ifndef WH_MATCH_MODEL_H
#define WH_MATCH_MODEL_H

#include "match/features.h"

#define MATCH_POINTS_MAX 64 // of an isotonic table
#define MATCH_COMMON_MAX 4096

struct match_point {
    double score, probability; // both ascending
};

struct match_common {
    uint32_t hash, count;
};

struct match_part { // of a section
    double weight[MATCH_FEATURES];
    size_t points_n; // 0: the logistic function itself
    struct match_point points[MATCH_POINTS_MAX];
    double same, perhaps; // probabilities from which on a pair is that
};

struct match_model {
    int32_t version;
    int32_t far_m;       // both located and farther apart: never the same
    int32_t window_h;    // where a category says none; 0: any time
    uint32_t background; // so many reports the common words were counted in
    size_t common_n;
    const struct match_common *common;
    struct match_part part[MATCH_SECTIONS];
};

const char *match_section_name(enum match_section section); // "TEXT"
// The logit of a pair, and what the section's table makes of it.
double match_model_logit(const struct match_model *model, const struct match_pair *pair);
double match_model_probability(const struct match_part *part, double logit);

#endif
