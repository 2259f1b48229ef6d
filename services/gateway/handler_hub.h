// SPDX-License-Identifier: Apache-2.0
// Following dispatch for everybody who listens over HTTP: one follower fills the ring, streams and
// webhooks read from it; what is older is fetched from the feed.
#ifndef WH_GATEWAY_HANDLER_HUB_H
#define WH_GATEWAY_HANDLER_HUB_H

#include "base/map.h"
#include "client/follow.h"
#include "gateway/gateway.h"
#include "gateway/hub.h"
#include "gateway/sse.h"

#define HUB_BYTES ((size_t)8 << 20)
#define HUB_FETCHES 16 // of older events at once

struct feed_stream; // one browser or program
struct hub_fetch;   // handler_fetch.c

// Streams that may hear the same.
struct channel {
    int32_t subject;           // HUB_ALL: everything
    struct sse pending;        // not yet sent
    struct feed_stream *live;  // who heard everything up to hub->flushed
    struct channel *next_full; // of those with something pending
};

struct gateway_hub {
    struct gateway *gateway;
    struct hub *ring;
    struct wh_follower *follower; // NULL: the district is not known yet
    bool ready;                   // it has reached the head once
    struct wh_arena arena;        // of the event in hand
    uv_timer_t tick, flush;
    unsigned ticks;
    int open_handles;
    bool closing;
    // handler_streams.c
    struct wh_map channels; // struct channel by subject
    struct channel *full;
    struct feed_stream *catching; // streams that have not heard everything yet
    int64_t flushed;              // live streams have everything up to here
    uint64_t flushed_at;          // loop's ms
    size_t n_streams, n_catching;
    // handler_fetch.c
    struct hub_fetch *fetches;
    size_t n_fetches;
    void (*on_moved)(struct gateway *gateway); // the webhooks', after the ring has grown
};

int gateway_hub_open(struct gateway *gateway);
void gateway_hub_close(struct gateway *gateway);

// Which subject an identity of these kinds (WH_ROLE_…) hears: HUB_ALL or its own. 0; WH_E_NOTFOUND
// (the district does not know it), WH_E_BUSY (the district is not known yet).
int hub_subject(const struct gateway *gateway, const char *identity, unsigned kinds,
                int32_t *ret_subject);
// One event of a batch, read for telling; lives in hub->arena until the next one.
int hub_event_read(struct gateway_hub *hub, const Whistle__V1__EventRow *row,
                   struct wh_arena *arena, struct hub_event *ret_event);
// Flushes in ms, or earlier where that was said before.
void hub_flush_soon(struct gateway_hub *hub, uint64_t ms);
int hub_follow_options(struct gateway_hub *hub, struct wh_follow_options *ret_options);

void on_feed(struct gateway_ask *ask); // handler_feed.c

// ---- handler_streams.c: what open streams hear -------------------------------------------------

// One browser or program.
struct feed_stream {
    struct gateway_hub *hub;
    struct http_stream *http;
    struct channel *channel;
    struct feed_stream *next, **slot;
    struct hub_fetch *fetch; // under way
    int64_t position;        // everything up to here was sent, while it is catching up
    struct caller caller;    // its strings are in `words`
    bool live, ended;
    char words[];
};

struct channel *channel_of(struct gateway_hub *hub, int32_t subject); // NULL without memory
// Hears from its position on.
void stream_begin(struct feed_stream *stream);
void stream_leave(struct feed_stream *stream);
void streams_heard(struct gateway_hub *hub, const struct hub_event *event); // before the flush
void streams_moved(struct gateway_hub *hub); // a batch is in the ring: flush now or soon
void streams_flush(struct gateway_hub *hub);
void streams_tick(struct gateway_hub *hub, bool heartbeat); // every 100 ms
void streams_check(struct gateway_hub *hub); // every second: who may not listen any more ends
void streams_rewound(struct gateway_hub *hub, int64_t head);
void streams_close(struct gateway_hub *hub);

// ---- handler_fetch.c: what is older than the ring ----------------------------------------------

// status: 0: the events in (after, upto] for the subject, at least one or up to the ring's floor;
// WH_E_REWOUND: the cursor is not of this past, upto is its head; WH_E_TIMEOUT, WH_E_DENIED.
// Events live during the call.
typedef void (*hub_fetched_fn)(void *arg, int status, const struct hub_event *events, size_t n,
                               int64_t upto);
// identity: NULL hears everything; borrowed until the end. fn is called once unless cancelled,
// never from inside this call. 0; WH_E_BUSY (as many as there may be), WH_E_NOMEM ….
int hub_fetch(struct gateway_hub *hub, const char *identity, int64_t after, hub_fetched_fn fn,
              void *arg, struct hub_fetch **ret_fetch);
void hub_fetch_cancel(struct hub_fetch *fetch);
void hub_fetch_tick(struct gateway_hub *hub);

#endif
