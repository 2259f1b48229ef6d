// SPDX-License-Identifier: Apache-2.0
// Lanes: a chained hash from principal to what it has waiting, and two rings of the lanes that hold
// something. A lane that is served goes to the end of its ring, or away when it is empty. There are
// as many as principals with something at the door at one time.
#include "runtime/lanes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/engine.h"

// ---- lists -----------------------------------------------------------------------------------

void wh_list_push(struct wh_list *list, struct wh_work *work)
{
    work->next = NULL;
    *(list->last ? &list->last->next : &list->first) = work;
    list->last = work;
    list->n++;
}

void wh_list_push_front(struct wh_list *list, struct wh_work *work)
{
    work->next = list->first;
    list->first = work;
    if (!list->last)
        list->last = work;
    list->n++;
}

struct wh_work *wh_list_pop(struct wh_list *list)
{
    struct wh_work *work = list->first;
    if (!work)
        return NULL;
    list->first = work->next;
    if (!list->first)
        list->last = NULL;
    list->n--;
    work->next = NULL;
    return work;
}

// ---- lanes -----------------------------------------------------------------------------------

static size_t bucket_of(const char *principal, bool urgent)
{
    uint32_t h = urgent ? 2166136261u : 16777619u;
    for (const char *c = principal; *c; c++)
        h = (h ^ (uint8_t)*c) * 16777619u;
    return h % WH_LANES_BUCKETS;
}

static struct wh_lane *lane_make(struct wh_lanes *lanes, const struct wh_door_item *item)
{
    struct wh_lane *lane = lanes->spare;
    if (lane)
        lanes->spare = lane->chain;
    else if (!(lane = malloc(sizeof *lane)))
        return &lanes->common;
    *lane = (struct wh_lane){.urgent = item->urgent};
    memcpy(lane->principal, item->principal, sizeof lane->principal);
    struct wh_lane **bucket = &lanes->buckets[bucket_of(item->principal, item->urgent)];
    lane->chain = *bucket;
    *bucket = lane;
    return lane;
}

static struct wh_lane *lane_of(struct wh_lanes *lanes, const struct wh_work *work)
{
    const struct wh_door_item *item = work->door;
    struct wh_lane *lane = lanes->buckets[bucket_of(item->principal, item->urgent)];
    while (lane && (lane->urgent != item->urgent || strcmp(lane->principal, item->principal) != 0))
        lane = lane->chain;
    return lane ? lane : lane_make(lanes, item);
}

static void lane_drop(struct wh_lanes *lanes, struct wh_lane *lane)
{
    if (lane == &lanes->common)
        return;
    struct wh_lane **at = &lanes->buckets[bucket_of(lane->principal, lane->urgent)];
    while (*at != lane)
        at = &(*at)->chain;
    *at = lane->chain;
    lane->chain = lanes->spare;
    lanes->spare = lane;
}

static void ring_add(struct wh_ring *ring, struct wh_lane *lane, bool front)
{
    lane->next = front ? ring->first : NULL;
    if (front || !ring->last)
        ring->first = lane;
    else
        ring->last->next = lane;
    if (!front || !ring->last)
        ring->last = lane;
}

static struct wh_lane *ring_pop(struct wh_ring *ring)
{
    struct wh_lane *lane = ring->first;
    ring->first = lane->next;
    if (!ring->first)
        ring->last = NULL;
    return lane;
}

// ---- in and out ------------------------------------------------------------------------------

void wh_lanes_push(struct wh_lanes *lanes, struct wh_work *work)
{
    struct wh_lane *lane = lane_of(lanes, work);
    if (lane->works.n == 0)
        ring_add(&lanes->rings[lane->urgent], lane, false);
    wh_list_push(&lane->works, work);
    lanes->n++;
}

void wh_lanes_push_front(struct wh_lanes *lanes, struct wh_work *work)
{
    struct wh_lane *lane = lane_of(lanes, work);
    if (lane->works.n == 0)
        ring_add(&lanes->rings[lane->urgent], lane, true);
    wh_list_push_front(&lane->works, work);
    lanes->n++;
}

struct wh_work *wh_lanes_pop(struct wh_lanes *lanes)
{
    if (lanes->n == 0)
        return NULL;
    bool urgent = lanes->rings[1].first && (!lanes->rings[0].first || !lanes->ordinary_next);
    lanes->ordinary_next = urgent;
    struct wh_ring *ring = &lanes->rings[urgent];
    struct wh_lane *lane = ring_pop(ring);
    struct wh_work *work = wh_list_pop(&lane->works);
    lanes->n--;
    if (lane->works.n > 0)
        ring_add(ring, lane, false);
    else
        lane_drop(lanes, lane);
    return work;
}

void wh_lanes_done(struct wh_lanes *lanes)
{
    while (lanes->spare) {
        struct wh_lane *lane = lanes->spare;
        lanes->spare = lane->chain;
        free(lane);
    }
}
