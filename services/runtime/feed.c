// SPDX-License-Identifier: Apache-2.0
// The feed's life: its socket, its statements, and a timer that says something to every listener at
// least once a second, looks whether its key still lives, and has `seen` written. Suspended (no
// database, no ownership) it hears nothing and says nothing: followers turn to another publisher
// after their silence. What followers say stands in feed_ask.c.
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "runtime/feed_internal.h"
#include "runtime/log.h"
#include "runtime/refusal.h"
#include "whistle/v1/envelope.pb-c.h"

#define TICK_MS 200
#define BEAT_AFTER_MS 700
#define LOOK_EVERY_MS 1000
#define COME_BACK_MS 250
#define MESSAGE_MAX (128 * 1024) // Follow and Credit are small
#define ARENA_CAP (1024 * 1024)

const char *const wh_feed_sql[] = {
    "SELECT hash FROM journal WHERE seq = $1::int8",
    "SELECT seq, body, hash FROM journal WHERE seq > $1::int8 AND seq <= $2::int8"
    " AND ($3::int4[] IS NULL OR subjects && $3::int4[]) ORDER BY seq LIMIT $4::int8",
    "SELECT feed, identity, name, seen, seen_at FROM follower",
    "INSERT INTO follower (feed, identity, name, seen, seen_at)"
    " SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int8[], $5::int8[])"
    " ON CONFLICT (feed, identity, name)"
    " DO UPDATE SET seen = excluded.seen, seen_at = excluded.seen_at",
};
const size_t wh_feed_sql_n = sizeof wh_feed_sql / sizeof wh_feed_sql[0];

const struct wh_feed_name *feed_channel(const struct wh_feed *feed, const char *name)
{
    const struct wh_service *service = feed->options.service;
    for (size_t i = 0; i < service->n_feeds; i++)
        if (strcmp(service->feeds[i].name, name) == 0)
            return &service->feeds[i];
    return NULL;
}

int64_t feed_head(const struct wh_feed *feed)
{
    return wh_tail_head(feed->options.tail, NULL);
}

// ---- short words -----------------------------------------------------------------------------

static void send_frame(struct wh_feed *feed, const struct wh_peer *peer,
                       const Whistle__V1__Frame *frame)
{
    uint8_t bytes[4096];
    if (whistle__v1__frame__get_packed_size(frame) > sizeof bytes)
        return;
    size_t n = whistle__v1__frame__pack(frame, bytes);
    if (wh_socket_send(feed->socket, peer, bytes, n) != 0)
        return; // who does not hear it asks again
}

void feed_refuse(struct wh_feed *feed, const struct wh_peer *peer, enum wh_rule rule,
                 const char *field, int64_t retry_ms)
{
    Whistle__V1__Frame frame = WHISTLE__V1__FRAME__INIT;
    Whistle__V1__Answer answer = WHISTLE__V1__ANSWER__INIT;
    Whistle__V1__Error error;
    wh_refusal(rule, field, NULL, retry_ms, &error);
    answer.error = &error;
    frame.what_case = WHISTLE__V1__FRAME__WHAT_ANSWER;
    frame.answer = &answer;
    feed->counts.refused++;
    wh_refusal_count(feed->options.metrics, "feed", &error);
    send_frame(feed, peer, &frame);
}

void feed_rewound(struct listener *listener, const char *why)
{
    struct wh_feed *feed = listener->feed;
    Whistle__V1__Frame frame = WHISTLE__V1__FRAME__INIT;
    Whistle__V1__Rewound rewound = WHISTLE__V1__REWOUND__INIT;
    uint8_t hash[WH_HASH_SIZE];
    rewound.feed = (char *)listener->channel->name;
    rewound.epoch = feed->options.epoch;
    rewound.head = wh_tail_head(feed->options.tail, hash);
    rewound.hash = (ProtobufCBinaryData){WH_HASH_SIZE, hash};
    rewound.why = (char *)why;
    frame.what_case = WHISTLE__V1__FRAME__WHAT_REWOUND;
    frame.rewound = &rewound;
    feed->counts.rewound++;
    send_frame(feed, &listener->peer, &frame);
    wh_log(WH_LOG_WARN, "rewound", "feed", listener->channel->name, "identity", listener->identity,
           "why", why, NULL);
    listener_drop(listener);
}

// ---- the timer -------------------------------------------------------------------------------

// A key that ended, or became another's or of other roles: its listener is told and forgotten.
static bool key_lives(struct listener *listener)
{
    struct wh_feed *feed = listener->feed;
    const struct wh_key_holder *holder = wh_identity_find(feed->options.identity, listener->key);
    if (holder != NULL && holder->roles == listener->roles &&
        strcmp(holder->identity, listener->identity) == 0)
        return true;
    if (holder == NULL)
        feed_refuse(feed, &listener->peer, wh_identity_why(feed->options.identity, listener->key),
                    "", 0);
    else
        feed_refuse(feed, &listener->peer, WH_RULE_BUSY_STARTING, "", 1);
    feed->counts.revoked++;
    listener_drop(listener);
    return false;
}

static void listener_tick(struct listener *listener, uint64_t now)
{
    if (listener->state == LISTENER_HASH && listener->read == NULL) {
        feed_read_want(listener);
        return;
    }
    if (listener->state == LISTENER_BEHIND && listener->read == NULL)
        feed_read_want(listener);
    if (now - listener->spoke >= BEAT_AFTER_MS)
        listener_beat(listener);
}

