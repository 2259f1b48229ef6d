// SPDX-License-Identifier: Apache-2.0
// The engine's life: made once, serving while this process owns the journal, void when it does not.
// Once in every round of the loop (uv_prepare, before it sleeps) it looks up what came in and
// begins a turn if none is in flight.
#include <stdlib.h>
#include <string.h>

#include "runtime/engine.h"
#include "runtime/shelf.h"

static void on_wake(uv_timer_t *timer)
{
    (void)timer;
} // the prepare handle does the work

static void on_prepare(uv_prepare_t *prepare)
{
    struct wh_engine *engine = prepare->data;
    if (!engine->serving)
        return;
    wh_inbox_ask(engine);
    if (engine->state == WH_ENGINE_IDLE)
        wh_turn_begin(engine);
}

static int turn_init(struct wh_turn *turn, const struct wh_service *service)
{
    wh_arena_init(&turn->arena, TURN_ARENA_CAP);
    int status = wh_batch_init(&turn->journal, WH_JOURNAL_COLUMNS);
    status = status ? status : wh_batch_init(&turn->answer, WH_ANSWER_COLUMNS);
    status = status ? status : wh_batch_init(&turn->cursor, WH_CURSOR_COLUMNS);
    status = status ? status : wh_batch_init(&turn->dead, WH_DEAD_COLUMNS);
    status = status ? status : wh_batch_init(&turn->retried, WH_RETRIED_COLUMNS);
    turn->own = calloc(service->n_statements + 1, sizeof *turn->own);
    turn->own_marks = calloc(service->n_statements + 1, sizeof *turn->own_marks);
    turn->needs = calloc(service->n_loaders + 1, sizeof *turn->needs);
    if (!turn->own || !turn->own_marks || !turn->needs)
        return WH_E_NOMEM;
    for (size_t i = 0; status == 0 && i < service->n_statements; i++)
        status = wh_batch_init(&turn->own[i], service->statements[i].columns);
    for (size_t i = 0; status == 0 && i < service->n_loaders; i++) {
        const char letter[2] = {service->loaders[i].key, 0};
        status = wh_batch_init(&turn->needs[i].batch, letter);
    }
    return status;
}

static void turn_done(struct wh_turn *turn, const struct wh_service *service)
{
    struct wh_batch *common[] = {&turn->journal, &turn->answer, &turn->cursor, &turn->dead,
                                 &turn->retried};
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++)
        wh_batch_done(common[i]);
    for (size_t i = 0; turn->own && i < service->n_statements; i++)
        wh_batch_done(&turn->own[i]);
    for (size_t i = 0; turn->needs && i < service->n_loaders; i++) {
        wh_batch_done(&turn->needs[i].batch);
        wh_map_done(&turn->needs[i].index);
        free(turn->needs[i].keys);
        free(turn->needs[i].found);
    }
    free(turn->own);
    free(turn->own_marks);
    free(turn->needs);
    free(turn->emits);
    free(turn->timers);
    wh_arena_done(&turn->arena);
}

static void engine_free(struct wh_engine *engine)
{
    turn_done(&engine->turn, engine->runtime->service);
    while (engine->spare) {
        struct wh_work *work = engine->spare;
        engine->spare = work->next;
        free(work);
    }
    wh_lanes_done(&engine->fresh);
    wh_lanes_done(&engine->inbox);
    wh_map_done(&engine->parked);
    free(engine);
}

int wh_engine_new(struct wh_runtime *runtime, struct wh_engine **ret_engine)
{
    struct wh_engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return WH_E_NOMEM;
    engine->runtime = runtime;
    engine->turn.engine = engine;
    crypto_shorthash_keygen(engine->pending_key);
    wh_map_init(&engine->parked);
    int status = turn_init(&engine->turn, runtime->service);
    if (status != 0) {
        engine_free(engine);
        return status;
    }
    wh_engine_limit(engine, 128, 5000, 30000);
    uv_prepare_init(&runtime->loop, &engine->prepare);
    uv_timer_init(&runtime->loop, &engine->wake);
    engine->prepare.data = engine->wake.data = engine;
    uv_prepare_start(&engine->prepare, on_prepare);
    uv_timer_start(&engine->wake, on_wake, 1000, 0);
    *ret_engine = engine;
    return 0;
}

void wh_engine_limit(struct wh_engine *engine, size_t items, int64_t timers_grace_ms,
                     int64_t ask_ms)
{
    engine->ask_ms = ask_ms;
    engine->items_max = engine->limit = items < TURN_ITEMS_MAX ? items : TURN_ITEMS_MAX;
    engine->timers_grace_ms = timers_grace_ms;
}

static void on_wake_closed(uv_handle_t *handle)
{
    engine_free(handle->data);
}

static void on_prepare_closed(uv_handle_t *handle)
{
    struct wh_engine *engine = handle->data;
    uv_close((uv_handle_t *)&engine->wake, on_wake_closed);
}

void wh_engine_close(struct wh_engine *engine)
{
    if (!engine)
        return;
    wh_engine_void(engine);
    uv_close((uv_handle_t *)&engine->prepare, on_prepare_closed);
}

