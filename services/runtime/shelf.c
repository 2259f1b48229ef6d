// SPDX-License-Identifier: Apache-2.0
// Objects in memory as blobs by key, with an overlay for the turn in hand. A put makes a new blob;
// the overlay keeps, in order, which blob each put replaced there, so that one item's puts can be
// undone alone and a whole turn's joined or dropped. The least recently used leave when the turn
// has ended.
#include "runtime/shelf.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "runtime/service.h"

struct blob {
    struct blob *newer, *older; // by use; in memory only
    int64_t key;
    size_t n;
    unsigned char data[] __attribute__((aligned(16)));
};

struct change {
    struct blob *now, *before; // before: what stood in the overlay, NULL: nothing
};

struct wh_shelf {
    struct wh_shelf *next;
    struct wh_map memory, overlay;
    struct blob *newest, *oldest;
    size_t max_bytes, bytes;
    struct change *changes;
    size_t n_changes, cap_changes, mark;
};

static struct wh_shelf *all;
static bool in_turn;

static size_t cost(const struct blob *blob)
{
    return sizeof *blob + blob->n + 48;
}

static void unlink_blob(struct wh_shelf *shelf, struct blob *blob)
{
    *(blob->newer ? &blob->newer->older : &shelf->newest) = blob->older;
    *(blob->older ? &blob->older->newer : &shelf->oldest) = blob->newer;
}

static void link_newest(struct wh_shelf *shelf, struct blob *blob)
{
    blob->newer = NULL;
    blob->older = shelf->newest;
    *(shelf->newest ? &shelf->newest->newer : &shelf->oldest) = blob;
    shelf->newest = blob;
}

static struct blob *blob_new(int64_t key, const void *data, size_t n)
{
    struct blob *blob = malloc(sizeof *blob + n);
    if (!blob)
        return NULL;
    blob->newer = blob->older = NULL;
    blob->key = key;
    blob->n = n;
    if (n)
        memcpy(blob->data, data, n);
    return blob;
}

static void memory_remove(struct wh_shelf *shelf, struct blob *blob)
{
    unlink_blob(shelf, blob);
    shelf->bytes -= cost(blob);
    wh_map_del(&shelf->memory, blob->key);
    free(blob);
}

static void trim(struct wh_shelf *shelf)
{
    while (!in_turn && shelf->bytes > shelf->max_bytes && shelf->oldest)
        memory_remove(shelf, shelf->oldest);
}

static int memory_add(struct wh_shelf *shelf, struct blob *blob)
{
    int status = wh_map_put(&shelf->memory, blob->key, blob);
    if (status != 0)
        return status;
    link_newest(shelf, blob);
    shelf->bytes += cost(blob);
    return 0;
}

struct wh_shelf *wh_shelf_new(size_t max_bytes)
{
    struct wh_shelf *shelf = calloc(1, sizeof *shelf);
    if (!shelf)
        return NULL;
    wh_map_init(&shelf->memory);
    wh_map_init(&shelf->overlay);
    shelf->max_bytes = max_bytes;
    shelf->next = all;
    all = shelf;
    return shelf;
}

void wh_shelf_free(struct wh_shelf *shelf)
{
    if (!shelf)
        return;
    struct wh_shelf **at = &all;
    while (*at && *at != shelf)
        at = &(*at)->next;
    if (*at)
        *at = shelf->next;
    wh_shelf_clear(shelf);
    wh_map_done(&shelf->memory);
    wh_map_done(&shelf->overlay);
    free(shelf->changes);
    free(shelf);
}

int wh_shelf_loaded(struct wh_shelf *shelf, int64_t key, const void *data, size_t n)
{
    if (wh_map_has(&shelf->memory, key))
        return 0;
    struct blob *blob = blob_new(key, data, n);
    if (!blob)
        return WH_E_NOMEM;
    int status = memory_add(shelf, blob);
    if (status != 0)
        free(blob);
    trim(shelf);
    return status;
}

bool wh_shelf_has(const struct wh_shelf *shelf, int64_t key)
{
    return wh_map_get(&shelf->overlay, key) || wh_map_has(&shelf->memory, key);
}

