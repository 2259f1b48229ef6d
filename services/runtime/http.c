// SPDX-License-Identifier: Apache-2.0
// Health and metrics over HTTP, for a supervisor and for Prometheus on the same host: GET /healthz,
// /readyz, /metrics; one request a connection, then it is closed. At most 32 connections, 5 s each,
// so that nobody can hold the process's memory or descriptors. Decides nothing: readiness and
// figures come from callbacks.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "runtime/http.h"
#include "runtime/http_request.h"

#define CONNECTIONS_MAX 32
#define CONNECTION_MS 5000
#define TEXT_TYPE "text/plain; charset=utf-8"
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct connection {
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_write_t write;
    int open_handles;
    struct wh_http *http;
    struct connection *next, **slot;
    struct wh_http_request request;
    char buffer[4096];
    char *response;
};

struct wh_http {
    uv_tcp_t tcp;
    struct wh_metrics *metrics;
    wh_ready_fn ready;
    void (*before)(void *arg);
    void *arg;
    struct connection *connections;
    size_t n_connections;
    bool closing, closed;
};

static void http_free_if_done(struct wh_http *http)
{
    if (http->closed && http->connections == NULL)
        free(http);
}

static void on_connection_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    if (--connection->open_handles > 0)
        return;
    struct wh_http *http = connection->http;
    *connection->slot = connection->next;
    if (connection->next != NULL)
        connection->next->slot = connection->slot;
    http->n_connections--;
    free(connection->response);
    free(connection);
    http_free_if_done(http);
}

static void connection_close(struct connection *connection)
{
    if (uv_is_closing((uv_handle_t *)&connection->tcp))
        return;
    uv_close((uv_handle_t *)&connection->tcp, on_connection_closed);
    uv_close((uv_handle_t *)&connection->timer, on_connection_closed);
}

static void on_written(uv_write_t *write, int status)
{
    (void)status;
    connection_close(write->data);
}

static const char *reason(int status)
{
    static const struct {
        int status;
        const char *text;
    } reasons[] = {{200, "OK"},
                   {400, "Bad Request"},
                   {404, "Not Found"},
                   {405, "Method Not Allowed"},
                   {413, "Content Too Large"},
                   {414, "URI Too Long"},
                   {431, "Request Header Fields Too Large"},
                   {503, "Service Unavailable"}};
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].status == status)
            return reasons[i].text;
    return "Error";
}

static void respond(struct connection *connection, int status, const char *type, const char *body,
                    size_t body_n)
{
    char head[320];
    int head_n =
        snprintf(head, sizeof head,
                 "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s"
                 "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
                 status, reason(status), type, body_n, status == 405 ? "Allow: GET, HEAD\r\n" : "");
    size_t sent_n = wh_http_request_head_only(&connection->request) ? 0 : body_n;
    connection->response = malloc((size_t)head_n + sent_n + 1);
    if (connection->response == NULL) {
        connection_close(connection);
        return;
    }
    memcpy(connection->response, head, (size_t)head_n);
    memcpy(connection->response + head_n, body, sent_n);
    uv_buf_t buf = uv_buf_init(connection->response, (unsigned)((size_t)head_n + sent_n));
    uv_read_stop((uv_stream_t *)&connection->tcp);
    connection->write.data = connection;
    if (uv_write(&connection->write, (uv_stream_t *)&connection->tcp, &buf, 1, on_written) != 0)
        connection_close(connection);
}

static void respond_text(struct connection *connection, int status, const char *text)
{
    respond(connection, status, TEXT_TYPE, text, strlen(text));
}

static void respond_ready(struct connection *connection)
{
    struct wh_http *http = connection->http;
    char why[512] = "", text[528];
    bool ready = http->ready == NULL || http->ready(http->arg, why, sizeof why);
    (void)snprintf(text, sizeof text, "%s%s%s\n", ready ? "ready" : "",
                   ready && why[0] != '\0' ? ": " : "", why);
    respond_text(connection, ready ? 200 : 503, text);
}

