// SPDX-License-Identifier: Apache-2.0
// Messages the database refused. An event stands there with its bytes; later events of its object
// park behind it, in order, until somebody tries them again. A command stands there without its
// content (that may hold what a person wrote): its sender was told and may send it anew.
#include "runtime/deadletter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/engine.h"
#include "runtime/failpoint.h"
#include "runtime/follows.h"
#include "runtime/refusal.h"
#include "runtime/row.h"

bool wh_is_parked(const struct wh_engine *engine, int64_t object)
{
    return object != 0 && wh_map_has(&engine->parked, object);
}

void wh_parked_add(struct wh_engine *engine, int64_t object, int64_t count)
{
    if (object == 0)
        return;
    size_t now = 0;
    (void)wh_map_get_index(&engine->parked, object, &now);
    if (count < 0 && now < (size_t)-count)
        count = -(int64_t)now;
    engine->n_parked = (size_t)((int64_t)engine->n_parked + count);
    if (count < 0 && now == (size_t)-count)
        wh_map_del(&engine->parked, object);
    else if (wh_map_put_index(&engine->parked, object, (size_t)((int64_t)now + count)) != 0)
        wh_fatal("memory", "no memory for a parked object");
}

void wh_engine_parked(struct wh_engine *engine, int64_t object, int64_t count)
{
    wh_parked_add(engine, object, count);
}

size_t wh_engine_parked_count(const struct wh_engine *engine)
{
    return wh_map_count(&engine->parked);
}

size_t wh_engine_parked_letters(const struct wh_engine *engine)
{
    return engine->n_parked;
}

int64_t wh_work_object(const struct wh_work *work)
{
    if (work->door || work->own.kind != WH_ITEM_EVENT)
        return 0;
    return work->own.event->object;
}

static int dead_row(struct wh_turn *turn, const struct wh_work *work)
{
    const struct wh_item *item = work->item;
    bool event = !work->door && item->kind == WH_ITEM_EVENT;
    const char *feed = event ? item->feed : "";
    uint8_t *cause = NULL;
    size_t cause_n = 0;
    if (event && !(cause = wh_pack(&item->event->base, &turn->arena, &cause_n)))
        return WH_E_NOMEM;
    struct wh_val row[] = {
        WH_L(turn->now),
        WH_T(feed),
        WH_L(event ? item->event->seq : 0),
        WH_L(event        ? item->event->object
             : work->door ? 0
                          : item->key),
        WH_T(work->door ? work->door->principal : ""),
        work->door ? WH_U(item->request_id.b) : WH_NULL('U'),
        WH_B(cause, cause_n),
        WH_T(work->sqlstate),
        WH_T(work->why),
    };
    return wh_batch_add(&turn->dead, row, sizeof row / sizeof *row);
}

// The item goes to the dead letters with this turn.
int wh_park(struct wh_turn *turn, struct wh_work *work)
{
    static const char *const kinds[] = {"command", "event", "timer"};
    if (WH_FAILPOINT("deadletter.before"))
        wh_fatal("failpoint", "deadletter.before");
    if (!work->door && work->item->kind == WH_ITEM_EVENT && !work->retry &&
        turn->engine->runtime->service->follows[work->follow].elsewhere) {
        work->outcome = WH_OUT_NOTHING;
        return 0;
    }
    work->outcome = WH_OUT_PARKED;
    if (work->retry) { // stands there already; those behind it wait on
        work->retry->failed = true;
        return 0;
    }
    wh_metrics_add(turn->engine->runtime->metrics, FIG_DEAD,
                   WH_LABELS({"kind", kinds[work->item->kind]}), 1);
    int status = dead_row(turn, work);
    if (status != 0 || !work->door)
        return status;
    Whistle__V1__Error *error = wh_arena_alloc(&turn->arena, sizeof *error);
    if (!error)
        return WH_E_NOMEM;
    wh_refusal(WH_RULE_DEAD_LETTER, NULL, NULL, 0, error);
    work->error = error;
    return wh_answer_keep(turn, work);
}

// ---- trying again ----------------------------------------------------------------------------

// The last one of a row that went through: others may have parked behind it meanwhile.
void wh_retry_release(struct wh_engine *engine, struct wh_work *work)
{
    struct wh_retry *retry = work->retry;
    work->retry = NULL;
    if (!retry || --retry->works > 0)
        return;
    if (!retry->failed && engine->serving && wh_is_parked(engine, retry->object))
        (void)wh_deadletter_retry(engine->runtime, work->dead_id);
    free(retry);
}

static size_t follow_of(const struct wh_service *service, const char *feed, size_t n)
{
    size_t i = 0;
    while (i < service->n_follows && (strlen(service->follows[i].feed) != n ||
                                      memcmp(service->follows[i].feed, feed, n) != 0))
        i++;
    return i;
}

static void put_back(struct wh_engine *engine, const struct wh_row *row, struct wh_retry *retry)
{
    const struct wh_service *service = engine->runtime->service;
    size_t feed_n, cause_n;
    const char *feed = (const char *)wh_row_bytes(row, 1, &feed_n);
    const uint8_t *cause = wh_row_bytes(row, 2, &cause_n);
    struct wh_engine_event event = {.follow = follow_of(service, feed, feed_n)};
    if (event.follow == service->n_follows)
        return;
    event.batch = wh_feed_batch_one(engine->runtime->followings, event.follow, cause, cause_n,
                                    &event.event, &event.payload);
    if (!event.batch)
        return;
    if (wh_engine_event(engine, &event) != 0) {
        wh_feed_batch_done(event.batch);
        return;
    }
    struct wh_work *work = engine->events[event.follow].last;
    work->retry = retry;
    work->dead_id = wh_row_int(row, 0);
    retry->works++;
}

static void on_parked(void *arg, const struct wh_db_outcome *outcome)
{
    struct wh_runtime *runtime = arg;
    struct wh_engine *engine = runtime->engine;
    if (outcome->status != 0 || !engine->serving || PQntuples(outcome->results[0]) == 0)
        return;
    struct wh_retry *retry = calloc(1, sizeof *retry);
    if (!retry)
        return;
    const PGresult *result = outcome->results[0];
    struct wh_row first = {result, 0};
    retry->object = wh_row_int(&first, 3);
    for (int i = 0; i < PQntuples(result); i++) {
        struct wh_row row = {result, i};
        put_back(engine, &row, retry);
    }
    if (retry->works == 0)
        free(retry);
}

int wh_deadletter_retry(struct wh_runtime *runtime, int64_t id)
{
    uint8_t space[8];
    struct wh_db_param param;
    struct wh_val value = WH_L(id);
    if (!runtime->engine->serving || wh_param_scalar(&value, space, sizeof space, &param) != 0)
        return WH_E_BUSY;
    struct wh_db_step step = {WH_V_PARKED, &param, 1};
    return wh_db_run(runtime->viewer, &step, 1, on_parked, runtime) == 0 ? 0 : WH_E_BUSY;
}
