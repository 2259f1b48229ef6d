// SPDX-License-Identifier: Apache-2.0
// The reading half of a connection: bytes into requests, no more of them than may be in hand, and
// nobody may take for ever over one.
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/internal.h"

static void on_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    (void)suggested;
    struct http_connection *connection = handle->data;
    *ret_buf = uv_buf_init(connection->server->chunk, HTTP_READ_BYTES);
}

bool http_read_may(const struct http_connection *connection)
{
    const struct http_limits *limits = &connection->server->limits;
    return !connection->ending && !connection->closing &&
           (connection->reading != NULL || connection->in_hand < limits->in_hand) &&
           connection->out.bytes <= limits->unsent_bytes;
}

// What a trusted proxy says of its client.
static void proxy_says(struct http_connection *connection, struct http_request *request)
{
    const char *from = http_header_get(request, "X-Forwarded-For");
    const char *scheme = http_header_get(request, "X-Forwarded-Proto");
    struct http_address address;
    if (!connection->trusted)
        return;
    request->secure = scheme != NULL && strcasecmp(scheme, "https") == 0;
    if (from == NULL || !http_forwarded_for(from, &connection->server->trusted, &address))
        return;
    char *text = wh_arena_alloc(request->arena, HTTP_ADDRESS_TEXT);
    if (text != NULL) {
        http_address_write(&address, text);
        request->peer = text;
    }
}

void http_read_refuse(struct http_connection *connection, const struct http_refusal *refusal)
{
    struct http_ask *ask = connection->reading;
    connection->reading = NULL;
    connection->ending = true;
    http_ask_refuse(ask, refusal);
}

static void on_refused(struct http_connection *connection, const struct http_refusal *refusal)
{
    connection->server->figures.malformed++;
    http_read_refuse(connection, refusal);
}

static void on_head(struct http_connection *connection)
{
    static const struct http_refusal too_long = {413, "the body is too long", 0};
    struct http_server *server = connection->server;
    struct http_ask *ask = connection->reading;
    proxy_says(connection, &ask->in.request);
    connection->since = uv_now(server->loop);
    if (server->config.head != NULL)
        ask->in.body_max = server->config.head(&ask->in.request, server->config.arg);
    if (ask->answered && ask->in.has_body)
        connection->ending = true;
    else if (!ask->answered && ask->in.length > ask->in.body_max)
        on_refused(connection, &too_long);
}

static void on_whole(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    struct http_ask *ask = connection->reading;
    ask->whole = true;
    connection->reading = NULL;
    server->figures.requests++;
    if (!ask->in.keep_alive || server->draining)
        ask->last = connection->ending = true;
    if (!ask->answered)
        server->config.handle(&ask->in.request, server->config.arg);
}

// An ask for the bytes that come.
static bool begin(struct http_connection *connection)
{
    struct http_ask *ask = http_ask_new(connection);
    if (ask == NULL)
        return false;
    connection->reading = ask;
    connection->since = uv_now(connection->server->loop);
    http_parser_next(&connection->parser, &ask->in);
    return true;
}

// One step of the parser over data; how many bytes it took. *ret_again: call once more, even
// without bytes.
static size_t step(struct http_connection *connection, const char *data, size_t n, bool *ret_again)
{
    enum http_step what;
    size_t took = http_parser_feed(&connection->parser, data, n, &what);
    *ret_again = what == HTTP_STEP_HEAD;
    if (what == HTTP_STEP_HEAD)
        on_head(connection);
    else if (what == HTTP_STEP_WHOLE)
        on_whole(connection);
    else if (what == HTTP_STEP_REFUSED)
        on_refused(connection, &connection->parser.refusal);
    return took;
}

// What cannot be parsed now is kept; at most one read's bytes.
static void keep(struct http_connection *connection, const char *data, size_t n)
{
    if (n == 0 || connection->ending || connection->closing)
        return;
    connection->left = malloc(n);
    if (connection->left == NULL) {
        http_connection_close(connection);
        return;
    }
    memcpy(connection->left, data, n);
    connection->left_n = n;
}

static void feed(struct http_connection *connection, const char *data, size_t n)
{
    bool again = false;
    connection->in_feed = true;
    while ((n > 0 || again) && http_read_may(connection)) {
        if (connection->reading == NULL && !begin(connection)) {
            http_connection_close(connection);
            break;
        }
        size_t took = step(connection, data, n, &again);
        data += took;
        n -= took;
    }
    connection->in_feed = false;
    keep(connection, data, n);
}

bool http_read_left(struct http_connection *connection)
{
    char *data = connection->left;
    size_t n = connection->left_n;
    if (data == NULL || !http_read_may(connection))
        return false;
    connection->left = NULL;
    connection->left_n = 0;
    feed(connection, data, n);
    free(data);
    return true;
}

static void on_end(struct http_connection *connection)
{
    connection->eof = true;
    http_read_off(connection);
    if (connection->stream != NULL || connection->lingering)
        http_connection_close(connection);
    else
        http_connection_turn(connection);
}

// Nothing of it counts any more, but what was sent before must still arrive.
static void throw_away(struct http_connection *connection, size_t n)
{
    connection->lingered += n;
    if (connection->lingered > HTTP_LINGER_BYTES)
        http_connection_close(connection);
}

static void on_read(uv_stream_t *tcp, ssize_t n, const uv_buf_t *buf)
{
    struct http_connection *connection = tcp->data;
    if (n == UV_EOF) {
        on_end(connection);
    } else if (n < 0) {
        http_connection_close(connection);
    } else if (n > 0) {
        connection->server->figures.bytes_in += (uint64_t)n;
        if (connection->ending)
            throw_away(connection, (size_t)n);
        else
            feed(connection, buf->base, (size_t)n);
        http_connection_turn(connection);
    }
}

void http_read_on(struct http_connection *connection)
{
    if (connection->reading_on || connection->eof || connection->closing)
        return;
    connection->reading_on = true;
    if (uv_read_start((uv_stream_t *)&connection->tcp, on_buffer, on_read) != 0)
        http_connection_close(connection);
}

void http_read_off(struct http_connection *connection)
{
    if (connection->reading_on)
        (void)uv_read_stop((uv_stream_t *)&connection->tcp);
    connection->reading_on = false;
}

bool http_read_late(struct http_connection *connection, uint64_t now)
{
    struct http_server *server = connection->server;
    const struct http_limits *limits = &server->limits;
    bool pressed = server->figures.connections * 4 > (size_t)limits->connections * 3;
    uint64_t past = now - connection->since;
    if (connection->ending || connection->eof || !connection->reading_on)
        return false;
    if (connection->reading == NULL)
        return connection->first == NULL && connection->out.n == 0 &&
               past > limits->idle_ms / (pressed ? 12 : 1);
    if (!connection->parser.headers_done)
        return past > limits->head_ms / (pressed ? 5 : 1);
    return past >
           limits->body_ms + connection->reading->in.request.body.n * 1000 / limits->body_rate;
}
