// SPDX-License-Identifier: Apache-2.0
// What a turn takes of what waits: first what stands alone (a condemned item), then half of the
// places for events and half for commands while both wait, an eighth for timers that are due, and
// whatever one kind leaves is free for the others. So a flood at the door stops neither the feeds
// nor the clocks, and a long way to catch up stops nobody at the door. Events of a delayed feed
// wait for their time, in their order; while the service pauses, none of its feeds are taken.
#include "runtime/engine.h"

#define TIMERS_LATEST_MS 60000
#define PAUSE_MS 200

bool wh_event_open(const struct wh_engine *engine, size_t follow)
{
    const struct wh_runtime *runtime = engine->runtime;
    const struct wh_list *events = &engine->events[follow];
    return events->n > 0 && events->first->since <= uv_now(&runtime->loop) &&
           (!engine->paused || runtime->service->follows[follow].elsewhere);
}

uint64_t wh_events_wait(const struct wh_engine *engine, uint64_t wait)
{
    uint64_t now = uv_now(&engine->runtime->loop);
    if (engine->paused && wait > PAUSE_MS)
        wait = PAUSE_MS;
    for (size_t i = 0; i < WH_FOLLOWS_MAX; i++) {
        const struct wh_work *first = engine->events[i].first;
        if (first && first->since > now && first->since - now < wait)
            wait = first->since - now;
    }
    return wait;
}

static bool pausing(struct wh_engine *engine)
{
    const struct wh_runtime *runtime = engine->runtime;
    bool any = false;
    engine->paused = false;
    for (size_t i = 0; runtime->service->pause && i < runtime->service->n_follows; i++)
        any |= !runtime->service->follows[i].elsewhere && wh_event_open(engine, i);
    return any && runtime->service->pause(runtime->state);
}

static bool stands_alone(const struct wh_engine *engine, size_t follow)
{
    return wh_event_open(engine, follow) && engine->events[follow].first->condemned;
}

static struct wh_work *take_alone(struct wh_engine *engine)
{
    if (engine->condemned.n > 0)
        return wh_list_pop(&engine->condemned);
    for (size_t i = 0; i < WH_FOLLOWS_MAX; i++)
        if (stands_alone(engine, i))
            return wh_list_pop(&engine->events[i]);
    return NULL;
}

// One of each feed in turn, in each feed's order.
static void take_events(struct wh_engine *engine, size_t upto)
{
    struct wh_turn *turn = &engine->turn;
    size_t idle = 0;
    while (turn->n < upto && idle < WH_FOLLOWS_MAX) {
        size_t feed = engine->next_feed;
        engine->next_feed = (feed + 1) % WH_FOLLOWS_MAX;
        if (!wh_event_open(engine, feed) || stands_alone(engine, feed)) {
            idle++;
            continue;
        }
        turn->works[turn->n++] = wh_list_pop(&engine->events[feed]);
        idle = 0;
    }
}

static void take_commands(struct wh_engine *engine, size_t upto)
{
    struct wh_turn *turn = &engine->turn;
    while (turn->n < upto && engine->inbox.n > 0)
        turn->works[turn->n++] = wh_lanes_pop(&engine->inbox);
}

static bool due(struct wh_engine *engine, struct wh_timer *ret_timer)
{
    return wh_timers_first(engine->runtime->timers, ret_timer) && ret_timer->at <= engine->turn.now;
}

static void take_timers(struct wh_engine *engine)
{
    struct wh_turn *turn = &engine->turn;
    struct wh_timer timer;
    while (turn->n < engine->limit && due(engine, &timer)) {
        struct wh_work *work = wh_work_new(engine);
        if (!work)
            return;
        work->own = (struct wh_item){.kind = WH_ITEM_TIMER, .key = timer.key, .at = timer.at};
        work->item = &work->own;
        wh_timers_set(engine->runtime->timers, timer.key, 0);
        turn->works[turn->n++] = work;
    }
}

// After a start timers wait for what the feeds have, and for people: nobody is called late for a
// time that passed while he could not answer. But a feed that stays away must not stop the clocks.
static bool timers_open(struct wh_engine *engine)
{
    struct wh_runtime *runtime = engine->runtime;
    int64_t served = wh_mono_ms() - engine->served_at;
    if (!engine->timers_open)
        engine->timers_open =
            served >= engine->timers_grace_ms &&
            (served >= TIMERS_LATEST_MS || wh_followings_caught_up(runtime->followings));
    return engine->timers_open && runtime->phase == WH_PHASE_SERVING;
}

void wh_turn_take(struct wh_engine *engine)
{
    struct wh_turn *turn = &engine->turn;
    struct wh_timer timer;
    engine->paused = pausing(engine);
    struct wh_work *alone = take_alone(engine);
    if (alone) {
        turn->works[turn->n++] = alone;
        return;
    }
    bool timers = timers_open(engine) && due(engine, &timer);
    engine->odd = !engine->odd; // so that one place goes to each kind by turns
    size_t limit = engine->limit, kept = limit >= 8 ? limit / 8 : engine->odd;
    size_t waiting = timers ? limit - kept : limit;
    take_events(engine, (waiting + engine->odd) / 2);
    take_commands(engine, waiting);
    take_events(engine, waiting);
    if (timers)
        take_timers(engine);
    take_commands(engine, limit);
    take_events(engine, limit);
}
