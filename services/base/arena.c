// SPDX-License-Identifier: Apache-2.0
// A chain of blocks from malloc, each at least twice as long as the one before up to a limit; the
// newest serves requests. Decides when the cap is reached; which cap is right is the owner's
// choice.
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN 16u
#define FIRST_BLOCK 4096u
#define LARGEST_BLOCK (256u * 1024u)

struct wh_arena_block {
    struct wh_arena_block *next;
    size_t size; // of data
    size_t used;
    size_t pad; // keeps data on 16 bytes
    unsigned char data[];
};

static void free_from(struct wh_arena_block *block)
{
    while (block) {
        struct wh_arena_block *next = block->next;
        free(block);
        block = next;
    }
}

void wh_arena_init(struct wh_arena *arena, size_t cap)
{
    *arena = (struct wh_arena){.cap = cap};
}

void wh_arena_done(struct wh_arena *arena)
{
    free_from(arena->first);
    wh_arena_init(arena, arena->cap);
}

void wh_arena_reset(struct wh_arena *arena)
{
    if (arena->first) {
        free_from(arena->first->next);
        arena->first->next = NULL;
        arena->first->used = 0;
    }
    arena->last = arena->first;
    arena->used = 0;
}

// A block with room for size bytes, never larger than what the cap still allows.
static struct wh_arena_block *add_block(struct wh_arena *arena, size_t size)
{
    size_t want = arena->last ? arena->last->size * 2 : FIRST_BLOCK;
    if (want > LARGEST_BLOCK)
        want = LARGEST_BLOCK;
    if (want > arena->cap - arena->used)
        want = arena->cap - arena->used;
    if (want < size)
        want = size;
    struct wh_arena_block *block = malloc(sizeof *block + want);
    if (!block)
        return NULL;
    *block = (struct wh_arena_block){.size = want};
    if (arena->last)
        arena->last->next = block;
    else
        arena->first = block;
    arena->last = block;
    return block;
}

void *wh_arena_alloc(struct wh_arena *arena, size_t size)
{
    if (size > arena->cap)
        return NULL;
    size_t rounded = size == 0 ? ALIGN : (size + ALIGN - 1) / ALIGN * ALIGN;
    if (rounded < size || rounded > arena->cap - arena->used)
        return NULL;
    struct wh_arena_block *block = arena->last;
    if (!block || block->size - block->used < rounded)
        block = add_block(arena, rounded);
    if (!block)
        return NULL;
    void *data = block->data + block->used;
    block->used += rounded;
    arena->used += rounded;
    return data;
}

void *wh_arena_calloc(struct wh_arena *arena, size_t n, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(n, size, &total))
        return NULL;
    void *data = wh_arena_alloc(arena, total);
    if (data)
        memset(data, 0, total);
    return data;
}

void *wh_arena_dup(struct wh_arena *arena, const void *data, size_t n)
{
    if (n == SIZE_MAX)
        return NULL;
    char *copy = wh_arena_alloc(arena, n + 1);
    if (!copy)
        return NULL;
    if (n > 0)
        memcpy(copy, data, n);
    copy[n] = '\0';
    return copy;
}

char *wh_arena_strdup(struct wh_arena *arena, const char *text)
{
    return text ? wh_arena_dup(arena, text, strlen(text)) : NULL;
}

size_t wh_arena_used(const struct wh_arena *arena)
{
    return arena->used;
}
