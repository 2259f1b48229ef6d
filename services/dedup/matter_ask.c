// SPDX-License-Identifier: Apache-2.0
// Questions to the forest: all answers are found by walking it.
#include <stdlib.h>

#include "dedup/matter_internal.h"

const struct standing *matters_get(const struct matters *matters, int64_t id)
{
    const struct node *node = matters_node(matters, id);
    return node == NULL ? NULL : &node->standing;
}

int64_t matters_root(const struct matters *matters, int64_t id)
{
    const struct node *node = matters_node(matters, id);
    while (node != NULL && node->parent != NULL)
        node = node->parent;
    return node == NULL ? 0 : node->standing.id;
}

int64_t matters_parent(const struct matters *matters, int64_t id)
{
    const struct node *node = matters_node(matters, id);
    return node == NULL || node->parent == NULL ? 0 : node->parent->standing.id;
}

int64_t matters_joined_seq(const struct matters *matters, int64_t id)
{
    const struct node *node = matters_node(matters, id);
    return node == NULL ? 0 : node->joined_seq;
}

uint8_t matters_raised_from(const struct matters *matters, int64_t id)
{
    const struct node *node = matters_node(matters, id);
    return node == NULL ? 0 : node->raised_from;
}

// The next one of the branch of `top`, in the order parent before child; NULL at the end.
static const struct node *after(const struct node *node, const struct node *top)
{
    if (node->first != NULL)
        return node->first;
    while (node != top && node->next == NULL)
        node = node->parent;
    return node == top ? NULL : node->next;
}

// The next one of the branch of `top` that does not lie below `node`; NULL at the end.
static const struct node *beyond(const struct node *node, const struct node *top)
{
    while (node != top && node->next == NULL)
        node = node->parent;
    return node == top ? NULL : node->next;
}

uint8_t matters_urgency(const struct matters *matters, int64_t id, int64_t without)
{
    const struct node *top = matters_node(matters, id), *out = matters_node(matters, without);
    const struct node *node = top == NULL ? NULL : after(top, top);
    uint8_t most = 0;
    while (node != NULL) {
        uint8_t priority = node == out ? 0 : node->standing.priority;
        if (priority != 0 && (most == 0 || priority < most))
            most = priority;
        node = node == out ? beyond(node, top) : after(node, top);
    }
    return most;
}

size_t matters_supporters(const struct matters *matters, int64_t id)
{
    const struct node *top = matters_node(matters, id);
    size_t n = 0;
    for (const struct node *node = top; node != NULL; node = after(node, top))
        n += node != top;
    return n;
}

