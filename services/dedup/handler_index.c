// SPDX-License-Identifier: Apache-2.0
// Who stands in the index: of every matter that something may still be one with, its first report
// and its two newest, so that matters do not drift and storms stay small. Reports of the turn in
// hand are in no index yet: they are few, and held against a new one each; what they are judged by
// does not change before the commit. Whoever is not in the index is kept aside, for the day it is a
// representative.
#include <stdlib.h>
#include <string.h>

#include "dedup/handler.h"
#include "runtime/log.h"

#define DAY_MS INT64_C(86400000)

int reports_init(struct reports *reports, const struct match_model *model, size_t expected)
{
    *reports = (struct reports){.index = simindex_new(model, expected),
                                .least = match_model_perhaps(model),
                                .maker = match_maker_new(),
                                .probe = match_probe_new()};
    if (reports->index == NULL || reports->maker == NULL || reports->probe == NULL) {
        reports_done(reports);
        return WH_E_NOMEM;
    }
    return 0;
}

void reports_done(struct reports *reports)
{
    void *blob;
    size_t pos = 0;
    while (wh_map_next(&reports->aside, &pos, NULL, &blob))
        free(blob);
    wh_map_done(&reports->aside);
    simindex_free(reports->index);
    match_maker_free(reports->maker);
    match_probe_free(reports->probe);
    free(reports->made);
    *reports = (struct reports){0};
}

const struct match_report *reports_get(const struct reports *reports, int64_t id)
{
    const struct match_report *report = simindex_get(reports->index, id);
    return report != NULL ? report : wh_map_get(&reports->aside, id);
}

// ---- finding ------------------------------------------------------------------------------------

// Among n hits the worst leaves for a better one; the order is for decide.c to say.
static size_t put_hit(struct simindex_hit *hits, size_t n, const struct simindex_hit *hit)
{
    size_t worst = 0;
    if (n < DEDUP_HITS) {
        hits[n] = *hit;
        return n + 1;
    }
    for (size_t i = 1; i < n; i++)
        if (hits[i].score.likeness < hits[worst].score.likeness)
            worst = i;
    if (hit->score.likeness > hits[worst].score.likeness)
        hits[worst] = *hit;
    return n;
}

size_t reports_find(struct reports *reports, const struct match_model *model,
                    const struct match_report *report, struct simindex_hit ret_hits[DEDUP_HITS])
{
    size_t n = simindex_find(reports->index, report, reports->least, ret_hits, DEDUP_HITS);
    if (reports->n_made == 0)
        return n;
    bool probed = false;
    for (size_t i = 0; i < reports->n_made; i++) {
        const struct made_report *made = &reports->made[i];
        struct match_pair pair;
        struct simindex_hit hit = {.id = match_report_id(made->report)};
        if (match_surely_far(model, report, made->report) ||
            !simindex_may_be(reports->index, &made->card, &made->topics, reports->least))
            continue; // would be no hit of weight
        if (!probed)
            match_probe_set(reports->probe, simindex_corpus(reports->index), report);
        probed = true;
        match_probe_pair(reports->probe, made->report, &made->weights, &pair);
        match_judge(model, &pair, &hit.score);
        n = put_hit(ret_hits, n, &hit);
    }
    return n;
}

int reports_make(struct reports *reports, const struct match_report *report)
{
    int64_t id = match_report_id(report);
    if (reports->n_made == reports->cap_made) {
        size_t cap = reports->cap_made == 0 ? 128 : reports->cap_made * 2;
        struct made_report *made = realloc(reports->made, cap * sizeof *made);
        if (made == NULL)
            return WH_E_NOMEM;
        reports->made = made;
        reports->cap_made = cap;
    }
    int error = reports_keep(reports, id, report, match_report_size(report));
    if (error != 0)
        return error;
    struct made_report *made = &reports->made[reports->n_made++];
    made->report = wh_map_get(&reports->aside, id);
    match_weigh(simindex_corpus(reports->index), made->report, &made->weights);
    simindex_card_make(made->report, &made->card, &made->topics);
    simindex_card_weigh(simindex_corpus(reports->index), made->report, &made->card);
    return 0;
}

