// SPDX-License-Identifier: Apache-2.0
// Who listens: listeners are found by their connection (a Credit comes), by subject (a row was
// committed) and all in a row (the timer). A new row costs one look-up for each of its subjects,
// however many listeners there are.
#include <stdlib.h>
#include <string.h>

#include "runtime/feed_internal.h"

static size_t bucket_of(const struct wh_peer *peer)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < peer->n; i++)
        hash = (hash ^ peer->id[i]) * UINT64_C(0x100000001b3);
    return (size_t)(hash ^ hash >> 29) % FEED_PEER_BUCKETS;
}

// ---- by subject ------------------------------------------------------------------------------

static int hearing_add(struct wh_feed *feed, int32_t subject, struct listener *listener)
{
    struct hearing *hearing = wh_map_get(&feed->subjects, subject);
    if (hearing == NULL) {
        hearing = calloc(1, sizeof *hearing);
        if (hearing == NULL || wh_map_put(&feed->subjects, subject, hearing) != 0) {
            free(hearing);
            return WH_E_NOMEM;
        }
    }
    if (hearing->n == hearing->cap) {
        size_t cap = hearing->cap * 2 + 4;
        struct listener **more = realloc(hearing->listeners, cap * sizeof(struct listener *));
        if (more == NULL)
            return WH_E_NOMEM;
        hearing->listeners = more;
        hearing->cap = cap;
    }
    hearing->listeners[hearing->n++] = listener;
    return 0;
}

static void hearing_drop(struct wh_feed *feed, int32_t subject, struct listener *listener)
{
    struct hearing *hearing = wh_map_get(&feed->subjects, subject);
    for (size_t i = 0; hearing != NULL && i < hearing->n; i++)
        if (hearing->listeners[i] == listener) {
            hearing->listeners[i] = hearing->listeners[--hearing->n];
            break;
        }
    if (hearing == NULL || hearing->n > 0)
        return;
    wh_map_del(&feed->subjects, subject);
    free(hearing->listeners);
    free(hearing);
}

static int index_add(struct wh_feed *feed, struct listener *listener)
{
    if (listener->all)
        return hearing_add(feed, 0, listener);
    for (size_t i = 0; i < listener->n_subjects; i++)
        if (hearing_add(feed, listener->subjects[i], listener) != 0)
            return WH_E_NOMEM;
    return 0;
}

static void index_drop(struct wh_feed *feed, struct listener *listener)
{
    if (listener->all)
        hearing_drop(feed, 0, listener);
    for (size_t i = 0; i < listener->n_subjects; i++)
        hearing_drop(feed, listener->subjects[i], listener);
}

static int by_number(const void *key, const void *member)
{
    int32_t a = *(const int32_t *)key, b = *(const int32_t *)member;
    return (a > b) - (a < b);
}

bool listener_hears(const struct listener *listener, const int32_t *subjects, size_t n)
{
    if (listener->all)
        return true;
    for (size_t i = 0; i < n; i++)
        if (bsearch(&subjects[i], listener->subjects, listener->n_subjects, sizeof subjects[i],
                    by_number) != NULL)
            return true;
    return false;
}

void listener_mark(struct listener *listener, int64_t seq)
{
    if (seq <= listener->at)
        return; // read from the journal already
    if (listener->first == 0)
        listener->first = seq;
    if (listener->dirty)
        return;
    listener->dirty = true;
    listener->feed->dirty[listener->feed->n_dirty++] = listener;
}

static void mark_hearing(struct wh_feed *feed, int32_t subject, int64_t seq)
{
    const struct hearing *hearing = wh_map_get(&feed->subjects, subject);
    for (size_t i = 0; hearing != NULL && i < hearing->n; i++)
        listener_mark(hearing->listeners[i], seq);
}

// Rows that left the tail before they were routed: every live listener has to look for itself.
static void mark_all(struct wh_feed *feed)
{
    for (size_t i = 0; i < feed->n_listeners; i++)
        listener_mark(feed->listeners[i], feed->listeners[i]->at + 1);
}

void feed_route(struct wh_feed *feed)
{
    int64_t head = feed_head(feed);
    if (feed->routed < wh_tail_floor(feed->options.tail))
        mark_all(feed);
    else
        for (int64_t seq = feed->routed + 1; seq <= head; seq++) {
            const struct wh_journal_row *row = wh_tail_get(feed->options.tail, seq);
            mark_hearing(feed, 0, seq);
            for (size_t i = 0; i < row->n_subjects; i++)
                if (row->subjects[i] != 0)
                    mark_hearing(feed, row->subjects[i], seq);
        }
    feed->routed = head;
}

// ---- life ------------------------------------------------------------------------------------

struct listener *listener_add(struct wh_feed *feed, const struct wh_feed_name *channel,
                              const struct wh_packet *packet, int32_t *subjects, size_t n_subjects)
{
    struct listener *listener = calloc(1, sizeof *listener);
    if (listener == NULL) {
        free(subjects);
        return NULL;
    }
    *listener = (struct listener){
        .feed = feed,
        .channel = channel,
        .peer = packet->peer,
        .all = n_subjects == 0,
        .subjects = subjects,
        .n_subjects = n_subjects,
        .spoke = uv_now(wh_bus_loop(feed->options.bus)),
        .slot = feed->n_listeners,
    };
    memcpy(listener->key, packet->user, WH_KEY_Z85 - 1);
    struct listener **bucket = &feed->peers[bucket_of(&packet->peer)];
    listener->chain = *bucket;
    *bucket = listener;
    feed->listeners[feed->n_listeners++] = listener;
    if (index_add(feed, listener) != 0) {
        listener_drop(listener);
        return NULL;
    }
    return listener;
}

static void dirty_drop(struct wh_feed *feed, struct listener *listener)
{
    for (size_t i = 0; listener->dirty && i < feed->n_dirty; i++)
        if (feed->dirty[i] == listener)
            feed->dirty[i] = NULL;
}

void listener_drop(struct listener *listener)
{
    struct wh_feed *feed = listener->feed;
    feed_read_forget(listener);
    index_drop(feed, listener);
    dirty_drop(feed, listener);
    struct listener **link = &feed->peers[bucket_of(&listener->peer)];
    while (*link != listener)
        link = &(*link)->chain;
    *link = listener->chain;
    feed->listeners[listener->slot] = feed->listeners[--feed->n_listeners];
    feed->listeners[listener->slot]->slot = listener->slot;
    feed->lent_bytes -= listener->lent_bytes;
    if (listener->seen != NULL)
        listener->seen->listeners--;
    free(listener->subjects);
    free(listener);
}

struct listener *listener_find(const struct wh_feed *feed, const struct wh_peer *peer,
                               const struct wh_feed_name *channel)
{
    struct listener *listener = feed->peers[bucket_of(peer)];
    for (; listener != NULL; listener = listener->chain)
        if (listener->channel == channel && listener->peer.n == peer->n &&
            memcmp(listener->peer.id, peer->id, peer->n) == 0)
            return listener;
    return NULL;
}

size_t listeners_of_key(const struct wh_feed *feed, const char *key)
{
    size_t n = 0;
    for (size_t i = 0; i < feed->n_listeners; i++)
        n += memcmp(feed->listeners[i]->key, key, WH_KEY_Z85 - 1) == 0;
    return n;
}
