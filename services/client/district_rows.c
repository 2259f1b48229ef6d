// SPDX-License-Identifier: Apache-2.0
// Categories with their questions and routing rows, and the calendar with its ranges of days.
#include "client/district_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"

#define DAYS_MAX 4000

static void read_question(struct reader *r, const json_t *json, Whistle__V1__Question *q)
{
    static const struct word types[] = {
        {"text", WHISTLE__V1__QUESTION_TYPE__QUESTION_TYPE_TEXT},
        {"bool", WHISTLE__V1__QUESTION_TYPE__QUESTION_TYPE_BOOL},
        {"int", WHISTLE__V1__QUESTION_TYPE__QUESTION_TYPE_INT},
        {"number", WHISTLE__V1__QUESTION_TYPE__QUESTION_TYPE_NUMBER},
        {"choice", WHISTLE__V1__QUESTION_TYPE__QUESTION_TYPE_CHOICE},
        {NULL, 0}};
    whistle__v1__question__init(q);
    q->code = read_text(r, json, "code", true);
    q->zh = read_text(r, json, "zh", true);
    q->en = read_text(r, json, "en", false);
    q->type = (Whistle__V1__QuestionType)read_word(r, json, "type", types, true);
    q->values = read_texts(r, json, "values", &q->n_values);
    q->required = read_bool(r, json, "required");
    if (read_number(r, json, "min", -1e12, 1e12, &q->min))
        q->min_is_case = WHISTLE__V1__QUESTION__MIN_IS_MIN;
    if (read_number(r, json, "max", -1e12, 1e12, &q->max))
        q->max_is_case = WHISTLE__V1__QUESTION__MAX_IS_MAX;
}

void read_category(struct reader *r, const json_t *json, Whistle__V1__Category *c)
{
    whistle__v1__category__init(c);
    c->code = read_text(r, json, "code", true);
    c->zh = read_text(r, json, "zh", true);
    c->en = read_text(r, json, "en", false);
    c->kind = read_text(r, json, "kind", false);
    c->priority = read_priority(r, json, "priority", true);
    c->dedup_radius_m = (int32_t)read_int(r, json, "dedup_radius_m", 0, 100000);
    c->dedup_window_h = (int32_t)read_int(r, json, "dedup_window_h", 0, 100000);
    c->sensitive = read_bool(r, json, "sensitive");
    c->full_address = read_texts(r, json, "full_address", &c->n_full_address);
    c->advice_zh = read_text(r, json, "advice_zh", false);
    c->advice_en = read_text(r, json, "advice_en", false);
    c->resident = read_bool(r, json, "resident");
    c->public_zh = read_text(r, json, "public_zh", false);
    c->public_en = read_text(r, json, "public_en", false);
    c->response_zh = read_text(r, json, "response_zh", false);
    c->response_en = read_text(r, json, "response_en", false);
    READ_TABLE(r, json, "questions", c->questions, c->n_questions, read_question);
}

static Whistle__V1__RouteRule *new_rule(struct reader *r, const char *category)
{
    Whistle__V1__RouteRule *rule = wh_arena_calloc(r->arena, 1, sizeof *rule);
    char *mine = wh_arena_strdup(r->arena, category);
    if (rule == NULL || mine == NULL) {
        reader_fail(r, "routes", WH_RULE_TOO_LARGE);
        return NULL;
    }
    whistle__v1__route_rule__init(rule);
    rule->category = mine;
    return rule;
}

static void tag_routes(struct reader *r, const json_t *adds, const char *category,
                       Whistle__V1__RouteRule **list, size_t *n)
{
    const char *tag;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)adds, tag, value)
    {
        Whistle__V1__RouteRule *rule = new_rule(r, category);
        if (rule == NULL)
            return;
        rule->tag = wh_arena_strdup(r->arena, tag);
        rule->supports = read_texts(r, adds, tag, &rule->n_supports);
        if (rule->tag == NULL)
            reader_fail(r, "tag_adds", WH_RULE_TOO_LARGE);
        list[(*n)++] = rule;
    }
}

void category_routes(struct reader *r, const json_t *categories, Whistle__V1__RouteRule ***ret,
                     size_t *ret_n)
{
    size_t total = 0, n = 0, i;
    json_t *c;
    json_array_foreach((json_t *)(uintptr_t)categories, i, c) total +=
        1 + json_object_size(json_object_get(c, "tag_adds"));
    Whistle__V1__RouteRule **list = wh_arena_calloc(r->arena, total + 1, sizeof *list);
    if (list == NULL) {
        reader_fail(r, "categories", WH_RULE_TOO_LARGE);
        return;
    }
    reader_enter(r, "categories");
    json_array_foreach((json_t *)(uintptr_t)categories, i, c)
    {
        r->indexes[r->depth - 1] = (int)i;
        const char *code = json_string_value(json_object_get(c, "code"));
        Whistle__V1__RouteRule *rule = new_rule(r, code != NULL ? code : "");
        if (rule == NULL)
            break;
        rule->lead = read_text(r, c, "lead", false);
        rule->supports = read_texts(r, c, "support", &rule->n_supports);
        if (rule->lead[0] != '\0' || rule->n_supports > 0)
            list[n++] = rule;
        tag_routes(r, json_object_get(c, "tag_adds"), code, list, &n);
    }
    reader_leave(r);
    *ret = list;
    *ret_n = n;
}

