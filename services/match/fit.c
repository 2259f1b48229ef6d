// SPDX-License-Identifier: Apache-2.0
// A model from labelled reports. They go through an index in their order, with a plain model that
// only proposes; every pair it proposes is a sample of its section. A positive counts by its
// event's size, so that a matter reported a hundred times does not outweigh a hundred matters.
#include "match/fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "match/simindex.h"

#define HITS 16         // proposals of a report
#define PENALTY 1.0     // c of match_logistic
#define ENOUGH 30       // positives, or a section stays as it is
#define BIN 25          // best matches of one point before pooling
#define BACKGROUND 2000 // reports that common words are told for
#define COMMON_SHARE 25 // a word of every 25th report is common
#define SAME_LEAST 0.92
#define SAME_MOST 0.995
#define PERHAPS 0.25

// Precision asked of what is joined by itself. PLACED asks for more: in a city denser than those it
// was fitted on it is less.
static const double demanded[MATCH_SECTIONS] = {0.994, 0.994, 0.997, 0.994};

struct pair {
    float at[MATCH_FEATURES];
    double weight;
    uint32_t query; // of all sets
    bool same;
};

struct pairs {
    struct pair *at;
    size_t n, cap;
};

struct fitting {
    struct match_model *model;
    struct match_common *common; // the model's
    struct match_model *plain;
    struct match_maker *maker;
    struct match_probe *probe;
    struct pairs pairs[MATCH_SECTIONS];
    uint32_t queries;
};

// ---- words common everywhere --------------------------------------------------------------------

static int count_set(struct fitting *fitting, const struct match_rows *rows, uint32_t without,
                     struct match_corpus *corpus)
{
    const struct match_report *report;
    for (size_t i = 0; i < rows->n; i++) {
        if (rows->at[i].fold == without)
            continue;
        if (match_report_make(fitting->maker, &rows->at[i].in, &report) < 0)
            return WH_E_NOMEM;
        const uint8_t *bytes = match_gram_bytes(report);
        for (size_t g = 0; g < report->grams; g++)
            corpus->df[match_gram_raw(bytes, g) >> 4]++;
        corpus->n++;
    }
    return 0;
}

static void take_common(struct fitting *fitting, const struct match_corpus *counted)
{
    struct match_model *model = fitting->model;
    model->background = BACKGROUND;
    model->common_n = 0;
    for (uint32_t hash = 0; hash < MATCH_GRAMS && model->common_n < MATCH_COMMON_MAX; hash++) {
        if (counted->n == 0 || counted->df[hash] < counted->n / COMMON_SHARE + 1)
            continue;
        uint32_t count = (uint32_t)((uint64_t)counted->df[hash] * BACKGROUND / counted->n);
        fitting->common[model->common_n++] = (struct match_common){hash, count};
    }
}

static int count_common(struct fitting *fitting, const struct match_rows *sets, size_t n,
                        uint32_t without)
{
    struct match_corpus counted;
    const struct match_model empty = {0};
    int r = match_corpus_init(&counted, &empty);
    for (size_t s = 0; s < n && r == 0; s++)
        r = count_set(fitting, &sets[s], without, &counted);
    if (r == 0)
        take_common(fitting, &counted);
    match_corpus_done(&counted);
    return r;
}

// ---- pairs --------------------------------------------------------------------------------------

static int keep(struct pairs *pairs, const struct pair *pair)
{
    if (pairs->n == pairs->cap) {
        size_t cap = pairs->cap ? 2 * pairs->cap : 4096;
        struct pair *more = realloc(pairs->at, cap * sizeof *more);
        if (!more)
            return WH_E_NOMEM;
        pairs->at = more;
        pairs->cap = cap;
    }
    pairs->at[pairs->n++] = *pair;
    return 0;
}

struct pass {
    struct fitting *fitting;
    const struct match_rows *rows;
    struct simindex *index;
    struct match_corpus corpus; // as the index counts
    struct wh_map where;        // row of an id
};

