// SPDX-License-Identifier: Apache-2.0
// What the HTTP room takes for a request and what it refuses, over real sockets: the classic
// malformed requests (framing, smuggling, line ends), targets, bodies, limits; however the bytes
// are cut.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "http/address.h"
#include "support/web.h"

static void has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("no \"%s\" in:\n%s", part, text);
}

static void has_not(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("\"%s\" in:\n%s", part, text);
}

static void begins(const char *text, const char *part)
{
    if (strncmp(text, part, strlen(part)) != 0)
        fail_msg("does not begin with \"%s\":\n%s", part, text);
}

// All of it at once, and byte by byte: the same status, the connection ends, nothing was handled.
static void refused(struct web *web, const char *data, size_t n, const char *status)
{
    for (size_t piece = n; piece > 0; piece = piece == 1 ? 0 : 1) {
        char line[40];
        unsigned handled = web->handled;
        int fd = web_dial(web, NULL);
        web_send(web, fd, data, n, piece);
        snprintf(line, sizeof line, "HTTP/1.1 %s ", status);
        const char *answer = web_read(web, fd, NULL);
        if (strncmp(answer, line, strlen(line)) != 0 || web->handled != handled)
            fail_msg("not %s but:\n%s\nto:\n%s", line, answer, data);
        close(fd);
    }
}

#define HEAD "POST /echo HTTP/1.1\r\nHost: x\r\n"