static int by_id(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

size_t matters_members(const struct matters *matters, int64_t id, int64_t *ret_ids, size_t max)
{
    const struct node *top = matters_node(matters, id);
    size_t n = 0;
    for (const struct node *node = top; node != NULL; node = after(node, top)) {
        if (n < max)
            ret_ids[n] = node->standing.id;
        n++;
    }
    size_t kept = n < max ? n : max;
    if (kept > 2)
        qsort(ret_ids + 1, kept - 1, sizeof *ret_ids, by_id);
    return n;
}

static bool newer(const struct node *a, const struct node *b)
{
    if (b == NULL || a->standing.at != b->standing.at)
        return b == NULL || a->standing.at > b->standing.at;
    return a->standing.id > b->standing.id;
}

size_t matters_representatives(const struct matters *matters, int64_t id,
                               int64_t ret_ids[MATTER_REPS])
{
    const struct node *top = matters_node(matters, id), *newest = NULL, *second = NULL;
    size_t n = 0;
    if (top == NULL)
        return 0;
    for (const struct node *node = after(top, top); node != NULL; node = after(node, top)) {
        if (newer(node, newest)) {
            second = newest;
            newest = node;
        } else if (newer(node, second)) {
            second = node;
        }
    }
    ret_ids[n++] = id;
    if (newest != NULL)
        ret_ids[n++] = newest->standing.id;
    if (second != NULL)
        ret_ids[n++] = second->standing.id;
    return n;
}

static bool stands_below(const struct node *node, const struct node *top)
{
    while (node != NULL && node != top)
        node = node->parent;
    return node != NULL;
}

static int64_t apart_from(const struct matters *matters, const struct node *node,
                          const struct node *other)
{
    for (size_t i = 0; i < node->n_apart; i++)
        if (stands_below(matters_node(matters, node->apart[i]), other))
            return node->apart[i];
    return 0;
}

bool matters_next_apart(const struct matters *matters, int64_t a, int64_t b, int64_t ret_pair[2])
{
    const struct node *one = matters_node(matters, a), *two = matters_node(matters, b);
    for (const struct node *node = one; node != NULL && two != NULL; node = after(node, one)) {
        int64_t other = apart_from(matters, node, two);
        if (other == 0)
            continue;
        ret_pair[0] = node->standing.id;
        ret_pair[1] = other;
        return true;
    }
    return false;
}

bool matters_are_apart(const struct matters *matters, int64_t a, int64_t b)
{
    int64_t pair[2];
    return matters_next_apart(matters, a, b, pair);
}

bool matters_are_apart_themselves(const struct matters *matters, int64_t a, int64_t b)
{
    const struct node *node = matters_node(matters, a);
    for (size_t i = 0; node != NULL && i < node->n_apart; i++)
        if (node->apart[i] == b)
            return true;
    return false;
}

size_t matters_apart_of(const struct matters *matters, int64_t id, int64_t *ret_ids, size_t max)
{
    const struct node *node = matters_node(matters, id);
    size_t n = node == NULL ? 0 : node->n_apart;
    for (size_t i = 0; i < n && i < max; i++)
        ret_ids[i] = node->apart[i];
    if (n > 1 && max > 1)
        qsort(ret_ids, n < max ? n : max, sizeof *ret_ids, by_id);
    return n;
}

bool matters_has_danger(const struct matters *matters, int64_t id, uint64_t word)
{
    const struct node *top = matters_node(matters, id);
    for (const struct node *node = top; node != NULL; node = after(node, top))
        for (size_t i = 0; i < node->n_danger; i++)
            if (node->danger[i] == word)
                return true;
    return false;
}

const uint64_t *matters_danger_of(const struct matters *matters, int64_t id, size_t *ret_n)
{
    const struct node *node = matters_node(matters, id);
    *ret_n = node == NULL ? 0 : node->n_danger;
    return node == NULL ? NULL : node->danger;
}

struct matters_change matters_change(const struct matters *matters, size_t i)
{
    const struct change *change = &matters->log[i];
    const struct node *node = change->node;
    struct matters_change told = {.id = node->standing.id};
    switch (change->what) {
    case CHANGE_NEW:
        told.what = MATTERS_NEW;
        break;
    case CHANGE_STANDING:
    case CHANGE_DANGER:
        told.what = MATTERS_STANDING;
        break;
    case CHANGE_JOINED:
        told.what = MATTERS_JOINED;
        told.other = node->parent != NULL ? node->parent->standing.id : 0;
        told.seq = node->joined_seq;
        told.raised_from = node->raised_from;
        break;
    case CHANGE_SPLIT:
        told.what = MATTERS_SPLIT;
        told.other = change->other->standing.id;
        told.seq = change->seq;
        break;
    case CHANGE_APART:
        told.what = MATTERS_APART;
        told.other = change->other->standing.id;
        break;
    }
    return told;
}

size_t matters_slice(const struct matters *matters, size_t *pos, int64_t *ret_ids, size_t max)
{
    size_t n = 0;
    while (n < max && wh_map_next(&matters->nodes, pos, &ret_ids[n], NULL))
        n++;
    if (n < max)
        *pos = 0;
    return n;
}
