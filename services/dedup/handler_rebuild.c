// SPDX-License-Identifier: Apache-2.0
// From rows to memory: at the start the hot window and what is open, later a single old matter that
// somebody speaks of. Links between reports come before the reports they join.
#include <stdlib.h>

#include "client/frame.h"
#include "dedup/handler.h"
#include "runtime/log.h"

#define DISTRICT_CAP ((size_t)32 << 20) // twice what intake's door takes of a district
#define FACTS_CAP ((size_t)8 << 20)

struct rebuilt_link {
    int64_t child, parent, seq;
    uint8_t raised_from;
};

static void no_memory(void)
{
    wh_fatal("memory", "no memory for the reports");
}

static void add_link(struct dedup *state, const struct rebuilt_link *link)
{
    if (state->n_links == state->cap_links) {
        size_t cap = state->cap_links == 0 ? 256 : state->cap_links * 2;
        struct rebuilt_link *links = realloc(state->links, cap * sizeof *links);
        if (links == NULL)
            no_memory();
        state->links = links;
        state->cap_links = cap;
    }
    state->links[state->n_links++] = *link;
}

static void join_links(struct dedup *state)
{
    for (size_t i = 0; i < state->n_links; i++) {
        const struct rebuilt_link *link = &state->links[i];
        if (matters_get(state->matters, link->child) == NULL ||
            matters_get(state->matters, link->parent) == NULL ||
            matters_parent(state->matters, link->child) != 0)
            continue;
        if (matters_hang(state->matters, link->child, link->parent, link->seq, link->raised_from) !=
            0)
            no_memory();
    }
    state->n_links = 0;
}

static void take_report(struct dedup *state, const struct store_report *report, bool alone)
{
    int64_t id = report->standing.id;
    int error = matters_put(state->matters, &report->standing);
    if (error == 0 && report->n_danger > 0)
        error = matters_danger(state->matters, id, report->danger, report->n_danger);
    matters_keep(state->matters);
    // The database's buffer is not aligned as a blob is.
    if (error == 0 && report->n_blob > 0)
        error = reports_keep(&state->reports, id, report->blob, report->n_blob);
    if (error != 0)
        no_memory();
    const struct match_report *blob = reports_get(&state->reports, id);
    if (report->n_blob > 0 && !match_report_valid(blob, report->n_blob))
        wh_fatal("report.damaged", "the row of report %lld is damaged", (long long)id);
    if (alone)
        reports_arrange(&state->reports, state->matters, id, state->now);
}

// ---- the start ----------------------------------------------------------------------------------

void dedup_rebuilt_district(void *arg, const struct wh_row *row)
{
    struct dedup *state = arg;
    struct wh_arena arena;
    wh_arena_init(&arena, DISTRICT_CAP);
    const Whistle__V1__DedupEvent *event = dedup_read_body(&arena, row, 0, NULL);
    if (event == NULL || event->what_case != WHISTLE__V1__DEDUP_EVENT__WHAT_DISTRICT_ADOPTED ||
        wh_district_new(event->district_adopted->district, &state->district) != 0)
        wh_fatal("journal.unreadable", "the adopted district cannot be read");
    wh_arena_done(&arena);
}

static void link_in_trees(struct dedup *state, const struct rebuilt_link *link)
{
    add_link(state, link);
    if (wh_map_put_index(&state->in_trees, link->child, 1) != 0 ||
        wh_map_put_index(&state->in_trees, link->parent, 1) != 0)
        no_memory();
}

void dedup_rebuilt_membership(void *arg, const struct wh_row *row)
{
    struct dedup *state = arg;
    struct rebuilt_link link = {.child = wh_row_int(row, 0),
                                .parent = wh_row_int(row, 1),
                                .seq = wh_row_int(row, 2),
                                .raised_from = (uint8_t)wh_row_int(row, 3)};
    link_in_trees(state, &link);
}

static void rebuild(struct dedup *state, const struct store_report *report)
{
    int64_t id = report->standing.id;
    size_t place;
    if (state->now < report->standing.at)
        state->now = report->standing.at;
    take_report(state, report, !wh_map_get_index(&state->in_trees, id, &place));
    dedup_note_doubt(state, id);
    if (report->standing.stage == STAGE_HELD)
        wh_timer_load(state->runtime, id, report->standing.until_at);
}

void dedup_rebuilt_report(void *arg, const struct wh_row *row)
{
    struct store_report report;
    store_read(row, false, &report);
    rebuild(arg, &report);
}

void dedup_rebuilt_older(void *arg, const struct wh_row *row)
{
    struct store_report report;
    store_read(row, true, &report);
    if (report.parent != 0)
        link_in_trees(arg, &(struct rebuilt_link){report.standing.id, report.parent,
                                                  report.joined_seq, report.raised_from});
    rebuild(arg, &report);
}

void dedup_rebuilt_apart(void *arg, const struct wh_row *row)
{
    struct dedup *state = arg;
    if (matters_set_apart(state->matters, wh_row_int(row, 0), wh_row_int(row, 1), true) ==
        WH_E_NOMEM)
        no_memory();
    matters_keep(state->matters);
}

// In the order of the links, each matter once.
static void arrange_trees(struct dedup *state, size_t n_links)
{
    for (size_t i = 0; i < n_links; i++) {
        int64_t root = matters_root(state->matters, state->links[i].child);
        if (root != 0 && simindex_get(state->reports.index, root) == NULL)
            reports_arrange(&state->reports, state->matters, root, state->now);
    }
}

int dedup_ready(void *arg)
{
    struct dedup *state = arg;
    size_t n_links = state->n_links;
    join_links(state);
    arrange_trees(state, n_links);
    wh_map_done(&state->in_trees);
    reports_reckon(&state->reports);
    wh_timer_load(state->runtime, DEDUP_TIMER_SWEEP, 1);
    dedup_tell(state);
    return 0;
}

// ---- one matter ---------------------------------------------------------------------------------

void dedup_loaded_matter(void *arg, const struct wh_row *row)
{
    struct dedup *state = arg;
    struct store_report report;
    store_read(row, true, &report);
    if (report.parent != 0)
        add_link(state, &(struct rebuilt_link){report.standing.id, report.parent, report.joined_seq,
                                               report.raised_from});
    if (matters_get(state->matters, report.standing.id) == NULL)
        take_report(state, &report, false);
}

void dedup_loaded_matters(void *arg, const int64_t *keys, size_t n)
{
    struct dedup *state = arg;
    (void)keys;
    (void)n;
    join_links(state);
}

void dedup_loaded_facts(void *arg, const struct wh_row *row)
{
    struct dedup *state = arg;
    struct wh_arena arena;
    size_t n = 0;
    const uint8_t *body = wh_row_bytes(row, 1, &n);
    wh_arena_init(&arena, FACTS_CAP);
    const Whistle__V1__Event *event = (const Whistle__V1__Event *)wh_unpack_ample(
        &whistle__v1__event__descriptor, &arena, body, n, NULL);
    if (event == NULL)
        wh_fatal("journal.unreadable", "what was raised as %lld cannot be read",
                 (long long)wh_row_int(row, 0));
    else if (wh_shelf_loaded(state->facts, wh_row_int(row, 0), event->payload.data,
                             event->payload.len) != 0)
        no_memory();
    wh_arena_done(&arena);
}
