// SPDX-License-Identifier: Apache-2.0
// Shared by follows.c (feeds, cursors) and feed_batch.c (a batch's memory, from bytes to events).
#ifndef WH_RUNTIME_FOLLOWS_INTERNAL_H
#define WH_RUNTIME_FOLLOWS_INTERNAL_H

#include "runtime/follows.h"

struct wh_feed_batch {
    struct wh_following *owner;
    struct wh_arena arena;
    size_t left;
    bool counted; // among the owner's waiting
    struct wh_feed_batch *next;
};

struct wh_following {
    struct wh_followings *all;
    size_t index;
    struct wh_door door;
    struct wh_follower *follower;
    struct wh_cursor cursor; // of what was handed to the engine
    size_t waiting;          // events not yet finished with
    bool marked;             // the cursor moved without an event since the last write
    int64_t writing;         // mark in the turn in hand, 0: none
    bool rewound;
    uint64_t asked; // Follows of followers that are gone
};

struct wh_followings {
    struct wh_runtime *runtime;
    struct wh_following *each;
    size_t n;
    struct wh_feed_batch *spare;
    size_t n_spare;
};

struct wh_feed_batch *wh_feed_batch_new(struct wh_following *owner); // left 0, not counted
// The event of a row, and its payload (NULL: cannot be read), in the batch's arena. What cannot
// even be read as an Event becomes one without a readable payload, numbered seq. NULL without
// memory.
const Whistle__V1__Event *wh_feed_batch_event(struct wh_feed_batch *batch, const uint8_t *bytes,
                                              size_t n, int64_t seq,
                                              const ProtobufCMessage **ret_payload);

#endif
