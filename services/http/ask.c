// SPDX-License-Identifier: Apache-2.0
// Requests in hand of one connection, in the order in which they came: answered in any order, sent
// in theirs.
#include <stdlib.h>

#include "http/internal.h"

struct http_ask *http_ask_new(struct http_connection *connection)
{
    struct http_ask *ask = calloc(1, sizeof *ask);
    if (ask == NULL)
        return NULL;
    http_incoming_init(&ask->in);
    ask->connection = connection;
    ask->in.request.peer = connection->peer;
    if (connection->last != NULL)
        connection->last->next = ask;
    else
        connection->first = ask;
    connection->last = ask;
    connection->in_hand++;
    connection->server->in_hand++;
    return ask;
}

void http_ask_answered(struct http_ask *ask)
{
    ask->answered = true;
    ask->gone = NULL;
    ask->connection->server->bodies -= ask->in.request.body.n;
    ask->in.request.body.n = 0;
    http_incoming_done(&ask->in);
}

void http_ask_free(struct http_ask *ask)
{
    struct http_connection *connection = ask->connection;
    connection->first = ask->next;
    if (connection->first == NULL)
        connection->last = NULL;
    connection->in_hand--;
    connection->server->in_hand--;
    http_ask_answered(ask);
    http_queue_done(&ask->reply);
    free(ask);
}

// Its reply goes out, what is sent on its stream from now on goes out directly.
static bool ask_send(struct http_ask *ask)
{
    struct http_connection *connection = ask->connection;
    struct http_buffer *buffer;
    int error = 0;
    while (error == 0 && (buffer = http_queue_take(&ask->reply)) != NULL) {
        error = http_out_add(connection, buffer);
        http_buffer_unref(buffer);
    }
    if (ask->stream != NULL) {
        ask->stream->ask = NULL;
        connection->stream = ask->stream;
    }
    return error == 0;
}

// A client that waits for leave to send its body gets it when its turn comes.
static bool ask_continue(struct http_ask *ask)
{
    static const char leave[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (!ask->in.expects_continue || ask->whole || ask != ask->connection->reading ||
        ask->in.request.body.n > 0)
        return true;
    ask->in.expects_continue = false;
    struct http_buffer *buffer = http_buffer_new(leave, sizeof leave - 1);
    int error = buffer != NULL ? http_out_add(ask->connection, buffer) : WH_E_NOMEM;
    http_buffer_unref(buffer);
    return error == 0;
}

// One that is answered before it was read goes when its end has come, or when that is not waited
// for.
static bool is_ready(const struct http_ask *ask)
{
    return ask->answered && (ask->whole || ask->last);
}

void http_asks_send(struct http_connection *connection)
{
    bool fine = true;
    while (fine && connection->first != NULL && is_ready(connection->first)) {
        struct http_ask *ask = connection->first;
        bool last = ask->last || ask->stream != NULL;
        fine = ask_send(ask);
        if (ask == connection->reading)
            connection->reading = NULL;
        http_ask_free(ask);
        connection->since = uv_now(connection->server->loop);
        if (last)
            connection->ending = true;
    }
    if (fine && connection->first != NULL && connection->first->in.has_body)
        fine = ask_continue(connection->first);
    if (!fine)
        http_connection_close(connection);
}

void http_ask_gone(struct http_ask *ask)
{
    void (*gone)(struct http_request *, void *) = ask->gone;
    ask->gone = NULL;
    if (gone != NULL)
        gone(&ask->in.request, ask->gone_arg);
}

void http_asks_gone(struct http_connection *connection)
{
    for (struct http_ask *ask = connection->first; ask != NULL; ask = ask->next) {
        http_ask_gone(ask);
        if (!ask->whole && !ask->answered)
            http_ask_answered(ask);
    }
}

bool http_asks_open(const struct http_connection *connection)
{
    for (const struct http_ask *ask = connection->first; ask != NULL; ask = ask->next)
        if (!ask->answered)
            return true;
    return false;
}

void http_on_gone(struct http_request *request, void (*fn)(struct http_request *request, void *arg),
                  void *arg)
{
    struct http_ask *ask = (struct http_ask *)request;
    ask->gone = fn;
    ask->gone_arg = arg;
}
