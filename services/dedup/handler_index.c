// SPDX-License-Identifier: Apache-2.0
// Who stands in the index: of every matter that something may still be one with, its first report
// and its two newest, so that matters do not drift and storms stay small. Reports of the turn in
// hand stand in an index of their own beside it until they are committed; what is in neither is
// kept aside, for the day it is a representative again.
#include <stdlib.h>
#include <string.h>

#include "dedup/handler.h"
#include "runtime/log.h"

#define FRESH_EXPECTED 128
#define FRESH_HITS 16
#define DAY_MS INT64_C(86400000)

int reports_init(struct reports *reports, const struct match_model *model, size_t expected)
{
    *reports = (struct reports){.index = simindex_new(model, expected),
                                .fresh = simindex_new(model, FRESH_EXPECTED),
                                .maker = match_maker_new(),
                                .probe = match_probe_new()};
    if (reports->index == NULL || reports->fresh == NULL || reports->maker == NULL ||
        reports->probe == NULL) {
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
    simindex_free(reports->fresh);
    match_maker_free(reports->maker);
    match_probe_free(reports->probe);
    free(reports->made);
    *reports = (struct reports){0};
}

const struct match_report *reports_get(const struct reports *reports, int64_t id)
{
    const struct match_report *report = simindex_get(reports->index, id);
    if (report == NULL)
        report = wh_map_get(&reports->aside, id);
    return report != NULL ? report : simindex_get(reports->fresh, id);
}

// Those of this turn are few: what they look like is judged by the same corpus as the others.
size_t reports_find(struct reports *reports, const struct match_model *model,
                    const struct match_report *report, struct simindex_hit ret_hits[DEDUP_HITS])
{
    size_t n = simindex_find(reports->index, report, ret_hits, DEDUP_HITS - FRESH_HITS);
    if (reports->n_made == 0)
        return n;
    size_t more = simindex_find(reports->fresh, report, ret_hits + n, FRESH_HITS);
    for (size_t i = n; i < n + more; i++)
        match_score(reports->probe, model, simindex_corpus(reports->index), report,
                    simindex_get(reports->fresh, ret_hits[i].id), &ret_hits[i].score);
    return n + more;
}

int reports_make(struct reports *reports, const struct match_report *report)
{
    if (reports->n_made == reports->cap_made) {
        size_t cap = reports->cap_made == 0 ? FRESH_EXPECTED : reports->cap_made * 2;
        int64_t *made = realloc(reports->made, cap * sizeof *made);
        if (made == NULL)
            return WH_E_NOMEM;
        reports->made = made;
        reports->cap_made = cap;
    }
    int error = simindex_add(reports->fresh, report);
    if (error == 0)
        reports->made[reports->n_made++] = match_report_id(report);
    return error;
}

void reports_undo(struct reports *reports, size_t n_made)
{
    while (reports->n_made > n_made)
        (void)simindex_remove(reports->fresh, reports->made[--reports->n_made]);
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

void reports_stand(struct reports *reports)
{
    for (size_t i = 0; i < reports->n_made; i++) {
        const struct match_report *report = simindex_get(reports->fresh, reports->made[i]);
        keep_aside(reports, report);
        (void)simindex_remove(reports->fresh, reports->made[i]);
    }
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
    return simindex_bytes(reports->index) + simindex_bytes(reports->fresh) + reports->aside_bytes +
           reports->aside.cap * sizeof(struct wh_map_slot);
}
