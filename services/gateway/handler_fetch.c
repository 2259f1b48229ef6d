// SPDX-License-Identifier: Apache-2.0
// Older events, a piece at a time: a follower of its own that lives until its first batch with
// something in it (or that reaches the ring). Few at once; whoever wants more asks again. The
// publisher filters by subject.
#include <stdlib.h>
#include <string.h>

#include "gateway/handler_hub.h"

#define FETCH_EVENTS 500
#define FETCH_BYTES ((int64_t)1 << 20)
#define FETCH_TICKS 100 // of 100 ms
#define FETCH_ARENA ((size_t)64 << 20)

struct hub_fetch {
    struct gateway_hub *hub;
    struct hub_fetch *next, **slot;
    struct wh_follower *follower;
    hub_fetched_fn fn;
    void *arg;
    unsigned ticks;
    int64_t after;
};

static void leave(struct hub_fetch *fetch)
{
    *fetch->slot = fetch->next;
    if (fetch->next != NULL)
        fetch->next->slot = fetch->slot;
    fetch->hub->n_fetches--;
    wh_follower_free(fetch->follower);
    free(fetch);
}

void hub_fetch_cancel(struct hub_fetch *fetch)
{
    leave(fetch);
}

static void finish(struct hub_fetch *fetch, int status, int64_t upto)
{
    hub_fetched_fn fn = fetch->fn;
    void *arg = fetch->arg;
    leave(fetch);
    fn(arg, status, NULL, 0, upto);
}

static void hand_over(struct hub_fetch *fetch, const Whistle__V1__Events *batch)
{
    struct gateway_hub *hub = fetch->hub;
    hub_fetched_fn fn = fetch->fn;
    void *arg = fetch->arg;
    struct wh_arena arena;
    wh_arena_init(&arena, FETCH_ARENA);
    struct hub_event *events = wh_arena_calloc(&arena, batch->n_events + 1, sizeof *events);
    size_t n = 0;
    int error = events == NULL ? WH_E_NOMEM : 0;
    for (size_t i = 0; i < batch->n_events && error == 0; i++)
        if (hub_event_read(hub, batch->events[i], &arena, &events[n]) == 0)
            n++;
    int64_t upto = batch->upto;
    leave(fetch);
    fn(arg, error != 0 ? WH_E_TIMEOUT : 0, events, n, upto);
    wh_arena_done(&arena);
}

static void on_events(void *arg, struct wh_follower *follower, const Whistle__V1__Events *events)
{
    struct hub_fetch *fetch = arg;
    bool meets = events->upto >= hub_floor(fetch->hub->ring) || events->live;
    if (events->n_events > 0 || (meets && events->upto > fetch->after))
        hand_over(fetch, events);
    else if (meets && events->upto == fetch->after)
        finish(fetch, 0, events->upto);
    else
        wh_follower_done(follower, events->upto);
}

static void on_rewound(void *arg, struct wh_follower *follower, const Whistle__V1__Rewound *rewound)
{
    (void)follower;
    finish(arg, WH_E_REWOUND, rewound->head);
}

static void on_refused(void *arg, struct wh_follower *follower, const Whistle__V1__Error *error)
{
    (void)follower;
    finish(arg, error->status == 503 || error->status == 429 ? WH_E_TIMEOUT : WH_E_DENIED, 0);
}

int hub_fetch(struct gateway_hub *hub, const char *identity, int64_t after, hub_fetched_fn fn,
              void *arg, struct hub_fetch **ret_fetch)
{
    struct wh_follow_options options;
    if (hub->n_fetches >= HUB_FETCHES)
        return WH_E_BUSY;
    struct hub_fetch *fetch = calloc(1, sizeof *fetch);
    if (fetch == NULL)
        return WH_E_NOMEM;
    *fetch = (struct hub_fetch){.hub = hub, .fn = fn, .arg = arg, .after = after};
    int error = hub_follow_options(hub, &options);
    options.subjects = &identity;
    options.n_subjects = identity != NULL;
    options.cursor.seq = after;
    options.credit_events = FETCH_EVENTS;
    options.credit_bytes = FETCH_BYTES;
    options.on_events = on_events;
    options.on_rewound = on_rewound;
    options.on_refused = on_refused;
    options.arg = fetch;
    if (error == 0)
        error = wh_follower_new(wh_runtime_bus(hub->gateway->runtime), &options, &fetch->follower);
    if (error != 0) {
        free(fetch);
        return error;
    }
    fetch->next = hub->fetches;
    fetch->slot = &hub->fetches;
    if (fetch->next != NULL)
        fetch->next->slot = &fetch->next;
    hub->fetches = fetch;
    hub->n_fetches++;
    *ret_fetch = fetch;
    return 0;
}

void hub_fetch_tick(struct gateway_hub *hub)
{
    for (struct hub_fetch *fetch = hub->fetches, *next; fetch != NULL; fetch = next) {
        next = fetch->next;
        if (++fetch->ticks > FETCH_TICKS) {
            finish(fetch, WH_E_TIMEOUT, fetch->after);
            return; // the list may have changed
        }
    }
}
