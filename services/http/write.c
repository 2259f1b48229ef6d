// SPDX-License-Identifier: Apache-2.0
// The sending half of a connection: what can be sent at once is; the rest waits for the socket, and
// how long it may wait grows with its bytes by the slowest rate a reader is allowed.
#include <stdlib.h>

#include "http/internal.h"

struct http_write {
    uv_write_t request;
    struct http_connection *connection;
    size_t bytes;
};

int http_out_add(struct http_connection *connection, struct http_buffer *buffer)
{
    if (connection->out.bytes == 0) {
        connection->out_since = connection->out_moved = uv_now(connection->server->loop);
        connection->out_bytes = 0;
    }
    connection->out_bytes += http_buffer_size(buffer);
    return http_queue_add(&connection->out, buffer);
}

// Nothing of it has gone for send_ms, or all of it goes slower than the slowest rate.
bool http_write_late(struct http_connection *connection, uint64_t now)
{
    const struct http_limits *limits = &connection->server->limits;
    uint64_t gone = connection->out_sent;
    if (connection->out.bytes == 0)
        return false;
    if (connection->write != NULL)
        gone += connection->write->bytes -
                uv_stream_get_write_queue_size((uv_stream_t *)&connection->tcp);
    if (gone != connection->out_seen)
        connection->out_moved = now;
    connection->out_seen = gone;
    return now - connection->out_moved > limits->send_ms ||
           now - connection->out_since >
               limits->send_ms + connection->out_bytes * 1000 / limits->send_rate;
}

static void sent(struct http_connection *connection, size_t n)
{
    connection->server->figures.bytes_out += n;
    connection->out_sent += n;
    http_queue_sent(&connection->out, n);
}

static void on_written(uv_write_t *request, int status)
{
    struct http_write *write = request->data;
    struct http_connection *connection = write->connection;
    connection->write = NULL;
    if (status == 0)
        sent(connection, write->bytes);
    free(write);
    if (status != 0)
        http_connection_close(connection);
    else
        http_connection_turn(connection);
}

static void write_later(struct http_connection *connection, const uv_buf_t *pieces, unsigned n)
{
    struct http_write *write = calloc(1, sizeof *write);
    if (write == NULL) {
        http_connection_close(connection);
        return;
    }
    write->connection = connection;
    write->request.data = write;
    for (unsigned i = 0; i < n; i++)
        write->bytes += pieces[i].len;
    connection->write = write;
    if (uv_write(&write->request, (uv_stream_t *)&connection->tcp, pieces, n, on_written) != 0) {
        connection->write = NULL;
        free(write);
        http_connection_close(connection);
    }
}

void http_write_out(struct http_connection *connection)
{
    uv_buf_t pieces[HTTP_PIECES];
    while (connection->out.n > 0 && connection->write == NULL && !connection->closing) {
        unsigned n = http_queue_pieces(&connection->out, pieces);
        int done = uv_try_write((uv_stream_t *)&connection->tcp, pieces, n);
        if (done == UV_EAGAIN)
            write_later(connection, pieces, n);
        else if (done < 0)
            http_connection_close(connection);
        else
            sent(connection, (size_t)done);
    }
}