// ---- aside --------------------------------------------------------------------------------------

int reports_keep(struct reports *reports, int64_t id, const void *blob, size_t n)
{
    void *copy = malloc(n + (n == 0));
    if (copy == NULL || wh_map_has(&reports->aside, id)) {
        free(copy);
        return copy == NULL ? WH_E_NOMEM : 0;
    }
    memcpy(copy, blob, n);
    if (wh_map_put(&reports->aside, id, copy) != 0) {
        free(copy);
        return WH_E_NOMEM;
    }
    reports->aside_bytes += n;
    return 0;
}

static void drop_aside(struct reports *reports, int64_t id)
{
    struct match_report *blob = wh_map_get(&reports->aside, id);
    if (blob == NULL)
        return;
    reports->aside_bytes -= match_report_size(blob);
    (void)wh_map_del(&reports->aside, id);
    free(blob);
}

static void keep_aside(struct reports *reports, const struct match_report *report)
{
    if (reports_keep(reports, match_report_id(report), report, match_report_size(report)) != 0)
        wh_fatal("memory", "no memory for a report");
}

void reports_undo(struct reports *reports, size_t n_made)
{
    while (reports->n_made > n_made)
        drop_aside(reports, match_report_id(reports->made[--reports->n_made].report));
}

void reports_stand(struct reports *reports)
{
    reports->n_made = 0;
}

// ---- in and out of the index --------------------------------------------------------------------

static void come_in(struct reports *reports, int64_t id)
{
    const struct match_report *blob = wh_map_get(&reports->aside, id);
    if (blob == NULL)
        return;
    int error = simindex_add(reports->index, blob);
    if (error != 0 && error != WH_E_EXISTS)
        wh_fatal("memory", "no memory for a report in the index");
    drop_aside(reports, id);
}

static void go_out(struct reports *reports, int64_t id)
{
    const struct match_report *report = simindex_get(reports->index, id);
    if (report == NULL)
        return;
    keep_aside(reports, report);
    (void)simindex_remove(reports->index, id);
}

// Can anything still be one with it? What it stands for is found by its newest report.
static bool stands(const struct matters *matters, const struct standing *root,
                   const int64_t reps[MATTER_REPS], size_t n, int64_t now)
{
    const struct standing *newest = matters_get(matters, reps[n > 1 ? 1 : 0]);
    if (root->stage != STAGE_HELD && root->stage != STAGE_OUT)
        return false;
    if (fold_has_ended(root) && decide_offer(root, now) == 0)
        return false;
    return fold_is_open(root) || newest->at > now - STORE_HOT_DAYS * DAY_MS;
}

static bool is_one_of(int64_t id, const int64_t *ids, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (ids[i] == id)
            return true;
    return false;
}

void reports_arrange(struct reports *reports, const struct matters *matters, int64_t id,
                     int64_t now)
{
    int64_t reps[MATTER_REPS];
    const struct standing *root = matters_get(matters, id);
    size_t n = matters_representatives(matters, id, reps);
    if (root == NULL || n == 0)
        return;
    if (!stands(matters, root, reps, n, now))
        n = 0;
    if (matters_supporters(matters, id) >= MATTER_REPS || n == 0) {
        size_t n_all = matters_supporters(matters, id) + 1;
        int64_t *all = calloc(n_all, sizeof *all);
        if (all == NULL)
            wh_fatal("memory", "no memory for a matter's members");
        (void)matters_members(matters, id, all, n_all);
        for (size_t i = 0; i < n_all; i++)
            if (!is_one_of(all[i], reps, n))
                go_out(reports, all[i]);
        free(all);
    }
    for (size_t i = 0; i < n; i++)
        come_in(reports, reps[i]);
}

void reports_drop(struct reports *reports, int64_t id)
{
    (void)simindex_remove(reports->index, id);
    drop_aside(reports, id);
}

size_t reports_bytes(const struct reports *reports)
{
    return simindex_bytes(reports->index) + reports->aside_bytes +
           reports->aside.cap * sizeof(struct wh_map_slot);
}

void reports_reckon(struct reports *reports)
{
    simindex_reckon(reports->index);
}
