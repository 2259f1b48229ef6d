// SPDX-License-Identifier: Apache-2.0
// The feed's publishing side: a ROUTER socket. Answers Follow, sends Events within a follower's
// credit (events and bytes), from the tail in memory, else from the journal by key ranges of 10,000
// on the viewing connection; tells Rewound; keeps `seen` by name (table follower, written at most
// once a second in one statement on the viewing connection). Says something to every follower at
// least once a second. Decides who may hear what: subjects are the follower's own identity, or any
// if its role is in the feed name's roles.
#ifndef WH_RUNTIME_FEED_H
#define WH_RUNTIME_FEED_H

#include "client/bus.h"
#include "runtime/db.h"
#include "runtime/identity.h"
#include "runtime/journal.h"
#include "runtime/metrics.h"
#include "runtime/service.h"

struct wh_feed;

struct wh_feed_options {
    struct wh_bus *bus;
    const char *endpoint;
    const struct wh_key *key;
    const struct wh_service *service; // feeds, subject()
    void *state;
    struct wh_identity *identity;
    struct wh_tail *tail;
    struct wh_db *viewer;
    // indices of the feed's statements among the viewer's prepared ones, see wh_feed_sql
    size_t first_statement;
    int64_t epoch;
    struct wh_metrics *metrics; // where refusals are counted; NULL: nowhere
};

// SQL that the viewer must have prepared for the feed, in this order.
extern const char *const wh_feed_sql[];
extern const size_t wh_feed_sql_n;

int wh_feed_open(const struct wh_feed_options *options, struct wh_feed **ret_feed);
void wh_feed_close(struct wh_feed *feed);
// The tail has grown (after a commit): send to who stands at its end.
void wh_feed_moved(struct wh_feed *feed);
// Ownership or the database is lost: the socket stays bound, nothing is sent, followers are
// forgotten (they ask again after their silence). Then resumed with the new epoch, after the tail
// was rebuilt.
void wh_feed_suspend(struct wh_feed *feed);
// The process ends in order: followers are told to follow again soon, then as suspended. (Else they
// notice by its silence, which takes them 1.5 s.)
void wh_feed_end(struct wh_feed *feed);
void wh_feed_resume(struct wh_feed *feed, int64_t epoch);
// For wh_follower_lag, wh_followers_each, wh_seen_by. Lag counts connected followers of role
// service only (nobody else shall hold up a publisher by taking a name); ms: since the head passed
// what it has seen.
bool wh_feed_lag(const struct wh_feed *feed, const char *name, int64_t *ret_events,
                 int64_t *ret_ms);
void wh_feed_each(const struct wh_feed *feed,
                  void (*fn)(void *arg, const char *name, const char *identity, int64_t seen,
                             bool connected),
                  void *arg);
int64_t wh_feed_seen_by(const struct wh_feed *feed, const char *identity);
// How one follower, under one of its names (or connected without one), stands. seen_at: ms UTC of
// its last word, 0 never.
struct wh_standing {
    const char *feed, *identity;
    bool connected;
    int64_t seen_at, events, ms, lent_bytes;
};
void wh_feed_standings(const struct wh_feed *feed,
                       void (*fn)(void *arg, const struct wh_standing *standing), void *arg);
int64_t wh_feed_lent(const struct wh_feed *feed); // bytes, over all followers
// Listeners with credit that have rows of the journal before them (drain: wait until none is left).
size_t wh_feed_backlog(const struct wh_feed *feed);

struct wh_feed_counts {
    uint64_t messages, rows, bytes; // sent
    uint64_t reads;                 // of older rows from the journal
    uint64_t rewound, refused;      // Follows
    uint64_t revoked;               // listeners whose key ended
};
struct wh_feed_counts wh_feed_counts(const struct wh_feed *feed);
size_t wh_feed_listeners(const struct wh_feed *feed);

#endif
