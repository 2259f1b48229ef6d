// SPDX-License-Identifier: Apache-2.0
// What open streams hear. Each first reads what it missed (from the ring, or fetched from the
// feed), then joins the channel of all that hear the same; a channel's text is made once and
// shared. Nobody is told anything twice or with a gap: an event's id is the feed's own number, and
// a stream joins exactly where its channel stands.
#include <stdlib.h>
#include <string.h>

#include "gateway/directory.h"
#include "gateway/handler_hub.h"

#define FLUSH_MS 100
#define CATCH_UNSENT ((size_t)64 << 10) // a stream that catches up has no more than this unsent
#define CATCH_EVENTS 256
#define CATCH_BYTES ((size_t)32 << 10)

static void link_in(struct feed_stream *stream, struct feed_stream **list)
{
    stream->next = *list;
    stream->slot = list;
    if (stream->next != NULL)
        stream->next->slot = &stream->next;
    *list = stream;
}

static void link_out(struct feed_stream *stream)
{
    *stream->slot = stream->next;
    if (stream->next != NULL)
        stream->next->slot = stream->slot;
}

static void say(struct feed_stream *stream, const struct sse *text)
{
    struct http_buffer *buffer = text->n > 0 ? http_buffer_new(text->p, text->n) : NULL;
    if (buffer != NULL)
        (void)http_stream_send(stream->http, buffer);
    else if (text->n > 0)
        http_stream_close(stream->http); // it comes back where it was
    http_buffer_unref(buffer);
}

// ---- channels ----------------------------------------------------------------------------------

struct channel *channel_of(struct gateway_hub *hub, int32_t subject)
{
    struct channel *channel = wh_map_get(&hub->channels, subject);
    if (channel != NULL)
        return channel;
    channel = calloc(1, sizeof *channel);
    if (channel == NULL || wh_map_put(&hub->channels, subject, channel) != 0) {
        free(channel);
        return NULL;
    }
    channel->subject = subject;
    return channel;
}

// Without memory its streams end, and come back for what they missed.
static void channel_fail(struct channel *channel)
{
    for (struct feed_stream *stream = channel->live; stream != NULL; stream = stream->next)
        http_stream_close(stream->http);
    sse_done(&channel->pending);
}

static void channel_hear(struct gateway_hub *hub, int32_t subject, const struct hub_event *event)
{
    struct channel *channel = wh_map_get(&hub->channels, subject);
    if (channel == NULL || channel->live == NULL)
        return;
    if (channel->pending.n == 0) {
        channel->next_full = hub->full;
        hub->full = channel;
    }
    if (sse_event(&channel->pending, event->seq, event->json, event->n) != 0)
        channel_fail(channel);
}

static bool named_before(const struct hub_event *event, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (event->subjects[k] == event->subjects[i])
            return true;
    return false;
}

void streams_heard(struct gateway_hub *hub, const struct hub_event *event)
{
    channel_hear(hub, HUB_ALL, event);
    for (size_t i = 0; i < event->n_subjects; i++)
        if (event->subjects[i] != HUB_ALL && !named_before(event, i))
            channel_hear(hub, event->subjects[i], event);
}

static void channel_send(struct channel *channel, const struct sse *text)
{
    struct http_buffer *buffer = http_buffer_new(text->p, text->n);
    if (buffer == NULL) {
        channel_fail(channel);
        return;
    }
    for (struct feed_stream *stream = channel->live; stream != NULL; stream = stream->next)
        (void)http_stream_send(stream->http, buffer);
    http_buffer_unref(buffer);
}

void streams_flush(struct gateway_hub *hub)
{
    while (hub->full != NULL) {
        struct channel *channel = hub->full;
        hub->full = channel->next_full;
        channel->next_full = NULL;
        if (channel->pending.n > 0)
            channel_send(channel, &channel->pending);
        sse_done(&channel->pending);
    }
    hub->flushed = hub_head(hub->ring);
    hub->flushed_at = uv_now(wh_runtime_loop(hub->gateway->runtime));
}

void streams_moved(struct gateway_hub *hub)
{
    uint64_t past = uv_now(wh_runtime_loop(hub->gateway->runtime)) - hub->flushed_at;
    if (hub->full == NULL || past >= FLUSH_MS)
        streams_flush(hub);
    else
        hub_flush_soon(hub, FLUSH_MS - past);
}

// ---- catching up -------------------------------------------------------------------------------

static void tell_events(struct feed_stream *stream, const struct hub_event *events, size_t n,
                        int64_t upto)
{
    struct sse text = {0};
    int error = 0;
    for (size_t i = 0; i < n && error == 0; i++)
        if (events[i].seq > stream->position)
            error = sse_event(&text, events[i].seq, events[i].json, events[i].n);
    if (error == 0)
        say(stream, &text);
    else
        http_stream_close(stream->http);
    sse_done(&text);
    stream->position = upto;
}

static void tell_rewound(struct feed_stream *stream, int64_t head)
{
    struct sse text = {0};
    if (sse_rewound(&text, head) == 0)
        say(stream, &text);
    sse_done(&text);
    stream->position = head;
}

static void on_fetched(void *arg, int status, const struct hub_event *events, size_t n,
                       int64_t upto)
{
    struct feed_stream *stream = arg;
    stream->fetch = NULL;
    if (stream->ended)
        return;
    if (status == 0)
        tell_events(stream, events, n, upto);
    else if (status == WH_E_REWOUND)
        tell_rewound(stream, upto);
    else if (status != WH_E_TIMEOUT) // a timeout: the next tick asks again
        http_stream_close(stream->http);
}