static void respond_metrics(struct connection *connection)
{
    struct wh_http *http = connection->http;
    if (http->before != NULL)
        http->before(http->arg);
    size_t n;
    char *text = wh_metrics_text(http->metrics, &n);
    if (text == NULL)
        respond_text(connection, 503, "no memory\n");
    else
        respond(connection, 200, METRICS_TYPE, text, n);
    free(text);
}

static void answer(struct connection *connection, int status)
{
    const char *path = connection->request.path;
    if (status != 200)
        respond_text(connection, status, "refused\n");
    else if (strcmp(path, "/healthz") == 0)
        respond_text(connection, 200, "ok\n");
    else if (strcmp(path, "/readyz") == 0)
        respond_ready(connection);
    else if (strcmp(path, "/metrics") == 0)
        respond_metrics(connection);
    else
        respond_text(connection, 404, "there are /healthz, /readyz and /metrics\n");
}

static void on_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    (void)suggested;
    struct connection *connection = handle->data;
    *ret_buf = uv_buf_init(connection->buffer, sizeof connection->buffer);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct connection *connection = stream->data;
    if (n < 0) {
        connection_close(connection);
        return;
    }
    int status = wh_http_request_feed(&connection->request, buf->base, (size_t)n);
    if (status != 0)
        answer(connection, status);
}

static void on_too_slow(uv_timer_t *timer)
{
    connection_close(timer->data);
}

static void connection_add(struct wh_http *http, struct connection *connection)
{
    connection->http = http;
    connection->next = http->connections;
    connection->slot = &http->connections;
    if (connection->next != NULL)
        connection->next->slot = &connection->next;
    http->connections = connection;
    http->n_connections++;
}

static void on_connect(uv_stream_t *server, int status)
{
    struct wh_http *http = server->data;
    struct connection *connection = status == 0 ? calloc(1, sizeof *connection) : NULL;
    if (connection == NULL)
        return;
    connection_add(http, connection);
    uv_tcp_init(server->loop, &connection->tcp);
    uv_timer_init(server->loop, &connection->timer);
    connection->open_handles = 2;
    connection->tcp.data = connection->timer.data = connection;
    wh_http_request_init(&connection->request);
    if (uv_accept(server, (uv_stream_t *)&connection->tcp) != 0 ||
        http->n_connections > CONNECTIONS_MAX || http->closing ||
        uv_timer_start(&connection->timer, on_too_slow, CONNECTION_MS, 0) != 0 ||
        uv_read_start((uv_stream_t *)&connection->tcp, on_buffer, on_read) != 0)
        connection_close(connection);
}

static void on_closed(uv_handle_t *handle)
{
    struct wh_http *http = handle->data;
    http->closed = true;
    http_free_if_done(http);
}

int wh_http_open(uv_loop_t *loop, const char *address, int port, struct wh_metrics *metrics,
                 wh_ready_fn ready, void (*before)(void *arg), void *arg, struct wh_http **ret_http)
{
    *ret_http = NULL;
    struct sockaddr_storage where;
    if (port == 0)
        return 0;
    if (uv_ip4_addr(address, port, (struct sockaddr_in *)&where) != 0 &&
        uv_ip6_addr(address, port, (struct sockaddr_in6 *)&where) != 0)
        return WH_E_INVALID;
    struct wh_http *http = calloc(1, sizeof *http);
    if (http == NULL)
        return WH_E_NOMEM;
    *http = (struct wh_http){.metrics = metrics, .ready = ready, .before = before, .arg = arg};
    uv_tcp_init(loop, &http->tcp);
    http->tcp.data = http;
    if (uv_tcp_bind(&http->tcp, (struct sockaddr *)&where, 0) != 0 ||
        uv_listen((uv_stream_t *)&http->tcp, 16, on_connect) != 0) {
        wh_http_close(http);
        return WH_E_IO;
    }
    *ret_http = http;
    return 0;
}

void wh_http_close(struct wh_http *http)
{
    if (http == NULL || http->closing)
        return;
    http->closing = true;
    for (struct connection *c = http->connections; c != NULL; c = c->next)
        connection_close(c);
    uv_close((uv_handle_t *)&http->tcp, on_closed);
}
