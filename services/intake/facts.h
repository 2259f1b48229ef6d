// SPDX-License-Identifier: Apache-2.0
// From an admitted whistle to what the journal keeps: texts masked, what the mask cut out and who
// reported it sealed under the person's key. Pure; keys and nonces are the caller's.
#ifndef WH_INTAKE_FACTS_H
#define WH_INTAKE_FACTS_H

#include "base/arena.h"
#include "intake/admit.h"
#include "intake/raise.h"
#include "intake/seal.h"
#include "whistle/v1/intake.pb-c.h"

// Texts as they may stand in the open. cut: the mask took something out; then full holds the
// originals of the fields it changed.
struct masked {
    const char *title, *text, *address;
    const char *values[RAISE_ANSWERS_MAX]; // of the answers
    bool cut;
    Whistle__V1__UnmaskedText full;
};

// Title, text and address (each may be NULL: absent) and the answers to questions of type text.
// 0, WH_E_NOMEM.
int facts_mask(struct wh_arena *arena, const struct wh_category *category, const struct raise *ask,
               struct masked *ret_masked);

// Under whose key to seal, and nonces never used before.
struct sealing {
    struct person person;
    uint8_t nonce_reporter[SEAL_NONCE], nonce_text[SEAL_NONCE];
};

bool facts_names_reporter(const struct raise *ask);
bool facts_needs_sealing(const struct raise *ask, const struct masked *masked);

struct facts_frame {
    const struct wh_district *district;
    const struct admitted *admitted;
    const struct raise *ask;
    const struct masked *masked;
    const struct sealing *sealing; // NULL only where facts_needs_sealing says no
    const char *number;
    int64_t submitted_at;
};
// Everything it points to lives in the arena or in what was given. 0, WH_E_NOMEM.
int facts_build(struct wh_arena *arena, const struct facts_frame *frame,
                Whistle__V1__WhistleFacts **ret_facts);

// Seals a packed message. NULL past the arena's cap.
Whistle__V1__Sealed *facts_seal(struct wh_arena *arena, const struct person *person,
                                const uint8_t nonce[SEAL_NONCE], const ProtobufCMessage *message);
// Opens it again. NULL: another key, damage, no memory.
ProtobufCMessage *facts_unseal(struct wh_arena *arena, const struct person *person,
                               const Whistle__V1__Sealed *sealed,
                               const ProtobufCMessageDescriptor *type);

// Answers as messages, values masked. NULL past the cap.
Whistle__V1__QuestionAnswer **facts_answers(struct wh_arena *arena,
                                            const struct raise_answer *answers,
                                            const char *const *values, size_t n);

#endif
