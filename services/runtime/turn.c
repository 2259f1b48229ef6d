// SPDX-License-Identifier: Apache-2.0
// A turn from its beginning to the moment it is written: takes what is ready and what is due, loads
// what the items need in one round on the reader, decides item by item. What a refused or parked
// item had put is undone alone. Begins once per round of the loop, so that all that came in is one
// turn.
#include "runtime/turn.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/engine.h"
#include "runtime/failpoint.h"
#include "runtime/row.h"
#include "runtime/shelf.h"

#define PARKED_TIMER_MS 60000
#define MARKS_EVERY_MS 1000

// ---- beginning and undoing -------------------------------------------------------------------

void wh_turn_clear(struct wh_turn *turn)
{
    const struct wh_service *service = turn->engine->runtime->service;
    turn->n = turn->n_emits = turn->n_timers = 0;
    turn->current = NULL;
    wh_batch_clear(&turn->journal);
    wh_batch_clear(&turn->answer);
    wh_batch_clear(&turn->cursor);
    wh_batch_clear(&turn->dead);
    wh_batch_clear(&turn->retried);
    for (size_t i = 0; i < service->n_statements; i++)
        wh_batch_clear(&turn->own[i]);
    for (size_t i = 0; turn->any_needs && i < service->n_loaders; i++) {
        wh_batch_clear(&turn->needs[i].batch);
        wh_map_done(&turn->needs[i].index);
        turn->needs[i].n = 0;
    }
    turn->any_needs = false;
    turn->seq = turn->engine->seq;
    memcpy(turn->hash, turn->engine->hash, sizeof turn->hash);
    wh_arena_reset(&turn->arena);
}

void wh_turn_mark(struct wh_turn *turn)
{
    turn->mark =
        (struct wh_mark){.emits = turn->n_emits, .timers = turn->n_timers, .seq = turn->seq};
    memcpy(turn->mark.hash, turn->hash, sizeof turn->hash);
    for (size_t i = 0; i < turn->engine->runtime->service->n_statements; i++)
        turn->own_marks[i] = turn->own[i].n_rows;
    wh_shelves_mark();
}

static void batch_back(struct wh_batch *batch, size_t n_rows)
{
    if (batch->n_rows > n_rows)
        wh_batch_undo(batch, n_rows);
}

void wh_turn_undo(struct wh_turn *turn)
{
    turn->n_emits = turn->mark.emits;
    turn->n_timers = turn->mark.timers;
    turn->seq = turn->mark.seq;
    memcpy(turn->hash, turn->mark.hash, sizeof turn->hash);
    batch_back(&turn->journal, turn->n_emits);
    for (size_t i = 0; i < turn->engine->runtime->service->n_statements; i++)
        batch_back(&turn->own[i], turn->own_marks[i]);
    wh_shelves_undo();
}

static void requeue_command(struct wh_engine *engine, struct wh_work *work)
{
    bool ask = !work->asked && wh_inbox_asking(engine);
    wh_lanes_push_front(ask ? &engine->fresh : &engine->inbox, work);
}

// A timer goes back to the heap, anything else to the front of where it waited.
void wh_turn_requeue(struct wh_engine *engine, size_t from)
{
    struct wh_turn *turn = &engine->turn;
    while (turn->n > from) {
        struct wh_work *work = turn->works[--turn->n];
        if (work->own.kind == WH_ITEM_TIMER && !work->condemned) {
            wh_timers_set(engine->runtime->timers, work->own.key, work->own.at);
            wh_work_free(engine, work);
        } else if (!work->door && work->own.kind == WH_ITEM_EVENT) {
            wh_list_push_front(&engine->events[work->follow], work);
        } else if (work->condemned) {
            wh_list_push_front(&engine->condemned, work);
        } else {
            requeue_command(engine, work);
        }
    }
}

// ---- deciding --------------------------------------------------------------------------------

static int call(struct wh_turn *turn, struct wh_work *work, bool need)
{
    struct wh_runtime *runtime = turn->engine->runtime;
    const struct wh_service *service = runtime->service;
    wh_item_fn fn = need ? service->timer_need : service->timer_on;
    if (work->door)
        fn = need ? work->door->route->need : work->door->route->on;
    else if (work->own.kind == WH_ITEM_EVENT)
        fn = need ? service->follows[work->follow].need : service->follows[work->follow].on;
    if (!fn)
        return need ? 0 : WH_E_INVALID;
    turn->current = work;
    int status = fn(runtime->state, turn, work->item);
    turn->current = NULL;
    return status;
}

