// SPDX-License-Identifier: Apache-2.0
// One HTTP request being received: bytes in, method and path out. Bounded (8 KiB in all, paths of
// 200 bytes), knows no socket and no clock, so that a fuzzer can drive it.
#ifndef WH_RUNTIME_HTTP_REQUEST_H
#define WH_RUNTIME_HTTP_REQUEST_H

#include <llhttp.h>
#include <stdbool.h>
#include <stddef.h>

struct wh_http_request {
    llhttp_t parser;
    char path[256]; // without the query; NUL-terminated once complete
    size_t path_n;
    size_t bytes; // received so far
    bool in_query;
    bool complete;
    int status; // of the refusal met so far, 0 none
};

void wh_http_request_init(struct wh_http_request *request);
// Takes the next bytes. 0: more are needed; 200: a whole GET or HEAD request is there; else the
// status of the refusal (400 malformed, 405 another method, 413 has a body, 414 path too long, 431
// too long). Nothing more may be fed after a result other than 0.
int wh_http_request_feed(struct wh_http_request *request, const char *data, size_t n);
bool wh_http_request_head_only(const struct wh_http_request *request);

#endif
