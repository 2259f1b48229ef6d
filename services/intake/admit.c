// SPDX-License-Identifier: Apache-2.0
// Who may raise what, and when it goes out. Places are in place.c, answers in answer.c, review
// clocks in review.c.
#include "intake/admit.h"

#include <string.h>

#include "base/mask.h"
#include "intake/answer.h"
#include "intake/place.h"
#include "intake/review.h"

#define P1 WHISTLE__V1__PRIORITY__PRIORITY_P1
#define P3 WHISTLE__V1__PRIORITY__PRIORITY_P3

static const struct {
    unsigned bit;
    const char *name;
} waits_words[] = {
    {WAITS_RESIDENT, "RESIDENT"},
    {WAITS_COMMUNITY, "COMMUNITY"},
    {WAITS_STREET_RULE, "STREET_RULE"},
    {WAITS_ANSWERS, "ANSWERS"},
};

const char *waits_name(unsigned waits)
{
    for (size_t i = 0; i < sizeof(waits_words) / sizeof(waits_words[0]); i++)
        if (waits & waits_words[i].bit)
            return waits_words[i].name;
    return "";
}

unsigned waits_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof(waits_words) / sizeof(waits_words[0]); i++)
        if (strcmp(waits_words[i].name, name) == 0)
            return waits_words[i].bit;
    return WAITS_NOT;
}

static bool by_street(const struct admitted *a)
{
    return a->raiser->is_unit && wh_unit_is_street(a->raiser->unit);
}

static int check_raiser(const struct wh_district *district, const struct who *who,
                        const struct raise *ask, struct admitted *a, struct fault *fault)
{
    a->raiser = wh_district_party(district, ask->unit);
    if (a->raiser == NULL)
        return fault_set(fault, WH_RULE_FIELD_UNKNOWN, "unit");
    if (strcmp(who->identity, ask->unit) != 0)
        return fault_set(fault, WH_RULE_SCOPE_FOREIGN, "unit");
    if (!a->raiser->is_unit)
        return 0;
    if (!wh_unit_is_street(a->raiser->unit) && !wh_unit_is_community(a->raiser->unit))
        return fault_set(fault, WH_RULE_RAISE_UNIT, "unit");
    a->street = wh_district_street_of(district, a->raiser->unit);
    return a->street != NULL ? 0 : fault_set(fault, WH_RULE_RAISE_UNIT, "unit");
}

static int check_priority(const struct raise *ask, struct admitted *a, struct fault *fault)
{
    a->priority = ask->priority != 0 ? ask->priority : (int)a->category->row->priority;
    if (a->priority != P1 || a->category->row->priority == P1)
        return 0;
    if (!by_street(a))
        return fault_set(fault, WH_RULE_RAISE_P1, "priority");
    if (ask->reason[0] == 0)
        return fault_set(fault, WH_RULE_FIELD_MISSING, "reason");
    return 0;
}

// Which sources a street, a community and a department may name.
static int check_source(const struct raise *ask, struct admitted *a, struct fault *fault)
{
    const unsigned street = 1U << WHISTLE__V1__SOURCE__SOURCE_STREET;
    const unsigned department = 1U << WHISTLE__V1__SOURCE__SOURCE_DEPARTMENT;
    const unsigned hotline = 1U << WHISTLE__V1__SOURCE__SOURCE_HOTLINE;
    const unsigned resident =
        1U << WHISTLE__V1__SOURCE__SOURCE_WEB | 1U << WHISTLE__V1__SOURCE__SOURCE_OPEN311;
    const unsigned below =
        1U << WHISTLE__V1__SOURCE__SOURCE_COMMUNITY | 1U << WHISTLE__V1__SOURCE__SOURCE_GRID;
    unsigned allowed = below | hotline | resident;
    int usual = WHISTLE__V1__SOURCE__SOURCE_COMMUNITY;
    if (!a->raiser->is_unit) {
        allowed = department | hotline;
        usual = WHISTLE__V1__SOURCE__SOURCE_DEPARTMENT;
    } else if (by_street(a)) {
        allowed |= street;
        usual = WHISTLE__V1__SOURCE__SOURCE_STREET;
    }
    a->source = ask->source != 0 ? ask->source : usual;
    if ((allowed & 1U << a->source) == 0)
        return fault_set(fault, WH_RULE_RAISE_SOURCE, "source");
    return 0;
}

