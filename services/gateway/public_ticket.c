// SPDX-License-Identifier: Apache-2.0
// "MILLISECONDS.HASH": 96 bits of keyed BLAKE2b over the word and the time.
#include "gateway/public_ticket.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH 12

void public_ticket_make(const uint8_t key[32], int64_t now, char ret_ticket[PUBLIC_TICKET_MAX])
{
    uint8_t hash[crypto_generichash_BYTES];
    char said[48], hex[2 * HASH + 1];
    int n = snprintf(said, sizeof said, "whistle.public.ticket %" PRId64, now);
    crypto_generichash(hash, sizeof hash, (const uint8_t *)said, (unsigned long long)n, key, 32);
    sodium_bin2hex(hex, sizeof hex, hash, HASH);
    (void)snprintf(ret_ticket, PUBLIC_TICKET_MAX, "%" PRId64 ".%s", now, hex);
}

bool public_ticket_good(const uint8_t key[32], const char *ticket, int64_t now)
{
    char right[PUBLIC_TICKET_MAX], *end = NULL;
    size_t n = strlen(ticket);
    int64_t at = strtoll(ticket, &end, 10);
    if (end == ticket || *end != '.' || at <= 0 || at > now - PUBLIC_TICKET_LEAST_MS ||
        at < now - PUBLIC_TICKET_MOST_MS)
        return false;
    public_ticket_make(key, at, right);
    return n == strlen(right) && sodium_memcmp(ticket, right, n) == 0;
}
