// SPDX-License-Identifier: Apache-2.0
// The listening socket, the limits, the sweep over all connections for what is too slow, the end.
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "http/internal.h"

#define BACKLOG 4096
#define OTHER_DESCRIPTORS 256 // of the process beside the connections

#define DEFAULT(field, value) \
    if (limits->field == 0)   \
    limits->field = (value)

static void limits_default(struct http_limits *limits)
{
    DEFAULT(head_bytes, 16384);
    DEFAULT(head_fields, 64);
    DEFAULT(target_bytes, 4096);
    DEFAULT(head_ms, 10000);
    DEFAULT(body_ms, 10000);
    DEFAULT(body_rate, 4096);
    DEFAULT(bodies_bytes, (size_t)64 << 20);
    DEFAULT(idle_ms, 60000);
    DEFAULT(send_ms, 10000);
    DEFAULT(send_rate, 4096);
    DEFAULT(unsent_bytes, 256 * 1024);
    DEFAULT(connections, 1024);
    DEFAULT(address_connections, 256);
    DEFAULT(in_hand, 8);
    DEFAULT(streams, limits->connections);
    DEFAULT(stream_backlog, 128 * 1024);
}

void http_server_limits(struct http_server *server, const struct http_limits *limits)
{
    server->limits = *limits;
    limits_default(&server->limits);
}

void http_server_free_if_done(struct http_server *server)
{
    if (!server->closing || server->open_handles > 0 || server->connections != NULL)
        return;
    if (server->closed != NULL)
        server->closed(server->closed_arg);
    wh_map_done(&server->addresses);
    free(server->fields);
    free(server);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct http_server *server = handle->data;
    server->open_handles--;
    http_server_free_if_done(server);
}

void http_server_close(struct http_server *server, void (*closed)(void *arg), void *arg)
{
    server->closed = closed;
    server->closed_arg = arg;
    server->closing = server->draining = true;
    for (struct http_connection *c = server->connections; c != NULL; c = c->next)
        http_connection_close(c);
    if (!uv_is_closing((uv_handle_t *)&server->tcp))
        uv_close((uv_handle_t *)&server->tcp, on_handle_closed);
    uv_close((uv_handle_t *)&server->sweep, on_handle_closed);
}

void http_server_drain(struct http_server *server, uint64_t ms)
{
    if (server->draining)
        return;
    server->draining = true;
    server->drain_until = uv_now(server->loop) + ms;
    uv_close((uv_handle_t *)&server->tcp, on_handle_closed);
    for (struct http_connection *c = server->connections; c != NULL; c = c->next) {
        if (c->stream != NULL)
            c->stream->ended = true;
        if (!c->closing)
            http_connection_end(c);
    }
}

static void on_sweep(uv_timer_t *timer)
{
    struct http_server *server = timer->data;
    uint64_t now = uv_now(server->loop);
    bool over = server->draining && now >= server->drain_until;
    for (struct http_connection *c = server->connections; c != NULL; c = c->next) {
        if (over)
            http_connection_close(c);
        else
            http_connection_sweep(c, now);
    }
}

static void on_connect(uv_stream_t *tcp, int status)
{
    if (status == 0)
        http_connection_add(tcp->data);
}

int http_server_port(const struct http_server *server)
{
    return server->port;
}

void http_server_figures(const struct http_server *server, struct http_figures *ret_figures)
{
    *ret_figures = server->figures;
    ret_figures->in_hand = server->in_hand;
    ret_figures->body_bytes = server->bodies;
}

static int fields_render(struct http_server *server)
{
    size_t n = 1;
    for (size_t i = 0; i < server->config.n_headers; i++)
        n += strlen(server->config.headers[i].name) + strlen(server->config.headers[i].value) + 4;
    char *at = server->fields = malloc(n);
    if (at == NULL)
        return WH_E_NOMEM;
    for (size_t i = 0; i < server->config.n_headers; i++) {
        at = stpcpy(stpcpy(at, server->config.headers[i].name), ": ");
        at = stpcpy(stpcpy(at, server->config.headers[i].value), "\r\n");
    }
    server->fields_n = (size_t)(at - server->fields);
    return 0;
}

// A connection needs a descriptor; the soft limit is often 1,024.
static void descriptors_raise(size_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int listen_at(struct http_server *server, const struct sockaddr_storage *where)
{
    struct sockaddr_storage bound;
    int n = sizeof bound, backlog = server->config.backlog > 0 ? server->config.backlog : BACKLOG;
    if (uv_tcp_bind(&server->tcp, (const struct sockaddr *)where, 0) != 0 ||
        uv_listen((uv_stream_t *)&server->tcp, backlog, on_connect) != 0 ||
        uv_tcp_getsockname(&server->tcp, (struct sockaddr *)&bound, &n) != 0 ||
        uv_timer_start(&server->sweep, on_sweep, HTTP_SWEEP_MS, HTTP_SWEEP_MS) != 0)
        return WH_E_IO;
    server->port = ntohs(bound.ss_family == AF_INET ? ((struct sockaddr_in *)&bound)->sin_port
                                                    : ((struct sockaddr_in6 *)&bound)->sin6_port);
    return 0;
}

int http_server_open(uv_loop_t *loop, const struct http_config *config,
                     struct http_server **ret_server)
{
    struct sockaddr_storage where;
    struct http_nets trusted;
    if ((uv_ip4_addr(config->address, config->port, (struct sockaddr_in *)&where) != 0 &&
         uv_ip6_addr(config->address, config->port, (struct sockaddr_in6 *)&where) != 0) ||
        http_nets_read(config->trusted, &trusted) != 0)
        return WH_E_INVALID;
    struct http_server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return WH_E_NOMEM;
    server->loop = loop;
    server->config = *config;
    server->trusted = trusted;
    http_server_limits(server, &config->limits);
    descriptors_raise((size_t)server->limits.connections + OTHER_DESCRIPTORS);
    (void)uv_tcp_init(loop, &server->tcp);
    (void)uv_timer_init(loop, &server->sweep);
    server->tcp.data = server->sweep.data = server;
    server->open_handles = 2;
    int error = fields_render(server);
    if (error == 0)
        error = listen_at(server, &where);
    if (error != 0)
        http_server_close(server, NULL, NULL);
    else
        *ret_server = server;
    return error;
}