// Did the item make an event of an object whose earlier ones are parked?
static bool touches_parked(const struct wh_turn *turn, const struct wh_work *work)
{
    if (wh_map_count(&turn->engine->parked) == 0 || work->retry)
        return false;
    for (size_t i = turn->mark.emits; i < turn->n_emits; i++)
        if (wh_is_parked(turn->engine, turn->emits[i].row.object))
            return true;
    return false;
}

static void put_off(struct wh_turn *turn, struct wh_work *work)
{
    work->outcome = WH_OUT_LATER;
    wh_timer_set(turn, work->own.key, turn->now + PARKED_TIMER_MS);
}

static int behind_parked(struct wh_turn *turn, struct wh_work *work)
{
    wh_turn_undo(turn);
    if (work->door) {
        turn->current = work;
        wh_refuse(turn, work->item, WH_RULE_DEAD_LETTER, NULL, "earlier messages wait for repair");
        turn->current = NULL;
    } else if (work->own.kind == WH_ITEM_TIMER) {
        put_off(turn, work);
    } else {
        (void)snprintf(work->why, sizeof work->why, "behind an earlier one of its object");
        return wh_park(turn, work);
    }
    return 0;
}

static int decided(struct wh_turn *turn, struct wh_work *work, int status)
{
    if (status == 0 && touches_parked(turn, work))
        return behind_parked(turn, work);
    if (status == 0 && work->outcome == WH_OUT_NOTHING)
        work->outcome = WH_OUT_DONE;
    if (status == WH_E_REFUSED && work->door && work->outcome == WH_OUT_REFUSED) {
        wh_turn_undo(turn);
        status = 0;
        if (!work->asked && work->error->status != 409)
            work->outcome = WH_OUT_ASK;
    }
    if (status == 0 && work->door)
        return wh_answer_keep(turn, work);
    if (status == 0 && work->retry) {
        struct wh_val row[] = {WH_L(work->dead_id), WH_L(turn->now)};
        return wh_batch_add(&turn->retried, row, 2);
    }
    return status;
}

// 0; WH_E_NOMEM: does not fit in this turn.
static int decide(struct wh_turn *turn, struct wh_work *work)
{
    work->outcome = WH_OUT_NOTHING;
    work->seq = 0;
    wh_turn_mark(turn);
    if (work->retry && work->retry->failed) {
        work->outcome = WH_OUT_PARKED;
        return 0;
    }
    if (!work->condemned && work->own.kind == WH_ITEM_EVENT && !work->door && !work->retry &&
        wh_is_parked(turn->engine, wh_work_object(work)))
        return behind_parked(turn, work);
    if (work->condemned)
        return wh_park(turn, work);
    int status = decided(turn, work, call(turn, work, false));
    if (status == 0)
        return 0;
    wh_turn_undo(turn);
    if (status == WH_E_NOMEM && turn->n > 1)
        return WH_E_NOMEM;
    (void)snprintf(work->why, sizeof work->why, "the handler failed: %s", wh_strerror(status));
    wh_logf(WH_LOG_ERROR, "item.failed", "%s", work->why);
    return wh_park(turn, work);
}

static void decide_all(struct wh_engine *engine)
{
    struct wh_turn *turn = &engine->turn;
    engine->state = WH_ENGINE_DECIDING;
    if (WH_FAILPOINT("turn.after_load"))
        wh_runtime_void(engine->runtime, "fail point");
    if (engine->state != WH_ENGINE_DECIDING)
        return;
    wh_shelves_begin();
    for (size_t i = 0; i < turn->n; i++) {
        if (decide(turn, turn->works[i]) == 0)
            continue;
        if (turn->n == 1) {
            wh_fatal("turn.memory", "one item does not fit into an empty turn");
            return;
        }
        wh_turn_requeue(engine, i ? i : 1);
        if (i == 0)
            decide_all(engine);
        break;
    }
    if (engine->state == WH_ENGINE_DECIDING)
        wh_turn_commit(engine);
}

// ---- loading ---------------------------------------------------------------------------------

