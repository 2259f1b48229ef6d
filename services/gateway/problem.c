// SPDX-License-Identifier: Apache-2.0
// Rules to refusals. See problem.h.
#include "gateway/problem.h"

#include <string.h>

#include "base/text.h"

#define TYPE_PREFIX "urn:whistle:rule:"

static char *text(const char *from)
{
    return (char *)(from != NULL ? from : ""); // shown, never written
}

// Statuses that mean "later": the client is told when, and that nothing was lost.
static bool comes_back(int status)
{
    return status == 429 || status == 503;
}

static int32_t seconds(int64_t ms, int status)
{
    if (!comes_back(status))
        return 0;
    if (ms <= 0)
        return PROBLEM_RETRY_S;
    return ms > 3600000 ? 3600 : (int32_t)((ms + 999) / 1000);
}

static char *type_of(const char *rule, struct wh_arena *arena)
{
    size_t n = strlen(rule), head = strlen(TYPE_PREFIX);
    char *type = wh_arena_alloc(arena, head + n + 1);
    if (type == NULL)
        return text("about:blank");
    memcpy(type, TYPE_PREFIX, head);
    memcpy(type + head, rule, n + 1);
    return type;
}

void problem_make(const struct problem *problem, struct wh_arena *arena,
                  Whistle__V1__Problem *ret_problem)
{
    const struct wh_rule_info *rule = wh_rule_info(problem->rule);
    if (rule->status == 0)
        rule = wh_rule_info(WH_RULE_INTERNAL);
    whistle__v1__problem__init(ret_problem);
    ret_problem->type = type_of(rule->name, arena);
    ret_problem->title = text(language_rule(problem->language, rule));
    ret_problem->status = rule->status;
    ret_problem->code = text(rule->code);
    ret_problem->rule = text(rule->name);
    ret_problem->field = text(problem->field);
    ret_problem->detail = text(problem->detail);
    ret_problem->request_id = text(problem->request_id);
    ret_problem->retry_after_s = seconds(problem->retry_after_ms, rule->status);
}

static const char *unwrapped(const char *field, const char *wrapped)
{
    size_t n = wrapped == NULL ? 0 : strlen(wrapped);
    return n > 0 && strncmp(field, wrapped, n) == 0 && field[n] == '.' ? field + n + 1 : field;
}

void problem_from(const Whistle__V1__Error *error, const char *wrapped, const char *request_id,
                  enum gateway_language language, struct wh_arena *arena,
                  Whistle__V1__Problem *ret_problem)
{
    struct problem problem = {.rule = wh_rule_by_name(error->rule),
                              .field = unwrapped(error->field, wrapped),
                              .detail = error->detail,
                              .request_id = request_id,
                              .retry_after_ms = error->retry_after_ms,
                              .language = language};
    problem_make(&problem, arena, ret_problem);
    if (problem.rule != WH_RULE_NONE)
        return;
    // a rule of a newer service: its own words, as far as they go
    if (error->status >= 400 && error->status <= 599)
        ret_problem->status = error->status;
    ret_problem->code = error->code;
    ret_problem->rule = error->rule;
    ret_problem->type = type_of(error->rule, arena);
    ret_problem->retry_after_s = seconds(error->retry_after_ms, ret_problem->status);
}
