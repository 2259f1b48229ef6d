// SPDX-License-Identifier: Apache-2.0
// The hash chain's rules. What is bad first is what is told; later rows say nothing about it.
#include "cli/chain.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void chain_init(struct chain *chain)
{
    *chain = (struct chain){0};
}

int chain_since(struct chain *chain, const char *text)
{
    char *end;
    size_t n = 0;
    const char *stop;
    chain->since_seq = strtoll(text, &end, 10);
    if (end == text || *end != ':' || chain->since_seq < 0)
        return -1;
    if (sodium_hex2bin(chain->since_hash, CHAIN_HASH, end + 1, strlen(end + 1), NULL, &n, &stop) ||
        n != CHAIN_HASH || *stop)
        return -1;
    chain->has_since = true;
    return 0;
}

void chain_format(const struct chain *chain, char *ret_text, size_t n)
{
    char hex[2 * CHAIN_HASH + 1];
    sodium_bin2hex(hex, sizeof hex, chain->hash, CHAIN_HASH);
    (void)snprintf(ret_text, n, "%lld:%s", (long long)chain->seq, hex);
}

static enum chain_fault bad(struct chain *chain, enum chain_fault fault, int64_t seq)
{
    chain->fault = fault;
    chain->bad_seq = seq;
    return fault;
}

static enum chain_fault check_since(struct chain *chain)
{
    if (!chain->has_since || chain->seq != chain->since_seq)
        return CHAIN_GOOD;
    if (memcmp(chain->hash, chain->since_hash, CHAIN_HASH) == 0)
        return CHAIN_GOOD;
    return bad(chain, CHAIN_OTHER_PAST, chain->seq);
}

enum chain_fault chain_row(struct chain *chain, int64_t seq_inside, const uint8_t *body, size_t n,
                           const uint8_t *hash, size_t hash_n)
{
    uint8_t expected[CHAIN_HASH];
    crypto_generichash_state state;
    int64_t seq = chain->seq + 1;
    if (chain->fault)
        return chain->fault;
    crypto_generichash_init(&state, NULL, 0, CHAIN_HASH);
    crypto_generichash_update(&state, chain->hash, CHAIN_HASH);
    crypto_generichash_update(&state, body, n);
    crypto_generichash_final(&state, expected, CHAIN_HASH);
    bool matches = hash_n == CHAIN_HASH && memcmp(expected, hash, CHAIN_HASH) == 0;
    if (seq_inside == 0)
        return bad(chain, CHAIN_UNREADABLE, seq);
    if (seq_inside != seq)
        return bad(chain, seq_inside > seq && !matches ? CHAIN_GAP : CHAIN_SEQ, seq);
    if (!matches)
        return bad(chain, CHAIN_HASH_WRONG, seq);
    chain->seq = seq;
    chain->rows++;
    memcpy(chain->hash, expected, CHAIN_HASH);
    return check_since(chain);
}

enum chain_fault chain_end(struct chain *chain)
{
    if (!chain->fault && chain->has_since && chain->seq < chain->since_seq)
        return bad(chain, CHAIN_CUT, chain->seq + 1);
    return chain->fault;
}
