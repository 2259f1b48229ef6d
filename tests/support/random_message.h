// SPDX-License-Identifier: Apache-2.0
// Seeded random messages of any type, by its descriptor: for tests that must hold for every message
// of the vocabulary, also those that will be added.
#ifndef WH_TEST_RANDOM_MESSAGE_H
#define WH_TEST_RANDOM_MESSAGE_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

// The outermost types of every conversation; all others are inside them.
extern const ProtobufCMessageDescriptor *const root_types[];
extern const size_t n_root_types;

// xorshift64*; the state is the seed, never 0.
uint64_t random_next(uint64_t *state);
// From now on half of all texts are one of these words (borrowed), so that a message may name
// things that exist. NULL, 0: none.
void random_words(const char *const *words, size_t n);
// Valid in every field, about half of them set. Into the arena; aborts past its cap.
ProtobufCMessage *random_message(const ProtobufCMessageDescriptor *type, struct wh_arena *arena,
                                 uint64_t *state);

#endif