static int check_joint(const struct wh_district *district, const struct raise *ask,
                       const struct admitted *a, struct fault *fault)
{
    for (size_t i = 0; i < ask->n_joint; i++) {
        const struct wh_party *other = wh_district_party(district, ask->joint[i]);
        if (other == NULL)
            return fault_set(fault, WH_RULE_FIELD_UNKNOWN, "joint_units[%zu]", i);
        if (!by_street(a) || !other->is_unit || !wh_unit_is_street(other->unit) ||
            other == a->raiser)
            return fault_set(fault, WH_RULE_RAISE_JOINT, "joint_units[%zu]", i);
    }
    return 0;
}

static int check_to(const struct wh_district *district, const struct raise *ask,
                    const struct admitted *a, struct fault *fault)
{
    for (size_t i = 0; i < ask->n_to; i++) {
        const struct wh_party *other = wh_district_party(district, ask->to[i]);
        if (other == NULL)
            return fault_set(fault, WH_RULE_FIELD_UNKNOWN, "to[%zu]", i);
        if (a->raiser->is_unit || !other->is_unit || !wh_unit_is_street(other->unit))
            return fault_set(fault, WH_RULE_RAISE_TO, "to[%zu]", i);
    }
    return 0;
}

static int check_asked_by(const struct wh_district *district, const struct raise *ask,
                          const struct admitted *a, struct fault *fault)
{
    if (ask->asked_by[0] == 0)
        return 0;
    const struct wh_unit *unit = wh_district_unit(district, ask->asked_by);
    if (unit == NULL)
        return fault_set(fault, WH_RULE_FIELD_UNKNOWN, "asked_by");
    if (!by_street(a) || !wh_unit_is_community(unit) || unit->street != a->street->id)
        return fault_set(fault, WH_RULE_RAISE_ASKED_BY, "asked_by");
    return 0;
}

// What stays open in the journal must not name a person.
static bool names_person(const char *text)
{
    struct wh_mask_span spans[4];
    size_t n = wh_mask_find(text, strlen(text), spans, 4);
    for (size_t i = 0; i < n; i++)
        if (spans[i].kind & (WH_MASK_ID | WH_MASK_PHONE))
            return true;
    return false;
}

static int check_open_texts(const struct raise *ask, struct fault *fault)
{
    for (size_t i = 0; i < ask->n_tags; i++)
        if (names_person(ask->tags[i]))
            return fault_set(fault, WH_RULE_FIELD_PERSONAL, "tags[%zu]", i);
    if (names_person(ask->reason))
        return fault_set(fault, WH_RULE_FIELD_PERSONAL, "reason");
    return 0;
}

static void decide_review(const struct wh_district *district, const struct raise *ask,
                          struct admitted *a, int64_t now)
{
    a->n_missing =
        answer_missing(a->category, ask->answers, ask->n_answers, a->missing, RAISE_ANSWERS_MAX);
    if (a->n_missing > RAISE_ANSWERS_MAX)
        a->n_missing = RAISE_ANSWERS_MAX;
    if (a->source == WHISTLE__V1__SOURCE__SOURCE_WEB ||
        a->source == WHISTLE__V1__SOURCE__SOURCE_OPEN311)
        a->waits |= WAITS_RESIDENT;
    if (a->raiser->is_unit && wh_unit_is_community(a->raiser->unit))
        a->waits |= WAITS_COMMUNITY;
    if (by_street(a) && a->street->review_below_p1 && a->priority != P1)
        a->waits |= WAITS_STREET_RULE;
    if (a->n_missing > 0 && a->priority >= P3)
        a->waits |= WAITS_ANSWERS;
    a->held = a->priority == P1 ? (a->waits & WAITS_RESIDENT) != 0 : a->waits != 0;
    a->unreviewed = !a->held && a->priority == P1 && a->street != NULL;
    a->due_review = a->held ? review_due(district, a->priority, now) : 0;
}

int admit(const struct wh_district *district, const struct who *who, const struct raise *ask,
          int64_t now, struct admitted *ret_admitted, struct fault *fault)
{
    struct admitted *a = ret_admitted;
    memset(a, 0, sizeof(*a));
    if (check_raiser(district, who, ask, a, fault) != 0)
        return WH_E_INVALID;
    a->category = wh_district_category(district, ask->category);
    if (a->category == NULL)
        return fault_set(fault, WH_RULE_FIELD_UNKNOWN, "category");
    if (check_priority(ask, a, fault) != 0 ||
        place_check(district, a->raiser, ask, &a->place, fault) != 0 ||
        answer_check(a->category, ask->answers, ask->n_answers, fault) != 0 ||
        check_joint(district, ask, a, fault) != 0 || check_source(ask, a, fault) != 0 ||
        check_to(district, ask, a, fault) != 0 || check_asked_by(district, ask, a, fault) != 0 ||
        check_open_texts(ask, fault) != 0)
        return WH_E_INVALID;
    decide_review(district, ask, a, now);
    return 0;
}
