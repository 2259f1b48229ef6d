// SPDX-License-Identifier: Apache-2.0
// One connection's life: accepted within the limits, served in order, ended so that its last bytes
// arrive, freed when its socket is closed and its last request answered.
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "http/internal.h"

static void count_address(struct http_connection *connection, int by)
{
    struct wh_map *addresses = &connection->server->addresses;
    int64_t party = http_address_party(&connection->from);
    size_t n = 0;
    (void)wh_map_get_index(addresses, party, &n);
    n += (size_t)by;
    if (n == 0)
        (void)wh_map_del(addresses, party);
    else
        (void)wh_map_put_index(addresses, party, n);
}

static void free_if_done(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    if (!connection->closed || connection->in_feed || http_asks_open(connection))
        return;
    while (connection->first != NULL)
        http_ask_free(connection->first);
    *connection->slot = connection->next;
    if (connection->next != NULL)
        connection->next->slot = connection->slot;
    free(connection);
    http_server_free_if_done(server);
}

static void on_closed(uv_handle_t *handle)
{
    struct http_connection *connection = handle->data;
    struct http_server *server = connection->server;
    server->figures.connections--;
    count_address(connection, -1);
    connection->in_feed = true; // nothing is freed by what the callbacks do
    http_asks_gone(connection);
    if (connection->stream != NULL)
        http_stream_gone(connection->stream);
    for (struct http_ask *ask = connection->first; ask != NULL; ask = ask->next)
        if (ask->stream != NULL)
            http_stream_gone(ask->stream);
    connection->in_feed = false;
    http_queue_done(&connection->out);
    http_parser_done(&connection->parser);
    free(connection->left);
    connection->left = NULL;
    connection->closed = true;
    free_if_done(connection);
}

void http_connection_close(struct http_connection *connection)
{
    if (connection->closing)
        return;
    connection->closing = true;
    connection->reading_on = false;
    uv_close((uv_handle_t *)&connection->tcp, on_closed);
}

// The kernel forgets at once what it holds for a peer that does not read.
static void reset(struct http_connection *connection)
{
    static const struct linger now = {1, 0};
    uv_os_fd_t fd;
    if (uv_fileno((uv_handle_t *)&connection->tcp, &fd) == 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    http_connection_close(connection);
}

// All is sent: the client is told so, and what it still sends is read and thrown away, since a
// socket closed with unread bytes takes back what was sent.
static void linger(struct http_connection *connection)
{
    uv_os_fd_t fd;
    connection->lingering = true;
    connection->since = uv_now(connection->server->loop);
    if (connection->eof || uv_fileno((uv_handle_t *)&connection->tcp, &fd) != 0 ||
        shutdown(fd, SHUT_WR) != 0)
        http_connection_close(connection);
    else
        http_read_on(connection);
}

static bool is_over(const struct http_connection *connection)
{
    bool streams = connection->stream != NULL && !connection->stream->ended;
    return (connection->ending || connection->eof) && !streams && connection->first == NULL &&
           connection->left == NULL && connection->out.n == 0;
}

// Sends what is answered and parses what was read, until neither gets any further.
static void advance(struct http_connection *connection)
{
    static const struct http_refusal cut = {400, "the request ends early", 0};
    bool more = true;
    while (more && !connection->closing) {
        more = http_read_left(connection);
        if (connection->eof && connection->reading != NULL && connection->left == NULL)
            http_read_refuse(connection, &cut);
        http_asks_send(connection);
        http_write_out(connection);
        more = more || http_read_may(connection);
        more = more && connection->left != NULL;
    }
}

void http_connection_turn(struct http_connection *connection)
{
    if (connection->closed) {
        free_if_done(connection);
        return;
    }
    if (connection->closing || connection->lingering || connection->in_feed)
        return;
    advance(connection);
    if (connection->closing)
        return;
    if (is_over(connection))
        linger(connection);
    else if (connection->ending || (connection->left == NULL && http_read_may(connection)))
        http_read_on(connection);
    else
        http_read_off(connection);
}

void http_connection_end(struct http_connection *connection)
{
    if (connection->reading == NULL)
        connection->ending = true;
    http_connection_turn(connection);
}

void http_connection_sweep(struct http_connection *connection, uint64_t now)
{
    static const struct http_refusal slow = {408, "too slow", 0};
    struct http_figures *figures = &connection->server->figures;
    if (connection->closing)
        return;
    if (http_write_late(connection, now)) {
        if (connection->stream != NULL)
            figures->slow_streams++;
        else
            figures->slow_readers++;
        reset(connection);
    } else if (connection->lingering) {
        if (now - connection->since > HTTP_LINGER_MS)
            http_connection_close(connection);
    } else if (http_read_late(connection, now)) {
        if (connection->reading == NULL) {
            http_connection_close(connection);
            return;
        }
        if (connection->parser.headers_done)
            figures->slow_bodies++;
        else
            figures->slow_heads++;
        http_read_refuse(connection, &slow);
        http_connection_turn(connection);
    }
}

// ---- a new one -------------------------------------------------------------------------------

static const char *full(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    size_t mine = 0;
    (void)wh_map_get_index(&server->addresses, http_address_party(&connection->from), &mine);
    if (server->figures.connections > server->limits.connections)
        return "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\n"
               "Connection: close\r\n\r\n";
    if (!connection->trusted && mine > server->limits.address_connections)
        return "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\nContent-Length: 0\r\n"
               "Connection: close\r\n\r\n";
    return NULL;
}

static void ask_who(struct http_connection *connection)
{
    struct sockaddr_storage socket;
    int n = sizeof socket;
    if (uv_tcp_getpeername(&connection->tcp, (struct sockaddr *)&socket, &n) == 0)
        http_address_of((struct sockaddr *)&socket, &connection->from);
    http_address_write(&connection->from, connection->peer);
    connection->trusted = http_nets_have(&connection->server->trusted, &connection->from);
}

void http_connection_add(struct http_server *server)
{
    struct http_connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL)
        return; // it stays in the queue until there is memory
    connection->server = server;
    connection->next = server->connections;
    connection->slot = &server->connections;
    if (connection->next != NULL)
        connection->next->slot = &connection->next;
    server->connections = connection;
    server->figures.connections++;
    server->figures.accepted++;
    http_parser_init(&connection->parser, &server->limits, &server->bodies);
    (void)uv_tcp_init(server->loop, &connection->tcp);
    connection->tcp.data = connection;
    connection->since = uv_now(server->loop);
    bool accepted = uv_accept((uv_stream_t *)&server->tcp, (uv_stream_t *)&connection->tcp) == 0;
    if (accepted)
        ask_who(connection);
    count_address(connection, 1);
    const char *why = accepted ? full(connection) : NULL;
    if (why != NULL) {
        uv_buf_t reply = uv_buf_init((char *)(uintptr_t)why, (unsigned)strlen(why));
        server->figures.refused_connections++;
        (void)uv_try_write((uv_stream_t *)&connection->tcp, &reply, 1);
    }
    if (!accepted || why != NULL || server->draining) {
        http_connection_close(connection);
        return;
    }
    (void)uv_tcp_nodelay(&connection->tcp, 1);
    http_read_on(connection);
}
