// SPDX-License-Identifier: Apache-2.0
// Memory's life: made at the start, forgotten when the database is lost, rebuilt from rows, joined
// or rolled back with each turn. The last district stays in force until another one is committed.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/dispatch.h"
#include "dispatch/handler_loads.h"
#include "dispatch/words.h"

#define QUEUE_BYTES ((size_t)256 << 20) // far more than all receivers' queues: they never leave
#define BOOK_BYTES ((size_t)64 << 20)

int dispatch_start(struct wh_runtime *runtime, void **ret_state)
{
    struct dispatch *state = calloc(1, sizeof *state);
    if (state == NULL) {
        return WH_E_NOMEM;
    }
    state->runtime = runtime;
    state->whistles = wh_shelf_new((size_t)wh_setting_int(runtime, "shelf_bytes"));
    state->queues = wh_shelf_new(QUEUE_BYTES);
    state->books = wh_shelf_new(BOOK_BYTES);
    state->audiences = wh_shelf_new(BOOK_BYTES);
    state->sayings = wh_shelf_new(BOOK_BYTES);
    state->held = wh_shelf_new(BOOK_BYTES);
    state->noted = wh_shelf_new(QUEUE_BYTES);
    state->collect_first = wh_setting_int(runtime, "collect_first_s") * 1000;
    state->collect_every = wh_setting_int(runtime, "collect_every_s") * 1000;
    if (state->whistles == NULL || state->queues == NULL || state->books == NULL ||
        state->audiences == NULL || state->sayings == NULL || state->held == NULL ||
        state->noted == NULL) {
        dispatch_stop(state);
        return WH_E_NOMEM;
    }
    *ret_state = state;
    return 0;
}

void dispatch_reset(void *arg)
{
    struct dispatch *state = arg;
    wh_shelf_clear(state->whistles);
    wh_shelf_clear(state->queues);
    wh_shelf_clear(state->books);
    wh_shelf_clear(state->audiences);
    wh_shelf_clear(state->sayings);
    wh_shelf_clear(state->held);
    wh_shelf_clear(state->noted);
    wh_district_free(state->pending);
    wh_district_free(state->district);
    state->pending = state->district = NULL;
    state->highest = state->pending_highest = 0;
    state->gather.room.whistle.number = 0;
}

void dispatch_stop(void *arg)
{
    struct dispatch *state = arg;
    dispatch_reset(state);
    wh_shelf_free(state->whistles);
    wh_shelf_free(state->queues);
    wh_shelf_free(state->books);
    wh_shelf_free(state->audiences);
    wh_shelf_free(state->sayings);
    wh_shelf_free(state->held);
    wh_shelf_free(state->noted);
    free(state->book.data);
    free(state->saying.data);
    free(state);
}

int dispatch_ready(void *arg)
{
    struct dispatch *state = arg;
    wh_shelf_commit(state->queues);
    wh_shelf_commit(state->noted);
    state->pending_highest = state->highest;
    dispatch_tell_fresh(state); // none: makes the figures known
    return 0;
}

void dispatch_pend_district(struct dispatch *state, struct wh_district *district)
{
    wh_district_free(state->pending);
    state->pending = district;
}

void dispatch_committed(void *arg)
{
    struct dispatch *state = arg;
    if (state->pending != NULL) {
        wh_district_free(state->district);
        state->district = state->pending;
        state->pending = NULL;
    }
    state->highest = state->pending_highest;
    wh_shelf_clear(state->books);
    wh_shelf_clear(state->audiences);
    wh_shelf_clear(state->sayings);
    wh_shelf_clear(state->held);
    wh_metric_set(state->runtime, "shelf_bytes", "memory that whistles take", NULL,
                  (double)wh_shelf_bytes(state->whistles));
    dispatch_tell_fresh(state);
}

void dispatch_rolled_back(void *arg)
{
    struct dispatch *state = arg;
    wh_district_free(state->pending);
    state->pending = NULL;
    state->pending_highest = state->highest;
    state->n_fresh = 0;
    memset(&state->tally, 0, sizeof state->tally);
    wh_shelf_clear(state->books);
    wh_shelf_clear(state->audiences);
    wh_shelf_clear(state->sayings);
    wh_shelf_clear(state->held);
}

int32_t dispatch_subject(void *arg, const char *code)
{
    const struct dispatch *state = arg;
    return state->district == NULL ? 0 : wh_district_id(state->district, code);
}

