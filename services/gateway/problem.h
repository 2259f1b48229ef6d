// SPDX-License-Identifier: Apache-2.0
// A refusal as it is shown over HTTP (RFC 9457): which rule, which field, in the reader's language,
// and when to come back. The rules and their texts are base/rules.def; nothing is decided here.
#ifndef WH_GATEWAY_PROBLEM_H
#define WH_GATEWAY_PROBLEM_H

#include "base/arena.h"
#include "gateway/language.h"
#include "whistle/v1/api.pb-c.h"
#include "whistle/v1/envelope.pb-c.h"

#define PROBLEM_TYPE "application/problem+json"
#define PROBLEM_RETRY_S 2 // where nobody said when

// What is refused. field, detail, request_id: NULL or "" where there is none; borrowed by the
// result.
struct problem {
    enum wh_rule rule;
    const char *field, *detail, *request_id;
    int64_t retry_after_ms; // 0: none, or PROBLEM_RETRY_S where the status asks for one
    enum gateway_language language;
};
// Strings live in the arena, as texts of the rules, or as long as what `problem` points to. status
// is never 0. WH_RULE_NONE is shown as an internal error.
void problem_make(const struct problem *problem, struct wh_arena *arena,
                  Whistle__V1__Problem *ret_problem);

// The same of what a door answered. wrapped: the command's field that the request's body filled (""
// or NULL: none); it is taken off the front of the field's path.
void problem_from(const Whistle__V1__Error *error, const char *wrapped, const char *request_id,
                  enum gateway_language language, struct wh_arena *arena,
                  Whistle__V1__Problem *ret_problem);

#endif
