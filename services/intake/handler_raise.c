// SPDX-License-Identifier: Apache-2.0
// RaiseWhistle and ResubmitWhistle: form, rules, masking, sealing, number, one event, one row.
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "intake/handler.h"
#include "intake/wire.h"

// The event of an admitted whistle: it waits, or it goes out now.
struct outcome {
    Whistle__V1__IntakeEvent event;
    Whistle__V1__WhistleSubmitted submitted;
    Whistle__V1__WhistleBlown blown;
};

static void tell(const struct admitted *admitted, Whistle__V1__WhistleFacts *facts,
                 struct outcome *ret_outcome)
{
    struct outcome *o = ret_outcome;
    whistle__v1__intake_event__init(&o->event);
    if (admitted->held) {
        whistle__v1__whistle_submitted__init(&o->submitted);
        o->submitted.whistle = facts;
        o->submitted.due_review = admitted->due_review;
        o->submitted.why = (char *)(uintptr_t)waits_name(admitted->waits);
        o->event.what_case = WHISTLE__V1__INTAKE_EVENT__WHAT_SUBMITTED;
        o->event.submitted = &o->submitted;
        return;
    }
    whistle__v1__whistle_blown__init(&o->blown);
    o->blown.whistle = facts;
    o->blown.unreviewed = admitted->unreviewed;
    o->event.what_case = WHISTLE__V1__INTAKE_EVENT__WHAT_BLOWN;
    o->event.blown = &o->blown;
}

// Everything before the number: a fault costs none.
struct taken {
    struct raise ask;
    struct admitted admitted;
    struct masked masked;
    struct sealing sealing;
    bool seals;
};

static int take(struct intake *intake, struct wh_turn *turn, const struct wh_item *item,
                const Whistle__V1__RaiseWhistle *message, struct taken *ret_taken)
{
    const struct wh_district *district = intake_district(intake);
    struct who who = intake_who(item);
    struct fault fault = {0};
    struct taken *t = ret_taken;
    if (district == NULL)
        return wh_refuse(turn, item, WH_RULE_DISTRICT_MISSING, NULL, NULL);
    if (wire_raise(message, &t->ask, &fault) != 0 ||
        admit(district, &who, &t->ask, wh_turn_now(turn), &t->admitted, &fault) != 0)
        return intake_fault(turn, item, &fault);
    int rc = facts_mask(wh_turn_arena(turn), t->admitted.category, &t->ask, &t->masked);
    if (rc != 0)
        return rc;
    t->seals = facts_needs_sealing(&t->ask, &t->masked);
    return t->seals ? intake_sealing(intake, turn, item, t->ask.reporter_phone, &t->sealing) : 0;
}

static int build(struct intake *intake, struct wh_turn *turn, const struct taken *taken,
                 const char *number, int64_t submitted_at, Whistle__V1__WhistleFacts **ret_facts)
{
    struct facts_frame frame = {.district = intake_district(intake),
                                .admitted = &taken->admitted,
                                .ask = &taken->ask,
                                .masked = &taken->masked,
                                .sealing = taken->seals ? &taken->sealing : NULL,
                                .number = number,
                                .submitted_at = submitted_at};
    return facts_build(wh_turn_arena(turn), &frame, ret_facts);
}

static int journal(struct intake *intake, struct wh_turn *turn, const struct wh_item *item,
                   const struct taken *taken, int64_t id)
{
    const struct wh_district *district = intake_district(intake);
    int32_t subjects[WHISTLE_SUBJECTS_MAX];
    char number[WH_NUMBER_MAX];
    Whistle__V1__WhistleFacts *facts = NULL;
    struct outcome outcome;
    int64_t seq = 0;
    if (wh_number_format(wh_district_prefix(district), id, number) != 0)
        return wh_refuse(turn, item, WH_RULE_INTERNAL, NULL, "number");
    int rc = build(intake, turn, taken, number, wh_turn_now(turn), &facts);
    if (rc != 0)
        return rc;
    tell(&taken->admitted, facts, &outcome);
    size_t n = whistle_subjects(district, facts, subjects);
    rc = wh_emit(turn, item, id, subjects, n, &outcome.event.base, &seq);
    if (rc != 0)
        return rc;
    int state = taken->admitted.held ? WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_SUBMITTED
                                     : WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_BLOWN;
    rc = WH_PUT(turn, PUT_WHISTLE, WH_L(id), WH_L(seq), WH_L(taken->admitted.due_review),
                WH_S(state));
    if (rc == 0 && taken->admitted.due_review != 0)
        wh_timer_set(turn, id, taken->admitted.due_review);
    return rc;
}

int need_raise(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    const Whistle__V1__RaiseWhistle *message = (const Whistle__V1__RaiseWhistle *)item->message;
    if (message->reporter == NULL)
        return 0;
    return intake_need_person(state, turn, message->reporter->phone);
}

int on_raise(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    struct intake *intake = state;
    struct numbers before = intake->draft;
    struct taken taken = {.seals = false};
    int64_t id = 0;
    int rc = take(intake, turn, item, (const Whistle__V1__RaiseWhistle *)item->message, &taken);
    if (rc != 0)
        return rc;
    int32_t day = wh_district_day(intake_district(intake), wh_turn_now(turn));
    if (numbers_next(&intake->draft, day, &id) != 0)
        return wh_refuse(turn, item, WH_RULE_BUSY_WINDOW, NULL, "the day's numbers are used up");
    rc = journal(intake, turn, item, &taken, id);
    if (rc != 0) {
        intake->draft = before;
        return rc;
    }
    intake->raised[taken.admitted.priority]++;
    intake->held += taken.admitted.held;
    return 0;
}

// ---- raised again after a return --------------------------------------------------------------

int need_resubmit(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    const Whistle__V1__ResubmitWhistle *message =
        (const Whistle__V1__ResubmitWhistle *)item->message;
    int rc = intake_need(state, turn, message->number);
    if (rc == 0 && message->whistle != NULL && message->whistle->reporter != NULL)
        rc = intake_need_person(state, turn, message->whistle->reporter->phone);
    return rc;
}

static int may_resubmit(struct wh_turn *turn, const struct wh_item *item,
                        const struct whistle *whistle, const Whistle__V1__RaiseWhistle *message)
{
    if (strcmp(whistle->facts->unit, intake_who(item).identity) != 0)
        return wh_refuse(turn, item, WH_RULE_SCOPE_FOREIGN, "number", NULL);
    if (whistle->state != WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_RETURNED)
        return wh_refuse(turn, item, WH_RULE_STATE_CONFLICT, "number", NULL);
    if (message == NULL)
        return wh_refuse(turn, item, WH_RULE_FIELD_MISSING, "whistle", NULL);
    return 0;
}

int on_resubmit(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    struct intake *intake = state;
    const Whistle__V1__ResubmitWhistle *message =
        (const Whistle__V1__ResubmitWhistle *)item->message;
    Whistle__V1__WhistleFacts *facts = NULL;
    struct whistle whistle;
    struct taken taken = {.seals = false};
    struct outcome outcome;
    int rc = intake_find(intake, turn, item, message->number, &whistle);
    if (rc == 0)
        rc = may_resubmit(turn, item, &whistle, message->whistle);
    if (rc == 0)
        rc = take(intake, turn, item, message->whistle, &taken);
    if (rc == 0)
        rc =
            build(intake, turn, &taken, whistle.facts->number, whistle.facts->submitted_at, &facts);
    if (rc != 0)
        return rc;
    tell(&taken.admitted, facts, &outcome);
    return intake_change(intake, turn, item, &whistle, &outcome.event);
}
