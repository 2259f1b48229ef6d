// SPDX-License-Identifier: Apache-2.0
// Each key keeps one time: when its bucket is full again ("theoretical arrival time" of the generic
// cell rate algorithm, ITU-T I.371). Four places a key; the one that is full soonest gives way.
#include "gateway/limit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAYS 4

struct slot {
    uint64_t key; // 0: empty
    int64_t full_at;
};

struct limits {
    uint64_t seed, mask; // of groups of WAYS
    struct slot slots[];
};

struct limits *limits_new(size_t slots, uint64_t seed)
{
    size_t n = 16;
    while (n < slots && n < (size_t)1 << 30)
        n *= 2;
    struct limits *limits = calloc(1, sizeof *limits + n * sizeof *limits->slots);
    if (limits == NULL)
        return NULL;
    limits->seed = seed;
    limits->mask = n / WAYS - 1;
    return limits;
}

void limits_free(struct limits *limits)
{
    free(limits);
}

// Finaliser of MurmurHash3.
static uint64_t mix(uint64_t h)
{
    h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
    h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return h ^ h >> 33;
}

static uint64_t add(uint64_t h, const char *text)
{
    for (; *text != 0; text++)
        h = mix(h ^ (uint8_t)*text);
    return mix(h ^ 0x100);
}

uint64_t limit_key(const struct limits *limits, const char *word, const char *text)
{
    uint64_t h = add(add(mix(limits->seed), word), text);
    return h != 0 ? h : 1;
}

void limit_address(const char *address, char ret_text[64])
{
    struct in6_addr six;
    if (inet_pton(AF_INET6, address, &six) == 1 && !IN6_IS_ADDR_V4MAPPED(&six)) {
        memset(six.s6_addr + 8, 0, 8);
        if (inet_ntop(AF_INET6, &six, ret_text, 64) != NULL)
            return;
    }
    (void)snprintf(ret_text, 64, "%s", address);
}

static struct slot *find(const struct limits *limits, uint64_t key)
{
    struct slot *group = (struct slot *)(uintptr_t)&limits->slots[(key & limits->mask) * WAYS];
    for (int i = 0; i < WAYS; i++)
        if (group[i].key == key)
            return &group[i];
    return NULL;
}

static struct slot *make(struct limits *limits, uint64_t key)
{
    struct slot *group = &limits->slots[(key & limits->mask) * WAYS], *least = group;
    for (int i = 1; i < WAYS; i++)
        if (group[i].full_at < least->full_at)
            least = &group[i];
    *least = (struct slot){.key = key, .full_at = INT64_MIN};
    return least;
}

static int64_t wait_of(const struct slot *slot, struct limit_rule rule, int64_t now)
{
    if (slot == NULL || slot->full_at <= now)
        return 0;
    int64_t over = slot->full_at - now - (rule.burst - 1) * rule.every_ms;
    return over > 0 ? over : 0;
}

int64_t limit_wait(const struct limits *limits, uint64_t key, struct limit_rule rule, int64_t now)
{
    return wait_of(find(limits, key), rule, now);
}

int64_t limit_take(struct limits *limits, uint64_t key, struct limit_rule rule, int64_t now)
{
    struct slot *slot = find(limits, key);
    int64_t wait = wait_of(slot, rule, now);
    if (wait > 0)
        return wait;
    if (slot == NULL)
        slot = make(limits, key);
    slot->full_at = (slot->full_at > now ? slot->full_at : now) + rule.every_ms;
    return 0;
}
