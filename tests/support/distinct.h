// SPDX-License-Identifier: Apache-2.0
// Texts that have nothing in common: random Chinese characters, so that dedup takes no two whistles
// of a load for the same matter.
#ifndef WH_TEST_DISTINCT_H
#define WH_TEST_DISTINCT_H

#include <stddef.h>
#include <stdint.h>

// Writes `chars` characters of three bytes each, without an end; the same seed gives the same.
void distinct_text(uint64_t seed, size_t chars, char *ret_text);

#endif