// It has everything; its client is told how far that is, so that it never asks for it again.
static void go_live(struct feed_stream *stream)
{
    struct sse text = {0};
    if (sse_mark(&text, stream->position) == 0)
        say(stream, &text);
    sse_done(&text);
    link_out(stream);
    stream->hub->n_catching--;
    stream->live = true;
    link_in(stream, &stream->channel->live);
}

// As far as it goes now; false: later.
static bool catch_up_once(struct feed_stream *stream)
{
    struct gateway_hub *hub = stream->hub;
    struct hub_event events[CATCH_EVENTS];
    int64_t upto = 0;
    if (stream->ended || stream->fetch != NULL || http_stream_unsent(stream->http) > CATCH_UNSENT)
        return false;
    int n = stream->position > hub_head(hub->ring)
                ? WH_E_RANGE // of another past? its feed knows
                : hub_read(hub->ring, stream->channel->subject, stream->position, CATCH_EVENTS,
                           CATCH_BYTES, events, &upto);
    if (n >= 0) {
        tell_events(stream, events, (size_t)n, upto);
        if (upto < hub_head(hub->ring))
            return true;
        go_live(stream);
        return false;
    }
    const char *identity = stream->channel->subject == HUB_ALL ? NULL : stream->caller.identity;
    (void)hub_fetch(hub, identity, stream->position, on_fetched, stream, &stream->fetch);
    return false;
}

static void catch_up(struct feed_stream *stream)
{
    if (stream->hub->full != NULL) // live streams and the ring are at the same event then
        streams_flush(stream->hub);
    while (catch_up_once(stream))
        ;
}

// ---- the tick ----------------------------------------------------------------------------------

static void heartbeat(struct gateway_hub *hub)
{
    struct sse text = {0};
    int64_t key;
    void *value;
    streams_flush(hub);
    if (sse_mark(&text, hub->flushed) == 0)
        for (size_t at = 0; wh_map_next(&hub->channels, &at, &key, &value);)
            channel_send(value, &text);
    sse_done(&text);
}

// Is its caller still who was let in? A session or key that has ended, another post chosen, an
// identity with other rights: then it must ask again.
static bool still(const struct feed_stream *stream, int64_t now)
{
    struct gateway *gateway = stream->hub->gateway;
    const struct caller *caller = &stream->caller;
    unsigned kinds = wh_live_roles(gateway->runtime, caller->identity);
    if ((kinds & caller->kinds) != caller->kinds)
        return false;
    if (caller->kind == CALLER_KEY) {
        const struct api_key *key = directory_api_key(gateway->directory, caller->key);
        return key != NULL && api_key_live(key, now);
    }
    const struct session *session = directory_session(gateway->directory, caller->session);
    const struct person *person =
        session != NULL ? directory_person(gateway->directory, session->person) : NULL;
    return person != NULL && strcmp(session->identity, caller->identity) == 0 &&
           session_live(session, person, gateway->idle_ms, gateway->life_ms, now);
}

static void end_others(struct feed_stream *list, int64_t now)
{
    for (struct feed_stream *stream = list; stream != NULL; stream = stream->next)
        if (!stream->ended && !still(stream, now)) {
            stream->ended = true;
            http_stream_close(stream->http);
        }
}

void streams_check(struct gateway_hub *hub)
{
    int64_t key, now = wh_wall_now();
    void *value;
    if (!wh_serving(hub->gateway->runtime)) // nobody is known then
        return;
    for (size_t at = 0; wh_map_next(&hub->channels, &at, &key, &value);)
        end_others(((struct channel *)value)->live, now);
    end_others(hub->catching, now);
}

void streams_tick(struct gateway_hub *hub, bool beat)
{
    for (struct feed_stream *stream = hub->catching, *next; stream != NULL; stream = next) {
        next = stream->next;
        catch_up(stream);
    }
    if (beat)
        heartbeat(hub);
}

void streams_rewound(struct gateway_hub *hub, int64_t head)
{
    int64_t key;
    void *value;
    struct sse text = {0};
    streams_flush(hub);
    if (sse_rewound(&text, head) == 0)
        for (size_t at = 0; wh_map_next(&hub->channels, &at, &key, &value);)
            channel_send(value, &text);
    sse_done(&text);
    for (struct feed_stream *stream = hub->catching; stream != NULL; stream = stream->next) {
        if (stream->fetch != NULL)
            hub_fetch_cancel(stream->fetch);
        stream->fetch = NULL;
        tell_rewound(stream, head);
    }
}

// ---- coming and going --------------------------------------------------------------------------

void stream_begin(struct feed_stream *stream)
{
    link_in(stream, &stream->hub->catching);
    stream->hub->n_streams++;
    stream->hub->n_catching++;
    catch_up(stream);
}

void stream_leave(struct feed_stream *stream)
{
    struct gateway_hub *hub = stream->hub;
    link_out(stream);
    hub->n_streams--;
    if (!stream->live)
        hub->n_catching--;
    if (stream->fetch != NULL)
        hub_fetch_cancel(stream->fetch);
}

void streams_close(struct gateway_hub *hub)
{
    int64_t key;
    void *value;
    for (size_t at = 0; wh_map_next(&hub->channels, &at, &key, &value);) {
        struct channel *channel = value;
        for (struct feed_stream *stream = channel->live; stream != NULL; stream = stream->next)
            stream->hub = NULL; // the connections' end is the listener's
        sse_done(&channel->pending);
        free(channel);
    }
    for (struct feed_stream *stream = hub->catching; stream != NULL; stream = stream->next)
        stream->hub = NULL;
    wh_map_done(&hub->channels);
}
