// SPDX-License-Identifier: Apache-2.0
// Why a connection does not come about: ZeroMQ tells it on an inner socket of its own (a monitor),
// and without listening there a refused key, a changed server key and a dead host all look like
// silence. One listener a DEALER; bus.c owns it.
#ifndef WH_CLIENT_HANDSHAKE_H
#define WH_CLIENT_HANDSHAKE_H

#include <uv.h>

enum wh_handshake {
    WH_HANDSHAKE_DONE,   // both keys are good
    WH_HANDSHAKE_DENIED, // the server says that it does not know our key (or not any more)
    WH_HANDSHAKE_BROKEN, // the server ended it: it has another key than we think, or it just died
    WH_HANDSHAKE_ABSENT, // nobody listens there; ZeroMQ tries on
};

struct wh_handshakes;

// zmq: the DEALER, not connected yet. on_event may close the DEALER's owner. 0, WH_E_NOMEM,
// WH_E_IO.
int wh_handshakes_open(uv_loop_t *loop, void *context, void *zmq,
                       void (*on_event)(void *arg, enum wh_handshake event), void *arg,
                       struct wh_handshakes **ret_handshakes);
// Before the DEALER is closed; asynchronous, no event comes after it. NULL is fine.
void wh_handshakes_close(struct wh_handshakes *handshakes);

#endif
