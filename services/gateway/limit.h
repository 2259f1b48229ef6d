// SPDX-License-Identifier: Apache-2.0
// How often may who do what: token buckets by a 64-bit key (an address, a number, both with a word
// for what is limited) in a table of fixed size. Pure: the time and the seed of the hash are
// parameters. When the table is full, who was limited least is forgotten, so a flood of new keys
// never frees one that is limited now.
#ifndef WH_GATEWAY_LIMIT_H
#define WH_GATEWAY_LIMIT_H

#include <stddef.h>
#include <stdint.h>

struct limits;

// `burst` at once, then one every `every_ms`.
struct limit_rule {
    int64_t burst, every_ms;
};

// slots: how many keys are remembered (rounded up to a power of two, at least 16). NULL without
// memory.
struct limits *limits_new(size_t slots, uint64_t seed);
void limits_free(struct limits *limits);

// The key of a text under a word ("report", "203.0.113.7"), seeded so that nobody can aim at
// another's slot.
uint64_t limit_key(const struct limits *limits, const char *word, const char *text);
// An address as it is limited: IPv4 whole, IPv6 its /64. ret_text: 64 bytes.
void limit_address(const char *address, char ret_text[64]);

// How long (ms) must this key wait before it may again? 0: now. Changes nothing.
int64_t limit_wait(const struct limits *limits, uint64_t key, struct limit_rule rule, int64_t now);
// The same, and counts one where it may. now: ms of a clock that does not go back.
int64_t limit_take(struct limits *limits, uint64_t key, struct limit_rule rule, int64_t now);

#endif
