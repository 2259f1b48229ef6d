// SPDX-License-Identifier: Apache-2.0
// The one follower of dispatch: from the newest events on, so that who reconnects after a restart
// of the gateway finds its place in memory. The district comes first, since numbers and subjects
// are read by it.
#include "gateway/handler_hub.h"

#include <stdlib.h>

#include "base/id.h"
#include "gateway/handler_district.h"
#include "gateway/handler_object.h"
#include "gateway/wire_event.h"
#include "runtime/log.h"

#define TICK_MS 100
#define HEARTBEAT_TICKS 150
#define EVENT_BYTES ((size_t)32 << 20)
#define HEARS_ALL (WH_ROLE_AUDITOR | WH_ROLE_DISTRICT | WH_ROLE_LEADER) // as dispatch's feed has it

int hub_subject(const struct gateway *gateway, const char *identity, unsigned kinds,
                int32_t *ret_subject)
{
    const struct wh_district *district = gateway_district(gateway);
    if (district == NULL)
        return WH_E_BUSY;
    int32_t subject = HUB_ALL;
    if ((kinds & HEARS_ALL) == 0) {
        subject = wh_district_id(district, identity);
        if (subject == 0)
            return WH_E_NOTFOUND;
    }
    *ret_subject = subject;
    return 0;
}

int hub_event_read(struct gateway_hub *hub, const Whistle__V1__EventRow *row,
                   struct wh_arena *arena, struct hub_event *ret_event)
{
    const struct wh_district *district = gateway_district(hub->gateway);
    const struct wire_event how = {.prefix = district != NULL ? wh_district_prefix(district) : "W",
                                   .zone = gateway_zone(hub->gateway),
                                   .arena = arena};
    int error = wire_event_read(&how, row, ret_event);
    if (error != 0)
        wh_logf(WH_LOG_WARN, "hub.event", "an event that cannot be read was passed over");
    return error;
}

// One event of the batch in hand.
static void take(struct gateway_hub *hub, const struct hub_event *event)
{
    const struct wh_district *district = gateway_district(hub->gateway);
    char number[WH_NUMBER_MAX];
    int error = hub_add(hub->ring, event);
    if (error == WH_E_NOMEM) { // everything before it would be missing: begin anew here
        hub_reset(hub->ring, event->seq);
        wh_logf(WH_LOG_ERROR, "hub.memory", "no memory for an event");
    }
    if (error == 0)
        streams_heard(hub, event);
    if (event->object != 0 && district != NULL &&
        wh_number_format(wh_district_prefix(district), event->object, number) == 0)
        object_changed(hub->gateway, number);
}

static void on_events(void *arg, struct wh_follower *follower, const Whistle__V1__Events *events)
{
    struct gateway_hub *hub = arg;
    if (hub_head(hub->ring) == 0 && hub_count(hub->ring) == 0)
        hub_reset(hub->ring, events->after);
    for (size_t i = 0; i < events->n_events; i++) {
        struct hub_event event;
        wh_arena_reset(&hub->arena);
        if (hub_event_read(hub, events->events[i], &hub->arena, &event) == 0)
            take(hub, &event);
    }
    wh_arena_reset(&hub->arena);
    hub_moved(hub->ring, events->upto);
    hub->ready = hub->ready || wh_follower_caught_up(follower);
    wh_follower_done(follower, events->upto);
    streams_moved(hub);
    if (hub->on_moved != NULL)
        hub->on_moved(hub->gateway);
}

static void on_rewound(void *arg, struct wh_follower *follower, const Whistle__V1__Rewound *rewound)
{
    struct gateway_hub *hub = arg;
    wh_logf(WH_LOG_ERROR, "hub.rewound", "dispatch has another past: its head is %lld, ours %lld",
            (long long)rewound->head, (long long)hub_head(hub->ring));
    hub_reset(hub->ring, rewound->head);
    streams_rewound(hub, rewound->head);
    wh_follower_restart(follower, &(struct wh_cursor){.seq = rewound->head});
}

int hub_follow_options(struct gateway_hub *hub, struct wh_follow_options *ret_options)
{
    struct wh_runtime *runtime = hub->gateway->runtime;
    *ret_options = (struct wh_follow_options){
        .key = *wh_runtime_key(runtime),
        .key_file = wh_setting_text(runtime, "key"),
        .doors_file = wh_setting_text(runtime, "doors"),
        .feed = "dispatch",
        .name = "",
    };
    return wh_doors_find(ret_options->doors_file, "feed", "dispatch", &ret_options->door, NULL, 0);
}

