// SPDX-License-Identifier: Apache-2.0
// A pair's verdict: hard vetoes first, beside them what the model makes of the features.
#include "match/verdict.h"

#include <math.h>

#include "match/model.h"

#define M_PER_UNIT 0.0111195 // of 1e-7 degrees of latitude
#define RADIANS 1.7453292519943295e-9
#define HALF_PI 1.5707963267948966
#define TURN 3.6e9
#define WORDS_ENOUGH 0.9F // of each title stands in the other
#define LONG_TITLE 2.19F  // ln(1 + 8 characters)
#define TOPIC_SAID 0.12F  // of a title, without names of places, stands in the other report

static const char *const rule_names[] = {
    [MATCH_RULE_SCORE] = "SCORE",       [MATCH_RULE_FAR] = "FAR",
    [MATCH_RULE_DISTRICT] = "DISTRICT", [MATCH_RULE_NUMBER] = "NUMBER",
    [MATCH_RULE_YEAR] = "YEAR",         [MATCH_RULE_TIME] = "TIME",
    [MATCH_RULE_ADDRESS] = "ADDRESS",
};

const char *match_rule_name(enum match_rule rule)
{
    return rule_names[rule];
}

double match_model_logit(const struct match_model *model, const struct match_pair *pair)
{
    const struct match_part *part = &model->part[pair->section];
    double logit = 0;
    for (size_t i = 0; i < MATCH_FEATURES; i++)
        logit += part->weight[i] * (double)pair->at[i];
    return logit;
}

double match_model_probability(const struct match_part *part, double logit)
{
    const struct match_point *points = part->points;
    size_t n = part->points_n;
    if (n == 0)
        return 1 / (1 + exp(-logit));
    if (logit <= points[0].score)
        return points[0].probability;
    for (size_t i = 1; i < n; i++) {
        if (logit > points[i].score)
            continue;
        double width = points[i].score - points[i - 1].score;
        double share = width > 0 ? (logit - points[i - 1].score) / width : 1;
        return points[i - 1].probability +
               share * (points[i].probability - points[i - 1].probability);
    }
    return points[n - 1].probability;
}

static enum match_rule veto(const struct match_model *model, const struct match_pair *pair)
{
    if (pair->distance_m > model->far_m)
        return MATCH_RULE_FAR;
    if (pair->district_conflict)
        return MATCH_RULE_DISTRICT;
    if (pair->address_conflict && pair->distance_m < 0)
        return MATCH_RULE_ADDRESS;
    if (pair->number_conflict)
        return MATCH_RULE_NUMBER;
    if (pair->year_conflict)
        return MATCH_RULE_YEAR;
    int64_t window = pair->window_h ? pair->window_h : model->window_h;
    return window && pair->minutes > window * 60 ? MATCH_RULE_TIME : MATCH_RULE_SCORE;
}

bool match_surely_far(const struct match_model *model, const struct match_report *a,
                      const struct match_report *b)
{
    if (!(a->flags & b->flags & MATCH_LOCATED))
        return false;
    double far = model->far_m * 1.02 / M_PER_UNIT; // the plane is right to 2 % that far
    double north = fabs((double)a->lat - b->lat), east = fabs((double)a->lon - b->lon);
    double widest = fmax(fabs((double)a->lat), fabs((double)b->lat)) * RADIANS;
    east = fmin(east, TURN - east) * cos(fmin(widest, HALF_PI));
    return north > far || east > far;
}

// Neither points on the map nor words say that it is the same place: alike, at one time and in one
// unit are also two lamps of two streets. What says it: the address, the reporter, or a title of
// some length said again in the same words.
static bool is_placeless(const struct match_pair *pair)
{
    const float *at = pair->at;
    bool again = at[MATCH_CONTAIN_MIN] >= WORDS_ENOUGH && at[MATCH_SHORTER_TITLE] >= LONG_TITLE;
    return pair->section == MATCH_AREA && !pair->address_shared && !again &&
           at[MATCH_REPORTER] == 0;
}

// Neither the category nor a title says that it is the same thing: at one place and at one time a
// flooded street and a broken lamp are two matters.
static bool is_strange(const struct match_pair *pair)
{
    return pair->section != MATCH_TEXT && pair->at[MATCH_CATEGORY_OTHER] > 0 &&
           pair->at[MATCH_TOPIC_MAX] < TOPIC_SAID;
}

void match_judge(const struct match_model *model, const struct match_pair *pair,
                 struct match_score *ret_score)
{
    double logit = match_model_logit(model, pair);
    double likeness = match_model_probability(&model->part[pair->section], logit);
    enum match_rule rule = veto(model, pair);
    *ret_score = (struct match_score){
        .rule = rule,
        .section = pair->section,
        .placeless = is_placeless(pair),
        .strange = is_strange(pair),
        .probability = rule == MATCH_RULE_SCORE ? likeness : 0,
        .likeness = likeness,
        .logit = logit,
        .distance_m = pair->distance_m,
        .minutes = pair->minutes,
    };
}

void match_score(struct match_probe *probe, const struct match_model *model,
                 const struct match_corpus *corpus, const struct match_report *a,
                 const struct match_report *b, struct match_score *ret_score)
{
    struct match_pair pair;
    match_probe_set(probe, corpus, a);
    match_probe_pair(probe, b, NULL, &pair);
    match_judge(model, &pair, ret_score);
}

const char *match_reason(const struct match_model *model, const struct match_score *score)
{
    bool same = score->probability >= model->part[score->section].same;
    if (same && score->strange)
        return "TOPIC";
    return same && score->placeless ? "PLACE" : match_rule_name(score->rule);
}

enum match_band match_band(const struct match_model *model, const struct match_score *score)
{
    const struct match_part *part = &model->part[score->section];
    bool doubtful = score->rule == MATCH_RULE_NUMBER || score->rule == MATCH_RULE_TIME ||
                    score->rule == MATCH_RULE_ADDRESS;
    if (score->rule == MATCH_RULE_SCORE && score->probability >= part->same)
        return score->placeless || score->strange ? MATCH_PERHAPS : MATCH_SAME;
    if (score->rule == MATCH_RULE_SCORE)
        return score->probability >= part->perhaps ? MATCH_PERHAPS : MATCH_NEW;
    return doubtful && score->likeness >= part->perhaps ? MATCH_PERHAPS : MATCH_NEW;
}

double match_model_perhaps(const struct match_model *model)
{
    double least = 1;
    for (size_t s = 0; s < MATCH_SECTIONS; s++)
        least = fmin(least, fmin(model->part[s].perhaps, model->part[s].same));
    return least;
}