static int take_hit(struct pass *pass, const struct match_row *row, int64_t id)
{
    const struct match_rows *rows = pass->rows;
    struct match_pair features;
    size_t other = 0;
    if (match_rows_apart(rows, row->in.id, id) || !wh_map_get_index(&pass->where, id, &other))
        return 0;
    match_probe_pair(pass->fitting->probe, simindex_get(pass->index, id), NULL, &features);
    bool same = rows->at[other].event == row->event;
    struct pair pair = {
        .weight = same ? row->weight : 1,
        .query = pass->fitting->queries,
        .same = same,
    };
    memcpy(pair.at, features.at, sizeof pair.at);
    return keep(&pass->fitting->pairs[features.section], &pair);
}

static int take_row(struct pass *pass, const struct match_row *row)
{
    struct simindex_hit hits[HITS];
    const struct match_report *report;
    struct fitting *fitting = pass->fitting;
    if (match_report_make(fitting->maker, &row->in, &report) < 0)
        return WH_E_NOMEM;
    size_t n = simindex_find(pass->index, report, SIMINDEX_FLOOR, hits, HITS);
    match_probe_set(fitting->probe, &pass->corpus, report);
    for (size_t i = 0; i < n; i++)
        if (hits[i].score.rule == MATCH_RULE_SCORE && take_hit(pass, row, hits[i].id) < 0)
            return WH_E_NOMEM;
    fitting->queries++;
    match_corpus_add(&pass->corpus, report);
    return simindex_add(pass->index, report);
}

static int take_set(struct fitting *fitting, const struct match_rows *rows, uint32_t without)
{
    struct pass pass = {fitting, rows, simindex_new(fitting->plain, rows->n), {0}, {0}};
    int r = pass.index ? match_corpus_init(&pass.corpus, fitting->plain) : WH_E_NOMEM;
    if (r == 0)
        r = wh_map_reserve(&pass.where, rows->n);
    for (size_t i = 0; i < rows->n && r == 0; i++) {
        if (rows->at[i].fold == without)
            continue;
        r = take_row(&pass, &rows->at[i]);
        (void)wh_map_put_index(&pass.where, rows->at[i].in.id, i);
    }
    wh_map_done(&pass.where);
    match_corpus_done(&pass.corpus);
    simindex_free(pass.index);
    return r;
}

// ---- coefficients -------------------------------------------------------------------------------

// Which features a section is judged by.
#define ON(feature) UINT64_C(1) << MATCH_##feature
#define WORDS ON(BIAS) | ON(ALL_COSINE) | ON(DISTRICT_ALL) | ON(DAYS) | ON(REPORTER)
#define AREA                                                                                   \
    WORDS | ON(TOPIC_MIN) | ON(TOPIC_MAX) | ON(TOPIC_STRANGE) | ON(AGAIN) | ON(NAME) |         \
        ON(NAME_OTHER) | ON(PLACE_NUMBER) | ON(SPOT) | ON(SPOT_OTHER) | ON(SPOT_ONE) |         \
        ON(NUMBERS_SHARED) | ON(NUMBERS_OTHER) | ON(SINCE) | ON(SINCE_NEXT) | ON(SINCE_LATE) | \
        ON(SINCE_OTHER) | ON(SINCE_DAYS) | ON(WEEKS) | ON(SOON) | ON(BURST) | ON(CATEGORY) |   \
        ON(CATEGORY_OTHER) | ON(UNIT) | ON(UNIT_OTHER)
#define PLACE ON(CLOSE) | ON(NEAR) | ON(DISTANCE) | ON(NAME_CLOSE)
static bool used(enum match_section section, enum match_feature feature)
{
    static const uint64_t sets[MATCH_SECTIONS] = {
        WORDS | ON(CONTAIN_MIN) | ON(CONTAIN_MAX) | ON(SHORTER_TITLE),
        AREA,
        AREA | PLACE,
        AREA | PLACE,
    };
    return sets[section] >> feature & 1;
}