void wh_engine_stood(struct wh_engine *engine, int64_t at)
{
    wh_clock_stood(&engine->clock, at, wh_mono_ms());
}

int64_t wh_engine_now(const struct wh_engine *engine)
{
    return wh_clock_now(&engine->clock, wh_wall_ms(), wh_mono_ms());
}

int64_t wh_engine_ahead(struct wh_engine *engine)
{
    int64_t wall = wh_wall_ms(), mono = wh_mono_ms();
    int64_t jump = wh_clock_jump(&engine->clock, wall, mono);
    int64_t ahead = engine->serving ? wh_clock_now(&engine->clock, wall, mono) - wall : 0;
    if (jump != 0) {
        wh_logf(WH_LOG_WARN, "clock.jumped", "by %lld ms; turns are %lld ms ahead of it now",
                (long long)jump, (long long)ahead);
        wh_metrics_add(engine->runtime->metrics, FIG_CLOCK_JUMPED, NULL, 1);
    }
    return ahead;
}

void wh_engine_serve(struct wh_engine *engine, int64_t epoch, int64_t seq,
                     const uint8_t hash[WH_HASH_SIZE], int64_t last_at)
{
    engine->epoch = epoch;
    engine->seq = seq;
    wh_engine_stood(engine, last_at);
    memcpy(engine->hash, hash, sizeof engine->hash);
    engine->limit = engine->items_max;
    engine->repeats = 0;
    engine->timers_open = engine->paused = false;
    engine->served_at = wh_mono_ms();
    engine->ask_until = engine->served_at + engine->ask_ms;
    engine->state = WH_ENGINE_IDLE;
    wh_turn_clear(&engine->turn);
    engine->serving = true;
}

// A turn whose transaction was sent may have been committed or not: no answer is true then.
static void turn_void(struct wh_engine *engine)
{
    struct wh_turn *turn = &engine->turn;
    bool unknown = engine->state == WH_ENGINE_COMMITTING;
    if (engine->state == WH_ENGINE_IDLE)
        return;
    wh_turn_give_up(engine);
    for (size_t i = 0; i < turn->n; i++) {
        struct wh_work *work = turn->works[i];
        if (!work->door)
            wh_work_free(engine, work);
        else if (unknown)
            wh_answer_drop(engine, work);
        else
            wh_answer_busy(engine, work, WH_RULE_BUSY_DATABASE);
    }
    turn->n = 0;
}

void wh_engine_void(struct wh_engine *engine)
{
    engine->serving = false;
    turn_void(engine);
    wh_inbox_void(engine);
    engine->state = WH_ENGINE_IDLE;
    wh_turn_clear(&engine->turn);
    wh_map_done(&engine->parked);
    engine->n_parked = 0;
}

size_t wh_engine_waiting(const struct wh_engine *engine)
{
    size_t n = wh_inbox_waiting(engine);
    for (size_t i = 0; i < WH_FOLLOWS_MAX; i++)
        if (wh_event_open(engine, i))
            n += engine->events[i].n;
    return n;
}

static uint64_t earlier(const struct wh_work *work, uint64_t since)
{
    return work && work->since < since ? work->since : since;
}

static uint64_t lanes_oldest(const struct wh_lanes *lanes, uint64_t since)
{
    for (size_t urgent = 0; urgent < 2; urgent++)
        for (const struct wh_lane *lane = lanes->rings[urgent].first; lane; lane = lane->next)
            since = earlier(lane->works.first, since);
    return since;
}

int64_t wh_engine_oldest_ms(const struct wh_engine *engine)
{
    uint64_t now = uv_now(&engine->runtime->loop), since = now;
    since = lanes_oldest(&engine->fresh, since);
    since = earlier(engine->asked.first, since);
    since = lanes_oldest(&engine->inbox, since);
    since = earlier(engine->condemned.first, since);
    for (size_t i = 0; i < WH_FOLLOWS_MAX; i++)
        if (wh_event_open(engine, i))
            since = earlier(engine->events[i].first, since);
    for (size_t i = 0; i < engine->turn.n; i++)
        since = earlier(engine->turn.works[i], since);
    return (int64_t)(now - since);
}

bool wh_engine_idle(const struct wh_engine *engine)
{
    if (engine->state != WH_ENGINE_IDLE || wh_inbox_waiting(engine) > 0)
        return false;
    for (size_t i = 0; i < WH_FOLLOWS_MAX; i++)
        if (wh_event_open(engine, i))
            return false;
    return true;
}

size_t wh_engine_held(const struct wh_engine *engine, size_t follow)
{
    const struct wh_list *events = &engine->events[follow];
    return wh_event_open(engine, follow) ? 0 : events->n;
}

bool wh_engine_paused(const struct wh_engine *engine)
{
    return engine->paused;
}

int64_t wh_engine_head(const struct wh_engine *engine)
{
    return engine->seq;
}

int64_t wh_engine_epoch(const struct wh_engine *engine)
{
    return engine->epoch;
}
