// SPDX-License-Identifier: Apache-2.0
// Reports one after the other through an index, as dedup does it, and what came of it.
#include "match/evaluate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "match/simindex.h"

#define HITS 8         // a pair that counts neither way is passed over for the next
#define BIN_COUNTS 100 // a bin of fewer says nothing

static int by_time(const void *a, const void *b)
{
    const struct match_row *p = a, *q = b;
    if (p->in.at != q->in.at)
        return p->in.at < q->in.at ? -1 : 1;
    return p->in.id < q->in.id ? -1 : p->in.id > q->in.id;
}

static int order(struct match_rows *rows, struct wh_map *sizes, struct wh_map *ids,
                 int64_t *ret_twice)
{
    if (wh_map_reserve(sizes, rows->n) < 0 || wh_map_reserve(ids, rows->n) < 0)
        return WH_E_NOMEM;
    for (size_t i = 0; i < rows->n; i++) {
        struct match_row *row = &rows->at[i];
        size_t size = 0;
        row->earlier = wh_map_get_index(sizes, row->event, &size);
        (void)wh_map_put_index(sizes, row->event, size + 1);
        if (wh_map_has(ids, row->in.id)) {
            *ret_twice = row->in.id;
            return WH_E_EXISTS;
        }
        (void)wh_map_put_index(ids, row->in.id, i);
    }
    for (size_t i = 0; i < rows->n; i++) {
        size_t size = 1;
        (void)wh_map_get_index(sizes, rows->at[i].event, &size);
        rows->at[i].weight = size > 1 ? 1 / (double)(size - 1) : 1;
    }
    return 0;
}

int match_rows_order(struct match_rows *rows, int64_t *ret_twice)
{
    struct wh_map sizes, ids;
    if (rows->n > 0)
        qsort(rows->at, rows->n, sizeof *rows->at, by_time);
    wh_map_init(&sizes);
    wh_map_init(&ids);
    int r = order(rows, &sizes, &ids, ret_twice);
    wh_map_done(&sizes);
    wh_map_done(&ids);
    return r;
}

// ---- folds --------------------------------------------------------------------------------------

struct ticket {
    uint64_t key;
    int64_t event;
};

static int by_key(const void *a, const void *b)
{
    const struct ticket *p = a, *q = b;
    if (p->key != q->key)
        return p->key < q->key ? -1 : 1;
    return p->event < q->event ? -1 : p->event > q->event;
}

