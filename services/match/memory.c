// SPDX-License-Identifier: Apache-2.0
// A huge page is asked for, never needed: where the system has none the same memory comes in small
// ones.
#include "match/memory.h"

#include <stdint.h>
#include <sys/mman.h>

static size_t whole(size_t bytes)
{
    return (bytes + MATCH_HUGE - 1) / MATCH_HUGE * MATCH_HUGE;
}

void *match_memory(size_t bytes)
{
    size_t size = whole(bytes);
    uint8_t *got = mmap(NULL, size + MATCH_HUGE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (got == MAP_FAILED)
        return NULL;
    // What lies before and behind the aligned part is given back.
    size_t before = (MATCH_HUGE - (uintptr_t)got % MATCH_HUGE) % MATCH_HUGE;
    if (before)
        (void)munmap(got, before);
    (void)munmap(got + before + size, MATCH_HUGE - before);
    (void)madvise(got + before, size, MADV_HUGEPAGE);
    return got + before;
}

void match_memory_free(void *memory, size_t bytes)
{
    if (memory)
        (void)munmap(memory, whole(bytes));
}