static void on_tick(uv_timer_t *timer)
{
    struct wh_feed *feed = timer->data;
    uint64_t now = uv_now(timer->loop);
    bool look = now - feed->looked_at >= LOOK_EVERY_MS;
    if (feed->suspended)
        return;
    seen_load(feed);
    if (look) {
        feed->looked_at = now;
        feed_sample(feed, now);
    }
    for (size_t i = feed->n_listeners; i-- > 0;) // one that is dropped is replaced by the last
        if (!look || key_lives(feed->listeners[i]))
            listener_tick(feed->listeners[i], now);
    seen_save(feed);
}

static void on_writable(void *arg, struct wh_socket *socket)
{
    (void)socket;
    struct wh_feed *feed = arg;
    for (size_t i = feed->n_listeners; i-- > 0;) {
        struct listener *listener = feed->listeners[i];
        if (!listener->blocked)
            continue;
        listener->blocked = false;
        listener_pump(listener);
    }
}

void wh_feed_moved(struct wh_feed *feed)
{
    if (feed->suspended)
        return;
    feed_route(feed);
    for (size_t i = 0; i < feed->n_dirty; i++) {
        struct listener *listener = feed->dirty[i];
        if (listener == NULL)
            continue;
        listener->dirty = false;
        listener_pump(listener);
    }
    feed->n_dirty = 0;
}

// ---- life ------------------------------------------------------------------------------------

static void reads_close(struct wh_feed *feed)
{
    for (size_t i = 0; i < FEED_READS_MAX; i++) {
        struct feed_read *read = feed->reads[i];
        if (read != NULL && read->busy)
            read->feed = NULL; // freed when its outcome comes
        else
            free(read);
    }
}

bool feed_closed(struct wh_feed *feed)
{
    if (!feed->closing)
        return false;
    if (feed->timer_closed && !feed->loading && !feed->saving) {
        wh_arena_done(&feed->arena);
        wh_map_done(&feed->subjects);
        free(feed->buffer.data);
        free(feed);
    }
    return true;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct wh_feed *feed = handle->data;
    feed->timer_closed = true;
    feed_closed(feed);
}

int wh_feed_open(const struct wh_feed_options *options, struct wh_feed **ret_feed)
{
    struct wh_feed *feed = calloc(1, sizeof *feed);
    if (feed == NULL)
        return WH_E_NOMEM;
    feed->options = *options;
    wh_arena_init(&feed->arena, ARENA_CAP);
    wh_map_init(&feed->subjects);
    uv_timer_init(wh_bus_loop(options->bus), &feed->timer);
    feed->timer.data = feed;
    feed->routed = feed_head(feed);
    struct wh_socket_options socket = {
        .router = true,
        .endpoint = options->endpoint,
        .secret_key = options->key->secret_key,
        .public_key = options->key->public_key,
        .max_message = MESSAGE_MAX,
        .on_packet = feed_on_packet,
        .on_writable = on_writable,
        .arg = feed,
    };
    int status = wh_socket_open(options->bus, &socket, &feed->socket);
    if (status != 0) {
        wh_feed_close(feed);
        return status;
    }
    uv_timer_start(&feed->timer, on_tick, 0, TICK_MS);
    *ret_feed = feed;
    return 0;
}

void wh_feed_close(struct wh_feed *feed)
{
    if (feed == NULL || feed->closing)
        return;
    wh_feed_suspend(feed);
    feed->closing = true;
    if (feed->socket != NULL)
        wh_socket_close(feed->socket);
    reads_close(feed);
    seen_free(feed);
    uv_close((uv_handle_t *)&feed->timer, on_timer_closed);
}

void wh_feed_suspend(struct wh_feed *feed)
{
    while (feed->n_listeners > 0)
        listener_drop(feed->listeners[feed->n_listeners - 1]);
    feed->n_dirty = 0;
    feed->suspended = true;
}

void wh_feed_end(struct wh_feed *feed)
{
    for (size_t i = 0; i < feed->n_listeners; i++)
        feed_refuse(feed, &feed->listeners[i]->peer, WH_RULE_BUSY_STOPPING, "", COME_BACK_MS);
    wh_feed_suspend(feed);
}

void wh_feed_resume(struct wh_feed *feed, int64_t epoch)
{
    feed->options.epoch = epoch;
    feed->routed = feed_head(feed);
    feed_samples_forget(feed);
    feed->loaded = false;
    feed->suspended = false;
    seen_load(feed);
}

// ---- what the service asks -------------------------------------------------------------------

size_t wh_feed_backlog(const struct wh_feed *feed)
{
    size_t n = 0;
    for (size_t i = 0; i < feed->n_listeners; i++) {
        const struct listener *listener = feed->listeners[i];
        bool waits =
            listener->state == LISTENER_LIVE ? listener->first > 0 : listener->at < feed_head(feed);
        n += waits && listener->credit_events > 0 && listener->credit_bytes > 0;
    }
    return n;
}

struct wh_feed_counts wh_feed_counts(const struct wh_feed *feed)
{
    return feed->counts;
}

size_t wh_feed_listeners(const struct wh_feed *feed)
{
    return feed->n_listeners;
}

int64_t wh_feed_lent(const struct wh_feed *feed)
{
    return feed->lent_bytes;
}
