// SPDX-License-Identifier: Apache-2.0
// One raw ZeroMQ socket as a source of work in a libuv loop. ZMQ_FD is edge-triggered and every
// send, recv or getsockopt eats the edge, so the poll callback only notes that and wakes the loop;
// prepare looks at ZMQ_EVENTS and starts an idle handle when there is work; check stops it and
// hands the work out. Shared by the bus and by the ZAP handler; nobody else needs it.
#ifndef WH_CLIENT_WATCH_H
#define WH_CLIENT_WATCH_H

#include <stdbool.h>
#include <uv.h>

// Messages one socket may handle in one turn of the loop, so that timers and others get theirs.
#define WH_WATCH_BATCH 64

struct wh_watch {
    uv_poll_t poll;
    uv_prepare_t prepare;
    uv_idle_t idle;
    uv_check_t check;
    int open_handles;
    void *zmq;
    short want; // ZMQ_POLLIN, ZMQ_POLLOUT: what is work for the owner
    bool look;  // ZMQ_EVENTS may have changed since it was last looked at
    bool late;  // between prepare and check: a send now must look again
    void (*on_ready)(struct wh_watch *watch, short events);
    void (*on_closed)(struct wh_watch *watch);
};

// Embedded in its owner; want, on_ready and on_closed are set before. 0, or WH_E_IO and nothing is
// started (no stop, no on_closed).
int wh_watch_start(struct wh_watch *watch, uv_loop_t *loop, void *zmq);
// With every own send, also one that fails, and every change of want outside of on_ready: makes
// sure that ZMQ_EVENTS is looked at before the loop sleeps.
void wh_watch_touch(struct wh_watch *watch);
// Stops at once; on_closed comes from the loop when the memory may go. The ZeroMQ socket may be
// closed as soon as this has returned.
void wh_watch_stop(struct wh_watch *watch);

#endif
