// SPDX-License-Identifier: Apache-2.0
// Reports by likeness, in memory: finds the candidates for a new report (neighbouring cells in
// space and time, the rarest bigrams of its title, the same reporter) and scores every one of them;
// nothing is cut by text alone before scoring, category is a feature and never a wall. Holds copies
// of reports' blobs and the document frequencies. Pure; the caller says which reports stand in it
// (only committed ones).
#ifndef WH_MATCH_SIMINDEX_H
#define WH_MATCH_SIMINDEX_H

#include "match/verdict.h"

struct simindex;

struct simindex_hit {
    int64_t id;
    struct match_score score;
};

// expected: about how many reports it will hold (only a hint). NULL without memory. The model is
// borrowed.
struct simindex *simindex_new(const struct match_model *model, size_t expected);
void simindex_free(struct simindex *index);

// 0; WH_E_EXISTS (the id stands there), WH_E_NOMEM: then nothing changed.
int simindex_add(struct simindex *index, const struct match_report *report);
bool simindex_remove(struct simindex *index, int64_t id);
const struct match_report *simindex_get(const struct simindex *index, int64_t id); // NULL without
// The max best-scored candidates, best first, those vetoed last. Returns how many. `report` itself
// (its id) is never among them.
size_t simindex_find(struct simindex *index, const struct match_report *report,
                     struct simindex_hit *ret_hits, size_t max);

size_t simindex_count(const struct simindex *index);
size_t simindex_bytes(const struct simindex *index); // all memory it holds

#endif