static void hand_over(struct wh_runtime *runtime, size_t index, const PGresult *result)
{
    const struct wh_loader *loader = &runtime->service->loaders[index];
    struct wh_needs *needs = &runtime->engine->turn.needs[index];
    for (int i = 0; i < PQntuples(result); i++) {
        struct wh_row row = {result, i};
        size_t place;
        if (loader->key == 'L' && loader->done &&
            wh_map_get_index(&needs->index, wh_row_int(&row, 0), &place))
            needs->found[place] = true;
        loader->row(runtime->state, &row);
    }
    if (!loader->done)
        return;
    size_t n = 0;
    for (size_t i = 0; loader->key == 'L' && i < needs->n; i++)
        if (!needs->found[i])
            needs->keys[n++] = needs->keys[i];
    loader->done(runtime->state, needs->keys, n);
}

static void on_loaded(void *arg, const struct wh_db_outcome *outcome)
{
    struct wh_engine *engine = arg;
    struct wh_runtime *runtime = engine->runtime;
    if (outcome->status == WH_E_IO)
        return;
    if (outcome->status != 0) {
        wh_logf(WH_LOG_ERROR, "load.failed", "%s %s", outcome->sqlstate, outcome->message);
        wh_db_drop(runtime->reader, "a load failed");
        return;
    }
    wh_metrics_observe(runtime->metrics, FIG_LOAD_TIME, &wh_buckets_seconds,
                       wh_since_ms(engine->loading) / 1000);
    wh_shelves_begin();
    size_t step = 0;
    for (size_t i = 0; i < runtime->service->n_loaders; i++)
        if (engine->turn.needs[i].batch.n_rows > 0)
            hand_over(runtime, i, outcome->results[step++]);
    decide_all(engine);
}

static void load(struct wh_engine *engine)
{
    struct wh_turn *turn = &engine->turn;
    const struct wh_service *service = engine->runtime->service;
    for (size_t i = 0; i < turn->n; i++)
        if (!turn->works[i]->condemned)
            (void)call(turn, turn->works[i], true);
    if (WH_FAILPOINT("turn.before_load"))
        wh_runtime_void(engine->runtime, "fail point");
    if (!turn->any_needs || engine->state != WH_ENGINE_LOADING) {
        if (engine->state == WH_ENGINE_LOADING)
            decide_all(engine);
        return;
    }
    struct wh_db_step steps[64];
    struct wh_db_param params[64];
    size_t n = 0;
    for (size_t i = 0; i < service->n_loaders; i++) {
        if (turn->needs[i].batch.n_rows == 0)
            continue;
        wh_batch_params(&turn->needs[i].batch, &params[n]);
        steps[n] = (struct wh_db_step){engine->runtime->sql.loaders + i, &params[n], 1};
        n++;
    }
    engine->loading = uv_hrtime();
    if (wh_db_run(engine->runtime->reader, steps, n, on_loaded, engine) != 0)
        wh_runtime_void(engine->runtime, "the reading connection is gone");
}

// ---- beginning -------------------------------------------------------------------------------

static bool marks_due(struct wh_engine *engine)
{
    int64_t now = wh_mono_ms();
    if (now - engine->mark_at < MARKS_EVERY_MS)
        return false;
    engine->mark_at = now;
    return wh_followings_marks(engine->runtime->followings, NULL, NULL) > 0;
}

static void wake_later(struct wh_engine *engine, int64_t now)
{
    struct wh_timer timer;
    uint64_t wait = MARKS_EVERY_MS;
    if (wh_timers_first(engine->runtime->timers, &timer) && timer.at < now + MARKS_EVERY_MS)
        wait = timer.at > now ? (uint64_t)(timer.at - now) : 1;
    if (!engine->timers_open && wait < 100)
        wait = 100;
    wait = wh_events_wait(engine, wait);
    if (uv_is_active((uv_handle_t *)&engine->wake) && uv_timer_get_due_in(&engine->wake) <= wait)
        return;
    uv_timer_start(&engine->wake, engine->wake.timer_cb, wait, 0);
}

void wh_turn_begin(struct wh_engine *engine)
{
    struct wh_turn *turn = &engine->turn;
    turn->now = wh_engine_now(engine);
    wh_turn_take(engine);
    if (turn->n == 0 && !marks_due(engine)) {
        wake_later(engine, turn->now);
        return;
    }
    engine->state = WH_ENGINE_LOADING;
    turn->seq = engine->seq;
    memcpy(turn->hash, engine->hash, sizeof turn->hash);
    engine->began = uv_hrtime();
    wh_metrics_add(engine->runtime->metrics, FIG_TURNS, NULL, 1);
    wh_metrics_observe(engine->runtime->metrics, FIG_TURN_ITEMS, &wh_buckets_items,
                       (double)turn->n);
    load(engine);
}
