// SPDX-License-Identifier: Apache-2.0
// Who may connect at all: ZeroMQ asks at every handshake, over an inner socket that lives in our
// loop. A CURVE key that the keyring holds and that is live now comes in, its User-Id on every
// message is the public key in Z85; anything else is refused with 400. That happens at the
// handshake only: a key revoked later is seen by asking the keyring for every message's user. Must
// be made before the first ROUTER of the bus is opened; freed after the last one is closed.
#ifndef WH_RUNTIME_ZAP_H
#define WH_RUNTIME_ZAP_H

#include <stdint.h>

#include "client/bus.h"
#include "client/keys.h"

struct wh_zap;

// The holder of a public key (40 characters of Z85) that is live now, else NULL.
typedef const struct wh_key_holder *(*wh_zap_lookup_fn)(void *arg, const char *public_key);

// 0, WH_E_NOMEM, WH_E_IO (this bus has a handler already).
int wh_zap_new(struct wh_bus *bus, wh_zap_lookup_fn lookup, void *arg, struct wh_zap **ret_zap);
// Asynchronous like wh_socket_close. NULL is fine.
void wh_zap_free(struct wh_zap *zap);

// Handshakes since the start.
uint64_t wh_zap_accepted(const struct wh_zap *zap);
uint64_t wh_zap_refused(const struct wh_zap *zap);

#endif
