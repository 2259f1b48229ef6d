// SPDX-License-Identifier: Apache-2.0
// A resident's report as the whistle that its street raises for the resident: for the street of the
// place, asked for by its community, in the resident's own words. It never sets a priority, a tag
// or a reason: how urgent it is says the category, and a person looks at it.
#ifndef WH_GATEWAY_PUBLIC_REPORT_H
#define WH_GATEWAY_PUBLIC_REPORT_H

#include "base/arena.h"
#include "base/error.h"
#include "district/district.h"
#include "whistle/v1/intake.pb-c.h"
#include "whistle/v1/public.pb-c.h"

// field: as in the report, "place.unit".
struct public_fault {
    enum wh_rule rule;
    const char *field; // static
};

#define PUBLIC_TITLE_CHARS 40 // of a title that is made of the text

// ret_raise: in the arena, borrowing the report's texts; ret_raise->unit is the street to act for.
// 0; WH_E_INVALID with the fault told (fields as in the report); WH_E_NOMEM.
int public_raise(const struct wh_district *district, const Whistle__V1__PublicReport *report,
                 Whistle__V1__Source source, struct wh_arena *arena,
                 Whistle__V1__RaiseWhistle **ret_raise, struct public_fault *ret_fault);

// Codes of required questions that it does not answer: the first one, NULL where none.
const char *public_missing(const struct wh_category *category,
                           const Whistle__V1__PublicReport *report);

#endif
