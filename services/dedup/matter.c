// SPDX-License-Identifier: Apache-2.0
// The forest: nodes with parent and children, and a log of what undoes the last changes. Questions
// are in matter_ask.c.
#include <stdlib.h>
#include <string.h>

#include "dedup/matter_internal.h"

struct matters *matters_new(void)
{
    return calloc(1, sizeof(struct matters));
}

static void free_node(struct matters *matters, struct node *node)
{
    matters->bytes -= sizeof *node + node->n_danger * sizeof *node->danger +
                      node->cap_apart * sizeof *node->apart;
    free(node->danger);
    free(node->apart);
    free(node);
}

void matters_clear(struct matters *matters)
{
    void *node;
    size_t pos = 0;
    while (wh_map_next(&matters->nodes, &pos, NULL, &node))
        free_node(matters, node);
    wh_map_done(&matters->nodes);
    matters->n_log = 0;
}

void matters_free(struct matters *matters)
{
    if (matters == NULL)
        return;
    matters_clear(matters);
    free(matters->log);
    free(matters);
}

size_t matters_count(const struct matters *matters)
{
    return wh_map_count(&matters->nodes);
}

size_t matters_bytes(const struct matters *matters)
{
    return matters->bytes + matters->nodes.cap * sizeof(struct wh_map_slot) +
           matters->cap_log * sizeof *matters->log;
}

// ---- undo ---------------------------------------------------------------------------------------

// Room for one more entry; NULL without memory. It counts once n_log is raised.
static struct change *next_change(struct matters *matters)
{
    if (matters->n_log == matters->cap_log) {
        size_t cap = matters->cap_log == 0 ? 64 : matters->cap_log * 2;
        struct change *log = realloc(matters->log, cap * sizeof *log);
        if (log == NULL)
            return NULL;
        matters->log = log;
        matters->cap_log = cap;
    }
    return &matters->log[matters->n_log];
}

static void hang(struct node *child, struct node *parent)
{
    child->parent = parent;
    child->prev = NULL;
    child->next = parent->first;
    if (parent->first != NULL)
        parent->first->prev = child;
    parent->first = child;
}

static void take_off(struct node *child)
{
    if (child->prev != NULL)
        child->prev->next = child->next;
    else
        child->parent->first = child->next;
    if (child->next != NULL)
        child->next->prev = child->prev;
    child->parent = child->prev = child->next = NULL;
    child->joined_seq = 0;
    child->raised_from = 0;
}

static void forget_node(struct matters *matters, struct node *node)
{
    (void)wh_map_del(&matters->nodes, node->standing.id);
    free_node(matters, node);
}

static void set_apart(struct node *node, int64_t other, bool apart)
{
    for (size_t i = 0; i < node->n_apart; i++)
        if (node->apart[i] == other) {
            if (!apart)
                node->apart[i] = node->apart[--node->n_apart];
            return;
        }
    if (apart)
        node->apart[node->n_apart++] = other;
}

static void undo_one(struct matters *matters, const struct change *change)
{
    struct node *node = change->node;
    switch (change->what) {
    case CHANGE_NEW:
        forget_node(matters, node);
        break;
    case CHANGE_STANDING:
        node->standing = change->before;
        break;
    case CHANGE_DANGER:
        matters->bytes -= (node->n_danger - change->n) * sizeof *node->danger;
        node->n_danger = (uint8_t)change->n;
        break;
    case CHANGE_JOINED:
        take_off(node);
        break;
    case CHANGE_SPLIT:
        hang(node, change->other);
        node->joined_seq = change->seq;
        node->raised_from = (uint8_t)change->n;
        break;
    case CHANGE_APART:
        set_apart(node, change->other->standing.id, change->n != 0);
        set_apart(change->other, node->standing.id, change->n != 0);
        break;
    }
}

size_t matters_mark(const struct matters *matters)
{
    return matters->n_log;
}

void matters_undo(struct matters *matters, size_t mark)
{
    while (matters->n_log > mark) {
        matters->n_log--;
        undo_one(matters, &matters->log[matters->n_log]);
    }
}

void matters_keep(struct matters *matters)
{
    matters->n_log = 0;
}

// ---- changes ------------------------------------------------------------------------------------

struct node *matters_node(const struct matters *matters, int64_t id)
{
    return wh_map_get(&matters->nodes, id);
}

static int put_new(struct matters *matters, const struct standing *standing)
{
    struct node *node = calloc(1, sizeof *node);
    if (node == NULL || wh_map_put(&matters->nodes, standing->id, node) != 0) {
        free(node);
        return WH_E_NOMEM;
    }
    node->standing = *standing;
    matters->bytes += sizeof *node;
    matters->log[matters->n_log++] = (struct change){.what = CHANGE_NEW, .node = node};
    return 0;
}

