// SPDX-License-Identifier: Apache-2.0
// A question's types: text, bool ("true" or "false"), int, number, choice (one of the values).
#include "intake/answer.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const Whistle__V1__Question *answer_question(const struct wh_category *category, const char *code)
{
    for (size_t i = 0; i < category->row->n_questions; i++)
        if (strcmp(category->row->questions[i]->code, code) == 0)
            return category->row->questions[i];
    return NULL;
}

// Plain decimal: digits with an optional sign and, for numbers, a point. No blanks, hex or
// exponent.
static bool read_number(const char *value, bool whole, double *ret_number)
{
    const char *p = value[0] == '-' ? value + 1 : value;
    char *end = NULL;
    if (p[0] < '0' || p[0] > '9' || strlen(value) > 24)
        return false;
    if (p[strspn(p, whole ? "0123456789" : "0123456789.")] != 0)
        return false;
    errno = 0;
    *ret_number = strtod(value, &end);
    return *end == 0 && errno == 0 && isfinite(*ret_number);
}

static enum wh_rule check_number(const Whistle__V1__Question *question, const char *value)
{
    double number = 0;
    bool whole = question->type == WHISTLE__V1__QUESTION_TYPE__QUESTION_TYPE_INT;
    if (!read_number(value, whole, &number))
        return WH_RULE_FIELD_FORMAT;
    if (question->min_is_case == WHISTLE__V1__QUESTION__MIN_IS_MIN && number < question->min)
        return WH_RULE_FIELD_RANGE;
    if (question->max_is_case == WHISTLE__V1__QUESTION__MAX_IS_MAX && number > question->max)
        return WH_RULE_FIELD_RANGE;
    return WH_RULE_NONE;
}

static enum wh_rule check_value(const Whistle__V1__Question *question, const char *value)
{
    switch (question->type) {
    case WHISTLE__V1__QUESTION_TYPE__QUESTION_TYPE_BOOL:
        return strcmp(value, "true") == 0 || strcmp(value, "false") == 0 ? WH_RULE_NONE
                                                                         : WH_RULE_FIELD_FORMAT;
    case WHISTLE__V1__QUESTION_TYPE__QUESTION_TYPE_INT:
    case WHISTLE__V1__QUESTION_TYPE__QUESTION_TYPE_NUMBER:
        return check_number(question, value);
    case WHISTLE__V1__QUESTION_TYPE__QUESTION_TYPE_CHOICE:
        for (size_t i = 0; i < question->n_values; i++)
            if (strcmp(question->values[i], value) == 0)
                return WH_RULE_NONE;
        return WH_RULE_FIELD_ENUM;
    default:
        return WH_RULE_NONE;
    }
}

int answer_check(const struct wh_category *category, const struct raise_answer *answers, size_t n,
                 struct fault *fault)
{
    for (size_t i = 0; i < n; i++) {
        const Whistle__V1__Question *question = answer_question(category, answers[i].code);
        if (question == NULL)
            return fault_set(fault, WH_RULE_FIELD_UNKNOWN, "answers[%zu].code", i);
        if (answers[i].value[0] == 0)
            continue;
        enum wh_rule rule = check_value(question, answers[i].value);
        if (rule != WH_RULE_NONE)
            return fault_set(fault, rule, "answers[%zu].value", i);
    }
    return 0;
}

size_t answer_missing(const struct wh_category *category, const struct raise_answer *answers,
                      size_t n, const char **ret_codes, size_t max)
{
    size_t missing = 0;
    for (size_t q = 0; q < category->row->n_questions; q++) {
        const Whistle__V1__Question *question = category->row->questions[q];
        bool answered = !question->required;
        for (size_t i = 0; i < n && !answered; i++)
            answered = strcmp(answers[i].code, question->code) == 0 && answers[i].value[0] != 0;
        if (answered)
            continue;
        if (missing < max)
            ret_codes[missing] = question->code;
        missing++;
    }
    return missing;
}
