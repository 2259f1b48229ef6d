// SPDX-License-Identifier: Apache-2.0
// What two reports have in common, as numbers. A report to compare is prepared once (a probe) and
// then held against many. Pure; decides nothing, the model does (verdict.h).
#ifndef WH_MATCH_FEATURES_H
#define WH_MATCH_FEATURES_H

#include "match/corpus.h"

enum match_feature {
#define MATCH_FEATURE(ident) MATCH_##ident,
#include "match/features.def"
#undef MATCH_FEATURE
    MATCH_FEATURES,
};

// Which coefficients judge a pair: by text alone, both with a category or a unit, both located,
// both located and one of them said in a title and no more.
enum match_section { MATCH_TEXT, MATCH_AREA, MATCH_PLACED, MATCH_BRIEF, MATCH_SECTIONS };

// How much a report's words weigh in a corpus. They change slowly as the corpus grows: an index may
// keep them with a report instead of weighing it for every comparison.
struct match_weights {
    float title, topic; // sums of idf over the title's bigrams: all, those in no name of a place
    float all_2;        // squared norm of all words
    float name;         // idf of the rarest name of a place
};

struct match_pair {
    enum match_section section;
    int32_t distance_m; // -1: one of them has no place
    int64_t minutes;
    int32_t window_h; // the wider of both, 0: none has one
    bool district_conflict, number_conflict, year_conflict;
    bool address_conflict, address_shared;
    float at[MATCH_FEATURES];
};

extern const float match_frequency[16]; // of a bigram by its count: 1 + ln(count), 0 for none
#define MATCH_RADIUS_M 300              // where a category says none
#define MATCH_NATS 12.0F                // of idf: NAME's unit

void match_weigh(const struct match_corpus *corpus, const struct match_report *report,
                 struct match_weights *ret_weights);

struct match_probe;

struct match_probe *match_probe_new(void); // NULL without memory
void match_probe_free(struct match_probe *probe);
size_t match_probe_bytes(void); // of one
// The report to compare; corpus and report are borrowed until the next call.
void match_probe_set(struct match_probe *probe, const struct match_corpus *corpus,
                     const struct match_report *report);
// weights: of other, NULL: weighed now. Symmetric: the same for the two changed over.
void match_probe_pair(const struct match_probe *probe, const struct match_report *other,
                      const struct match_weights *weights, struct match_pair *ret_pair);

// The features that facts make, and the conflicts, into a pair that was all zero.
void match_pair_facts(const struct match_report *a, const struct match_report *b,
                      struct match_pair *pair);

// Does b's text say half or more of what a's address is called?
bool match_address_said(const struct match_report *a, const struct match_report *b);

const char *match_feature_name(enum match_feature feature); // "TITLE_COSINE"

#endif