// splitmix64's finaliser (S. Vigna)
static uint64_t mixed(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static int deal(struct match_rows *rows, uint32_t folds, uint64_t seed, struct wh_map *dealt,
                struct ticket *tickets)
{
    size_t n = 0;
    if (wh_map_reserve(dealt, rows->n) < 0)
        return WH_E_NOMEM;
    for (size_t i = 0; i < rows->n; i++) {
        int64_t event = rows->at[i].event;
        if (wh_map_has(dealt, event))
            continue;
        (void)wh_map_put_index(dealt, event, 0);
        tickets[n++] = (struct ticket){mixed(mixed(seed + 1) ^ (uint64_t)event), event};
    }
    qsort(tickets, n, sizeof *tickets, by_key);
    for (size_t i = 0; i < n; i++)
        (void)wh_map_put_index(dealt, tickets[i].event, i % folds);
    for (size_t i = 0; i < rows->n; i++) {
        size_t fold = 0;
        (void)wh_map_get_index(dealt, rows->at[i].event, &fold);
        rows->at[i].fold = (uint32_t)fold;
    }
    return 0;
}

int match_rows_deal(struct match_rows *rows, uint32_t folds, uint64_t seed)
{
    struct wh_map dealt;
    struct ticket *tickets = calloc(rows->n + 1, sizeof *tickets);
    wh_map_init(&dealt);
    int r = tickets ? deal(rows, folds, seed, &dealt, tickets) : WH_E_NOMEM;
    wh_map_done(&dealt);
    free(tickets);
    return r;
}

static int by_pair(const void *a, const void *b)
{
    const int64_t *p = a, *q = b;
    int at = p[0] != q[0] ? 0 : 1;
    return p[at] < q[at] ? -1 : p[at] > q[at];
}

bool match_rows_apart(const struct match_rows *rows, int64_t id, int64_t other)
{
    const int64_t pair[2] = {id < other ? id : other, id < other ? other : id};
    return rows->apart_n > 0 &&
           bsearch(pair, rows->apart, rows->apart_n, sizeof *rows->apart, by_pair);
}

// ---- finding ------------------------------------------------------------------------------------

struct walk {
    const struct match_model *model;
    const struct match_rows *rows;
    struct match_maker *maker;
    struct simindex *index;
    struct wh_map events; // of ids
};

static struct match_found best_of(struct walk *walk, const struct match_report *report,
                                  int64_t event)
{
    struct simindex_hit hits[HITS];
    size_t n = simindex_find(walk->index, report, SIMINDEX_FLOOR, hits, HITS);
    for (size_t i = 0; i < n && hits[i].score.rule == MATCH_RULE_SCORE; i++) {
        if (match_rows_apart(walk->rows, match_report_id(report), hits[i].id))
            continue;
        size_t row = 0;
        bool known = wh_map_get_index(&walk->events, hits[i].id, &row);
        return (struct match_found){hits[i].id, hits[i].score.logit, hits[i].score.probability,
                                    match_band(walk->model, &hits[i].score),
                                    known && walk->rows->at[row].event == event};
    }
    return (struct match_found){.other = -1, .logit = -HUGE_VAL};
}

static int walk_rows(struct walk *walk, uint32_t fold, struct match_found *ret_found)
{
    const struct match_rows *rows = walk->rows;
    if (!walk->maker || !walk->index || wh_map_reserve(&walk->events, rows->n) < 0)
        return WH_E_NOMEM;
    for (size_t i = 0; i < rows->n; i++) {
        const struct match_report *report;
        const struct match_row *row = &rows->at[i];
        if (match_report_make(walk->maker, &row->in, &report) < 0)
            return WH_E_NOMEM;
        if (fold == UINT32_MAX || row->fold == fold)
            ret_found[i] = best_of(walk, report, row->event);
        if (simindex_add(walk->index, report) < 0)
            return WH_E_NOMEM;
        (void)wh_map_put_index(&walk->events, row->in.id, i);
    }
    return 0;
}

int match_find_all(const struct match_model *model, const struct match_rows *rows, uint32_t fold,
                   struct match_found *ret_found)
{
    struct walk walk = {
        .model = model,
        .rows = rows,
        .maker = match_maker_new(),
        .index = simindex_new(model, rows->n),
    };
    wh_map_init(&walk.events);
    int r = walk_rows(&walk, fold, ret_found);
    wh_map_done(&walk.events);
    simindex_free(walk.index);
    match_maker_free(walk.maker);
    return r;
}

// ---- measuring ----------------------------------------------------------------------------------

// By probability, then logit: tables have steps.
static int by_likeness(const void *a, const void *b)
{
    const struct match_found *p = a, *q = b;
    if (p->probability != q->probability)
        return p->probability > q->probability ? -1 : 1;
    if (p->logit != q->logit)
        return p->logit > q->logit ? -1 : 1;
    return p->same - q->same; // of equal ones the wrong first
}

static void curve(const struct match_found *sorted, size_t n, struct match_figures *figures)
{
    size_t right = 0;
    for (size_t i = 0; i < n && sorted[i].other >= 0; i++) {
        right += sorted[i].same;
        double precision = (double)right / (double)(i + 1);
        double recall = figures->with_earlier ? (double)right / (double)figures->with_earlier : 0;
        double f1 = right ? 2 * precision * recall / (precision + recall) : 0;
        if (precision >= 0.99)
            figures->recall_at_p99 = fmax(figures->recall_at_p99, recall);
        if (precision >= 0.95)
            figures->recall_at_p95 = fmax(figures->recall_at_p95, recall);
        if (f1 <= figures->best_f1)
            continue;
        figures->best_f1 = f1;
        figures->threshold = sorted[i].probability;
        figures->precision = precision;
        figures->recall = recall;
    }
}

static void calibrate(const struct match_found *found, size_t n, struct match_figures *figures)
{
    for (size_t b = 0; b < MATCH_BINS; b++) {
        figures->bins[b].from = (double)b / MATCH_BINS;
        figures->bins[b].to = (double)(b + 1) / MATCH_BINS;
    }
    for (size_t i = 0; i < n; i++) {
        size_t b = (size_t)(found[i].probability * MATCH_BINS);
        struct match_bin *bin = &figures->bins[b < MATCH_BINS ? b : MATCH_BINS - 1];
        bin->n++;
        bin->predicted += found[i].probability;
        bin->observed += found[i].same;
    }
    for (size_t b = 0; b < MATCH_BINS; b++) {
        struct match_bin *bin = &figures->bins[b];
        if (bin->n == 0)
            continue;
        bin->predicted /= (double)bin->n;
        bin->observed /= (double)bin->n;
        if (bin->n >= BIN_COUNTS)
            figures->calibration_gap =
                fmax(figures->calibration_gap, fabs(bin->predicted - bin->observed));
    }
}

int match_measure(const struct match_rows *rows, const struct match_found *found,
                  struct match_figures *ret_figures)
{
    struct match_found *sorted = calloc(rows->n + 1, sizeof *sorted);
    if (!sorted)
        return WH_E_NOMEM;
    *ret_figures = (struct match_figures){.reports = rows->n};
    for (size_t i = 0; i < rows->n; i++)
        ret_figures->with_earlier += rows->at[i].earlier;
    if (rows->n > 0)
        memcpy(sorted, found, rows->n * sizeof *sorted);
    qsort(sorted, rows->n, sizeof *sorted, by_likeness);
    curve(sorted, rows->n, ret_figures);
    calibrate(found, rows->n, ret_figures);
    free(sorted);
    return 0;
}
