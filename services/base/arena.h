// SPDX-License-Identifier: Apache-2.0
// An arena with a cap: memory for one message, one turn, one question; given back all at once.
// Decides that content can never cost more than its cap, however it was crafted. Not thread-safe,
// frees nothing singly, runs no destructors.
#ifndef WH_BASE_ARENA_H
#define WH_BASE_ARENA_H

#include <stddef.h>

struct wh_arena_block;

// Embedded by its owner. An all-zero struct is a valid arena whose cap is 0 (allocates nothing).
struct wh_arena {
    struct wh_arena_block *first; // kept over resets; allocated by the first wh_arena_alloc
    struct wh_arena_block *last;  // the one in use
    size_t cap;                   // bytes that may be handed out in all, after rounding to 16
    size_t used;                  // bytes handed out since init or reset, rounded
};

// No memory is taken yet, so this cannot fail. cap in bytes.
void wh_arena_init(struct wh_arena *arena, size_t cap);
// Gives all memory back; the arena may be used again with the same cap. Zeroed structs are fine.
void wh_arena_done(struct wh_arena *arena);
// Drops the content, keeps the first block for the next use.
void wh_arena_reset(struct wh_arena *arena);

// 16-byte aligned, not cleared; lives until reset or done. size 0 gives a valid unique pointer.
// NULL past the cap or without memory.
void *wh_arena_alloc(struct wh_arena *arena, size_t size);
// The same, cleared; n items of size bytes, NULL also when n * size overflows.
void *wh_arena_calloc(struct wh_arena *arena, size_t n, size_t size);
// Copy of a C string; NULL past the cap. A NULL text gives NULL.
char *wh_arena_strdup(struct wh_arena *arena, const char *text);
// Copy of n bytes followed by a NUL (so that it also serves for text of known length).
void *wh_arena_dup(struct wh_arena *arena, const void *data, size_t n);

// Bytes handed out since init or reset, after rounding each piece to 16.
size_t wh_arena_used(const struct wh_arena *arena);

#endif
