// SPDX-License-Identifier: Apache-2.0
// Are two reports the same matter? Features of a pair, hard vetoes, a logistic regression with
// versioned coefficients and an isotonic table to a probability; then one of three bands. Pure.
#ifndef WH_MATCH_VERDICT_H
#define WH_MATCH_VERDICT_H

#include "match/features.h"

struct match_model; // coefficients, table, thresholds (model.h); read-only, shared

enum match_band { MATCH_NEW, MATCH_PERHAPS, MATCH_SAME };

// Which rule decided: the score, or a veto.
enum match_rule {
    MATCH_RULE_SCORE,
    MATCH_RULE_FAR,      // both well located, farther apart than the model allows
    MATCH_RULE_DISTRICT, // conflicting administrative codes
    MATCH_RULE_NUMBER,   // conflicting numbers (house, building, unit, route)
    MATCH_RULE_YEAR,
    MATCH_RULE_ADDRESS, // no point on the map, and addresses that have little in common
    MATCH_RULE_TIME,    // outside the category's window
};

// likeness: the probability as if nothing were vetoed.
struct match_score {
    enum match_rule rule;
    enum match_section section; // whose thresholds hold
    double probability;         // 0 where vetoed
    double likeness;
    bool placeless;     // nothing says that it is the same place: never joined by itself
    bool strange;       // nothing says that it is the same thing: never joined by itself
    double logit;       // for ordering: tables have steps
    int32_t distance_m; // -1: one of them has no place
    int64_t minutes;    // between them, not negative
};

// The model compiled in (its coefficients: model.def), for ever the same.
const struct match_model *match_model_builtin(void);
// A model from its text form (services/match/README.md); what `whistle dedup fit` writes. 0,
// WH_E_INVALID (ret_why names line and rule, size why_n), WH_E_NOMEM.
int match_model_parse(const char *text, size_t n, struct match_model **ret_model, char *ret_why,
                      size_t why_n);
void match_model_free(struct match_model *model);
int32_t match_model_version(const struct match_model *model);

// Weighs both reports anew; where one is held against many: match_probe_set once, then for each
// match_probe_pair and match_judge.
void match_score(struct match_probe *probe, const struct match_model *model,
                 const struct match_corpus *corpus, const struct match_report *a,
                 const struct match_report *b, struct match_score *ret_score);
void match_judge(const struct match_model *model, const struct match_pair *pair,
                 struct match_score *ret_score);
// Are both located and so far apart that match_score would say FAR for certain? Looks at no text;
// false says nothing.
bool match_surely_far(const struct match_model *model, const struct match_report *a,
                      const struct match_report *b);
// By the model's two thresholds; a vetoed pair is NEW, but PERHAPS where only a number, the address
// or the time speaks against a likeness that is high otherwise. PERHAPS is the most where nothing
// says that it is the same place, or the same thing.
enum match_band match_band(const struct match_model *model, const struct match_score *score);
// The least likeness at which a pair may be more than NEW, in any section.
double match_model_perhaps(const struct match_model *model);
const char *match_rule_name(enum match_rule rule); // "SCORE", "FAR", …
// What decided the band: the rule's name, or "PLACE", "TOPIC" where only the place, the thing is
// not said.
const char *match_reason(const struct match_model *model, const struct match_score *score);

#endif
