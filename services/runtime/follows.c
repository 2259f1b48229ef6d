// SPDX-License-Identifier: Apache-2.0
// From batches to works. A batch that skips nothing lets the chain's hash be computed event by
// event, so that even a cursor in the middle of a batch can be checked by the publisher.
#include "runtime/follows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/follows_internal.h"
#include "runtime/turn.h"

#define CREDIT_EVENTS 2048
#define CREDIT_BYTES (4 << 20)

// ---- events ----------------------------------------------------------------------------------

static int one_event(struct wh_following *following, struct wh_feed_batch *batch,
                     const Whistle__V1__EventRow *row, struct wh_engine_event *event)
{
    struct wh_cursor *cursor = &following->cursor;
    event->event =
        wh_feed_batch_event(batch, row->body.data, row->body.len, cursor->seq + 1, &event->payload);
    if (!event->event)
        return WH_E_NOMEM;
    cursor->has_hash = cursor->has_hash && event->event->seq == cursor->seq + 1;
    if (cursor->has_hash)
        wh_journal_hash(cursor->hash, row->body.data, row->body.len, cursor->hash);
    cursor->seq = event->event->seq;
    event->upto = cursor->seq;
    event->hash = cursor->has_hash ? cursor->hash : NULL;
    return 0;
}

// The batch's own end wins over what was computed; if both are known they must agree.
static void batch_end(struct wh_following *following, const Whistle__V1__Events *events)
{
    struct wh_cursor *cursor = &following->cursor;
    bool told = events->hash.len == WH_HASH_SIZE;
    if (told && cursor->has_hash && cursor->seq == events->upto &&
        memcmp(cursor->hash, events->hash.data, WH_HASH_SIZE) != 0)
        wh_logf(WH_LOG_ERROR, "feed.hash", "feed %s: the chain does not hold at %lld",
                following->door.name, (long long)events->upto);
    cursor->has_hash = told || (cursor->has_hash && cursor->seq == events->upto);
    cursor->seq = events->upto;
    if (told)
        memcpy(cursor->hash, events->hash.data, WH_HASH_SIZE);
}

static void no_memory(struct wh_following *following)
{
    wh_runtime_void(following->all->runtime, "no memory for a feed's batch");
}

static void take_events(struct wh_following *following, const Whistle__V1__Events *events)
{
    struct wh_feed_batch *batch = wh_feed_batch_new(following);
    if (!batch) {
        no_memory(following);
        return;
    }
    batch->counted = true;
    batch->left = events->n_events;
    following->waiting += events->n_events;
    for (size_t i = 0; i < events->n_events; i++) {
        struct wh_engine_event event = {.batch = batch, .follow = following->index};
        int status = one_event(following, batch, events->events[i], &event);
        if (status == 0 && i + 1 == events->n_events) {
            batch_end(following, events);
            event.upto = following->cursor.seq;
            event.hash = following->cursor.has_hash ? following->cursor.hash : NULL;
        }
        if (status == 0)
            status = wh_engine_event(following->all->runtime->engine, &event);
        if (status != 0) {
            size_t rest = events->n_events - i;
            while (rest-- > 0)
                wh_feed_batch_done(batch);
            no_memory(following);
            return;
        }
    }
}

static void on_events(void *arg, struct wh_follower *follower, const Whistle__V1__Events *events)
{
    struct wh_following *following = arg;
    if (events->n_events > 0) {
        following->marked = false;
        take_events(following, events);
        return;
    }
    if (events->upto == following->cursor.seq) {
        if (following->waiting == 0 && !following->marked)
            wh_follower_done(follower, events->upto);
        return;
    }
    following->cursor.seq = events->upto;
    following->cursor.has_hash = events->hash.len == WH_HASH_SIZE;
    if (following->cursor.has_hash)
        memcpy(following->cursor.hash, events->hash.data, WH_HASH_SIZE);
    following->marked = true;
}

// FEED:SEQ holds for all feeds of that publisher: they number the same journal.
static bool told_from(const struct wh_following *following, int64_t *ret_seq)
{
    const struct wh_followings *all = following->all;
    const char *text = wh_settings_text(all->runtime->settings, "follow_from");
    for (size_t i = 0; i < all->n; i++) {
        const char *feed = all->runtime->service->follows[i].feed;
        size_t n = strlen(feed);
        if (strncmp(text, feed, n) != 0 || text[n] != ':' ||
            strcmp(all->each[i].door.server_keys[0], following->door.server_keys[0]) != 0)
            continue;
        *ret_seq = strtoll(text + n + 1, NULL, 10);
        return true;
    }
    return false;
}

