// SPDX-License-Identifier: Apache-2.0
// An upper bound of a pair's logit from the other's card, for a hundredth of what the logit costs:
// nearly all candidates are shown to be unlike without looking at their words. Never below the true
// logit.
#ifndef WH_MATCH_SIMINDEX_BOUND_H
#define WH_MATCH_SIMINDEX_BOUND_H

#include "match/model.h"
#include "match/simindex_card.h"

struct simindex_bound;

struct simindex_bound *simindex_bound_new(const struct match_model *model); // NULL: no memory
void simindex_bound_free(struct simindex_bound *bound);
size_t simindex_bound_bytes(void);

// The report to compare; not borrowed.
void simindex_bound_set(struct simindex_bound *bound, const struct match_corpus *corpus,
                        const struct match_report *report);
struct simindex_bounded {
    float bound;
    enum match_section section;
    float rest;       // of the bound, without what follows
    float all, topic; // at most so much of all words, of my title's is shared
    bool strange;     // perhaps of another category
};

// From the card alone. What lies below its section's floor before its words are looked at is told
// as it is then.
struct simindex_bounded simindex_bound_of(const struct simindex_bound *bound,
                                          const struct simindex_card *card,
                                          const float floor[MATCH_SECTIONS]);
// The same bound made smaller by the title's words.
float simindex_bound_closer(const struct simindex_bound *bound,
                            const struct simindex_bounded *bounded,
                            const struct simindex_card *card, const struct simindex_topics *topics);
// A logit below which a likeness is below `likeness` in that section; -INFINITY: none is.
double simindex_logit_of(const struct match_model *model, enum match_section section,
                         double likeness);

#endif
