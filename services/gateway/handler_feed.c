// SPDX-License-Identifier: Apache-2.0
// GET /api/v1/feed: what the caller may hear, as server-sent events, from now on or after its
// Last-Event-ID. Decides who may open a stream and where it begins; handler_streams.c what it
// hears.
#include <stdlib.h>
#include <string.h>

#include "gateway/handler_hub.h"
#include "gateway/handler_reply.h"

#define CATCHING_MAX 2000 // behind the ring at once; then BUSY
#define RETRY_LINE "retry: 2000\n"

static void on_gone(void *arg)
{
    struct feed_stream *stream = arg;
    if (stream->hub != NULL)
        stream_leave(stream);
    free(stream);
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
    struct sse first = {0};
    int error = sse_add(&first, RETRY_LINE);
    if (error == 0) {
        const struct http_reply reply = {.status = 200,
                                         .type = SSE_TYPE,
                                         .headers = headers,
                                         .n_headers = 2,
                                         .body = wh_str_n(first.p, first.n)};
        error = http_stream_open(ask->request, &reply, on_gone, stream, &stream->http);
    }
    sse_done(&first);
    return error;
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
    stream_begin(stream);
}