// The operator has looked at it and says from where: what the publisher lost is lost.
static bool go_on_from(struct wh_following *following, const Whistle__V1__Rewound *rewound)
{
    const struct wh_runtime *runtime = following->all->runtime;
    const char *feed = runtime->service->follows[following->index].feed;
    int64_t seq;
    if (!told_from(following, &seq) || seq < 0 || seq > rewound->head)
        return false;
    following->cursor = (struct wh_cursor){.seq = seq};
    following->marked = true;
    wh_follower_restart(following->follower, &following->cursor);
    wh_logf(WH_LOG_WARN, "feed.follow_from", "feed %s: going on from %lld as told", feed,
            (long long)seq);
    return true;
}

static void on_rewound(void *arg, struct wh_follower *follower, const Whistle__V1__Rewound *rewound)
{
    struct wh_following *following = arg;
    (void)follower;
    following->rewound = !go_on_from(following, rewound);
    if (!following->rewound)
        return;
    wh_logf(WH_LOG_ERROR, "feed.rewound",
            "feed %s: our cursor %lld is not of its past (epoch %lld, head %lld): %s",
            following->door.name, (long long)following->cursor.seq, (long long)rewound->epoch,
            (long long)rewound->head, rewound->why ? rewound->why : "");
}

static void on_refused(void *arg, struct wh_follower *follower, const Whistle__V1__Error *error)
{
    struct wh_following *following = arg;
    (void)follower;
    wh_logf(WH_LOG_ERROR, "feed.refused", "feed %s: %s %s", following->door.name,
            error->rule ? error->rule : "", error->detail ? error->detail : "");
}

// ---- life ------------------------------------------------------------------------------------

int wh_followings_new(struct wh_runtime *runtime, struct wh_followings **ret_followings, char *why,
                      size_t why_n)
{
    const struct wh_service *service = runtime->service;
    struct wh_followings *followings = calloc(1, sizeof *followings);
    if (!followings)
        return WH_E_NOMEM;
    followings->runtime = runtime;
    followings->each = calloc(service->n_follows + 1, sizeof *followings->each);
    followings->n = followings->each ? service->n_follows : 0;
    int status = followings->each ? 0 : WH_E_NOMEM;
    for (size_t i = 0; status == 0 && i < service->n_follows; i++) {
        followings->each[i].all = followings;
        followings->each[i].index = i;
        status = wh_doors_find(wh_settings_text(runtime->settings, "doors"), "feed",
                               service->follows[i].feed, &followings->each[i].door, why, why_n);
    }
    if (status != 0) {
        wh_followings_free(followings);
        return status;
    }
    *ret_followings = followings;
    return 0;
}

void wh_followings_free(struct wh_followings *followings)
{
    if (!followings)
        return;
    wh_followings_stop(followings, true);
    while (followings->spare) {
        struct wh_feed_batch *batch = followings->spare;
        followings->spare = batch->next;
        wh_arena_done(&batch->arena);
        free(batch);
    }
    free(followings->each);
    free(followings);
}

void wh_followings_cursor(struct wh_followings *followings, const char *feed, size_t feed_n,
                          int64_t seq, const uint8_t *hash)
{
    const struct wh_service *service = followings->runtime->service;
    for (size_t i = 0; i < followings->n; i++) {
        const char *name = service->follows[i].feed;
        if (strlen(name) != feed_n || memcmp(name, feed, feed_n) != 0)
            continue;
        struct wh_cursor *cursor = &followings->each[i].cursor;
        *cursor = (struct wh_cursor){.seq = seq, .has_hash = hash != NULL};
        if (hash)
            memcpy(cursor->hash, hash, WH_HASH_SIZE);
    }
}

