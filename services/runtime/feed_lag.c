// SPDX-License-Identifier: Apache-2.0
// How far followers are behind, in events and in time. An event's own time would jump with the
// wall clock, so ages come from where the head stood when: noted every second for two minutes,
// every minute for two hours, every hour for five days, since this process owns the journal.
#include <string.h>

#include "runtime/feed_internal.h"

void feed_sample(struct wh_feed *feed, uint64_t now)
{
    static const uint64_t every[FEED_SAMPLE_TIERS] = {1000, 60 * 1000, 60 * 60 * 1000};
    for (size_t tier = 0; tier < FEED_SAMPLE_TIERS; tier++) {
        struct feed_samples *samples = &feed->samples[tier];
        const struct feed_sample *last = &samples->ring[(samples->n - 1) % FEED_SAMPLES];
        if (samples->n == 0 || now - last->time >= every[tier] * 9 / 10)
            samples->ring[samples->n++ % FEED_SAMPLES] =
                (struct feed_sample){.time = now, .head = feed_head(feed)};
    }
}

void feed_samples_forget(struct wh_feed *feed)
{
    for (size_t tier = 0; tier < FEED_SAMPLE_TIERS; tier++)
        feed->samples[tier].n = 0;
}

// The earliest time of this tier at which the head had passed seq; `since` where there is none.
static uint64_t tier_since(const struct feed_samples *samples, int64_t seq, uint64_t since)
{
    size_t n = samples->n < FEED_SAMPLES ? samples->n : FEED_SAMPLES;
    for (size_t back = 0; back < n; back++) {
        const struct feed_sample *one = &samples->ring[(samples->n - 1 - back) % FEED_SAMPLES];
        if (one->head <= seq)
            break;
        since = one->time < since ? one->time : since;
    }
    return since;
}

// How long ago the head passed `seq`.
static int64_t age_of(const struct wh_feed *feed, int64_t seq)
{
    uint64_t now = uv_now(wh_bus_loop(feed->options.bus)), since = now;
    for (size_t tier = 0; tier < FEED_SAMPLE_TIERS; tier++)
        since = tier_since(&feed->samples[tier], seq, since);
    return (int64_t)(now - since);
}

bool wh_feed_lag(const struct wh_feed *feed, const char *name, int64_t *ret_events, int64_t *ret_ms)
{
    int64_t head = feed_head(feed);
    bool found = false;
    for (size_t i = 0; i < feed->n_listeners; i++) {
        const struct listener *listener = feed->listeners[i];
        const struct seen *seen = listener->seen;
        if (seen == NULL || (listener->roles & WH_ROLE_SERVICE) == 0 ||
            strcmp(seen->name, name) != 0)
            continue;
        int64_t events = head > seen->seen ? head - seen->seen : 0;
        if (!found || events > *ret_events)
            *ret_events = events;
        found = true;
    }
    if (found)
        *ret_ms = *ret_events > 0 ? age_of(feed, head - *ret_events) : 0;
    return found;
}

void wh_feed_each(const struct wh_feed *feed,
                  void (*fn)(void *arg, const char *name, const char *identity, int64_t seen,
                             bool connected),
                  void *arg)
{
    for (const struct seen *seen = feed->seen_all; seen != NULL; seen = seen->each)
        fn(arg, seen->name, seen->identity, seen->seen, seen->listeners > 0);
}

int64_t wh_feed_seen_by(const struct wh_feed *feed, const char *identity)
{
    return seen_by(feed, identity);
}

static int64_t lent_to(const struct wh_feed *feed, const struct seen *seen)
{
    int64_t lent = 0;
    for (size_t i = 0; seen->listeners > 0 && i < feed->n_listeners; i++)
        if (feed->listeners[i]->seen == seen)
            lent += feed->listeners[i]->lent_bytes;
    return lent;
}

void wh_feed_standings(const struct wh_feed *feed,
                       void (*fn)(void *arg, const struct wh_standing *standing), void *arg)
{
    int64_t head = feed_head(feed);
    for (const struct seen *seen = feed->seen_all; seen != NULL; seen = seen->each) {
        int64_t events = head > seen->seen ? head - seen->seen : 0;
        if (seen->name[0] == '\0' && seen->listeners == 0)
            continue; // came and went, nobody expects it back
        const struct wh_standing standing = {
            .feed = seen->channel->name,
            .identity = seen->identity,
            .connected = seen->listeners > 0,
            .seen_at = seen->seen_at,
            .events = events,
            .ms = events > 0 ? age_of(feed, seen->seen) : 0,
            .lent_bytes = lent_to(feed, seen),
        };
        fn(arg, &standing);
    }
}
