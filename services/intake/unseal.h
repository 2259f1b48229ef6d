// SPDX-License-Identifier: Apache-2.0
// Who may read what is sealed in a whistle, and what the reading gives. Pure.
#ifndef WH_INTAKE_UNSEAL_H
#define WH_INTAKE_UNSEAL_H

#include "intake/admit.h"
#include "intake/facts.h"
#include "intake/whistle.h"

#define UNSEAL_WINDOW_MS 600000 // how long a logged unsealing may be read

// Its street, joint streets, streets called, the raising department, the district; a department
// only where the category gives it the full address and routes to it, and not before the whistle is
// out.
bool unseal_may(const struct wh_district *district, const struct whistle *whistle,
                const struct who *who);

// All events of one whistle, read one after the other.
struct unsealing {
    struct whistle whistle;
    int64_t allowed_at; // when `identity` last logged an unsealing, 0 never
    const Whistle__V1__Sealed *texts[WHISTLE_PERSONS_MAX]; // of supplements
    size_t n_texts;
};
int unseal_read(struct unsealing *unsealing, const Whistle__V1__Event *event,
                const Whistle__V1__IntakeEvent *payload, const char *identity,
                struct wh_arena *arena);

// Opens everything that the given persons' keys open (an erased person's stays closed).
// 0, WH_E_NOMEM, WH_E_NOTFOUND where nothing opened.
int unseal_open(const struct unsealing *unsealing, const struct person *persons, size_t n,
                struct wh_arena *arena, Whistle__V1__Unsealed *ret_unsealed);

#endif
