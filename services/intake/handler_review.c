// SPDX-License-Identifier: Apache-2.0
// What the street decides about a whistle that stands: review, supplement, priority; and the review
// clock. review.c says what follows, here it becomes events.
#include <string.h>

#include "intake/answer.h"
#include "intake/handler.h"
#include "intake/wire.h"

#define EVENT(name) WHISTLE__V1__INTAKE_EVENT__WHAT_##name
#define STATE(name) WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_##name

static char *text(const char *t)
{
    return (char *)(uintptr_t)t;
}

static int refuse_step(struct wh_turn *turn, const struct wh_item *item,
                       const struct review_step *step)
{
    return wh_refuse(turn, item, step->refused, step->field, NULL);
}

// Every message of this kind has a field `number`.
int need_number(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(item->message->descriptor, "number");
    char *number = NULL;
    if (field == NULL || field->type != PROTOBUF_C_TYPE_STRING)
        return WH_E_INVALID;
    memcpy(&number, (const char *)item->message + field->offset, sizeof(number));
    return intake_need(state, turn, number);
}

// ---- review ---------------------------------------------------------------------------------

// A verdict that ends the waiting without going out.
static int end_waiting(struct intake *intake, struct wh_turn *turn, const struct wh_item *item,
                       struct whistle *whistle, const struct review_step *step, const char *reason)
{
    Whistle__V1__IntakeEvent event = WHISTLE__V1__INTAKE_EVENT__INIT;
    Whistle__V1__WhistleReviewed reviewed = WHISTLE__V1__WHISTLE_REVIEWED__INIT;
    Whistle__V1__WhistleReturned returned = WHISTLE__V1__WHISTLE_RETURNED__INIT;
    Whistle__V1__WhistleSelfHandled self = WHISTLE__V1__WHISTLE_SELF_HANDLED__INIT;
    Whistle__V1__WhistleDropped dropped = WHISTLE__V1__WHISTLE_DROPPED__INIT;
    reviewed.number = returned.number = self.number = dropped.number = whistle->facts->number;
    reviewed.reason = returned.reason = self.reason = dropped.reason = text(reason);
    switch (step->state) {
    case STATE(BLOWN):
        event.what_case = EVENT(REVIEWED);
        event.reviewed = &reviewed;
        break;
    case STATE(RETURNED):
        event.what_case = EVENT(RETURNED);
        event.returned = &returned;
        break;
    case STATE(SELF):
        event.what_case = EVENT(SELF_HANDLED);
        event.self_handled = &self;
        break;
    default:
        event.what_case = EVENT(DROPPED);
        event.dropped = &dropped;
        break;
    }
    return intake_change(intake, turn, item, whistle, &event);
}

int on_review(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    struct intake *intake = state;
    struct who who = intake_who(item);
    struct fault fault = {0};
    struct review_ask ask;
    struct whistle whistle;
    if (wire_review((const Whistle__V1__ReviewWhistle *)item->message, &ask, &fault) != 0)
        return intake_fault(turn, item, &fault);
    int rc = intake_find(intake, turn, item, ask.number, &whistle);
    if (rc != 0)
        return rc;
    struct review_step step = review_verdict(intake_district(intake), &whistle, &who, ask.verdict,
                                             ask.priority, ask.reason);
    if (step.refused != WH_RULE_NONE)
        return refuse_step(turn, item, &step);
    if (step.goes_out)
        return intake_blow(intake, turn, item, &whistle, &step, ask.reason);
    return end_waiting(intake, turn, item, &whistle, &step, ask.reason);
}

// ---- supplement -----------------------------------------------------------------------------

// The supplement as a whistle's texts, so that the same mask and questions hold.
static int mask_supplement(struct wh_turn *turn, const struct wh_category *category,
                           const struct supplement_ask *ask, struct masked *ret_masked)
{
    struct raise as_raise = {.text = ask->text, .n_answers = ask->n_answers};
    memcpy(as_raise.answers, ask->answers, sizeof(as_raise.answers));
    return facts_mask(wh_turn_arena(turn), category, &as_raise, ret_masked);
}

