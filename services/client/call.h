// SPDX-License-Identifier: Apache-2.0
// Speaking to a door: send a command, wait for its one answer, send it again under the same id when
// silence or BUSY says so, change to the next endpoint when one stays silent, fails the handshake
// or says that it cannot serve (no database, ending). A key that was refused is looked up in its
// file: a rotated one is taken and nothing was noticed; else the call is answered auth.unknown.
// Never blocks the loop.
#ifndef WH_CLIENT_CALL_H
#define WH_CLIENT_CALL_H

#include <stdbool.h>

#include "base/id.h"
#include "client/bus.h"
#include "client/frame.h"
#include "client/keys.h"
#include "whistle/v1/envelope.pb-c.h"

struct wh_caller;

struct wh_caller_options {
    struct wh_door door;
    struct wh_key key;
    const char *key_file, *doors_file; // read again when reconnecting; NULL: never; copied
    int resend_ms;                     // silence before the same command is sent again; 0: 1,000
    int give_up_ms;                    // since the call; then WH_E_TIMEOUT; 0: 30,000; -1: never
    int window;                        // outstanding commands on the wire, more are queued; 0: 256
};

// status: 0 (answer is set), WH_E_TIMEOUT, WH_E_CANCELLED is never used. answer: valid during the
// call. An answer with error BUSY is retried inside and only seen here when give_up_ms has passed.
typedef void (*wh_answer_fn)(void *arg, int status, const Whistle__V1__Answer *answer);

struct wh_call {
    struct wh_uuid request_id; // all zero: one is made
    const char *officer;       // "" where none
    const char *acting_for;    // "" where none
    const uint8_t *body;       // packed <Service>Command; copied
    size_t body_n;
    bool urgent; // goes at once, also while the window is full of what was told to come back
    wh_answer_fn on_answer;
    void *arg;
};

int wh_caller_new(struct wh_bus *bus, const struct wh_caller_options *options,
                  struct wh_caller **ret_caller);
// Outstanding calls are forgotten without a callback.
void wh_caller_free(struct wh_caller *caller);
// 0, WH_E_NOMEM, WH_E_BUSY (more than 100,000 queued).
int wh_caller_call(struct wh_caller *caller, const struct wh_call *call);
size_t wh_caller_outstanding(const struct wh_caller *caller);

#endif
