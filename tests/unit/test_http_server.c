// SPDX-License-Identifier: Apache-2.0
// How the HTTP room treats connections, over real sockets: order, keep-alive, how much may be in
// hand, who is too slow in any way, streams of events and their backlog, breaks, draining, limits
// of connections.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sys/socket.h>

#include "base/error.h"
#include "support/web.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

static struct http_figures figures(const struct web *web)
{
    struct http_figures figures;
    http_server_figures(web->server, &figures);
    return figures;
}

static void say(struct web *web, int fd, const char *text)
{
    web_send(web, fd, text, strlen(text), strlen(text));
}

static size_t count(const char *text, const char *part)
{
    size_t n = 0;
    while ((text = strstr(text, part)) != NULL) {
        n++;
        text += strlen(part);
    }
    return n;
}

static void answers_leave_in_order(void **state)
{
    (void)state;
    struct web web;
    web_open(&web, NULL, NULL);
    int fd = web_dial(&web, NULL);
    say(&web, fd,
        GET("/late") GET("/a") GET("/late") GET("/b") "HEAD /c HTTP/1.1\r\nHost: x\r\n\r\n");
    web_run(&web, 20);
    assert_int_equal(web.n_held, 2);
    assert_int_equal(web.handled, 5);
    http_respond_text(web.held[1], 200, "second late");
    web_run(&web, 20);
    char byte;
    assert_int_equal(recv(fd, &byte, 1, 0), -1); // the first one is still missing
    http_respond_text(web.held[0], 200, "first late");
    web.n_held = 0;
    const char *text =
        web_read(&web, fd, "Content-Length: 2\r\nX-Content-Type-Options: nosniff\r\n\r\n/b");
    const char *at[] = {strstr(text, "first late"), strstr(text, "\r\n\r\n/a"),
                        strstr(text, "second late"), strstr(text, "\r\n\r\n/b")};
    for (int i = 0; i < 3; i++)
        assert_true(at[i] != NULL && at[i] < at[i + 1]);
    say(&web, fd, GET("/again"));
    assert_non_null(strstr(web_read(&web, fd, "/again"), "HTTP/1.1 200 OK\r\n"));
    close(fd);
    web_close(&web);
}

static void only_so_many_are_in_hand(void **state)
{
    (void)state;
    struct web web;
    web_open(&web, &(struct http_limits){.in_hand = 4}, NULL);
    int fd = web_dial(&web, NULL);
    static char text[3000];
    for (int i = 0; i < 60; i++)
        strcat(text, GET("/late"));
    say(&web, fd, text);
    size_t answered = 0;
    while (answered < 60) {
        web_run(&web, 5);
        assert_true(web.n_held > 0 && web.n_held <= 4);
        for (; web.n_held > 0; answered++)
            http_respond_text(web.held[--web.n_held], 200, "yes!");
    }
    web_run(&web, 20);
    static char all[60000];
    ssize_t n = recv(fd, all, sizeof all - 1, 0);
    assert_true(n > 0);
    assert_int_equal(count(all, "yes!"), 60);
    close(fd);
    web_close(&web);
}

static void old_clients_and_last_words(void **state)
{
    (void)state;
    struct web web;
    web_open(&web, NULL, NULL);
    const char *text = web_ask(&web, "GET /x HTTP/1.0\r\nHost: x\r\n\r\n", 1000);
    assert_non_null(strstr(text, "Connection: close\r\n"));
    text = web_ask(&web, "HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 1000);
    assert_non_null(strstr(text, "Content-Length: 2\r\n"));
    assert_null(strstr(text, "/x"));
    // who says no more but waits is answered
    int fd = web_dial(&web, NULL);
    say(&web, fd, GET("/late"));
    shutdown(fd, SHUT_WR);
    web_run(&web, 30);
    http_respond_text(web.held[0], 200, "after the end");
    web.n_held = 0;
    assert_non_null(strstr(web_read(&web, fd, NULL), "after the end"));
    close(fd);
    fd = web_dial(&web, NULL);
    say(&web, fd, "GET /half HTTP/1.1\r\nHo");
    shutdown(fd, SHUT_WR);
    assert_non_null(strstr(web_read(&web, fd, NULL), "HTTP/1.1 400 "));
    close(fd);
    web_close(&web);
}

static void who_breaks_off_is_told(void **state)
{
    (void)state;
    struct web web;
    web_open(&web, NULL, NULL);
    int fd = web_dial(&web, NULL);
    say(&web, fd, GET("/late") GET("/late"));
    web_run(&web, 20);
    assert_int_equal(web.n_held, 2);
    struct linger reset = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd);
    web_run(&web, 50);
    assert_int_equal(web.gone, 2);
    assert_int_equal(figures(&web).connections, 0);
    assert_int_equal(figures(&web).in_hand, 0);
    web_close(&web);
}