void wh_followings_start(struct wh_followings *followings)
{
    struct wh_runtime *runtime = followings->runtime;
    for (size_t i = 0; i < followings->n; i++) {
        struct wh_following *following = &followings->each[i];
        struct wh_follow_options options = {
            .door = following->door,
            .key = runtime->key,
            .key_file = wh_settings_text(runtime->settings, "key"),
            .doors_file = wh_settings_text(runtime->settings, "doors"),
            .feed = runtime->service->follows[i].feed,
            .name = runtime->service->name,
            .cursor = following->cursor,
            .credit_events = CREDIT_EVENTS,
            .credit_bytes = CREDIT_BYTES,
            .on_events = on_events,
            .on_rewound = on_rewound,
            .on_refused = on_refused,
            .arg = following,
        };
        if (following->cursor.seq == 0) // the journal before its first row: 32 zero bytes
            following->cursor = (struct wh_cursor){.has_hash = true};
        if (wh_follower_new(runtime->bus, &options, &following->follower) != 0)
            wh_fatal("feed.follow", "cannot follow %s", options.feed);
    }
}

void wh_followings_stop(struct wh_followings *followings, bool forget)
{
    for (size_t i = 0; i < followings->n; i++) {
        struct wh_following *following = &followings->each[i];
        if (following->follower) {
            following->asked += wh_follower_asked(following->follower);
            wh_follower_free(following->follower);
        }
        following->follower = NULL;
        following->marked = following->rewound = false;
        following->writing = 0;
        if (forget)
            following->cursor = (struct wh_cursor){0};
    }
}

// A delayed feed is caught up while all that waits of it waits for its time.
static bool caught_up(const struct wh_following *following)
{
    const struct wh_runtime *runtime = following->all->runtime;
    const struct wh_follower *follower = following->follower;
    bool delayed = runtime->service->follows[following->index].delay != NULL;
    size_t held = delayed ? wh_engine_held(runtime->engine, following->index) : 0;
    if (!follower || following->waiting > held)
        return false;
    return held > 0 ? wh_follower_connected(follower) : wh_follower_caught_up(follower);
}

bool wh_followings_caught_up(const struct wh_followings *followings)
{
    for (size_t i = 0; i < followings->n; i++)
        if (!caught_up(&followings->each[i]))
            return false;
    return true;
}

const char *wh_followings_rewound(const struct wh_followings *followings)
{
    for (size_t i = 0; i < followings->n; i++)
        if (followings->each[i].rewound)
            return followings->runtime->service->follows[i].feed;
    return NULL;
}

void wh_followings_each(const struct wh_followings *followings,
                        void (*fn)(void *arg, const struct wh_following_figures *figures),
                        void *arg)
{
    for (size_t i = 0; i < followings->n; i++) {
        const struct wh_following *following = &followings->each[i];
        const struct wh_follower *follower = following->follower;
        const struct wh_following_figures figures = {
            .feed = followings->runtime->service->follows[i].feed,
            .connected = follower && wh_follower_connected(follower),
            .caught_up = follower && (caught_up(following) || wh_follower_caught_up(follower)),
            .rewound = following->rewound,
            .seq = following->cursor.seq,
            .waiting = following->waiting,
            .held = wh_engine_held(followings->runtime->engine, i),
            .asked = following->asked + (follower ? wh_follower_asked(follower) : 0),
        };
        fn(arg, &figures);
    }
}

// ---- cursors ---------------------------------------------------------------------------------

size_t wh_followings_marks(struct wh_followings *followings,
                           void (*each)(void *arg, size_t follow, int64_t seq, const uint8_t *hash),
                           void *arg)
{
    size_t n = 0;
    for (size_t i = 0; i < followings->n; i++) {
        struct wh_following *following = &followings->each[i];
        if (each)
            following->writing = 0; // of a turn that failed
        if (!following->marked || following->waiting > 0)
            continue;
        n++;
        if (!each)
            continue;
        following->writing = following->cursor.seq;
        each(arg, i, following->cursor.seq,
             following->cursor.has_hash ? following->cursor.hash : NULL);
    }
    return n;
}

void wh_followings_marks_done(struct wh_followings *followings)
{
    for (size_t i = 0; i < followings->n; i++) {
        struct wh_following *following = &followings->each[i];
        if (following->writing == 0)
            continue;
        if (following->follower)
            wh_follower_done(following->follower, following->writing);
        if (following->cursor.seq == following->writing)
            following->marked = false;
        following->writing = 0;
    }
}

void wh_followings_committed(struct wh_followings *followings, size_t follow, int64_t seq)
{
    struct wh_follower *follower = followings->each[follow].follower;
    if (follower)
        wh_follower_done(follower, seq);
}
