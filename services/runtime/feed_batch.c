// SPDX-License-Identifier: Apache-2.0
// A batch's memory: one arena for all its events, reused, given back when the last work that came
// of it is finished with.
#include <stdlib.h>

#include "runtime/follows_internal.h"

#define ARENA_CAP ((size_t)128 << 20)
#define SPARE_MAX 8

struct wh_feed_batch *wh_feed_batch_new(struct wh_following *owner)
{
    struct wh_followings *all = owner->all;
    struct wh_feed_batch *batch = all->spare;
    if (batch) {
        all->spare = batch->next;
        all->n_spare--;
    } else {
        batch = calloc(1, sizeof *batch);
        if (!batch)
            return NULL;
        wh_arena_init(&batch->arena, ARENA_CAP);
    }
    batch->owner = owner;
    batch->left = 0;
    batch->counted = false;
    return batch;
}

static void batch_free(struct wh_feed_batch *batch)
{
    struct wh_followings *all = batch->owner->all;
    if (all->n_spare >= SPARE_MAX) {
        wh_arena_done(&batch->arena);
        free(batch);
        return;
    }
    wh_arena_reset(&batch->arena);
    batch->next = all->spare;
    all->spare = batch;
    all->n_spare++;
}

void wh_feed_batch_done(struct wh_feed_batch *batch)
{
    if (batch->counted)
        batch->owner->waiting--;
    if (--batch->left == 0)
        batch_free(batch);
}

// What cannot even be read as an Event becomes one without payload, so that it can be set aside.
static const Whistle__V1__Event *event_of(struct wh_arena *arena, const uint8_t *bytes, size_t n,
                                          int64_t seq)
{
    const ProtobufCMessage *message =
        wh_unpack_ample(&whistle__v1__event__descriptor, arena, bytes, n, NULL);
    if (message)
        return (const Whistle__V1__Event *)message;
    Whistle__V1__Event *event = wh_arena_alloc(arena, sizeof *event);
    if (!event)
        return NULL;
    whistle__v1__event__init(event);
    event->seq = seq;
    event->payload = (ProtobufCBinaryData){n, wh_arena_dup(arena, bytes, n)};
    if (!event->payload.data)
        event->payload.len = 0;
    return event;
}

static const ProtobufCMessage *payload_of(const struct wh_following *following,
                                          struct wh_arena *arena, const Whistle__V1__Event *event)
{
    const struct wh_service *service = following->all->runtime->service;
    return wh_unpack_ample(service->follows[following->index].payload, arena, event->payload.data,
                           event->payload.len, NULL);
}

const Whistle__V1__Event *wh_feed_batch_event(struct wh_feed_batch *batch, const uint8_t *bytes,
                                              size_t n, int64_t seq,
                                              const ProtobufCMessage **ret_payload)
{
    const Whistle__V1__Event *event = event_of(&batch->arena, bytes, n, seq);
    if (event)
        *ret_payload = payload_of(batch->owner, &batch->arena, event);
    return event;
}

struct wh_feed_batch *wh_feed_batch_one(struct wh_followings *followings, size_t follow,
                                        const uint8_t *bytes, size_t n,
                                        const Whistle__V1__Event **ret_event,
                                        const ProtobufCMessage **ret_payload)
{
    struct wh_following *following = &followings->each[follow];
    struct wh_feed_batch *batch = wh_feed_batch_new(following);
    if (!batch)
        return NULL;
    batch->left = 1;
    *ret_event = wh_feed_batch_event(batch, bytes, n, 0, ret_payload);
    if (*ret_event)
        return batch;
    wh_feed_batch_done(batch);
    return NULL;
}
