// SPDX-License-Identifier: Apache-2.0
// Following for a program that may be killed at any time: batches are handed out event by event,
// and the cursor's file moves to a batch's end only when the program is done with all of it.
// Batches without events move the file at most once a second; reading them again costs nothing.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/id.h"
#include "client/follow.h"
#include "client/session_internal.h"

#define EMPTY_WRITE_MS 1000
#define EVENT_MAX ((size_t)32 << 20)

// A batch that was handed out and is not done. cursor: its end; needs: the seq of its last event (0
// without events), which must be done for the batch to be.
struct batch {
    struct batch *next;
    struct wh_cursor cursor;
    int64_t needs;
};

struct wh_subscription {
    struct wh_subscription *next;
    struct wh_session *session;
    struct wh_subscribe options;
    struct wh_follower *follower;
    char *feed, *cursor_file;
    struct batch *first, *last;
    int64_t done_seq;    // the program's word
    uint64_t written_at; // of the loop
    struct wh_arena arena;
    bool busy; // in a callback: freed when it has returned
    bool closed;
};

static void trouble(struct wh_subscription *subscription, int error, const char *text)
{
    if (subscription->options.on_trouble && !subscription->closed)
        subscription->options.on_trouble(subscription->options.arg, subscription, error, text);
}

// Callbacks may close the subscription: it stays in memory between enter and leave.
static void enter(struct wh_subscription *subscription)
{
    subscription->busy = true;
}

static void leave(struct wh_subscription *subscription)
{
    subscription->busy = false;
    if (subscription->closed)
        wh_subscription_release(subscription);
}

// ---- cursor -----------------------------------------------------------------------------------

static int write_cursor(struct wh_subscription *subscription, const struct batch *batch,
                        bool only_empty)
{
    uint64_t now = uv_now(subscription->session->loop);
    int rc;

    if (!subscription->cursor_file)
        return 0;
    if (only_empty && now - subscription->written_at < EMPTY_WRITE_MS)
        return 0;
    rc = wh_cursor_write(subscription->cursor_file, &batch->cursor);
    if (rc == 0)
        subscription->written_at = now;
    return rc;
}

static void forget_batches(struct wh_subscription *subscription, const struct batch *upto)
{
    bool more = true;

    while (subscription->first && more) {
        struct batch *batch = subscription->first;

        more = batch != upto;
        subscription->first = batch->next;
        free(batch);
    }
    if (!subscription->first)
        subscription->last = NULL;
}

// Moves the cursor over all batches that are done. Empty ones count as soon as those before them
// do.
static int settle(struct wh_subscription *subscription)
{
    struct batch *last = NULL;
    bool only_empty = true;
    int64_t upto;
    int rc;

    for (struct batch *batch = subscription->first; batch && batch->needs <= subscription->done_seq;
         batch = batch->next) {
        last = batch;
        only_empty = only_empty && !batch->needs;
    }
    if (!last)
        return 0;
    rc = write_cursor(subscription, last, only_empty);
    if (rc < 0)
        return rc;
    upto = last->cursor.seq;
    forget_batches(subscription, last);
    wh_follower_done(subscription->follower, upto);
    return 0;
}

// ---- events -----------------------------------------------------------------------------------

// Its seq, 0 where it could not be read.
static int64_t hand_out(struct wh_subscription *subscription, const Whistle__V1__EventRow *row)
{
    struct wh_arena *arena = &subscription->arena;
    struct wh_event event = {.feed = subscription->feed};
    const Whistle__V1__Event *envelope;
    const ProtobufCBinaryData *payload;

    wh_arena_reset(arena);
    envelope = (const Whistle__V1__Event *)wh_unpack_ample(&whistle__v1__event__descriptor, arena,
                                                           row->body.data, row->body.len, NULL);
    if (!envelope) {
        trouble(subscription, WH_E_PROTOCOL, "an event that cannot be read was passed over");
        return 0;
    }
    event.envelope = envelope;
    event.seq = envelope->seq;
    event.at = envelope->at;
    payload = &envelope->payload;
    // NULL where a newer service uses words this library does not know: the envelope still tells
    if (strcmp(event.feed, "dispatch") == 0)
        event.dispatch = (const Whistle__V1__DispatchEvent *)wh_unpack_ample(
            &whistle__v1__dispatch_event__descriptor, arena, payload->data, payload->len, NULL);
    else if (strcmp(event.feed, "dedup") == 0)
        event.dedup = (const Whistle__V1__DedupEvent *)wh_unpack_ample(
            &whistle__v1__dedup_event__descriptor, arena, payload->data, payload->len, NULL);
    else if (strcmp(event.feed, "intake") == 0)
        event.intake = (const Whistle__V1__IntakeEvent *)wh_unpack_ample(
            &whistle__v1__intake_event__descriptor, arena, payload->data, payload->len, NULL);
    subscription->options.on_event(subscription->options.arg, subscription, &event);
    return event.seq;
}

static struct batch *remember(struct wh_subscription *subscription,
                              const Whistle__V1__Events *events)
{
    struct batch *batch = calloc(1, sizeof(*batch));

    if (!batch)
        return NULL;
    batch->cursor.seq = events->upto;
    batch->cursor.has_hash = events->hash.len == WH_HASH_SIZE;
    if (batch->cursor.has_hash)
        memcpy(batch->cursor.hash, events->hash.data, WH_HASH_SIZE);
    batch->needs = events->n_events ? INT64_MAX : 0; // until all were handed out
    *(subscription->last ? &subscription->last->next : &subscription->first) = batch;
    subscription->last = batch;
    return batch;
}

