// SPDX-License-Identifier: Apache-2.0
// A reply's head and how it is put behind others. The fields that say how long a reply is and
// whether the connection goes on are made here and nowhere else.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "http/internal.h"

#define TEXT_TYPE "text/plain; charset=utf-8"
#define SMALL_BODY 16384 // goes into one buffer with its head
#define HEAD_ROOM 256    // status line, Date, Content-Length, Connection

const char *http_reason(int status)
{
    static const struct {
        int status;
        const char *text;
    } reasons[] = {{200, "OK"},
                   {201, "Created"},
                   {202, "Accepted"},
                   {204, "No Content"},
                   {302, "Found"},
                   {303, "See Other"},
                   {304, "Not Modified"},
                   {400, "Bad Request"},
                   {401, "Unauthorized"},
                   {403, "Forbidden"},
                   {404, "Not Found"},
                   {405, "Method Not Allowed"},
                   {406, "Not Acceptable"},
                   {408, "Request Timeout"},
                   {409, "Conflict"},
                   {410, "Gone"},
                   {412, "Precondition Failed"},
                   {413, "Content Too Large"},
                   {414, "URI Too Long"},
                   {415, "Unsupported Media Type"},
                   {417, "Expectation Failed"},
                   {422, "Unprocessable Content"},
                   {428, "Precondition Required"},
                   {429, "Too Many Requests"},
                   {431, "Request Header Fields Too Large"},
                   {500, "Internal Server Error"},
                   {501, "Not Supported"},
                   {502, "Bad Gateway"},
                   {503, "Service Unavailable"},
                   {504, "Gateway Timeout"},
                   {505, "HTTP Version Not Supported"}};
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].status == status)
            return reasons[i].text;
    return "Other";
}

static const char *date(struct http_server *server)
{
    struct timespec now;
    struct tm tm;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec != server->date_at && gmtime_r(&now.tv_sec, &tm) != NULL &&
        strftime(server->date, sizeof server->date, "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0)
        server->date_at = now.tv_sec;
    return server->date;
}

static bool is_clean(const char *text)
{
    for (; *text != '\0'; text++)
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
            return false;
    return true;
}

static char *put(char *at, const char *text)
{
    size_t n = strlen(text);
    memcpy(at, text, n);
    return at + n;
}

static char *put_field(char *at, const char *name, const char *value)
{
    if (!is_clean(name) || !is_clean(value))
        return at;
    return put(put(put(put(at, name), ": "), value), "\r\n");
}

static size_t head_room(const struct http_server *server, const struct http_reply *reply)
{
    size_t room = HEAD_ROOM + server->fields_n;
    if (reply->type != NULL)
        room += strlen(reply->type) + 32;
    for (size_t i = 0; i < reply->n_headers; i++)
        room += strlen(reply->headers[i].name) + strlen(reply->headers[i].value) + 4;
    return room;
}

static size_t body_size(const struct http_reply *reply)
{
    return reply->shared != NULL ? http_buffer_size(reply->shared) : reply->body.n;
}

static char *put_head(struct http_ask *ask, const struct http_reply *reply, bool stream, char *at)
{
    struct http_server *server = ask->connection->server;
    at += sprintf(at, "HTTP/1.1 %d %s\r\nDate: %s\r\n", reply->status, http_reason(reply->status),
                  date(server));
    if (reply->type != NULL)
        at = put_field(at, "Content-Type", reply->type);
    if (!stream && reply->status != 204 && reply->status != 304)
        at += sprintf(at, "Content-Length: %zu\r\n", body_size(reply));
    if (stream || ask->last)
        at = put(at, "Connection: close\r\n");
    else if (!ask->in.is_1_1)
        at = put(at, "Connection: keep-alive\r\n");
    memcpy(at, server->fields, server->fields_n);
    at += server->fields_n;
    for (size_t i = 0; i < reply->n_headers; i++)
        at = put_field(at, reply->headers[i].name, reply->headers[i].value);
    return put(at, "\r\n");
}

static void decide_last(struct http_ask *ask, const struct http_reply *reply)
{
    struct http_connection *connection = ask->connection;
    bool drains = (connection->ending || connection->server->draining) && ask->next == NULL;
    bool unread = !ask->whole && ask->in.has_body;
    if (reply->close || drains || unread || !ask->in.keep_alive)
        ask->last = true;
}

int http_reply_make(struct http_ask *ask, const struct http_reply *reply, bool stream)
{
    struct http_server *server = ask->connection->server;
    decide_last(ask, reply);
    bool no_body = ask->in.head_only || reply->status == 204 || reply->status == 304;
    size_t body_n = no_body ? 0 : body_size(reply);
    bool inside = reply->shared == NULL || body_n <= SMALL_BODY;
    struct http_buffer *buffer =
        http_buffer_new(NULL, head_room(server, reply) + (inside ? body_n : 0));
    if (buffer == NULL)
        return WH_E_NOMEM;
    char *begin = http_buffer_data(buffer), *at = put_head(ask, reply, stream, begin);
    if (inside && body_n > 0) {
        memcpy(at, reply->shared != NULL ? http_buffer_data(reply->shared) : reply->body.p, body_n);
        at += body_n;
    }
    http_buffer_cut(buffer, (size_t)(at - begin));
    int error = http_queue_add(&ask->reply, buffer);
    http_buffer_unref(buffer);
    if (error == 0 && !inside)
        error = http_queue_add(&ask->reply, reply->shared);
    server->figures.replies[reply->status / 100 % 6]++;
    return error;
}

void http_respond(struct http_request *request, const struct http_reply *reply)
{
    struct http_ask *ask = (struct http_ask *)request;
    struct http_connection *connection = ask->connection;
    int error = connection->closing ? 0 : http_reply_make(ask, reply, false);
    http_ask_answered(ask);
    if (error != 0)
        http_connection_close(connection);
    http_connection_turn(connection);
}

void http_respond_text(struct http_request *request, int status, const char *text)
{
    http_respond(request,
                 &(struct http_reply){.status = status, .type = TEXT_TYPE, .body = wh_str(text)});
}

void http_ask_refuse(struct http_ask *ask, const struct http_refusal *refusal)
{
    const struct http_config *config = &ask->connection->server->config;
    char line[160], after[16];
    struct http_reply reply = {.type = TEXT_TYPE};
    (void)snprintf(line, sizeof line, "refused: %s\n", refusal->why);
    reply.body = wh_str(line);
    struct wh_arena arena;
    wh_arena_init(&arena, 65536);
    if (config->refuse != NULL)
        config->refuse(refusal, &arena, &reply, config->arg);
    (void)snprintf(after, sizeof after, "%u", refusal->retry_after);
    struct http_header retry = {"Retry-After", after};
    reply.status = refusal->status;
    reply.headers = &retry;
    reply.n_headers = refusal->retry_after > 0;
    reply.close = true;
    int error = http_reply_make(ask, &reply, false);
    wh_arena_done(&arena);
    http_ask_gone(ask);
    http_ask_answered(ask);
    if (error != 0)
        http_connection_close(ask->connection);
}
