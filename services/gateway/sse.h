// SPDX-License-Identifier: Apache-2.0
// Server-sent events as text (WHATWG HTML, "event stream"). Pure.
#ifndef WH_GATEWAY_SSE_H
#define WH_GATEWAY_SSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define SSE_TYPE "text/event-stream; charset=utf-8"

// Text that grows. All-zero is empty.
struct sse {
    char *p;
    size_t n, cap;
};

void sse_done(struct sse *text);
// All return 0 or WH_E_NOMEM (unchanged then).
int sse_event(struct sse *text, int64_t seq, const char *json, size_t n); // json: one line
// Moves the client's Last-Event-ID and keeps the connection alive; no event.
int sse_mark(struct sse *text, int64_t seq);
// The past is another one; go on after seq and read everything again.
int sse_rewound(struct sse *text, int64_t seq);
int sse_add(struct sse *text, const char *words);

// A Last-Event-ID: 0, or WH_E_INVALID where it is no number that this feed ever sent.
int sse_id_read(struct wh_str id, int64_t *ret_seq);

#endif
