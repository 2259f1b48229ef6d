// SPDX-License-Identifier: Apache-2.0
// Journal rows: packing an event, chaining its hash, the tail in memory. hash = BLAKE2b-256
// (previous hash ‖ body); the journal before its first row has 32 zero bytes. No I/O.
#ifndef WH_RUNTIME_JOURNAL_H
#define WH_RUNTIME_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/follow.h"

// A row as it stands in the database. Pointers belong to whoever made it.
struct wh_journal_row {
    int64_t seq, at, object;
    uint32_t kind; // field number in <Service>Event's oneof
    const int32_t *subjects;
    size_t n_subjects;
    const uint8_t *body;
    size_t body_n;
    uint8_t hash[WH_HASH_SIZE];
};

void wh_journal_hash(const uint8_t previous[WH_HASH_SIZE], const uint8_t *body, size_t n,
                     uint8_t ret_hash[WH_HASH_SIZE]);

// The newest committed rows, copied, bounded by bytes and count; the oldest leave.
struct wh_tail;
struct wh_tail *wh_tail_new(size_t max_bytes, size_t max_rows);
void wh_tail_free(struct wh_tail *tail);
void wh_tail_reset(struct wh_tail *tail, int64_t seq, const uint8_t hash[WH_HASH_SIZE]);
int wh_tail_append(struct wh_tail *tail, const struct wh_journal_row *row); // seq must be head + 1
int64_t wh_tail_head(const struct wh_tail *tail, uint8_t ret_hash[WH_HASH_SIZE]);
// Rows with seq > first are in the tail completely when first >= this.
int64_t wh_tail_floor(const struct wh_tail *tail);
// NULL where not in the tail. The floor's own hash is known too (ret by wh_tail_hash).
const struct wh_journal_row *wh_tail_get(const struct wh_tail *tail, int64_t seq);
bool wh_tail_hash(const struct wh_tail *tail, int64_t seq, uint8_t ret_hash[WH_HASH_SIZE]);

#endif
