// SPDX-License-Identifier: Apache-2.0
// What waits for a turn. A command whose request is already waiting or in a turn joins that one and
// gets its answer. Was it answered in an earlier life? After a start, and for a while after a
// repeat was seen, commands are first looked up among the kept answers (on the reader, many at
// once, while another turn commits). Otherwise they are decided at once: the kept answer's key
// would refuse the whole turn's transaction, nothing has happened then, and they are looked up
// (commit.c).
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/engine.h"
#include "runtime/row.h"

#define BUSY_RETRY_MS 500

struct wh_work *wh_work_new(struct wh_engine *engine)
{
    struct wh_work *work = engine->spare;
    if (work)
        engine->spare = work->next;
    else
        work = malloc(sizeof *work);
    if (work)
        *work = (struct wh_work){.since = uv_now(&engine->runtime->loop)};
    return work;
}

void wh_work_free(struct wh_engine *engine, struct wh_work *work)
{
    wh_retry_release(engine, work);
    if (work->batch)
        wh_feed_batch_done(work->batch);
    work->batch = NULL;
    work->next = engine->spare;
    engine->spare = work;
}

// ---- commands on their way -------------------------------------------------------------------

// Ids are the clients' choice: a hash without a secret could be made to collide.
static size_t bucket_of(const struct wh_engine *engine, const struct wh_uuid *id)
{
    uint64_t hash;
    uint8_t bytes[crypto_shorthash_BYTES];
    crypto_shorthash(bytes, id->b, sizeof id->b, engine->pending_key);
    memcpy(&hash, bytes, sizeof hash);
    return hash % PENDING_BUCKETS;
}

static bool same_request(const struct wh_door_item *a, const struct wh_door_item *b)
{
    return wh_uuid_cmp(a->item.request_id, b->item.request_id) == 0 &&
           strcmp(a->principal, b->principal) == 0;
}

static struct wh_work *pending_find(struct wh_engine *engine, const struct wh_door_item *item)
{
    struct wh_work *work = engine->pending[bucket_of(engine, &item->item.request_id)];
    while (work && !same_request(work->door, item))
        work = work->chain;
    return work;
}

void wh_pending_remove(struct wh_engine *engine, struct wh_work *work)
{
    struct wh_work **at = &engine->pending[bucket_of(engine, &work->door->item.request_id)];
    while (*at && *at != work)
        at = &(*at)->chain;
    if (*at)
        *at = work->chain;
    work->chain = NULL;
}

static void join(struct wh_engine *engine, struct wh_work *first, struct wh_door_item *item)
{
    struct wh_door_socket *door = engine->runtime->door;
    if (memcmp(first->door->digest, item->digest, sizeof item->digest) != 0) {
        wh_door_refuse(door, item, WH_RULE_REQUEST_ID_REUSED, "request_id", NULL, 0);
        return;
    }
    struct wh_work *repeat = wh_work_new(engine);
    if (!repeat) {
        wh_door_refuse(door, item, WH_RULE_BUSY_WINDOW, NULL, NULL, BUSY_RETRY_MS);
        return;
    }
    repeat->door = item;
    repeat->next = first->repeats;
    first->repeats = repeat;
}

void wh_engine_command(struct wh_engine *engine, struct wh_door_item *item)
{
    struct wh_work *first = pending_find(engine, item);
    if (first) {
        join(engine, first, item);
        return;
    }
    struct wh_work *work = engine->serving ? wh_work_new(engine) : NULL;
    if (!work) {
        wh_door_refuse(engine->runtime->door, item, WH_RULE_BUSY_DATABASE, NULL, NULL,
                       BUSY_RETRY_MS);
        return;
    }
    work->door = item;
    work->item = &item->item;
    struct wh_work **bucket = &engine->pending[bucket_of(engine, &item->item.request_id)];
    work->chain = *bucket;
    *bucket = work;
    wh_lanes_push(wh_inbox_asking(engine) ? &engine->fresh : &engine->inbox, work);
}

// From when an event may begin, loop time (what the loop takes for now may be a little behind; 1 ms
// more for rounding). One that cannot be read need not wait.
static uint64_t open_from(const struct wh_engine *engine, const struct wh_engine_event *event)
{
    const char *delay = engine->runtime->service->follows[event->follow].delay;
    if (!delay || !event->payload)
        return uv_now(&engine->runtime->loop);
    int64_t ms = wh_settings_int(engine->runtime->settings, delay) * 1000;
    int64_t rest = wh_clock_rest(event->event->at, ms, wh_engine_now(engine));
    return rest > 0 ? uv_hrtime() / 1000000 + (uint64_t)rest + 1 : uv_now(&engine->runtime->loop);
}