// ---- calendar -----------------------------------------------------------------------------------
static int minute_of(struct reader *r, const json_t *value)
{
    const char *text = json_string_value(value);
    if (text == NULL || strlen(text) != 5 || text[2] != ':' || strspn(text, "0123456789:") != 5) {
        reader_fail(r, "", WH_RULE_FIELD_FORMAT);
        return 0;
    }
    return (int)(strtol(text, NULL, 10) * 60 + strtol(text + 3, NULL, 10));
}

static void read_hours(struct reader *r, const json_t *json, Whistle__V1__MinuteRange *range)
{
    whistle__v1__minute_range__init(range);
    range->from_min = minute_of(r, json_array_get(json, 0));
    range->to_min = minute_of(r, json_array_get(json, 1));
}

// "2026-10-01" or "2026-10-01/2026-10-07" as days.
static void add_days(struct reader *r, const char *text, int32_t *days, size_t *n)
{
    int32_t from, to;
    char first[11] = "";
    size_t length = strlen(text);
    if ((length != 10 && length != 21) || (length == 21 && text[10] != '/')) {
        reader_fail(r, "", WH_RULE_FIELD_FORMAT);
        return;
    }
    memcpy(first, text, 10);
    if (wh_date_parse(first, &from) < 0 || wh_date_parse(text + length - 10, &to) < 0 ||
        to < from) {
        reader_fail(r, "", WH_RULE_FIELD_FORMAT);
        return;
    }
    for (int32_t day = from; day <= to; day = wh_date_add(day, 1)) {
        if (*n == DAYS_MAX) {
            reader_fail(r, "", WH_RULE_FIELD_COUNT);
            return;
        }
        days[(*n)++] = day;
    }
}

static int by_day(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static void read_days(struct reader *r, const json_t *years, const char *kind, int32_t **ret,
                      size_t *ret_n)
{
    const char *year;
    json_t *lists;
    int32_t *days = wh_arena_calloc(r->arena, DAYS_MAX, sizeof(int32_t));
    size_t n = 0, unique = 0;
    if (days == NULL) {
        reader_fail(r, "years", WH_RULE_TOO_LARGE);
        return;
    }
    reader_enter(r, "years");
    json_object_foreach((json_t *)(uintptr_t)years, year, lists)
    {
        size_t n_texts;
        char **texts = read_texts(r, lists, kind, &n_texts);
        reader_enter(r, year);
        reader_enter(r, kind);
        for (size_t i = 0; i < n_texts; i++) {
            r->indexes[r->depth - 1] = (int)i;
            add_days(r, texts[i], days, &n);
        }
        reader_leave(r);
        reader_leave(r);
    }
    reader_leave(r);
    qsort(days, n, sizeof *days, by_day);
    for (size_t i = 0; i < n; i++)
        if (unique == 0 || days[unique - 1] != days[i])
            days[unique++] = days[i];
    *ret = days;
    *ret_n = unique;
}

static void read_weekend(struct reader *r, const json_t *json, Whistle__V1__Calendar *c)
{
    static const char *const names[] = {"MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"};
    size_t n;
    char **texts = read_texts(r, json, "weekend", &n);
    c->weekend = n == 0 ? NULL : wh_arena_calloc(r->arena, n, sizeof(int32_t));
    if (c->weekend == NULL)
        return;
    reader_enter(r, "weekend");
    for (size_t i = 0; i < n; i++) {
        int day = 0;
        while (day < 7 && strcmp(names[day], texts[i]) != 0)
            day++;
        r->indexes[r->depth - 1] = (int)i;
        if (day == 7)
            reader_fail(r, "", WH_RULE_FIELD_ENUM);
        c->weekend[i] = day + 1;
    }
    reader_leave(r);
    c->n_weekend = n;
}

Whistle__V1__Calendar *read_calendar(struct reader *r, const json_t *json)
{
    Whistle__V1__Calendar *c = wh_arena_calloc(r->arena, 1, sizeof *c);
    reader_enter(r, "calendar");
    if (c == NULL || !json_is_object(json)) {
        reader_fail(r, "", WH_RULE_FIELD_MISSING);
        reader_leave(r);
        return NULL;
    }
    whistle__v1__calendar__init(c);
    READ_TABLE(r, json, "work_hours", c->work_hours, c->n_work_hours, read_hours);
    read_weekend(r, json, c);
    read_days(r, json_object_get(json, "years"), "off", &c->off_days, &c->n_off_days);
    read_days(r, json_object_get(json, "years"), "work", &c->work_days, &c->n_work_days);
    reader_leave(r);
    return c;
}
