// SPDX-License-Identifier: Apache-2.0
// Older rows, from the journal on the viewing connection: the hash at a cursor, and ranges of at
// most 10,000 keys filtered by subject. Two reads at most are on their way; listeners wait in a
// queue and go to its end after each read, so that one far behind does not hold up the others. What
// a read brings is sent at once and not kept: credit was looked at before.
#include <arpa/inet.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/failpoint.h"
#include "runtime/feed_internal.h"

#define INT_TEXT 12 // of one int32 with its comma

static const struct wh_db_param null_param = {0};

// ---- the queue -------------------------------------------------------------------------------

void feed_read_want(struct listener *listener)
{
    struct wh_feed *feed = listener->feed;
    if (!listener->queued) {
        listener->queued = true;
        listener->queue_next = NULL;
        if (feed->queue_last != NULL)
            feed->queue_last->queue_next = listener;
        else
            feed->queue_first = listener;
        feed->queue_last = listener;
    }
    feed_read_go(feed);
}

static struct listener *queue_take(struct wh_feed *feed)
{
    struct listener *listener = feed->queue_first;
    feed->queue_first = listener->queue_next;
    if (feed->queue_first == NULL)
        feed->queue_last = NULL;
    listener->queued = false;
    return listener;
}

void feed_read_forget(struct listener *listener)
{
    struct wh_feed *feed = listener->feed;
    if (listener->read != NULL)
        listener->read->listener = NULL;
    listener->read = NULL;
    if (!listener->queued)
        return;
    struct listener *before = NULL;
    for (struct listener *l = feed->queue_first; l != listener; l = l->queue_next)
        before = l;
    *(before != NULL ? &before->queue_next : &feed->queue_first) = listener->queue_next;
    if (feed->queue_last == listener)
        feed->queue_last = before;
    listener->queued = false;
}

// ---- results ---------------------------------------------------------------------------------

static bool hash_at(const PGresult *result, int row, int column, uint8_t ret_hash[WH_HASH_SIZE])
{
    if (row >= PQntuples(result) || PQgetlength(result, row, column) != WH_HASH_SIZE)
        return false;
    memcpy(ret_hash, PQgetvalue(result, row, column), WH_HASH_SIZE);
    return true;
}

static int64_t seq_at(const PGresult *result, int row)
{
    int64_t big;
    memcpy(&big, PQgetvalue(result, row, 0), sizeof big);
    return (int64_t)be64toh((uint64_t)big);
}

// Packs what fits. Returns how many rows did.
static int rows_pack(struct listener *listener, const PGresult *rows)
{
    int n = PQntuples(rows), i = 0;
    buffer_begin(&listener->feed->buffer);
    for (; i < n; i++) {
        uint8_t hash[WH_HASH_SIZE];
        if (!hash_at(rows, i, 2, hash) ||
            !buffer_row(listener, (const uint8_t *)PQgetvalue(rows, i, 1),
                        (size_t)PQgetlength(rows, i, 1), hash))
            break;
    }
    return i;
}

// One message of what fits. It reaches the range's end if nothing was cut off, else its last row;
// the rest is read again. Rows that the journal must have and has not are told loudly.
static void rows_send(struct listener *listener, const struct feed_read *read, const PGresult *rows,
                      const PGresult *end)
{
    int n = PQntuples(rows), sent = rows_pack(listener, rows);
    uint8_t hash[WH_HASH_SIZE];
    int64_t upto = read->upto;
    bool whole = sent == n && (size_t)n < read->limit;
    if (whole && !hash_at(end, 0, 0, hash)) {
        if (n == 0) {
            feed_rewound(listener, "the journal lost the rows up to its head");
            return;
        }
        whole = false; // its last row first, then that
    }
    if (whole ? !hash_at(end, 0, 0, hash) : sent == 0 || !hash_at(rows, sent - 1, 2, hash))
        return; // no credit after all, or a journal that lost rows: nothing is claimed
    if (!whole)
        upto = seq_at(rows, sent - 1);
    if (listener_send(listener, upto, hash))
        listener_pump(listener);
}

static void hash_check(struct listener *listener, const PGresult *result)
{
    uint8_t hash[WH_HASH_SIZE];
    if (!hash_at(result, 0, 0, hash))
        feed_rewound(listener, "the journal has no row at the cursor");
    else if (listener->claims && memcmp(listener->hash, hash, WH_HASH_SIZE) != 0)
        feed_rewound(listener, "the journal has another hash at the cursor");
    else
        listener_begin(listener, hash);
}