int matters_put(struct matters *matters, const struct standing *standing)
{
    struct node *node = matters_node(matters, standing->id);
    struct change *change = next_change(matters);
    if (change == NULL)
        return WH_E_NOMEM;
    if (node == NULL)
        return put_new(matters, standing);
    *change = (struct change){.what = CHANGE_STANDING, .node = node, .before = node->standing};
    node->standing = *standing;
    matters->n_log++;
    return 0;
}

static bool knows(const struct node *node, uint64_t word)
{
    for (size_t i = 0; i < node->n_danger; i++)
        if (node->danger[i] == word)
            return true;
    return false;
}

int matters_danger(struct matters *matters, int64_t id, const uint64_t *words, size_t n)
{
    struct node *node = matters_node(matters, id);
    struct change *change = next_change(matters);
    if (node == NULL)
        return WH_E_INVALID;
    uint64_t *danger =
        change == NULL ? NULL : realloc(node->danger, (node->n_danger + n + 1) * sizeof *danger);
    if (danger == NULL)
        return WH_E_NOMEM;
    node->danger = danger;
    *change = (struct change){.what = CHANGE_DANGER, .node = node, .n = node->n_danger};
    for (size_t i = 0; i < n && node->n_danger < MATTER_DANGER_MAX; i++)
        if (!knows(node, words[i]))
            danger[node->n_danger++] = words[i];
    matters->bytes += (node->n_danger - change->n) * sizeof *danger;
    matters->n_log++;
    return 0;
}

int matters_join(struct matters *matters, int64_t child, int64_t parent, int64_t seq,
                 uint8_t raised_from)
{
    struct node *under = matters_node(matters, parent);
    struct node *node = matters_node(matters, child);
    struct change *change = next_change(matters);
    if (change == NULL)
        return WH_E_NOMEM;
    if (node == NULL || under == NULL || node == under || node->parent != NULL ||
        under->parent != NULL)
        return WH_E_INVALID;
    *change = (struct change){.what = CHANGE_JOINED, .node = node};
    matters->n_log++;
    hang(node, under);
    node->joined_seq = seq;
    node->raised_from = raised_from;
    return 0;
}

int matters_hang(struct matters *matters, int64_t child, int64_t parent, int64_t seq,
                 uint8_t raised_from)
{
    struct node *under = matters_node(matters, parent);
    struct node *node = matters_node(matters, child);
    if (node == NULL || under == NULL || node == under || node->parent != NULL)
        return WH_E_INVALID;
    hang(node, under);
    node->joined_seq = seq;
    node->raised_from = raised_from;
    return 0;
}

int matters_split(struct matters *matters, int64_t child)
{
    struct node *node = matters_node(matters, child);
    struct change *change = next_change(matters);
    if (change == NULL)
        return WH_E_NOMEM;
    if (node == NULL || node->parent == NULL)
        return WH_E_INVALID;
    *change = (struct change){.what = CHANGE_SPLIT,
                              .node = node,
                              .other = node->parent,
                              .seq = node->joined_seq,
                              .n = node->raised_from};
    matters->n_log++;
    take_off(node);
    return 0;
}

static int room_apart(struct matters *matters, struct node *node)
{
    if (node->n_apart < node->cap_apart)
        return 0;
    size_t cap = node->cap_apart == 0 ? 4 : node->cap_apart * 2;
    int64_t *apart = realloc(node->apart, cap * sizeof *apart);
    if (apart == NULL)
        return WH_E_NOMEM;
    matters->bytes += (cap - node->cap_apart) * sizeof *apart;
    node->apart = apart;
    node->cap_apart = (uint32_t)cap;
    return 0;
}

int matters_set_apart(struct matters *matters, int64_t a, int64_t b, bool apart)
{
    struct node *one = matters_node(matters, a), *two = matters_node(matters, b);
    struct change *change = next_change(matters);
    if (one == NULL || two == NULL || one == two)
        return WH_E_INVALID;
    if (change == NULL || room_apart(matters, one) != 0 || room_apart(matters, two) != 0)
        return WH_E_NOMEM;
    bool were = false;
    for (size_t i = 0; i < one->n_apart; i++)
        were = were || one->apart[i] == b;
    *change = (struct change){.what = CHANGE_APART, .node = one, .other = two, .n = were};
    matters->n_log++;
    set_apart(one, b, apart);
    set_apart(two, a, apart);
    return 0;
}

void matters_drop(struct matters *matters, int64_t id)
{
    struct node *node = matters_node(matters, id);
    if (node == NULL)
        return;
    for (struct node *child = node->first, *next; child != NULL; child = next) {
        next = child->next;
        take_off(child);
    }
    if (node->parent != NULL)
        take_off(node);
    forget_node(matters, node);
}
