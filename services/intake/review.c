// SPDX-License-Identifier: Apache-2.0
// SUBMITTED waits; it goes out (BLOWN) by approval, by a clock that ran out (P1, P2), by P1 asked
// for by the street, or when the last missing answer comes and nothing else holds it. RETURNED
// waits for its raiser. Everything later is dispatch's.
#include "intake/review.h"

#include <string.h>

#define P1 WHISTLE__V1__PRIORITY__PRIORITY_P1
#define P2 WHISTLE__V1__PRIORITY__PRIORITY_P2
#define SUBMITTED WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_SUBMITTED
#define RETURNED WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_RETURNED
#define SELF WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_SELF
#define BLOWN WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_BLOWN
#define CANCELLED WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_CANCELLED
#define APPROVE WHISTLE__V1__REVIEW_VERDICT__REVIEW_VERDICT_APPROVE
#define CANCEL WHISTLE__V1__REVIEW_VERDICT__REVIEW_VERDICT_CANCEL

int64_t review_due(const struct wh_district *district, int priority, int64_t from)
{
    const struct wh_times *times =
        wh_district_times(district, NULL, (Whistle__V1__Priority)priority);
    struct wh_span span = {.unit = WH_SPAN_WORK_HOURS, .n = 4};
    if (times != NULL && priority == P1 && times->review_resident.unit != WH_SPAN_NONE)
        span = times->review_resident;
    else if (times != NULL && times->review.unit != WH_SPAN_NONE)
        span = times->review;
    return wh_calendar_add(wh_district_calendar(district), from, span, false);
}

static bool is_street(const struct whistle *whistle, const struct who *who)
{
    return whistle->facts->street[0] != 0 && strcmp(whistle->facts->street, who->identity) == 0;
}

static bool is_raiser(const struct whistle *whistle, const struct who *who)
{
    return strcmp(whistle->facts->unit, who->identity) == 0;
}

bool review_is_side(const struct whistle *whistle, const struct who *who)
{
    if (is_street(whistle, who) || is_raiser(whistle, who))
        return true;
    for (size_t i = 0; i < whistle->facts->n_joint_units; i++)
        if (strcmp(whistle->facts->joint_units[i], who->identity) == 0)
            return true;
    return false;
}

static struct review_step stay(const struct whistle *whistle)
{
    return (struct review_step){.priority = (int)whistle->facts->priority,
                                .state = whistle->state,
                                .due_review = whistle->due_review};
}

static struct review_step refuse(enum wh_rule rule, const char *field)
{
    return (struct review_step){.refused = rule, .field = field};
}

static struct review_step go_out(const struct whistle *whistle, int priority, bool unreviewed)
{
    struct review_step step = stay(whistle);
    step.priority = priority;
    step.goes_out = true;
    step.unreviewed = unreviewed;
    step.state = BLOWN;
    step.due_review = 0;
    return step;
}

static struct review_step end_in(const struct whistle *whistle, int state)
{
    struct review_step step = stay(whistle);
    step.state = state;
    step.due_review = 0;
    return step;
}

// The street's own whistle needs other eyes. A program's key without officers counts as one.
static bool same_officer(const struct whistle *whistle, const struct who *who)
{
    return (whistle->waits & WAITS_STREET_RULE) != 0 && whistle->officer[0] != 0 &&
           (who->officer[0] == 0 || strcmp(whistle->officer, who->officer) == 0);
}

static struct review_step approve(const struct wh_district *district, const struct whistle *whistle,
                                  const struct who *who, int priority, const char *reason)
{
    const struct wh_category *category = wh_district_category(district, whistle->facts->category);
    if (same_officer(whistle, who))
        return refuse(WH_RULE_REVIEW_SAME_OFFICER, "officer");
    if (priority == P1 && whistle->facts->priority != P1 && reason[0] == 0 &&
        (category == NULL || category->row->priority != P1))
        return refuse(WH_RULE_FIELD_MISSING, "reason");
    return go_out(whistle, priority != 0 ? priority : (int)whistle->facts->priority, false);
}

struct review_step review_verdict(const struct wh_district *district, const struct whistle *whistle,
                                  const struct who *who, int verdict, int priority,
                                  const char *reason)
{
    bool withdraws = verdict == CANCEL && is_raiser(whistle, who);
    if (!is_street(whistle, who) && !withdraws)
        return refuse(WH_RULE_SCOPE_FOREIGN, "number");
    if (whistle->state == BLOWN && verdict == APPROVE && whistle->unreviewed &&
        !whistle->reviewed && (priority == 0 || priority == (int)whistle->facts->priority))
        return stay(whistle);
    if (whistle->state == RETURNED && verdict == CANCEL)
        return end_in(whistle, CANCELLED);
    if (whistle->state != SUBMITTED)
        return refuse(WH_RULE_STATE_CONFLICT, "number");
    switch (verdict) {
    case APPROVE:
        return approve(district, whistle, who, priority, reason);
    case WHISTLE__V1__REVIEW_VERDICT__REVIEW_VERDICT_RETURN:
        return end_in(whistle, RETURNED);
    case WHISTLE__V1__REVIEW_VERDICT__REVIEW_VERDICT_SELF:
        return end_in(whistle, SELF);
    default:
        return end_in(whistle, CANCELLED);
    }
}

struct review_step review_priority(const struct wh_district *district,
                                   const struct whistle *whistle, const struct who *who,
                                   int priority, int64_t now)
{
    if (!is_street(whistle, who) && !who->district)
        return refuse(WH_RULE_SCOPE_FOREIGN, "number");
    if (whistle->state != SUBMITTED && whistle->state != BLOWN)
        return refuse(WH_RULE_STATE_CONFLICT, "number");
    if (priority == (int)whistle->facts->priority)
        return refuse(WH_RULE_PRIORITY_SAME, "priority");
    if (whistle->state == SUBMITTED && priority == P1)
        return go_out(whistle, priority, true);
    if (whistle->state == SUBMITTED && priority == P2 && whistle->waits == WAITS_ANSWERS)
        return go_out(whistle, priority, false);
    struct review_step step = stay(whistle);
    step.priority = priority;
    if (whistle->state == SUBMITTED)
        step.due_review = review_due(district, priority, now);
    return step;
}

struct review_step review_supplement(const struct whistle *whistle, const struct who *who,
                                     bool complete)
{
    if (!review_is_side(whistle, who))
        return refuse(WH_RULE_SCOPE_FOREIGN, "number");
    if (whistle->state != SUBMITTED && whistle->state != BLOWN && whistle->state != RETURNED)
        return refuse(WH_RULE_STATE_CONFLICT, "number");
    if (whistle->state == SUBMITTED && whistle->waits == WAITS_ANSWERS && complete)
        return go_out(whistle, (int)whistle->facts->priority, false);
    return stay(whistle);
}

struct review_step review_clock(const struct whistle *whistle, int64_t now)
{
    struct review_step step = stay(whistle);
    if (whistle->state != SUBMITTED || whistle->due_review == 0 || whistle->due_review > now)
        return step;
    if (whistle->facts->priority == P1 || whistle->facts->priority == P2)
        return go_out(whistle, (int)whistle->facts->priority, true);
    step.overdue = true;
    step.due_review = 0;
    return step;
}
