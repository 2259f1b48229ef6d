// SPDX-License-Identifier: Apache-2.0
// Our side of a door or a feed, for whoever stays connected for months: one socket to one of its
// endpoints, the next one when asked. Key file and doors file are read again with every new
// connection and whenever a key is refused, so a rotated key, our own or the service's, needs no
// restart. Decides which endpoint and which key; when to change is its owner's to say.
#ifndef WH_CLIENT_LINK_H
#define WH_CLIENT_LINK_H

#include <stdbool.h>

#include "client/bus.h"
#include "client/keys.h"
#include "whistle/v1/envelope.pb-c.h"

struct wh_link_options {
    const char *kind; // "door" or "feed"; static
    struct wh_door door;
    struct wh_key key;
    const char *key_file, *doors_file; // NULL: what was handed over stays; copied
    int64_t max_message;               // bytes; 0: the bus's default
    wh_packet_fn on_packet;
    void (*on_writable)(void *arg, struct wh_socket *socket);
    void *arg;
};

struct wh_link {
    struct wh_bus *bus;
    struct wh_link_options options; // its own copies
    struct wh_socket *socket;
    size_t endpoint;   // the next one to be tried
    bool unwell;       // the handshake of this socket failed; of several endpoints: nobody is there
    unsigned denials;  // endpoints in a row that did not know our key
    int64_t denied_at; // when that began, ms of uv_hrtime
    int64_t opened_at;
};

// Connects to the first endpoint. 0, or an error and nothing to be done.
int wh_link_init(struct wh_link *link, struct wh_bus *bus, const struct wh_link_options *options);
void wh_link_done(struct wh_link *link);
// Reads the files again and connects to the next endpoint; the old socket is closed. An error (no
// room for a socket now) leaves it as it is.
int wh_link_next(struct wh_link *link);
// Whether the files now hold another key of this identity, or other doors; they are taken then. For
// a key that was refused on an open connection: go on with wh_link_next where true.
bool wh_link_renew(struct wh_link *link);
// The handshake failed, or the connection is gone and there are other endpoints, and there was a
// pause of 250 ms: time for wh_link_next.
bool wh_link_unwell(const struct wh_link *link);
// Every endpoint has refused our key, for longer than a service takes to see a changed keyring.
// Starts to count anew when true.
bool wh_link_denied(struct wh_link *link);
// What a door would say to such a key (auth.unknown); static texts.
void wh_link_denial(Whistle__V1__Error *ret_error);
// Something was received.
void wh_link_heard(struct wh_link *link);

#endif
