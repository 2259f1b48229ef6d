// SPDX-License-Identifier: Apache-2.0
// An upper bound of a pair's logit for a twentieth of what the logit costs: most candidates are
// shown to be unlike without looking at all they have in common. Never below the true logit.
#ifndef WH_MATCH_SIMINDEX_FIND_H
#define WH_MATCH_SIMINDEX_FIND_H

#include "match/model.h"

struct simindex_quick;

struct simindex_quick *simindex_quick_new(const struct match_model *model); // NULL: no memory
void simindex_quick_free(struct simindex_quick *quick);
size_t simindex_quick_bytes(void);

// The report to compare; borrowed until the next call.
void simindex_quick_set(struct simindex_quick *quick, const struct match_corpus *corpus,
                        const struct match_report *report);
// weights: of other in the same corpus. other's bytes are followed by one that may be read.
float simindex_quick_bound(const struct simindex_quick *quick, const struct match_report *other,
                           const struct match_weights *weights, enum match_section *ret_section);
// The logit below which a likeness is below `likeness` in that section; -infinity: none.
double simindex_logit_of(const struct match_model *model, enum match_section section,
                         double likeness);

#endif
