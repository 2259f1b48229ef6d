// SPDX-License-Identifier: Apache-2.0
// Another district than the live one, as a question brings it (`check` and `simulate` before an
// adoption): validated as the adoption would, numbered as the adoption would, indexed for this one
// question.
#include <stdio.h>
#include <string.h>

#include "dispatch/view.h"
#include "district/codes.h"
#include "district/validate.h"

// It gets the integers of the district in force; codes it adds get new ones.
static int number_codes(const Whistle__V1__District *live, Whistle__V1__District *other)
{
    struct wh_codes *codes;
    int error = wh_codes_new(&codes);
    if (error != 0) {
        return error;
    }
    if (live != NULL) {
        error = wh_codes_learn_all(codes, live);
    }
    if (error == 0) {
        wh_codes_number(codes, other);
    }
    wh_codes_free(codes);
    return error;
}

struct wh_district *view_other(const struct dispatch *state, struct wh_query *query,
                               Whistle__V1__District *other)
{
    struct wh_district_fault fault;
    struct wh_district *district = NULL;
    char field[128] = "district.";
    const Whistle__V1__District *live =
        state->district != NULL ? wh_district_data(state->district) : NULL;
    if (wh_district_validate(other, live, &fault, 1) != 0) {
        strncat(field, fault.field, sizeof field - strlen(field) - 1);
        wh_query_refuse(query, fault.rule, field, "%s", fault.detail);
        return NULL;
    }
    if (number_codes(live, other) != 0 || wh_district_new(other, &district) != 0) {
        view_too_large(query);
        return NULL;
    }
    return district;
}
