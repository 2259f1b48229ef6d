// SPDX-License-Identifier: Apache-2.0
// Memory's life: made at the start, forgotten when the database is lost, rebuilt from rows, joined
// or rolled back with each turn. The last district stays in force until another one is committed.
#include <stdlib.h>

#include "client/frame.h"
#include "dedup/handler.h"
#include "runtime/log.h"

#define DISTRICT_CAP ((size_t)32 << 20) // twice what intake's door takes of a district

int dedup_start(struct wh_runtime *runtime, void **ret_state)
{
    struct dedup *state = calloc(1, sizeof *state);
    if (state == NULL)
        return WH_E_NOMEM;
    state->runtime = runtime;
    state->reports = wh_shelf_new((size_t)wh_setting_int(runtime, "shelf_bytes"));
    if (state->reports == NULL) {
        dedup_stop(state);
        return WH_E_NOMEM;
    }
    *ret_state = state;
    return 0;
}

void dedup_reset(void *arg)
{
    struct dedup *state = arg;
    wh_shelf_clear(state->reports);
    wh_district_free(state->pending);
    wh_district_free(state->district);
    state->pending = state->district = NULL;
}

void dedup_stop(void *arg)
{
    struct dedup *state = arg;
    if (state->reports != NULL)
        dedup_reset(state);
    wh_shelf_free(state->reports);
    free(state);
}

int dedup_ready(void *arg)
{
    (void)arg;
    return 0;
}

void dedup_committed(void *arg)
{
    struct dedup *state = arg;
    if (state->pending != NULL) {
        wh_district_free(state->district);
        state->district = state->pending;
        state->pending = NULL;
    }
}

void dedup_rolled_back(void *arg)
{
    struct dedup *state = arg;
    wh_district_free(state->pending);
    state->pending = NULL;
}

int32_t dedup_subject(void *arg, const char *code)
{
    const struct dedup *state = arg;
    return state->district == NULL ? 0 : wh_district_id(state->district, code);
}

// ---- rows ---------------------------------------------------------------------------------------

void dedup_loaded_report(void *arg, const struct wh_row *row)
{
    struct dedup *state = arg;
    int64_t told = wh_row_int(row, 1);
    if (wh_shelf_loaded(state->reports, wh_row_int(row, 0), &told, sizeof told) != 0)
        wh_fatal("memory", "no memory for a report");
}

void dedup_rebuilt_district(void *arg, const struct wh_row *row)
{
    struct dedup *state = arg;
    struct wh_arena arena;
    size_t n = 0;
    const uint8_t *body = wh_row_bytes(row, 0, &n);
    wh_arena_init(&arena, DISTRICT_CAP);
    const Whistle__V1__Event *event = (const Whistle__V1__Event *)wh_unpack_ample(
        &whistle__v1__event__descriptor, &arena, body, n, NULL);
    const Whistle__V1__DedupEvent *payload =
        event == NULL ? NULL
                      : (const Whistle__V1__DedupEvent *)wh_unpack_ample(
                            &whistle__v1__dedup_event__descriptor, &arena, event->payload.data,
                            event->payload.len, NULL);
    if (payload == NULL || payload->what_case != WHISTLE__V1__DEDUP_EVENT__WHAT_DISTRICT_ADOPTED ||
        wh_district_new(payload->district_adopted->district, &state->district) != 0)
        wh_fatal("journal.unreadable", "the adopted district cannot be read");
    wh_arena_done(&arena);
}
