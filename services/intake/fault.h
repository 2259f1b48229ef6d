// SPDX-License-Identifier: Apache-2.0
// What is wrong with a message: the rule and the first bad field's dotted path, in the API's names.
#ifndef WH_INTAKE_FAULT_H
#define WH_INTAKE_FAULT_H

#include <stddef.h>

#include "base/error.h"

struct fault {
    enum wh_rule rule;
    char field[96];   // e.g. "needs[2].count"
    char detail[160]; // English, no personal data; may be empty
};

// Fills the fault; always returns WH_E_INVALID, for `return fault_set(…)`.
int fault_set(struct fault *fault, enum wh_rule rule, const char *field_format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
