// SPDX-License-Identifier: Apache-2.0
// What the parts of the validation share: where faults are noted, and the codes known so far.
#ifndef WH_DISTRICT_CHECK_H
#define WH_DISTRICT_CHECK_H

#include "district/index.h"
#include "district/validate.h"

struct check {
    const Whistle__V1__District *data;
    struct wh_district_fault *faults;
    size_t max, n;
    struct wh_code_table parties; // units, then departments
    struct wh_code_table categories;
};

// Notes a fault; the field is printf text.
void check_fault(struct check *check, enum wh_rule rule, const char *detail, const char *field, ...)
    __attribute__((format(printf, 4, 5)));
// A code of the identifiers' alphabet, at most 32 characters.
bool check_code(struct check *check, const char *code, const char *list, size_t i);
// A name for people: 1 to `max` code points.
void check_name(struct check *check, const char *text, size_t max, const char *list, size_t i,
                const char *member);
const Whistle__V1__Unit *check_unit(const struct check *check, const char *code);
bool check_is_department(const struct check *check, const char *code);
bool check_is_street(const Whistle__V1__Unit *unit);

void check_units(struct check *check);       // check_party.c
void check_departments(struct check *check); // check_party.c
void check_desks(struct check *check);       // check_party.c
// Sealed addresses ("kind:sealed.…") are the previous version's: others nobody here can open.
void check_sealed(struct check *check, const Whistle__V1__District *previous); // check_party.c
void check_categories(struct check *check);                                    // check_category.c
void check_routes(struct check *check);                                        // check_category.c

#endif
