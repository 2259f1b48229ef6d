// SPDX-License-Identifier: Apache-2.0
// A keyring file for tests over real sockets: which of a net's keys live and what they may do.
#ifndef WH_TEST_RING_H
#define WH_TEST_RING_H

#include "runtime/identity.h"
#include "support/net.h"

// One line of the file: net->keys[key] is `identity` with `roles`.
struct ring_key {
    int key;
    const char *identity;
    unsigned roles;
};

// Writes the file (renamed into place) and gives its path, valid until the next call.
const char *ring_write(const struct net *net, const struct ring_key *keys, size_t n);
// Written and held in memory. Aborts the test on failure.
struct wh_identity *ring_identity(struct net *net, const struct ring_key *keys, size_t n);

#endif
