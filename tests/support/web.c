// SPDX-License-Identifier: Apache-2.0
// The server's user for tests, and its clients.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "support/web.h"

static size_t on_head(struct http_request *request, void *arg)
{
    struct web *web = arg;
    if (strcmp(request->path.p, "/early") == 0)
        http_respond_text(request, 403, "early");
    return web->body_max;
}

static void on_gone(struct http_request *request, void *arg)
{
    struct web *web = arg;
    web->gone++;
    for (size_t i = 0; i < web->n_held; i++)
        if (web->held[i] == request)
            web->held[i] = web->held[--web->n_held];
    http_respond_text(request, 200, "nobody hears this");
}

static void on_stream_gone(void *arg)
{
    ((struct web *)arg)->streams_gone++;
}

static void on_request(struct http_request *request, void *arg)
{
    struct web *web = arg;
    web->handled++;
    if (strcmp(request->path.p, "/echo") == 0) {
        http_respond(request, &(struct http_reply){
                                  .status = 200, .type = "text/plain", .body = request->body});
    } else if (strcmp(request->path.p, "/late") == 0) {
        assert_true(web->n_held < WEB_HELD_MAX);
        http_on_gone(request, on_gone, web);
        web->held[web->n_held++] = request;
    } else if (strcmp(request->path.p, "/events") == 0) {
        struct http_reply head = {
            .status = 200, .type = "text/event-stream", .body = wh_str("retry: 1000\n\n")};
        if (http_stream_open(request, &head, on_stream_gone, web, &web->streams[web->n_streams]) ==
            0)
            web->n_streams++;
        else
            http_respond_text(request, 503, "full");
    } else if (strcmp(request->path.p, "/peer") == 0) {
        http_respond_text(request, 200, request->peer);
    } else {
        http_respond(request, &(struct http_reply){.status = 200, .body = request->path});
    }
}

void web_open(struct web *web, const struct http_limits *limits, const char *trusted)
{
    static const struct http_header headers[] = {{"X-Content-Type-Options", "nosniff"}};
    *web = (struct web){.body_max = 1000};
    uv_loop_init(&web->loop);
    struct http_config config = {.address = "127.0.0.1",
                                 .headers = headers,
                                 .n_headers = 1,
                                 .trusted = trusted,
                                 .head = on_head,
                                 .handle = on_request,
                                 .arg = web};
    if (limits != NULL)
        config.limits = *limits;
    assert_int_equal(http_server_open(&web->loop, &config, &web->server), 0);
}

static void on_closed(void *arg)
{
    ((struct web *)arg)->closed++;
}

void web_close(struct web *web)
{
    http_server_close(web->server, on_closed, web);
    for (unsigned i = 0; i < 100; i++)
        uv_run(&web->loop, UV_RUN_NOWAIT);
    while (web->n_held > 0)
        http_respond_text(web->held[--web->n_held], 200, "too late");
    uv_run(&web->loop, UV_RUN_DEFAULT);
    assert_int_equal(web->closed, 1);
    assert_int_equal(web->streams_gone, web->n_streams);
    assert_int_equal(uv_loop_close(&web->loop), 0);
}

static void on_time(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

void web_run(struct web *web, unsigned ms)
{
    uv_timer_t timer;
    uv_timer_init(&web->loop, &timer);
    uv_timer_start(&timer, on_time, ms, 0);
    uv_run(&web->loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&web->loop, UV_RUN_NOWAIT);
}

int web_dial(const struct web *web, const char *from)
{
    struct sockaddr_in where = {.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                .sin_port = htons((uint16_t)http_server_port(web->server))};
    struct sockaddr_in mine = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (from != NULL) {
        inet_pton(AF_INET, from, &mine.sin_addr);
        assert_int_equal(bind(fd, (struct sockaddr *)&mine, sizeof mine), 0);
    }
    assert_int_equal(connect(fd, (struct sockaddr *)&where, sizeof where), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

void web_send(struct web *web, int fd, const void *data, size_t n, size_t piece)
{
    const char *at = data;
    for (unsigned turns = 0; n > 0 && turns < 100000; turns++) {
        ssize_t put = send(fd, at, piece < n ? piece : n, MSG_NOSIGNAL);
        if (put < 0 && errno != EAGAIN)
            return;
        at += put > 0 ? put : 0;
        n -= put > 0 ? (size_t)put : 0;
        uv_run(&web->loop, UV_RUN_NOWAIT);
    }
}

const char *web_read(struct web *web, int fd, const char *until)
{
    static char answer[1 << 20];
    size_t n = 0;
    answer[0] = '\0';
    uint64_t end = uv_hrtime() + 3000000000u;
    while (uv_hrtime() < end && n < sizeof answer - 1) {
        uv_run(&web->loop, UV_RUN_NOWAIT);
        ssize_t got = recv(fd, answer + n, sizeof answer - 1 - n, 0);
        if (got == 0 || (got < 0 && errno == ECONNRESET))
            return answer;
        n += got > 0 ? (size_t)got : 0;
        answer[n] = '\0';
        if (until != NULL && strstr(answer, until) != NULL)
            return answer;
    }
    if (until != NULL)
        fail_msg("no \"%s\" came, but: %s", until, answer);
    fail_msg("the connection was not closed; came: %s", answer);
    return answer;
}

const char *web_ask(struct web *web, const char *text, size_t piece)
{
    int fd = web_dial(web, NULL);
    web_send(web, fd, text, strlen(text), piece);
    const char *answer = web_read(web, fd, NULL);
    close(fd);
    return answer;
}
