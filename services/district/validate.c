// SPDX-License-Identifier: Apache-2.0
// The validation's own tables: the district itself, calendar, zone, service times, settings. Units,
// bodies and desks are in check_party.c, categories and routing in check_category.c.
#include "district/validate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/text.h"
#include "district/check.h"

void check_fault(struct check *check, enum wh_rule rule, const char *detail, const char *field, ...)
{
    if (check->n++ >= check->max)
        return;
    struct wh_district_fault *fault = &check->faults[check->n - 1];
    va_list args;
    va_start(args, field);
    (void)vsnprintf(fault->field, sizeof(fault->field), field, args);
    va_end(args);
    fault->rule = rule;
    (void)snprintf(fault->detail, sizeof(fault->detail), "%s", detail);
}

bool check_code(struct check *check, const char *code, const char *list, size_t i)
{
    enum wh_rule rule = WH_RULE_NONE;
    if (wh_ident_check(code, strlen(code), WH_DEPARTMENT_MAX, &rule) == 0)
        return true;
    check_fault(check, rule, "", "%s[%zu].code", list, i);
    return false;
}

void check_name(struct check *check, const char *text, size_t max, const char *list, size_t i,
                const char *member)
{
    enum wh_rule rule = WH_RULE_FIELD_MISSING;
    if (text[0] == 0 || wh_text_check(text, strlen(text), max, &rule) != 0)
        check_fault(check, rule, "", "%s[%zu].%s", list, i, member);
}

static void check_head(struct check *check, const Whistle__V1__District *previous)
{
    const Whistle__V1__District *data = check->data;
    char number[WH_NUMBER_MAX];
    if (check_unit(check, data->code) == NULL)
        check_fault(check, WH_RULE_FIELD_UNKNOWN, "no unit has the district's code", "code");
    if (wh_number_format(data->number_prefix, INT64_C(202601010000001), number) != 0)
        check_fault(check, WH_RULE_FIELD_FORMAT, "A-Z and 0-9, a letter first, at most 8",
                    "number_prefix");
    if (previous != NULL && strcmp(previous->code, data->code) != 0)
        check_fault(check, WH_RULE_DISTRICT_OTHER, "", "code");
    if (previous != NULL && strcmp(previous->number_prefix, data->number_prefix) != 0)
        check_fault(check, WH_RULE_DISTRICT_OTHER, "", "number_prefix");
    if (data->timezone[0] == 0)
        check_fault(check, WH_RULE_FIELD_MISSING, "", "timezone");
    if (strlen(data->timezone) > 64)
        check_fault(check, WH_RULE_FIELD_LENGTH, "", "timezone");
    if (data->n_zone == 0)
        check_fault(check, WH_RULE_FIELD_MISSING, "the zone's offsets", "zone");
    if (wh_text_check(data->note, strlen(data->note), 5000, NULL) != 0)
        check_fault(check, WH_RULE_FIELD_LENGTH, "", "note");
    for (size_t i = 0; i < data->n_danger_words; i++)
        check_name(check, data->danger_words[i], 32, "danger_words", i, "text");
}

// The parts that can be named; what is left is told of the whole.
static bool check_hours(struct check *check, const Whistle__V1__Calendar *calendar)
{
    size_t before = check->n;
    int32_t end = 0;
    if (calendar->n_work_hours < 1 || calendar->n_work_hours > WH_CALENDAR_HOURS_MAX)
        check_fault(check, calendar->n_work_hours ? WH_RULE_FIELD_COUNT : WH_RULE_FIELD_MISSING, "",
                    "calendar.work_hours");
    for (size_t i = 0; i < calendar->n_work_hours; i++) {
        const Whistle__V1__MinuteRange *range = calendar->work_hours[i];
        if (range->from_min < end || range->to_min <= range->from_min || range->to_min > 1440)
            check_fault(check, WH_RULE_FIELD_RANGE, "hours one after the other within the day",
                        "calendar.work_hours[%zu]", i);
        else
            end = range->to_min;
    }
    for (size_t i = 0; i < calendar->n_weekend; i++)
        if (calendar->weekend[i] < 1 || calendar->weekend[i] > 7)
            check_fault(check, WH_RULE_FIELD_RANGE, "1 to 7", "calendar.weekend[%zu]", i);
    return check->n == before;
}

static void check_calendar(struct check *check)
{
    const Whistle__V1__District *data = check->data;
    struct wh_calendar calendar;
    if (data->calendar == NULL) {
        check_fault(check, WH_RULE_FIELD_MISSING, "", "calendar");
        return;
    }
    if (!check_hours(check, data->calendar))
        return;
    struct wh_zone_shift *shifts = calloc(data->n_zone + 1, sizeof(*shifts));
    int32_t *days =
        calloc(data->calendar->n_off_days + data->calendar->n_work_days + 1, sizeof(*days));
    if (shifts == NULL || days == NULL)
        check_fault(check, WH_RULE_INTERNAL, "no memory", "calendar");
    else if (wh_calendar_read(data, shifts, days, &calendar) != 0)
        check_fault(check, WH_RULE_FIELD_FORMAT,
                    "hours sorted within the day, real dates, a weekend of at most six days, "
                    "offsets in order",
                    "calendar");
    free(shifts);
    free(days);
}

