// SPDX-License-Identifier: Apache-2.0
// Following a feed after one's own cursor: Follow, Events, Credit, Rewound. A batch is taken only
// if its `after` is the cursor; after silence (3 s; publishers speak at least every second), a gap
// or a reconnect it follows again, at the next endpoint if one stays silent or fails the handshake.
// When its key ends it goes on with the one that the key file then holds, else on_refused is told.
#ifndef WH_CLIENT_FOLLOW_H
#define WH_CLIENT_FOLLOW_H

#include <stdbool.h>

#include "client/bus.h"
#include "client/frame.h"
#include "client/keys.h"
#include "whistle/v1/envelope.pb-c.h"

#define WH_HASH_SIZE 32

struct wh_cursor {
    int64_t seq;
    uint8_t hash[WH_HASH_SIZE]; // meaningful where has_hash
    bool has_hash;
};

struct wh_follower;

// One batch (after, upto]; events may be empty. Valid during the call. The taker makes its effects
// and the cursor durable together, then calls wh_follower_done (here or later, in order).
typedef void (*wh_events_fn)(void *arg, struct wh_follower *follower,
                             const Whistle__V1__Events *events);
typedef void (*wh_rewound_fn)(void *arg, struct wh_follower *follower,
                              const Whistle__V1__Rewound *rewound);

struct wh_follow_options {
    struct wh_door door; // of kind feed
    struct wh_key key;
    const char *key_file, *doors_file; // read again when reconnecting; NULL: never; copied
    const char *feed;
    const char *name;            // under which the publisher keeps `seen`; "" none
    const char *const *subjects; // codes; n_subjects 0: all that the identity may hear
    size_t n_subjects;
    struct wh_cursor cursor;
    bool stored;    // begin after what the publisher keeps
    int64_t newest; // above 0: begin so many events before the publisher's head
    bool hashes;
    int credit_events;    // 0: 1,024
    int64_t credit_bytes; // 0: 4 MiB
    wh_events_fn on_events;
    wh_rewound_fn on_rewound;
    // the publisher answered Follow with an error (unknown subject, not allowed), or refuses this
    // key (status 401), also in the middle of following; it is asked again after 5 s; may be NULL
    void (*on_refused)(void *arg, struct wh_follower *follower, const Whistle__V1__Error *error);
    void *arg;
};

int wh_follower_new(struct wh_bus *bus, const struct wh_follow_options *options,
                    struct wh_follower **ret_follower);
void wh_follower_free(struct wh_follower *follower);
// Everything up to seq is durable here: gives the batch's credit back and tells the publisher.
void wh_follower_done(struct wh_follower *follower, int64_t seq);
// No more batches until resumed (credit is simply not given back).
void wh_follower_pause(struct wh_follower *follower, bool paused);
// Follow again from another cursor (after Rewound, or a reload of memory).
void wh_follower_restart(struct wh_follower *follower, const struct wh_cursor *cursor);
// Follows sent so far: one at first, one more whenever a connection was lost, silent or had a gap.
uint64_t wh_follower_asked(const struct wh_follower *follower);
bool wh_follower_connected(const struct wh_follower *follower);
// Whether the last batch reached the publisher's head (its `live` flag).
bool wh_follower_caught_up(const struct wh_follower *follower);

// A cursor kept in a file: written to a temporary name, fdatasync, renamed.
int wh_cursor_read(const char *path, struct wh_cursor *ret_cursor); // WH_E_NOTFOUND: no file yet
int wh_cursor_write(const char *path, const struct wh_cursor *cursor);

#endif