static int regress(const struct pairs *pairs, enum match_section section, struct match_part *part)
{
    enum match_feature which[MATCH_FEATURES];
    double b[MATCH_FEATURES];
    size_t k = 0;
    for (size_t f = 0; f < MATCH_FEATURES; f++)
        if (used(section, (enum match_feature)f))
            which[k++] = (enum match_feature)f;
    float *columns = calloc(pairs->n * k, sizeof *columns);
    struct match_sample *samples = calloc(pairs->n, sizeof *samples);
    int r = columns && samples ? 0 : WH_E_NOMEM;
    for (size_t i = 0; i < pairs->n && r == 0; i++) {
        for (size_t j = 0; j < k; j++)
            columns[i * k + j] = pairs->at[i].at[which[j]];
        samples[i] = (struct match_sample){columns + i * k, pairs->at[i].weight, pairs->at[i].same};
    }
    if (r == 0)
        r = match_logistic(samples, pairs->n, k, PENALTY, b);
    if (r == 0) {
        memset(part->weight, 0, sizeof part->weight);
        for (size_t j = 0; j < k; j++)
            part->weight[which[j]] = b[j];
    }
    free(samples);
    free(columns);
    return r;
}

// ---- from score to probability ------------------------------------------------------------------

struct best {
    double logit;
    bool same;
};

static int by_logit(const void *a, const void *b)
{
    const struct best *p = a, *q = b;
    return p->logit < q->logit ? -1 : p->logit > q->logit;
}

// Each report's best pair (they stand together), ascending. Returns how many.
static size_t bests(const struct pairs *pairs, const struct match_part *part, struct best *ret_best)
{
    size_t n = 0;
    uint32_t query = UINT32_MAX;
    for (size_t i = 0; i < pairs->n; i++) {
        const struct pair *pair = &pairs->at[i];
        double logit = 0;
        for (size_t f = 0; f < MATCH_FEATURES; f++)
            logit += part->weight[f] * (double)pair->at[f];
        if (pair->query != query)
            ret_best[n++] = (struct best){-HUGE_VAL, false};
        query = pair->query;
        if (logit > ret_best[n - 1].logit)
            ret_best[n - 1] = (struct best){logit, pair->same};
    }
    qsort(ret_best, n, sizeof *ret_best, by_logit);
    return n;
}

// Points of at least BIN best matches each, finer where positives are.
static size_t bin(const struct best *best, size_t n, double *score, double *value, double *weight)
{
    size_t points = 0, right = 0, most_right = 0;
    for (size_t i = 0; i < n; i++)
        most_right += best[i].same;
    size_t rows = n / (MATCH_POINTS_MAX / 2 - 1) + 1,
           hits = most_right / (MATCH_POINTS_MAX / 2 - 1) + 1;
    double sum = 0;
    for (size_t i = 0, from = 0; i < n; i++) {
        sum += best[i].logit;
        right += best[i].same;
        size_t width = i + 1 - from;
        bool full = width >= BIN && (width >= rows || right >= hits);
        if (!full && i + 1 < n)
            continue;
        weight[points] = (double)width;
        score[points] = sum / weight[points];
        value[points] = ((double)right + 0.5) / (weight[points] + 1);
        points++;
        from = i + 1;
        right = 0;
        sum = 0;
    }
    return points;
}

static void table(const struct best *best, size_t n, struct match_part *part)
{
    double score[MATCH_POINTS_MAX + 1], value[MATCH_POINTS_MAX + 1], weight[MATCH_POINTS_MAX + 1];
    size_t points = bin(best, n, score, value, weight);
    part->points_n = match_isotonic(score, value, weight, points);
    for (size_t i = 0; i < part->points_n; i++)
        part->points[i] = (struct match_point){score[i], value[i]};
}

// The lowest probability from which on what is joined is right `sure` of the time.
static void bands(const struct best *best, size_t n, double sure, struct match_part *part)
{
    size_t right = 0;
    double same = SAME_MOST;
    for (size_t i = n; i-- > 0;) {
        right += best[i].same;
        if ((double)right >= sure * (double)(n - i))
            same = match_model_probability(part, best[i].logit);
    }
    part->same = fmin(fmax(same, SAME_LEAST), SAME_MOST);
    part->perhaps = PERHAPS;
}

