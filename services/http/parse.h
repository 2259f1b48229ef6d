// SPDX-License-Identifier: Apache-2.0
// From bytes to one whole request: the head is taken line by line and strictly, llhttp parses it
// and finds the body's end, bounds stand around both. Knows no socket and no clock, so that a
// fuzzer can drive it. Decides what is well-formed; when somebody is too slow is read.c's.
#ifndef WH_HTTP_PARSE_H
#define WH_HTTP_PARSE_H

#include <llhttp.h>

#include "http/http.h"

#define HTTP_REQUEST_ARENA ((size_t)2 << 20)

// A request while it is read.
struct http_incoming {
    struct http_request request; // first, so that one pointer serves both
    struct wh_arena arena;
    struct http_header *fields;
    char *body;
    size_t body_cap, body_max; // body_max: set by who was told HTTP_STEP_HEAD
    uint64_t length;           // Content-Length, 0 where there is none
    bool has_body;             // of any length above 0, or chunked
    bool keep_alive, head_only, expects_continue, is_1_1;
};

void http_incoming_init(struct http_incoming *in);
void http_incoming_done(struct http_incoming *in);

enum http_step {
    HTTP_STEP_MORE,    // all bytes are taken, more are needed
    HTTP_STEP_HEAD,    // the head is there; set in->body_max and go on with what is left
    HTTP_STEP_WHOLE,   // the request is whole; http_parser_next begins another one
    HTTP_STEP_REFUSED, // see refusal; nothing more may be fed
};

struct http_parser {
    llhttp_t llhttp;
    const struct http_limits *limits;
    size_t *bodies; // bytes of all bodies in hand, everybody's
    struct http_incoming *in;
    char *partial; // the head so far, where it comes in pieces
    size_t partial_n, partial_cap;
    size_t head_n;  // bytes of the head so far
    size_t line_n;  // bytes of its line so far
    size_t framing; // bytes between two pieces of a chunked body so far
    size_t url_n, method_n;
    const char *url, *mark; // mark: where bytes of a chunked body are looked at next
    struct http_refusal refusal;
    enum { HTTP_READ_HEAD, HTTP_READ_BODY, HTTP_READ_WHOLE, HTTP_READ_REFUSED } state;
    bool after_cr, first_line, headers_done, chunked;
};

// Zeroes it. limits and bodies are borrowed and outlive it.
void http_parser_init(struct http_parser *parser, const struct http_limits *limits, size_t *bodies);
void http_parser_done(struct http_parser *parser);
// Makes ready for the next request, to be filled into `in` (initialised, borrowed).
void http_parser_next(struct http_parser *parser, struct http_incoming *in);
// Takes bytes; how many it took.
size_t http_parser_feed(struct http_parser *parser, const char *data, size_t n,
                        enum http_step *ret_step);
// Has a byte of the next request come?
bool http_parser_begun(const struct http_parser *parser);

// fields.c: what is asked of a head beyond its grammar (`in` is filled but path and query). NULL,
// or why it is refused, with the status.
const char *http_fields_check(struct http_incoming *in, int *ret_status);
// target.c: an origin-form target into path and query. NULL or why it is refused.
const char *http_target_read(struct wh_str target, struct wh_arena *arena, struct wh_str *ret_path,
                             struct wh_str *ret_query);

#endif
