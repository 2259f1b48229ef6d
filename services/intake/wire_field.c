// SPDX-License-Identifier: Apache-2.0
// Single fields: text, lines, codes, answers.
#include "intake/wire_field.h"

#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/text.h"

int field_text(const char *text, bool needed, size_t max, struct fault *fault, const char *field)
{
    enum wh_rule rule = WH_RULE_NONE;
    size_t n = strlen(text);
    if (needed && n == strspn(text, " \t\n"))
        return fault_set(fault, WH_RULE_FIELD_MISSING, "%s", field);
    if (wh_text_check(text, n, max, &rule) != 0)
        return fault_set(fault, rule, "%s", field);
    return 0;
}

int field_line(const char *text, bool needed, size_t max, struct fault *fault, const char *field)
{
    if (field_text(text, needed, max, fault, field) != 0)
        return WH_E_INVALID;
    if (strpbrk(text, "\n\t") != NULL)
        return fault_set(fault, WH_RULE_FIELD_FORMAT, "%s", field);
    return 0;
}

int field_code(const char *code, bool needed, struct fault *fault, const char *field)
{
    enum wh_rule rule = WH_RULE_NONE;
    if (code[0] == 0 && !needed)
        return 0;
    if (wh_ident_check(code, strlen(code), WH_DEPARTMENT_MAX, &rule) != 0)
        return fault_set(fault, rule, "%s", field);
    return 0;
}

int field_priority(int priority, struct fault *fault, const char *field)
{
    if (priority < 0 || priority > WHISTLE__V1__PRIORITY__PRIORITY_P4)
        return fault_set(fault, WH_RULE_FIELD_ENUM, "%s", field);
    return 0;
}

static int check_answer(Whistle__V1__QuestionAnswer *const *answers, size_t i, struct fault *fault)
{
    char field[64];
    (void)snprintf(field, sizeof(field), "answers[%zu].code", i);
    if (field_code(answers[i]->code, true, fault, field) != 0)
        return WH_E_INVALID;
    for (size_t j = 0; j < i; j++)
        if (strcmp(answers[j]->code, answers[i]->code) == 0)
            return fault_set(fault, WH_RULE_FIELD_TWICE, "%s", field);
    (void)snprintf(field, sizeof(field), "answers[%zu].value", i);
    return field_text(answers[i]->value, false, RAISE_ANSWER_MAX, fault, field);
}

int field_answers(Whistle__V1__QuestionAnswer *const *from, size_t n,
                  struct raise_answer *ret_answers, size_t *ret_n, struct fault *fault)
{
    if (n > RAISE_ANSWERS_MAX)
        return fault_set(fault, WH_RULE_FIELD_COUNT, "answers");
    for (size_t i = 0; i < n; i++) {
        if (check_answer(from, i, fault) != 0)
            return WH_E_INVALID;
        ret_answers[i] = (struct raise_answer){.code = from[i]->code, .value = from[i]->value};
    }
    *ret_n = n;
    return 0;
}