static void the_classic_ones_are_refused(void **state)
{
    static const struct {
        const char *status, *text;
    } cases[] = {
        {"400", HEAD "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {"400", HEAD "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"},
        {"400", HEAD "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"},
        {"400", HEAD "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"},
        {"400", HEAD "Content-Length: 5, 5\r\n\r\nhello"},
        {"400", HEAD "Content-Length: -5\r\n\r\nhello"},
        {"400", HEAD "Content-Length: +5\r\n\r\nhello"},
        {"400", HEAD "Content-Length: 5 5\r\n\r\nhello"},
        {"400", HEAD "Content-Length: 0x5\r\n\r\nhello"},
        {"400", HEAD "Content-Length:\r\n\r\nhello"},
        {"400", HEAD "Content-Length: 99999999999999999999\r\n\r\nhello"},
        {"400", HEAD "Content-Length : 5\r\n\r\nhello"},
        {"400", "GET / HTTP/1.1\r\nHost : x\r\n\r\n"},
        {"400", "GET / HTTP/1.1\r\n\r\n"},
        {"400", "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
        {"400", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n"},
        {"400", "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n"},
        {"400", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
        {"400", "GET / HTTP/1.1\nHost: x\n\n"},
        {"400", "GET / HTTP/1.1\r\nHost: x\n\r\n"},
        {"400", "GET / HTTP/1.1\r\nHost: x\rX: y\r\n\r\n"},
        {"400", "GET / HTTP/1.1\r\nX:\rTransfer-Encoding: chunked\r\nHost: x\r\n\r\n"},
        {"400", "GET / HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n"},
        {"400", "GET / HTTP/1.1\r\n Host: x\r\n\r\n"},
        {"400", "GET / HTTP/1.1\r\nHost: x\r\nA\x01: y\r\n\r\n"},
        {"400", "GET / HTTP/1.1\r\nHost: x\r\nA: y\x7f\r\n\r\n"},
        {"400", "GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n"},
        {"400", "GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n"},
        {"400", "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"},
        {"400", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n"},
        {"400", "GET /\tHTTP/1.1\r\nHost: x\r\n\r\n"},
        {"400", "GET / HTTP/1.1 \r\nHost: x\r\n\r\n"},
        {"400", "get / HTTP/1.1\r\nHost: x\r\n\r\n"},
        {"400", "GET / http/1.1\r\nHost: x\r\n\r\n"},
        {"400", "GET / HTTP/1.12\r\nHost: x\r\n\r\n"},
        {"505", "GET / HTTP/2.0\r\nHost: x\r\n\r\n"},
        {"505", "GET /\r\n\r\n"},
        {"400", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
        {"400", "\x16\x03\x01\x02\x01\x01"},
        {"501", HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
        {"400", HEAD "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"},
        {"400", HEAD "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"},
        {"400", HEAD "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {"400", "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {"400", HEAD "Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n"},
        {"400", HEAD "Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n"},
        {"400", HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n"},
        {"400", HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n"},
        {"400", HEAD "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n"},
        {"400", HEAD "Transfer-Encoding: chunked\r\n\r\n 5\r\nhello\r\n0\r\n\r\n"},
        {"400", HEAD "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n"},
        {"400", HEAD "Transfer-Encoding: chunked\r\n\r\n00000000000000000000000005\r\nhello\r\n"},
        {"400", HEAD "Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n"},
        {"400", HEAD "Authorization: a\r\nauthorization: b\r\n\r\n"},
        {"400", HEAD "Cookie: a=b\r\nCookie: a=c\r\n\r\n"},
        {"417", HEAD "Content-Length: 1\r\nExpect: the-unexpected\r\n\r\nx"},
        {"413", HEAD "Content-Length: 1001\r\n\r\n"},
        {"413", HEAD "Transfer-Encoding: chunked\r\n\r\n3e9\r\n"},
    };
    struct web *web = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        refused(web, cases[i].text, strlen(cases[i].text), cases[i].status);
    refused(web, "GET / HTTP/1.1\r\nHost: x\r\nA: \0y\r\n\r\n", 35, "400");
    refused(web, "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n", 29, "400");
}

static void targets(void **state)
{
    static const char *const bad[] = {"*",           "x",    "http://x/", "//x",          "/a//b",
                                      "/a/../b",     "/..",  "/.",        "/a/./b",       "/%2e%2e",
                                      "/a/%2E%2e/b", "/%00", "/a%0d%0a",  "/%2fetc",      "/a%5cb",
                                      "/a\\b",       "/%",   "/%4",       "/%zz",         "/%ff",
                                      "/%c0%af",     "/#x",  "/a?b#c",    "/\xe5\x90\xb9"};
    static const struct {
        const char *target, *path;
    } good[] = {{"/", "/"},
                {"/a/", "/a/"},
                {"/%41%e5%90%b9", "/A吹"},
                {"/%252e%252e", "/%2e%2e"}, // once
                {"/a+b", "/a+b"},
                {"/...", "/..."},
                {"/x?%00=../..//", "/x"}};
    struct web *web = *state;
    char text[300];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", bad[i]);
        refused(web, text, strlen(text), "400");
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                 good[i].target);
        const char *answer = web_ask(web, text, i + 1);
        begins(answer, "HTTP/1.1 200 OK\r\n");
        assert_string_equal(strstr(answer, "\r\n\r\n") + 4, good[i].path);
    }
}

// What hides behind a refused request is never served.
static void nothing_is_smuggled(void **state)
{
    static const char *const texts[] = {
        HEAD "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
             "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
        HEAD "Transfer-Encoding: xchunked\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nX: a\rGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
        HEAD "Content-Length: 2000\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /early HTTP/1.1\r\nHost: x\r\nContent-Length: 42\r\n\r\n"
        "GET /smuggled HTTP/1.1\r\nHost: x\r\nA: 1\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: "
        "x\r\n\r\n",
    };
    struct web *web = *state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *answer = web_ask(web, texts[i], strlen(texts[i]));
        begins(answer, "HTTP/1.1 4");
        assert_null(strstr(answer + 1, "HTTP/1.1 "));
        assert_int_equal(web->handled, 0);
    }
    // a GET's body is a body, not the next request
    const char *answer =
        web_ask(web,
                "GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 38\r\n\r\n"
                "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\nabcd",
                1000);
    assert_null(strstr(answer + 1, "HTTP/1.1 2"));
    assert_int_equal(web->handled, 1);
}

static void bodies(void **state)
{
    struct web *web = *state;
    static const char lengthy[] = "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                  "Content-Length: 12\r\n\r\nhello, world";
    static const char chunked[] = "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                  "Transfer-Encoding: Chunked\r\n\r\n"
                                  "5\r\nhello\r\n07\r\n, world\r\n0\r\n\r\n";
    for (size_t piece = 1; piece < 200; piece += 23) {
        has(web_ask(web, lengthy, piece), "\r\n\r\nhello, world");
        has(web_ask(web, chunked, piece), "\r\n\r\nhello, world");
    }
    web->body_max = 0;
    begins(web_ask(web, lengthy, 500), "HTTP/1.1 413 ");
    begins(web_ask(web, chunked, 500), "HTTP/1.1 413 ");
    web->body_max = 12;
    has(web_ask(web, chunked, 500), "\r\n\r\nhello, world");
    struct http_figures figures;
    http_server_figures(web->server, &figures);
    assert_int_equal(figures.body_bytes, 0);
}

static void leave_to_go_on(void **state)
{
    struct web *web = *state;
    static const char head[] = "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                               "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    int fd = web_dial(web, NULL);
    web_send(web, fd, head, strlen(head), 1000);
    assert_string_equal(web_read(web, fd, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    web_send(web, fd, "hello", 5, 1);
    const char *answer = web_read(web, fd, NULL);
    begins(answer, "HTTP/1.1 200 ");
    has(answer, "\r\n\r\nhello");
    close(fd);
    web->body_max = 4;
    has_not(web_ask(web, head, 1000), "100 Continue"); // refused before the body is sent
}

static void heads_have_limits(void **state)
{
    struct web *web = *state;
    static char text[40000];
    size_t n = (size_t)sprintf(text, "GET / HTTP/1.1\r\nHost: x\r\nX: ");
    memset(text + n, 'a', 20000);
    begins(web_ask(web, text, 30000), "HTTP/1.1 431 ");
    n = (size_t)sprintf(text, "GET / HTTP/1.1\r\nHost: x\r\n");
    for (int i = 0; i < 64; i++)
        n += (size_t)sprintf(text + n, "X-%d: y\r\n", i);
    sprintf(text + n, "\r\n");
    begins(web_ask(web, text, 30000), "HTTP/1.1 431 ");
    sprintf(text, "GET /%0*d HTTP/1.1\r\nHost: x\r\n\r\n", 5000, 0);
    begins(web_ask(web, text, 30000), "HTTP/1.1 414 ");
    // a head without an end is not kept, and its sender is told
    int fd = web_dial(web, NULL);
    memset(text, 'a', sizeof text);
    web_send(web, fd, "GET /", 5, 5);
    for (int i = 0; i < 40; i++)
        web_send(web, fd, text, sizeof text, sizeof text);
    struct http_figures figures;
    http_server_figures(web->server, &figures);
    assert_true(figures.bytes_in < 3u << 20);
    close(fd);
}

static void queries_and_forms(void **state)
{
    (void)state;
    struct wh_arena arena;
    wh_arena_init(&arena, 4096);
    struct wh_str rest = wh_str("a=1&&b=%E5%90%B9+%2b&c&=d&a=2");
    static const char *const pairs[][2] = {
        {"a", "1"}, {"b", "吹 +"}, {"c", ""}, {"", "d"}, {"a", "2"}};
    struct http_pair pair;
    int error = 0;
    for (size_t i = 0; i < 5; i++) {
        assert_true(http_pair_next(&rest, &arena, &pair, &error));
        assert_string_equal(pair.name.p, pairs[i][0]);
        assert_string_equal(pair.value.p, pairs[i][1]);
    }
    assert_false(http_pair_next(&rest, &arena, &pair, &error));
    assert_int_equal(error, 0);
    static const char *const bad[] = {"a=%", "a=%0", "a=%00", "%g0=1", "a=%ff"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        rest = wh_str(bad[i]);
        error = 0;
        assert_false(http_pair_next(&rest, &arena, &pair, &error));
        assert_int_equal(error, WH_E_INVALID);
    }
    wh_arena_done(&arena);
}

static bool forwarded(const char *value, const char *trusted, const char *expect)
{
    struct http_nets nets;
    struct http_address address;
    char text[HTTP_ADDRESS_TEXT] = "";
    assert_int_equal(http_nets_read(trusted, &nets), 0);
    if (http_forwarded_for(value, &nets, &address))
        http_address_write(&address, text);
    return strcmp(text, expect) == 0;
}

static void forwarded_addresses(void **state)
{
    (void)state;
    struct http_nets nets;
    assert_true(forwarded("192.0.2.1", "127.0.0.1", "192.0.2.1"));
    assert_true(forwarded("6.6.6.6, 192.0.2.1", "127.0.0.1", "192.0.2.1"));
    assert_true(forwarded("192.0.2.1, 10.1.2.3", "10.0.0.0/8", "192.0.2.1"));
    assert_true(forwarded("10.9.9.9, 10.1.2.3", "10.0.0.0/8", "10.9.9.9"));
    assert_true(forwarded("6.6.6.6, nonsense, 10.1.2.3", "10.0.0.0/8", "10.1.2.3"));
    assert_true(forwarded("[2001:db8::7]:4711", "::1", "2001:db8::7"));
    assert_true(forwarded("192.0.2.1:99", "", "192.0.2.1"));
    assert_true(forwarded("", "", ""));
    assert_int_equal(http_nets_read("10.0.0.0/33", &nets), WH_E_INVALID);
    assert_int_equal(http_nets_read("10.0.0/8", &nets), WH_E_INVALID);
    assert_int_equal(http_nets_read("10.0.0.1 10.0.0.2", &nets), WH_E_INVALID);
}

static int setup(void **state)
{
    struct web *web = calloc(1, sizeof *web);
    web_open(web, NULL, NULL);
    *state = web;
    return 0;
}

static int teardown(void **state)
{
    web_close(*state);
    free(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_classic_ones_are_refused),
        TEST(targets),
        TEST(nothing_is_smuggled),
        TEST(bodies),
        TEST(leave_to_go_on),
        TEST(heads_have_limits),
        cmocka_unit_test(queries_and_forms),
        cmocka_unit_test(forwarded_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
