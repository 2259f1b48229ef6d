// SPDX-License-Identifier: Apache-2.0
// Two ends in one process: a loop, a bus with a ZAP handler and a keyring that the test edits in
// memory, a folder for sockets. For tests of everything that speaks over real sockets.
#ifndef WH_TEST_NET_H
#define WH_TEST_NET_H

#include <stdbool.h>
#include <uv.h>

#include "client/bus.h"
#include "client/keys.h"
#include "runtime/zap.h"

#define NET_KEYS 8

struct net {
    uv_loop_t loop;
    struct wh_bus *bus;
    struct wh_zap *zap;
    char dir[64];
    struct wh_key server;
    struct wh_key keys[NET_KEYS]; // identity "K0" …
    struct wh_key_holder holders[NET_KEYS];
    bool live[NET_KEYS];
};

// Everything made; all keys live, role department. Aborts the test on failure.
void net_init(struct net *net);
// Closes what the test left, ends the loop and removes the folder.
void net_done(struct net *net);
// A door with n endpoints ipc://DIR/NAME<i>, server key `server`.
struct wh_door net_door(const struct net *net, const char *name, size_t n);
// The ROUTER of an endpoint of such a door.
struct wh_socket *net_router(struct net *net, const char *endpoint, wh_packet_fn on_packet,
                             void *arg);
// Runs the loop until *flag or ms have passed; whether the flag was set.
bool net_until(struct net *net, const bool *flag, int ms);
void net_run(struct net *net, int ms);

#endif
