// SPDX-License-Identifier: Apache-2.0
// Two things for tests of a feed: a past (a journal of random rows that the test knows by heart)
// and an ear (a follower by hand that compares everything it hears with that past).
#ifndef WH_TEST_FEED_EAR_H
#define WH_TEST_FEED_EAR_H

#include <libpq-fe.h>

#include "runtime/journal.h"
#include "support/ring.h"

struct past_row {
    int32_t subjects[4];
    size_t n_subjects, body_n;
    uint8_t body[256];
    uint8_t hash[WH_HASH_SIZE];
};

struct past {
    struct past_row *rows; // rows[seq - 1]
    int64_t head;
    size_t cap;
};

uint32_t past_random(uint64_t *state);
// n more rows into memory, table intake.journal and the tail. Subjects: up to 3 of 16 to 23, and 1.
void past_grow(struct past *past, size_t n, uint64_t *random, PGconn *conn, struct wh_tail *tail);
// The same with a subject that nobody has.
void past_quiet(struct past *past, size_t n, PGconn *conn, struct wh_tail *tail);
void past_done(struct past *past);

#define EAR_SUBJECTS 4

struct ear {
    // how it follows; set by the test
    const char *feed, *name;
    const char *subjects[EAR_SUBJECTS];
    size_t n_subjects;
    bool hashes, stored, forget_hash;
    const uint8_t *claim; // another hash than the past's
    int64_t at;           // its cursor
    int64_t newest;       // above 0: so many before the head, at its next Follow
    // what it heard
    int64_t began, epoch, rewound_head;
    unsigned batches, rewound, refusals;
    size_t events, hashed;
    bool live;
    char rule[40], field[40];
    // its own
    struct net *net;
    const struct wh_door *where;
    int key;
    const struct past *past;
    struct wh_socket *socket;
    int64_t credit_events, credit_bytes;
    int64_t own_subject; // of a department's key
    bool fresh;          // nothing heard since the last Follow
    bool following;      // there was a Follow over this connection
    bool stopping;       // what comes now is not looked at
};

// key 0 and 1 hear all by default, others their own subject (key 2: 16 …).
void ear_open(struct ear *ear, struct net *net, const struct wh_door *where, int key,
              const char *feed, const struct past *past);
void ear_close(struct ear *ear);
void ear_reconnect(struct ear *ear);
// now: over this connection; follows after `at`.
void ear_follow(struct ear *ear, int32_t credit_events, int64_t credit_bytes, bool with_hash);
void ear_credit(struct ear *ear, int32_t events, int64_t bytes);
void ear_tell(struct ear *ear, int64_t seen);
// Waits for the last refusal and compares it.
void ear_expect(struct ear *ear, const char *rule, const char *field);

#endif