static void check_complete(struct check *check, const struct wh_times *times, size_t i)
{
    const struct {
        const char *field;
        const struct wh_span *span;
        bool needed;
    } needs[] = {
        {"sign", &times->sign, true},
        {"checkin", &times->checkin, true},
        {"report", &times->report, true},
        {"resolve", &times->resolve, true},
        {"ruling", &times->ruling, true},
        {"review", &times->review, times->priority != WHISTLE__V1__PRIORITY__PRIORITY_P1},
        {"review_resident", &times->review_resident,
         times->priority == WHISTLE__V1__PRIORITY__PRIORITY_P1},
    };
    for (size_t k = 0; k < sizeof(needs) / sizeof(needs[0]); k++)
        if (needs[k].needed && needs[k].span->unit == WH_SPAN_NONE)
            check_fault(check, WH_RULE_FIELD_MISSING, "", "service_times[%zu].%s", i,
                        needs[k].field);
}

static void check_time_row(struct check *check, size_t i, unsigned *normal)
{
    const Whistle__V1__ServiceTimes *row = check->data->service_times[i];
    const char *field = "";
    struct wh_times times;
    enum wh_rule rule = WH_RULE_NONE;
    if (wh_ident_check(row->set, strlen(row->set), 32, &rule) != 0)
        check_fault(check, rule, "", "service_times[%zu].set", i);
    if (row->priority < WHISTLE__V1__PRIORITY__PRIORITY_P1 ||
        row->priority > WHISTLE__V1__PRIORITY__PRIORITY_P4) {
        check_fault(check, WH_RULE_FIELD_ENUM, "", "service_times[%zu].priority", i);
        return;
    }
    for (size_t j = 0; j < i; j++)
        if (check->data->service_times[j]->priority == row->priority &&
            strcmp(check->data->service_times[j]->set, row->set) == 0)
            check_fault(check, WH_RULE_FIELD_TWICE, "", "service_times[%zu]", i);
    if (wh_times_read(row, &times, &field) != 0)
        check_fault(check, WH_RULE_FIELD_FORMAT, "PT5M, P3D, 4WH, 1WD; remind rising percent",
                    "service_times[%zu].%s", i, field);
    else
        check_complete(check, &times, i);
    if (strcmp(row->set, "normal") == 0)
        *normal |= 1U << row->priority;
}

static void check_times(struct check *check)
{
    unsigned normal = 0;
    for (size_t i = 0; i < check->data->n_service_times; i++)
        check_time_row(check, i, &normal);
    if (normal != (1U << 1 | 1U << 2 | 1U << 3 | 1U << 4))
        check_fault(check, WH_RULE_FIELD_MISSING, "set normal needs a row for each of P1 to P4",
                    "service_times");
}

static void check_settings(struct check *check)
{
    for (size_t i = 0; i < check->data->n_settings_by_unit; i++) {
        const char *code = check->data->settings_by_unit[i]->unit;
        const Whistle__V1__Unit *unit = check_unit(check, code);
        if (unit == NULL || !check_is_street(unit))
            check_fault(check, WH_RULE_FIELD_UNKNOWN, "a street, town or township is needed",
                        "settings_by_unit[%zu].unit", i);
        for (size_t j = 0; j < i; j++)
            if (strcmp(check->data->settings_by_unit[j]->unit, code) == 0)
                check_fault(check, WH_RULE_FIELD_TWICE, "", "settings_by_unit[%zu].unit", i);
    }
}

// Open tasks and the history name parties by code: a code that was adopted stays known.
static void check_kept(struct check *check, const Whistle__V1__District *previous)
{
    for (size_t i = 0; previous != NULL && i < previous->n_units; i++)
        if (check_unit(check, previous->units[i]->code) == NULL)
            check_fault(check, WH_RULE_DISTRICT_KEEPS, previous->units[i]->code, "units");
    for (size_t i = 0; previous != NULL && i < previous->n_departments; i++)
        if (!check_is_department(check, previous->departments[i]->code))
            check_fault(check, WH_RULE_DISTRICT_KEEPS, previous->departments[i]->code,
                        "departments");
}

size_t wh_district_validate(const Whistle__V1__District *data,
                            const Whistle__V1__District *previous, struct wh_district_fault *faults,
                            size_t max)
{
    struct check check = {.data = data, .faults = faults, .max = max};
    if (wh_code_table_init(&check.parties, data->n_units + data->n_departments) != 0 ||
        wh_code_table_init(&check.categories, data->n_categories) != 0) {
        check_fault(&check, WH_RULE_INTERNAL, "no memory", "district");
    } else {
        check_units(&check);
        check_departments(&check);
        check_head(&check, previous);
        check_kept(&check, previous);
        check_calendar(&check);
        check_desks(&check);
        check_sealed(&check, previous);
        check_categories(&check);
        check_routes(&check);
        check_times(&check);
        check_settings(&check);
    }
    wh_code_table_done(&check.parties);
    wh_code_table_done(&check.categories);
    return check.n;
}
