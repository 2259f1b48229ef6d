// SPDX-License-Identifier: Apache-2.0
// From a client's Idempotency-Key to the request id under which a door keeps its answer: the same
// person or key, the same Idempotency-Key and the time it was first seen give the same UUIDv7, and
// nobody else can make that id. Pure: the secret and all times are parameters.
#ifndef WH_GATEWAY_IDEMPOTENCY_H
#define WH_GATEWAY_IDEMPOTENCY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"

#define IDEMPOTENCY_MAX 128
#define IDEMPOTENCY_HASH 16

// 1 to 128 visible ASCII characters.
bool idempotency_good(const char *key);
// A key that is a UUIDv7 of the last 29 days, or less than 47 hours ahead, brings its own time: no
// need to remember when it was first seen (doors take ids of 30 days back and 48 hours ahead).
bool idempotency_own_time(const char *key, int64_t now, int64_t *ret_at);
// What stands for (who, key) where its time is remembered. who: the principal's name.
void idempotency_hash(const uint8_t secret[32], const char *who, const char *key,
                      uint8_t ret_hash[IDEMPOTENCY_HASH]);
// at: ms UTC.
struct wh_uuid idempotency_id(const uint8_t hash[IDEMPOTENCY_HASH], int64_t at);

#endif