static void take_batch(struct wh_subscription *subscription, const Whistle__V1__Events *events)
{
    struct batch *batch = remember(subscription, events);
    int64_t last = 0;

    if (!batch) { // have it sent again
        wh_follower_restart(subscription->follower, &(struct wh_cursor){.seq = events->after});
        return;
    }
    // a callback may close or restart; then this batch is gone
    for (size_t i = 0; i < events->n_events && subscription->last == batch; i++) {
        int64_t seq = hand_out(subscription, events->events[i]);

        last = seq > last ? seq : last;
    }
    if (subscription->last != batch)
        return;
    batch->needs = last;
    if (!subscription->options.manual)
        subscription->done_seq = events->upto;
    if (settle(subscription) < 0)
        trouble(subscription, WH_E_IO, "the cursor cannot be written; the events will come again");
}

static void on_events(void *arg, struct wh_follower *follower, const Whistle__V1__Events *events)
{
    (void)follower;
    enter(arg);
    take_batch(arg, events);
    leave(arg);
}

static void on_rewound(void *arg, struct wh_follower *follower, const Whistle__V1__Rewound *rewound)
{
    (void)follower;
    enter(arg);
    trouble(arg, WH_E_REWOUND, rewound->why);
    leave(arg);
}

static void on_refused(void *arg, struct wh_follower *follower, const Whistle__V1__Error *error)
{
    (void)follower;
    enter(arg);
    trouble(arg, WH_E_DENIED, error->detail[0] ? error->detail : error->rule);
    leave(arg);
}

// ---- public -----------------------------------------------------------------------------------

int wh_subscription_done(struct wh_subscription *subscription, int64_t seq)
{
    if (subscription->closed)
        return 0;
    if (seq > subscription->done_seq)
        subscription->done_seq = seq;
    return settle(subscription);
}

void wh_subscription_restart(struct wh_subscription *subscription, int64_t seq)
{
    struct wh_cursor cursor = {.seq = seq};

    if (subscription->closed)
        return;
    forget_batches(subscription, NULL);
    subscription->done_seq = seq;
    wh_follower_restart(subscription->follower, &cursor);
}

bool wh_subscription_caught_up(const struct wh_subscription *subscription)
{
    return wh_follower_caught_up(subscription->follower);
}

// ---- life -------------------------------------------------------------------------------------

static int read_cursor(struct wh_subscription *subscription, struct wh_follow_options *follow)
{
    int rc;

    follow->stored = !subscription->cursor_file;
    if (follow->stored)
        return 0;
    rc = wh_cursor_read(subscription->cursor_file, &follow->cursor);
    return rc == WH_E_NOTFOUND ? 0 : rc;
}

static int start(struct wh_subscription *subscription)
{
    const struct wh_subscribe *options = &subscription->options;
    struct wh_session *session = subscription->session;
    struct wh_follow_options follow = {
        .key = session->key,
        .key_file = session->key_file,
        .doors_file = session->doors_file,
        .feed = subscription->feed,
        .name = options->name,
        .subjects = options->subjects,
        .n_subjects = options->n_subjects,
        .on_events = on_events,
        .on_rewound = on_rewound,
        .on_refused = on_refused,
        .arg = subscription,
    };
    int rc = wh_doors_find(session->doors_file, "feed", subscription->feed, &follow.door, NULL, 0);

    if (rc == 0)
        rc = read_cursor(subscription, &follow);
    return rc < 0 ? rc : wh_follower_new(session->bus, &follow, &subscription->follower);
}

int wh_subscribe(struct wh_session *session, const struct wh_subscribe *options,
                 struct wh_subscription **ret_subscription)
{
    struct wh_subscription *subscription;
    int rc;

    if (!options->on_event || (!options->cursor_file && !options->name))
        return WH_E_INVALID;
    subscription = calloc(1, sizeof(*subscription));
    if (!subscription)
        return WH_E_NOMEM;
    subscription->session = session;
    subscription->options = *options;
    subscription->feed = strdup(options->feed ? options->feed : "dispatch");
    subscription->cursor_file = options->cursor_file ? strdup(options->cursor_file) : NULL;
    wh_arena_init(&subscription->arena, EVENT_MAX);
    rc = !subscription->feed || (options->cursor_file && !subscription->cursor_file)
             ? WH_E_NOMEM
             : start(subscription);
    if (rc < 0) {
        wh_subscription_release(subscription);
        return rc;
    }
    subscription->next = session->subscriptions;
    session->subscriptions = subscription;
    *ret_subscription = subscription;
    return 0;
}

void wh_subscription_close(struct wh_subscription *subscription)
{
    struct wh_subscription **at;

    if (!subscription || subscription->closed)
        return;
    at = &subscription->session->subscriptions;
    while (*at != subscription)
        at = &(*at)->next;
    *at = subscription->next;
    if (!subscription->busy) {
        wh_subscription_release(subscription);
        return;
    }
    subscription->closed = true;
    forget_batches(subscription, NULL);
    wh_follower_free(subscription->follower);
    subscription->follower = NULL;
}

void wh_subscription_release(struct wh_subscription *subscription)
{
    wh_follower_free(subscription->follower);
    forget_batches(subscription, NULL);
    wh_arena_done(&subscription->arena);
    free(subscription->feed);
    free(subscription->cursor_file);
    free(subscription);
}

struct wh_subscription *wh_subscription_next(struct wh_subscription *subscription)
{
    return subscription->next;
}
