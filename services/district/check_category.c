// SPDX-License-Identifier: Apache-2.0
// Categories with their questions, and the routing rows. That every category reaches somebody at
// every hour is proved elsewhere (`whistle check`): a hole is a finding, not a broken file.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "district/check.h"

static void check_question(struct check *check, size_t i, size_t j)
{
    const Whistle__V1__Category *category = check->data->categories[i];
    const Whistle__V1__Question *q = category->questions[j];
    if (wh_ident_check(q->code, strlen(q->code), 32, NULL) != 0)
        check_fault(check, WH_RULE_FIELD_FORMAT, "", "categories[%zu].questions[%zu].code", i, j);
    for (size_t k = 0; k < j; k++)
        if (strcmp(category->questions[k]->code, q->code) == 0)
            check_fault(check, WH_RULE_FIELD_TWICE, "", "categories[%zu].questions[%zu].code", i,
                        j);
    if (q->type < WHISTLE__V1__QUESTION_TYPE__QUESTION_TYPE_TEXT ||
        q->type > WHISTLE__V1__QUESTION_TYPE__QUESTION_TYPE_CHOICE)
        check_fault(check, WH_RULE_FIELD_ENUM, "", "categories[%zu].questions[%zu].type", i, j);
    if ((q->type == WHISTLE__V1__QUESTION_TYPE__QUESTION_TYPE_CHOICE) != (q->n_values > 0))
        check_fault(check, WH_RULE_FIELD_MISSING, "a choice has values, others have none",
                    "categories[%zu].questions[%zu].values", i, j);
    if (q->min_is_case == WHISTLE__V1__QUESTION__MIN_IS_MIN &&
        q->max_is_case == WHISTLE__V1__QUESTION__MAX_IS_MAX && !(q->min <= q->max))
        check_fault(check, WH_RULE_FIELD_RANGE, "min above max",
                    "categories[%zu].questions[%zu].min", i, j);
}

// What residents read.
static void check_public(struct check *check, size_t i)
{
    const Whistle__V1__Category *category = check->data->categories[i];
    const struct {
        const char *text, *field;
        size_t max;
    } texts[] = {{category->public_zh, "public_zh", 64},
                 {category->public_en, "public_en", 64},
                 {category->response_zh, "response_zh", 500},
                 {category->response_en, "response_en", 500}};
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        enum wh_rule rule = WH_RULE_FIELD_FORMAT;
        const char *text = texts[k].text;
        if (wh_text_check(text, strlen(text), texts[k].max, &rule) != 0)
            check_fault(check, rule, "", "categories[%zu].%s", i, texts[k].field);
    }
}

static void check_category(struct check *check, size_t i)
{
    const Whistle__V1__Category *category = check->data->categories[i];
    check_name(check, category->zh, 64, "categories", i, "zh");
    check_public(check, i);
    if (check_code(check, category->code, "categories", i) &&
        !wh_code_table_add(&check->categories, category->code, (uint32_t)i))
        check_fault(check, WH_RULE_FIELD_TWICE, "", "categories[%zu].code", i);
    if (category->priority < WHISTLE__V1__PRIORITY__PRIORITY_P1 ||
        category->priority > WHISTLE__V1__PRIORITY__PRIORITY_P4)
        check_fault(check, WH_RULE_FIELD_ENUM, "", "categories[%zu].priority", i);
    if (category->dedup_radius_m < 0 || category->dedup_window_h < 0)
        check_fault(check, WH_RULE_FIELD_RANGE, "", "categories[%zu].%s", i,
                    category->dedup_radius_m < 0 ? "dedup_radius_m" : "dedup_window_h");
    for (size_t j = 0; j < category->n_full_address; j++)
        if (!check_is_department(check, category->full_address[j]))
            check_fault(check, WH_RULE_FIELD_UNKNOWN, "", "categories[%zu].full_address[%zu]", i,
                        j);
    for (size_t j = 0; j < category->n_questions; j++)
        check_question(check, i, j);
}

void check_categories(struct check *check)
{
    for (size_t i = 0; i < check->data->n_categories; i++)
        check_category(check, i);
    if (check->data->n_categories == 0)
        check_fault(check, WH_RULE_FIELD_MISSING, "", "categories");
}

// What names a row: category, unit and tag in one text. From malloc, NULL without memory.
static char *name_of(const Whistle__V1__RouteRule *rule)
{
    size_t n = strlen(rule->category) + strlen(rule->unit) + strlen(rule->tag) + 3;
    char *name = malloc(n);
    if (name != NULL)
        (void)snprintf(name, n, "%s\n%s\n%s", rule->category, rule->unit, rule->tag);
    return name;
}

static void check_names(struct check *check)
{
    size_t n = check->data->n_routes;
    struct wh_code_table names = {0};
    char **texts = calloc(n + 1, sizeof(char *));
    bool room = texts != NULL && wh_code_table_init(&names, n) == 0;
    for (size_t i = 0; room && i < n; i++) {
        texts[i] = name_of(check->data->routes[i]);
        room = texts[i] != NULL;
        if (room && !wh_code_table_add(&names, texts[i], (uint32_t)i))
            check_fault(check, WH_RULE_FIELD_TWICE, "", "routes[%zu]", i);
    }
    if (!room)
        check_fault(check, WH_RULE_INTERNAL, "no memory", "routes");
    for (size_t i = 0; texts != NULL && i < n; i++)
        free(texts[i]);
    free(texts);
    wh_code_table_done(&names);
}

static void check_bodies(struct check *check, size_t i)
{
    const Whistle__V1__RouteRule *rule = check->data->routes[i];
    if (rule->lead[0] == 0 && rule->tag[0] == 0)
        check_fault(check, WH_RULE_FIELD_MISSING, "a rule without tag names a lead",
                    "routes[%zu].lead", i);
    if (rule->lead[0] != 0 && !check_is_department(check, rule->lead))
        check_fault(check, WH_RULE_FIELD_UNKNOWN, "", "routes[%zu].lead", i);
    if (rule->lead[0] == 0 && rule->n_supports == 0)
        check_fault(check, WH_RULE_FIELD_MISSING, "a rule calls somebody", "routes[%zu].supports",
                    i);
    for (size_t j = 0; j < rule->n_supports; j++) {
        if (!check_is_department(check, rule->supports[j]))
            check_fault(check, WH_RULE_FIELD_UNKNOWN, "", "routes[%zu].supports[%zu]", i, j);
        bool twice = strcmp(rule->supports[j], rule->lead) == 0;
        for (size_t k = 0; k < j && !twice; k++)
            twice = strcmp(rule->supports[j], rule->supports[k]) == 0;
        if (twice)
            check_fault(check, WH_RULE_FIELD_TWICE, "", "routes[%zu].supports[%zu]", i, j);
    }
}

void check_routes(struct check *check)
{
    for (size_t i = 0; i < check->data->n_routes; i++) {
        const Whistle__V1__RouteRule *rule = check->data->routes[i];
        uint32_t at = 0;
        if (!wh_code_table_find(&check->categories, rule->category, &at))
            check_fault(check, WH_RULE_FIELD_UNKNOWN, "", "routes[%zu].category", i);
        if (rule->unit[0] != 0 && check_unit(check, rule->unit) == NULL)
            check_fault(check, WH_RULE_FIELD_UNKNOWN, "", "routes[%zu].unit", i);
        if (wh_text_check(rule->tag, strlen(rule->tag), 32, NULL) != 0)
            check_fault(check, WH_RULE_FIELD_LENGTH, "", "routes[%zu].tag", i);
        check_bodies(check, i);
    }
    check_names(check);
}
