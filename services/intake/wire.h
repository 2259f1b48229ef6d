// SPDX-License-Identifier: Apache-2.0
// From messages to plain structs, and all validation of form: lengths, alphabets, ranges, counts.
// What needs the district's data is admit.c's. The first bad field is named by its dotted path.
#ifndef WH_INTAKE_WIRE_H
#define WH_INTAKE_WIRE_H

#include "intake/fault.h"
#include "intake/raise.h"
#include "whistle/v1/intake.pb-c.h"

struct review_ask {
    const char *number, *reason;
    int verdict, priority; // enums; priority 0: as it is
};

struct supplement_ask {
    const char *number, *text;
    struct raise_answer answers[RAISE_ANSWERS_MAX];
    size_t n_answers;
};

// A number and a reason: change of priority, unsealing, erasing.
struct reason_ask {
    const char *number, *reason;
    int priority;
};

// All: 0, or WH_E_INVALID with the fault told.
int wire_raise(const Whistle__V1__RaiseWhistle *message, struct raise *ret_raise,
               struct fault *fault);
int wire_review(const Whistle__V1__ReviewWhistle *message, struct review_ask *ret_ask,
                struct fault *fault);
int wire_supplement(const Whistle__V1__SupplementWhistle *message, struct supplement_ask *ret_ask,
                    struct fault *fault);
int wire_priority(const Whistle__V1__ChangePriority *message, struct reason_ask *ret_ask,
                  struct fault *fault);
int wire_reason(const char *number, const char *reason, struct reason_ask *ret_ask,
                struct fault *fault);
// The whistle's integer, 0 where the text is no number of this prefix.
int64_t wire_number(const char *text, const char *prefix);

#endif
