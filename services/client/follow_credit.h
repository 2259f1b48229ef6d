// SPDX-License-Identifier: Apache-2.0
// Counting what a follower has lent to its publisher: batches taken and not yet done, events and
// bytes given back and not yet told. Bytes of a batch are the lengths of its events' bodies. Pure.
#ifndef WH_CLIENT_FOLLOW_CREDIT_H
#define WH_CLIENT_FOLLOW_CREDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "whistle/v1/envelope.pb-c.h"

struct wh_credit_batch {
    int64_t upto;
    int32_t events;
    int64_t bytes;
};

struct wh_credit {
    int32_t all_events;
    int64_t all_bytes;
    struct wh_credit_batch *ring; // taken and not done, in order
    size_t first, n, room;        // room: a power of two
    int32_t held_events;          // of the ring
    int64_t held_bytes;
    int32_t back_events; // done, not told
    int64_t back_bytes;
    int64_t seen; // done up to here
    bool untold;  // seen or credit has news
};

void wh_credit_init(struct wh_credit *credit, int32_t events, int64_t bytes); // 0: 1,024, 4 MiB
void wh_credit_done(struct wh_credit *credit);
// A batch was taken. 0, WH_E_NOMEM.
int wh_credit_lend(struct wh_credit *credit, const Whistle__V1__Events *events);
// Everything up to seq is done.
void wh_credit_return(struct wh_credit *credit, int64_t seq);
// What a fresh Follow may offer: all but what is held.
void wh_credit_free_now(const struct wh_credit *credit, int32_t *ret_events, int64_t *ret_bytes);
// The publisher knows of all that came back.
void wh_credit_told(struct wh_credit *credit);
// Another past begins at seq: what was held is void.
void wh_credit_forget(struct wh_credit *credit, int64_t seq);

#endif