static void the_slow_are_ended(void **state)
{
    (void)state;
    struct web web;
    web_open(&web, &(struct http_limits){.head_ms = 300, .body_ms = 300, .idle_ms = 300}, NULL);
    int idle = web_dial(&web, NULL), head = web_dial(&web, NULL), body = web_dial(&web, NULL);
    say(&web, head, "GET / HTTP/1.1\r\n");
    say(&web, body, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n");
    for (int i = 0; i < 9; i++) { // a byte now and then does not help
        web_run(&web, 100);
        (void)send(head, "X", 1, MSG_NOSIGNAL);
        (void)send(body, "X", 1, MSG_NOSIGNAL);
    }
    assert_string_equal(web_read(&web, idle, NULL), "");
    assert_non_null(strstr(web_read(&web, head, NULL), "HTTP/1.1 408 "));
    assert_non_null(strstr(web_read(&web, body, NULL), "HTTP/1.1 408 "));
    assert_int_equal(figures(&web).slow_heads, 1);
    assert_int_equal(figures(&web).slow_bodies, 1);
    assert_int_equal(web.handled, 0);
    close(idle);
    close(head);
    close(body);
    web_close(&web);
}

// One who asks and does not read: what waits for it is bounded, nothing more is read, it is ended
// although at the slowest rate it would have much time.
static void who_does_not_read_is_ended(void **state)
{
    (void)state;
    struct web web;
    web_open(&web,
             &(struct http_limits){.send_ms = 500, .unsent_bytes = 50000, .bodies_bytes = 64 << 20},
             NULL);
    web.body_max = 4 << 20;
    int fd = web_dial(&web, NULL);
    static char body[4 << 20];
    memset(body, 'x', sizeof body);
    for (int i = 0; i < 8 && figures(&web).slow_readers == 0; i++) {
        say(&web, fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4194304\r\n\r\n");
        web_send(&web, fd, body, sizeof body, sizeof body);
    }
    web_run(&web, 1500);
    assert_int_equal(figures(&web).slow_readers, 1);
    assert_true(web.handled <= 3);
    assert_int_equal(figures(&web).connections, 0);
    assert_int_equal(figures(&web).body_bytes, 0);
    close(fd);
    web_close(&web);
}

static void streams_get_every_event_once(void **state)
{
    (void)state;
    struct web web;
    web_open(&web, NULL, NULL);
    int fds[20];
    for (int i = 0; i < 20; i++) {
        fds[i] = web_dial(&web, NULL);
        say(&web, fds[i], i == 0 ? GET("/late") GET("/events") : GET("/events"));
    }
    web_run(&web, 30);
    assert_int_equal(web.n_streams, 20);
    for (int e = 0; e < 500; e++) {
        char text[40];
        int n = sprintf(text, "id: %d\ndata: x\n\n", e);
        struct http_buffer *buffer = http_buffer_new(text, (size_t)n);
        for (size_t i = 0; i < web.n_streams; i++)
            assert_int_equal(http_stream_send(web.streams[i], buffer), 0);
        http_buffer_unref(buffer);
        if (e % 50 == 0)
            web_run(&web, 1);
    }
    http_respond_text(web.held[0], 200, "the one before");
    web.n_held = 0;
    for (int i = 0; i < 20; i++) {
        const char *text = web_read(&web, fds[i], "id: 499\ndata: x\n\n");
        const char *at = strstr(text, "retry: 1000\n\n");
        assert_true(i > 0 || strstr(text, "the one before") < at);
        assert_null(strstr(strstr(text, "text/event-stream"), "Content-Length"));
        for (int e = 0; e < 500; e++) {
            char expect[40];
            sprintf(expect, "\n\nid: %d\ndata: x\n\n", e);
            at = strstr(at, expect);
            assert_non_null(at);
        }
    }
    http_stream_close(web.streams[1]);
    assert_string_equal(web_read(&web, fds[1], NULL), "");
    close(fds[2]); // gone by itself
    close(fds[1]);
    web_run(&web, 50);
    assert_int_equal(web.streams_gone, 2);
    assert_int_equal(figures(&web).streams, 18);
    for (int i = 0; i < 20; i++)
        if (i != 1 && i != 2)
            close(fds[i]);
    web_close(&web);
}

static void a_slow_stream_is_ended(void **state)
{
    (void)state;
    struct web web;
    web_open(&web, &(struct http_limits){.stream_backlog = 100000}, NULL);
    int fd = web_dial(&web, NULL);
    say(&web, fd, GET("/events"));
    web_run(&web, 20);
    struct http_buffer *buffer = http_buffer_new(NULL, 4000);
    memset(http_buffer_data(buffer), 'x', 4000);
    int error = 0;
    for (int i = 0; i < 5000 && error == 0; i++)
        error = http_stream_send(web.streams[0], buffer);
    assert_int_equal(error, WH_E_BUSY);
    assert_int_equal(web.streams_gone, 0); // never from inside a call
    assert_int_equal(http_stream_send(web.streams[0], buffer), WH_E_IO);
    web_run(&web, 20);
    assert_int_equal(web.streams_gone, 1);
    assert_int_equal(figures(&web).slow_streams, 1);
    http_buffer_unref(buffer);
    close(fd);
    web_close(&web);
}

static void connections_are_bounded(void **state)
{
    (void)state;
    struct web web;
    web_open(&web, &(struct http_limits){.connections = 12, .address_connections = 5},
             "127.0.0.9, 10.0.0.0/8");
    int fds[20];
    for (int i = 0; i < 10; i++)
        fds[i] = web_dial(&web, "127.0.0.2");
    web_run(&web, 20);
    assert_int_equal(figures(&web).connections, 5);
    assert_non_null(strstr(web_read(&web, fds[7], NULL), "HTTP/1.1 429 "));
    for (int i = 10; i < 20; i++) // a proxy is not counted, but all are
        fds[i] = web_dial(&web, "127.0.0.9");
    web_run(&web, 20);
    assert_int_equal(figures(&web).connections, 12);
    assert_non_null(strstr(web_read(&web, fds[19], NULL), "HTTP/1.1 503 "));
    say(&web, fds[0], "GET /peer HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n");
    (void)web_read(&web, fds[0], "127.0.0.2");
    say(&web, fds[10], "GET /peer HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n");
    (void)web_read(&web, fds[10], "192.0.2.7");
    for (int i = 0; i < 20; i++)
        close(fds[i]);
    web_run(&web, 50);
    assert_int_equal(figures(&web).connections, 0);
    int fd = web_dial(&web, "127.0.0.2");
    say(&web, fd, GET("/peer"));
    (void)web_read(&web, fd, "127.0.0.2");
    close(fd);
    web_close(&web);
}

static void a_drain_answers_what_is_in_hand(void **state)
{
    (void)state;
    struct web web;
    web_open(&web, NULL, NULL);
    int idle = web_dial(&web, NULL), late = web_dial(&web, NULL), stream = web_dial(&web, NULL);
    say(&web, late, GET("/late"));
    say(&web, stream, GET("/events"));
    (void)web_read(&web, stream, "retry: ");
    http_server_drain(web.server, 2000);
    assert_string_equal(web_read(&web, idle, NULL), "");
    assert_non_null(web_read(&web, stream, NULL));
    say(&web, late, GET("/more"));
    web_run(&web, 50);
    http_respond_text(web.held[0], 200, "in hand");
    web.n_held = 0;
    const char *text = web_read(&web, late, NULL);
    assert_non_null(strstr(text, "in hand"));
    assert_non_null(strstr(text, "Connection: close\r\n"));
    assert_null(strstr(text, "/more"));
    close(idle);
    close(late);
    close(stream);
    web_close(&web);
}

static void what_never_ends_is_ended_by_the_drain(void **state)
{
    (void)state;
    struct web web;
    web_open(&web, NULL, NULL);
    int fd = web_dial(&web, NULL);
    say(&web, fd, GET("/late"));
    web_run(&web, 20);
    http_server_drain(web.server, 100);
    assert_string_equal(web_read(&web, fd, NULL), "");
    assert_int_equal(web.gone, 1);
    close(fd);
    web_close(&web);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_leave_in_order),
        cmocka_unit_test(only_so_many_are_in_hand),
        cmocka_unit_test(old_clients_and_last_words),
        cmocka_unit_test(who_breaks_off_is_told),
        cmocka_unit_test(the_slow_are_ended),
        cmocka_unit_test(who_does_not_read_is_ended),
        cmocka_unit_test(streams_get_every_event_once),
        cmocka_unit_test(a_slow_stream_is_ended),
        cmocka_unit_test(connections_are_bounded),
        cmocka_unit_test(a_drain_answers_what_is_in_hand),
        cmocka_unit_test(what_never_ends_is_ended_by_the_drain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
