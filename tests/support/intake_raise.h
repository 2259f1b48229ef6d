// SPDX-License-Identifier: Apache-2.0
// Raises against the demo district, as intake's door takes them: wire, then rules.
#ifndef WH_TESTS_SUPPORT_INTAKE_RAISE_H
#define WH_TESTS_SUPPORT_INTAKE_RAISE_H

#include "base/arena.h"
#include "intake/admit.h"
#include "intake/wire.h"

#define S(text) ((char *)(uintptr_t)(text))
#define STREET "990101002"        // reviews nothing of its own
#define STRICT_STREET "990101001" // has lower priorities reviewed
#define COMMUNITY "990101002003"
#define NOW INT64_C(1795400000000) // Monday 2026-11-23, mid-morning

typedef Whistle__V1__RaiseWhistle Raise;

extern struct wh_district *raise_district;
extern struct wh_arena raise_arena; // what raises are made in

int raise_set_up(void **state);
int raise_tear_down(void **state);
int raise_ask(const Raise *message, const char *identity, struct admitted *admitted,
              struct fault *fault);
// One that fits, but for what its category asks for; and a place for it, empty.
Raise *raise_plain(const char *unit, const char *category);
Whistle__V1__Place *raise_place(Raise *raise);
char **raise_texts(const char *a, const char *b); // a list of two

#endif
