// SPDX-License-Identifier: Apache-2.0
// Is this District fit to be adopted? Every fault with its dotted path, the rule and why, as many
// as there is room for, so that an operator mends a file in one go. Pure; changes nothing.
#ifndef WH_DISTRICT_VALIDATE_H
#define WH_DISTRICT_VALIDATE_H

#include <stddef.h>

#include "base/error.h"
#include "whistle/v1/district.pb-c.h"

struct wh_district_fault {
    enum wh_rule rule;
    char field[96];   // e.g. "units[12].parent"
    char detail[160]; // English, no personal data
};

// Writes up to `max` faults and returns how many there are in all (0: fit). ids are not looked at.
// previous: the version it replaces, NULL for the first (code and prefix stay, and every unit and
// department in it; a sealed address is one of its).
size_t wh_district_validate(const Whistle__V1__District *data,
                            const Whistle__V1__District *previous, struct wh_district_fault *faults,
                            size_t max);

#endif
