// SPDX-License-Identifier: Apache-2.0
// Answers against a category's questions: known, of the right type, in range; and which required
// ones are missing.
#ifndef WH_INTAKE_ANSWER_H
#define WH_INTAKE_ANSWER_H

#include "district/district.h"
#include "intake/fault.h"
#include "intake/raise.h"

// NULL where the category asks no such thing.
const Whistle__V1__Question *answer_question(const struct wh_category *category, const char *code);
// 0, WH_E_INVALID: field "answers[i].code" or "answers[i].value". An empty value is no answer.
int answer_check(const struct wh_category *category, const struct raise_answer *answers, size_t n,
                 struct fault *fault);
// Codes of required questions that have no answer; at most max are written, all are counted.
size_t answer_missing(const struct wh_category *category, const struct raise_answer *answers,
                      size_t n, const char **ret_codes, size_t max);

#endif
