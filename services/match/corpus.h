// SPDX-License-Identifier: Apache-2.0
// How rare words are: in how many reports each hashed bigram stands. Counting begins with the
// model's background (what is common everywhere), so that a young system judges as a grown one
// does. Kept by the index, changed with it. Pure.
//
// The counts are exact at any time; what is judged by (idf) is reckoned from them anew whenever an
// eighth of the reports has come or gone, and stays the same between: an epoch. So within an
// epoch a report's weights are the same whenever they are asked for, and may be kept.
#ifndef WH_MATCH_CORPUS_H
#define WH_MATCH_CORPUS_H

#include "match/report_internal.h"

struct match_model;

struct match_corpus {
    uint32_t n;       // reports, the background's among them
    uint32_t changes; // since the last reckoning
    uint32_t epoch;   // 1, 2, … reckonings
    uint32_t *df;     // MATCH_GRAMS counts, 4 MiB
    float *idf;       // as many: ln((n + 1) / (df + 1)), never negative
};

// 0, WH_E_NOMEM (then all zero).
int match_corpus_init(struct match_corpus *corpus, const struct match_model *model);
void match_corpus_done(struct match_corpus *corpus);
void match_corpus_add(struct match_corpus *corpus, const struct match_report *report);
void match_corpus_remove(struct match_corpus *corpus, const struct match_report *report);
void match_corpus_reckon(struct match_corpus *corpus); // a new epoch now; about 2 ms

static inline float match_idf(const struct match_corpus *corpus, uint32_t hash)
{
    return corpus->idf[hash];
}

#endif
