// SPDX-License-Identifier: Apache-2.0
// GET /api/v1/feed: what the caller may hear, as server-sent events. A stream first reads what it
// missed (from the ring, or fetched from the feed), then joins the channel of all that hear the
// same; a channel's text is made once and shared. Nobody is told anything twice or with a gap: an
// event's id is the feed's own number, and a stream joins exactly where its channel stands.
#include <stdlib.h>
#include <string.h>

#include "gateway/handler_hub.h"
#include "gateway/handler_reply.h"

#define FLUSH_MS 100
#define CATCH_UNSENT ((size_t)64 << 10) // a stream that catches up has no more than this unsent
#define CATCH_EVENTS 256
#define CATCH_BYTES ((size_t)32 << 10)
#define CATCHING_MAX 2000 // behind the ring at once; then 503
#define RETRY_LINE "retry: 2000\n"

struct feed_stream {
    struct gateway_hub *hub;
    struct http_stream *http;
    struct channel *channel;
    struct feed_stream *next, **slot;
    struct hub_fetch *fetch; // under way
    int64_t position;        // everything up to here was sent, while it is catching up
    struct caller caller;    // its strings are in `words`
    bool live, ended;
    char words[];
};

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

static struct channel *channel_of(struct gateway_hub *hub, int32_t subject)
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

static void go_live(struct feed_stream *stream)
{
    link_out(stream);
    stream->hub->n_catching--;
    stream->live = true;
    link_in(stream, &stream->channel->live);
}

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

// ---- a stream's life ---------------------------------------------------------------------------

static void on_gone(void *arg)
{
    struct feed_stream *stream = arg;
    struct gateway_hub *hub = stream->hub;
    if (hub != NULL) {
        link_out(stream);
        hub->n_streams--;
        if (!stream->live)
            hub->n_catching--;
        if (stream->fetch != NULL)
            hub_fetch_cancel(stream->fetch);
    }
    free(stream);
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

static struct feed_stream *stream_new(struct gateway_ask *ask)
{
    const struct caller *caller = &ask->caller;
    size_t identity = strlen(caller->identity) + 1, key = strlen(caller->key) + 1;
    struct feed_stream *stream = calloc(1, sizeof *stream + identity + key);
    if (stream == NULL)
        return NULL;
    memcpy(stream->words, caller->identity, identity);
    memcpy(stream->words + identity, caller->key, key);
    stream->caller = *caller;
    stream->caller.person = stream->caller.name = "";
    stream->caller.identity = stream->words;
    stream->caller.key = stream->words + identity;
    stream->hub = ask->gateway->hub;
    return stream;
}

// Where it wants to go on: 0 and the event after which; WH_E_NOTFOUND: from now on; WH_E_INVALID.
static int wanted(const struct gateway_ask *ask, int64_t *ret_after)
{
    const char *header = http_header_get(ask->request, "Last-Event-ID");
    struct wh_str id = wh_str(header);
    if (header == NULL || id.n == 0) {
        int error = http_query_get(ask->request, "last_event_id", &id);
        if (error != 0)
            return error == WH_E_NOTFOUND ? WH_E_NOTFOUND : WH_E_INVALID;
    }
    return sse_id_read(id, ret_after);
}

static int open_stream(struct gateway_ask *ask, struct feed_stream *stream)
{
    static const struct http_header headers[] = {{"Cache-Control", "no-store"},
                                                 {"X-Accel-Buffering", "no"}};
    struct gateway_hub *hub = stream->hub;
    struct sse first = {0};
    int error = sse_add(&first, RETRY_LINE);
    if (error == 0)
        error = sse_mark(&first, stream->position);
    if (error == 0) {
        const struct http_reply reply = {.status = 200,
                                         .type = SSE_TYPE,
                                         .headers = headers,
                                         .n_headers = 2,
                                         .body = wh_str_n(first.p, first.n)};
        error = http_stream_open(ask->request, &reply, on_gone, stream, &stream->http);
    }
    sse_done(&first);
    if (error != 0)
        return error;
    link_in(stream, &hub->catching);
    hub->n_streams++;
    hub->n_catching++;
    return 0;
}

void on_feed(struct gateway_ask *ask)
{
    struct gateway_hub *hub = ask->gateway->hub;
    int32_t subject = 0;
    int64_t after = 0;
    int asked = wanted(ask, &after);
    if (asked == WH_E_INVALID) {
        reply_rule(ask, WH_RULE_FIELD_FORMAT, "last_event_id", NULL);
        return;
    }
    int error = hub == NULL || !hub->ready
                    ? WH_E_BUSY
                    : hub_subject(ask->gateway, ask->caller.identity, ask->caller.kinds, &subject);
    if (error == WH_E_NOTFOUND) {
        reply_rule(ask, WH_RULE_SCOPE_FOREIGN, "", NULL);
        return;
    }
    if (error == 0 && hub->n_catching >= CATCHING_MAX)
        error = WH_E_BUSY;
    struct feed_stream *stream = error == 0 ? stream_new(ask) : NULL;
    if (stream != NULL) {
        streams_flush(hub);
        stream->position = asked == 0 ? after : hub->flushed;
        stream->channel = channel_of(hub, subject);
    }
    if (stream == NULL || stream->channel == NULL || open_stream(ask, stream) != 0) {
        free(stream);
        reply_rule(ask, hub == NULL || !hub->ready ? WH_RULE_BUSY_STARTING : WH_RULE_BUSY_WINDOW,
                   "", NULL);
        return;
    }
    catch_up(stream);
}