int wh_engine_event(struct wh_engine *engine, const struct wh_engine_event *event)
{
    struct wh_work *work = wh_work_new(engine);
    if (!work)
        return WH_E_NOMEM;
    const struct wh_follows *follows = &engine->runtime->service->follows[event->follow];
    work->since = open_from(engine, event);
    work->batch = event->batch;
    work->follow = event->follow;
    work->upto = event->upto;
    work->has_hash = event->hash != NULL;
    if (event->hash)
        memcpy(work->hash, event->hash, sizeof work->hash);
    work->own = (struct wh_item){
        .kind = WH_ITEM_EVENT,
        .event = event->event,
        .payload = event->payload,
        .feed = follows->feed,
    };
    const Whistle__V1__Actor *actor = event->event->actor;
    work->own.actor = (struct wh_actor){actor ? actor->identity : "", actor ? actor->officer : "",
                                        actor ? actor->acting_for : "", 0};
    if (event->payload)
        work->own.what = wh_oneof_get(event->payload, &work->own.message);
    work->condemned = !event->payload;
    if (!event->payload)
        (void)snprintf(work->why, sizeof work->why, "the event's payload cannot be read");
    work->item = &work->own;
    wh_list_push(&engine->events[work->follow], work);
    return 0;
}

// ---- kept answers ----------------------------------------------------------------------------

static struct wh_work *asked_find(struct wh_engine *engine, const uint8_t *id, const uint8_t *who,
                                  size_t who_n)
{
    struct wh_work *work = engine->asked.first;
    for (; work; work = work->next)
        if (memcmp(work->door->item.request_id.b, id, 16) == 0 &&
            strlen(work->door->principal) == who_n &&
            memcmp(work->door->principal, who, who_n) == 0)
            return work;
    return NULL;
}

static void asked_remove(struct wh_engine *engine, struct wh_work *gone)
{
    struct wh_list rest = {0};
    for (struct wh_work *work = wh_list_pop(&engine->asked); work;
         work = wh_list_pop(&engine->asked))
        if (work != gone)
            wh_list_push(&rest, work);
    engine->asked = rest;
}

static void on_kept(void *arg, const struct wh_db_outcome *outcome)
{
    struct wh_engine *engine = arg;
    if (outcome->status == WH_E_IO)
        return; // the loss of the reader makes all void
    if (outcome->status != 0) {
        wh_db_drop(engine->runtime->reader, outcome->message);
        return;
    }
    const PGresult *result = outcome->results[0];
    for (int i = 0; i < PQntuples(result); i++) {
        struct wh_row row = {result, i};
        size_t id_n, who_n;
        const uint8_t *id = wh_row_bytes(&row, 0, &id_n), *who = wh_row_bytes(&row, 1, &who_n);
        struct wh_work *work = id_n == 16 ? asked_find(engine, id, who, who_n) : NULL;
        if (!work)
            continue;
        asked_remove(engine, work);
        if (!wh_answer_kept(engine, work, &row))
            wh_logf(WH_LOG_ERROR, "answer.unreadable", "a kept answer cannot be read");
    }
    for (struct wh_work *work = wh_list_pop(&engine->asked); work;
         work = wh_list_pop(&engine->asked)) {
        work->asked = true;
        wh_lanes_push(&engine->inbox, work);
    }
}

bool wh_inbox_asking(const struct wh_engine *engine)
{
    return wh_mono_ms() < engine->ask_until;
}

void wh_inbox_ask(struct wh_engine *engine)
{
    if (engine->asked.n > 0 || engine->fresh.n == 0)
        return;
    static struct wh_batch ids;
    if (ids.n_columns == 0 && wh_batch_init(&ids, "U") != 0)
        return;
    wh_batch_clear(&ids);
    while (engine->fresh.n > 0 && engine->asked.n < ASK_MAX) {
        struct wh_work *work = wh_lanes_pop(&engine->fresh);
        struct wh_val id = WH_U(work->door->item.request_id.b);
        if (wh_batch_add(&ids, &id, 1) != 0) {
            wh_lanes_push_front(&engine->fresh, work);
            break;
        }
        wh_list_push(&engine->asked, work);
    }
    struct wh_db_param param;
    wh_batch_params(&ids, &param);
    struct wh_db_step step = {WH_R_KEPT, &param, 1};
    if (wh_db_run(engine->runtime->reader, &step, 1, on_kept, engine) == 0)
        return;
    while (engine->asked.n > 0) // the reader is gone; on_lost follows and makes all void
        wh_lanes_push(&engine->fresh, wh_list_pop(&engine->asked));
}

// ---- void ------------------------------------------------------------------------------------

static void work_void(struct wh_engine *engine, struct wh_work *work)
{
    if (work->door)
        wh_answer_busy(engine, work, WH_RULE_BUSY_DATABASE);
    else
        wh_work_free(engine, work);
}

static void list_void(struct wh_engine *engine, struct wh_list *list)
{
    for (struct wh_work *work = wh_list_pop(list); work; work = wh_list_pop(list))
        work_void(engine, work);
}

static void lanes_void(struct wh_engine *engine, struct wh_lanes *lanes)
{
    for (struct wh_work *work = wh_lanes_pop(lanes); work; work = wh_lanes_pop(lanes))
        work_void(engine, work);
}

void wh_inbox_void(struct wh_engine *engine)
{
    list_void(engine, &engine->asked);
    lanes_void(engine, &engine->fresh);
    lanes_void(engine, &engine->inbox);
    for (size_t i = 0; i < WH_FOLLOWS_MAX; i++)
        list_void(engine, &engine->events[i]);
    list_void(engine, &engine->condemned);
}

size_t wh_inbox_waiting(const struct wh_engine *engine)
{
    return engine->fresh.n + engine->asked.n + engine->inbox.n + engine->condemned.n;
}
