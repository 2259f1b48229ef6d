// SPDX-License-Identifier: Apache-2.0
// May this whistle be raised, by whom, and does it go out at once? Pure: the district, who asks,
// the form-checked whistle and the time are given. Order of the checks: who, category, priority,
// place, answers, joint streets, needs, the rest; the first fault ends it.
#ifndef WH_INTAKE_ADMIT_H
#define WH_INTAKE_ADMIT_H

#include "district/district.h"
#include "intake/fault.h"
#include "intake/raise.h"

// Who speaks, as the runtime knows: identity is the unit's or body's code.
struct who {
    const char *identity, *officer;
    bool district; // has the district dispatcher's role
};

// Why a whistle waits for its street's review (bits; the journal tells the first that holds).
enum waits {
    WAITS_NOT = 0,
    WAITS_RESIDENT = 1,    // a resident's report
    WAITS_COMMUNITY = 2,   // raised by a community
    WAITS_STREET_RULE = 4, // the street wants it reviewed by another officer
    WAITS_ANSWERS = 8,     // P3, P4: an answer to a required question is missing
};

struct admitted {
    const struct wh_party *raiser;
    const struct wh_unit *street; // reviews and confirms; NULL: a department raised
    const struct wh_category *category;
    const struct wh_unit *place;
    int priority, source;
    unsigned waits;  // bits of enum waits that hold
    bool held;       // waits now (a P1 is held only for WAITS_RESIDENT)
    bool unreviewed; // goes out before anybody at the street looked
    int64_t due_review;
    const char *missing[RAISE_ANSWERS_MAX]; // codes of required questions without answer
    size_t n_missing;
};

// now: ms UTC. 0, WH_E_INVALID with the fault told.
int admit(const struct wh_district *district, const struct who *who, const struct raise *ask,
          int64_t now, struct admitted *ret_admitted, struct fault *fault);

// WAITS_… of the lowest bit as the journal's word, "" for none; and back.
const char *waits_name(unsigned waits);
unsigned waits_by_name(const char *name);

#endif
