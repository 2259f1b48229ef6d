// SPDX-License-Identifier: Apache-2.0
// The feeds of other services that this one follows: batches become works of the turn engine, and a
// feed's cursor is durable together with what its events did. A batch's events live in one arena
// until the last of them is finished with. Credit bounds what waits: none is given back before the
// commit.
#ifndef WH_RUNTIME_FOLLOWS_H
#define WH_RUNTIME_FOLLOWS_H

#include "runtime/runtime.h"

struct wh_feed_batch;

// Finds every followed feed in the doors file. why (size why_n) names what is wrong.
int wh_followings_new(struct wh_runtime *runtime, struct wh_followings **ret_followings, char *why,
                      size_t why_n);
void wh_followings_free(struct wh_followings *followings);
// A durable cursor, while rebuilding; feeds not named begin at 0. Unknown names are ignored.
void wh_followings_cursor(struct wh_followings *followings, const char *feed, size_t feed_n,
                          int64_t seq, const uint8_t *hash);
void wh_followings_start(struct wh_followings *followings);
// No more batches come. Cursors are forgotten when `forget`.
void wh_followings_stop(struct wh_followings *followings, bool forget);
bool wh_followings_caught_up(const struct wh_followings *followings);
// Name of a feed whose publisher's past is not ours any more (Rewound), NULL: none.
const char *wh_followings_rewound(const struct wh_followings *followings);

// How each followed feed stands. asked: Follows sent since the process began.
struct wh_following_figures {
    const char *feed;
    bool connected, caught_up, rewound;
    int64_t seq;
    size_t waiting, held; // held: of them, those that wait for their time or a pause's end
    uint64_t asked;
};
void wh_followings_each(const struct wh_followings *followings,
                        void (*fn)(void *arg, const struct wh_following_figures *figures),
                        void *arg);

// One event from bytes (a dead letter) as a batch of its own; event and payload (NULL where it
// cannot be read) are the batch's. NULL without memory.
struct wh_feed_batch *wh_feed_batch_one(struct wh_followings *followings, size_t follow,
                                        const uint8_t *bytes, size_t n,
                                        const Whistle__V1__Event **ret_event,
                                        const ProtobufCMessage **ret_payload);
// One work of the batch is finished with.
void wh_feed_batch_done(struct wh_feed_batch *batch);

// Cursors that moved without an event (empty batches), for feeds that have nothing waiting: calls
// back for each (NULL: only counts). With a callback they count as written by this turn.
size_t wh_followings_marks(struct wh_followings *followings,
                           void (*each)(void *arg, size_t follow, int64_t seq, const uint8_t *hash),
                           void *arg);
void wh_followings_marks_done(struct wh_followings *followings);
// Everything of this feed up to seq is durable.
void wh_followings_committed(struct wh_followings *followings, size_t follow, int64_t seq);

#endif