static void on_read(void *arg, const struct wh_db_outcome *outcome)
{
    struct feed_read *read = arg;
    struct wh_feed *feed = read->feed;
    struct listener *listener = read->listener;
    if (feed == NULL) {
        free(read);
        return;
    }
    read->busy = false;
    read->listener = NULL;
    if (listener != NULL) {
        bool good = outcome->status == 0 && !WH_FAILPOINT("feed.read");
        listener->read = NULL;
        if (good && listener->state == LISTENER_HASH)
            hash_check(listener, outcome->results[0]);
        else if (good)
            rows_send(listener, read, outcome->results[0], outcome->results[1]);
        // a failed read is asked for again by the timer
    }
    feed_read_go(feed);
}

// ---- questions -------------------------------------------------------------------------------

static struct wh_db_param int_param(int64_t *space, int64_t value)
{
    *space = (int64_t)htobe64((uint64_t)value);
    return (struct wh_db_param){(const char *)space, sizeof *space, 1};
}

// "{1,2,3}"; space for FEED_SUBJECTS_MAX numbers.
static struct wh_db_param subjects_param(const struct listener *listener, char *space, size_t n)
{
    if (listener->all)
        return null_param;
    size_t used = 0;
    for (size_t i = 0; i < listener->n_subjects; i++)
        used += (size_t)snprintf(space + used, n - used, "%c%d", i == 0 ? '{' : ',',
                                 (int)listener->subjects[i]);
    used += (size_t)snprintf(space + used, n - used, "}");
    return (struct wh_db_param){space, (int)used, 0};
}

static int ask_hash(struct listener *listener, struct feed_read *read)
{
    struct wh_feed *feed = listener->feed;
    int64_t at;
    struct wh_db_param param = int_param(&at, listener->at);
    struct wh_db_step step = {feed->options.first_statement + FEED_SQL_HASH, &param, 1};
    return wh_db_run(feed->options.viewer, &step, 1, on_read, read);
}

static int ask_rows(struct listener *listener, struct feed_read *read)
{
    struct wh_feed *feed = listener->feed;
    char subjects[FEED_SUBJECTS_MAX * INT_TEXT + 2];
    int64_t space[3], head = feed_head(feed);
    read->upto = listener->at + FEED_RANGE < head ? listener->at + FEED_RANGE : head;
    read->limit =
        listener->credit_events < FEED_ROWS_MAX ? (size_t)listener->credit_events : FEED_ROWS_MAX;
    struct wh_db_param params[] = {
        int_param(&space[0], listener->at),
        int_param(&space[1], read->upto),
        subjects_param(listener, subjects, sizeof subjects),
        int_param(&space[2], (int64_t)read->limit),
    };
    size_t first = feed->options.first_statement;
    struct wh_db_step steps[] = {
        {first + FEED_SQL_ROWS, params, 4},
        {first + FEED_SQL_HASH, &params[1], 1},
    };
    feed->counts.reads++;
    return wh_db_run(feed->options.viewer, steps, 2, on_read, read);
}

static struct feed_read *read_take(struct wh_feed *feed)
{
    for (size_t i = 0; i < FEED_READS_MAX; i++) {
        if (feed->reads[i] == NULL)
            feed->reads[i] = calloc(1, sizeof *feed->reads[i]);
        if (feed->reads[i] != NULL && !feed->reads[i]->busy)
            return feed->reads[i];
    }
    return NULL;
}

// What a listener in the queue needs now; false: nothing (its credit went, or it came to the tail).
static bool read_needed(const struct listener *listener)
{
    if (listener->state == LISTENER_HASH)
        return true;
    return listener->state == LISTENER_BEHIND && listener->credit_events > 0 &&
           listener->credit_bytes > 0 && listener->at < feed_head(listener->feed);
}

void feed_read_go(struct wh_feed *feed)
{
    struct feed_read *read;
    while (feed->queue_first != NULL && !feed->suspended && wh_db_ready(feed->options.viewer) &&
           (read = read_take(feed)) != NULL) {
        struct listener *listener = queue_take(feed);
        if (!read_needed(listener))
            continue;
        *read = (struct feed_read){.feed = feed, .listener = listener, .busy = true};
        listener->read = read;
        int status =
            listener->state == LISTENER_HASH ? ask_hash(listener, read) : ask_rows(listener, read);
        if (status == 0)
            continue;
        read->busy = false; // the timer asks again
        listener->read = NULL;
        return;
    }
}
