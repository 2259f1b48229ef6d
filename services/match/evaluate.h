// SPDX-License-Identifier: Apache-2.0
// How good is a model on reports whose matters are known? Reports come in the order of time; each
// takes its best earlier match; above a threshold it is merged. Precision over merges, recall over
// reports that have an earlier report of the same event. Pure: who measures time does it outside.
#ifndef WH_MATCH_EVALUATE_H
#define WH_MATCH_EVALUATE_H

#include "match/verdict.h"

#define MATCH_BINS 10

// A labelled report. The texts of `in` are borrowed; in.id is unique in its set.
struct match_row {
    struct match_input in;
    int64_t event; // the same number: the same matter
    uint32_t fold; // match_fold
    bool earlier;  // an earlier row has its event; match_rows_order sets it
    double weight; // of a pair of its event: 1 / (size of the event - 1); match_rows_order sets it
};

// apart: pairs of ids that count neither way, the smaller id first, ascending; may be NULL.
struct match_rows {
    struct match_row *at;
    size_t n;
    const int64_t (*apart)[2];
    size_t apart_n;
};

// Sorts by time, then id; sets earlier and weight. 0, WH_E_EXISTS (an id stands there twice;
// ret_twice gets it), WH_E_NOMEM.
int match_rows_order(struct match_rows *rows, int64_t *ret_twice);
// Deals the events out to `folds` folds, evenly and at random by the seed: all rows of an event are
// in the same fold. 0, WH_E_NOMEM.
int match_rows_deal(struct match_rows *rows, uint32_t folds, uint64_t seed);
bool match_rows_apart(const struct match_rows *rows, int64_t id, int64_t other);

// The best earlier match of a row; none: other is -1.
struct match_found {
    int64_t other; // id
    double logit, probability;
    enum match_band band;
    bool same; // the same event indeed
};

// Finds the best match of every row in `fold` (UINT32_MAX: of every row) among all rows before it,
// through an index; the entries of other rows stay untouched. ret_found: rows->n. 0, WH_E_NOMEM.
int match_find_all(const struct match_model *model, const struct match_rows *rows, uint32_t fold,
                   struct match_found *ret_found);

struct match_bin {
    double from, to;
    size_t n;
    double predicted, observed; // means over its rows' best matches
};

// threshold, precision, recall: where F1 is best. recall_at_p99: the largest recall at any
// threshold with at least that precision, 0 where there is none. calibration_gap: the largest
// difference of predicted and observed in bins of 100 and more.
struct match_figures {
    size_t reports, with_earlier;
    double best_f1, threshold, precision, recall, recall_at_p99, recall_at_p95;
    struct match_bin bins[MATCH_BINS];
    double calibration_gap;
};

// 0, WH_E_NOMEM.
int match_measure(const struct match_rows *rows, const struct match_found *found,
                  struct match_figures *ret_figures);

#endif
