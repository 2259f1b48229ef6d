// SPDX-License-Identifier: Apache-2.0
// How rare words are: in how many reports each hashed bigram stands. Counting begins with the
// model's background (what is common everywhere), so that a young system judges as a grown one
// does. Kept by the index, changed with it. Pure.
//
// The counts are exact at any time; what is judged by (idf) stays the same for an epoch. In the
// middle of an epoch the next one's is reckoned from the counts of that moment; when a quarter of
// the reports has come or gone the next epoch begins. Between the two whoever keeps what depends on
// it has time to reckon anew, a little with every change.
#ifndef WH_MATCH_CORPUS_H
#define WH_MATCH_CORPUS_H

#include "match/report_internal.h"

struct match_model;

// ln((n + 1) / (df + 1)), never negative: in this epoch, in the next one (once it is reckoned).
struct match_idf {
    float now, next;
};

struct match_corpus {
    uint32_t n;            // reports, the background's among them
    uint32_t changes;      // since the epoch began
    uint32_t due;          // at so many the next one begins; 0: it is not reckoned yet
    uint32_t epoch;        // 1, 2, …
    uint32_t *df;          // MATCH_GRAMS counts, 4 MiB
    struct match_idf *idf; // as many
};

// 0, WH_E_NOMEM (then all zero).
int match_corpus_init(struct match_corpus *corpus, const struct match_model *model);
void match_corpus_done(struct match_corpus *corpus);
size_t match_corpus_bytes(void); // beside the struct
void match_corpus_add(struct match_corpus *corpus, const struct match_report *report);
void match_corpus_remove(struct match_corpus *corpus, const struct match_report *report);
void match_corpus_reckon(struct match_corpus *corpus); // a new epoch now; about 2 ms

// Brings what is known of a report's bigrams on its way.
static inline void match_corpus_fetch(const struct match_corpus *corpus,
                                      const struct match_report *report)
{
    const uint8_t *bytes = match_gram_bytes(report);
    for (size_t i = 0; i < report->grams; i++)
        __builtin_prefetch(&corpus->idf[match_gram_raw(bytes, i) >> 4]);
}

static inline float match_idf(const struct match_corpus *corpus, uint32_t hash)
{
    return corpus->idf[hash].now;
}

#endif
