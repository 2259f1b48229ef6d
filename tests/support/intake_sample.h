// SPDX-License-Identifier: Apache-2.0
// Random whistles that may be raised in a district, from a seed: by streets, communities and
// departments, with places, answers, needs and reporters that fit. For property tests.
#ifndef WH_TESTS_SUPPORT_INTAKE_SAMPLE_H
#define WH_TESTS_SUPPORT_INTAKE_SAMPLE_H

#include "base/arena.h"
#include "district/district.h"
#include "whistle/v1/intake.pb-c.h"

struct sample_random {
    uint64_t state;
};

// SplitMix64 (Steele, Lea, Flood, 2014); below n, n > 0.
uint32_t sample_below(struct sample_random *random, uint32_t n);

// A whistle that `unit` itself may raise; everything lives in the arena.
Whistle__V1__RaiseWhistle *sample_raise(const struct wh_district *district,
                                        struct sample_random *random, struct wh_arena *arena);

#endif
