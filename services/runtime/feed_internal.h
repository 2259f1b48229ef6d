// SPDX-License-Identifier: Apache-2.0
// Between the feed's files: feed.c (life and timer), feed_ask.c (Follow, Credit), feed_listen.c
// (who listens to what, found by subject and by connection), feed_send.c (messages out),
// feed_read.c (the journal's older rows), feed_seen.c (what was heard as seen, by name). A listener
// is the publisher's side of one follower.
#ifndef WH_RUNTIME_FEED_INTERNAL_H
#define WH_RUNTIME_FEED_INTERNAL_H

#include "base/map.h"
#include "runtime/feed.h"

#define FEED_LISTENERS_MAX 1024
#define FEED_LISTENERS_PER_KEY 64
#define FEED_SUBJECTS_MAX 256
#define FEED_NAME_MAX 64
#define FEED_READS_MAX 2
#define FEED_RANGE 10000
#define FEED_ROWS_MAX 1024               // of one read
#define FEED_MESSAGE_ROWS 4000           // below the follower's limit of a repeated field
#define FEED_MESSAGE_BYTES (1024 * 1024) // of one Events message
#define FEED_LENT_MAX (48 * 1024 * 1024) // sent and not given back, over all listeners
#define FEED_SMALL_BYTES (64 * 1024)     // of one message while more than that is lent
#define FEED_PEER_BUCKETS 1024
#define FEED_SEEN_BUCKETS 1024
#define FEED_SAMPLES 128 // every second, every minute, every hour
#define FEED_SAMPLE_TIERS 3

enum feed_statement { FEED_SQL_HASH, FEED_SQL_ROWS, FEED_SQL_LOAD, FEED_SQL_SAVE };

// What was heard as seen. One per (feed name, identity, name); lives as long as the feed.
struct seen {
    const struct wh_feed_name *channel;
    char identity[WH_IDENTITY_MAX + 1];
    char name[FEED_NAME_MAX + 1]; // "": kept in memory only
    int64_t seen, seen_at;
    bool dirty;         // differs from the table
    unsigned listeners; // connected under it now
    struct seen *next;  // in its bucket
    struct seen *each;  // all of them
};

enum listener_state {
    LISTENER_HASH,   // its cursor's hash is being looked up
    LISTENER_BEHIND, // served from the journal
    LISTENER_LIVE,   // served from the tail
};

struct feed_read;

struct listener {
    struct wh_feed *feed;
    const struct wh_feed_name *channel;
    struct wh_peer peer;
    char key[WH_KEY_Z85];
    char identity[WH_IDENTITY_MAX + 1];
    unsigned roles;
    bool all;          // else subjects, sorted
    bool hashes;       // wants each row's hash
    int32_t *subjects; // owned
    size_t n_subjects;
    struct seen *seen;
    enum listener_state state;
    int64_t at;                 // everything up to here was sent
    uint8_t hash[WH_HASH_SIZE]; // the journal's at `at`; in state HASH: the follower's claim
    bool claims;                // state HASH: there is a claim
    int64_t first;              // LIVE: first row after `at` that it has to hear; 0: none yet
    bool told_live;             // has had a message that reached the head
    bool blocked;               // its socket is full
    bool dirty, queued;         // in feed->dirty, in the reading queue
    struct feed_read *read;     // on its way
    int64_t credit_events, credit_bytes, lent_bytes;
    uint64_t spoke;         // loop time of the last message to it
    size_t slot;            // in feed->listeners
    struct listener *chain; // in its bucket of peers
    struct listener *queue_next;
};

// Who hears one subject.
struct hearing {
    struct listener **listeners;
    size_t n, cap;
};

struct feed_read {
    struct wh_feed *feed;      // NULL: the feed is closed
    struct listener *listener; // NULL: it is gone
    int64_t upto;
    size_t limit;
    bool busy;
};

struct feed_buffer {
    uint8_t *data;
    size_t n, cap;
    size_t rows;
    int64_t body_bytes; // what the rows cost in credit
};