static int fit_section(struct fitting *fitting, enum match_section section,
                       struct match_fit_counts *counts)
{
    const struct pairs *pairs = &fitting->pairs[section];
    struct match_part part = {0};
    counts->pairs[section] = pairs->n;
    for (size_t i = 0; i < pairs->n; i++)
        counts->positives[section] += pairs->at[i].same;
    if (counts->positives[section] < ENOUGH)
        return 0;
    struct best *best = calloc(pairs->n, sizeof *best);
    int r = best ? regress(pairs, section, &part) : WH_E_NOMEM;
    if (r == 0) {
        size_t n = bests(pairs, &part, best);
        table(best, n, &part);
        bands(best, n, demanded[section], &part);
        fitting->model->part[section] = part;
        counts->fitted[section] = true;
    }
    free(best);
    return r == WH_E_RANGE ? 0 : r;
}

// ---- the whole ----------------------------------------------------------------------------------

static int fit(struct fitting *fitting, const struct match_rows *sets, size_t n, uint32_t without,
               struct match_fit_counts *counts)
{
    int r = count_common(fitting, sets, n, without);
    fitting->plain->common = fitting->common;
    fitting->plain->common_n = fitting->model->common_n;
    fitting->plain->background = fitting->model->background;
    for (size_t s = 0; s < n && r == 0; s++)
        r = take_set(fitting, &sets[s], without);
    bool any = false;
    for (size_t s = 0; s < MATCH_SECTIONS && r == 0; s++) {
        r = fit_section(fitting, (enum match_section)s, counts);
        any |= counts->fitted[s];
    }
    counts->reports = fitting->queries;
    return r == 0 && !any ? WH_E_NOTFOUND : r;
}

// Proposes widely: low scores stand above the index's floor.
static void plain_model(struct match_model *plain, const struct match_model *base)
{
    static const double words[] = {5, 3, 2.5};
    static const enum match_feature of[] = {MATCH_ALL_COSINE, MATCH_CONTAIN_MIN, MATCH_CONTAIN_MAX};
    *plain = *base;
    for (size_t s = 0; s < MATCH_SECTIONS; s++) {
        plain->part[s] = (struct match_part){.same = 1, .perhaps = 1};
        plain->part[s].weight[MATCH_BIAS] = -4;
        for (size_t i = 0; i < sizeof of / sizeof *of; i++)
            plain->part[s].weight[of[i]] = words[i];
    }
    plain->part[MATCH_PLACED].weight[MATCH_NEAR] = plain->part[MATCH_BRIEF].weight[MATCH_NEAR] = 2;
}

int match_fit(const struct match_model *base, const struct match_rows *sets, size_t n,
              uint32_t without, int32_t version, struct match_model **ret_model,
              struct match_fit_counts *ret_counts)
{
    struct match_model plain;
    struct fitting fitting = {
        .model = calloc(1, sizeof *fitting.model),
        .common = calloc(MATCH_COMMON_MAX, sizeof *fitting.common),
        .plain = &plain,
        .maker = match_maker_new(),
        .probe = match_probe_new(),
    };
    int r = WH_E_NOMEM;
    *ret_counts = (struct match_fit_counts){0};
    if (fitting.model && fitting.common && fitting.maker && fitting.probe) {
        *fitting.model = *base;
        fitting.model->common = fitting.common;
        fitting.model->version = version;
        plain_model(&plain, base);
        r = fit(&fitting, sets, n, without, ret_counts);
    }
    for (size_t s = 0; s < MATCH_SECTIONS; s++)
        free(fitting.pairs[s].at);
    match_maker_free(fitting.maker);
    match_probe_free(fitting.probe);
    if (r == 0) {
        *ret_model = fitting.model;
        return 0;
    }
    free(fitting.common);
    free(fitting.model);
    return r;
}
