// SPDX-License-Identifier: Apache-2.0
// Shape of the forest, for matter.c and matter_ask.c only.
#ifndef WH_DEDUP_MATTER_INTERNAL_H
#define WH_DEDUP_MATTER_INTERNAL_H

#include "base/map.h"
#include "dedup/matter.h"

struct node {
    struct standing standing;
    struct node *parent, *first, *prev, *next;
    int64_t joined_seq;
    uint64_t *danger;
    int64_t *apart; // ids that this one was separated from
    uint32_t n_apart, cap_apart;
    uint8_t raised_from, n_danger;
};

struct change {
    enum {
        CHANGE_NEW,
        CHANGE_STANDING,
        CHANGE_DANGER,
        CHANGE_JOINED,
        CHANGE_SPLIT,
        CHANGE_APART,
    } what;
    size_t n;
    int64_t seq;
    struct node *node, *other;
    struct standing before;
};

struct matters {
    struct wh_map nodes;
    struct change *log;
    size_t n_log, cap_log, bytes;
};

struct node *matters_node(const struct matters *matters, int64_t id); // NULL without

#endif
