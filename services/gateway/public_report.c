// SPDX-License-Identifier: Apache-2.0
// Field by field; what intake checks (lengths, answers' types, masking) is left to it.
#include "gateway/public_report.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "gateway/public_category.h"
#include "gateway/public_place.h"

static int fault(struct public_fault *ret_fault, enum wh_rule rule, const char *field)
{
    *ret_fault = (struct public_fault){.rule = rule, .field = field};
    return WH_E_INVALID;
}

// The first sentence or line of a text, at most PUBLIC_TITLE_CHARS.
static struct wh_str first_words(const char *text)
{
    static const char *const ends[] = {"\n", "。", "！", "？", "!", "?", "；"};
    struct wh_str words = wh_str_trim(wh_str(text));
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t at = wh_str_find(words, wh_str(ends[i]));
        if (at != SIZE_MAX && at > 0)
            words.n = at;
    }
    size_t n = 0, width = 1;
    uint32_t point;
    for (int chars = 0; n < words.n && width > 0 && chars < PUBLIC_TITLE_CHARS; chars++) {
        width = wh_utf8_decode(words.p + n, words.n - n, &point);
        n += width;
    }
    return wh_str_trim(wh_str_n(words.p, n));
}

// Texts of one line for a title: what it was given, else the text's beginning, else what it is
// about and where.
static char *title_of(const Whistle__V1__PublicReport *report, const struct wh_category *category,
                      const struct wh_unit *community, struct wh_arena *arena)
{
    char made[256];
    if (report->title[0] != 0)
        return report->title;
    struct wh_str words = first_words(report->text);
    if (words.n > 0)
        return wh_arena_dup(arena, words.p, words.n);
    (void)snprintf(made, sizeof made, "%s %s", community->row->zh,
                   category_public_name(category, false));
    return wh_arena_strdup(arena, made);
}

static Whistle__V1__Place *place_of(const Whistle__V1__PublicReport *report,
                                    const struct wh_unit *unit, const struct wh_unit *community,
                                    struct wh_arena *arena)
{
    Whistle__V1__Place *place = wh_arena_alloc(arena, sizeof *place);
    if (place == NULL)
        return NULL;
    *place = *report->place;
    place->unit = community->row->code;
    place->grid = (char *)(uintptr_t) "";
    if (unit->level == WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_GRID)
        place->grid = unit->row->code;
    return place;
}

static bool names_reporter(const Whistle__V1__Reporter *reporter)
{
    return reporter != NULL &&
           (reporter->name[0] != 0 || reporter->phone[0] != 0 || reporter->email[0] != 0);
}

const char *public_missing(const struct wh_category *category,
                           const Whistle__V1__PublicReport *report)
{
    for (size_t q = 0; q < category->row->n_questions; q++) {
        const Whistle__V1__Question *question = category->row->questions[q];
        bool answered = !question->required;
        for (size_t i = 0; i < report->n_answers && !answered; i++)
            answered = strcmp(report->answers[i]->code, question->code) == 0 &&
                       report->answers[i]->value[0] != 0;
        if (!answered)
            return question->code;
    }
    return NULL;
}

int public_raise(const struct wh_district *district, const Whistle__V1__PublicReport *report,
                 Whistle__V1__Source source, struct wh_arena *arena,
                 Whistle__V1__RaiseWhistle **ret_raise, struct public_fault *ret_fault)
{
    const struct wh_category *category = category_public(district, report->category);
    const struct wh_unit *unit = NULL;
    const char *field = "";
    if (category == NULL)
        return fault(ret_fault,
                     report->category[0] != 0 ? WH_RULE_FIELD_UNKNOWN : WH_RULE_FIELD_MISSING,
                     "category");
    enum wh_rule rule = public_place_find(district, report->place, &unit, &field);
    if (rule != WH_RULE_NONE)
        return fault(ret_fault, rule, field);
    const struct wh_unit *community = public_community(district, unit);
    const struct wh_unit *street = wh_district_street_of(district, unit);
    Whistle__V1__RaiseWhistle *raise = wh_arena_alloc(arena, sizeof *raise);
    if (raise == NULL)
        return WH_E_NOMEM;
    if (street == NULL)
        return fault(ret_fault, WH_RULE_FIELD_UNKNOWN, "place.unit");
    whistle__v1__raise_whistle__init(raise);
    raise->unit = street->row->code;
    raise->category = report->category;
    raise->title = title_of(report, category, community, arena);
    raise->text = report->text;
    raise->place = place_of(report, unit, community, arena);
    raise->answers = report->answers;
    raise->n_answers = report->n_answers;
    raise->reporter = names_reporter(report->reporter) ? report->reporter : NULL;
    raise->source = source;
    raise->asked_by = community->row->code;
    raise->same_as = report->same_as;
    *ret_raise = raise;
    return raise->title != NULL && raise->place != NULL ? 0 : WH_E_NOMEM;
}