struct wh_feed {
    struct wh_feed_options options;
    struct wh_socket *socket;
    uv_timer_t timer;
    struct wh_arena arena; // of the message in hand
    bool suspended, loaded, closing, timer_closed;
    int64_t routed; // rows up to here were shown to the index
    struct listener *listeners[FEED_LISTENERS_MAX];
    size_t n_listeners;
    struct listener *peers[FEED_PEER_BUCKETS];
    struct wh_map subjects; // to struct hearing; subject 0: who hears everything
    struct listener *dirty[FEED_LISTENERS_MAX];
    size_t n_dirty;
    struct listener *queue_first, *queue_last;
    struct feed_read *reads[FEED_READS_MAX];
    struct feed_buffer buffer;
    int64_t lent_bytes;
    struct seen *seen_buckets[FEED_SEEN_BUCKETS], *seen_all;
    bool loading, saving, save_wanted;
    uint64_t saved_at, looked_at; // loop times
    struct feed_samples {
        struct feed_sample {
            uint64_t time;
            int64_t head;
        } ring[FEED_SAMPLES];
        size_t n; // counted on for ever
    } samples[FEED_SAMPLE_TIERS];
    struct wh_feed_counts counts;
};

// ---- feed.c ----------------------------------------------------------------------------------
int64_t feed_head(const struct wh_feed *feed);
const struct wh_feed_name *feed_channel(const struct wh_feed *feed, const char *name); // NULL: none
// For callbacks of the database: the feed was closed meanwhile (and may be freed by this call).
bool feed_closed(struct wh_feed *feed);
void feed_refuse(struct wh_feed *feed, const struct wh_peer *peer, enum wh_rule rule,
                 const char *field, int64_t retry_ms);
// Tells the listener and forgets it.
void feed_rewound(struct listener *listener, const char *why);

// ---- feed_ask.c ------------------------------------------------------------------------------
void feed_on_packet(void *arg, struct wh_socket *socket, const struct wh_packet *packet);

// ---- feed_listen.c ---------------------------------------------------------------------------
// Takes `subjects` (malloc'ed, sorted) over in any case. NULL without memory.
struct listener *listener_add(struct wh_feed *feed, const struct wh_feed_name *channel,
                              const struct wh_packet *packet, int32_t *subjects, size_t n_subjects);
void listener_drop(struct listener *listener);
struct listener *listener_find(const struct wh_feed *feed, const struct wh_peer *peer,
                               const struct wh_feed_name *channel);
size_t listeners_of_key(const struct wh_feed *feed, const char *key);
bool listener_hears(const struct listener *listener, const int32_t *subjects, size_t n);
void listener_mark(struct listener *listener, int64_t seq);
// Shows the tail's new rows to the index; who hears one is in feed->dirty afterwards.
void feed_route(struct wh_feed *feed);

// ---- feed_send.c -----------------------------------------------------------------------------
void buffer_begin(struct feed_buffer *buffer);
// False: no room in this message (or no memory); nothing was added.
bool buffer_row(struct listener *listener, const uint8_t *body, size_t body_n, const uint8_t *hash);
// Sends the rows as (listener->at, upto]; moves the listener. False: it is blocked or gone.
bool listener_send(struct listener *listener, int64_t upto, const uint8_t hash[WH_HASH_SIZE]);
// Everything that can be sent now; asks for a read where the tail does not reach.
void listener_pump(struct listener *listener);
// Its cursor is good: from here on it is served.
void listener_begin(struct listener *listener, const uint8_t hash[WH_HASH_SIZE]);
// Says where it stands, without rows. For who has heard nothing for long.
void listener_beat(struct listener *listener);

// ---- feed_read.c -----------------------------------------------------------------------------
void feed_read_want(struct listener *listener);
void feed_read_forget(struct listener *listener);
void feed_read_go(struct wh_feed *feed);

// ---- feed_lag.c ------------------------------------------------------------------------------
// Where the head stands now, for ages later on; at most once a second.
void feed_sample(struct wh_feed *feed, uint64_t now);
void feed_samples_forget(struct wh_feed *feed);

// ---- feed_seen.c -----------------------------------------------------------------------------
// Found or made. NULL without memory or with too many names for one identity.
struct seen *seen_of(struct wh_feed *feed, const struct wh_feed_name *channel, const char *identity,
                     const char *name);
int64_t seen_by(const struct wh_feed *feed, const char *identity); // the highest; 0 none
void seen_set(struct wh_feed *feed, struct seen *seen, int64_t seq);
void seen_load(struct wh_feed *feed);
// Once a second at most; nothing to do is fine.
void seen_save(struct wh_feed *feed);
void seen_free(struct wh_feed *feed);

#endif