static int seal_supplement(struct intake *intake, struct wh_turn *turn, const struct wh_item *item,
                           const struct whistle *whistle, const struct masked *masked,
                           Whistle__V1__WhistleSupplemented *supplemented)
{
    struct sealing sealing;
    if (!masked->cut)
        return 0;
    if (whistle->n_persons >= WHISTLE_PERSONS_MAX)
        return wh_refuse(turn, item, WH_RULE_FIELD_PERSONAL, "text", NULL);
    int rc = intake_sealing(intake, turn, item, "", &sealing);
    if (rc != 0)
        return rc;
    supplemented->unmasked =
        facts_seal(wh_turn_arena(turn), &sealing.person, sealing.nonce_text, &masked->full.base);
    return supplemented->unmasked != NULL ? 0 : WH_E_NOMEM;
}

// Codes of required questions that stay open once these answers stand beside the earlier ones.
static int still_missing(struct wh_turn *turn, const struct wh_category *category,
                         const struct whistle *whistle,
                         Whistle__V1__WhistleSupplemented *supplemented)
{
    struct wh_arena *arena = wh_turn_arena(turn);
    size_t n = 0, known = whistle->facts->n_answers;
    struct raise_answer *all =
        wh_arena_calloc(arena, known + supplemented->n_answers + 1, sizeof(*all));
    const char **missing = wh_arena_calloc(arena, RAISE_ANSWERS_MAX, sizeof(*missing));
    if (all == NULL || missing == NULL)
        return WH_E_NOMEM;
    for (size_t i = 0; i < supplemented->n_answers; i++, n++)
        all[n] =
            (struct raise_answer){supplemented->answers[i]->code, supplemented->answers[i]->value};
    for (size_t i = 0; i < known; i++, n++)
        all[n] = (struct raise_answer){whistle->facts->answers[i]->code,
                                       whistle->facts->answers[i]->value};
    size_t open = answer_missing(category, all, n, missing, RAISE_ANSWERS_MAX);
    supplemented->n_missing_answers = open < RAISE_ANSWERS_MAX ? open : RAISE_ANSWERS_MAX;
    supplemented->missing_answers = (char **)(uintptr_t)missing;
    return 0;
}

static int build_supplement(struct intake *intake, struct wh_turn *turn, const struct wh_item *item,
                            const struct whistle *whistle, const struct supplement_ask *ask,
                            Whistle__V1__WhistleSupplemented *supplemented)
{
    const struct wh_category *category =
        wh_district_category(intake_district(intake), whistle->facts->category);
    struct fault fault = {0};
    struct masked masked;
    if (category == NULL)
        return wh_refuse(turn, item, WH_RULE_STATE_CONFLICT, "number", "its category is gone");
    if (answer_check(category, ask->answers, ask->n_answers, &fault) != 0)
        return intake_fault(turn, item, &fault);
    int rc = mask_supplement(turn, category, ask, &masked);
    if (rc != 0)
        return rc;
    supplemented->number = whistle->facts->number;
    supplemented->text = text(masked.text);
    supplemented->n_answers = ask->n_answers;
    supplemented->answers =
        facts_answers(wh_turn_arena(turn), ask->answers, masked.values, ask->n_answers);
    if (supplemented->answers == NULL)
        return WH_E_NOMEM;
    rc = still_missing(turn, category, whistle, supplemented);
    return rc != 0 ? rc : seal_supplement(intake, turn, item, whistle, &masked, supplemented);
}

