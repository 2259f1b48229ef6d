// SPDX-License-Identifier: Apache-2.0
// Event streams: a reply without an end. Each has a bounded backlog; who does not read is ended and
// comes back by itself.
#include <stdlib.h>

#include "http/internal.h"

#define STREAM_SOCKET_BYTES (64 * 1024) // what the kernel may hold of one stream, about

static struct http_queue *queue_of(const struct http_stream *stream)
{
    return stream->ask != NULL ? &stream->ask->reply : &stream->connection->out;
}

int http_stream_open(struct http_request *request, const struct http_reply *reply,
                     void (*gone)(void *arg), void *arg, struct http_stream **ret_stream)
{
    struct http_ask *ask = (struct http_ask *)request;
    struct http_connection *connection = ask->connection;
    struct http_server *server = connection->server;
    if (server->figures.streams >= server->limits.streams || server->draining)
        return WH_E_BUSY;
    struct http_stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL || (!connection->closing && http_reply_make(ask, reply, true) != 0)) {
        http_queue_done(&ask->reply);
        free(stream);
        return WH_E_NOMEM;
    }
    *stream = (struct http_stream){.connection = connection, .ask = ask, .gone = gone, .arg = arg};
    stream->ended = ask->in.head_only || connection->closing;
    ask->stream = stream;
    server->figures.streams++;
    int bytes = STREAM_SOCKET_BYTES;
    (void)uv_send_buffer_size((uv_handle_t *)&connection->tcp, &bytes);
    *ret_stream = stream;
    http_ask_answered(ask);
    http_connection_turn(connection);
    return 0;
}

void http_stream_gone(struct http_stream *stream)
{
    stream->connection->server->figures.streams--;
    stream->ended = true;
    stream->gone(stream->arg);
    free(stream);
}

size_t http_stream_unsent(const struct http_stream *stream)
{
    return queue_of(stream)->bytes;
}

int http_stream_send(struct http_stream *stream, struct http_buffer *buffer)
{
    struct http_connection *connection = stream->connection;
    const struct http_limits *limits = &connection->server->limits;
    if (stream->ended || connection->closing)
        return WH_E_IO;
    if (http_stream_unsent(stream) + http_buffer_size(buffer) > limits->stream_backlog) {
        connection->server->figures.slow_streams++;
        http_connection_close(connection);
        return WH_E_BUSY;
    }
    int error = stream->ask != NULL ? http_queue_add(&stream->ask->reply, buffer)
                                    : http_out_add(connection, buffer);
    if (error != 0)
        http_connection_close(connection);
    else if (stream->ask == NULL)
        http_write_out(connection);
    return error;
}

void http_stream_close(struct http_stream *stream)
{
    stream->ended = true;
    http_connection_turn(stream->connection);
}
