// SPDX-License-Identifier: Apache-2.0
// Messages out. Rows are written straight into one reused buffer as the wire has them (a repeated
// field is a concatenation of its elements), the head of the message is packed before them once it
// is known how far it reaches. Several commits join in one message when a listener's credit or
// socket was busy: a message always says everything in (at, upto].
#include <stdlib.h>
#include <string.h>

#include "runtime/failpoint.h"
#include "runtime/feed_internal.h"
#include "whistle/v1/envelope.pb-c.h"

#define HEAD_ROOM 256 // Frame's tag and length, and Events without its rows

// Tags of the wire: field number << 3 | 2 (length-delimited).
#define TAG_FRAME_EVENTS 0x22 // Frame.events = 4
#define TAG_EVENTS_ROW 0x32   // Events.events = 6
#define TAG_ROW_BODY 0x0a     // EventRow.body = 1
#define TAG_ROW_HASH 0x12     // EventRow.hash = 2

static size_t varint_size(size_t value)
{
    size_t n = 1;
    while (value >= 0x80) {
        value >>= 7;
        n++;
    }
    return n;
}

static uint8_t *varint_put(uint8_t *p, size_t value)
{
    while (value >= 0x80) {
        *p++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *p++ = (uint8_t)value;
    return p;
}

// ---- rows ------------------------------------------------------------------------------------

void buffer_begin(struct feed_buffer *buffer)
{
    buffer->n = HEAD_ROOM;
    buffer->rows = 0;
    buffer->body_bytes = 0;
}

static bool buffer_grow(struct feed_buffer *buffer, size_t n)
{
    if (buffer->n + n <= buffer->cap)
        return true;
    size_t cap = (buffer->n + n) * 3 / 2 + 65536;
    uint8_t *bigger = realloc(buffer->data, cap);
    if (bigger == NULL)
        return false;
    buffer->data = bigger;
    buffer->cap = cap;
    return true;
}

// At least one row goes whenever there is any credit: no row is too big for its follower.
static bool row_fits(const struct listener *listener, size_t body_n)
{
    const struct feed_buffer *buffer = &listener->feed->buffer;
    size_t most =
        listener->feed->lent_bytes < FEED_LENT_MAX ? FEED_MESSAGE_BYTES : FEED_SMALL_BYTES;
    if ((int64_t)buffer->rows >= listener->credit_events || buffer->rows >= FEED_MESSAGE_ROWS)
        return false;
    if (buffer->rows == 0)
        return listener->credit_bytes > 0;
    return buffer->body_bytes + (int64_t)body_n <= listener->credit_bytes &&
           buffer->n + body_n <= most;
}

bool buffer_row(struct listener *listener, const uint8_t *body, size_t body_n, const uint8_t *hash)
{
    struct feed_buffer *buffer = &listener->feed->buffer;
    bool with_hash = listener->hashes && hash != NULL;
    size_t row_n = 1 + varint_size(body_n) + body_n + (with_hash ? 2 + WH_HASH_SIZE : 0);
    if (!row_fits(listener, body_n) || !buffer_grow(buffer, 1 + varint_size(row_n) + row_n))
        return false;
    uint8_t *p = buffer->data + buffer->n;
    *p++ = TAG_EVENTS_ROW;
    p = varint_put(p, row_n);
    *p++ = TAG_ROW_BODY;
    p = varint_put(p, body_n);
    if (body_n > 0)
        memcpy(p, body, body_n);
    p += body_n;
    if (with_hash) {
        *p++ = TAG_ROW_HASH;
        p = varint_put(p, WH_HASH_SIZE);
        memcpy(p, hash, WH_HASH_SIZE);
        p += WH_HASH_SIZE;
    }
    buffer->n = (size_t)(p - buffer->data);
    buffer->rows++;
    buffer->body_bytes += (int64_t)body_n;
    return true;
}

// ---- the message -----------------------------------------------------------------------------

// Packs the head right before the rows. Returns where the message begins, NULL without memory.
static const uint8_t *buffer_finish(struct listener *listener, int64_t upto, const uint8_t *hash,
                                    size_t *ret_n)
{
    struct wh_feed *feed = listener->feed;
    struct feed_buffer *buffer = &feed->buffer;
    Whistle__V1__Events events = WHISTLE__V1__EVENTS__INIT;
    events.feed = (char *)listener->channel->name;
    events.epoch = feed->options.epoch;
    events.after = listener->at;
    events.upto = upto;
    events.hash = (ProtobufCBinaryData){WH_HASH_SIZE, (uint8_t *)hash};
    events.live = upto == feed_head(feed);
    uint8_t head[HEAD_ROOM];
    size_t events_n = whistle__v1__events__get_packed_size(&events);
    size_t rows_n = buffer->n - HEAD_ROOM;
    if (events_n + 16 > HEAD_ROOM || !buffer_grow(buffer, 0))
        return NULL;
    uint8_t *p = head;
    *p++ = TAG_FRAME_EVENTS;
    p = varint_put(p, events_n + rows_n);
    p += whistle__v1__events__pack(&events, p);
    size_t head_n = (size_t)(p - head);
    uint8_t *begin = buffer->data + HEAD_ROOM - head_n;
    memcpy(begin, head, head_n);
    *ret_n = head_n + rows_n;
    return begin;
}

bool listener_send(struct listener *listener, int64_t upto, const uint8_t hash[WH_HASH_SIZE])
{
    struct wh_feed *feed = listener->feed;
    struct feed_buffer *buffer = &feed->buffer;
    size_t n;
    const uint8_t *message = buffer_finish(listener, upto, hash, &n);
    int status =
        message != NULL ? wh_socket_send(feed->socket, &listener->peer, message, n) : WH_E_BUSY;
    if (status == 0 && WH_FAILPOINT("feed.sent"))
        status = WH_E_NOTFOUND; // sent, but taken for lost
    if (status == WH_E_BUSY)
        listener->blocked = true;
    else if (status != 0)
        listener_drop(listener); // its connection has ended; it will follow again
    if (status != 0)
        return false;
    listener->credit_events -= (int64_t)buffer->rows;
    listener->credit_bytes -= buffer->body_bytes;
    listener->lent_bytes += buffer->body_bytes;
    feed->lent_bytes += buffer->body_bytes;
    listener->at = upto;
    listener->told_live |= upto == feed_head(feed);
    memcpy(listener->hash, hash, WH_HASH_SIZE);
    listener->spoke = uv_now(wh_bus_loop(feed->options.bus));
    feed->counts.messages++;
    feed->counts.rows += buffer->rows;
    feed->counts.bytes += n;
    return true;
}

// ---- from the tail ---------------------------------------------------------------------------

static bool has_credit(const struct listener *listener)
{
    return listener->credit_events > 0 && listener->credit_bytes > 0;
}

// One message from the tail. False: nothing more can be done now (or the listener is gone).
static bool send_tail(struct listener *listener)
{
    struct wh_feed *feed = listener->feed;
    int64_t head = feed->routed, next = 0;
    uint8_t hash[WH_HASH_SIZE];
    buffer_begin(&feed->buffer);
    for (int64_t seq = listener->first; seq > 0 && seq <= head && next == 0; seq++) {
        const struct wh_journal_row *row = wh_tail_get(feed->options.tail, seq);
        if (listener_hears(listener, row->subjects, row->n_subjects) &&
            !buffer_row(listener, row->body, row->body_n, row->hash))
            next = seq;
    }
    int64_t upto = next > 0 ? next - 1 : head;
    if (feed->buffer.rows == 0 && (next > 0 || listener->told_live)) {
        listener->first = next; // nothing in between was for it: the next beat says so
        return false;
    }
    if (!wh_tail_hash(feed->options.tail, upto, hash) || !listener_send(listener, upto, hash))
        return false;
    listener->first = next;
    return next > 0;
}

// Live listeners whose next row has left the tail go on from the journal; others come to the tail.
static void find_state(struct listener *listener)
{
    struct wh_feed *feed = listener->feed;
    // Who verifies hears the journal itself, never what memory remembers of it.
    int64_t floor = listener->hashes ? feed->routed : wh_tail_floor(feed->options.tail);
    if (listener->state == LISTENER_LIVE && listener->first > 0 && listener->first <= floor)
        listener->state = LISTENER_BEHIND;
    if (listener->state == LISTENER_BEHIND && listener->read == NULL && listener->at >= floor) {
        listener->state = LISTENER_LIVE;
        listener->first = listener->at < feed->routed ? listener->at + 1 : 0;
    }
}

void listener_pump(struct listener *listener)
{
    if (listener->state == LISTENER_HASH || listener->blocked)
        return;
    find_state(listener);
    if (listener->state == LISTENER_BEHIND) {
        if (has_credit(listener) && listener->read == NULL)
            feed_read_want(listener);
        return;
    }
    if (listener->told_live && (listener->first == 0 || !has_credit(listener)))
        return;
    while (send_tail(listener))
        if (!has_credit(listener))
            return;
}

void listener_begin(struct listener *listener, const uint8_t hash[WH_HASH_SIZE])
{
    memcpy(listener->hash, hash, WH_HASH_SIZE);
    listener->state = LISTENER_BEHIND;
    listener->first = 0;
    listener_pump(listener);
}

void listener_beat(struct listener *listener)
{
    struct wh_feed *feed = listener->feed;
    int64_t upto = listener->at;
    uint8_t hash[WH_HASH_SIZE];
    if (listener->state == LISTENER_HASH || listener->blocked)
        return;
    if (listener->state == LISTENER_LIVE)
        upto = listener->first > 0 ? listener->first - 1 : feed->routed;
    if (upto < listener->at || !wh_tail_hash(feed->options.tail, upto, hash)) {
        upto = listener->at;
        memcpy(hash, listener->hash, WH_HASH_SIZE);
    }
    buffer_begin(&feed->buffer);
    listener_send(listener, upto, hash);
}
