// SPDX-License-Identifier: Apache-2.0
// An HTTP server of the room `http` and plain blocking-free client sockets in one loop, for tests.
#ifndef TEST_WEB_H
#define TEST_WEB_H

#include "http/http.h"

#define WEB_HELD_MAX 64

// Paths: /echo answers the body; /late keeps the request in `held`; /events opens a stream into
// `streams`; /early is answered at its head; else the path itself is the answer.
struct web {
    uv_loop_t loop;
    struct http_server *server;
    struct http_request *held[WEB_HELD_MAX];
    size_t n_held;
    struct http_stream *streams[WEB_HELD_MAX];
    size_t n_streams;
    unsigned handled, gone, streams_gone, closed;
    size_t body_max; // what head() says
};

void web_open(struct web *web, const struct http_limits *limits, const char *trusted);
void web_close(struct web *web); // closes what is left, checks that the loop is empty
void web_run(struct web *web, unsigned ms);
// A socket connected from address (NULL: 127.0.0.1).
int web_dial(const struct web *web, const char *from);
// Sends bytes in pieces while the loop runs.
void web_send(struct web *web, int fd, const void *data, size_t n, size_t piece);
// What came until the server closed, or until it holds `until` (NULL: until the end), at most 3 s.
const char *web_read(struct web *web, int fd, const char *until);
// Dials, sends a text, reads to the end, closes.
const char *web_ask(struct web *web, const char *text, size_t piece);

#endif
