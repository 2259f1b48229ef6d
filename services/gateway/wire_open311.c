// SPDX-License-Identifier: Apache-2.0
// The form of a request: fields by a table of names; each may come once, but attribute[…].
#include "gateway/wire_open311.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/wire_open311_field.h"

#define TEXT_MAX 5000
#define LINE_CHARS 200
#define ANSWERS_MAX 32

// Plain decimal degrees.
static int read_degrees(struct reading *r, const struct http_pair *pair, double most,
                        double *ret_degrees)
{
    char *end = NULL;
    const char *p = pair->value.p;
    if (pair->value.n == 0 || pair->value.n > 24 || p[strspn(p, "+-0123456789.")] != 0)
        return field_fault(r, 400, "a decimal number is expected", pair->name.p);
    errno = 0;
    *ret_degrees = strtod(p, &end);
    if (*end != 0 || errno != 0 || !isfinite(*ret_degrees) || fabs(*ret_degrees) > most)
        return field_fault(r, 400, "the number is outside the allowed range", pair->name.p);
    return 0;
}

static char *text_of(const struct http_pair *pair)
{
    return (char *)(uintptr_t)pair->value.p; // NUL-terminated in the arena
}

struct name_parts {
    char *first, *last;
};

struct form_reading {
    struct open311_form *form;
    struct name_parts name;
};

// attribute[code] or attribute[code][]: an answer, several values of one code joined by commas.
static int read_attribute(struct reading *r, const struct http_pair *pair,
                          struct open311_form *form)
{
    struct wh_str code = wh_str_n(pair->name.p + 10, pair->name.n - 10);
    if (wh_str_ends(code, wh_str("[]")))
        code.n -= 2;
    if (code.n < 2 || code.p[code.n - 1] != ']' ||
        wh_ident_check(code.p, code.n - 1, 32, NULL) != 0)
        return field_fault(r, 400, "no such attribute", pair->name.p);
    code.n--;
    if (field_text(r, pair, LINE_CHARS, true) != 0)
        return WH_E_INVALID;
    for (size_t i = 0; i < form->report.n_answers; i++) {
        Whistle__V1__QuestionAnswer *known = form->report.answers[i];
        if (!wh_str_eq(wh_str(known->code), code))
            continue;
        char *both = wh_arena_alloc(r->arena, strlen(known->value) + pair->value.n + 2);
        if (both == NULL)
            return WH_E_NOMEM;
        (void)sprintf(both, "%s,%s", known->value, pair->value.p);
        known->value = both;
        return 0;
    }
    if (form->report.n_answers == ANSWERS_MAX)
        return field_fault(r, 400, "too many attributes", pair->name.p);
    Whistle__V1__QuestionAnswer *answer = wh_arena_alloc(r->arena, sizeof *answer);
    if (answer == NULL)
        return WH_E_NOMEM;
    whistle__v1__question_answer__init(answer);
    answer->code = wh_arena_dup(r->arena, code.p, code.n);
    answer->value = text_of(pair);
    form->report.answers[form->report.n_answers++] = answer;
    return answer->code != NULL ? 0 : WH_E_NOMEM;
}

static int read_point(struct reading *r, const struct http_pair *pair, struct open311_form *form)
{
    if (wh_str_eq(pair->name, wh_str("lat"))) {
        form->place.lat_is_case = WHISTLE__V1__PLACE__LAT_IS_LAT;
        return read_degrees(r, pair, 90, &form->place.lat);
    }
    form->place.lon_is_case = WHISTLE__V1__PLACE__LON_IS_LON;
    return read_degrees(r, pair, 180, &form->place.lon);
}

struct form_field {
    const char *name;
    char **into;
    size_t max;
    bool line;
};

static int read_form_pair(struct reading *r, const struct http_pair *pair, void *arg)
{
    struct form_reading *reading = arg;
    struct open311_form *form = reading->form;
    char *unused = NULL;
    const struct form_field fields[] = {
        {"lat", NULL, 24, true},
        {"long", NULL, 24, true},
        {"service_code", &form->report.category, 32, true},
        {"description", &form->report.text, TEXT_MAX, false},
        {"address_string", &form->place.address, LINE_CHARS, true},
        {"address_id", &form->place.unit, 32, true},
        {"email", &form->reporter.email, 254, true},
        {"phone", &form->reporter.phone, 20, true},
        {"first_name", &reading->name.first, 64, true},
        {"last_name", &reading->name.last, 64, true},
        {"media_url", (char **)(uintptr_t)&form->media_url, LINE_CHARS, true},
        {"device_id", &unused, LINE_CHARS, true},
        {"account_id", &unused, LINE_CHARS, true},
    };
    int rc = 0;
    if (wh_str_starts(pair->name, wh_str("attribute[")))
        return read_attribute(r, pair, form);
    if (field_common(r, pair, &form->common, &rc))
        return rc;
    for (unsigned i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (!wh_str_eq(pair->name, wh_str(fields[i].name)))
            continue;
        if (field_once(r, i, pair) != 0 || field_text(r, pair, fields[i].max, fields[i].line) != 0)
            return WH_E_INVALID;
        if (fields[i].into == NULL)
            return pair->value.n == 0 ? 0 : read_point(r, pair, form);
        *fields[i].into = text_of(pair);
        return 0;
    }
    return 0;
}

// Family name first where the name is Chinese, else as it is given.
static int read_name(struct reading *r, const struct form_reading *reading)
{
    const char *first = reading->name.first, *last = reading->name.last;
    bool chinese = (uint8_t)last[0] >= 0xE0;
    char *name = wh_arena_alloc(r->arena, strlen(first) + strlen(last) + 2);
    if (name == NULL)
        return WH_E_NOMEM;
    (void)sprintf(name, "%s%s%s", chinese ? last : first,
                  !chinese && first[0] != 0 && last[0] != 0 ? " " : "", chinese ? first : last);
    if (wh_utf8_chars(name, strlen(name)) > 64)
        return field_fault(r, 400, "the name is too long", "last_name");
    reading->form->reporter.name = name;
    return 0;
}

static int check_form(struct reading *r, struct open311_form *form)
{
    bool lat = form->place.lat_is_case != 0, lon = form->place.lon_is_case != 0;
    if (form->report.category[0] == 0)
        return field_fault(r, 400, "it was not provided", "service_code");
    if (lat != lon)
        return field_fault(r, 400, "lat and long come together", lat ? "long" : "lat");
    if (!lat && form->place.address[0] == 0 && form->place.unit[0] == 0)
        return field_fault(r, 400, "one of these is needed",
                           "lat and long, address_string, address_id");
    return 0;
}

int wire_open311_form(struct wh_str body, struct wh_arena *arena, struct open311_form *ret_form,
                      struct open311_fault *ret_fault)
{
    struct open311_form *form = ret_form;
    struct reading r = {.arena = arena, .fault = ret_fault};
    char none[] = "";
    struct form_reading reading = {.form = form, .name = {none, none}};
    whistle__v1__public_report__init(&form->report);
    whistle__v1__place__init(&form->place);
    whistle__v1__reporter__init(&form->reporter);
    form->report.place = &form->place;
    form->report.reporter = &form->reporter;
    form->media_url = "";
    field_common_init(&form->common);
    form->report.answers = wh_arena_calloc(arena, ANSWERS_MAX, sizeof *form->report.answers);
    if (form->report.answers == NULL)
        return WH_E_NOMEM;
    int rc = field_each(body, &r, read_form_pair, &reading);
    if (rc == 0)
        rc = read_name(&r, &reading);
    return rc != 0 ? rc : check_form(&r, form);
}
