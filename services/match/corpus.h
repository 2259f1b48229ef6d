// SPDX-License-Identifier: Apache-2.0
// How rare words are: in how many reports each hashed bigram stands. Counting begins with the
// model's background (what is common everywhere), so that a young system judges as a grown one
// does. Kept by the index, changed with it. Pure.
#ifndef WH_MATCH_CORPUS_H
#define WH_MATCH_CORPUS_H

#include <math.h>

#include "match/report_internal.h"

struct match_model;

// df: MATCH_GRAMS counts, 4 MiB.
struct match_corpus {
    uint32_t n; // reports, the background's among them
    uint32_t *df;
};

// 0, WH_E_NOMEM (then all zero).
int match_corpus_init(struct match_corpus *corpus, const struct match_model *model);
void match_corpus_done(struct match_corpus *corpus);
void match_corpus_add(struct match_corpus *corpus, const struct match_report *report);
void match_corpus_remove(struct match_corpus *corpus, const struct match_report *report);

// ln((n + 1) / (df + 1)), never negative.
static inline float match_idf(const struct match_corpus *corpus, uint32_t hash)
{
    float idf = logf((float)(corpus->n + 1) / (float)(corpus->df[hash] + 1));
    return idf > 0 ? idf : 0;
}

#endif
