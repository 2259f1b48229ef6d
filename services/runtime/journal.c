// SPDX-License-Identifier: Apache-2.0
// The chain's hash, and the tail: the newest committed rows, bodies and subjects copied into one
// ring of bytes, so that a feed's followers at the head never cost a query. When the ring is full
// the oldest rows leave; the hash of the last one that left is kept (the floor).
#include "runtime/journal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

struct wh_tail {
    uint8_t *ring;
    size_t ring_n, write; // where the next copy goes
    struct wh_journal_row *rows;
    size_t *starts; // of a row's bytes in the ring
    size_t max_rows, first, n;
    int64_t floor;
    uint8_t floor_hash[WH_HASH_SIZE];
};

void wh_journal_hash(const uint8_t previous[WH_HASH_SIZE], const uint8_t *body, size_t n,
                     uint8_t ret_hash[WH_HASH_SIZE])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, WH_HASH_SIZE);
    crypto_generichash_update(&state, previous, WH_HASH_SIZE);
    crypto_generichash_update(&state, body, n);
    crypto_generichash_final(&state, ret_hash, WH_HASH_SIZE);
}

struct wh_tail *wh_tail_new(size_t max_bytes, size_t max_rows)
{
    struct wh_tail *tail = calloc(1, sizeof *tail);
    if (!tail)
        return NULL;
    tail->ring_n = max_bytes & ~(size_t)7;
    tail->max_rows = max_rows;
    tail->ring = malloc(tail->ring_n);
    tail->rows = calloc(max_rows, sizeof *tail->rows);
    tail->starts = calloc(max_rows, sizeof *tail->starts);
    if (tail->ring && tail->rows && tail->starts)
        return tail;
    wh_tail_free(tail);
    return NULL;
}

void wh_tail_free(struct wh_tail *tail)
{
    if (!tail)
        return;
    free(tail->ring);
    free(tail->rows);
    free(tail->starts);
    free(tail);
}

void wh_tail_reset(struct wh_tail *tail, int64_t seq, const uint8_t hash[WH_HASH_SIZE])
{
    tail->first = tail->n = tail->write = 0;
    tail->floor = seq;
    memcpy(tail->floor_hash, hash, WH_HASH_SIZE);
}

static struct wh_journal_row *row_at(const struct wh_tail *tail, size_t index)
{
    return &tail->rows[(tail->first + index) % tail->max_rows];
}

static void drop_oldest(struct wh_tail *tail)
{
    const struct wh_journal_row *row = row_at(tail, 0);
    tail->floor = row->seq;
    memcpy(tail->floor_hash, row->hash, WH_HASH_SIZE);
    tail->first = (tail->first + 1) % tail->max_rows;
    tail->n--;
    if (tail->n == 0)
        tail->write = 0;
}

// A place for n bytes in one piece; rows in the way leave. n is at most the ring.
static size_t make_room(struct wh_tail *tail, size_t n)
{
    if (tail->write + n > tail->ring_n) {
        while (tail->n > 0 && tail->starts[tail->first] >= tail->write)
            drop_oldest(tail);
        tail->write = 0;
    }
    while (tail->n > 0 && tail->starts[tail->first] >= tail->write &&
           tail->starts[tail->first] < tail->write + n)
        drop_oldest(tail);
    return tail->write;
}

int wh_tail_append(struct wh_tail *tail, const struct wh_journal_row *row)
{
    if (row->seq != tail->floor + (int64_t)tail->n + 1)
        return WH_E_CONFLICT;
    size_t subjects = row->n_subjects * sizeof *row->subjects;
    size_t n = (subjects + row->body_n + 8) & ~(size_t)7; // never empty: starts differ
    if (n > tail->ring_n) {
        wh_tail_reset(tail, row->seq, row->hash);
        return 0;
    }
    if (tail->n == tail->max_rows)
        drop_oldest(tail);
    size_t start = make_room(tail, n);
    uint8_t *to = tail->ring + start;
    struct wh_journal_row *copy = row_at(tail, tail->n);
    *copy = *row;
    if (subjects)
        memcpy(to, row->subjects, subjects);
    if (row->body_n)
        memcpy(to + subjects, row->body, row->body_n);
    copy->subjects = (const int32_t *)(const void *)to;
    copy->body = to + subjects;
    tail->starts[(tail->first + tail->n) % tail->max_rows] = start;
    tail->n++;
    tail->write = start + n;
    return 0;
}

int64_t wh_tail_head(const struct wh_tail *tail, uint8_t ret_hash[WH_HASH_SIZE])
{
    int64_t head = tail->floor + (int64_t)tail->n;
    if (ret_hash)
        wh_tail_hash(tail, head, ret_hash);
    return head;
}

int64_t wh_tail_floor(const struct wh_tail *tail)
{
    return tail->floor;
}

const struct wh_journal_row *wh_tail_get(const struct wh_tail *tail, int64_t seq)
{
    if (seq <= tail->floor || seq > tail->floor + (int64_t)tail->n)
        return NULL;
    return row_at(tail, (size_t)(seq - tail->floor - 1));
}

bool wh_tail_hash(const struct wh_tail *tail, int64_t seq, uint8_t ret_hash[WH_HASH_SIZE])
{
    const struct wh_journal_row *row = wh_tail_get(tail, seq);
    if (!row && seq != tail->floor)
        return false;
    memcpy(ret_hash, row ? row->hash : tail->floor_hash, WH_HASH_SIZE);
    return true;
}
