// SPDX-License-Identifier: Apache-2.0
// Memory's life: made at the start, forgotten when the database is lost, joined or rolled back with
// each turn. What a commit changed is put in order here: who stands in the index, who is in doubt.
// Matters that are neither hot nor open leave by and by. Rows are read in handler_rebuild.c.
#include <stdlib.h>
#include <string.h>

#include "dedup/handler.h"
#include "runtime/log.h"

#define EXPECTED 100000
#define MARK_BYTES 65536
#define SWEEP_SLICE 16384
#define DAY_MS INT64_C(86400000)

int dedup_start(struct wh_runtime *runtime, void **ret_state)
{
    struct dedup *state = calloc(1, sizeof *state);
    if (state == NULL)
        return WH_E_NOMEM;
    state->runtime = runtime;
    state->model = match_model_builtin();
    state->settings.by_hand = !wh_setting_bool(runtime, "automatic");
    state->settings.hold_ms = wh_setting_int(runtime, "hold_s") * 1000;
    state->facts = wh_shelf_new((size_t)wh_setting_int(runtime, "shelf_bytes"));
    state->marks = wh_shelf_new(MARK_BYTES);
    state->matters = matters_new();
    bool made = state->facts != NULL && state->marks != NULL && state->matters != NULL &&
                reports_init(&state->reports, state->model, EXPECTED) == 0;
    if (made && decide_read_raise(wh_setting_text(runtime, "raise_at"), &state->settings) != 0) {
        wh_logf(WH_LOG_ERROR, "setting.invalid",
                "raise_at: numbers of supporters, ascending, with commas between, at most %d",
                RAISE_MAX);
        dedup_stop(state);
        return WH_E_INVALID;
    }
    if (!made) {
        dedup_stop(state);
        return WH_E_NOMEM;
    }
    *ret_state = state;
    return 0;
}

static void forget(struct dedup *state)
{
    wh_district_free(state->pending);
    wh_district_free(state->district);
    state->pending = state->district = NULL;
    if (state->matters != NULL)
        matters_clear(state->matters);
    reports_done(&state->reports);
    wh_map_done(&state->in_trees);
    state->n_links = state->n_doubts = state->sweep_at = 0;
    state->sweep = false;
}

void dedup_reset(void *arg)
{
    struct dedup *state = arg;
    forget(state);
    wh_shelf_clear(state->facts);
    wh_shelf_clear(state->marks);
    state->turn++;
    dedup_untell(state);
    if (reports_init(&state->reports, state->model, EXPECTED) != 0)
        wh_fatal("memory", "no memory for the index");
}

void dedup_stop(void *arg)
{
    struct dedup *state = arg;
    forget(state);
    matters_free(state->matters);
    wh_shelf_free(state->facts);
    wh_shelf_free(state->marks);
    free(state->links);
    free(state->doubts);
    free(state);
}

int32_t dedup_subject(void *arg, const char *code)
{
    const struct dedup *state = arg;
    return state->district == NULL ? 0 : wh_district_id(state->district, code);
}

// While dispatch is far behind, more verdicts would only lengthen its queue, and a P1 on its own
// way would find its matter still waiting there.
bool dedup_pause(void *arg)
{
    const struct dedup *state = arg;
    int64_t events = 0, ms = 0;
    return wh_follower_lag(state->runtime, "dispatch", &events, &ms) &&
           events > wh_setting_int(state->runtime, "lag_events");
}

// ---- doubts -------------------------------------------------------------------------------------

