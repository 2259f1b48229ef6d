// SPDX-License-Identifier: Apache-2.0
// Makes a model from labelled reports: weighted logistic regression (Newton's method on
// standardised features with a quadratic penalty), an isotonic table by pool-adjacent-violators
// over best matches, and the thresholds. Pure and without chance: the same rows give the same
// model.
#ifndef WH_MATCH_FIT_H
#define WH_MATCH_FIT_H

#include <stdio.h>

#include "match/evaluate.h"
#include "match/model.h"

// ---- the parts, each by itself ----------------------------------------------------------------

// One row of numbers with its label and weight; columns[0] must be 1 (the constant).
struct match_sample {
    const float *columns;
    double weight;
    bool positive;
};

// Coefficients (ret_b, k of them) that maximise the weighted likelihood of a logistic regression
// less half the squares of the standardised coefficients (but the constant's) divided by `c`.
// Columns that never change get 0. k <= MATCH_FEATURES. 0; WH_E_RANGE where no step was found
// any more (then untouched), WH_E_NOMEM.
int match_logistic(const struct match_sample *samples, size_t n, size_t k, double c, double *ret_b);

// Points with weights, ordered by score: replaces values by the nearest ascending ones
// (least squares, pool-adjacent-violators; Ayer et al. 1955), joining points; returns how many are
// left in score, value and weight.
size_t match_isotonic(double *score, double *value, double *weight, size_t n);

// ---- the whole ----------------------------------------------------------------------------------

struct match_fit_counts {
    size_t reports, pairs[MATCH_SECTIONS], positives[MATCH_SECTIONS];
    bool fitted[MATCH_SECTIONS]; // else as in the base model: too few pairs
};

// sets: each with its own ids and order; rows of fold `without` (UINT32_MAX: none) are left out as
// if they were not there. base: what sections without pairs take, and its vetoes; version: the new
// model's. 0, WH_E_NOMEM, WH_E_NOTFOUND (no section has enough pairs).
int match_fit(const struct match_model *base, const struct match_rows *sets, size_t n,
              uint32_t without, int32_t version, struct match_model **ret_model,
              struct match_fit_counts *ret_counts);

// The text form.
void match_model_write(const struct match_model *model, FILE *to);

#endif
