// SPDX-License-Identifier: Apache-2.0
// When an Idempotency-Key was first seen, where the key does not say so itself: remembered before
// the command leaves, so that a retry after a restart still has its one effect.
#ifndef WH_GATEWAY_STORE_KEY_H
#define WH_GATEWAY_STORE_KEY_H

#include "runtime/db.h"

#include "gateway/idempotency.h"

struct keys;

// status: 0 and when (ms UTC) it was first seen; WH_E_DB, WH_E_IO: could not be remembered.
typedef void (*key_fn)(void *arg, int status, int64_t at);

int keys_open(uv_loop_t *loop, const char *conninfo, const char *name, struct keys **ret_keys);
void keys_close(struct keys *keys);
// now: ms UTC. 0, WH_E_DB, WH_E_BUSY, WH_E_NOMEM: then fn is not called.
int keys_first_seen(struct keys *keys, const uint8_t hash[IDEMPOTENCY_HASH], int64_t now, key_fn fn,
                    void *arg);

#endif
