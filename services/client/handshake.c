// SPDX-License-Identifier: Apache-2.0
// A monitor's messages have two frames: event (16 bit) with its value (32 bit), and the address.
// The inner pair has no high-water mark, so that ZeroMQ's thread never waits for a loop that is
// busy.
#include "client/handshake.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "base/error.h"
#include "client/watch.h"

#define DENIED 400 // ZAP's status for a key that nobody knows
#define EVENTS                                                                                     \
    (ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | \
     ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL)

struct wh_handshakes {
    struct wh_watch watch; // first: found by its address
    void *monitored, *pair;
    void (*on_event)(void *arg, enum wh_handshake event);
    void *arg;
    bool closed;
};

// Both frames of one message; false when there is none.
static bool take(void *pair, uint16_t *ret_event, uint32_t *ret_value)
{
    zmq_msg_t frame;
    bool first = true, more = true;

    zmq_msg_init(&frame);
    while (more && zmq_msg_recv(&frame, pair, ZMQ_DONTWAIT) >= 0) {
        more = zmq_msg_more(&frame);
        if (first && zmq_msg_size(&frame) >= 6) {
            const uint8_t *bytes = zmq_msg_data(&frame);

            memcpy(ret_event, bytes, sizeof(*ret_event));
            memcpy(ret_value, bytes + 2, sizeof(*ret_value));
            first = false;
        }
    }
    zmq_msg_close(&frame);
    return !first;
}

static enum wh_handshake meaning(uint16_t event, uint32_t value)
{
    if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
        return WH_HANDSHAKE_DONE;
    if (event == ZMQ_EVENT_CONNECT_RETRIED)
        return WH_HANDSHAKE_ABSENT;
    return event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH && value == DENIED ? WH_HANDSHAKE_DENIED
                                                                       : WH_HANDSHAKE_BROKEN;
}

static void on_ready(struct wh_watch *watch, short events)
{
    struct wh_handshakes *handshakes = (struct wh_handshakes *)watch;
    uint16_t event = 0;
    uint32_t value = 0;

    (void)events;
    for (int i = 0; i < WH_WATCH_BATCH && !handshakes->closed; i++) {
        if (!take(handshakes->pair, &event, &value))
            return;
        handshakes->on_event(handshakes->arg, meaning(event, value));
    }
}

static void on_closed(struct wh_watch *watch)
{
    free(watch);
}

static bool open_pair(struct wh_handshakes *handshakes, void *context)
{
    static atomic_uint count;
    char name[64];
    int zero = 0;

    (void)snprintf(name, sizeof(name), "inproc://handshakes-%u", atomic_fetch_add(&count, 1));
    handshakes->pair = zmq_socket(context, ZMQ_PAIR);
    return handshakes->pair &&
           zmq_setsockopt(handshakes->pair, ZMQ_LINGER, &zero, sizeof(zero)) == 0 &&
           zmq_setsockopt(handshakes->pair, ZMQ_RCVHWM, &zero, sizeof(zero)) == 0 &&
           zmq_socket_monitor(handshakes->monitored, name, EVENTS) == 0 &&
           zmq_connect(handshakes->pair, name) == 0;
}

int wh_handshakes_open(uv_loop_t *loop, void *context, void *zmq,
                       void (*on_event)(void *arg, enum wh_handshake event), void *arg,
                       struct wh_handshakes **ret_handshakes)
{
    struct wh_handshakes *handshakes = calloc(1, sizeof(*handshakes));

    if (!handshakes)
        return WH_E_NOMEM;
    handshakes->monitored = zmq;
    handshakes->on_event = on_event;
    handshakes->arg = arg;
    handshakes->watch.want = ZMQ_POLLIN;
    handshakes->watch.on_ready = on_ready;
    handshakes->watch.on_closed = on_closed;
    if (!open_pair(handshakes, context) ||
        wh_watch_start(&handshakes->watch, loop, handshakes->pair) < 0) {
        zmq_socket_monitor(zmq, NULL, 0);
        if (handshakes->pair)
            zmq_close(handshakes->pair);
        free(handshakes);
        return WH_E_IO;
    }
    *ret_handshakes = handshakes;
    return 0;
}

void wh_handshakes_close(struct wh_handshakes *handshakes)
{
    if (!handshakes || handshakes->closed)
        return;
    handshakes->closed = true;
    wh_watch_stop(&handshakes->watch);
    zmq_socket_monitor(handshakes->monitored, NULL, 0);
    zmq_close(handshakes->pair);
}
