// SPDX-License-Identifier: Apache-2.0
// Large pieces of memory that are read here and there: on huge pages where the system has them, so
// that a look at any place of hundreds of megabytes costs one miss and not two. Nothing else.
#ifndef WH_MATCH_MEMORY_H
#define WH_MATCH_MEMORY_H

#include <stddef.h>

#define MATCH_HUGE ((size_t)2 << 20)

// All zero, rounded up to and aligned to MATCH_HUGE; what is never touched takes nothing. NULL
// without memory.
void *match_memory(size_t bytes);
void match_memory_free(void *memory, size_t bytes); // as many as were asked for; NULL is fine

#endif