int on_supplement(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    struct intake *intake = state;
    struct who who = intake_who(item);
    struct fault fault = {0};
    struct supplement_ask ask;
    struct whistle whistle;
    Whistle__V1__IntakeEvent event = WHISTLE__V1__INTAKE_EVENT__INIT;
    Whistle__V1__WhistleSupplemented supplemented = WHISTLE__V1__WHISTLE_SUPPLEMENTED__INIT;
    if (wire_supplement((const Whistle__V1__SupplementWhistle *)item->message, &ask, &fault) != 0)
        return intake_fault(turn, item, &fault);
    int rc = intake_find(intake, turn, item, ask.number, &whistle);
    if (rc != 0)
        return rc;
    struct review_step step = review_supplement(&whistle, &who, false);
    if (step.refused != WH_RULE_NONE)
        return refuse_step(turn, item, &step);
    rc = build_supplement(intake, turn, item, &whistle, &ask, &supplemented);
    if (rc != 0)
        return rc;
    step = review_supplement(&whistle, &who, supplemented.n_missing_answers == 0);
    event.what_case = EVENT(SUPPLEMENTED);
    event.supplemented = &supplemented;
    rc = intake_change(intake, turn, item, &whistle, &event);
    if (rc == 0 && step.goes_out)
        rc = intake_blow(intake, turn, item, &whistle, &step, "");
    return rc;
}

// ---- priority -------------------------------------------------------------------------------

int on_priority(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    struct intake *intake = state;
    struct who who = intake_who(item);
    struct fault fault = {0};
    struct reason_ask ask;
    struct whistle whistle;
    Whistle__V1__IntakeEvent event = WHISTLE__V1__INTAKE_EVENT__INIT;
    Whistle__V1__PriorityChanged changed = WHISTLE__V1__PRIORITY_CHANGED__INIT;
    if (wire_priority((const Whistle__V1__ChangePriority *)item->message, &ask, &fault) != 0)
        return intake_fault(turn, item, &fault);
    int rc = intake_find(intake, turn, item, ask.number, &whistle);
    if (rc != 0)
        return rc;
    struct review_step step =
        review_priority(intake_district(intake), &whistle, &who, ask.priority, wh_turn_now(turn));
    if (step.refused != WH_RULE_NONE)
        return refuse_step(turn, item, &step);
    changed.number = whistle.facts->number;
    changed.from = whistle.facts->priority;
    changed.to = (Whistle__V1__Priority)ask.priority;
    changed.reason = text(ask.reason);
    changed.due_review = step.due_review;
    event.what_case = EVENT(PRIORITY_CHANGED);
    event.priority_changed = &changed;
    rc = intake_change(intake, turn, item, &whistle, &event);
    if (rc == 0 && step.goes_out)
        rc = intake_blow(intake, turn, item, &whistle, &step, ask.reason);
    return rc;
}

// ---- the clock ------------------------------------------------------------------------------

int need_clock(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    struct intake *intake = state;
    if (wh_shelf_has(intake->whistles, item->key))
        return 0;
    return wh_need(turn, LOAD_WHISTLE, item->key);
}

int on_clock(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    struct intake *intake = state;
    struct whistle whistle;
    int rc = intake_get(intake, turn, item->key, &whistle);
    if (rc == WH_E_NOTFOUND)
        return 0;
    if (rc != 0)
        return rc;
    struct review_step step = review_clock(&whistle, wh_turn_now(turn));
    if (step.goes_out)
        return intake_blow(intake, turn, item, &whistle, &step, "");
    if (!step.overdue) {
        wh_timer_set(turn, item->key, whistle.due_review);
        return 0;
    }
    Whistle__V1__IntakeEvent event = WHISTLE__V1__INTAKE_EVENT__INIT;
    Whistle__V1__ReviewOverdue overdue = WHISTLE__V1__REVIEW_OVERDUE__INIT;
    overdue.number = whistle.facts->number;
    overdue.street = whistle.facts->street;
    overdue.due_review = whistle.due_review;
    event.what_case = EVENT(REVIEW_OVERDUE);
    event.review_overdue = &overdue;
    return intake_change(intake, turn, item, &whistle, &event);
}
