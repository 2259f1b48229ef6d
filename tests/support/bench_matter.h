// SPDX-License-Identifier: Apache-2.0
// Whistles for benches that are a matter of their own each: words of generated civic reports
// (matter_gen.h), 600 bytes of text, places spread evenly over 130 km. None repeats another; what
// the matcher takes for the same or perhaps the same all the same is its error, and counted by the
// bench.
#ifndef WH_TEST_BENCH_MATTER_H
#define WH_TEST_BENCH_MATTER_H

#include <stddef.h>
#include <stdint.h>

#include "whistle/v1/intake.pb-c.h"

struct bench_matters;

// n matters of this seed. Aborts without memory.
struct bench_matters *bench_matters_new(uint64_t seed, size_t n);
void bench_matters_free(struct bench_matters *matters);
// Title, text and place of matter i: "{i, ten digits} …". Good until the next call.
void bench_matter_fill(struct bench_matters *matters, size_t i, Whistle__V1__RaiseWhistle *raise,
                       Whistle__V1__Place *place);

#endif
