// SPDX-License-Identifier: Apache-2.0
// Checks of single fields, shared by the wire's files. All: 0, or WH_E_INVALID with the fault told.
#ifndef WH_INTAKE_WIRE_FIELD_H
#define WH_INTAKE_WIRE_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "intake/fault.h"
#include "intake/raise.h"
#include "whistle/v1/intake.pb-c.h"

// Free text of at most max code points; needed: not empty and not only blanks.
int field_text(const char *text, bool needed, size_t max, struct fault *fault, const char *field);
// The same in one line.
int field_line(const char *text, bool needed, size_t max, struct fault *fault, const char *field);
// A code of a unit, body, category; at most 32 characters.
int field_code(const char *code, bool needed, struct fault *fault, const char *field);
int field_priority(int priority, struct fault *fault, const char *field); // 0 passes
int field_answers(Whistle__V1__QuestionAnswer *const *from, size_t n,
                  struct raise_answer *ret_answers, size_t *ret_n, struct fault *fault);

#endif
