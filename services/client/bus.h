// SPDX-License-Identifier: Apache-2.0
// ZeroMQ sockets inside a libuv loop: with watch, handshake and the ZAP handler the only files that
// touch zmq_* sockets.
// A socket wakes the loop through uv_poll with an empty callback; uv_prepare starts a uv_idle while
// ZMQ_EVENTS has what we want; uv_check handles at most 64 messages a turn. Always CURVE, always
// heartbeats, high-water marks, MAXMSGSIZE, HANDSHAKE_IVL and BACKLOG.
// Knows nothing of protobuf or of who a peer is.
#ifndef WH_CLIENT_BUS_H
#define WH_CLIENT_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "client/handshake.h"

struct wh_bus;
struct wh_socket;

// A ROUTER's name for one connection; means nothing after the connection ends.
struct wh_peer {
    uint8_t n;
    uint8_t id[15];
};

// One message as it came. user: the peer's CURVE public key as 40 characters of Z85 (ROUTER; never
// empty, messages without one are dropped and counted), NULL on a DEALER. data is valid during the
// callback only.
struct wh_packet {
    struct wh_peer peer;
    const char *user;
    const uint8_t *data;
    size_t n;
};

// May send on any socket, may close this socket; must not free the bus.
typedef void (*wh_packet_fn)(void *arg, struct wh_socket *socket, const struct wh_packet *packet);

struct wh_socket_options {
    bool router;          // ROUTER that binds (a server), else DEALER that connects
    const char *endpoint; // ipc://… or tcp://…; a ROUTER may bind several, with commas between
    const char *secret_key; // Z85, ours
    const char *public_key; // Z85, ours
    const char *server_key; // Z85, the door's (DEALER only)
    int hwm;                // messages each way; 0: 10,000
    int send_hwm;           // messages out, where it differs; 0: hwm
    int64_t max_message;    // bytes; 0: 8 MiB
    wh_packet_fn on_packet;
    void (*on_writable)(void *arg, struct wh_socket *socket); // after a send returned WH_E_BUSY
    // DEALER only, may be NULL: how the connection comes about, or why not. May close this socket.
    void (*on_handshake)(void *arg, struct wh_socket *socket, enum wh_handshake event);
    void *arg;
};

// One ZeroMQ context for a loop. 0 or WH_E_NOMEM.
int wh_bus_new(uv_loop_t *loop, struct wh_bus **ret_bus);
// Ends the context; every socket must be closed. LINGER is at most 500 ms.
void wh_bus_free(struct wh_bus *bus);
uv_loop_t *wh_bus_loop(struct wh_bus *bus);
void *wh_bus_zmq(struct wh_bus *bus);

// Binds (all endpoints or none) or connects. 0, WH_E_INVALID (an option; errno tells), WH_E_IO
// (cannot bind). A ZAP handler must be running before a ROUTER is opened (runtime/zap.h).
int wh_socket_open(struct wh_bus *bus, const struct wh_socket_options *options,
                   struct wh_socket **ret_socket);
// Asynchronous: handles close on the loop; no callback comes after this call.
void wh_socket_close(struct wh_socket *socket);

// Copies the bytes. to: NULL on a DEALER. 0, WH_E_BUSY (high-water mark: on_writable follows),
// WH_E_NOTFOUND (ROUTER: this peer is gone).
int wh_socket_send(struct wh_socket *socket, const struct wh_peer *to, const void *data, size_t n);

// Messages that came without a User-Id and were dropped, since the start.
uint64_t wh_bus_dropped(const struct wh_bus *bus);

#endif