// ---- loads --------------------------------------------------------------------------------------

static void load_whistle(void *arg, const struct wh_row *row)
{
    struct dispatch *state = arg;
    const struct whistle *w = store_take(&state->gather, row);
    if (w != NULL) {
        wh_shelf_loaded(state->whistles, w->number, w, whistle_size(w));
    }
}

const struct wh_loader dispatch_loaders[LOAD_LOADERS] = {
    [LOAD_WHISTLE] = {.name = "whistle",
                      .sql = store_load_whistle,
                      .key = 'L',
                      .row = load_whistle},
    [LOAD_AUDIENCE] = {.name = "audience",
                       .sql = store_load_audience,
                       .key = 'L',
                       .row = load_audience_row,
                       .done = load_audience_done},
    [LOAD_SAYINGS] = {.name = "sayings",
                      .sql = store_load_sayings,
                      .key = 'L',
                      .row = load_sayings_row,
                      .done = load_sayings_done},
    [LOAD_HELD] = {.name = "held", .sql = store_load_held, .key = 'L', .row = load_held_row},
    [LOAD_NOTICES] = {.name = "notices",
                      .sql = store_load_notices,
                      .key = 'L',
                      .row = load_notices_row,
                      .done = load_notices_done},
    [LOAD_BUNDLE] = {.name = "bundle",
                     .sql = store_load_bundle,
                     .key = 'B',
                     .row = load_bundle_row},
};

// ---- rebuild ------------------------------------------------------------------------------------

static void rebuild_district(void *arg, const struct wh_row *row)
{
    struct dispatch *state = arg;
    size_t n;
    const uint8_t *body = wh_row_bytes(row, 0, &n);
    Whistle__V1__Event *envelope = whistle__v1__event__unpack(NULL, n, body);
    Whistle__V1__DispatchEvent *event =
        envelope == NULL ? NULL
                         : whistle__v1__dispatch_event__unpack(NULL, envelope->payload.len,
                                                               envelope->payload.data);
    if (event != NULL && event->what_case == EVENT(DISTRICT_ADOPTED)) {
        wh_district_free(state->district);
        state->district = NULL;
        if (wh_district_new(event->district_adopted->district, &state->district) != 0) {
            state->district = NULL;
        }
    }
    if (event != NULL) {
        whistle__v1__dispatch_event__free_unpacked(event, NULL);
    }
    if (envelope != NULL) {
        whistle__v1__event__free_unpacked(envelope, NULL);
    }
}

static void rebuild_highest(void *arg, const struct wh_row *row)
{
    ((struct dispatch *)arg)->highest = wh_row_int(row, 0);
}

static void rebuild_timer(void *arg, const struct wh_row *row)
{
    wh_timer_load(((struct dispatch *)arg)->runtime, wh_row_int(row, 0), wh_row_int(row, 1));
}

static void rebuild_waiting(void *arg, const struct wh_row *row)
{
    struct dispatch *state = arg;
    struct waiting_notice waiting = {.receiver = (int32_t)wh_row_int(row, 0),
                                     .number = wh_row_int(row, 1),
                                     .department = (int32_t)wh_row_int(row, 2),
                                     .kind = (uint8_t)wh_row_int(row, 3),
                                     .until = wh_row_int(row, 4)};
    const struct queue *q = wh_shelf_get(state->queues, waiting.receiver, NULL);
    if (queue_push(&state->queue, q, &waiting)) {
        q = &state->queue.queue;
        wh_shelf_put(state->queues, waiting.receiver, q, queue_size(q));
        wh_timer_load(state->runtime, waiting.receiver, q->release_at);
    }
}

const struct wh_loader dispatch_rebuild[REBUILDS] = {
    [REBUILD_DISTRICT] = {.name = "district",
                          .sql = wh_newest_district_sql,
                          .row = rebuild_district},
    [REBUILD_HIGHEST] = {.name = "highest", .sql = store_rebuild_highest, .row = rebuild_highest},
    [REBUILD_TIMERS] = {.name = "timers", .sql = store_rebuild_timers, .row = rebuild_timer},
    [REBUILD_WAITING] = {.name = "waiting", .sql = store_rebuild_waiting, .row = rebuild_waiting},
    [REBUILD_NOTED] = {.name = "noted", .sql = store_rebuild_noted, .row = rebuild_noted},
};
