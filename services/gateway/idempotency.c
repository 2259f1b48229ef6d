// SPDX-License-Identifier: Apache-2.0
// Idempotency keys to request ids. See idempotency.h.
#include "gateway/idempotency.h"

#include <sodium.h>
#include <string.h>

#include "base/time.h"

bool idempotency_good(const char *key)
{
    size_t n = 0;
    for (; key[n] != '\0'; n++) {
        if (key[n] < 0x21 || key[n] > 0x7e || n == IDEMPOTENCY_MAX)
            return false;
    }
    return n > 0;
}

bool idempotency_own_time(const char *key, int64_t now, int64_t *ret_at)
{
    struct wh_uuid uuid;
    if (wh_uuid_parse(key, &uuid) != 0 || !wh_uuid_is7(uuid))
        return false;
    int64_t at = wh_uuid_ms(uuid);
    if (at < now - 29 * WH_MS_DAY || at > now + 47 * WH_MS_HOUR)
        return false;
    *ret_at = at;
    return true;
}

void idempotency_hash(const uint8_t secret[32], const char *who, const char *key,
                      uint8_t ret_hash[IDEMPOTENCY_HASH])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, secret, 32, IDEMPOTENCY_HASH);
    // with the NUL between, so that no two pairs read the same
    crypto_generichash_update(&state, (const uint8_t *)who, strlen(who) + 1);
    crypto_generichash_update(&state, (const uint8_t *)key, strlen(key));
    crypto_generichash_final(&state, ret_hash, IDEMPOTENCY_HASH);
}

struct wh_uuid idempotency_id(const uint8_t hash[IDEMPOTENCY_HASH], int64_t at)
{
    return wh_uuid7_make(at, hash);
}
