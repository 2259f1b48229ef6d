// SPDX-License-Identifier: Apache-2.0
// Reports by likeness, in memory: finds the candidates for a new report and scores every one of
// them; nothing is cut by text alone before scoring, category is a feature and never a wall. Holds
// copies of reports' blobs and the document frequencies. Pure, without seeds: the same calls in the
// same order give the same answers. The caller says which reports stand in it (only committed
// ones).
//
// A report's candidates are, once each,
//  - who lies near: located reports within the report's radius of its place, at least
//    SIMINDEX_REACH_M, at most SIMINDEX_FAR_M (in the plane; beyond 87 degrees of latitude a degree
//    of longitude counts as there). Time is no wall here: an index holds the hot window, and what
//    lies outside a category's window is judged (MATCH_RULE_TIME);
//  - who shares a rare bigram: every report is posted under the SIMINDEX_TITLE rarest bigrams of
//    its title and under the rarest others, SIMINDEX_POSTED in all, as rare as they were when it
//    came (of equally rare ones the names of places first). Those of the new report are chosen the
//    same way among the ones under which somebody stands, and walked from the rarest on, each list
//    from its newest, at most SIMINDEX_WALK of a list; no further list is begun after
//    SIMINDEX_WALKS in all;
//  - the newest SIMINDEX_PERSON reports of the same reporter.
#ifndef WH_MATCH_SIMINDEX_H
#define WH_MATCH_SIMINDEX_H

#include "match/verdict.h"

// The side of the squares they are kept by, degrees / 10^7: 250 m of latitude.
#define SIMINDEX_CELL 22500
#define SIMINDEX_REACH_M 500
#define SIMINDEX_FAR_M 3000
#define SIMINDEX_TITLE 6
#define SIMINDEX_POSTED 12
#define SIMINDEX_WALK 128
#define SIMINDEX_WALKS 256
#define SIMINDEX_PERSON 32
#define SIMINDEX_FLOOR 0.02 // a likeness below says nothing

struct simindex;
struct simindex_card; // simindex_card.h
struct simindex_topics;

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
// NULL without. Valid until that report is removed.
const struct match_report *simindex_get(const struct simindex *index, int64_t id);
// The max best-scored candidates whose likeness is at least `least` (0 to 1; who asks for less
// waits longer: SIMINDEX_FLOOR, or match_model_perhaps where nothing
// that is NEW is told) and that
// are not too far (MATCH_RULE_FAR: the same never), best first (by
// probability, then logit, then the smaller id), those vetoed last (by likeness, …). Returns how
// many. `report` itself (its id) is never among them. Exact: what is not scored to the end is shown
// to lie below by an upper bound. Changes nothing but scratch memory.
size_t simindex_find(struct simindex *index, const struct match_report *report, double least,
                     struct simindex_hit *ret_hits, size_t max);

// Another report that stands nowhere yet (its card made and weighed by the corpus of now): may its
// likeness to the one that was searched for last be `least` or more? False is certain.
bool simindex_may_be(struct simindex *index, const struct simindex_card *card,
                     const struct simindex_topics *topics, double least);

// How rare words are among the reports that stand in it; borrowed, changes with them.
const struct match_corpus *simindex_corpus(const struct simindex *index);
// Judges by exact word counts from now on, not by those of the last reckoning (corpus.h): after
// many were added at once it judges the same whatever came before.
void simindex_reckon(struct simindex *index);
size_t simindex_count(const struct simindex *index);
size_t simindex_bytes(const struct simindex *index); // all memory it holds

#endif