static int follow(struct gateway_hub *hub)
{
    struct wh_follow_options options;
    int error = hub_follow_options(hub, &options);
    options.newest = wh_setting_int(hub->gateway->runtime, "hub_events");
    options.credit_events = 4096;
    options.on_events = on_events;
    options.on_rewound = on_rewound;
    options.arg = hub;
    if (error == 0)
        error = wh_follower_new(wh_runtime_bus(hub->gateway->runtime), &options, &hub->follower);
    return error;
}

// The follower's figures are those of every followed feed, so that the same alarms see it.
static void tell(struct gateway_hub *hub)
{
    struct wh_runtime *runtime = hub->gateway->runtime;
    const struct wh_label *feed = WH_LABELS({"feed", "dispatch"});
    bool follows = hub->follower != NULL;
    wh_metric_set(runtime, "followed_connected", "the feed followed is heard", feed,
                  follows && wh_follower_connected(hub->follower));
    wh_metric_set(runtime, "followed_caught_up", "everything of the feed was heard", feed,
                  follows && wh_follower_caught_up(hub->follower));
    wh_metric_set(runtime, "followed_seq", "our place in the feed", feed,
                  (double)hub_head(hub->ring));
    wh_metric_set(runtime, "hub_events", "events in memory for streams", NULL,
                  (double)hub_count(hub->ring));
    wh_metric_set(runtime, "hub_bytes", "memory that these take", NULL,
                  (double)hub_bytes(hub->ring));
    wh_metric_set(runtime, "hub_streams_behind", "streams that read what is older", NULL,
                  (double)hub->n_catching);
}

static void on_tick(uv_timer_t *timer)
{
    struct gateway_hub *hub = timer->data;
    bool tenth = hub->ticks++ % 10 == 0; // the first one too
    if (hub->follower == NULL && gateway_district(hub->gateway) != NULL && tenth)
        if (follow(hub) != 0)
            wh_logf(WH_LOG_ERROR, "hub.follow", "the feed of dispatch is not in the doors file");
    hub_fetch_tick(hub);
    streams_tick(hub, hub->ticks % HEARTBEAT_TICKS == 0);
    if (tenth) {
        streams_check(hub);
        tell(hub);
    }
}

static void on_flush(uv_timer_t *timer)
{
    streams_flush(timer->data);
}

int gateway_hub_open(struct gateway *gateway)
{
    struct gateway_hub *hub = calloc(1, sizeof *hub);
    if (hub == NULL)
        return WH_E_NOMEM;
    hub->gateway = gateway;
    hub->ring = hub_new(HUB_BYTES, (size_t)wh_setting_int(gateway->runtime, "hub_events"));
    if (hub->ring == NULL) {
        free(hub);
        return WH_E_NOMEM;
    }
    wh_arena_init(&hub->arena, EVENT_BYTES);
    uv_loop_t *loop = wh_runtime_loop(gateway->runtime);
    uv_timer_init(loop, &hub->tick);
    uv_timer_init(loop, &hub->flush);
    hub->tick.data = hub->flush.data = hub;
    hub->open_handles = 2;
    uv_timer_start(&hub->tick, on_tick, 0, TICK_MS);
    gateway->hub = hub;
    return 0;
}

void hub_flush_soon(struct gateway_hub *hub, uint64_t ms)
{
    if (!uv_is_active((uv_handle_t *)&hub->flush))
        uv_timer_start(&hub->flush, on_flush, ms, 0);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct gateway_hub *hub = handle->data;
    if (--hub->open_handles > 0)
        return;
    hub_free(hub->ring);
    wh_arena_done(&hub->arena);
    free(hub);
}

void gateway_hub_close(struct gateway *gateway)
{
    struct gateway_hub *hub = gateway->hub;
    if (hub == NULL)
        return;
    gateway->hub = NULL;
    while (hub->fetches != NULL)
        hub_fetch_cancel(hub->fetches);
    wh_follower_free(hub->follower);
    streams_close(hub);
    uv_close((uv_handle_t *)&hub->tick, on_handle_closed);
    uv_close((uv_handle_t *)&hub->flush, on_handle_closed);
}