const void *wh_shelf_get(struct wh_shelf *shelf, int64_t key, size_t *ret_n)
{
    struct blob *blob = wh_map_count(&shelf->overlay) ? wh_map_get(&shelf->overlay, key) : NULL;
    if (!blob) {
        blob = wh_map_get(&shelf->memory, key);
        if (!blob)
            return NULL;
        if (blob != shelf->newest) {
            unlink_blob(shelf, blob);
            link_newest(shelf, blob);
        }
    }
    if (ret_n)
        *ret_n = blob->n;
    return blob->data;
}

static int changes_room(struct wh_shelf *shelf)
{
    if (shelf->n_changes < shelf->cap_changes)
        return 0;
    size_t cap = shelf->cap_changes ? shelf->cap_changes * 2 : 256;
    struct change *changes = realloc(shelf->changes, cap * sizeof *changes);
    if (!changes)
        return WH_E_NOMEM;
    shelf->changes = changes;
    shelf->cap_changes = cap;
    return 0;
}

// Joining memory later must not fail for want of a place in its map: it is reserved here.
int wh_shelf_put(struct wh_shelf *shelf, int64_t key, const void *data, size_t n)
{
    size_t places = wh_map_count(&shelf->memory) + shelf->n_changes + 1;
    if (changes_room(shelf) != 0 || wh_map_reserve(&shelf->memory, places) != 0)
        return WH_E_NOMEM;
    struct blob *blob = blob_new(key, data, n);
    if (!blob)
        return WH_E_NOMEM;
    struct blob *before = wh_map_get(&shelf->overlay, key);
    if (wh_map_put(&shelf->overlay, key, blob) != 0) {
        free(blob);
        return WH_E_NOMEM;
    }
    shelf->changes[shelf->n_changes++] = (struct change){blob, before};
    return 0;
}

static void undo_to(struct wh_shelf *shelf, size_t mark)
{
    while (shelf->n_changes > mark) {
        struct change *change = &shelf->changes[--shelf->n_changes];
        if (change->before)
            wh_map_put(&shelf->overlay, change->now->key, change->before);
        else
            wh_map_del(&shelf->overlay, change->now->key);
        free(change->now);
    }
}

// The last blob of each key joins memory, those it replaced go.
void wh_shelf_commit(struct wh_shelf *shelf)
{
    for (size_t i = 0; i < shelf->n_changes; i++) {
        struct blob *blob = shelf->changes[i].now;
        struct blob *old = wh_map_get(&shelf->memory, blob->key);
        if (old)
            memory_remove(shelf, old);
        memory_add(shelf, blob);
        wh_map_del(&shelf->overlay, blob->key);
    }
    shelf->n_changes = shelf->mark = 0;
    trim(shelf);
}

void wh_shelf_rollback(struct wh_shelf *shelf)
{
    undo_to(shelf, 0);
    shelf->mark = 0;
    trim(shelf);
}

void wh_shelf_clear(struct wh_shelf *shelf)
{
    wh_shelf_rollback(shelf);
    for (struct blob *blob = shelf->oldest; blob;) {
        struct blob *newer = blob->newer;
        free(blob);
        blob = newer;
    }
    shelf->newest = shelf->oldest = NULL;
    shelf->bytes = 0;
    wh_map_done(&shelf->memory);
    wh_map_done(&shelf->overlay);
}

size_t wh_shelf_bytes(const struct wh_shelf *shelf)
{
    return shelf->bytes;
}

void wh_shelves_begin(void)
{
    in_turn = true;
}

void wh_shelves_mark(void)
{
    for (struct wh_shelf *shelf = all; shelf; shelf = shelf->next)
        shelf->mark = shelf->n_changes;
}

void wh_shelves_undo(void)
{
    for (struct wh_shelf *shelf = all; shelf; shelf = shelf->next)
        undo_to(shelf, shelf->mark);
}

void wh_shelves_commit(void)
{
    in_turn = false;
    for (struct wh_shelf *shelf = all; shelf; shelf = shelf->next)
        wh_shelf_commit(shelf);
}

void wh_shelves_rollback(void)
{
    in_turn = false;
    for (struct wh_shelf *shelf = all; shelf; shelf = shelf->next)
        wh_shelf_rollback(shelf);
}

void wh_shelves_clear(void)
{
    in_turn = false;
    for (struct wh_shelf *shelf = all; shelf; shelf = shelf->next)
        wh_shelf_clear(shelf);
}