static size_t doubt_at(const struct dedup *state, int64_t id)
{
    size_t low = 0, high = state->n_doubts;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (state->doubts[mid] < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void add_doubt(struct dedup *state, size_t at, int64_t id)
{
    if (state->n_doubts == state->cap_doubts) {
        size_t cap = state->cap_doubts == 0 ? 1024 : state->cap_doubts * 2;
        int64_t *doubts = realloc(state->doubts, cap * sizeof *doubts);
        if (doubts == NULL)
            wh_fatal("memory", "no memory for the doubts");
        state->doubts = doubts;
        state->cap_doubts = cap;
    }
    memmove(state->doubts + at + 1, state->doubts + at,
            (state->n_doubts - at) * sizeof *state->doubts);
    state->doubts[at] = id;
    state->n_doubts++;
}

void dedup_note_doubt(struct dedup *state, int64_t id)
{
    const struct standing *standing = matters_get(state->matters, id);
    size_t at = doubt_at(state, id);
    bool is = standing != NULL && (standing->flags & REPORT_DOUBT) != 0;
    bool was = at < state->n_doubts && state->doubts[at] == id;
    if (is && !was)
        add_doubt(state, at, id);
    if (was && !is) {
        state->n_doubts--;
        memmove(state->doubts + at, state->doubts + at + 1,
                (state->n_doubts - at) * sizeof *state->doubts);
    }
}

// ---- leaving ------------------------------------------------------------------------------------

static bool is_cold(const struct dedup *state, int64_t root)
{
    int64_t reps[MATTER_REPS];
    const struct standing *standing = matters_get(state->matters, root);
    size_t n = matters_representatives(state->matters, root, reps);
    int64_t newest = matters_get(state->matters, reps[n > 1 ? 1 : 0])->at;
    if (standing->resolved_at > newest)
        newest = standing->resolved_at;
    if (standing->at > newest)
        newest = standing->at;
    return !fold_is_open(standing) && newest < state->now - STORE_HOT_DAYS * DAY_MS;
}

static void drop_matter(struct dedup *state, int64_t root)
{
    size_t n = matters_supporters(state->matters, root) + 1;
    int64_t *all = calloc(n, sizeof *all);
    if (all == NULL)
        return; // another time
    (void)matters_members(state->matters, root, all, n);
    for (size_t i = 0; i < n; i++) {
        matters_drop(state->matters, all[i]);
        reports_drop(&state->reports, all[i]);
        dedup_note_doubt(state, all[i]);
    }
    free(all);
}

static void sweep(struct dedup *state)
{
    int64_t ids[256];
    size_t n, looked = 0;
    while (looked < SWEEP_SLICE) {
        size_t before = state->sweep_at;
        n = matters_slice(state->matters, &state->sweep_at, ids, 256);
        looked += state->sweep_at > before ? state->sweep_at - before : SWEEP_SLICE;
        for (size_t i = 0; i < n; i++) {
            int64_t root = matters_root(state->matters, ids[i]);
            if (root == ids[i] && is_cold(state, root))
                drop_matter(state, root);
        }
    }
}

// ---- turns --------------------------------------------------------------------------------------

static void arrange_once(struct dedup *state, struct wh_map *seen, int64_t id)
{
    int64_t root = id != 0 ? matters_root(state->matters, id) : 0;
    if (root == 0 || wh_map_has(seen, root))
        return;
    if (wh_map_put_index(seen, root, 1) != 0)
        wh_fatal("memory", "no memory for a turn's matters");
    reports_arrange(&state->reports, state->matters, root, state->now);
}

// What the turn's changes mean for index and doubts; each matter once, however many joined it.
static void arrange(struct dedup *state)
{
    size_t n = matters_mark(state->matters);
    struct wh_map seen;
    wh_map_init(&seen);
    for (size_t i = 0; i < n; i++) {
        struct matters_change change = matters_change(state->matters, i);
        if (change.what == MATTERS_APART)
            continue;
        dedup_note_doubt(state, change.id);
        arrange_once(state, &seen, change.id);
        arrange_once(state, &seen, change.other);
    }
    wh_map_done(&seen);
}

void dedup_committed(void *arg)
{
    struct dedup *state = arg;
    dedup_settle(state, NULL);
    reports_stand(&state->reports);
    arrange(state);
    matters_keep(state->matters);
    state->turn++;
    if (state->pending != NULL) {
        wh_district_free(state->district);
        state->district = state->pending;
        state->pending = NULL;
    }
    if (state->sweep)
        sweep(state);
    state->sweep = false;
    dedup_tell(state);
}

void dedup_rolled_back(void *arg)
{
    struct dedup *state = arg;
    matters_undo(state->matters, 0);
    reports_undo(&state->reports, 0);
    state->turn++;
    wh_district_free(state->pending);
    state->pending = NULL;
    state->sweep = false;
    dedup_untell(state);
}
